//! How events go by way of a journal.

use std::{fmt, sync::Arc, time::Duration};

use ringback_journal::{Backoff, Journal};

/// Keeps events in a journal before they are acknowledged, and dispatches them from there.
///
/// * An event is acknowledged when the journal has it durably.
/// * A copy of one that is kept is acknowledged and not dispatched.
/// * Events of one leg are dispatched one after the other, in the order of its life; one whose predecessor is missing
///   waits at most 2 s, and one that comes later than that is marked as late.
/// * A handler that fails is called again after a wait, then the event is given up into the journal's dead letters.
///   Events of the same leg wait until then.
/// * A handler that dies with the process is called again after the restart, with the same delivery id and the next
///   attempt.
#[derive(Clone)]
pub struct Journaled {
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) clock: Arc<dyn Fn() -> u64 + Send + Sync>,
    pub(crate) consumer: Box<str>,
    pub(crate) backoff: Backoff,
    pub(crate) at_once: usize,
    pub(crate) window: usize,
    pub(crate) remember: Duration,
    pub(crate) backlog: u64,
}

impl Journaled {
    /// By way of this journal; the clock tells milliseconds since 1970.
    pub fn new(journal: Arc<dyn Journal>, clock: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self {
            journal,
            clock: Arc::new(clock),
            consumer: "events".into(),
            backoff: Backoff::new(),
            at_once: 64,
            window: 4_096,
            remember: Duration::from_secs(72 * 60 * 60),
            backlog: 5_000_000,
        }
    }

    /// The name under which the journal remembers what was dispatched; `events` at first.
    #[must_use]
    pub fn consumer(mut self, name: impl Into<Box<str>>) -> Self {
        self.consumer = name.into();
        self
    }

    /// How often a handler that fails is called again, and after which waits.
    #[must_use]
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// How many handlers run at once; 64 at first.
    #[must_use]
    pub fn at_once(mut self, handlers: usize) -> Self {
        self.at_once = handlers.max(1);
        self
    }

    /// How many events are in memory at once, all others wait in the journal; 4,096 at first.
    #[must_use]
    pub fn window(mut self, events: usize) -> Self {
        self.window = events.max(1);
        self
    }

    /// How many events may wait in the journal to be dispatched; 5,000,000 at first.
    ///
    /// Beyond that nothing is acknowledged, 503 with `Retry-After`, until a tenth of them are done.
    #[must_use]
    pub fn backlog(mut self, events: u64) -> Self {
        self.backlog = events.max(1);
        self
    }

    /// How long an event is remembered, so that copies of it are recognised; 72 h at first.
    #[must_use]
    pub fn remember(mut self, time: Duration) -> Self {
        self.remember = time;
        self
    }
}

impl fmt::Debug for Journaled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journaled")
            .field("journal", &self.journal)
            .field("consumer", &self.consumer)
            .field("backoff", &self.backoff)
            .field("at_once", &self.at_once)
            .field("window", &self.window)
            .field("remember", &self.remember)
            .field("backlog", &self.backlog)
            .finish_non_exhaustive()
    }
}
