//! What is counted on the way through a journal.

use crate::{
    Metrics,
    metrics::{Counter, Gauge},
};

/// The counters of events in a journal.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    /// Events that were kept.
    pub(super) kept: Counter,
    /// Copies of events that were kept before.
    pub(super) known: Counter,
    /// Events whose handler was done.
    pub(super) dispatched: Counter,
    /// Attempts that failed.
    pub(super) failed: Counter,
    /// Attempts that were not the first.
    pub(super) again: Counter,
    /// Events that were given up.
    pub(super) dead: Counter,
    /// Events that came after a later one of their leg was dispatched.
    pub(super) late: Counter,
    /// Events in the journal that are still to be dispatched.
    pub(crate) waiting: Gauge,
}

impl Tally {
    pub(crate) fn new(metrics: &Metrics) -> Self {
        let kept = metrics.counters(
            "events_kept",
            "Events that the journal was asked to keep, and whether they were new",
            &["outcome"],
        );
        Self {
            kept: kept.of(&["new"]),
            known: kept.of(&["known"]),
            dispatched: metrics.counter("events_dispatched", "Events whose handler was done"),
            failed: metrics.counter("events_failed", "Attempts whose handler failed"),
            again: metrics
                .counter("events_again", "Attempts that were not the first of their event"),
            dead: metrics.counter("events_dead", "Events that were given up"),
            late: metrics.counter(
                "events_late",
                "Events that came after a later one of their leg was dispatched",
            ),
            waiting: metrics
                .gauge("events_waiting", "Events in the journal that are still to be dispatched"),
        }
    }
}
