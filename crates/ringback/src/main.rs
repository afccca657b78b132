#![doc = include_str!("../README.md")]

mod api_answer;
mod body;
mod checks;
mod child;
mod cli;
mod commands;
mod context;
mod credentials;
mod errors;
mod journal;
mod json_text;
mod listen;
mod log;
mod node;
mod output;
mod private_file;
mod seed_file;
mod settings;
mod signals;
mod stream;
mod terminal;

use std::process::ExitCode;

use mimalloc::MiMalloc;

use crate::{context::Context, terminal::Terminal};

/// A receiver allocates on one thread what another frees, which costs less here than with the system's allocator.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let terminal = Terminal::detect();
    match cli::parse(std::env::args_os()) {
        Ok((cli, given)) => {
            let context = Context::new(cli.global, given, terminal);
            match commands::run(cli.command, &context) {
                Ok(code) => code,
                Err(error) => errors::report(&error, &terminal),
            }
        }
        Err(error) => {
            // A closed pipe is no error, and there is nobody else to tell.
            drop(error.print());
            ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(errors::USAGE))
        }
    }
}
