//! `cargo xtask e2e`: programs that are not ours against the emulator.

pub(crate) mod by_hand;
pub(crate) mod foreign;
mod install;
mod process;
pub(crate) mod python;

use anyhow::Result;

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
    /// Only these clients.
    #[arg(long, value_name = "CLIENT", requires = "foreign", num_args = 1..)]
    client: Vec<String>,
    /// Only these groups of checks, of the clients that have groups.
    #[arg(long, value_name = "GROUP", requires = "client", num_args = 1..)]
    group: Vec<String>,
}

/// Builds, and runs the tutorial by hand or the official clients.
pub(crate) fn run(args: &Args) -> Result<()> {
    if args.client.is_empty() {
        let suite = if args.foreign { "foreign" } else { "by-hand" };
        return steps::run(&[Part::Test], &Choice { only: vec![suite.to_owned()] });
    }
    let house = House::new()?;
    steps::say(&format!("{:?}", foreign::run(&house, &args.client, &args.group)?));
    Ok(())
}

/// Builds the binaries that a check starts; nothing to do when the tests were built before.
fn build(house: &House) -> Result<()> {
    let mut command = house.cargo(crate::suites::BUILD);
    command.arg("--quiet");
    house::run(command)
}
