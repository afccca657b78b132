//! What can be typed.

use std::ffi::OsString;

use clap::{
    ArgAction, ArgMatches, Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand,
    builder::Resettable,
    error::{ContextKind, ContextValue},
    parser::ValueSource,
};
use secrecy::SecretString;

use crate::{
    commands::{
        api, apps, auth, call, calls, completions, conversations, demo, emulator, env, events,
        journal, jwt, legs, load, members, ncco, nexmo, numbers, phones, prices, recordings, serve,
        users, wait,
    },
    output::Format,
};

const AFTER: &str = "\
Data goes to stdout, everything else to stderr.
Exit codes: 0 good, 1 failure, 2 wrong usage, 3 the API said no.
The spellings of the old `nexmo` tool work too: app:create, link:app, jwt:generate and others.";

/// The Vonage voice platform on your laptop, and a command line for the real one.
#[derive(Debug, Parser)]
#[command(
    name = "ringback",
    version,
    after_help = AFTER,
    arg_required_else_help = true,
    subcommand_required = true,
    infer_subcommands = false,
    max_term_width = 100
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Clone, Debug, Args)]
pub(crate) struct Global {
    /// How data is printed; a table on a terminal and JSON elsewhere, unless said
    #[arg(short, long, global = true, value_enum, value_name = "FORMAT")]
    pub(crate) output: Option<Format>,
    /// Say on stderr where requests go; twice: say more
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Send every operation to this origin, such as http://127.0.0.1:4010
    #[arg(long, global = true, env = "RINGBACK_URL", value_name = "URL", hide_env_values = true, help_heading = ACCOUNT)]
    pub(crate) url: Option<String>,
    /// The account's API key
    #[arg(long, global = true, env = "VONAGE_API_KEY", value_name = "KEY", hide_env_values = true, help_heading = ACCOUNT)]
    pub(crate) api_key: Option<String>,
    /// The account's API secret
    #[arg(long, global = true, env = "VONAGE_API_SECRET", value_name = "SECRET", hide_env_values = true, value_parser = secret, help_heading = ACCOUNT)]
    pub(crate) api_secret: Option<SecretString>,
    /// The application whose conversations and calls are meant
    #[arg(long, alias = "app-id", global = true, env = "VONAGE_APPLICATION_ID", value_name = "ID", hide_env_values = true, help_heading = ACCOUNT)]
    pub(crate) application_id: Option<String>,
    /// Its private key: a file, the text itself, or - for stdin
    #[arg(long, global = true, env = "VONAGE_PRIVATE_KEY", value_name = "FILE", hide_env_values = true, value_parser = secret, allow_hyphen_values = true, help_heading = ACCOUNT)]
    pub(crate) private_key: Option<SecretString>,
    /// What the emulator's control API asks for; needed when other machines can reach it
    #[arg(long, global = true, env = "RINGBACK_CONTROL_TOKEN", value_name = "TOKEN", hide_env_values = true, value_parser = secret, help_heading = ACCOUNT)]
    pub(crate) control_token: Option<SecretString>,
}

const ACCOUNT: &str = "Who and where";

/// The commands; the nouns are those of the platform's own command line.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The whole tutorial on embedded parts: a call, its webhooks, its conversation
    Demo(demo::Args),
    /// Run the platform on this machine
    Emulator(Box<emulator::Args>),
    /// Print the lines that point a shell at the running emulator
    Env(env::Args),
    /// Place a call in the emulator, and draw it as it happens
    Call(call::Args),
    /// The emulator's phones, and how they behave
    #[command(subcommand)]
    Phones(phones::Command),
    /// A webhook server that answers with a script and prints what it is told
    Serve(serve::Args),
    /// What a webhook server keeps: events, and those that were given up
    #[command(subcommand)]
    Journal(Box<journal::Command>),
    /// Applications
    #[command(subcommand, visible_alias = "app")]
    Apps(Box<apps::Command>),
    /// Numbers: those of the account, and those to buy
    #[command(subcommand, visible_alias = "number")]
    Numbers(numbers::Command),
    /// Conversations, their events and members
    #[command(subcommand, visible_alias = "conversation")]
    Conversations(conversations::Command),
    /// Members of conversations
    #[command(subcommand, visible_alias = "member")]
    Members(members::Command),
    /// Events of conversations
    #[command(subcommand, visible_alias = "event")]
    Events(events::Command),
    /// Users of the application
    #[command(subcommand, visible_alias = "user")]
    Users(users::Command),
    /// Calls of the application, and what is done with them while they run
    #[command(subcommand)]
    Calls(calls::Command),
    /// Legs: the connections that calls consist of
    #[command(subcommand, visible_alias = "leg")]
    Legs(legs::Command),
    /// Recordings and transcripts
    #[command(subcommand, visible_alias = "recording")]
    Recordings(recordings::Command),
    /// Wait in the emulator until a call is where it should be: exit code 1 when it is not in time
    Wait(wait::Args),
    /// Place calls at a given rate against your own webhook servers, and see how they hold
    Load(Box<load::Args>),
    /// What a number tells about itself
    Insight(prices::Insight),
    /// What it costs to reach a number or a country
    Price(prices::Price),
    /// What is left on the account
    Balance,
    /// Who calls: saved, shown and checked
    #[command(subcommand)]
    Auth(auth::Command),
    /// Check everything between here and a first call, and say what to do
    Doctor,
    /// Tokens
    #[command(subcommand)]
    Jwt(Box<jwt::Command>),
    /// Call scripts
    #[command(subcommand)]
    Ncco(ncco::Command),
    /// Send any operation of the API
    Api(api::Args),
    /// Print a script that completes commands in a shell
    Completions(completions::Args),
    #[command(flatten)]
    Nexmo(Box<nexmo::Command>),
}

/// Which of the credentials stood on the command line itself, and not in the environment.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Given {
    pub(crate) api_key: bool,
    pub(crate) api_secret: bool,
    pub(crate) application_id: bool,
    pub(crate) private_key: bool,
}

/// Reads the command line and the environment.
pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<(Cli, Given), clap::Error> {
    let args: Vec<OsString> = args.into_iter().collect();
    let matches = Cli::command().try_get_matches_from(&args);
    let mut matches = matches.map_err(|error| suggest(as_typed(error, &args)))?;
    let given = Given::of(&matches);
    let mut cli = Cli::from_arg_matches_mut(&mut matches)
        .map_err(|error| error.format(&mut Cli::command()))?;
    cli.global.drop_empty();
    Ok((cli, given))
}

/// The error with a usage that does not list every option that the environment sets.
fn as_typed(mut error: clap::Error, args: &[OsString]) -> clap::Error {
    if !matches!(error.get(ContextKind::Usage), Some(ContextValue::StyledStr(_))) {
        return error;
    }
    match without_environment(Cli::command()).try_get_matches_from(args) {
        Err(typed) if typed.kind() == error.kind() => typed,
        // The environment takes part in it: better no usage than a wrong one.
        _ => {
            error.remove(ContextKind::Usage);
            error
        }
    }
}

fn without_environment(command: clap::Command) -> clap::Command {
    command.mut_args(|arg| arg.env(Resettable::Reset)).mut_subcommands(without_environment)
}

/// Leaves out of an error what does not help: old spellings for those who typed none.
fn suggest(mut error: clap::Error) -> clap::Error {
    let typed = |error: &clap::Error| match error.get(ContextKind::InvalidSubcommand) {
        Some(ContextValue::String(typed)) => typed.contains(':'),
        _ => false,
    };
    if let Some(ContextValue::Strings(names)) = error.get(ContextKind::SuggestedSubcommand) {
        let old = typed(&error);
        let names: Vec<String> =
            names.iter().filter(|name| name.contains(':') == old).cloned().collect();
        if !names.is_empty() {
            error.insert(ContextKind::SuggestedSubcommand, ContextValue::Strings(names));
        }
    }
    error
}

impl Given {
    fn of(matches: &ArgMatches) -> Self {
        let mut given = Self::default();
        let mut next = Some(matches);
        while let Some(matches) = next {
            let on_line = |id| {
                matches.try_contains_id(id).unwrap_or(false)
                    && matches.value_source(id) == Some(ValueSource::CommandLine)
            };
            given.api_key |= on_line("api_key");
            given.api_secret |= on_line("api_secret");
            given.application_id |= on_line("application_id");
            given.private_key |= on_line("private_key");
            next = matches.subcommand().map(|(_, matches)| matches);
        }
        given
    }
}

impl Global {
    /// An empty variable is as good as none.
    fn drop_empty(&mut self) {
        use secrecy::ExposeSecret as _;
        for text in [&mut self.url, &mut self.api_key, &mut self.application_id] {
            text.take_if(|text| text.trim().is_empty());
        }
        for text in [&mut self.api_secret, &mut self.private_key, &mut self.control_token] {
            text.take_if(|text| text.expose_secret().trim().is_empty());
        }
    }
}

/// Takes a text that is not to be shown.
pub(crate) fn secret(text: &str) -> Result<SecretString, std::convert::Infallible> {
    Ok(SecretString::from(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_is_sound() {
        Cli::command().debug_assert();
    }
}
