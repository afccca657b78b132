//! What the thread that writes is asked, and what the others know of it.

use std::{
    mem,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use tokio::sync::oneshot;

use super::{expiry::Job, failure::Failure, ledger::Ledger, transaction::Outcome};
use crate::{Appended, Entry, Position, Recorded};

pub(super) type Answer<T> = oneshot::Sender<Result<T, Failure>>;

/// What the thread is asked.
#[derive(Debug)]
pub(super) enum Request {
    Append {
        entries: Vec<Entry>,
        bytes: usize,
        answer: Answer<Vec<Appended>>,
    },
    Consumer {
        name: String,
        answer: Answer<Arc<Ledger>>,
    },
    Begin {
        ledger: Arc<Ledger>,
        positions: Vec<Position>,
        answer: Answer<()>,
    },
    Done {
        ledger: Arc<Ledger>,
        positions: Vec<Position>,
        answer: Answer<()>,
    },
    Bury {
        ledger: Arc<Ledger>,
        position: Position,
        reason: String,
        answer: Answer<()>,
    },
    Redrive {
        consumer: String,
        positions: Vec<Position>,
        answer: Answer<u64>,
    },
    Expire(Job),
    /// Writes something that changes nothing, to see whether it can.
    Probe {
        answer: Answer<()>,
    },
    Close {
        answer: Answer<()>,
    },
    /// Let the file have so many pages and no more, as a full disk does.
    #[cfg(test)]
    Limit(u32),
    /// Have the next commit fail as a broken disk does.
    #[cfg(test)]
    Break,
}

/// What the others know of the writer.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// How many entries wait, and how many bytes they have.
    pub(super) entries: AtomicUsize,
    pub(super) bytes: AtomicUsize,
    /// The last position that is kept.
    pub(super) last: AtomicU64,
    /// Why the last commit failed.
    trouble: Mutex<Option<Failure>>,
    /// Why nothing may be written until the file is opened anew.
    broken: OnceLock<Failure>,
    /// Those who are handed something.
    ledgers: Mutex<Vec<Weak<Ledger>>>,
}

impl Shared {
    pub(super) fn trouble(&self) -> Option<Failure> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Those that are still held.
    pub(super) fn ledgers(&self) -> Vec<Arc<Ledger>> {
        let mut ledgers = self.known();
        ledgers.retain(|ledger| ledger.strong_count() > 0);
        ledgers.iter().filter_map(Weak::upgrade).collect()
    }

    pub(super) fn has_ledgers(&self) -> bool {
        self.known().iter().any(|ledger| ledger.strong_count() > 0)
    }

    /// Something could not be written.
    pub(super) fn failed(&self, failure: Failure) {
        if failure.is_final() {
            self.broken.get_or_init(|| failure.clone());
        }
        self.set_trouble(Some(failure));
    }

    /// Everything could be written.
    pub(super) fn worked(&self) {
        self.set_trouble(None);
    }

    /// Why nothing may be written any more.
    pub(super) fn broken(&self) -> Option<&Failure> {
        self.broken.get()
    }

    fn set_trouble(&self, trouble: Option<Failure>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    fn known(&self) -> MutexGuard<'_, Vec<Weak<Ledger>>> {
        self.ledgers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// So many wait no longer.
    fn leave(&self, entries: usize, bytes: usize) {
        self.entries.fetch_sub(entries, Ordering::AcqRel);
        self.bytes.fetch_sub(bytes, Ordering::AcqRel);
    }
}

impl Request {
    /// Takes out what is kept of it now.
    pub(super) fn kept<'a>(
        &mut self,
        outcome: &'a Outcome,
    ) -> impl Iterator<Item = Recorded> + use<'a> {
        let (entries, appended) = match (self, outcome) {
            (Self::Append { entries, .. }, Outcome::Appended(appended)) => {
                (mem::take(entries), appended.as_slice())
            }
            _ => Default::default(),
        };
        entries.into_iter().zip(appended).filter_map(|(entry, appended)| match *appended {
            Appended::New(position) => Some(Recorded { position, entry }),
            Appended::Known => None,
        })
    }

    /// Tells whoever asked what became of it.
    pub(super) fn tell(self, shared: &Shared, outcome: Outcome) {
        match (self, outcome) {
            (Self::Append { bytes, answer, .. }, Outcome::Appended(appended)) => {
                shared.leave(appended.len(), bytes);
                drop(answer.send(Ok(appended)));
            }
            (Self::Consumer { answer, .. }, Outcome::Consumer { id, floor }) => {
                let last = shared.last.load(Ordering::Acquire);
                let ledger = Arc::new(Ledger::new(id, floor, last));
                shared.known().push(Arc::downgrade(&ledger));
                drop(answer.send(Ok(ledger)));
            }
            (Self::Redrive { answer, .. }, Outcome::Count(count)) => drop(answer.send(Ok(count))),
            (
                Self::Begin { answer, .. }
                | Self::Done { answer, .. }
                | Self::Bury { answer, .. }
                | Self::Probe { answer },
                _,
            ) => drop(answer.send(Ok(()))),
            // What has no answer, and what cannot be.
            (_, _) => {}
        }
    }

    /// Tells whoever asked that nothing of it is kept.
    pub(super) fn refuse(self, shared: &Shared, failure: Failure) {
        match self {
            Self::Append { entries, bytes, answer } => {
                shared.leave(entries.len(), bytes);
                drop(answer.send(Err(failure)));
            }
            Self::Consumer { answer, .. } => drop(answer.send(Err(failure))),
            Self::Begin { answer, .. }
            | Self::Done { answer, .. }
            | Self::Bury { answer, .. }
            | Self::Probe { answer }
            | Self::Close { answer } => drop(answer.send(Err(failure))),
            Self::Redrive { answer, .. } => drop(answer.send(Err(failure))),
            Self::Expire(job) => drop(job.answer.send(Err(failure))),
            #[cfg(test)]
            Self::Limit(_) | Self::Break => {}
        }
    }
}
