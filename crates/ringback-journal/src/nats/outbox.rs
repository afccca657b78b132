//! Calls that wait to be sent, and a few couriers that take what has come together.

use std::{
    collections::VecDeque,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{
    append::Call,
    batch::{Sender, batches},
    cluster::Cluster,
    news::News,
    parcel::Parcel,
};

/// So many couriers are on their way at once; with more, each would have less to carry.
const COURIERS: usize = 4;
/// A courier leaves with so many entries, or with one call that has more.
const FULL: usize = 256;

/// What waits to be sent.
#[derive(Debug)]
pub(super) struct Outbox {
    cluster: Cluster,
    waiting: Mutex<Waiting>,
    sender: Sender,
    /// Held while something is sent, so that calls are sent in the order in which they came.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Waiting {
    calls: VecDeque<Call>,
    couriers: usize,
}

impl Outbox {
    pub(super) fn new(cluster: Cluster, takes_batches: bool) -> Self {
        let (waiting, turn) = (Mutex::default(), tokio::sync::Mutex::default());
        Self { cluster, waiting, sender: Sender::new(takes_batches), turn }
    }

    /// Where it is sent to.
    pub(super) fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// Has a call sent as soon as a courier is free.
    pub(super) fn put(self: &Arc<Self>, call: Call) {
        let mut waiting = self.lock();
        waiting.calls.push_back(call);
        if waiting.couriers < COURIERS {
            waiting.couriers += 1;
            tokio::spawn(Arc::clone(self).carry());
        }
    }

    async fn carry(self: Arc<Self>) {
        let cluster = &self.cluster;
        loop {
            let mut turn = Some(self.turn.lock().await);
            let Some(parcel) = self.take() else { return };
            let mut answers = Vec::with_capacity(parcel.entries().len());
            // One after the other: what is refused together goes again, and must not come after the rest.
            for batch in batches(parcel.entries()) {
                let held = match turn.take() {
                    Some(turn) => turn,
                    None => self.turn.lock().await,
                };
                let sent = self.sender.send(cluster, batch, parcel.end).await;
                drop(held);
                answers.extend(self.sender.settled(cluster, batch, sent, parcel.end).await);
            }
            let news = News::of(parcel.entries(), &answers);
            parcel.tell(&answers);
            news.tell(cluster).await;
        }
    }

    /// What goes next; with nothing the courier goes home.
    fn take(&self) -> Option<Parcel> {
        let mut waiting = self.lock();
        let mut entries = 0;
        let fits = |call: &&Call| {
            let goes = entries == 0 || entries + call.entries.len() <= FULL;
            entries += call.entries.len();
            goes
        };
        let count = waiting.calls.iter().take_while(fits).count();
        if count == 0 {
            waiting.couriers -= 1;
            return None;
        }
        let rest = waiting.calls.split_off(count);
        let calls = mem::replace(&mut waiting.calls, rest);
        drop(waiting);
        Some(Parcel::of(calls))
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
