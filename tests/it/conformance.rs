//! The conformance table names tests that are there, and its page is what the data gives.
//!
//! That they passed is for `cargo xtask ci`, which sees the results of the whole run.

use std::collections::{BTreeMap, BTreeSet};

use ringback_tests::{files, root};
use xtask::conformance::{self, Args, Table};

/// The functions of each package's tests, as far as their names go.
fn tests() -> BTreeMap<String, BTreeSet<String>> {
    let sources = files(&[".rs"]).unwrap();
    let manifests = files(&["Cargo.toml"]).unwrap();
    let mut packages = BTreeMap::new();
    for (path, manifest) in manifests {
        let folder = path.trim_end_matches("Cargo.toml");
        let name = manifest.lines().find_map(|line| line.strip_prefix("name = \""));
        let Some(name) = name.and_then(|rest| rest.split('"').next()) else { continue };
        let own = sources.iter().filter(|(path, _)| path.starts_with(folder));
        let functions = own.flat_map(|(_, text)| text.split("fn ").skip(1)).filter_map(|rest| {
            let name = rest.split(|c: char| !c.is_alphanumeric() && c != '_').next()?;
            rest[name.len()..].starts_with('(').then(|| name.to_owned())
        });
        packages.insert(name.to_owned(), functions.collect());
    }
    packages
}

#[test]
fn every_proof_is_a_test_that_is_there() {
    let (table, tests) = (Table::read(&root()).unwrap(), tests());
    let mut missing = Vec::new();
    for row in table.rows() {
        for proof in &row.proof {
            let (binary, name) = proof.split_once(' ').unwrap();
            let package = binary.split("::").next().unwrap();
            let function = name.rsplit("::").next().unwrap();
            if !tests.get(package).is_some_and(|tests| tests.contains(function)) {
                missing.push(format!("{}: {proof}", row.id));
            }
        }
    }
    assert!(missing.is_empty(), "there are no such tests:\n{}", missing.join("\n"));
}

#[test]
fn the_page_is_what_the_data_gives() {
    if let Err(error) = conformance::run(&Args { check: true }) {
        panic!("{error:#}");
    }
}
