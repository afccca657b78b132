//! Keeping entries: what is asked at about the same time goes to the servers together.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use tokio::{
    sync::{Notify, oneshot},
    time::Instant,
};

use super::{cluster::Cluster, fault::unavailable, outbox::Outbox};
use crate::{Appended, Entry, Error};

/// What is under way.
#[derive(Debug)]
pub(super) struct Appending {
    outbox: Arc<Outbox>,
    waiting: AtomicUsize,
    closed: AtomicBool,
    failed: AtomicBool,
    quiet: Notify,
}

/// Entries that are kept or refused with one answer.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) entries: Vec<Entry>,
    /// Nothing of it is sent after this.
    pub(super) end: Instant,
    pub(super) caller: Caller,
}

/// Who made a call, and the room that its entries take until they are answered.
#[derive(Debug)]
pub(super) struct Caller {
    answer: oneshot::Sender<Result<Vec<Appended>, Error>>,
    room: Room,
}

impl Appending {
    /// Takes entries in for a cluster; they go in batches where its stream takes those.
    pub(super) fn new(cluster: Cluster, takes_batches: bool) -> Self {
        Self {
            outbox: Arc::new(Outbox::new(cluster, takes_batches)),
            waiting: AtomicUsize::new(0),
            closed: AtomicBool::new(false),
            failed: AtomicBool::new(false),
            quiet: Notify::new(),
        }
    }

    /// Keeps entries, and says of each whether it is new.
    pub(super) async fn append(
        self: Arc<Self>,
        entries: Vec<Entry>,
    ) -> Result<Vec<Appended>, Error> {
        if self.is_closed() {
            return Err(Error::Closed);
        }
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        let cluster = self.outbox.cluster();
        let room = self.enter(entries.len(), cluster.settings.in_flight)?;
        // Who closes waits for those who have entered.
        if self.is_closed() {
            return Err(Error::Closed);
        }
        // While there is no connection the library would keep what it is given and send it later:
        // nobody would be there to hear the answer.
        cluster.is_connected()?;
        let (answer, answered) = oneshot::channel();
        let end = Instant::now() + cluster.settings.timeout;
        // What is sent is waited for also when the caller does not.
        self.outbox.put(Call { entries, end, caller: Caller { answer, room } });
        answered.await.unwrap_or(Err(Error::Closed))
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

impl Caller {
    /// Answers; whoever called may be gone.
    pub(super) fn tell(self, answer: Result<Vec<Appended>, Error>) {
        if answer.is_err() {
            self.room.of.failed.store(true, Ordering::SeqCst);
        }
        drop(self.answer.send(answer));
    }
}

/// So many entries are under way.
#[derive(Debug)]
struct Room {
    of: Arc<Appending>,
    entries: usize,
}

impl Drop for Room {
    fn drop(&mut self) {
        self.of.waiting.fetch_sub(self.entries, Ordering::SeqCst);
        self.of.quiet.notify_waiters();
    }
}
