//! Events by way of a journal: kept, once, in order, again after a crash.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::future::join_all;
use ringback_journal::{Backoff, Journal, Position, Sqlite};
use ringback_webhook::{Delivery, Journaled, Receiver};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::{Notify, mpsc};

use crate::{NOW, post, send, webhooks};

fn clock() -> u64 {
    u64::try_from(NOW * 1_000).unwrap()
}

/// A journal in a folder of its own.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn open(&self) -> Arc<dyn Journal> {
        Arc::new(Sqlite::open(self.0.path().join("events.db"), clock).unwrap())
    }
}

fn event(leg: &str, status: &str) -> String {
    json!({
        "headers": {}, "from": "447700000001", "to": "447700000002", "uuid": leg,
        "conversation_uuid": format!("CON-{leg}"), "status": status, "direction": "inbound",
        "timestamp": "2018-10-25T09:26:18.991Z"
    })
    .to_string()
}

/// What the handler saw of one event.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    status: String,
    leg: String,
    id: String,
    attempt: u32,
    late: bool,
}

impl Seen {
    fn of(delivery: &Delivery) -> Self {
        let json: Value = serde_json::from_slice(delivery.json()).unwrap();
        let text = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
        Self {
            status: text("status"),
            leg: text("uuid"),
            id: delivery.id.as_deref().unwrap().to_owned(),
            attempt: delivery.attempt,
            late: delivery.late,
        }
    }
}

/// A receiver whose handler tells what it sees and always succeeds.
fn telling(journal: Arc<dyn Journal>) -> (Receiver, mpsc::UnboundedReceiver<Seen>) {
    let (tell, seen) = mpsc::unbounded_channel();
    let receiver = webhooks()
        .journal(Journaled::new(journal, clock))
        .event(move |delivery: Delivery| {
            tell.send(Seen::of(&delivery)).unwrap();
            async {}
        })
        .start()
        .unwrap();
    (receiver, seen)
}

async fn deliver(receiver: &Receiver, body: String) {
    let (status, text) = send(receiver.router(), post("/webhooks/event", body)).await;
    assert_eq!((status, text.as_str()), (204, ""));
}

async fn next(seen: &mut mpsc::UnboundedReceiver<Seen>) -> Seen {
    tokio::time::timeout(Duration::from_secs(10), seen.recv()).await.unwrap().unwrap()
}

/// Nothing more comes within a time in which everything would have come, or nobody is left from whom it could.
async fn nothing_more(seen: &mut mpsc::UnboundedReceiver<Seen>) {
    let more = tokio::time::timeout(Duration::from_millis(300), seen.recv()).await;
    assert!(!matches!(more, Ok(Some(_))), "{more:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_copies_are_one_event() {
    let place = Place::new();
    let (receiver, mut seen) = telling(place.open());
    let plain = event("a", "started");
    let object: serde_json::Map<String, Value> = serde_json::from_str(&plain).unwrap();
    let turned: serde_json::Map<String, Value> = object.clone().into_iter().rev().collect();
    let spaced = serde_json::to_string_pretty(&turned).unwrap();
    let mut fallback = object;
    fallback.insert("reason".into(), json!("Connection closed."));
    let request = json!({"url": "https://demo.example/event", "type": "event"});
    fallback.insert("original_request".into(), request);
    let forms = [plain, spaced, Value::Object(fallback).to_string()];
    join_all((0..1_000).map(|index| deliver(&receiver, forms[index % forms.len()].clone()))).await;
    assert_eq!(next(&mut seen).await.leg, "a");
    nothing_more(&mut seen).await;
    deliver(&receiver, event("a", "ringing")).await;
    assert_eq!(next(&mut seen).await.status, "ringing");
}

#[tokio::test]
async fn replays_after_a_restart_are_not_dispatched() {
    let place = Place::new();
    for round in 0..3 {
        let journal = place.open();
        let (receiver, mut seen) = telling(Arc::clone(&journal));
        for status in ["started", "ringing", "answered"] {
            deliver(&receiver, event("a", status)).await;
            if round == 0 {
                assert_eq!(next(&mut seen).await.status, status);
            }
        }
        nothing_more(&mut seen).await;
        drop(receiver);
        journal.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_handler_that_fails_is_called_again_and_then_the_event_is_given_up() {
    let place = Place::new();
    let journal = place.open();
    let (tell, mut seen) = mpsc::unbounded_channel();
    let failing = Arc::new(AtomicUsize::new(usize::MAX));
    let left = Arc::clone(&failing);
    let receiver = webhooks()
        .journal(
            Journaled::new(Arc::clone(&journal), clock)
                .backoff(Backoff::new().first(Duration::from_millis(1)).attempts(3)),
        )
        .event(move |delivery: Delivery| {
            let it = Seen::of(&delivery);
            let fails = it.leg == "bad" && left.load(Ordering::Relaxed) > 0;
            tell.send(it).unwrap();
            async move { if fails { Err("the database is away") } else { Ok(()) } }
        })
        .start()
        .unwrap();
    deliver(&receiver, event("bad", "started")).await;
    let attempts = [next(&mut seen).await, next(&mut seen).await, next(&mut seen).await];
    assert_eq!(attempts.each_ref().map(|seen| seen.attempt), [1, 2, 3]);
    assert!(attempts.iter().all(|seen| seen.id == attempts[0].id));
    // The next of the leg goes on when it is given up.
    deliver(&receiver, event("good", "started")).await;
    assert_eq!(next(&mut seen).await.leg, "good");
    let dead = loop {
        let dead = journal.dead("events", Position(0), 10).await.unwrap();
        if !dead.is_empty() {
            break dead;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!((dead.len(), dead[0].attempts), (1, 3));
    assert!(dead[0].reason.contains("the database is away"), "{}", dead[0].reason);
    failing.store(0, Ordering::Relaxed);
    let position = dead[0].recorded.position;
    assert_eq!(journal.redrive("events", vec![position]).await.unwrap(), 1);
    let again = next(&mut seen).await;
    assert_eq!((again.attempt, &again.id), (4, &attempts[0].id));
    nothing_more(&mut seen).await;
}

#[tokio::test]
async fn a_panic_is_a_failure() {
    let place = Place::new();
    let (tell, mut seen) = mpsc::unbounded_channel();
    let receiver = webhooks()
        .journal(
            Journaled::new(place.open(), clock)
                .backoff(Backoff::new().first(Duration::from_millis(1))),
        )
        .event(move |delivery: Delivery| {
            let it = Seen::of(&delivery);
            tell.send(it.clone()).unwrap();
            async move { assert!(it.attempt > 1, "the first attempt panics") }
        })
        .start()
        .unwrap();
    deliver(&receiver, event("a", "started")).await;
    assert_eq!([next(&mut seen).await.attempt, next(&mut seen).await.attempt], [1, 2]);
    nothing_more(&mut seen).await;
}

#[tokio::test]
async fn what_a_crash_interrupts_is_attempted_again_and_nothing_else() {
    let place = Place::new();
    let journal = place.open();
    let (tell, mut seen) = mpsc::unbounded_channel();
    let receiver = webhooks()
        .journal(Journaled::new(Arc::clone(&journal), clock))
        .event(move |delivery: Delivery| {
            let it = Seen::of(&delivery);
            tell.send(it.clone()).unwrap();
            // Ringing is in the middle of its handler when everything ends.
            async move {
                if it.status == "ringing" {
                    std::future::pending::<()>().await;
                }
            }
        })
        .start()
        .unwrap();
    for status in ["started", "ringing", "answered"] {
        deliver(&receiver, event("a", status)).await;
    }
    assert_eq!(next(&mut seen).await.status, "started");
    let ringing = next(&mut seen).await;
    nothing_more(&mut seen).await;
    // Nothing is finished and nothing is given back: as close to a crash as one process can come.
    drop(receiver);
    journal.close().await.unwrap();
    drop(journal);
    let (_receiver, mut seen) = telling(place.open());
    let again = next(&mut seen).await;
    assert_eq!(again, Seen { attempt: 2, ..ringing });
    let answered = next(&mut seen).await;
    assert_eq!((answered.status.as_str(), answered.attempt), ("answered", 1));
    nothing_more(&mut seen).await;
}

#[tokio::test]
async fn stopping_finishes_what_runs_and_keeps_what_waits() {
    let place = Place::new();
    let journal = place.open();
    let (begun, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let done = Arc::new(Mutex::new(Vec::new()));
    let (tell_begun, wait, finished) = (begun.clone(), go.clone(), done.clone());
    let receiver = webhooks()
        .journal(Journaled::new(journal, clock))
        .event(move |delivery: Delivery| {
            let (begun, go, done) = (tell_begun.clone(), wait.clone(), finished.clone());
            async move {
                begun.notify_one();
                go.notified().await;
                done.lock().unwrap().push(Seen::of(&delivery).status);
            }
        })
        .start()
        .unwrap();
    for status in ["started", "ringing"] {
        deliver(&receiver, event("a", status)).await;
    }
    begun.notified().await;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let letting_go = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        go.notify_one();
    };
    let (stopped, ()) = tokio::join!(receiver.serve(listener, async {}), letting_go);
    assert!(stopped.is_clean(), "{stopped:?}");
    assert_eq!(*done.lock().unwrap(), ["started"]);
    let (_receiver, mut seen) = telling(place.open());
    let ringing = next(&mut seen).await;
    assert_eq!((ringing.status.as_str(), ringing.attempt), ("ringing", 1));
    nothing_more(&mut seen).await;
}

#[tokio::test]
async fn legs_are_told_in_the_order_of_their_lives() {
    let place = Place::new();
    let (receiver, mut seen) = telling(place.open());
    for status in ["answered", "ringing", "started"] {
        deliver(&receiver, event("a", status)).await;
    }
    for status in ["started", "ringing", "answered"] {
        let it = next(&mut seen).await;
        assert_eq!((it.status.as_str(), it.late), (status, false));
    }
    // A gap that stays open is over after two seconds, and what closes it later is marked.
    deliver(&receiver, event("b", "started")).await;
    deliver(&receiver, event("b", "answered")).await;
    assert_eq!(next(&mut seen).await.status, "started");
    let answered = next(&mut seen).await;
    assert_eq!((answered.status.as_str(), answered.late), ("answered", false));
    deliver(&receiver, event("b", "ringing")).await;
    let ringing = next(&mut seen).await;
    assert_eq!((ringing.status.as_str(), ringing.late), ("ringing", true));
}

#[tokio::test]
async fn what_the_journal_does_not_take_is_not_acknowledged() {
    let place = Place::new();
    let journal = place.open();
    let (receiver, mut seen) = telling(Arc::clone(&journal));
    journal.close().await.unwrap();
    let (status, text) =
        send(receiver.router(), post("/webhooks/event", event("a", "started"))).await;
    assert_eq!((status, text.as_str()), (503, ""));
    nothing_more(&mut seen).await;
}

#[tokio::test]
async fn whoever_serves_the_router_drains_it() {
    let place = Place::new();
    let journal = place.open();
    let (receiver, mut seen) = telling(Arc::clone(&journal));
    deliver(&receiver, event("a", "started")).await;
    assert_eq!(next(&mut seen).await.status, "started");
    assert_eq!(receiver.drain(Duration::from_secs(5)).await, 0);
    let late = send(receiver.router(), post("/webhooks/event", event("a", "ringing"))).await;
    assert_eq!(late.0, 503);
    assert_eq!(receiver.drain(Duration::from_secs(5)).await, 0, "twice is as good as once");
    nothing_more(&mut seen).await;
}

#[tokio::test]
async fn without_a_handler_events_are_kept_for_another_process() {
    let place = Place::new();
    let journal = place.open();
    let receiver =
        webhooks().journal(Journaled::new(Arc::clone(&journal), clock).backlog(2)).start().unwrap();
    for status in ["started", "ringing"] {
        deliver(&receiver, event("a", status)).await;
    }
    // Nobody here is done with any, so what waits is what the journal says: nobody waits for them yet.
    let patience = tokio::time::Instant::now() + Duration::from_secs(10);
    while send(receiver.router(), post("/webhooks/event", event("a", "answered"))).await.0 != 204 {
        assert!(tokio::time::Instant::now() < patience, "the backlog is full for ever");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(journal.read(Position(0), 10).await.unwrap().len(), 3);
}

#[tokio::test]
async fn what_nobody_was_told_of_is_not_forgotten() {
    let place = Place::new();
    let journal = place.open();
    let keep_only = |clock: fn() -> u64| {
        let remember = Duration::from_secs(1);
        webhooks().journal(Journaled::new(Arc::clone(&journal), clock).remember(remember))
    };
    deliver(&keep_only(clock).start().unwrap(), event("a", "started")).await;
    // An hour later it is older than is promised, and whoever is to be told of it has not come yet.
    let later = keep_only(|| clock() + 3_600_000).start().unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(journal.read(Position(0), 10).await.unwrap().len(), 1);
    drop(later);
    let (_receiver, mut seen) = telling(Arc::clone(&journal));
    assert_eq!(next(&mut seen).await.status, "started");
}
