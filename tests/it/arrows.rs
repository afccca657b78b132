//! Who may import whom. Whoever changes an arrow changes the table here and in `crates/README.md`
//! in the same commit, and says why.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use serde_json::Value;

/// Each crate and what it imports of ours, without the prefix `ringback-`.
const ARROWS: &[(&str, &[&str])] = &[
    ("ringback-model", &[]),
    ("ringback-jwt", &[]),
    ("ringback-ncco", &["model"]),
    ("ringback-http", &[]),
    ("ringback-client", &["model", "jwt", "http"]),
    ("ringback-journal", &[]),
    ("ringback-webhook", &["model", "jwt", "http", "journal"]),
    ("ringback-exchange", &["model", "ncco"]),
    ("ringback-ladder", &["model"]),
    ("ringback-emulator", &["model", "jwt", "http", "exchange", "ladder"]),
    // It drives an emulator in its own process, and writes its figures as data.
    ("ringback-load", &["model", "emulator"]),
    (
        "ringback",
        &[
            "model", "jwt", "ncco", "http", "client", "journal", "webhook", "exchange", "ladder",
            "emulator", "load",
        ],
    ),
    ("xtask", &[]),
];

/// May import all of ours: they are what asserts on them.
const ANYTHING: &[&str] = &["ringback-tests", "ringback-power-cut"];

#[derive(Debug, Default)]
struct Imports {
    normal: BTreeSet<String>,
    /// For tests and for building.
    other: BTreeSet<String>,
}

#[test]
fn crates_import_exactly_what_the_table_says() {
    let seen = imports();
    for (name, allowed) in ARROWS {
        let allowed: BTreeSet<_> = allowed.iter().map(|end| format!("ringback-{end}")).collect();
        let found = seen.get(*name).unwrap_or_else(|| panic!("the table names {name}"));
        assert_eq!(found.normal, allowed, "what {name} imports, and what the table says");
        // A crate's own tests stay within its arrows: what needs more is a whole-system test.
        let more: Vec<_> = found.other.difference(&allowed).collect();
        assert!(more.is_empty(), "the tests of {name} import {more:?}");
    }
    let named: BTreeSet<_> = ARROWS.iter().map(|(name, _)| name).chain(ANYTHING).copied().collect();
    let there: BTreeSet<_> = seen.keys().map(String::as_str).collect();
    assert_eq!(there, named, "packages of the workspace, and of the table");
}

#[test]
fn clients_servers_and_platform_never_import_each_other() {
    let apart = ["ringback-client", "ringback-webhook", "ringback-emulator"];
    for (name, imports) in imports().iter().filter(|(name, _)| apart.contains(&name.as_str())) {
        for other in apart {
            let any = imports.normal.contains(other) || imports.other.contains(other);
            assert!(!any, "{name} imports {other}");
        }
    }
}

#[test]
fn the_map_says_the_same() {
    let map = std::fs::read_to_string(ringback_tests::root().join("crates/README.md")).unwrap();
    for (name, allowed) in ARROWS.iter().filter(|(name, _)| *name != "xtask") {
        let row = map
            .lines()
            .find(|line| line.starts_with(&format!("| [{name}]({name})")))
            .unwrap_or_else(|| panic!("crates/README.md has no row for {name}"));
        let cell = row.trim_end_matches('|').rsplit('|').next().unwrap_or_default().trim();
        let shown = match (*name, allowed.is_empty()) {
            ("ringback", _) => "all of them".to_owned(),
            (_, true) => "–".to_owned(),
            (_, false) => allowed.join(", "),
        };
        assert_eq!(cell, shown, "{name}");
    }
}

fn imports() -> BTreeMap<String, Imports> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version=1", "--offline"])
        .current_dir(ringback_tests::root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut found = BTreeMap::new();
    for package in metadata["packages"].as_array().unwrap() {
        let mut imports = Imports::default();
        let ours = |d: &&Value| d["path"].is_string();
        for dependency in package["dependencies"].as_array().unwrap().iter().filter(ours) {
            let name = dependency["name"].as_str().unwrap().to_owned();
            match &dependency["kind"] {
                Value::Null => imports.normal.insert(name),
                _ => imports.other.insert(name),
            };
        }
        found.insert(package["name"].as_str().unwrap().to_owned(), imports);
    }
    found
}
