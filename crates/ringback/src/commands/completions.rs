//! Completion of commands in a shell.

use std::process::ExitCode;

use clap::{Args as _, CommandFactory as _};
use clap_complete::Shell;

use crate::{cli::Cli, output::print};

/// Which shell.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    // The old spellings have colons, which shells treat as the ends of words.
    let whole = Cli::command();
    let mut command = crate::cli::Global::augment_args(clap::Command::new("ringback"));
    for noun in whole.get_subcommands().filter(|noun| !noun.is_hide_set()) {
        command = command.subcommand(noun.clone());
    }
    clap_complete::generate(args.shell, &mut command, "ringback", &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}
