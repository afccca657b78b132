//! Who calls: saved, shown and checked.

use std::{collections::BTreeMap, process::ExitCode};

use clap::{Args, Subcommand};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;

use crate::{
    checks,
    cli::secret,
    context::Context,
    credentials,
    errors::Complaint,
    output::{Column, note},
    settings::{Name, Settings, Source, Value, own::Pair},
};

/// Who calls.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Save credentials: those of the flags or, without any, those of the environment
    ///
    /// Secrets go into a file of their own that only its owner reads.
    /// What is not named stays as it is.
    Set(Set),
    /// Show every value and where it comes from; secrets are masked
    Show {
        /// Show secrets too
        #[arg(long)]
        reveal: bool,
    },
    /// Ask the API whether it takes them: exit code 3 when it says no
    Check,
}

/// What is saved.
#[derive(Debug, Args)]
pub(crate) struct Set {
    /// Save them for this directory: .ringback.yaml and .ringback.secrets.yaml
    #[arg(long)]
    project: bool,
    /// Save them without asking the API
    #[arg(long)]
    no_check: bool,
    /// What signs webhooks
    #[arg(long, value_name = "SECRET", value_parser = secret)]
    signature_secret: Option<SecretString>,
    /// Forget what is saved under this name
    #[arg(long, value_name = "NAME", value_enum)]
    forget: Vec<Name>,
}

/// A value as it is shown.
#[derive(Debug, Serialize)]
struct Shown {
    name: &'static str,
    value: Option<String>,
    source: Option<String>,
}

const VALUES: &[Column] = &[("NAME", &["/name"]), ("VALUE", &["/value"]), ("SOURCE", &["/source"])];

pub(crate) fn run(command: Command, context: &Context) -> anyhow::Result<ExitCode> {
    match command {
        Command::Set(args) => {
            set(&args, context)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Show { reveal } => {
            let mut rows = Vec::new();
            for name in Name::ALL {
                rows.push(serde_json::to_string(&shown(name, reveal, context)?)?);
            }
            context.output.list(&rows, VALUES)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Check => {
            let known = [Name::ApiKey, Name::ApiSecret, Name::ApplicationId, Name::PrivateKey];
            let mut any = false;
            for name in known {
                any |= context.settings.get(name)?.is_some();
            }
            if !any {
                return Err(Complaint::usage("there are no credentials to check")
                    .fix("give --api-key and --api-secret, set VONAGE_API_KEY and VONAGE_API_SECRET, or use `ringback auth set`")
                    .into());
            }
            let checks = context.wait(async { Ok(checks::credentials(context).await.0) })?;
            checks::show(&checks, context)
        }
    }
}

fn shown(name: Name, reveal: bool, context: &Context) -> anyhow::Result<Shown> {
    let value = context.settings.get(name)?;
    Ok(Shown {
        name: name.as_str(),
        value: value.map(|value| match reveal {
            true => value.text.expose_secret().to_owned(),
            false => masked(name, value.text.expose_secret()),
        }),
        source: value.map(|value| value.source.to_string()),
    })
}

/// A value without what nobody may see; where a key is no text but a file, its name is no secret.
fn masked(name: Name, text: &str) -> String {
    let names_file = name == Name::PrivateKey && std::path::Path::new(text).is_file();
    match name.is_secret() && !names_file {
        true => "********".to_owned(),
        false => text.to_owned(),
    }
}

fn set(args: &Set, context: &Context) -> anyhow::Result<()> {
    let pair = if args.project { Pair::project() } else { Pair::user()? };
    let mut values = pair.read()?;
    for name in &args.forget {
        values.remove(name);
    }
    let named = named(args, context)?;
    values.extend(named.iter().map(|(name, value)| (*name, value.text.expose_secret().to_owned())));
    if !args.no_check && !named.is_empty() {
        let source = Source::File(pair.open.clone());
        let saved = values.iter().map(|(name, text)| {
            let text = SecretString::from(text.as_str());
            (*name, Value { text, source: source.clone() })
        });
        // What is not saved here is what it would be without this.
        let spoken = Name::ALL.into_iter().filter(|name| !values.contains_key(name));
        let spoken = spoken.filter_map(|name| Some((name, context.settings.spoken(name)?.clone())));
        check(&context.with(Settings::of(saved.chain(spoken))))?;
    }
    for path in pair.write(&values)? {
        note(&format!("saved to {}", path.display()))?;
    }
    if args.project && values.keys().any(|name| name.is_secret()) {
        note(&format!("keep {} out of what is shared: it holds secrets", pair.secret.display()))?;
    }
    let names: Vec<&str> = values.keys().map(|name| name.as_str()).collect();
    context.output.value(&serde_json::json!({ "saved": names }))
}

/// What shall be saved: what the flags say, or else the environment.
fn named(args: &Set, context: &Context) -> anyhow::Result<BTreeMap<Name, Value>> {
    let mut flags = BTreeMap::new();
    let mut variables = BTreeMap::new();
    for name in Name::ALL {
        if let Some(value) = context.settings.spoken(name) {
            let part = match value.source {
                Source::Flag(_) => &mut flags,
                Source::Variable(_) | Source::File(_) => &mut variables,
            };
            part.insert(name, value.clone());
        }
    }
    if let Some(text) = &args.signature_secret {
        let source = Source::Flag("--signature-secret");
        flags.insert(Name::SignatureSecret, Value { text: text.clone(), source });
    }
    let mut named = match flags.is_empty() && args.forget.is_empty() {
        true => variables,
        false => flags,
    };
    if named.is_empty() && args.forget.is_empty() {
        return Err(Complaint::usage("there is nothing to save")
            .fix("give --api-key KEY, --api-secret SECRET, --application-id ID or --private-key FILE, or set their variables")
            .into());
    }
    // The file may move, and stdin is read but once: the key itself is saved.
    if let Some(key) = named.get_mut(&Name::PrivateKey) {
        let (origin, text) = credentials::key_text(key.text.expose_secret(), "private")?;
        let signer = ringback_jwt::Signer::from_pem(text.expose_secret());
        signer.map_err(|error| Complaint::failure(format!("{origin}: {error}")))?;
        key.text = text;
    }
    Ok(named)
}

/// Nothing is saved that the API does not take.
fn check(context: &Context) -> anyhow::Result<()> {
    let (checks, _) = context.wait(async { Ok(checks::credentials(context).await) })?;
    match checks.iter().find_map(checks::Check::complaint) {
        None => Ok(()),
        Some(complaint) => {
            Err(complaint.note("saved", "nothing; --no-check saves it all the same").into())
        }
    }
}
