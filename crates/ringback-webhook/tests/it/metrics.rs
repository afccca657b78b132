//! What is counted, what the log says of the sender, and the routes for those who run a receiver.

use std::{
    fmt,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{body::Body, extract::ConnectInfo, http::Request};
use ringback_webhook::{Health, Metrics, Receiver, Script, Webhooks};
use tower::ServiceExt;
use tracing::field::{Field, Visit};
use tracing_subscriber::{Layer, layer::Context, prelude::*};

use crate::{get, post, send, webhooks};

const EVENT: &str = r#"{"uuid":"leg","status":"answered"}"#;

/// The lines of the text that begin like this.
fn lines(metrics: &Metrics, prefix: &str) -> Vec<String> {
    let text = metrics.text();
    let mut lines: Vec<_> =
        text.lines().filter(|line| line.starts_with(prefix)).map(str::to_owned).collect();
    lines.sort();
    lines
}

/// A receiver whose handler does what the caller's number says.
fn obedient(webhooks: Webhooks) -> Receiver {
    webhooks
        .deadline(Duration::from_millis(50))
        .answer(async |answer: ringback_model::Kept<ringback_model::webhook::Answer>| {
            let to = serde_json::to_value(&answer).unwrap()["to"].to_string();
            assert_ne!(to, "\"panic\"", "as asked");
            match to.as_str() {
                "\"fail\"" => return Err("as asked"),
                "\"wait\"" => std::future::pending().await,
                _ => {}
            }
            Ok(serde_json::json!([]))
        })
        .event(async |_| ())
        .start()
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn answers_by_outcome_and_reply() {
    for (safe, reply) in [(true, "safe"), (false, "none")] {
        let metrics = Metrics::new();
        let mut webhooks = webhooks().metrics(&metrics);
        if safe {
            webhooks = webhooks.safe(Script::from_bytes("[]"));
        }
        let receiver = obedient(webhooks);
        for (to, times) in [("447700900000", 3), ("fail", 2), ("panic", 1), ("wait", 1)] {
            for _ in 0..times {
                send(receiver.router(), get(&format!("/webhooks/answer?to={to}"))).await;
            }
        }
        assert_eq!(
            lines(&metrics, "ringback_answers_total"),
            [
                format!("ringback_answers_total{{outcome=\"failed\",reply=\"{reply}\"}} 2"),
                "ringback_answers_total{outcome=\"handler\",reply=\"handler\"} 3".to_owned(),
                format!("ringback_answers_total{{outcome=\"late\",reply=\"{reply}\"}} 1"),
                format!("ringback_answers_total{{outcome=\"panicked\",reply=\"{reply}\"}} 1"),
            ]
        );
    }
}

#[tokio::test(start_paused = true)]
async fn webhooks_by_kind_and_method() {
    let receiver = obedient(webhooks());
    let put = Request::put("/webhooks/event").body(Body::empty()).unwrap();
    for request in [
        get("/webhooks/answer?to=44"),
        post("/webhooks/answer", r#"{"to":"44"}"#),
        post("/webhooks/event", EVENT),
        post("/webhooks/event", EVENT),
        get("/webhooks/event?uuid=leg&status=answered"),
        post("/webhooks/event", "hello"),
        put,
    ] {
        send(receiver.router(), request).await;
    }
    // Nobody waits for this one any more.
    let asked = send(receiver.router(), get("/webhooks/answer?to=wait"));
    assert!(tokio::time::timeout(Duration::from_millis(10), asked).await.is_err());
    let metrics = receiver.metrics();
    for line in [
        "ringback_webhooks_received_total{kind=\"answer\",method=\"GET\"} 2",
        "ringback_webhooks_received_total{kind=\"answer\",method=\"POST\"} 1",
        "ringback_webhooks_received_total{kind=\"event\",method=\"GET\"} 1",
        "ringback_webhooks_received_total{kind=\"event\",method=\"POST\"} 3",
        "ringback_webhooks_received_total{kind=\"event\",method=\"other\"} 1",
        "ringback_webhooks_acknowledged_total{kind=\"answer\"} 2",
        "ringback_webhooks_acknowledged_total{kind=\"event\"} 3",
        "ringback_requests_refused_total{kind=\"answer\",reason=\"connection-lost\"} 1",
        "ringback_requests_refused_total{kind=\"event\",reason=\"method-not-allowed\"} 1",
        "ringback_requests_refused_total{kind=\"event\",reason=\"not-json\"} 1",
        "ringback_webhook_seconds_count{kind=\"answer\"} 2",
        "ringback_webhook_seconds_count{kind=\"event\"} 5",
    ] {
        assert_eq!(lines(metrics, line), [line], "{}", metrics.text());
    }
}

/// The senders of webhooks, as the log names them.
#[derive(Clone, Default)]
struct Peers(Arc<Mutex<String>>);

impl<S: tracing::Subscriber> Layer<S> for Peers {
    fn on_new_span(
        &self,
        span: &tracing::span::Attributes<'_>,
        _: &tracing::span::Id,
        _: Context<'_, S>,
    ) {
        span.record(&mut Peer(self));
    }
}

struct Peer<'a>(&'a Peers);

impl Visit for Peer<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if ["peer", "proto"].contains(&field.name()) {
            self.0.0.lock().unwrap().push_str(&format!("{value:?} "));
        }
    }
}

#[tokio::test]
async fn the_log_names_the_sender() {
    let peers = Peers::default();
    let _log = tracing_subscriber::registry().with(peers.clone()).set_default();
    for (trusted, from, forwarded, expected) in [
        (None, "127.0.0.1:1", "203.0.113.9", "127.0.0.1 "),
        (Some("10.0.0.0/8"), "127.0.0.1:1", "203.0.113.9", "127.0.0.1 "),
        (Some("127.0.0.0/8"), "127.0.0.1:1", "203.0.113.9", "203.0.113.9 \"https\" "),
        (Some("127.0.0.1"), "[::ffff:127.0.0.1]:1", "203.0.113.9", "203.0.113.9 \"https\" "),
    ] {
        let trusted = trusted.map(|network: &str| network.parse().unwrap());
        let receiver = obedient(trusted.into_iter().fold(webhooks(), Webhooks::trust_proxy));
        let mut request = get("/webhooks/answer?to=44");
        request.headers_mut().insert("x-forwarded-for", forwarded.parse().unwrap());
        request.headers_mut().insert("x-forwarded-proto", "https".parse().unwrap());
        let from: SocketAddr = from.parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(from));
        send(receiver.router(), request).await;
        assert_eq!(std::mem::take(&mut *peers.0.lock().unwrap()), expected, "{trusted:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn ready_is_what_the_checks_say() {
    let metrics = Metrics::new();
    metrics.counter("dispatched", "Events handed to their handler").add(7);
    let broken = Arc::new(Mutex::new(None));
    let state = Arc::clone(&broken);
    let router = Health::new(&metrics)
        .check("clock", async || Ok(()))
        .check("journal", move || {
            let state = *state.lock().unwrap();
            async move {
                match state {
                    Some("hangs") => std::future::pending().await,
                    Some(error) => Err(error.into()),
                    None => Ok(()),
                }
            }
        })
        .router();
    let check = async |state, status, body: &str| {
        *broken.lock().unwrap() = state;
        let reply = send(router.clone(), get("/readyz")).await;
        assert_eq!(reply, (status, body.to_owned()));
        // It lives all the same.
        assert_eq!(send(router.clone(), get("/healthz")).await, (200, "ok\n".to_owned()));
    };
    check(None, 200, "ok\n").await;
    check(Some("the cluster cannot be reached"), 503, "journal: the cluster cannot be reached\n")
        .await;
    check(Some("one line\nand another"), 503, "journal: one line\n").await;
    check(Some("hangs"), 503, "journal: no answer within 2 s\n").await;
    check(None, 200, "ok\n").await;
    let reply = router.oneshot(get("/metrics")).await.unwrap();
    assert_eq!(reply.headers()["content-type"], Metrics::CONTENT_TYPE);
    assert!(crate::text(reply).await.contains("ringback_dispatched_total 7\n"));
}
