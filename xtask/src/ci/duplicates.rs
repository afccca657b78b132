//! Every package once.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};

use super::graph::Graph;
use crate::{house::House, steps::Done};

/// Packages that may be there in several versions, and who makes it so.
/// A name that ends in `*` stands for all that begin so.
const ALLOWED: &[(&str, &str)] = &[
    ("base64", "hyper-util reads proxy credentials with a newer one than jsonwebtoken's"),
    (
        "bit-vec",
        "the encoder of certificates names an old one and is built without, proptest has the new one",
    ),
    ("core-foundation", "two Apple bindings disagree; not built on Linux"),
    ("cpufeatures", "the NATS client's keys are on the old one, its random numbers on the new one"),
    ("getrandom", "ring and rsa are on the old one, tempfile on the new one"),
    ("rand", "rsa generates keys with the old one, proptest draws with the new one"),
    ("rand_core", "as rand"),
    (
        "similar",
        "the snapshot library is on the old one, the generator's golden tests on the new one",
    ),
    ("syn", "macro crates are between two major versions; nothing of it is in the binary"),
    ("windows-sys", "ring is on an old one; not built on Linux"),
];

/// Fails on a second version that is not explained, and on an explanation that is no longer needed.
pub(crate) fn check(house: &House) -> Result<Done> {
    let graph = Graph::new(house)?;
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in &graph.packages {
        versions.entry(&package.name).or_default().insert(&package.version);
    }
    versions.retain(|_, versions| versions.len() > 1);
    let complaints = complaints(&versions, ALLOWED);
    if !complaints.is_empty() {
        bail!("{}", complaints.join("\n"));
    }
    Ok(Done::Green(format!("{} explained", versions.len())))
}

fn complaints(found: &BTreeMap<&str, BTreeSet<&str>>, allowed: &[(&str, &str)]) -> Vec<String> {
    let mut complaints = Vec::new();
    for (name, versions) in found {
        if !allowed.iter().any(|(pattern, _)| matches(pattern, name)) {
            let versions: Vec<_> = versions.iter().copied().collect();
            complaints
                .push(format!("{name} is there as {} (cargo tree -d)", versions.join(" and ")));
        }
    }
    for (pattern, _) in allowed {
        if !found.keys().any(|name| matches(pattern, name)) {
            complaints.push(format!("{pattern} is there once only: take it off the list"));
        }
    }
    complaints
}

fn matches(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == name, |start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::complaints;

    fn check(found: &[&str], allowed: &[&str], expected: usize) {
        let found = found.iter().map(|name| (*name, ["1", "2"].into())).collect();
        let allowed: Vec<_> = allowed.iter().map(|pattern| (*pattern, "a reason")).collect();
        let complaints = complaints(&found, &allowed);
        assert_eq!(complaints.len(), expected, "{complaints:?}");
    }

    #[test]
    fn what_is_not_explained_is_a_complaint_and_so_is_an_empty_explanation() {
        check(&[], &[], 0);
        check(&["rand"], &[], 1);
        check(&["rand"], &["rand"], 0);
        check(&["windows-sys", "windows-targets"], &["windows*"], 0);
        check(&["rand", "rand_core"], &["rand"], 1);
        check(&[], &["rand"], 1);
    }
}
