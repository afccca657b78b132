//! What the whole-system tests, the rules and the benches share.

pub mod cores;
pub mod damage;
pub mod measure;
mod platform;

pub use platform::{ALICE, BOB, Failure, Platform};

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The snippets of the root README; those in Rust are compiled and run as doctests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
#[derive(Debug)]
pub struct Readme;

/// The page for tests in Rust, likewise.
#[cfg(doctest)]
#[doc = include_str!("../../docs/rust.md")]
#[derive(Debug)]
pub struct RustPage;

/// The root of the repository.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned).unwrap_or_default()
}

/// A binary of the workspace as it was last built with the tests; it may not be there.
#[must_use]
pub fn binary(name: &str) -> PathBuf {
    // This runs as target/debug/deps/it-….
    let here = std::env::current_exe().unwrap_or_default();
    let folder = here.ancestors().nth(2).map(Path::to_owned).unwrap_or_default();
    folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

/// Every file of the repository whose name ends so, as path from the root and text, sorted.
///
/// Leaves out what was built, what was generated, and hidden folders but the repository's own.
///
/// # Errors
/// When a file cannot be read.
pub fn files(ends: &[&str]) -> std::io::Result<Vec<(String, String)>> {
    let mut found = Vec::new();
    walk(&root(), &root(), ends, &mut found)?;
    found.sort();
    Ok(found)
}

/// How many rounds a loop over damaged input takes: few on each change, `RINGBACK_SOAK` in a soak.
#[must_use]
pub fn rounds(few: u32) -> u32 {
    number("RINGBACK_SOAK", few)
}

/// The number in a variable of the environment, or another one when there is none.
#[must_use]
pub fn number(variable: &str, otherwise: u32) -> u32 {
    let text = std::env::var_os(variable).unwrap_or_default();
    text.to_str().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

fn walk(
    root: &Path,
    folder: &Path,
    ends: &[&str],
    found: &mut Vec<(String, String)>,
) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            let hidden = name.starts_with('.') && ![".ci", ".cargo", ".config"].contains(&&*name);
            if !hidden && name != "target" && name != "generated" {
                walk(root, &path, ends, found)?;
            }
        } else if ends.iter().any(|end| name.ends_with(end)) {
            let shown = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
            found.push((shown, fs::read_to_string(&path)?));
        }
    }
    Ok(())
}
