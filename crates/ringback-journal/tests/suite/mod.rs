//! What every backend does: one function for each behaviour, over a store that a backend opens.
//!
//! A backend calls [`suite!`] with a type that implements [`Store`].

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "these are the bodies of tests"
)]

mod appends;
pub(crate) mod entry;
mod holders;
mod upkeep;

use std::{fmt::Debug, future::Future, sync::Arc, time::Duration};

pub(crate) use entry::{NOON, entry};
use ringback_journal::{Appended, Consumer, Entry, Handed, Journal, Position, Recorded};

pub(crate) use self::{
    appends::{
        a_key_is_kept_once, a_reopened_journal_goes_on, concurrent_copies_are_kept_once,
        many_are_kept_in_order_around_copies, nothing_is_appended_by_nothing,
        pages_follow_one_another, what_is_appended_is_read_as_it_was,
    },
    holders::{
        a_dropped_next_loses_nothing, a_holder_that_is_gone_gives_back, a_name_has_one_holder,
        entries_are_handed_out_in_order_and_once, next_waits_for_the_first_entry,
        two_consumers_do_not_know_of_each_other, what_is_done_never_comes_again,
        what_is_released_comes_again, what_was_begun_comes_again_with_its_attempts,
        what_was_never_begun_has_no_attempts,
    },
    upkeep::{
        a_closed_journal_takes_nothing, a_forgotten_key_is_new_again_at_a_new_position,
        expiry_keeps_what_is_still_needed, the_state_counts,
        what_is_buried_is_listed_and_does_not_come_again,
        what_is_redriven_comes_again_with_its_attempts,
    },
};

/// Where entries stay when the journal over it is closed or its process is gone.
pub(crate) trait Store: Send + Sync + Sized {
    /// Whether the key of an entry that was forgotten is known until a window is over.
    const REMEMBERS: bool = false;

    /// A store with nothing in it.
    fn new() -> impl Future<Output = Self> + Send;

    /// A journal over it; called again when the one before was closed or dropped.
    fn open(&self) -> impl Future<Output = Arc<dyn Journal>> + Send;

    /// Waits until the store knows that holders which are gone are gone.
    fn holders_gone(&self) -> impl Future<Output = ()> + Send {
        async {}
    }
}

/// Makes a test of each behaviour for a [`Store`].
#[macro_export]
macro_rules! suite {
    ($store:ty: $($behaviour:ident)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $behaviour() {
            $crate::suite::$behaviour::<$store>().await;
        }
    )*};
    // Where a store takes long to start: a function that runs all, one after the other,
    // and says which.
    (in_one $store:ty: $($behaviour:ident)*) => {
        async fn every_behaviour() {$(
            say(stringify!($behaviour));
            $crate::suite::$behaviour::<$store>().await;
        )*}
    };
    ($($how:tt)+) => {
        $crate::suite! {
            $($how)+:
            what_is_appended_is_read_as_it_was
            a_key_is_kept_once
            concurrent_copies_are_kept_once
            many_are_kept_in_order_around_copies
            nothing_is_appended_by_nothing
            pages_follow_one_another
            a_reopened_journal_goes_on
            entries_are_handed_out_in_order_and_once
            next_waits_for_the_first_entry
            a_dropped_next_loses_nothing
            what_is_done_never_comes_again
            what_was_begun_comes_again_with_its_attempts
            what_was_never_begun_has_no_attempts
            a_holder_that_is_gone_gives_back
            what_is_released_comes_again
            what_is_buried_is_listed_and_does_not_come_again
            what_is_redriven_comes_again_with_its_attempts
            two_consumers_do_not_know_of_each_other
            a_name_has_one_holder
            expiry_keeps_what_is_still_needed
            a_forgotten_key_is_new_again_at_a_new_position
            the_state_counts
            a_closed_journal_takes_nothing
        }
    };
}

/// Nothing in a suite takes longer.
const DEADLINE: Duration = Duration::from_secs(30);
/// Nothing comes, as far as somebody waits.
const QUIET: Duration = Duration::from_millis(300);
pub(crate) fn entries(numbers: impl IntoIterator<Item = u64>) -> Vec<Entry> {
    numbers.into_iter().map(entry).collect()
}

/// Appends one after the other; where they stand.
pub(crate) async fn append(
    journal: &dyn Journal,
    numbers: impl IntoIterator<Item = u64>,
) -> Vec<Position> {
    let appended = soon(journal.append(entries(numbers))).await.unwrap();
    let position = |appended| match appended {
        Appended::New(position) => position,
        Appended::Known => panic!("it is new"),
    };
    appended.into_iter().map(position).collect()
}

/// Waits, but not for ever.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, future).await.expect("it takes too long")
}

/// Everything, page by page.
pub(crate) async fn all(journal: &dyn Journal, page: usize) -> Vec<Recorded> {
    let mut all: Vec<Recorded> = Vec::new();
    loop {
        let after = all.last().map_or(Position(0), |recorded| recorded.position);
        let more = soon(journal.read(after, page)).await.unwrap();
        assert!(more.len() <= page);
        if more.is_empty() {
            return all;
        }
        all.extend(more);
    }
}

/// So many entries, however many come at once.
pub(crate) async fn take(consumer: &dyn Consumer, count: usize) -> Vec<Handed> {
    let mut handed = Vec::new();
    while handed.len() < count {
        let left = count - handed.len();
        let more = soon(consumer.next(left)).await.unwrap();
        assert!((1..=left).contains(&more.len()), "{} of {left}", more.len());
        handed.extend(more);
    }
    handed
}

/// Nothing is handed out.
pub(crate) async fn nothing(consumer: &dyn Consumer) {
    let next = tokio::time::timeout(QUIET, consumer.next(10)).await;
    assert!(next.is_err(), "{next:?}");
}

pub(crate) fn positions(handed: &[Handed]) -> Vec<Position> {
    handed.iter().map(|handed| handed.recorded.position).collect()
}

pub(crate) fn attempts(handed: &[Handed]) -> Vec<(Position, u32)> {
    handed.iter().map(|handed| (handed.recorded.position, handed.attempts)).collect()
}

pub(crate) fn sorted<T: Ord + Debug>(mut items: Vec<T>) -> Vec<T> {
    items.sort();
    items
}

pub(crate) async fn consumer(journal: &dyn Journal, name: &str) -> Box<dyn Consumer> {
    soon(journal.consumer(name)).await.unwrap()
}
