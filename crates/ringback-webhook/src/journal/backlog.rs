//! How much may wait in a journal.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use tokio::time::{Instant, sleep};

use super::settings::Journaled;
use crate::metrics::Gauge;

/// How often it is counted anew, unless counting takes long.
const COUNT: Duration = Duration::from_secs(1);
/// Counting takes at most one part in so many of the time.
const PART: u32 = 20;

/// How many events wait to be dispatched, and whether those are so many that no more are taken.
#[derive(Clone, Debug)]
pub(crate) struct Backlog(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    waiting: AtomicI64,
    full: AtomicBool,
    most: i64,
    shown: Gauge,
}

impl Backlog {
    pub(crate) fn new(most: u64, shown: &Gauge) -> Self {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let (waiting, full) = (AtomicI64::new(0), AtomicBool::new(false));
        Self(Arc::new(Inner { waiting, full, most, shown: shown.clone() }))
    }

    /// Full from the limit on, until a tenth of it is free again.
    pub(super) fn is_full(&self) -> bool {
        let Inner { waiting, full, most, .. } = &*self.0;
        let (waiting, was) = (waiting.load(Ordering::Relaxed), full.load(Ordering::Relaxed));
        let is = waiting >= if was { most - most / 10 } else { *most };
        if is == was || full.swap(is, Ordering::Relaxed) == is {
            return is;
        }
        if is {
            tracing::error!(
                code = "events-full",
                waiting,
                most,
                "too many events wait to be dispatched: no more are taken until a tenth of them are done"
            );
        } else {
            tracing::warn!(code = "events-room", waiting, most, "events are taken again");
        }
        is
    }

    /// One more waits, or one less.
    pub(super) fn add(&self, change: i64) {
        self.0.waiting.fetch_add(change, Ordering::Relaxed);
        self.0.shown.add(change);
    }

    /// Counts now and then, for as long as this is polled: other processes may fill and empty the journal too.
    pub(super) async fn count(self, settings: Journaled) {
        loop {
            let begin = Instant::now();
            match settings.journal.state().await {
                Ok(state) => {
                    let mut consumers = state.consumers.iter();
                    let ours = consumers.find(|(name, ..)| **name == *settings.consumer);
                    let waiting = ours.map_or(0, |(_, waiting, _)| *waiting);
                    self.set(i64::try_from(waiting).unwrap_or(i64::MAX));
                }
                Err(error) => {
                    tracing::debug!(code = error.code(), %error, "the journal does not say how it is");
                }
            }
            sleep(COUNT.max(begin.elapsed() * PART)).await;
        }
    }

    fn set(&self, waiting: i64) {
        self.0.waiting.store(waiting, Ordering::Relaxed);
        self.0.shown.set(waiting);
    }
}

#[cfg(test)]
mod tests {
    use super::Backlog;
    use crate::Metrics;

    #[test]
    fn full_until_a_tenth_is_free() {
        let gauge = Metrics::new().gauge("waiting", "Events");
        let backlog = Backlog::new(100, &gauge);
        for (waiting, full) in
            [(0, false), (99, false), (100, true), (91, true), (90, true), (89, false), (95, false)]
        {
            backlog.set(waiting);
            assert_eq!((backlog.is_full(), gauge.get()), (full, waiting));
        }
        backlog.add(5);
        assert!(backlog.is_full());
    }
}
