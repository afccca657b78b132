//! The commands, one file for each noun.

pub(crate) mod api;
pub(crate) mod apps;
pub(crate) mod balance;
pub(crate) mod call;
pub(crate) mod completions;
pub(crate) mod conversations;
pub(crate) mod demo;
pub(crate) mod emulator;
pub(crate) mod env;
pub(crate) mod jwt;
pub(crate) mod ncco;
pub(crate) mod nexmo;
pub(crate) mod numbers;
pub(crate) mod phones;
pub(crate) mod serve;

use std::process::ExitCode;

use crate::{cli::Command, context::Context};

/// Runs a command; the exit code of one that neither fails nor judges is 0.
pub(crate) fn run(command: Command, context: &Context) -> anyhow::Result<ExitCode> {
    match command {
        Command::Demo(args) => demo::run(&args, context),
        Command::Emulator(args) => emulator::run(&args, context),
        Command::Env(args) => env::run(&args, context),
        Command::Call(args) => call::run(args, context),
        Command::Phones(command) => phones::run(command, context),
        Command::Serve(args) => serve::run(args, context),
        Command::Apps(command) => apps::run(*command, context),
        Command::Numbers(command) => numbers::run(command, context),
        Command::Conversations(command) => conversations::run(command, context),
        Command::Balance => balance::run(context),
        Command::Jwt(command) => jwt::run(*command, context),
        Command::Ncco(command) => ncco::run(command, context),
        Command::Api(args) => api::run(&args, context),
        Command::Completions(args) => completions::run(&args),
        Command::Nexmo(command) => nexmo::run(*command, context),
    }
}
