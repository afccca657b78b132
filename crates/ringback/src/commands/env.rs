//! The lines that point a shell at the running emulator.

use std::process::ExitCode;

use clap::ValueEnum;
use ringback_model::control::{Environment, GetEnvironment};
use secrecy::ExposeSecret as _;

use crate::{
    context::Context,
    output::{Format, print},
};

/// For which shell.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The shell that will read the lines
    #[arg(long, value_enum, default_value_t)]
    shell: Shell,
}

/// A way to write a variable down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    /// eval "$(ringback env)"
    #[default]
    Sh,
    /// ringback env --shell fish | source
    Fish,
    /// ringback env --shell powershell | Out-String | Invoke-Expression
    Powershell,
}

pub(crate) fn run(args: &Args, context: &Context) -> anyhow::Result<ExitCode> {
    let answer = context.wait(context.answer(&GetEnvironment::new()))?;
    match context.global.output {
        None | Some(Format::Table) => {
            let variables = variables(&answer.reply, context);
            print(
                &variables
                    .iter()
                    .map(|(name, value)| args.shell.line(name, value))
                    .collect::<String>(),
            )?;
        }
        Some(_) => context.output.document(&String::from_utf8_lossy(&answer.body))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The variables that point a program at a platform, in the order they are told.
pub(crate) fn variables(
    environment: &Environment,
    context: &Context,
) -> Vec<(&'static str, String)> {
    let mut variables = vec![
        ("RINGBACK_URL", environment.url.clone()),
        ("URL", environment.url.clone()),
        ("VONAGE_API_KEY", environment.api_key.as_str().to_owned()),
        // Printing them is what this is for.
        ("VONAGE_API_SECRET", environment.api_secret.expose().to_owned()),
        ("VONAGE_SIGNATURE_SECRET", environment.signature_secret.expose().to_owned()),
    ];
    if let Some(id) = &environment.application_id {
        variables.push(("VONAGE_APPLICATION_ID", id.as_str().to_owned()));
    }
    if let Some(key) = &environment.private_key {
        variables.push(("VONAGE_PRIVATE_KEY", key.expose().to_owned()));
    }
    if let Some(token) = &context.global.control_token {
        variables.push(("RINGBACK_CONTROL_TOKEN", token.expose_secret().to_owned()));
    }
    variables
}

impl Shell {
    fn line(self, name: &str, value: &str) -> String {
        match self {
            Self::Sh => format!("export {name}='{}'\n", value.replace('\'', "'\\''")),
            Self::Fish => {
                let value = value.replace('\\', "\\\\").replace('\'', "\\'");
                format!("set -gx {name} '{value}'\n")
            }
            Self::Powershell => format!("$env:{name} = '{}'\n", value.replace('\'', "''")),
        }
    }
}

/// The variables as a file that shells and most programs read: one line each, in double quotes.
pub(crate) fn file(variables: &[(&'static str, String)]) -> String {
    let line = |(name, value): &(&str, String)| {
        let mut quoted = String::new();
        for c in value.trim_end().chars() {
            match c {
                // Keys are read back with these mended.
                '\n' => quoted.push_str("\\n"),
                '"' | '\\' | '$' | '`' => quoted.extend(['\\', c]),
                c => quoted.push(c),
            }
        }
        format!("{name}=\"{quoted}\"\n")
    };
    variables.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_quoted() {
        let check = |shell: Shell, expected: &str| {
            assert_eq!(shell.line("A", "it's \\ $HOME"), expected);
        };
        check(Shell::Sh, "export A='it'\\''s \\ $HOME'\n");
        check(Shell::Fish, "set -gx A 'it\\'s \\\\ $HOME'\n");
        check(Shell::Powershell, "$env:A = 'it''s \\ $HOME'\n");
        assert_eq!(file(&[("A", "x\"y\n$z\n".to_owned())]), "A=\"x\\\"y\\n\\$z\"\n");
    }
}
