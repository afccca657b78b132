//! `cargo xtask test`: build once, run everything that tests.

use std::{collections::BTreeMap, fs, path::PathBuf};

use anyhow::{Context as _, Result};
use serde_json::Value;
use xtask::conformance::Results;

use crate::{
    house::{self, House},
    steps::{self, Choice, Done},
    suites::Part,
};

/// Runs every suite that tests.
pub(crate) fn run(choice: &Choice) -> Result<()> {
    steps::run(&[Part::Test], choice)
}

/// All tests of all packages: with nextest where it is installed, else with cargo's own runner.
///
/// Which of them passed is kept, for the gate that compares the conformance table with it.
pub(crate) fn run_tests(house: &House) -> Result<Done> {
    let kept = kept(house);
    // What an earlier run has proved proves nothing here.
    if kept.exists() {
        fs::remove_file(&kept)?;
    }
    if house::has("cargo", &["nextest", "--version"]) {
        with_nextest(house)
    } else {
        with_cargo(house)
    }
}

/// Where the results of the last run are kept.
pub(crate) fn kept(house: &House) -> PathBuf {
    house.target.join("tests.json")
}

/// The profile has a name of its own, so that nobody else's run writes to the same report.
fn with_nextest(house: &House) -> Result<Done> {
    const ARGS: &[&str] =
        &["nextest", "run", "--profile", "whole", "--workspace", "--bins", "--lib", "--tests"];
    let report = house.target.join("nextest/whole/junit.xml");
    if report.exists() {
        fs::remove_file(&report)?;
    }
    let done = steps::tests(house.cargo(ARGS));
    let text = fs::read_to_string(&report).unwrap_or_default();
    Results::of_junit(&text).save(&kept(house))?;
    done
}

fn with_cargo(house: &House) -> Result<Done> {
    const ARGS: &[&str] = &["test", "--workspace", "--lib", "--bins", "--tests", "--no-fail-fast"];
    let binaries = binaries(house)?;
    let (ok, lines) = house::run_in_one(house.cargo(ARGS))?;
    Results::of_lines(&lines, &binaries).save(&kept(house))?;
    steps::counted(ok, &lines)
}

/// Test executables by file name, each with the name that nextest gives it.
fn binaries(house: &House) -> Result<BTreeMap<String, String>> {
    const ARGS: &[&str] = &[
        "test",
        "--workspace",
        "--lib",
        "--bins",
        "--tests",
        "--no-run",
        "--message-format=json-render-diagnostics",
    ];
    let mut binaries = BTreeMap::new();
    for line in house.output(ARGS)?.lines() {
        let Ok(message) = serde_json::from_str::<Value>(line) else { continue };
        let (Some(file), Some(target)) = (message["executable"].as_str(), message.get("target"))
        else {
            continue;
        };
        let manifest = message["manifest_path"].as_str().context("the manifest of a target")?;
        let text = fs::read_to_string(manifest)?;
        let package = text.lines().find_map(|line| line.strip_prefix("name = \""));
        let package =
            package.and_then(|rest| rest.split('"').next()).context("a package's name")?;
        let name = target["name"].as_str().unwrap_or_default();
        let binary = match target["kind"][0].as_str().unwrap_or_default() {
            "test" => format!("{package}::{name}"),
            "bin" => format!("{package}::bin/{name}"),
            _ => package.to_owned(),
        };
        let file = file.rsplit(['/', '\\']).next().unwrap_or_default();
        binaries.insert(file.to_owned(), binary);
    }
    Ok(binaries)
}
