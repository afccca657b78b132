//! Packages that must not be in the tree.

use anyhow::{Result, bail};

use super::graph::Graph;
use crate::{house::House, steps::Done};

/// Name and why. A second stack for cryptography costs a C build and a slower start.
const BARRED: &[(&str, &str)] = &[
    ("aws-lc-fips-sys", "the cryptography is ring's"),
    ("aws-lc-rs", "the cryptography is ring's"),
    ("aws-lc-sys", "the cryptography is ring's"),
    ("native-tls", "TLS is rustls"),
    ("openssl", "TLS is rustls"),
    ("openssl-sys", "TLS is rustls"),
    ("serde_yaml", "given up by its author; serde-saphyr reads YAML"),
];

/// Fails when one of them is there.
pub(crate) fn check(house: &House) -> Result<Done> {
    let graph = Graph::new(house)?;
    let found: Vec<_> = graph
        .packages
        .iter()
        .filter_map(|package| {
            let (name, why) = BARRED.iter().find(|(name, _)| *name == package.name)?;
            Some(format!("{name} is in the tree, but {why} (cargo tree -i {name})"))
        })
        .collect();
    if !found.is_empty() {
        bail!("{}", found.join("\n"));
    }
    Ok(Done::Green(format!("{} packages", graph.packages.len())))
}
