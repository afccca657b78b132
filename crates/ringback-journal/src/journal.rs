//! What every backend can do.

use std::{fmt, pin::Pin};

use crate::{Appended, Consumer, Dead, Entry, Error, Position, Recorded};

/// An answer that is still to come.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// Keeps entries: what was acknowledged is there after a crash, a power cut or the loss of a server.
///
/// Dropping a future of it never undoes what it began.
pub trait Journal: fmt::Debug + Send + Sync + 'static {
    /// Keeps those entries whose keys are new, in their order, and answers when they are durable; one answer for
    /// each entry.
    ///
    /// Calls that run at once share a commit.
    /// Entries with one key, in one call or in several at once, are kept once.
    ///
    /// # Errors
    /// When none of them is known to be kept: [`Error::is_busy`] when there is no room in the queue.
    /// Some may be there all the same, and a copy sent later is then [`Appended::Known`].
    fn append(&self, entries: Vec<Entry>) -> Pending<'_, Vec<Appended>>;

    /// Entries after a position, in their order, at most so many; those that are not durable are not seen.
    ///
    /// # Errors
    /// When they cannot be read.
    fn read(&self, after: Position, limit: usize) -> Pending<'_, Vec<Recorded>>;

    /// The consumer of this name, which begins before the first entry when the name is new.
    ///
    /// # Errors
    /// When the name is taken by another of this process, or something stands in the way.
    fn consumer(&self, name: &str) -> Pending<'_, Box<dyn Consumer>>;

    /// What a consumer gave up, after a position, in order of position, at most so many.
    ///
    /// # Errors
    /// When it cannot be read.
    fn dead(&self, consumer: &str, after: Position, limit: usize) -> Pending<'_, Vec<Dead>>;

    /// Has a consumer try again what it gave up, with the count of attempts going on; says how many of them there were.
    ///
    /// # Errors
    /// When that cannot be kept.
    fn redrive(&self, consumer: &str, positions: Vec<Position>) -> Pending<'_, u64>;

    /// Forgets entries that came before this time (milliseconds since 1970), their keys with them; says how many.
    ///
    /// What a consumer has still to settle, and what it gave up, stays.
    ///
    /// # Errors
    /// When that cannot be kept.
    fn expire(&self, before: u64) -> Pending<'_, u64>;

    /// How it is now.
    ///
    /// # Errors
    /// Why nothing can be appended now, in one sentence.
    fn state(&self) -> Pending<'_, State>;

    /// Waits until everything that was begun is durable, then takes nothing more.
    ///
    /// # Errors
    /// When something that was begun is not kept; nobody was told that it was.
    fn close(&self) -> Pending<'_, ()>;
}

/// How a journal is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct State {
    /// The last position that is durable.
    pub last: Position,
    /// How many entries it keeps.
    pub entries: u64,
    /// For each consumer by name, how many entries it has still to settle, and how many it gave up.
    pub consumers: Vec<(String, u64, u64)>,
}
