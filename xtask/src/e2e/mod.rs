//! `cargo xtask e2e`: programs that are not ours against the emulator.

pub(crate) mod by_hand;
mod process;
pub(crate) mod python;

use anyhow::{Result, bail};

use crate::{
    house::{self, House},
    steps::{self, Choice},
    suites::Part,
};

/// How `e2e` is called.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Run the official clients of the platform instead.
    #[arg(long)]
    foreign: bool,
}

/// Builds, and runs the tutorial by hand.
pub(crate) fn run(args: &Args) -> Result<()> {
    if args.foreign {
        bail!(
            "the official clients come with the whole platform: what they call is not emulated yet"
        );
    }
    steps::run(&[Part::Test], &Choice { only: vec!["by-hand".to_owned()] })
}

/// Builds the binaries that a check starts; nothing to do when the tests were built before.
fn build(house: &House) -> Result<()> {
    let mut command = house.cargo(crate::suites::BUILD);
    command.arg("--quiet");
    house::run(command)
}
