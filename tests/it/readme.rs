//! The papers say what is there. (Their Rust runs as doctests.)

use std::{collections::BTreeSet, fs};

use ringback_tests::{files, root};

/// The folders below `crates`.
fn crates() -> BTreeSet<String> {
    let entries = fs::read_dir(root().join("crates")).unwrap().map(|entry| entry.unwrap());
    let folders = entries.filter(|entry| entry.path().is_dir());
    folders.map(|entry| entry.file_name().into_string().unwrap()).collect()
}

#[test]
fn both_tables_list_every_crate() {
    for (path, prefix) in [("README.md", "crates/"), ("crates/README.md", "")] {
        let text = fs::read_to_string(root().join(path)).unwrap();
        let listed: BTreeSet<_> = crates()
            .into_iter()
            .filter(|name| text.contains(&format!("| [{name}]({prefix}{name}) |")))
            .collect();
        assert_eq!(listed, crates(), "{path}");
    }
}

#[test]
fn every_crate_has_one_invariant() {
    let text = fs::read_to_string(root().join("crates/README.md")).unwrap();
    let mut found = BTreeSet::new();
    for section in text.split("\n### ").skip(1) {
        let section = section.split("\n## ").next().unwrap();
        let name = section.lines().next().unwrap().to_owned();
        assert_eq!(section.matches("**Invariant:** ").count(), 1, "{name}");
        found.insert(name);
    }
    assert_eq!(found, crates());
}

#[test]
fn links_lead_to_files() {
    let mut dead = Vec::new();
    for (path, text) in files(&[".md"]).unwrap() {
        let folder = root().join(&path).parent().unwrap().to_owned();
        for (at, _) in text.match_indices("](") {
            let target = text[at + 2..].split([')', '#', ' ']).next().unwrap();
            let elsewhere = target.is_empty() || target.contains("://") || target.contains('{');
            // An intra-doc link, which rustdoc checks.
            let item = target.contains("::");
            if !elsewhere && !item && !folder.join(target).exists() {
                dead.push(format!("{path}: {target}"));
            }
        }
    }
    assert!(dead.is_empty(), "{}", dead.join("\n"));
}

#[test]
fn every_crate_shows_an_example_and_its_limits() {
    for name in crates() {
        let text = fs::read_to_string(root().join("crates").join(&name).join("README.md")).unwrap();
        assert!(text.starts_with(&format!("# {name}\n")), "the title of {name}/README.md");
        assert!(text.contains("```"), "{name}/README.md has no example");
        assert!(text.contains("does not do"), "{name}/README.md does not say what it does not do");
    }
}
