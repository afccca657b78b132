//! Transcripts of real calls, shuffled: a receiver with a journal tells each leg in the order of its life.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::body::Body;
use futures_util::future::join_all;
use http::Request;
use ringback_journal::{Journal, Sqlite};
use ringback_tests::{damage::Dice, rounds};
use ringback_webhook::{Delivery, Journaled, Receiver, Webhooks};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tower::ServiceExt as _;

use crate::wrong::{
    lab::{ALICE, BOB, BUSY, Lab, connect, talk},
    server::Answer,
};

const NUMBERS: [&str; 5] =
    ["447700900801", "447700900802", "447700900803", "447700900804", "447700900805"];

/// The events of each leg, in the order in which the exchange sent them.
async fn transcripts() -> BTreeMap<String, Vec<Value>> {
    let lab = Lab::start(&NUMBERS, |hook| {
        let script = match hook.text("to") {
            "447700900801" => json!([talk("One two three")]),
            "447700900802" => json!([connect(BOB)]),
            "447700900803" => json!([connect(BUSY)]),
            "447700900804" => json!([
                {"action": "input", "type": ["dtmf"], "dtmf": {"maxDigits": 1}},
                talk("Thank you")
            ]),
            "447700900805" => json!([connect("447700000077"), talk("Nobody is there")]),
            _ => Value::Null,
        };
        Answer::Json(script)
    })
    .await;
    let script = json!({"script": "hang up after 5s"});
    lab.control(reqwest::Method::PUT, &format!("/phones/{ALICE}"), Some(script)).await;
    for number in NUMBERS {
        let call = lab.call(number).await;
        lab.wait(&call, "completed").await;
    }
    let mut legs: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for hook in lab.server.hooks() {
        if hook.said["status"].is_string() && hook.said["uuid"].is_string() {
            legs.entry(hook.text("uuid").to_owned()).or_default().push(hook.said);
        }
    }
    legs
}

struct Told {
    leg: String,
    status: String,
    late: bool,
}

fn receiver(journal: Arc<dyn Journal>) -> (Receiver, mpsc::UnboundedReceiver<Told>) {
    let (tell, told) = mpsc::unbounded_channel();
    let receiver = Webhooks::new(|| 0).journal(Journaled::new(journal, || 0)).event(
        move |delivery: Delivery| {
            let json: Value = serde_json::from_slice(delivery.json()).unwrap();
            let text = |name: &str| json[name].as_str().unwrap().to_owned();
            let told = Told { leg: text("uuid"), status: text("status"), late: delivery.late };
            tell.send(told).unwrap();
            async {}
        },
    );
    (receiver.start().unwrap(), told)
}

async fn post(receiver: &Receiver, event: &Value) {
    let body = Body::from(event.to_string());
    let request = Request::post("/webhooks/event").body(body).unwrap();
    assert_eq!(receiver.router().oneshot(request).await.unwrap().status(), 204);
}

fn statuses(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["status"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn shuffled_transcripts_are_told_in_their_order() {
    let legs = transcripts().await;
    let lives: Vec<_> = legs.values().map(|events| statuses(events).join(" ")).collect();
    for life in ["started ringing answered completed", "started ringing busy"] {
        assert!(lives.iter().any(|seen| seen.starts_with(life)), "{life} is none of {lives:#?}");
    }
    let folder = tempfile::tempdir().unwrap();
    let journal = Sqlite::open(folder.path().join("events.db"), || 0).unwrap();
    let (receiver, mut told) = receiver(Arc::new(journal));
    let mut expected: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let mut count = 0;
    for round in 0..rounds(50) {
        let mut dice = Dice::new(round.into());
        let mut events = Vec::new();
        for (leg, life) in &legs {
            let name = format!("{leg}-{round}");
            expected.insert(name.clone(), statuses(life));
            events.extend(life.iter().cloned().map(|mut event| {
                event["uuid"] = json!(name);
                event
            }));
        }
        for last in (1..events.len()).rev() {
            events.swap(last, dice.roll(last + 1));
        }
        count += events.len();
        join_all(events.iter().map(|event| post(&receiver, event))).await;
    }
    let mut seen: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for _ in 0..count {
        let told = tokio::time::timeout(Duration::from_secs(30), told.recv()).await;
        let told = told.unwrap().unwrap();
        assert!(!told.late, "{} {}", told.leg, told.status);
        seen.entry(told.leg).or_default().push(told.status);
    }
    for (leg, life) in &expected {
        assert_eq!(&seen[leg], life, "{leg}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_too_late_is_told_and_marked() {
    let legs = transcripts().await;
    let answered = |events: &&Vec<Value>| statuses(events).contains(&"answered");
    let life = legs.values().find(answered).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let journal = Sqlite::open(folder.path().join("events.db"), || 0).unwrap();
    let (receiver, mut told) = receiver(Arc::new(journal));
    // The first of the leg is on its way for longer than the others wait for it.
    for event in &life[1..] {
        post(&receiver, event).await;
    }
    let mut seen = Vec::new();
    for _ in &life[1..] {
        let told = told.recv().await.unwrap();
        assert!(!told.late);
        seen.push(told.status);
    }
    assert_eq!(seen, statuses(&life[1..]));
    post(&receiver, &life[0]).await;
    let told = told.recv().await.unwrap();
    assert_eq!((told.status.as_str(), told.late), ("started", true));
}
