//! Bad requests, each refused with its own code, and good ones, so that refusing everything is no way out.
//!
//! All go over a socket to a strict receiver; what it says in the log and counts is compared with the table.

mod bad;
mod good;
mod tokens;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use ringback_webhook::{Metrics, Script, Signed, Webhooks};
use secrecy::SecretString;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tracing::field::{Field, Visit};
use tracing_subscriber::{Layer, layer::Context, prelude::*};

use crate::{
    forge::{API_KEY, APPLICATION, SECRET},
    webhooks,
};

/// One row: what it is called, the code and status it is refused with, and the bytes that are sent.
///
/// The status 0 is no reply: the connection is closed.
#[derive(Debug)]
pub(crate) struct Bad {
    name: String,
    code: &'static str,
    status: u16,
    bytes: Vec<u8>,
}

fn bad(name: impl Into<String>, code: &'static str, status: u16, bytes: impl Into<Vec<u8>>) -> Bad {
    Bad { name: name.into(), code, status, bytes: bytes.into() }
}

/// A request with headers of one's own, each line with its end.
fn request(line: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("{line} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{headers}\r\n");
    [head.as_bytes(), body].concat()
}

/// An event by POST with this value of `Authorization`.
fn post(authorization: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let headers = format!(
        "authorization: {authorization}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n",
        body.len()
    );
    request("POST /webhooks/event", &headers, body)
}

/// An answer webhook by GET with this value of `Authorization`.
fn get(authorization: &str, query: &str) -> Vec<u8> {
    let line = format!("GET /webhooks/answer?{query}");
    request(&line, &format!("authorization: {authorization}\r\n"), b"")
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

/// The codes of log events, in order.
#[derive(Clone, Default)]
struct Codes(Arc<Mutex<Vec<String>>>);

impl<S: tracing::Subscriber> Layer<S> for Codes {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        event.record(&mut Code(self));
    }
}

struct Code<'a>(&'a Codes);

impl Visit for Code<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "code" {
            self.0.0.lock().unwrap().push(value.to_owned());
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

/// A receiver on a socket, and what it did.
struct Target {
    address: SocketAddr,
    metrics: Metrics,
    codes: Codes,
    handled: Arc<Mutex<usize>>,
}

impl Target {
    /// Runs on this thread alone, so that its log can be told from that of others.
    async fn start(webhooks: Webhooks) -> (Self, tracing::subscriber::DefaultGuard) {
        let codes = Codes::default();
        let guard = tracing_subscriber::registry().with(codes.clone()).set_default();
        let metrics = Metrics::new();
        let handled = Arc::new(Mutex::new(0));
        let (answers, events) = (Arc::clone(&handled), Arc::clone(&handled));
        let answer = ringback_webhook::Answerer::new(move |_: Signed<_>| {
            *answers.lock().unwrap() += 1;
            async { Script::from_bytes("[]") }
        });
        let receiver = webhooks
            .metrics(&metrics)
            .answer(answer)
            .event(move |_| {
                *events.lock().unwrap() += 1;
                async {}
            })
            .start()
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(receiver.serve(listener, std::future::pending()));
        (Self { address, metrics, codes, handled }, guard)
    }

    /// Sends the bytes, says that no more come when that is meant, and reads to the end.
    async fn send(&self, bytes: &[u8], end: bool) -> Vec<u8> {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // It may be refused before all is sent.
        let _early = stream.write_all(bytes).await.is_err();
        let _early = end && stream.shutdown().await.is_err();
        let mut reply = Vec::new();
        let _reset = stream.read_to_end(&mut reply).await.is_err();
        reply
    }

    /// The counters of one name by their labels.
    fn counted(&self, name: &str) -> BTreeMap<String, u64> {
        let prefix = format!("ringback_{name}_total{{");
        let text = self.metrics.text();
        let lines = text.lines().filter_map(|line| line.strip_prefix(&prefix));
        lines
            .filter_map(|line| line.rsplit_once("} "))
            .map(|(labels, count)| (labels.to_owned(), count.parse().unwrap()))
            .collect()
    }
}

/// What is counted now and was not before.
fn new(before: &BTreeMap<String, u64>, after: &BTreeMap<String, u64>) -> Vec<(String, u64)> {
    let more = |(labels, count): (&String, &u64)| {
        let more = count - before.get(labels).copied().unwrap_or_default();
        (more > 0).then(|| (labels.clone(), more))
    };
    after.iter().filter_map(more).collect()
}

fn secured() -> Webhooks {
    let secret = SecretString::from(SECRET);
    webhooks().secret(secret).application_id(APPLICATION).api_key(API_KEY)
}

impl Bad {
    /// What is wrong with how the target takes it; nothing when all is right.
    async fn faults(&self, target: &Target) -> Vec<String> {
        let Self { name, code, status, bytes } = self;
        let before = target.counted("requests_refused");
        target.codes.0.lock().unwrap().clear();
        let reply = target.send(bytes, code.ends_with("-cut")).await;
        let reply = String::from_utf8_lossy(&reply);
        let mut faults = Vec::new();
        let mut check = |right: bool, what: &str, seen: &dyn fmt::Debug| {
            if !right {
                faults.push(format!("{name} ({code}): {what}: {seen:?}"));
            }
        };
        // Metric and log say why, once.
        let refused = new(&before, &target.counted("requests_refused"));
        let expected = format!("reason=\"{code}\"");
        let one = matches!(&refused[..], [(labels, 1)] if labels.ends_with(&expected));
        check(one, "counted", &refused);
        let codes = target.codes.0.lock().unwrap();
        check(*codes == [*code], "in the log", &codes);
        // The reply says nothing but the status.
        if *status == 0 {
            check(reply.is_empty(), "reply", &reply);
            return faults;
        }
        let (head, body) = reply.split_once("\r\n\r\n").unwrap_or_default();
        check(head.split(' ').nth(1) == Some(&*status.to_string()), "status", &reply);
        check(body.is_empty(), "body", &body);
        for line in head.lines().skip(1) {
            let line = line.to_ascii_lowercase();
            let plain = ["connection: close", "content-length: 0", "allow: get, post"];
            let silent = plain.contains(&line.as_str()) || line.starts_with("date: ");
            check(silent || (*status == 503 && line == "retry-after: 1"), "header", &line);
        }
        faults
    }
}

#[tokio::test]
async fn bad_requests_are_refused_each_with_its_code() {
    let rows = bad::rows();
    assert!(rows.len() >= 60, "{}", rows.len());
    let (target, _log) = Target::start(secured().strict(true)).await;
    let mut faults = Vec::new();
    for row in &rows {
        faults.extend(row.faults(&target).await);
    }
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
    assert_eq!(target.counted("webhooks_acknowledged").values().sum::<u64>(), 0);
    assert_eq!(*target.handled.lock().unwrap(), 0);
    let codes: BTreeSet<_> = rows.iter().map(|row| row.code).collect();
    assert!(codes.len() >= 30, "{codes:?}");
}

/// A receiver that is not strict lets pass what is not signed, and nothing that is signed wrongly.
#[tokio::test]
async fn leniency_is_only_for_what_is_not_signed() {
    let (target, _log) = Target::start(secured()).await;
    let unsigned = ["unsigned", "query-unauthenticated", "content-type"];
    let mut faults = Vec::new();
    for row in bad::rows() {
        if !unsigned.contains(&row.code) && !row.name.contains("as text") {
            faults.extend(row.faults(&target).await);
        }
    }
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
    assert_eq!(*target.handled.lock().unwrap(), 0);
}

#[tokio::test]
async fn good_requests_are_accepted() {
    for (secrets, rows) in good::tables() {
        let webhooks = secrets.iter().fold(webhooks().strict(true), |webhooks, secret| {
            webhooks.secret(SecretString::from(*secret))
        });
        let webhooks = webhooks.application_id(APPLICATION).api_key(API_KEY);
        let (target, _log) = Target::start(webhooks).await;
        for (at, (name, bytes)) in rows.iter().enumerate() {
            let reply = target.send(bytes, false).await;
            let reply = String::from_utf8_lossy(&reply);
            let accepted = ["HTTP/1.1 200", "HTTP/1.1 204"].iter().any(|ok| reply.starts_with(ok));
            assert!(accepted, "{name}: {reply} {:?}", target.codes.0.lock().unwrap());
            let count: u64 = target.counted("webhooks_acknowledged").values().sum();
            assert_eq!(count, u64::try_from(at).unwrap() + 1, "{name}");
        }
        assert_eq!(*target.handled.lock().unwrap(), rows.len());
        assert!(target.counted("requests_refused").is_empty());
    }
}
