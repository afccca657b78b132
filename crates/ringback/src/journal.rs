//! Opening a journal, by where it is.

use std::sync::Arc;

use clap::Args;
use ringback_journal::{Error, Journal, Location, Nats, NatsSettings, Sqlite};
use secrecy::{ExposeSecret as _, SecretString};

use crate::{cli::secret, context::now_millis, errors::Complaint, output::note};

/// How a cluster shows that its acknowledgements mean something.
#[derive(Debug, Args)]
pub(crate) struct Cluster {
    /// Use a cluster whose acknowledgements do not mean that an event survives a power cut
    #[arg(long, requires = "journal")]
    relaxed: bool,
    /// Where a server of the cluster shows its settings, such as http://a:8222; one for each server
    #[arg(long, value_name = "URL", requires = "journal")]
    journal_monitor: Vec<String>,
    /// Or: the servers with the login of their system account, nats://sys:password@a,b,c
    #[arg(long, value_name = "URL", env = "RINGBACK_JOURNAL_SYSTEM", hide_env_values = true, value_parser = secret)]
    journal_system: Option<SecretString>,
}

/// For a receiver: of a file it is the only one that writes, of a cluster one of many.
pub(crate) async fn open(
    location: &Location,
    cluster: &Cluster,
) -> anyhow::Result<Arc<dyn Journal>> {
    match location {
        Location::Sqlite(path) => Ok(Arc::new(Sqlite::open(path, now_millis).map_err(complaint)?)),
        Location::Nats(servers) => {
            let mut settings = NatsSettings::new()
                .relaxed(cluster.relaxed)
                .monitors(cluster.journal_monitor.iter().map(String::as_str));
            if let Some(system) = &cluster.journal_system {
                settings = settings.system(system.expose_secret());
            }
            let journal = Nats::connect(servers, settings).await.map_err(complaint)?;
            for danger in journal.given_up() {
                note(&format!("warning: what is acknowledged may be lost: {danger}"))?;
            }
            Ok(Arc::new(journal))
        }
        _ => Err(unknown(location)),
    }
}

/// For somebody who looks, beside receivers that run.
pub(crate) async fn attach(location: &Location) -> anyhow::Result<Arc<dyn Journal>> {
    match location {
        Location::Sqlite(path) => Ok(Arc::new(Sqlite::attach(path).map_err(complaint)?)),
        Location::Nats(servers) => {
            // Nothing is acknowledged here.
            let settings = NatsSettings::new().relaxed(true);
            Ok(Arc::new(Nats::connect(servers, settings).await.map_err(complaint)?))
        }
        _ => Err(unknown(location)),
    }
}

fn unknown(location: &Location) -> anyhow::Error {
    Complaint::usage(format!("this build has no journal for {location}"))
        .fix("use sqlite:FILE, such as --journal sqlite:events.db")
        .into()
}

/// An error of a journal in words.
#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
pub(crate) fn complaint(error: Error) -> anyhow::Error {
    let cause = std::error::Error::source(&error).map(ToString::to_string);
    Complaint::failure(error.to_string()).note_if("cause", cause).note("code", error.code()).into()
}
