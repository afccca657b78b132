//! The clock: quiet time is skipped, leases hold it, a person moves it.

use std::time::{Duration, Instant};

use reqwest::Method;
use ringback_emulator::ClockMode;
use ringback_model::Timestamp;
use serde_json::{Value, json};

use crate::harness::{App, BOB, NUMBER, Platform, config};

/// Bob answers after three seconds and hangs up after ten: some thirteen seconds of the platform.
async fn ten_seconds(platform: &Platform) -> App {
    let app = App::connecting().await;
    platform.connect(&app).await;
    let script = json!({"script": "ring after 1s, answer after 3s, hang up after 10s"});
    platform.control(Method::PUT, &format!("/_ringback/phones/{BOB}"), Some(script)).await;
    app
}

async fn now(platform: &Platform) -> Timestamp {
    let clock = platform.control(Method::GET, "/_ringback/clock", None).await;
    clock["now"].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn auto_skips_quiet_time() {
    let platform = Platform::auto().await;
    let mut app = ten_seconds(&platform).await;
    let (begun, before) = (Instant::now(), now(&platform).await);
    platform.call().await;
    let hooks = app.wait_for("completed outbound", 1).await;
    let (real, virtual_time) = (begun.elapsed(), now(&platform).await.since(before));
    assert!(real < Duration::from_secs(2), "{real:?}");
    assert!(virtual_time >= Duration::from_secs(10), "{virtual_time:?}");
    let done = hooks.iter().find(|hook| hook.name() == "completed outbound").unwrap().json();
    assert_eq!(
        done["duration"].as_str().map(|text| text.parse::<u32>().unwrap() >= 10),
        Some(true)
    );
}

#[tokio::test]
async fn a_lease_keeps_real_speed() {
    let platform = Platform::auto().await;
    let mut app = ten_seconds(&platform).await;
    let lease =
        platform.control(Method::POST, "/_ringback/clock/hold", Some(json!({"seconds": 60}))).await;
    let (begun, before) = (Instant::now(), now(&platform).await);
    platform.call().await;
    app.wait_for("ringing outbound", 1).await;
    let (real, virtual_time) = (begun.elapsed(), now(&platform).await.since(before));
    assert!(real >= Duration::from_secs(1), "{real:?}");
    assert!(virtual_time < real + Duration::from_millis(100), "{virtual_time:?} in {real:?}");
    let clock = platform.control(Method::GET, "/_ringback/clock", None).await;
    assert_eq!((&clock["mode"], &clock["leases"]), (&json!("auto"), &json!(1)));

    let path = format!("/_ringback/clock/hold/{}", lease["lease"]);
    platform.control(Method::DELETE, &path, None).await;
    let again = platform.send(platform.request(Method::DELETE, &path)).await;
    assert_eq!((again.status.as_u16(), again.header("ringback-reason")), (404, "lease-unknown"));
    app.wait_for("completed outbound", 1).await;
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_lease_ends_by_itself() {
    let platform = Platform::auto().await;
    let mut app = ten_seconds(&platform).await;
    let hold = json!({"seconds": 1});
    platform.control(Method::POST, "/_ringback/clock/hold", Some(hold)).await;
    platform.call().await;
    app.wait_for("completed outbound", 1).await;
    let clock = platform.control(Method::GET, "/_ringback/clock", None).await;
    assert_eq!(clock["leases"], 0);
}

#[tokio::test]
async fn auto_never_skips_to_a_limit() {
    let platform = Platform::auto().await;
    let mut app = App::connecting().await;
    platform.connect(&app).await;
    let call = platform.call().await;
    app.wait_for("answered inbound", 1).await;
    let before = now(&platform).await;
    // A hundred requests and their pauses: time enough for a clock that wants to skip.
    for _ in 0..100 {
        tokio::task::yield_now().await;
        now(&platform).await;
    }
    let passed = now(&platform).await.since(before);
    assert!(passed < Duration::from_secs(30), "{passed:?}");
    let path = format!("/_ringback/calls/{}", call["id"].as_str().unwrap());
    assert_eq!(platform.get(&path).await.json()["status"], "answered");
}

#[tokio::test]
async fn a_factor_makes_it_faster() {
    let platform = Platform::start(config().clock(ClockMode::Times(20))).await;
    let mut app = ten_seconds(&platform).await;
    let begun = Instant::now();
    platform.call().await;
    app.wait_for("completed outbound", 1).await;
    let real = begun.elapsed();
    assert!((Duration::from_millis(400)..Duration::from_secs(6)).contains(&real), "{real:?}");
    assert_eq!(platform.get("/_ringback/clock").await.json()["mode"], "x20");
}

#[tokio::test]
async fn a_person_moves_it() {
    let platform = Platform::start(config()).await;
    let mut app = ten_seconds(&platform).await;
    let (begun, before) = (Instant::now(), now(&platform).await);
    platform.call().await;
    let by = |millis: u64| Some(json!({"milliseconds": millis}));
    let clock = platform.control(Method::POST, "/_ringback/clock/advance", by(20_000)).await;
    let after: Timestamp = clock["now"].as_str().unwrap().parse().unwrap();
    assert!(after.since(before) >= Duration::from_secs(20));
    app.wait_for("completed outbound", 1).await;
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    let far = platform.request(Method::POST, "/_ringback/clock/advance");
    let reply = platform.send(far.json(&json!({"milliseconds": u64::MAX}))).await;
    assert_eq!((reply.status.as_u16(), reply.header("ringback-reason")), (400, "out-of-range"));
}

#[tokio::test]
async fn calls_do_not_wait_for_each_other() {
    let platform = Platform::auto().await;
    let mut app = ten_seconds(&platform).await;
    for number in 0..10 {
        let body = json!({"from": format!("44770090000{number}"), "to": NUMBER});
        platform.control(Method::POST, "/_ringback/calls", Some(body)).await;
    }
    app.wait_for("completed inbound", 10).await;
    let calls = platform.get("/_ringback/calls").await.json();
    let ids: std::collections::BTreeSet<_> = calls["calls"]
        .as_array()
        .unwrap()
        .iter()
        .map(|call: &Value| call["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), 10);
}
