//! What is appended, and read.

use bytes::Bytes;
use ringback_journal::Appended;

use super::{Store, all, append, entries, entry, soon};

pub(crate) async fn what_is_appended_is_read_as_it_was<S: Store>() {
    let store = S::new().await;
    let journal = store.open().await;
    let mut given = entries(1..=4);
    given[1].body = Bytes::from_static(b"\xff\0 no text");
    given[2].body = Bytes::new();
    given[3].lane = "".into();
    given[2].lane = "é".repeat(200).into();
    given[3].about = r#"{"name":"Zoë \u0000"}"#.into();
    let appended = soon(journal.append(given.clone())).await.unwrap();
    let read = all(&*journal, 10).await;
    let told: Vec<_> = read.iter().map(|recorded| Appended::New(recorded.position)).collect();
    assert_eq!(appended, told);
    let read: Vec<_> = read.into_iter().map(|recorded| recorded.entry).collect();
    assert_eq!(read, given);
}

pub(crate) async fn a_key_is_kept_once<S: Store>() {
    let store = S::new().await;
    let journal = store.open().await;
    let mut copy = entry(1);
    copy.body = Bytes::from_static(b"another body");
    let appended = soon(journal.append(vec![entry(1), copy, entry(2)])).await.unwrap();
    assert!(matches!(appended[..], [Appended::New(a), Appended::Known, Appended::New(b)] if a < b));
    let again = soon(journal.append(entries([2, 3, 1]))).await.unwrap();
    assert!(matches!(again[..], [Appended::Known, Appended::New(_), Appended::Known]));
    let bodies: Vec<_> = all(&*journal, 10).await.into_iter().map(|r| r.entry.body).collect();
    assert_eq!(bodies, [entry(1).body, entry(2).body, entry(3).body]);
}

pub(crate) async fn concurrent_copies_are_kept_once<S: Store>() {
    let store = S::new().await;
    let journal = store.open().await;
    let tasks: Vec<_> = (0..200)
        .map(|copy| {
            let journal = journal.clone();
            tokio::spawn(async move { soon(journal.append(entries([copy % 2]))).await.unwrap() })
        })
        .collect();
    let mut new = 0;
    for task in tasks {
        new += task.await.unwrap().iter().filter(|a| matches!(a, Appended::New(_))).count();
    }
    assert_eq!((new, all(&*journal, 10).await.len()), (2, 2));
}

pub(crate) async fn many_are_kept_in_order_around_copies<S: Store>() {
    let store = S::new().await;
    let journal = store.open().await;
    append(&*journal, [300, 301]).await;
    // Copies of what was there, and of what comes with them.
    let numbers = (1..=700).chain([5, 300, 699]);
    let appended = soon(journal.append(entries(numbers.clone()))).await.unwrap();
    let known: Vec<_> = std::iter::zip(numbers, &appended)
        .filter_map(|(number, answer)| matches!(answer, Appended::Known).then_some(number))
        .collect();
    assert_eq!(known, [300, 301, 5, 300, 699]);
    let others = (1..=700).filter(|number| !matches!(number, 300 | 301));
    let expected: Vec<_> = [300, 301].into_iter().chain(others).map(|nth| entry(nth).key).collect();
    let read: Vec<_> = all(&*journal, 100).await.iter().map(|r| r.entry.key).collect();
    assert_eq!(read, expected);
    let told: Vec<_> =
        appended.iter().filter(|answer| matches!(answer, Appended::New(_))).collect();
    let kept: Vec<_> =
        all(&*journal, 1_000).await.iter().map(|r| Appended::New(r.position)).collect();
    assert_eq!(told, kept[2..].iter().collect::<Vec<_>>());
}

pub(crate) async fn nothing_is_appended_by_nothing<S: Store>() {
    let store = S::new().await;
    let journal = store.open().await;
    assert_eq!(soon(journal.append(Vec::new())).await.unwrap(), []);
    assert_eq!(all(&*journal, 10).await, []);
}

pub(crate) async fn pages_follow_one_another<S: Store>() {
    let store = S::new().await;
    let journal = store.open().await;
    let given = append(&*journal, 1..=25).await;
    assert!(given.is_sorted_by(|one, next| one < next), "{given:?}");
    for page in [1, 7, 25, 100] {
        let read: Vec<_> = all(&*journal, page).await.iter().map(|r| r.position).collect();
        assert_eq!(read, given, "pages of {page}");
    }
    let middle = soon(journal.read(given[9], 3)).await.unwrap();
    let middle: Vec<_> = middle.iter().map(|recorded| recorded.position).collect();
    assert_eq!(middle, given[10..13]);
}

pub(crate) async fn a_reopened_journal_goes_on<S: Store>() {
    let store = S::new().await;
    let journal = store.open().await;
    let first = append(&*journal, 1..=3).await;
    soon(journal.close()).await.unwrap();
    drop(journal);
    let journal = store.open().await;
    assert_eq!(soon(journal.append(entries([2]))).await.unwrap(), [Appended::Known]);
    let second = append(&*journal, 4..=5).await;
    assert!(first.iter().max() < second.iter().min(), "{first:?} {second:?}");
    let numbers: Vec<_> = all(&*journal, 10).await.into_iter().map(|r| r.entry).collect();
    assert_eq!(numbers, entries(1..=5));
}
