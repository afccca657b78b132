//! What `cargo metadata` says about every package that is built, on any platform.

use std::{collections::BTreeSet, path::PathBuf};

use anyhow::Result;
use serde::Deserialize;

use crate::house::House;

/// The packages of the resolved graph.
#[derive(Debug, Deserialize)]
pub(super) struct Graph {
    pub(super) packages: Vec<Package>,
    workspace_members: BTreeSet<String>,
    resolve: Resolve,
}

/// A package, ours or another's.
#[derive(Debug, Deserialize)]
pub(super) struct Package {
    id: String,
    pub(super) name: String,
    pub(super) version: String,
    pub(super) license: Option<String>,
    pub(super) manifest_path: PathBuf,
    pub(super) dependencies: Vec<Dependency>,
}

/// A line of a manifest.
#[derive(Debug, Deserialize)]
pub(super) struct Dependency {
    pub(super) name: String,
    pub(super) rename: Option<String>,
    /// `dev`, `build`, or nothing for a normal one.
    pub(super) kind: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
struct Node {
    id: String,
}

impl Graph {
    /// Asks cargo.
    pub(super) fn new(house: &House) -> Result<Self> {
        let text = house.output(&["metadata", "--format-version", "1"])?;
        let mut graph: Self = serde_json::from_str(&text)?;
        let built: BTreeSet<_> = graph.resolve.nodes.iter().map(|node| node.id.clone()).collect();
        graph.packages.retain(|package| built.contains(&package.id));
        Ok(graph)
    }

    /// The packages of this workspace.
    pub(super) fn ours(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| self.workspace_members.contains(&package.id))
    }
}
