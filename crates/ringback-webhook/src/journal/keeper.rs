//! Into the journal, before the platform is told 2xx.

use std::{fmt, pin::Pin, sync::Arc};

use bytes::Bytes;
use ringback_journal::{Appended, Entry, Error, Journal, Pending};
use serde::{Deserialize, Serialize};

use super::{
    backlog::Backlog,
    desk::{Desk, Scales},
    key::{self, Known},
    settings::Journaled,
    tally::Tally,
};
use crate::{Delivery, Keep, NotKept, Verification};

/// So many bytes may wait for the journal, if that is slower than their senders.
const ROOM: usize = 64 << 20;

/// What is remembered beside an event.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct About {
    /// What was known about its sender.
    pub(super) verification: Verification,
}

/// Keeps events in a journal.
pub(crate) struct Keeper {
    journal: Desk<Entry, Appended>,
    clock: Arc<dyn Fn() -> u64 + Send + Sync>,
    tally: Tally,
    backlog: Backlog,
}

impl Keeper {
    /// Must be called within a Tokio runtime.
    pub(crate) fn start(journaled: &Journaled, tally: &Tally, backlog: &Backlog) -> Self {
        let journal = Arc::clone(&journaled.journal);
        let append = move |entries| {
            let journal: Arc<dyn Journal> = Arc::clone(&journal);
            Box::pin(async move { journal.append(entries).await }) as Pending<'static, _>
        };
        Self {
            journal: Desk::start(Scales { weigh, room: ROOM }, append),
            clock: Arc::clone(&journaled.clock),
            tally: tally.clone(),
            backlog: backlog.clone(),
        }
    }

    /// What is to be kept, when there is room.
    fn entry(&self, delivery: &Delivery) -> Result<Entry, NotKept> {
        if self.backlog.is_full() {
            return Err(NotKept::Full);
        }
        let json = delivery.json();
        let about = About { verification: delivery.verification.clone() };
        let about = serde_json::to_string(&about).map_err(|error| NotKept::Failed(error.into()))?;
        let Known { key, lane } = key::of(json);
        Ok(Entry {
            key,
            lane,
            received: (self.clock)(),
            about: about.into(),
            body: Bytes::copy_from_slice(json),
        })
    }

    async fn append(&self, entry: Result<Entry, NotKept>) -> Result<(), NotKept> {
        let appended = self.journal.ask(entry?).await.map_err(|error| match error {
            Error::Busy { .. } => NotKept::Full,
            Error::Closed => NotKept::Stopping,
            error => NotKept::Journal(error),
        })?;
        match appended {
            Appended::Known => {
                self.tally.known.add(1);
                tracing::debug!(code = "event-known", "a copy of an event was acknowledged");
            }
            Appended::New(_) => {
                self.backlog.add(1);
                self.tally.kept.add(1);
            }
        }
        Ok(())
    }
}

/// What an event takes of the room, about.
fn weigh(entry: &Entry) -> usize {
    entry.body.len() + entry.about.len() + 256
}

impl Keep for Keeper {
    fn keep(
        &self,
        delivery: Delivery,
    ) -> Pin<Box<dyn Future<Output = Result<(), NotKept>> + Send + '_>> {
        // Only what is kept waits for the journal, not what was read of it.
        Box::pin(self.append(self.entry(&delivery)))
    }
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeper").field("journal", &self.journal).finish_non_exhaustive()
    }
}
