//! What a receiver counts of its own.

use std::sync::Arc;

use axum::{
    extract::{ConnectInfo, Request},
    http::Method,
    response::Response,
};
use tokio::time::Instant;
use tracing::Instrument as _;

use crate::{
    Metrics,
    metrics::{Counter, Counters, Gauge, Timer, Timers},
    peer::{Network, Peer},
};

/// The metrics of a receiver and of its connections.
#[derive(Clone, Debug)]
pub(crate) struct Meters {
    received: Counters,
    acknowledged: Counters,
    pub(crate) refused: Counters,
    answers: Counters,
    requests: Timers,
    /// Connections that are open.
    pub(crate) open: Gauge,
    /// Connections that were closed before their request was done, or to make room.
    pub(crate) cut: Counters,
}

impl Meters {
    pub(crate) fn new(metrics: &Metrics) -> Self {
        Self {
            received: metrics.counters(
                "webhooks_received",
                "Requests that came in on the routes of webhooks",
                &["kind", "method"],
            ),
            acknowledged: metrics.counters(
                "webhooks_acknowledged",
                "Webhooks answered with 2xx",
                &["kind"],
            ),
            refused: metrics.counters(
                "requests_refused",
                "Requests that were not accepted, by reason",
                &["kind", "reason"],
            ),
            answers: metrics.counters(
                "answers",
                "Answer webhooks by what became of their handler, and what the caller heard",
                &["outcome", "reply"],
            ),
            requests: metrics.timers(
                "webhook_seconds",
                "From the head of a webhook to its reply",
                &["kind"],
            ),
            open: metrics.gauge("connections_open", "Connections that are open."),
            cut: metrics.counters(
                "connections_cut",
                "Connections that were closed to make room, or because the receiver stops",
                &["reason"],
            ),
        }
    }

    /// One answer webhook: `handler`, `late`, `failed` or `panicked`, and `handler`, `safe` or `none`.
    pub(crate) fn answered(&self, outcome: &'static str, reply: &'static str) {
        self.answers.of(&[outcome, reply]).add(1);
    }
}

/// The code of a refusal, on its way from the refusal to those who count; it is never sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refusal(pub(crate) &'static str);

/// Counts what comes in on one route, and says in the log who sent it.
pub(crate) struct Watch {
    kind: &'static str,
    get: Counter,
    post: Counter,
    other: Counter,
    acknowledged: Counter,
    refused: Counters,
    time: Timer,
    proxies: Arc<[Network]>,
}

impl Watch {
    /// Watches a route for `answer` or `event`.
    pub(crate) fn new(kind: &'static str, meters: &Meters, proxies: Arc<[Network]>) -> Self {
        let received = |method| meters.received.of(&[kind, method]);
        Self {
            kind,
            get: received("GET"),
            post: received("POST"),
            other: received("other"),
            acknowledged: meters.acknowledged.of(&[kind]),
            refused: meters.refused.clone(),
            time: meters.requests.of(&[kind]),
            proxies,
        }
    }

    /// Counts a request and its reply.
    pub(crate) async fn over<F: Future<Output = Response>>(
        &self,
        request: Request,
        reply: impl FnOnce(Request) -> F,
    ) -> Response {
        let begin = Instant::now();
        let (method, counter) = match *request.method() {
            Method::GET => ("GET", &self.get),
            Method::POST => ("POST", &self.post),
            _ => ("other", &self.other),
        };
        counter.add(1);
        let connection = request.extensions().get::<ConnectInfo<std::net::SocketAddr>>();
        let peer = connection.map(|from| Peer::of(from.0.ip(), request.headers(), &self.proxies));
        // What is refused is logged as a warning, so its span has to be there at that level.
        let span = tracing::warn_span!(
            "webhook",
            kind = self.kind,
            method,
            peer = peer.map(|peer| tracing::field::display(peer.address)),
            proto = peer.and_then(|peer| peer.proto),
        );
        let mut pending = Pending(Some(self));
        let response = reply(request).instrument(span.clone()).await;
        pending.0 = None;
        let time = begin.elapsed();
        self.time.observe(time);
        let status = response.status();
        if let Some(Refusal(reason)) = response.extensions().get() {
            self.refuse(reason);
        } else if status.is_success() {
            self.acknowledged.add(1);
        }
        let ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        span.in_scope(|| tracing::info!(status = status.as_u16(), ms, "webhook answered"));
        response
    }

    fn refuse(&self, reason: &'static str) {
        self.refused.of(&[self.kind, reason]).add(1);
    }
}

/// A request without a reply yet: when nobody waits for that any more, it is counted too.
struct Pending<'a>(Option<&'a Watch>);

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if let Some(watch) = self.0 {
            watch.refuse("connection-lost");
            tracing::warn!(
                code = "connection-lost",
                kind = watch.kind,
                "webhook given up: the connection ended before the reply"
            );
        }
    }
}
