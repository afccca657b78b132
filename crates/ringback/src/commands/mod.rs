//! The commands, one file for each noun.

pub(crate) mod api;
pub(crate) mod apps;
pub(crate) mod auth;
pub(crate) mod balance;
pub(crate) mod call;
pub(crate) mod calls;
pub(crate) mod completions;
pub(crate) mod conversations;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod emulator;
pub(crate) mod env;
pub(crate) mod events;
pub(crate) mod journal;
pub(crate) mod jwt;
pub(crate) mod legs;
pub(crate) mod load;
pub(crate) mod members;
pub(crate) mod ncco;
pub(crate) mod nexmo;
pub(crate) mod numbers;
pub(crate) mod phones;
pub(crate) mod prices;
pub(crate) mod recordings;
pub(crate) mod serve;
pub(crate) mod setup;
pub(crate) mod users;
pub(crate) mod wait;

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
        Command::Members(command) => members::run(command, context),
        Command::Events(command) => events::run(command, context),
        Command::Users(command) => users::run(command, context),
        Command::Calls(command) => calls::run(command, context),
        Command::Legs(command) => legs::run(command, context),
        Command::Recordings(command) => recordings::run(command, context),
        Command::Wait(args) => wait::run(&args, context),
        Command::Load(args) => load::run(&args, context),
        Command::Insight(args) => prices::insight(args, context),
        Command::Price(args) => prices::price(args, context),
        Command::Balance => balance::run(context),
        Command::Auth(command) => auth::run(command, context),
        Command::Doctor => doctor::run(context),
        Command::Journal(command) => journal::run(*command, context),
        Command::Jwt(command) => jwt::run(*command, context),
        Command::Ncco(command) => ncco::run(command, context),
        Command::Api(args) => api::run(&args, context),
        Command::Completions(args) => completions::run(&args),
        Command::Nexmo(command) => nexmo::run(*command, context),
    }
}
