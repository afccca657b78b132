//! The platform on this machine.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;
use ringback_emulator::{ClockMode, Config, Emulator, Error, Mapping, Tls};
use ringback_model::control::{Environment, SeedRequest};
use secrecy::{ExposeSecret as _, SecretString};

use super::{env, setup};
use crate::{
    child::Running,
    cli::secret,
    context::Context,
    errors::{Complaint, FAILURE},
    listen::listen,
    output::note,
    private_file::PrivateFile,
    seed_file,
    settings::Name,
    signals,
    terminal::variable,
};

/// How the platform is run.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The address to listen at; port 0 is any free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4010")]
    listen: String,
    /// The port to listen at, on this machine alone
    #[arg(long, value_name = "PORT", conflicts_with = "listen")]
    port: Option<u16>,
    /// The secret that signs webhooks; made up unless said
    #[arg(long, value_name = "SECRET", value_parser = secret)]
    signature_secret: Option<SecretString>,
    /// How time passes: real, auto (quiet time is skipped) or a factor such as x10
    #[arg(long, value_name = "CLOCK", default_value = "real")]
    clock: ClockMode,
    /// What ids are derived from; the same seed gives the same ids
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    #[arg(long, help = "Send webhooks for a public address elsewhere: https://demo.example=http://127.0.0.1:3000", value_name = "PUBLIC=LOCAL", value_parser = Mapping::parse)]
    map: Vec<Mapping>,
    /// Begin with what is in this file, YAML or JSON: an account, applications, numbers, users,
    /// phones and prices
    #[arg(long, value_name = "FILE")]
    seed_file: Option<PathBuf>,
    /// Keep all state in this directory over restarts
    #[arg(long, value_name = "DIRECTORY")]
    data_dir: Option<PathBuf>,
    /// How many finished calls are kept
    #[arg(long, value_name = "COUNT", default_value_t = 1000)]
    finished_calls: usize,
    /// Speak https too: at the same port as http, or at this one; 0 is any free one
    #[arg(long, value_name = "PORT", num_args = 0..=1, require_equals = true, default_missing_value = "same", value_parser = https_port)]
    tls: Option<Tls>,
    /// Write the certificate of the authority that https is to be trusted by to this file
    #[arg(long, value_name = "FILE", requires = "tls")]
    ca_file: Option<PathBuf>,
    /// Let the platform's limits hold: 3 calls and 15 other requests a second
    #[arg(long)]
    limits: bool,
    /// Let pages of any origin use the REST API, but not the control API
    #[arg(long)]
    cors: bool,
    /// Take any certificate of webhook servers, such as a self-signed one
    #[arg(long)]
    insecure_webhooks: bool,
    /// Let requests name this host
    #[arg(long, value_name = "HOST")]
    allow_host: Vec<String>,
    /// Write the variables of `ringback env` to this file when it is ready
    #[arg(long, value_name = "FILE")]
    env_file: Option<PathBuf>,
    /// Write the URL to this file when it is ready
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// Print the lines that point an official client at the emulator, and end
    #[arg(long, value_name = "CLIENT", value_enum)]
    print_setup: Option<setup::Client>,
    /// Run a command with the variables of `ringback env` set, and end with its exit code; signals
    /// are passed on to it
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

pub(crate) fn run(args: &Args, context: &Context) -> anyhow::Result<ExitCode> {
    if let Some(client) = args.print_setup {
        let url = context.global.url.clone().unwrap_or_else(|| match args.port {
            Some(port) => format!("http://127.0.0.1:{port}"),
            None => format!("http://{}", args.listen),
        });
        let tls = variable("RINGBACK_TLS_URL");
        setup::run(client, url.trim_end_matches('/'), tls.as_deref())?;
        return Ok(ExitCode::SUCCESS);
    }
    let seed = args.seed_file.as_deref().map(seed_file::read).transpose()?;
    let config = config(args, seed.as_ref(), context)?;
    crate::log::start(context.global.verbose, &context.terminal);
    context.wait(async {
        let address = match args.port {
            Some(port) => format!("127.0.0.1:{port}"),
            None => args.listen.clone(),
        };
        let listener = listen(&address).await?;
        let emulator = Emulator::start(listener, config).map_err(|error| no_start(&error))?;
        let environment = emulator.environment().await;
        if let Some(refusal) = emulator.directory_refusal() {
            let seen = format!("the seed file cannot be used: {}", refusal.seen);
            return Err(Complaint::failure(seen).fix(refusal.fix.as_str()).into());
        }
        if let (Some(file), Some(pem)) = (&args.ca_file, emulator.ca_pem()) {
            write_private(file, pem)?;
        }
        let mut variables = env::variables(&environment, context);
        variables.extend(https(&emulator, args.ca_file.as_deref()));
        if let Some(file) = &args.env_file {
            write_private(file, &env::file(&variables))?;
        }
        if args.command.is_empty() {
            greet(&environment)?;
            if let Some(url) = emulator.tls_url() {
                note(&format!("https: {url}\n"))?;
            }
        }
        // Whoever waits for this file finds all else done.
        if let Some(file) = &args.ready_file {
            write_private(file, &format!("{}\n", environment.url))?;
        }
        let code = if args.command.is_empty() {
            signals::stop().await;
            ExitCode::SUCCESS
        } else {
            command(&args.command, variables).await?
        };
        emulator.stop().await;
        Ok(code)
    })
}

/// Why the platform does not start, and what to do about it.
fn no_start(error: &Error) -> Complaint {
    let text = match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    };
    let fix = match error {
        Error::ControlTokenNeeded { .. } => "give --control-token TOKEN, or listen at 127.0.0.1",
        Error::SignatureSecret(_) => {
            "give --signature-secret a text that is not empty, or leave it out and one is made up"
        }
        Error::Mapping { .. } => {
            "give --map two origins, such as https://demo.example=http://127.0.0.1:3000"
        }
        _ if error.is_config() => return Complaint::usage(text),
        _ => return Complaint::failure(text),
    };
    Complaint::usage(text).fix(fix)
}

fn config(args: &Args, seed: Option<&SeedRequest>, context: &Context) -> anyhow::Result<Config> {
    let mut config = Config::new()
        .clock(args.clock)
        .limits(args.limits)
        .cors(args.cors)
        .insecure_webhooks(args.insecure_webhooks)
        .tls(args.tls.unwrap_or_default());
    config.finished_calls = args.finished_calls;
    if let Some(directory) = &args.data_dir {
        config = config.data_dir(directory);
    }
    // Whoever names applications wants those.
    let named = seed.and_then(|seed| seed.applications.as_ref()).is_some_and(|all| !all.is_empty());
    config = config.start_application(!named);
    if let Some(seed) = seed {
        config = config.directory(seed.clone());
    }
    // The account of the real platform, which may stand in the environment, is not this one's.
    let key = context.settings.flag(Name::ApiKey);
    let secret = context.settings.flag(Name::ApiSecret);
    config = match (key, secret) {
        (Some(key), Some(secret)) => config.credentials(key.expose_secret(), secret.clone()),
        (None, None) => config,
        _ => {
            return Err(Complaint::usage("an account has an API key and an API secret")
                .fix("give both --api-key and --api-secret, or none and they are made up")
                .into());
        }
    };
    if let Some(secret) = &args.signature_secret {
        config = config.signature_secret(secret.clone());
    }
    if let Some(seed) = args.seed {
        config = config.seed(seed);
    }
    for mapping in &args.map {
        config = config.map(mapping.clone());
    }
    for host in &args.allow_host {
        config = config.allow_host(host);
    }
    if let Some(token) = &context.global.control_token {
        config = config.control_token(token.clone());
    }
    Ok(config)
}

/// What runs, and what a newcomer types next.
fn greet(environment: &Environment) -> anyhow::Result<()> {
    let url = &environment.url;
    let number = environment.spare_number.as_deref().unwrap_or("NUMBER");
    let at = match url == crate::context::EMULATOR {
        true => String::new(),
        false => format!(" --url {url}"),
    };
    note(&format!(
        "\
The platform runs at {url} (inspector page, REST API; Ctrl-C ends it)
It has the account {}, the number {number}, Alice (447700000001) and Bob (447700000003).
Type next, in another terminal:

  eval \"$(ringback env{at})\"
  ringback app:create \"Conversation App\" http://127.0.0.1:3000/webhooks/answer http://127.0.0.1:3000/webhooks/event --keyfile private.key
  ringback link:app {number} APP_ID

and with a webhook server (`ringback serve --connect 447700000003` is one):

  ringback call 447700000001 {number}
",
        environment.api_key
    ))
}

/// Reads where https is spoken: `same` for the port of http, or a port.
fn https_port(text: &str) -> Result<Tls, &'static str> {
    match text {
        "same" => Ok(Tls::SamePort),
        port => port.parse().map(Tls::Port).map_err(|_| "it is a port from 0 to 65535, or same"),
    }
}

/// The variables that lead clients to https, and let them trust it where there is a file.
fn https(emulator: &Emulator, ca_file: Option<&Path>) -> Vec<(&'static str, String)> {
    let Some(url) = emulator.tls_url() else { return Vec::new() };
    let mut variables = vec![("RINGBACK_TLS_URL", url.to_owned())];
    // The command may change its directory.
    let file = ca_file.map(|file| std::path::absolute(file).unwrap_or_else(|_| file.to_owned()));
    if let Some(file) = file.map(|file| file.display().to_string()) {
        variables.extend([("NODE_EXTRA_CA_CERTS", file.clone()), ("REQUESTS_CA_BUNDLE", file)]);
    }
    variables
}

/// Runs a command in the environment of this platform, and gives its exit code.
async fn command(
    words: &[OsString],
    variables: Vec<(&'static str, String)>,
) -> anyhow::Result<ExitCode> {
    let Some((program, args)) = words.split_first() else { return Ok(ExitCode::SUCCESS) };
    let mut command = tokio::process::Command::new(program);
    command.args(args).envs(variables);
    let running = Running::start(&mut command).map_err(|error| {
        let program = program.to_string_lossy();
        match error.kind() {
            std::io::ErrorKind::NotFound => {
                Complaint::failure(format!("there is no command `{program}`"))
            }
            _ => Complaint::failure(format!("`{program}` cannot be run: {error}")),
        }
    })?;
    let status = running.end().await.context("the command was lost")?;
    Ok(ExitCode::from(exit_code(status)))
}

fn exit_code(status: std::process::ExitStatus) -> u8 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return u8::try_from(128 + signal).unwrap_or(FAILURE);
    }
    status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(FAILURE)
}

/// Writes a file that only its owner reads, whole or not at all.
fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    let written = PrivateFile::reserve(path).and_then(|file| file.save(text));
    written.map_err(|error| {
        Complaint::failure(format!("`{}` cannot be written: {error}", path.display())).into()
    })
}
