//! `cargo xtask e2e`: programs that are not ours against the emulator.

pub(crate) mod by_hand;
pub(crate) mod cluster;
pub(crate) mod foreign;
pub(crate) mod install;
mod process;
pub(crate) mod python;
pub(crate) mod schema;

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
    /// Run the fuzzer that reads `openapi.json` instead.
    #[arg(long, conflicts_with = "foreign")]
    schema: bool,
    /// What the fuzzer's examples derive from.
    #[arg(long, value_name = "NUMBER", requires = "schema")]
    seed: Option<u64>,
    /// How many examples it makes for each operation.
    #[arg(long, value_name = "COUNT", requires = "schema")]
    each: Option<u32>,
    /// Only these clients.
    #[arg(long, value_name = "CLIENT", requires = "foreign", num_args = 1..)]
    client: Vec<String>,
    /// Only these groups of checks, of the clients that have groups.
    #[arg(long, value_name = "GROUP", requires = "client", num_args = 1..)]
    group: Vec<String>,
}

/// Builds, and runs the tutorial by hand, the official clients or the fuzzer.
pub(crate) fn run(args: &Args) -> Result<()> {
    if args.seed.is_some() || args.each.is_some() {
        let (seed, each) = (args.seed.unwrap_or(schema::SEED), args.each.unwrap_or(schema::EACH));
        steps::say(&format!("{:?}", schema::run(&House::new()?, seed, each, schema::PHASES)?));
        return Ok(());
    }
    if args.client.is_empty() {
        let suite = match (args.foreign, args.schema) {
            (true, _) => "foreign",
            (_, true) => "schema",
            _ => "by-hand",
        };
        return steps::run(
            &[Part::Test],
            &Choice { only: vec![suite.to_owned()], ..Choice::default() },
        );
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
