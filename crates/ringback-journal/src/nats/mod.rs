//! The journal on a NATS JetStream cluster.
//!
//! **Entries** are messages of one stream that most of three servers have on disk before they
//! acknowledge. Each lane has a subject of its own, and `Nats-Msg-Id` makes copies known.
//! What stands around the body travels in headers and in the subject, so that `nats stream view` shows all of it.
//!
//! **Consumers** are not JetStream's: their acknowledgements count deliveries, not attempts; can be
//! lost; and when a holder dies, later entries of a lane go to another before earlier ones come back.
//! The subjects are sorted into 16 partitions by the hash of the lane, and a consumer remembers one
//! small value for each: who holds it, a position up to which everything is settled, and what is
//! not, with its attempts.
//! Only the holder writes it, each write names the revision that it replaces, and what a holder says
//! is done is written before it is answered. So there is one truth, in one place, and a holder that
//! was taken to be gone cannot change it: its next attempt does not begin.
//! These values are keys of a bucket, for `nats kv`.
//!
//! Holders share the partitions evenly. Who leaves gives its own up at once; who is not heard of for
//! the length of a lease loses them to the others.

mod addresses;
mod append;
mod batch;
mod cluster;
mod connection;
mod dead;
mod desk;
mod expire;
mod fault;
mod holder;
mod keeper;
mod lane;
mod monitor;
mod names;
mod news;
mod outbox;
mod parcel;
mod partition;
mod range;
mod reader;
mod record;
mod settings;
mod state;
mod stream;
mod strict;
mod wire;

use std::{fmt, sync::Arc};

pub use settings::NatsSettings;

use self::{
    addresses::Addresses, append::Appending, cluster::Cluster, holder::Holder, names::Names,
};
use crate::{Appended, Consumer, Dead, Entry, Error, Journal, Pending, Position, Recorded, State};

/// A journal on a cluster, shared by any number of processes.
pub struct Nats {
    cluster: Cluster,
    addresses: Addresses,
    appending: Arc<Appending>,
    names: Names,
    given_up: Vec<String>,
}

impl fmt::Debug for Nats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nats")
            .field("addresses", &self.addresses)
            .field("stream", &self.cluster.settings.stream)
            .finish_non_exhaustive()
    }
}

impl Nats {
    /// Opens the journal of a cluster: `nats://a:4222,b:4222,c:4222`, with `nats://name:password@` where
    /// a login is needed.
    ///
    /// The streams are made where there are none.
    ///
    /// # Errors
    /// When no server answers or the login is refused; when the stream is set up for something else;
    /// and, unless the settings are [relaxed](NatsSettings::relaxed), when an acknowledgement would not
    /// mean that an entry is durable.
    pub async fn connect(addresses: &str, settings: NatsSettings) -> Result<Self, Error> {
        let addresses = Addresses::parse(addresses)?;
        check(&settings)?;
        let client = connection::connect(&addresses, settings.timeout).await?;
        strict::version(&client.server_info().version)?;
        let cluster = Cluster::new(client, settings).await?;
        let streams = stream::ready(&cluster).await?;
        for info in &streams {
            stream::foreign(&cluster, info)?;
        }
        let takes_batches = streams[0].config.allow_atomic_publish;
        let dangers = strict::dangers(&cluster.settings, &streams).await?;
        if !cluster.settings.relaxed
            && let Some(danger) = dangers.first()
        {
            return Err(fault::refused("journal-unsafe", danger.clone()));
        }
        for danger in &dangers {
            tracing::warn!("what is acknowledged may be lost: {danger}");
        }
        let appending = Arc::new(Appending::new(cluster.clone(), takes_batches));
        Ok(Self { cluster, addresses, appending, names: Names::default(), given_up: dangers })
    }

    /// What is given up by being relaxed, one sentence each; nothing where an acknowledgement means
    /// durable.
    #[must_use]
    pub fn given_up(&self) -> &[String] {
        &self.given_up
    }

    /// The same unless the journal is closed.
    fn open<'a, T>(
        &'a self,
        work: impl Future<Output = Result<T, Error>> + Send + 'a,
    ) -> Pending<'a, T> {
        Box::pin(
            async move { if self.appending.is_closed() { Err(Error::Closed) } else { work.await } },
        )
    }
}

impl Journal for Nats {
    fn append(&self, entries: Vec<Entry>) -> Pending<'_, Vec<Appended>> {
        Box::pin(Arc::clone(&self.appending).append(entries))
    }

    fn read(&self, after: Position, limit: usize) -> Pending<'_, Vec<Recorded>> {
        self.open(async move {
            let cluster = &self.cluster;
            let from = after.0.saturating_add(1);
            let name = &cluster.settings.stream;
            let found = cluster.range(&cluster.events, name, &cluster.all(), from, limit).await?;
            Ok(found.iter().filter_map(wire::recorded).collect())
        })
    }

    fn consumer(&self, name: &str) -> Pending<'_, Box<dyn Consumer>> {
        let name = name.to_owned();
        self.open(async move {
            let holder = Holder::join(self.cluster.clone(), self.names.clone(), &name).await?;
            Ok(Box::new(holder) as Box<dyn Consumer>)
        })
    }

    fn dead(&self, consumer: &str, after: Position, limit: usize) -> Pending<'_, Vec<Dead>> {
        let consumer = consumer.to_owned();
        self.open(async move { self.cluster.dead(&consumer, after, limit).await })
    }

    fn redrive(&self, consumer: &str, positions: Vec<Position>) -> Pending<'_, u64> {
        let consumer = consumer.to_owned();
        self.open(async move { self.cluster.redrive(&consumer, &positions).await })
    }

    fn expire(&self, before: u64) -> Pending<'_, u64> {
        self.open(self.cluster.expire(before))
    }

    fn state(&self) -> Pending<'_, State> {
        self.open(self.cluster.state())
    }

    fn close(&self) -> Pending<'_, ()> {
        Box::pin(async move {
            let closed = self.appending.close().await;
            self.names.close().await;
            closed
        })
    }
}

/// Refuses settings that nobody could mean.
fn check(settings: &NatsSettings) -> Result<(), Error> {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    let name = &settings.stream;
    if name.is_empty() || !name.bytes().all(safe) {
        return Err(fault::refused(
            "journal-settings",
            format!("{name:?} is no name of a stream; use letters, digits, _ and -"),
        ));
    }
    if settings.max_age.is_some_and(|age| age < settings.window) {
        return Err(fault::refused(
            "journal-settings",
            "entries would be forgotten before their copies are; let max_age be at least the window",
        ));
    }
    Ok(())
}
