//! What all parts of the journal share: the connection and the two streams.

use std::time::Duration;

use async_nats::{
    Client,
    connection::State,
    jetstream::{
        Context,
        context::ContextBuilder,
        stream::{self, Stream},
    },
};

use super::{
    fault::{unavailable, unreachable},
    lane::{self, PARTITIONS},
    settings::NatsSettings,
};
use crate::Error;

/// Answers of the state stream are awaited for a shorter time: a write of it is tried again.
const STATE: Duration = Duration::from_secs(2);

/// The connection, and the names of all there is.
#[derive(Clone, Debug)]
pub(super) struct Cluster {
    /// The connection.
    pub(super) client: Client,
    /// For entries.
    pub(super) context: Context,
    /// The stream of entries.
    pub(super) events: Stream<()>,
    /// The stream of what consumers have done.
    pub(super) state: Stream<()>,
    /// For the state.
    pub(super) state_context: Context,
    /// What all subjects begin with.
    pub(super) prefix: String,
    /// What it was opened with.
    pub(super) settings: NatsSettings,
}

impl Cluster {
    pub(super) async fn new(client: Client, settings: NatsSettings) -> Result<Self, Error> {
        let context = ContextBuilder::new()
            .timeout(settings.timeout)
            .max_ack_inflight(settings.in_flight.max(1))
            .build(client.clone());
        let state_context = ContextBuilder::new().timeout(STATE).build(client.clone());
        let handle = |name: String| {
            let context = context.clone();
            async move {
                context.get_stream_no_info(name).await.map_err(|error| unreachable("answer", error))
            }
        };
        Ok(Self {
            events: handle(settings.stream.clone()).await?,
            state: handle(state_stream(&settings.stream)).await?,
            prefix: settings.stream.to_lowercase().replace('_', "."),
            client,
            context,
            state_context,
            settings,
        })
    }

    /// Refuses while there is no connection.
    pub(super) fn is_connected(&self) -> Result<(), Error> {
        if self.client.connection_state() == State::Connected {
            return Ok(());
        }
        Err(unavailable(
            "journal-unreachable",
            "the connection to the NATS cluster is lost; it comes back by itself when a server \
             answers",
        ))
    }

    /// The subject of an entry.
    pub(super) fn subject(&self, lane: &str) -> String {
        format!("{}.{}.{}", self.prefix, lane::partition(lane), lane::token(lane))
    }

    /// The subjects of all entries.
    pub(super) fn all(&self) -> String {
        format!("{}.*.*", self.prefix)
    }

    /// The subjects of the entries of a partition.
    pub(super) fn of(&self, partition: u8) -> String {
        format!("{}.{partition}.*", self.prefix)
    }

    /// Where it is told what happened, so that nobody has to ask all the time; nothing depends on it.
    pub(super) fn told(&self, what: &str) -> String {
        format!("{}.told.{what}", self.prefix)
    }

    /// The subject of something that consumers remember.
    pub(super) fn key(&self, key: &str) -> String {
        format!("$KV.{}.{key}", self.settings.stream)
    }

    /// How the stream of entries is, as its leader says.
    pub(super) async fn info(&self) -> Result<stream::Info, Error> {
        self.events.get_info().await.map_err(|error| unreachable("show its stream", error))
    }
}

/// The name of the stream of what consumers have done: a bucket to `nats kv`.
pub(super) fn state_stream(stream: &str) -> String {
    format!("KV_{stream}")
}

/// All partitions.
pub(super) fn partitions() -> impl Iterator<Item = u8> {
    0..PARTITIONS
}
