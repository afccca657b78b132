//! What the lines of our files may not be.

use ringback_tests::files;

/// Files that are longer than the rest may be, and why.
const LONG: &[(&str, &str)] = &[];

#[test]
fn files_are_short() {
    let mut long = Vec::new();
    for (path, text) in files(&[".rs"]).unwrap() {
        let lines = text.lines().count();
        let explained = LONG.iter().any(|(known, _)| *known == path);
        if lines > 400 && !explained {
            long.push(format!("{path}: {lines} lines; split it by noun"));
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn lints_are_expected_never_allowed() {
    // Spelled in parts, or this file would find itself.
    refuse(&[".rs"], &[concat!("#[al", "low("), concat!("#![al", "low(")]);
}

#[test]
fn nothing_names_one_machine() {
    let ends = [".rs", ".md", ".toml", ".yaml", ".yml", ".sh", ".py", ".json", "run"];
    let machine = [
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
        concat!("index.cra", "tes.io"),
        concat!("static.cra", "tes.io"),
        concat!("pypi", ".org"),
        concat!("registry.np", "mjs"),
    ];
    refuse(&ends, &machine);
}

#[test]
fn nothing_is_left_open() {
    refuse(&[".rs"], &[concat!("FIX", "ME"), concat!("XX", "X"), concat!("#[ign", "ore]")]);
}

/// Names every line that contains one of the words.
fn refuse(ends: &[&str], words: &[&str]) {
    let mut found = Vec::new();
    for (path, text) in files(ends).unwrap() {
        for (number, line) in text.lines().enumerate() {
            if words.iter().any(|word| line.contains(word)) {
                found.push(format!("{path}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
