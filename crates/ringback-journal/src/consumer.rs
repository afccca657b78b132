//! Those who are handed what is kept.

use std::fmt;

use crate::{Pending, Position, Recorded};

/// One who is handed entries until each is settled: done, or given up.
///
/// An entry is handed to one holder of the name at a time.
/// What was handed out and is neither settled nor released is handed out again when its holder is gone: after a
/// restart, or on a cluster when it has not been heard of for a while.
/// A holder that lives is heard of without doing anything.
pub trait Consumer: fmt::Debug + Send + Sync + 'static {
    /// Everything up to here is settled, as far as this holder knows without asking.
    fn floor(&self) -> Position {
        Position(0)
    }

    /// Entries that nobody holds, oldest first, at least one and at most so many; waits for the first.
    ///
    /// Dropping the future loses none.
    ///
    /// # Errors
    /// When they cannot be read.
    fn next(&self, limit: usize) -> Pending<'_, Vec<Handed>>;

    /// An attempt at each of these begins: durable when it answers, so that a crash in the middle of an attempt is seen
    /// by its number.
    ///
    /// # Errors
    /// When that cannot be kept: the attempt may not begin.
    /// When the entry is in other hands by now, [`Error::is_lost`](crate::Error::is_lost).
    fn begin(&self, positions: Vec<Position>) -> Pending<'_, ()>;

    /// These are done: durable when it answers, and they are never handed out again.
    ///
    /// # Errors
    /// When that cannot be kept: they may be handed out again.
    fn done(&self, positions: Vec<Position>) -> Pending<'_, ()>;

    /// Gives this one up, for a reason that people read.
    ///
    /// # Errors
    /// When that cannot be kept: it may be handed out again.
    fn bury(&self, position: Position, reason: &str) -> Pending<'_, ()>;

    /// Gives these back: no attempt is under way, and somebody else may be handed them.
    ///
    /// # Errors
    /// When that cannot be said; they come back when this holder is gone.
    fn release(&self, positions: Vec<Position>) -> Pending<'_, ()>;
}

/// An entry in the hands of a consumer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Handed {
    /// What is kept.
    pub recorded: Recorded,
    /// How many attempts began before.
    pub attempts: u32,
}

impl Handed {
    /// An entry and the attempts that began before.
    #[must_use]
    pub fn new(recorded: Recorded, attempts: u32) -> Self {
        Self { recorded, attempts }
    }
}

/// An entry that a consumer gave up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dead {
    /// What is kept.
    pub recorded: Recorded,
    /// How many attempts began.
    pub attempts: u32,
    /// Why it was given up.
    pub reason: String,
    /// When, in milliseconds since 1970.
    pub since: u64,
}

impl Dead {
    /// An entry, its attempts, why and when it was given up.
    #[must_use]
    pub fn new(recorded: Recorded, attempts: u32, reason: String, since: u64) -> Self {
        Self { recorded, attempts, reason, since }
    }
}
