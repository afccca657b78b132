//! Keeping entries: many are under way at once, each acknowledged by most of the servers.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use async_nats::{
    connection::State,
    jetstream::{
        ErrorCode,
        context::{PublishAckFuture, PublishError},
        message::PublishMessage,
    },
};
use tokio::{
    sync::{Mutex, Notify},
    time::{Duration, Instant},
};

use super::{
    cluster::Cluster,
    fault::{code_of, of_publish, unavailable},
    wire,
};
use crate::{Appended, Entry, Error, Position};

/// How long until it is asked again about an entry of which a copy is just being kept.
const AGAIN: Duration = Duration::from_millis(3);

/// What is under way.
#[derive(Debug, Default)]
pub(super) struct Appending {
    waiting: AtomicUsize,
    closed: AtomicBool,
    failed: AtomicBool,
    quiet: Notify,
    /// Held while a call's entries are sent, first come first served: its entries stay together.
    turn: Mutex<()>,
}

impl Appending {
    /// Keeps entries, and says of each whether it is new.
    pub(super) async fn append(
        self: Arc<Self>,
        cluster: Cluster,
        entries: Vec<Entry>,
    ) -> Result<Vec<Appended>, Error> {
        if self.is_closed() {
            return Err(Error::Closed);
        }
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        let room = self.enter(entries.len(), cluster.settings.in_flight)?;
        // While there is no connection the library would keep what it is given and send it later:
        // nobody would be there to hear the answer.
        if cluster.client.connection_state() != State::Connected {
            return Err(unavailable(
                "journal-unreachable",
                "the connection to the NATS cluster is lost; it comes back by itself when a server \
                 answers",
            ));
        }
        let end = Instant::now() + cluster.settings.timeout;
        let mut sent = Vec::with_capacity(entries.len());
        // A task of its own for this would cost each call a turn of the scheduler, and half the speed.
        let turn = self.turn.lock().await;
        for entry in &entries {
            match send(&cluster, entry).await {
                Ok(one) => sent.push(one),
                Err(error) => {
                    room.failed();
                    return Err(of_publish(error));
                }
            }
        }
        drop(turn);
        // What is sent is waited for also when the caller does not.
        let task = tokio::spawn(async move {
            let mut answers = Vec::with_capacity(entries.len());
            for (entry, one) in entries.iter().zip(sent) {
                match settled(&cluster, entry, one, end).await {
                    Ok(answer) => answers.push(answer),
                    Err(error) => {
                        room.failed();
                        return Err(of_publish(error));
                    }
                }
            }
            Ok(answers)
        });
        task.await.unwrap_or(Err(Error::Closed))
    }

    /// Takes nothing more, and waits until all that was begun is answered.
    pub(super) async fn close(&self) -> Result<(), Error> {
        self.closed.store(true, Ordering::SeqCst);
        self.failed.store(false, Ordering::SeqCst);
        loop {
            let quiet = self.quiet.notified();
            if self.waiting.load(Ordering::SeqCst) == 0 {
                break;
            }
            quiet.await;
        }
        if self.failed.load(Ordering::SeqCst) {
            return Err(unavailable(
                "journal-unreachable",
                "entries that were under way when the journal was closed are not known to be kept; \
                 nobody was told that they are",
            ));
        }
        Ok(())
    }

    /// Whether it takes nothing more.
    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    fn enter(self: &Arc<Self>, entries: usize, limit: usize) -> Result<Room, Error> {
        let fits = |waiting: usize| {
            // One call larger than the limit goes when it is alone; else it could never go.
            (waiting == 0 || waiting + entries <= limit).then_some(waiting + entries)
        };
        self.waiting
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, fits)
            .map_err(|waiting| Error::Busy { waiting })?;
        Ok(Room { of: Arc::clone(self), entries })
    }
}

/// So many entries are under way.
#[derive(Debug)]
struct Room {
    of: Arc<Appending>,
    entries: usize,
}

impl Room {
    fn failed(&self) {
        self.of.failed.store(true, Ordering::SeqCst);
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.of.waiting.fetch_sub(self.entries, Ordering::SeqCst);
        self.of.quiet.notify_waiters();
    }
}

async fn send(cluster: &Cluster, entry: &Entry) -> Result<PublishAckFuture, PublishError> {
    let message = PublishMessage::build().headers(wire::headers(entry)).payload(entry.body.clone());
    cluster.context.send_publish(cluster.subject(&entry.lane), message).await
}

/// Waits for the answer to one entry.
async fn settled(
    cluster: &Cluster,
    entry: &Entry,
    mut sent: PublishAckFuture,
    end: Instant,
) -> Result<Appended, PublishError> {
    loop {
        match sent.await {
            Ok(kept) if kept.duplicate => return Ok(Appended::Known),
            Ok(kept) => return Ok(Appended::New(Position(kept.sequence))),
            // A copy of it is just being kept, and may still fail: only then it may be said.
            Err(error)
                if code_of(&error) == Some(ErrorCode::STREAM_DUPLICATE_MESSAGE_CONFLICT)
                    && Instant::now() < end =>
            {
                tokio::time::sleep(AGAIN).await;
                sent = send(cluster, entry).await?;
            }
            Err(error) => return Err(error),
        }
    }
}
