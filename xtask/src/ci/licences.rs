//! Every package may be used under a licence that we accept.

use anyhow::{Result, bail, ensure};

use super::graph::Graph;
use crate::{house::House, steps::Done};

/// The licences that we accept, by SPDX identifier.
const ACCEPTED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    // Data, not code: the list of root certificates.
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Fails on a package whose licence is missing, unreadable or not accepted.
pub(crate) fn check(house: &House) -> Result<Done> {
    let graph = Graph::new(house)?;
    let mut complaints = Vec::new();
    for package in &graph.packages {
        let (name, version) = (&package.name, &package.version);
        match package.license.as_deref().map(|text| (text, accepts(text))) {
            Some((_, Ok(true))) => {}
            Some((text, Ok(false))) => complaints.push(format!("{name} {version} is under {text}")),
            Some((text, Err(error))) => {
                complaints.push(format!("{name} {version}: cannot read {text:?}: {error}"));
            }
            None => complaints.push(format!("{name} {version} names no licence")),
        }
    }
    if !complaints.is_empty() {
        bail!("{}", complaints.join("\n"));
    }
    Ok(Done::Green(format!("{} packages", graph.packages.len())))
}

/// Whether an SPDX expression can be satisfied with accepted licences.
fn accepts(expression: &str) -> Result<bool> {
    // The slash is the spelling of old manifests for OR.
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<_> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    let accepted = any(&mut rest)?;
    ensure!(rest.is_empty(), "unexpected {:?}", rest[0]);
    Ok(accepted)
}

fn any(rest: &mut &[&str]) -> Result<bool> {
    let mut accepted = all(rest)?;
    while take(rest, "OR") {
        accepted |= all(rest)?;
    }
    Ok(accepted)
}

fn all(rest: &mut &[&str]) -> Result<bool> {
    let mut accepted = licence(rest)?;
    while take(rest, "AND") {
        accepted &= licence(rest)?;
    }
    Ok(accepted)
}

fn licence(rest: &mut &[&str]) -> Result<bool> {
    if take(rest, "(") {
        let accepted = any(rest)?;
        ensure!(take(rest, ")"), "a bracket is not closed");
        return Ok(accepted);
    }
    let Some((name, after)) = rest.split_first() else { bail!("it ends too soon") };
    ensure!(!["OR", "AND", "WITH", ")"].contains(name), "unexpected {name:?}");
    *rest = after;
    // An exception only ever gives more rights.
    if take(rest, "WITH") {
        ensure!(!rest.is_empty(), "WITH names no exception");
        *rest = &rest[1..];
    }
    Ok(ACCEPTED.contains(name))
}

fn take(rest: &mut &[&str], word: &str) -> bool {
    let there = rest.first() == Some(&word);
    if there {
        *rest = &rest[1..];
    }
    there
}

#[cfg(test)]
mod tests {
    use super::accepts;

    fn check(expression: &str, expected: Option<bool>) {
        assert_eq!(accepts(expression).ok(), expected, "{expression}");
    }

    #[test]
    fn expressions_are_read_with_their_precedence() {
        check("MIT", Some(true));
        check("GPL-3.0-only", Some(false));
        check("MIT OR GPL-3.0-only", Some(true));
        check("MIT AND GPL-3.0-only", Some(false));
        check("MIT/Apache-2.0", Some(true));
        check("GPL-3.0-only OR MIT AND ISC", Some(true));
        check("(MIT OR GPL-3.0-only) AND GPL-2.0-only", Some(false));
        check("Apache-2.0 WITH LLVM-exception OR MIT", Some(true));
        check("GPL-2.0-only WITH Classpath-exception-2.0", Some(false));
        check("(MIT OR Apache-2.0) AND Unicode-3.0", Some(true));
        check("", None);
        check("MIT OR", None);
        check("(MIT", None);
        check("MIT ISC", None);
    }
}
