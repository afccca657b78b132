//! Code generation, checks and benchmarks.

mod bench;
mod ci;
mod e2e;
mod house;
mod soak;
mod steps;
mod suites;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use xtask::{codegen, conformance};

/// Code generation, checks and benchmarks of the workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Xtask {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write everything that is generated from the spec.
    Codegen(codegen::Args),
    /// Draw the conformance table from its data.
    Conformance(conformance::Args),
    /// Build once, run all tests, doctests and the tutorial by hand.
    Test(steps::Choice),
    /// Run the tests and the gates: all that has to be green before a change lands.
    Ci(steps::Choice),
    /// Run programs that are not ours against the emulator.
    E2e(e2e::Args),
    /// Run what takes long and is not needed on each change.
    Soak(steps::Choice),
    /// Measure, tabulate, and write the figures as JSON.
    Bench(bench::Args),
    /// Say which suite runs where and how long it takes.
    Suites,
}

fn main() -> ExitCode {
    let result = match Xtask::parse().command {
        Command::Codegen(args) => codegen::run(&args),
        Command::Conformance(args) => conformance::run(&args),
        Command::Test(choice) => test::run(&choice),
        Command::Ci(choice) => ci::run(&choice),
        Command::E2e(args) => e2e::run(&args),
        Command::Soak(choice) => soak::run(&choice),
        Command::Bench(args) => bench::run(&args),
        Command::Suites => suites::print(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            steps::say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
