//! `cargo xtask test`: build once, run everything that tests.

use anyhow::Result;

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
pub(crate) fn run_tests(house: &House) -> Result<Done> {
    let args: &[&str] = if house::has("cargo", &["nextest", "--version"]) {
        &["nextest", "run", "--workspace", "--bins", "--lib", "--tests"]
    } else {
        &["test", "--workspace", "--lib", "--bins", "--tests", "--no-fail-fast"]
    };
    steps::tests(house.cargo(args))
}
