//! Entries on their way to the servers: in batches that are kept whole or not at all, or one by one.
//!
//! A batch is acknowledged with one message, and agreed on by the servers as one. One copy of what is
//! kept already makes them refuse all of it; its entries go again then, one by one, and each has its own
//! answer.

use std::{
    iter,
    sync::atomic::{AtomicU32, Ordering},
};

use async_nats::{
    HeaderMap,
    header::{NATS_BATCH_COMMIT, NATS_BATCH_COMMIT_FINAL, NATS_BATCH_ID, NATS_BATCH_SEQUENCE},
    jetstream::{
        ErrorCode,
        context::{PublishAckFuture, PublishError},
        message::PublishMessage,
        publish::PublishAck,
    },
};
use futures_util::future::join_all;
use tokio::time::{Duration, Instant, sleep, timeout_at};

use super::{
    cluster::Cluster,
    fault::{code_of, is_full, of_publish, unreachable},
    wire,
};
use crate::{Appended, Entry, Error, Position};

/// So many entries and bytes are in a batch; the servers hold it in memory until it is complete.
const MOST: usize = 512;
const BYTES: usize = 1 << 20;
/// After a copy was met so many batches go one by one: where there is one copy there are more.
const WARY: u32 = 16;
/// How long until it is asked again about an entry of which a copy is just being kept.
const AGAIN: Duration = Duration::from_millis(3);

/// Sends entries, and says what became of them.
#[derive(Debug)]
pub(super) struct Sender {
    takes_batches: bool,
    wary: AtomicU32,
}

/// What was sent and is not answered.
pub(super) enum Sent {
    /// All of it with one answer.
    Together(PublishAckFuture),
    /// Each with its own.
    Singly(Vec<Single>),
    /// Nothing, or nobody knows what.
    Not(Error),
}

type Single = Result<PublishAckFuture, Error>;

impl Sender {
    pub(super) fn new(takes_batches: bool) -> Self {
        Self { takes_batches, wary: AtomicU32::new(0) }
    }

    /// Sends a batch, before the end.
    pub(super) async fn send(&self, cluster: &Cluster, batch: &[Entry], end: Instant) -> Sent {
        let sending = async {
            match self.together(cluster, batch).await {
                Some(answer) => Sent::Together(answer),
                None => Sent::Singly(singly(cluster, batch).await),
            }
        };
        // Without a connection the library takes some, and then has everybody wait.
        match cluster.is_connected() {
            Ok(()) if Instant::now() >= end => Sent::Not(late()),
            Ok(()) => timeout_at(end, sending).await.unwrap_or_else(|_| Sent::Not(late())),
            Err(error) => Sent::Not(error),
        }
    }

    /// Waits for the answers to each of a batch that was sent.
    pub(super) async fn settled(
        &self,
        cluster: &Cluster,
        batch: &[Entry],
        sent: Sent,
        end: Instant,
    ) -> Vec<Result<Appended, Error>> {
        let singles = match sent {
            Sent::Singly(singles) => singles,
            Sent::Not(error) => return vec![Err(error); batch.len()],
            Sent::Together(answer) => match whole(answer.await, batch.len()) {
                Whole::Kept(first) => {
                    let positions = (first..).take(batch.len()).map(Position);
                    return positions.map(Appended::New).map(Ok).collect();
                }
                Whole::Lost(error) => return vec![Err(error); batch.len()],
                Whole::Refused => {
                    self.wary.store(WARY, Ordering::Relaxed);
                    match timeout_at(end, singly(cluster, batch)).await {
                        Ok(singles) => singles,
                        Err(_) => return vec![Err(late()); batch.len()],
                    }
                }
            },
        };
        // At once: each is waited for as long as it may take, and not one after the other.
        let each = iter::zip(batch, singles);
        join_all(each.map(|(entry, single)| settled(cluster, entry, single, end))).await
    }

    /// Sends entries as one batch, where that may go well.
    async fn together(&self, cluster: &Cluster, entries: &[Entry]) -> Option<PublishAckFuture> {
        let (last, others) = entries.split_last().filter(|(_, others)| !others.is_empty())?;
        if !self.takes_batches || self.is_wary() {
            return None;
        }
        // Nobody else has this name; its last part alone is as good and shorter.
        let inbox = cluster.client.new_inbox();
        let id = inbox.rsplit('.').next()?;
        let headers = |entry: &Entry, nth: usize| {
            let mut headers = wire::headers(entry);
            headers.insert(NATS_BATCH_ID, id);
            headers.insert(NATS_BATCH_SEQUENCE, nth.to_string());
            headers
        };
        for (entry, nth) in iter::zip(others, 1..) {
            let subject = cluster.subject(&entry.lane);
            let sending = cluster.client.publish_with_headers(
                subject,
                headers(entry, nth),
                entry.body.clone(),
            );
            sending.await.ok()?;
        }
        let mut headers = headers(last, entries.len());
        headers.insert(NATS_BATCH_COMMIT, NATS_BATCH_COMMIT_FINAL);
        publish(cluster, last, headers).await.ok()
    }

    fn is_wary(&self) -> bool {
        let less = |wary: u32| wary.checked_sub(1);
        self.wary.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
    }
}

/// What became of a batch.
enum Whole {
    /// It is kept from this sequence on.
    Kept(u64),
    /// The servers refuse it whole; each of its entries is asked for alone.
    Refused,
    /// It is not known to be kept.
    Lost(Error),
}

fn whole(answer: Result<PublishAck, PublishError>, entries: usize) -> Whole {
    let entries = u64::try_from(entries).unwrap_or(u64::MAX);
    match answer {
        Ok(kept) if kept.batch_size == Some(entries) && kept.sequence >= entries => {
            Whole::Kept(kept.sequence - entries + 1)
        }
        // What the servers say of each is the truth.
        Ok(_) => Whole::Refused,
        Err(error) if code_of(&error).is_some() && !is_full(&error) => Whole::Refused,
        Err(error) => Whole::Lost(of_publish(error)),
    }
}

/// Sorts entries into batches, in their order.
pub(super) fn batches(entries: &[Entry]) -> impl Iterator<Item = &[Entry]> {
    let mut rest = entries;
    iter::from_fn(move || {
        let mut bytes = 0;
        let fits = |entry: &&Entry| {
            bytes += entry.body.len();
            bytes <= BYTES
        };
        let count = rest.iter().take(MOST).take_while(fits).count().max(1);
        let (batch, after) = rest.split_at_checked(count)?;
        rest = after;
        Some(batch)
    })
}

async fn singly(cluster: &Cluster, entries: &[Entry]) -> Vec<Single> {
    let mut sent: Vec<Single> = Vec::with_capacity(entries.len());
    for entry in entries {
        // What comes after one that is not sent would stand before it when it is sent again.
        let failed = sent.last().and_then(|last| last.as_ref().err().cloned());
        sent.push(match failed {
            Some(error) if !error.is_refused() => Err(error),
            _ => publish(cluster, entry, wire::headers(entry)).await.map_err(of_publish),
        });
    }
    sent
}

async fn publish(
    cluster: &Cluster,
    entry: &Entry,
    headers: HeaderMap,
) -> Result<PublishAckFuture, PublishError> {
    let message = PublishMessage::build().headers(headers).payload(entry.body.clone());
    cluster.context.send_publish(cluster.subject(&entry.lane), message).await
}

/// Waits for the answer to one entry.
async fn settled(
    cluster: &Cluster,
    entry: &Entry,
    sent: Single,
    end: Instant,
) -> Result<Appended, Error> {
    let mut sent = sent?;
    loop {
        match sent.await {
            Ok(kept) if kept.duplicate => return Ok(Appended::Known),
            Ok(kept) => return Ok(Appended::New(Position(kept.sequence))),
            // A copy of it is just being kept, and may still fail: only then it may be said.
            Err(error)
                if code_of(&error) == Some(ErrorCode::STREAM_DUPLICATE_MESSAGE_CONFLICT)
                    && Instant::now() < end =>
            {
                sleep(AGAIN).await;
                let again = publish(cluster, entry, wire::headers(entry));
                sent = again.await.map_err(of_publish)?;
            }
            Err(error) => return Err(of_publish(error)),
        }
    }
}

/// The servers took too long before anything was known.
fn late() -> Error {
    unreachable("take entries in time", "nothing was answered")
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::Key;

    #[test]
    fn batches_are_not_too_large() {
        let entry = |bytes: usize| Entry {
            key: Key([0; 16]),
            lane: "".into(),
            received: 0,
            about: "".into(),
            body: Bytes::from(vec![0; bytes]),
        };
        let check = |sizes: &[usize], expected: &[usize]| {
            let entries: Vec<_> = sizes.iter().map(|bytes| entry(*bytes)).collect();
            let counts: Vec<_> = batches(&entries).map(<[_]>::len).collect();
            assert_eq!(counts, expected, "{sizes:?}");
        };
        check(&[], &[]);
        check(&[1; 1_100], &[512, 512, 76]);
        check(&[BYTES / 2; 3], &[2, 1]);
        check(&[BYTES, 1, BYTES * 2, 1], &[1, 1, 1, 1]);
    }
}
