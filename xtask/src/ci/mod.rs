//! `cargo xtask ci`: the tests and the gates.

pub(crate) mod barred;
pub(crate) mod conformance;
pub(crate) mod duplicates;
mod graph;
pub(crate) mod licences;
pub(crate) mod unused;

use anyhow::Result;
use xtask::codegen;

use crate::{
    house::{self, House},
    steps::{self, Choice, Done},
    suites::Part,
};

/// Runs everything that has to be green before a change lands.
pub(crate) fn run(choice: &Choice) -> Result<()> {
    steps::run(&[Part::Test, Part::Gate], choice)
}

/// Generated files are those the spec gives.
pub(crate) fn codegen(_: &House) -> Result<Done> {
    codegen::run(&codegen::Args { check: true })?;
    Ok(Done::Green(String::new()))
}

/// The documentation builds without a warning.
pub(crate) fn documents(house: &House) -> Result<Done> {
    let mut command = house.cargo(&["doc", "--workspace", "--no-deps"]);
    command.env("RUSTDOCFLAGS", "-D warnings");
    house::run(command)?;
    Ok(Done::Green(String::new()))
}
