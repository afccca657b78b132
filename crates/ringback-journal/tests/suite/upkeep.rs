//! What is given up, forgotten, counted and closed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use ringback_journal::{Appended, Consumer, Position};

use super::{
    NOON, Store, all, append, attempts, consumer, entries, entry, nothing, positions, soon, sorted,
    take,
};

pub(crate) async fn what_is_buried_is_listed_and_does_not_come_again<S: Store>() {
    let store = S::new().await;
    let journal = store.open().await;
    let given = append(&*journal, 1..=4).await;
    let holder = consumer(&*journal, "handler").await;
    assert_eq!(positions(&take(&*holder, 4).await), given);
    soon(holder.begin(vec![given[1]])).await.unwrap();
    soon(holder.bury(given[1], "it answers 500: “no”")).await.unwrap();
    soon(holder.bury(given[3], "it is no JSON")).await.unwrap();
    soon(holder.done(vec![given[0], given[2]])).await.unwrap();
    drop((holder, journal));
    store.holders_gone().await;

    let journal = store.open().await;
    let holder = consumer(&*journal, "handler").await;
    nothing(&*holder).await;
    let dead = soon(journal.dead("handler", Position(0), 10)).await.unwrap();
    let shown: Vec<_> = dead
        .iter()
        .map(|dead| (dead.recorded.entry.clone(), dead.attempts, dead.reason.as_str()))
        .collect();
    assert_eq!(shown, [(entry(2), 1, "it answers 500: “no”"), (entry(4), 0, "it is no JSON")]);
    assert!(dead.iter().all(|dead| dead.since > 0));
    let page = soon(journal.dead("handler", Position(0), 1)).await.unwrap();
    assert_eq!(page[0].recorded.position, given[1]);
    let page = soon(journal.dead("handler", given[1], 1)).await.unwrap();
    assert_eq!(page[0].recorded.position, given[3]);
    assert_eq!(soon(journal.dead("handler", given[3], 1)).await.unwrap(), []);
    assert_eq!(soon(journal.dead("somebody else", Position(0), 9)).await.unwrap(), []);
}

pub(crate) async fn what_is_redriven_comes_again_with_its_attempts<S: Store>() {
    let store = S::new().await;
    let journal = store.open().await;
    let given = append(&*journal, 1..=4).await;
    let holder = consumer(&*journal, "handler").await;
    assert_eq!(positions(&take(&*holder, 4).await), given);
    for position in [given[0], given[2]] {
        soon(holder.begin(vec![position])).await.unwrap();
        soon(holder.bury(position, "no")).await.unwrap();
    }
    // Only what was given up.
    let asked = vec![given[1], given[2], Position(u64::MAX >> 1)];
    assert_eq!(soon(journal.redrive("handler", asked)).await.unwrap(), 1);
    assert_eq!(attempts(&take(&*holder, 1).await), [(given[2], 1)]);
    nothing(&*holder).await;
    let dead = soon(journal.dead("handler", Position(0), 10)).await.unwrap();
    assert_eq!(dead.iter().map(|d| d.recorded.position).collect::<Vec<_>>(), [given[0]]);
    soon(holder.begin(vec![given[2]])).await.unwrap();
    drop((holder, journal));
    store.holders_gone().await;

    // It is open as any other is, and goes on counting.
    let journal = store.open().await;
    let holder = consumer(&*journal, "handler").await;
    let handed = sorted(attempts(&take(&*holder, 3).await));
    assert_eq!(handed, [(given[1], 0), (given[2], 2), (given[3], 0)]);
    soon(holder.bury(given[2], "no again")).await.unwrap();
    soon(holder.done(vec![given[1], given[3]])).await.unwrap();
    let dead = soon(journal.dead("handler", given[0], 10)).await.unwrap();
    assert_eq!((dead[0].attempts, dead[0].reason.as_str()), (2, "no again"));
    let asked = vec![given[0], given[2]];
    assert_eq!(soon(journal.redrive("handler", asked.clone())).await.unwrap(), 2);
    assert_eq!(sorted(positions(&take(&*holder, 2).await)), asked);
    soon(holder.begin(asked.clone())).await.unwrap();
    soon(holder.done(asked)).await.unwrap();
    nothing(&*holder).await;
    drop((holder, journal));
    store.holders_gone().await;
    let journal = store.open().await;
    nothing(&*consumer(&*journal, "handler").await).await;
    assert_eq!(soon(journal.dead("handler", Position(0), 10)).await.unwrap(), []);
}

pub(crate) async fn expiry_keeps_what_is_still_needed<S: Store>() {
    let store = S::new().await;
    let journal = store.open().await;
    let given = append(&*journal, 1..=6).await;
    let holder = consumer(&*journal, "handler").await;
    assert_eq!(positions(&take(&*holder, 6).await), given);
    soon(holder.begin(vec![given[0], given[2]])).await.unwrap();
    soon(holder.bury(given[0], "no")).await.unwrap();
    soon(holder.done(vec![given[1], given[3], given[5]])).await.unwrap();
    // 1 is dead, 3 is begun, 5 is handed out, 6 came later.
    assert_eq!(soon(journal.expire(NOON + 6)).await.unwrap(), 2);
    let left: Vec<_> = all(&*journal, 10).await.iter().map(|r| r.position).collect();
    assert_eq!(left, [given[0], given[2], given[4], given[5]]);
    let kept = soon(journal.append(entries([1, 3, 5, 6]))).await.unwrap();
    assert_eq!(kept, [Appended::Known; 4]);
    soon(holder.done(vec![given[2], given[4]])).await.unwrap();
    assert_eq!(soon(journal.expire(NOON + 6)).await.unwrap(), 2);
    assert_eq!(soon(journal.expire(NOON + 6)).await.unwrap(), 0);
    let left: Vec<_> = all(&*journal, 10).await.iter().map(|r| r.position).collect();
    assert_eq!(left, [given[0], given[5]]);
    // Tried again, done, and forgotten at last.
    assert_eq!(soon(journal.redrive("handler", vec![given[0]])).await.unwrap(), 1);
    assert_eq!(soon(journal.expire(NOON + 6)).await.unwrap(), 0);
    assert_eq!(attempts(&take(&*holder, 1).await), [(given[0], 1)]);
    soon(holder.done(vec![given[0]])).await.unwrap();
    assert_eq!(soon(journal.expire(NOON + 7)).await.unwrap(), 2);
    assert_eq!(all(&*journal, 10).await, []);
}

pub(crate) async fn a_forgotten_key_is_new_again_at_a_new_position<S: Store>() {
    let store = S::new().await;
    let journal = store.open().await;
    let first = append(&*journal, 1..=3).await;
    assert_eq!(soon(journal.expire(NOON + 100)).await.unwrap(), 3);
    assert_eq!(all(&*journal, 10).await, []);
    soon(journal.close()).await.unwrap();
    drop(journal);
    let journal = store.open().await;
    let holder = consumer(&*journal, "handler").await;
    let again = if S::REMEMBERS { 4..=6 } else { 1..=3 };
    let second = append(&*journal, again).await;
    assert!(first.iter().max() < second.iter().min(), "{first:?} {second:?}");
    // They are of several lanes, and came while somebody waited.
    assert_eq!(sorted(positions(&take(&*holder, 3).await)), second);
}

pub(crate) async fn the_state_counts<S: Store>() {
    let store = S::new().await;
    let journal = store.open().await;
    let empty = soon(journal.state()).await.unwrap();
    assert_eq!((empty.last, empty.entries, empty.consumers), (Position(0), 0, vec![]));
    let given = append(&*journal, 1..=5).await;
    let holder = consumer(&*journal, "handler").await;
    drop(consumer(&*journal, "idle").await);
    take(&*holder, 4).await;
    soon(holder.begin(given[..4].to_vec())).await.unwrap();
    soon(holder.done(vec![given[0], given[2]])).await.unwrap();
    soon(holder.bury(given[1], "no")).await.unwrap();
    let state = soon(journal.state()).await.unwrap();
    assert_eq!((state.last, state.entries), (given[4], 5));
    let expected = [("handler".to_owned(), 2, 1), ("idle".to_owned(), 5, 0)];
    assert_eq!(sorted(state.consumers), expected);
}

pub(crate) async fn a_closed_journal_takes_nothing<S: Store>() {
    let store = S::new().await;
    let journal = store.open().await;
    let holder: Arc<dyn Consumer> = consumer(&*journal, "handler").await.into();
    let waiting = holder.clone();
    let waiting = tokio::spawn(async move { soon(waiting.next(1)).await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    // What was begun before it is kept.
    let begun: Vec<_> = (1..=50).map(|number| journal.append(entries([number]))).collect();
    let mut tasks = BTreeSet::new();
    let (closed, begun) = tokio::join!(journal.close(), async {
        let mut answers = Vec::new();
        for append in begun {
            answers.push(soon(append).await);
        }
        answers
    });
    closed.unwrap();
    for (number, answer) in (1..).zip(begun) {
        match answer {
            Ok(_) => drop(tasks.insert(number)),
            Err(error) => assert_eq!(error.code(), "journal-closed"),
        }
    }
    // It ends, whatever it was handed before.
    drop(soon(waiting).await.unwrap());
    let codes = [
        soon(journal.append(entries([99]))).await.map(drop).unwrap_err().code(),
        soon(journal.read(Position(0), 1)).await.map(drop).unwrap_err().code(),
        soon(journal.consumer("other")).await.map(drop).unwrap_err().code(),
        soon(holder.done(vec![Position(1)])).await.unwrap_err().code(),
        soon(holder.next(1)).await.map(drop).unwrap_err().code(),
    ];
    assert_eq!(codes, ["journal-closed"; 5]);
    soon(journal.close()).await.unwrap();
    drop((holder, journal));
    let journal = store.open().await;
    let kept: BTreeSet<u64> =
        all(&*journal, 100).await.iter().map(|r| r.entry.received - NOON).collect();
    assert!(kept.is_superset(&tasks), "{kept:?} {tasks:?}");
    assert!(!kept.contains(&99));
}
