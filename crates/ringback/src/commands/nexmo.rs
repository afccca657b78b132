//! The spellings of the old tool, which print what it printed, on a terminal or not.

use std::{path::PathBuf, process::ExitCode};

use clap::Subcommand;
use ringback_jwt::Claims;
use ringback_model::{
    ApplicationId, PhoneNumber,
    applications::{DeleteApplication, GetApplication, ListApplications},
};
use secrecy::SecretString;
use serde_json::Value;

use super::{
    apps, jwt,
    numbers::{self, Buy, Country, List, One, Pattern, Search},
};
use crate::{
    cli::secret, context::Context, credentials, errors::Complaint, node::Node, output::print,
};

/// The old tool's commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create an application, as the old tool does
    #[command(name = "app:create", aliases = ["apps:create", "ac"], hide = true)]
    AppCreate {
        /// Its name
        name: String,
        /// Where call scripts come from
        answer_url: String,
        /// Where events go
        event_url: String,
        /// Save the private key in this file; one that exists is kept as FILE.1, FILE.2 and so on
        #[arg(long, value_name = "FILE")]
        keyfile: Option<PathBuf>,
        /// Overwrite a key file that exists
        #[arg(long, requires = "keyfile")]
        force: bool,
    },
    /// List applications, as the old tool does
    #[command(name = "app:list", aliases = ["apps:list", "al"], hide = true)]
    AppList,
    /// Show an application, as the old tool does
    #[command(name = "app:show", aliases = ["apps:show", "as"], hide = true)]
    AppShow {
        /// The application
        application: ApplicationId,
    },
    /// Delete an application, as the old tool does
    #[command(name = "app:delete", aliases = ["apps:delete", "ad"], hide = true)]
    AppDelete {
        /// The application
        application: ApplicationId,
        /// Taken for the old tool's sake
        #[arg(long)]
        confirm: bool,
    },
    /// Link a number to an application, as the old tool does
    #[command(name = "link:app", alias = "la", hide = true)]
    LinkApp {
        /// The number
        number: PhoneNumber,
        /// The application
        application: ApplicationId,
        /// Its country, two letters; usually found out
        #[arg(short, long = "country_code", alias = "country", value_name = "CC")]
        country: Option<String>,
    },
    /// Take a number away from its application, as the old tool does
    #[command(name = "unlink:app", hide = true)]
    UnlinkApp {
        /// The number
        number: PhoneNumber,
        /// Its country, two letters; usually found out
        #[arg(short, long = "country_code", alias = "country", value_name = "CC")]
        country: Option<String>,
    },
    /// List the account's numbers, as the old tool does
    #[command(name = "numbers:list", aliases = ["number:list", "nl"], hide = true)]
    NumbersList {
        /// Digits, with a star for the rest
        #[arg(long)]
        pattern: Option<String>,
    },
    /// Search the stock of numbers, as the old tool does
    #[command(name = "number:search", aliases = ["numbers:search", "ns"], hide = true)]
    NumberSearch {
        /// The country, two letters
        country: String,
        /// Digits, with a star for the rest
        #[arg(long)]
        pattern: Option<String>,
        /// Only those that take calls
        #[arg(long)]
        voice: bool,
        /// Only those that take messages
        #[arg(long)]
        sms: bool,
        /// How many at most
        #[arg(long, default_value_t = 100)]
        size: usize,
    },
    /// Rent a number, as the old tool does
    #[command(name = "number:buy", aliases = ["numbers:buy", "nb"], hide = true)]
    NumberBuy {
        /// The number
        number: PhoneNumber,
        /// Its country, two letters
        #[arg(short, long = "country_code", alias = "country", value_name = "CC")]
        country: Option<String>,
        /// Taken for the old tool's sake
        #[arg(long)]
        confirm: bool,
    },
    /// Give a number back, as the old tool does
    #[command(name = "number:cancel", aliases = ["numbers:cancel", "nc"], hide = true)]
    NumberCancel {
        /// The number
        number: PhoneNumber,
        /// Its country, two letters; usually found out
        #[arg(short, long = "country_code", alias = "country", value_name = "CC")]
        country: Option<String>,
        /// Taken for the old tool's sake
        #[arg(long)]
        confirm: bool,
    },
    /// Mint a token, as the old tool does
    #[command(name = "jwt:generate", hide = true)]
    JwtGenerate {
        /// The private key: a file or its text
        #[arg(value_parser = secret, allow_hyphen_values = true)]
        key: SecretString,
        /// Claims, such as application_id=ID and exp=EPOCH
        #[arg(value_name = "NAME=VALUE")]
        claims: Vec<String>,
    },
}

pub(crate) fn run(command: Command, context: &Context) -> anyhow::Result<ExitCode> {
    match command {
        Command::JwtGenerate { key, claims } => generate(&key, &claims)?,
        command => context.wait(send(command, context))?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn send(command: Command, context: &Context) -> anyhow::Result<()> {
    match command {
        Command::AppCreate { name, answer_url, event_url, keyfile, force } => {
            let webhooks = apps::Urls {
                answer_url: Some(answer_url),
                event_url: Some(event_url),
                ..apps::Urls::default()
            };
            let args = apps::Create { name, webhooks, key_file: keyfile, force, public_key: None };
            let existing = match force {
                true => apps::Existing::Overwrite,
                false => apps::Existing::SetAside,
            };
            let created = apps::create(args, existing, context).await?;
            print(&format!("Application created: {}\n", created.application.id))?;
            let keys = created.application.keys;
            match (created.key_file, keys.and_then(|keys| keys.private_key)) {
                (Some(path), _) => print(&format!("Private Key saved to: {}\n", path.display())),
                (None, Some(key)) => print(&format!("{}\n", key.expose().trim_end())),
                (None, None) => Ok(()),
            }
        }
        Command::AppList => {
            let items = context.items(ListApplications::new().page_size(100), None).await?;
            lines(&items, &["/id", "/name"])
        }
        Command::AppShow { application } => {
            let body = context.answer(&GetApplication::new(application)).await?.body;
            context.output.document(&String::from_utf8_lossy(&body))
        }
        Command::AppDelete { application, .. } => {
            context.send(&DeleteApplication::new(application)).await?;
            print("Application deleted\n")
        }
        Command::LinkApp { number, application, country } => {
            numbers::link(&number, &application, Country { country }, context).await?;
            print("Number updated\n")
        }
        Command::UnlinkApp { number, country } => {
            let one = One { number, country: Country { country } };
            numbers::unlink(&one, context).await?;
            print("Number updated\n")
        }
        Command::NumbersList { pattern } => {
            lines(&numbers::list(List::starred(pattern), context).await?, &["/msisdn"])
        }
        Command::NumberSearch { country, pattern, voice, sms, size } => {
            let features = [(voice, "VOICE"), (sms, "SMS")];
            let features = features.into_iter().filter(|(wanted, _)| *wanted);
            let args = Search {
                country,
                pattern: Pattern::starred(pattern),
                features: features.map(|(_, feature)| feature.into()).collect(),
                kind: None,
                limit: size,
            };
            lines(&numbers::search(args, context).await?, &["/msisdn"])
        }
        Command::NumberBuy { number, country, .. } => {
            let bought = number.clone();
            numbers::buy(Buy { number, country: Country { country } }, context).await?;
            print(&format!("Number purchased: {bought}\n"))
        }
        Command::NumberCancel { number, country, .. } => {
            let one = One { number, country: Country { country } };
            numbers::cancel(&one, context).await?;
            print(&format!("Number cancelled: {}\n", one.number))
        }
        Command::JwtGenerate { .. } => Ok(()),
    }
}

/// A line for each item, its parts with ` | ` between them.
fn lines(items: &[String], pointers: &[&str]) -> anyhow::Result<()> {
    let mut text = String::new();
    for item in items {
        let node: Node = serde_json::from_str(item)?;
        let cells = pointers.iter().filter_map(|pointer| node.at(pointer)).map(Node::cell);
        text.push_str(&crate::errors::printable(&cells.collect::<Vec<_>>().join(" | "), false));
        text.push('\n');
    }
    print(&text)
}

/// Mints by the old tool's rules: no `exp` of its own, only `acl` and `exp` read as JSON, every
/// other claim a text.
fn generate(key: &SecretString, claims: &[String]) -> anyhow::Result<()> {
    let claims = old_claims(claims)?;
    let token = jwt::mint(&credentials::signer(key)?, &claims)?;
    print(&token)?;
    jwt::warn(&token)
}

fn old_claims(texts: &[String]) -> anyhow::Result<Claims> {
    let mut claims = Claims::without_application().no_exp();
    for text in texts {
        let parts: Vec<&str> = text.split('=').collect();
        let [name, value] = parts.as_slice() else {
            return Err(Complaint::failure(format!(
                "All claims must be in the form `name=value`. Got: {text}"
            ))
            .fix("write each claim as one word, without a further `=` in it")
            .into());
        };
        let value = match *name {
            "acl" | "exp" => serde_json::from_str(value).unwrap_or_else(|_| Value::from(*value)),
            _ => Value::from(*value),
        };
        if matches!(*name, "exp" | "iat" | "nbf") && !value.is_number() {
            let fix = match *name {
                "exp" => "write the seconds since 1970, such as exp=$(($(date +%s)+86400))",
                _ => "leave it out, or use `ringback jwt create`, which takes numbers there",
            };
            let sentence = format!("\"{name}\" should be a number of seconds");
            return Err(Complaint::failure(sentence).fix(fix).into());
        }
        claims = claims.claim(*name, value);
    }
    Ok(claims)
}
