//! The event webhook: acknowledged at once, handled in order, bounded.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::body::{Body, Bytes};
use ringback_model::{
    Kept,
    webhook::{Answer, Event},
};
use ringback_webhook::{Delivery, Keep, Limits, NotKept, Script, Verification};
use tokio::sync::{Semaphore, mpsc};

use crate::{both, get, post, send, text, webhooks};

const EVENTS: &str = "/webhooks/event";

fn status(leg: &str, status: &str) -> String {
    format!(r#"{{"headers":{{}},"uuid":"{leg}","status":"{status}","new":[1.0]}}"#)
}

#[tokio::test]
async fn events_are_read_from_both_methods() {
    let (seen, mut events) = mpsc::unbounded_channel();
    let receiver = webhooks()
        .event(move |event: Delivery| std::future::ready(seen.send(event)))
        .start()
        .unwrap();

    // Bodies and a query as they were captured from the platform, ids shortened.
    let completed = r#"{"headers":{},"end_time":"2020-07-01T20:45:42.000Z","uuid":"0A0000000123ABCD1","network":"US-VIRTUAL-LEVEL3","duration":"7","start_time":"2020-07-01T20:45:35.000Z","rate":"0.00450000","price":"0.00052500","from":"14845552121","to":"16105553939","conversation_uuid":"CON-1","status":"completed","direction":"inbound","timestamp":"2020-07-01T20:45:41.712Z"}"#;
    assert_eq!(send(receiver.router(), post(EVENTS, completed)).await, (204, String::new()));
    let event = events.recv().await.unwrap();
    assert_eq!(event.json(), completed.as_bytes());
    assert_eq!(event.verification, Verification::Off);
    let Event::Status(status) = &*event else { panic!("{event:?}") };
    assert_eq!(status.duration.as_ref().unwrap().as_str(), "7");

    let query = "?speech=%7B%22error%22:%22Speech%20was%20not%20enabled%22%7D&dtmf=%7B%22digits%22:%223%22,%22timed_out%22:true%7D&from=14845552121&to=16105553939&uuid=0A0000000123ABCD1&conversation_uuid=CON-1&timestamp=2020-07-29T19:20:33.015Z";
    assert_eq!(send(receiver.router(), get(&format!("{EVENTS}{query}"))).await.0, 204);
    let event = events.recv().await.unwrap();
    let Event::Input(input) = &*event else { panic!("{event:?}") };
    assert_eq!(
        serde_json::to_value(input.dtmf.as_ref().unwrap()).unwrap(),
        serde_json::json!({"digits": "3", "timed_out": true})
    );

    let query = "?recording_url=https%3A%2F%2Fapi.nexmo.com%2Fv1%2Ffiles%2Fa&size=18990&start_time=2020-07-14T01:23:04Z";
    assert_eq!(send(receiver.router(), get(&format!("{EVENTS}{query}"))).await.0, 204);
    let event = events.recv().await.unwrap();
    let Event::Record(record) = &*event else { panic!("{event:?}") };
    assert_eq!(record.size, Some(18990));
}

#[tokio::test]
async fn a_full_queue_refuses_and_recovers() {
    let gate = Arc::new(Semaphore::new(0));
    let waiting = gate.clone();
    let (seen, mut events) = mpsc::unbounded_channel();
    let receiver = webhooks()
        .limits(Limits::new().events(2))
        .event(move |event: Delivery| {
            let (waiting, seen) = (waiting.clone(), seen.clone());
            async move {
                waiting.acquire().await.unwrap().forget();
                seen.send(String::from_utf8(event.json().to_vec()).unwrap()).unwrap();
            }
        })
        .start()
        .unwrap();
    let sent: Vec<String> =
        ["started", "ringing", "answered"].iter().map(|word| status("leg", word)).collect();
    assert_eq!(send(receiver.router(), post(EVENTS, sent[0].clone())).await.0, 204);
    assert_eq!(send(receiver.router(), post(EVENTS, sent[1].clone())).await.0, 204);
    let refused =
        tower::ServiceExt::oneshot(receiver.router(), post(EVENTS, sent[2].clone())).await.unwrap();
    assert_eq!(refused.status(), 503);
    assert_eq!(refused.headers()["retry-after"], "1");
    assert_eq!(text(refused).await, "");

    gate.add_permits(3);
    assert_eq!(events.recv().await.unwrap(), sent[0]);
    assert_eq!(events.recv().await.unwrap(), sent[1]);
    // Both handlers are done when all the room is free again.
    tokio::task::yield_now().await;
    assert_eq!(send(receiver.router(), post(EVENTS, sent[2].clone())).await.0, 204);
    assert_eq!(events.recv().await.unwrap(), sent[2]);
}

#[tokio::test]
async fn one_leg_in_order_and_no_leg_holds_another() {
    let gate = Arc::new(Semaphore::new(0));
    let waiting = gate.clone();
    let (seen, mut events) = mpsc::unbounded_channel();
    let receiver = webhooks()
        .event(move |event: Delivery| {
            let (waiting, seen) = (waiting.clone(), seen.clone());
            async move {
                let Event::Status(status) = &*event else { panic!("{event:?}") };
                if status.uuid.as_ref().is_some_and(|leg| leg.as_str() == "held") {
                    waiting.acquire().await.unwrap().forget();
                }
                seen.send(format!("{} {}", status.uuid.as_ref().unwrap(), status.status)).unwrap();
            }
        })
        .start()
        .unwrap();
    let words = ["started", "ringing", "answered", "completed"];
    for word in words {
        assert_eq!(send(receiver.router(), post(EVENTS, status("held", word))).await.0, 204);
    }
    // Among a hundred legs some do not share the lane of the one that is held.
    for leg in 0..100 {
        assert_eq!(
            send(receiver.router(), post(EVENTS, status(&leg.to_string(), "started"))).await.0,
            204
        );
    }
    let first = events.recv().await.unwrap();
    assert!(!first.starts_with("held"), "{first}");
    gate.add_permits(words.len());
    let mut held = Vec::new();
    for _ in 1..104 {
        held.extend(Some(events.recv().await.unwrap()).filter(|line| line.starts_with("held")));
    }
    assert_eq!(held, words.map(|word| format!("held {word}")));
}

#[tokio::test]
async fn a_panic_or_error_does_not_stop_the_next_event() {
    let (seen, mut events) = mpsc::unbounded_channel();
    let receiver = webhooks()
        .event(move |event: Delivery| {
            let seen = seen.clone();
            async move {
                let Event::Status(status) = &*event else { panic!("{event:?}") };
                assert!(status.status.as_str() != "started", "a panic");
                seen.send(status.status.as_str().to_owned()).unwrap();
                Err::<(), _>(std::io::Error::other("an error"))
            }
        })
        .start()
        .unwrap();
    for word in ["started", "ringing", "answered"] {
        assert_eq!(send(receiver.router(), post(EVENTS, status("leg", word))).await.0, 204);
    }
    assert_eq!(events.recv().await.unwrap(), "ringing");
    assert_eq!(events.recv().await.unwrap(), "answered");
    assert_eq!(receiver.drain(Duration::from_secs(60)).await, 0);
    assert_eq!(send(receiver.router(), post(EVENTS, status("leg", "completed"))).await.0, 503);
}

#[tokio::test(start_paused = true)]
async fn draining_is_capped() {
    let receiver = webhooks().event(async |_| std::future::pending::<()>().await).start().unwrap();
    for leg in ["a", "b", "c"] {
        send(receiver.router(), post(EVENTS, status(leg, "started"))).await;
    }
    assert_eq!(receiver.drain(Duration::from_secs(5)).await, 3);
}

#[tokio::test]
async fn wrong_requests() {
    let deep = |levels| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let chunked = || {
        let chunks = (0..5).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![b' '; 300])));
        Body::from_stream(futures_util::stream::iter(chunks))
    };
    let broken = || {
        let chunks = [Ok(Bytes::from("{")), Err(std::io::Error::other("cut"))];
        Body::from_stream(futures_util::stream::iter(chunks))
    };
    let receiver = both(webhooks().limits(Limits::new().body(1000)));
    let with = |name: &str, value: &str| {
        let mut request = post(EVENTS, "{}");
        request.headers_mut().insert(
            axum::http::HeaderName::from_bytes(name.as_bytes()).unwrap(),
            value.parse().unwrap(),
        );
        request
    };
    let method = |method: &str| {
        axum::http::Request::builder().method(method).uri(EVENTS).body(Body::empty()).unwrap()
    };
    let cases = [
        (post(EVENTS, " ".repeat(1001)), 413),
        (post(EVENTS, chunked()), 413),
        (post(EVENTS, broken()), 400),
        (post(EVENTS, format!(r#"{{"payload":{}}}"#, deep(64))), 400),
        (post(EVENTS, format!(r#"{{"payload":{}}}"#, deep(63))), 204),
        (post(EVENTS, vec![b'"', 0xff, b'"']), 400),
        (post(EVENTS, r#"{"status":"#), 400),
        (post(EVENTS, "<html></html>"), 400),
        (post(EVENTS, ""), 400),
        (post(EVENTS, r#"{"status":5}"#), 400),
        (get(&format!("{EVENTS}?status=%ff")), 400),
        (get(&format!("{EVENTS}?payload={}", deep(65).replace('[', "%5B"))), 400),
        (with("content-encoding", "gzip"), 415),
        (with("content-encoding", "identity"), 204),
        (with("content-type", "text/plain"), 204),
        (method("HEAD"), 405),
        (method("PUT"), 405),
        (method("OPTIONS"), 405),
        (get("/webhooks/other"), 404),
    ];
    for (request, expected) in cases {
        let said = format!("{request:?}");
        let (status, body) = send(receiver.router(), request).await;
        assert_eq!((status, body.as_str()), (expected, ""), "{said}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_body_is_refused() {
    let never = Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>());
    assert_eq!(send(both(webhooks()).router(), post(EVENTS, never)).await.0, 408);
}

struct Broken;

impl Keep for Broken {
    fn keep(&self, _: Delivery) -> Pin<Box<dyn Future<Output = Result<(), NotKept>> + Send + '_>> {
        Box::pin(async { Err(NotKept::Failed("the disk is full".into())) })
    }
}

#[tokio::test]
async fn what_is_not_kept_is_not_acknowledged() {
    let receiver = webhooks().answer(Script::from_bytes("[]")).keep(Broken).start().unwrap();
    let reply = send(receiver.router(), post(EVENTS, status("leg", "started"))).await;
    assert_eq!(reply, (503, String::new()));
}

/// Keeps nothing, and counts.
struct Counting(Arc<AtomicUsize>);

impl Keep for Counting {
    fn keep(&self, _: Delivery) -> Pin<Box<dyn Future<Output = Result<(), NotKept>> + Send + '_>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Box::pin(std::future::ready(Ok(())))
    }
}

#[tokio::test]
async fn an_answer_does_not_wait_behind_all_events() {
    let kept = Arc::new(AtomicUsize::new(0));
    let before = Arc::clone(&kept);
    let answer = move |_: Kept<Answer>| {
        let before = before.load(Ordering::Relaxed);
        async move { serde_json::json!([before]) }
    };
    let receiver = webhooks().keep(Counting(Arc::clone(&kept))).answer(answer).start().unwrap();
    let events: Vec<_> = (0..200)
        .map(|leg: u32| post(EVENTS, status(&leg.to_string(), "started")))
        .map(|event| tokio::spawn(send(receiver.router(), event)))
        .collect();
    let question = get("/webhooks/answer?to=447700000002&from=447700000001&uuid=a");
    let (status, script) = tokio::spawn(send(receiver.router(), question)).await.unwrap();
    let [before]: [usize; 1] = serde_json::from_str(&script).unwrap();
    assert_eq!(status, 200);
    assert!((1..100).contains(&before), "{before} events came first");
    for event in events {
        assert_eq!(event.await.unwrap().0, 204);
    }
    assert_eq!(kept.load(Ordering::Relaxed), 200);
}
