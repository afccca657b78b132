//! Every dependency in a manifest is named somewhere in that package's sources.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, bail};

use super::graph::Graph;
use crate::{house::House, steps::Done};

/// Package, dependency, and why it is there although no source names it.
const ALLOWED: &[(&str, &str, &str)] = &[(
    "ringback",
    "async-nats",
    "the servers of a cluster are a file of ringback-journal's tests",
)];

/// Fails on a dependency that no source names.
pub(crate) fn check(house: &House) -> Result<Done> {
    let graph = Graph::new(house)?;
    let mut complaints = Vec::new();
    let mut seen = 0;
    for package in graph.ours() {
        let folder = package.manifest_path.parent().context("a package's folder")?;
        let mut sources = String::new();
        read(folder, &mut sources)?;
        for dependency in &package.dependencies {
            seen += 1;
            let name = dependency.rename.as_ref().unwrap_or(&dependency.name);
            let allowed = ALLOWED.iter().any(|(p, d, _)| *p == package.name && d == name);
            if !allowed && !names(&sources, &name.replace('-', "_")) {
                let kind = dependency.kind.as_deref().unwrap_or("normal");
                complaints.push(format!("{}: {name} ({kind}) is not used", package.name));
            }
        }
    }
    if !complaints.is_empty() {
        bail!("{}", complaints.join("\n"));
    }
    Ok(Done::Green(format!("{seen} dependencies")))
}

/// All Rust and Markdown below a folder (a README's example is a test), other packages left out.
fn read(folder: &Path, into: &mut String) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            if !path.join("Cargo.toml").exists() && !path.ends_with("target") {
                read(&path, into)?;
            }
        } else if path.extension().is_some_and(|end| end == "rs" || end == "md") {
            into.push_str(&fs::read_to_string(&path)?);
        }
    }
    Ok(())
}

/// Whether an identifier stands in the text as a word.
fn names(text: &str, identifier: &str) -> bool {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(identifier).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + identifier.len()..].chars().next();
        !before.is_some_and(part_of_word) && !after.is_some_and(part_of_word)
    })
}

#[cfg(test)]
mod tests {
    use super::names;

    fn check(text: &str, identifier: &str, expected: bool) {
        assert_eq!(names(text, identifier), expected, "{identifier} in {text:?}");
    }

    #[test]
    fn only_whole_words_count() {
        check("use http::Method;", "http", true);
        check("use ringback_http::Set;", "http", false);
        check("https://", "http", false);
        check("serde_json::Value", "serde", false);
        check("#[derive(serde::Serialize)]", "serde", true);
    }
}
