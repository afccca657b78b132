//! A load against a server of the test's own.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    routing::{get, post},
};
use ringback_emulator::{Config, Emulator};
use ringback_load::{Error, Kind, Plan, Thresholds};
use ringback_model::{
    PhoneNumber,
    control::{Seed, SeedNumber, SeedRequest},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// A webhook server with one script and one status for events.
async fn server(script: Value, events: u16) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let answer = |State(script): State<Arc<Value>>| async move {
        ([(CONTENT_TYPE, "application/json")], script.to_string())
    };
    let event = move || async move { StatusCode::from_u16(events).unwrap() };
    let router = Router::new()
        .route("/answer", get(answer))
        .route("/event", post(event))
        .with_state(Arc::new(script));
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

/// An emulator whose application is that server, with the tutorial's number linked.
async fn emulator(url: &str) -> Emulator {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = Config::new().webhooks(format!("{url}/answer"), format!("{url}/event"));
    let emulator = Emulator::start(listener, config).unwrap();
    let environment = emulator.environment().await;
    let number = SeedNumber::new("GB", PhoneNumber::new("447700000002").unwrap())
        .application(environment.application_id.unwrap().to_string());
    let seed = SeedRequest::new().numbers(vec![number]);
    emulator.control(&Seed::new(seed)).unwrap();
    emulator
}

fn plan(calls: f64) -> Plan {
    let kind = Kind::new("447700000001", "447700000002");
    Plan::new(calls, Duration::from_secs(1), vec![kind]).drain(Duration::from_secs(20))
}

#[tokio::test]
async fn every_call_is_placed_and_its_webhooks_are_counted() {
    let url = server(json!([{"action": "talk", "text": "Hello"}]), 204).await;
    let emulator = emulator(&url).await;
    let mut told = Vec::new();
    let report = ringback_load::run(&emulator, &plan(20.0), |seen| told.push(*seen)).await.unwrap();
    assert_eq!((report.placed, report.refused, report.still_alive), (20, 0, 0));
    assert_eq!(report.answers.count, 20);
    // started, ringing, answered, completed.
    assert_eq!(report.events.count, 80);
    assert_eq!((report.wrong, report.script_errors, report.missed), (0, 0, 0));
    assert!(report.answers.worst >= report.answers.p50 && report.answers.worst_call.is_some());
    assert!(report.exceeds(&Thresholds::default().errors(Some(0))).is_empty());
    assert_eq!(told.last().map(|seen| (seen.placed, seen.calls)), Some((20, 20)));
}

#[tokio::test]
async fn what_goes_wrong_is_told_with_a_call_to_look_at() {
    let url = server(json!([{"action": "nonsense"}]), 500).await;
    let emulator = emulator(&url).await;
    let report = ringback_load::run(&emulator, &plan(5.0), |_| {}).await.unwrap();
    assert_eq!(report.script_errors, 5);
    assert!(report.wrong >= 15, "{report:?}");
    // The server does not take the event that tells of it, either: that is another trouble.
    let expected = ("error", "Syntax error in NCCO. Invalid value type or action.");
    let mut troubles = report.troubles.iter();
    let error = troubles.find(|trouble| (&*trouble.kind, &*trouble.what) == expected).unwrap();
    assert_eq!(error.count, 5);
    assert!(error.call.is_some());
    let exceeded = report.exceeds(&Thresholds::default().errors(Some(3)));
    assert!(exceeded[0].contains("3 are allowed"), "{exceeded:?}");
}

#[tokio::test]
async fn a_number_that_nobody_answers_for_is_no_load() {
    let url = server(json!([]), 204).await;
    let emulator = emulator(&url).await;
    let kind = Kind::new("447700000001", "447700900100");
    let plan = Plan::new(5.0, Duration::from_secs(1), vec![kind]);
    let error = ringback_load::run(&emulator, &plan, |_| {}).await.unwrap_err();
    assert!(matches!(&error, Error::NoCalls(why) if why.contains("not rented")), "{error}");
}
