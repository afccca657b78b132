//! What is handed out, and settled.

use std::sync::Arc;
use std::time::Duration;

use ringback_journal::{Consumer, Position};

use super::{Store, append, attempts, consumer, entry, nothing, positions, soon, sorted, take};

pub(crate) async fn entries_are_handed_out_in_order_and_once<S: Store>() {
    let store = S::new().await;
    let journal = store.open().await;
    let given = append(&*journal, 1..=5).await;
    let consumer = consumer(&*journal, "handler").await;
    let first = take(&*consumer, 2).await;
    let second = take(&*consumer, 3).await;
    assert_eq!(positions(&[&first[..], &second[..]].concat()), given);
    assert_eq!(first[0].recorded.entry, entry(1));
    nothing(&*consumer).await;
}

pub(crate) async fn next_waits_for_the_first_entry<S: Store>() {
    let store = S::new().await;
    let journal = store.open().await;
    let consumer: Arc<dyn Consumer> = consumer(&*journal, "handler").await.into();
    let waiting = consumer.clone();
    let waiting = tokio::spawn(async move { soon(waiting.next(10)).await.unwrap() });
    tokio::time::sleep(Duration::from_millis(50)).await;
    let given = append(&*journal, [1]).await;
    assert_eq!(positions(&soon(waiting).await.unwrap()), given);
}

pub(crate) async fn a_dropped_next_loses_nothing<S: Store>() {
    let store = S::new().await;
    let journal = store.open().await;
    let consumer = consumer(&*journal, "handler").await;
    let mut handed = Vec::new();
    let mut given = Vec::new();
    for number in 0..40 {
        given.extend(append(&*journal, [number]).await);
        // Dropped sooner or later on its way.
        let wait = Duration::from_micros(number * 50);
        if let Ok(more) = tokio::time::timeout(wait, consumer.next(10)).await {
            handed.extend(more.unwrap());
        }
    }
    let left = given.len() - handed.len();
    handed.extend(take(&*consumer, left).await);
    assert_eq!(sorted(positions(&handed)), given);
    nothing(&*consumer).await;
}

pub(crate) async fn what_is_done_never_comes_again<S: Store>() {
    let store = S::new().await;
    let journal = store.open().await;
    let given = append(&*journal, 1..=6).await;
    let holder = consumer(&*journal, "handler").await;
    assert_eq!(positions(&take(&*holder, 6).await), given);
    soon(holder.begin(given.clone())).await.unwrap();
    // Not in order, some twice, in one call and in several.
    soon(holder.done(vec![given[3], given[1]])).await.unwrap();
    soon(holder.done(vec![given[1], given[0], given[5]])).await.unwrap();
    soon(journal.close()).await.unwrap();
    drop((holder, journal));
    store.holders_gone().await;

    let journal = store.open().await;
    let holder = consumer(&*journal, "handler").await;
    let left = take(&*holder, 2).await;
    assert_eq!(sorted(attempts(&left)), [(given[2], 1), (given[4], 1)]);
    nothing(&*holder).await;
    soon(holder.done(vec![given[2], given[4]])).await.unwrap();
    drop((holder, journal));
    store.holders_gone().await;

    let journal = store.open().await;
    let holder = consumer(&*journal, "handler").await;
    nothing(&*holder).await;
    let given = append(&*journal, [7]).await;
    assert_eq!(attempts(&take(&*holder, 1).await), [(given[0], 0)]);
}

pub(crate) async fn what_was_begun_comes_again_with_its_attempts<S: Store>() {
    let store = S::new().await;
    let given = append(&*store.open().await, 1..=2).await;
    for before in 0..3 {
        let journal = store.open().await;
        let holder = consumer(&*journal, "handler").await;
        let handed = sorted(attempts(&take(&*holder, 2).await));
        assert_eq!(handed, [(given[0], before), (given[1], 0)]);
        soon(holder.begin(vec![given[0]])).await.unwrap();
        drop((holder, journal));
        store.holders_gone().await;
    }
}

pub(crate) async fn what_was_never_begun_has_no_attempts<S: Store>() {
    let store = S::new().await;
    let given = append(&*store.open().await, 1..=3).await;
    for _ in 0..2 {
        let journal = store.open().await;
        let holder = consumer(&*journal, "handler").await;
        let handed = take(&*holder, 3).await;
        assert_eq!(sorted(attempts(&handed)), given.iter().map(|p| (*p, 0)).collect::<Vec<_>>());
        drop((holder, journal));
        store.holders_gone().await;
    }
}

pub(crate) async fn a_holder_that_is_gone_gives_back<S: Store>() {
    let store = S::new().await;
    let journal = store.open().await;
    let given = append(&*journal, 1..=4).await;
    let holder = consumer(&*journal, "handler").await;
    assert_eq!(positions(&take(&*holder, 4).await), given);
    soon(holder.begin(vec![given[0], given[2]])).await.unwrap();
    soon(holder.done(vec![given[2]])).await.unwrap();
    drop(holder);
    store.holders_gone().await;
    let holder = consumer(&*journal, "handler").await;
    let handed = sorted(attempts(&take(&*holder, 3).await));
    assert_eq!(handed, [(given[0], 1), (given[1], 0), (given[3], 0)]);
    nothing(&*holder).await;
}

pub(crate) async fn what_is_released_comes_again<S: Store>() {
    let store = S::new().await;
    let journal = store.open().await;
    let given = append(&*journal, 1..=3).await;
    let holder = consumer(&*journal, "handler").await;
    assert_eq!(positions(&take(&*holder, 3).await), given);
    soon(holder.begin(vec![given[1]])).await.unwrap();
    soon(holder.release(vec![given[1], given[2]])).await.unwrap();
    let handed = take(&*holder, 2).await;
    assert_eq!(sorted(attempts(&handed)), [(given[1], 1), (given[2], 0)]);
    nothing(&*holder).await;
    soon(holder.begin(given.clone())).await.unwrap();
    soon(holder.done(given.clone())).await.unwrap();
    // What is done is not given back.
    soon(holder.release(given)).await.unwrap();
    nothing(&*holder).await;
}

pub(crate) async fn two_consumers_do_not_know_of_each_other<S: Store>() {
    let store = S::new().await;
    let journal = store.open().await;
    let given = append(&*journal, 1..=3).await;
    let one = consumer(&*journal, "one").await;
    let other = consumer(&*journal, "other").await;
    assert_eq!(positions(&take(&*one, 3).await), given);
    soon(one.begin(given.clone())).await.unwrap();
    soon(one.bury(given[0], "no")).await.unwrap();
    soon(one.done(vec![given[1], given[2]])).await.unwrap();
    let handed = take(&*other, 3).await;
    assert_eq!(attempts(&handed), given.iter().map(|p| (*p, 0)).collect::<Vec<_>>());
    assert_eq!(soon(journal.dead("other", Position(0), 10)).await.unwrap(), []);
    nothing(&*one).await;
}

pub(crate) async fn a_name_has_one_holder<S: Store>() {
    let store = S::new().await;
    let journal = store.open().await;
    let holder = consumer(&*journal, "handler").await;
    let error = soon(journal.consumer("handler")).await.unwrap_err();
    assert_eq!(error.code(), "journal-consumer-held");
    assert!(error.to_string().contains("handler"), "{error}");
    drop(holder);
    drop(consumer(&*journal, "handler").await);
}
