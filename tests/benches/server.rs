//! Servers in processes of their own, so that their processor time can be told from the load's.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    net::SocketAddr,
    path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::Arc,
    thread::sleep,
    time::{Duration, UNIX_EPOCH},
};

use axum::{
    Router,
    extract::Path,
    http::{HeaderValue, StatusCode, header::CONTENT_TYPE},
    routing::{get, post},
};
use bytes::Bytes;
use ringback_journal::Sqlite;
use ringback_model::{Kept, PhoneNumber, webhook::Answer};
use ringback_tests::{cores, measure};
use ringback_webhook::{Delivery, Journaled, Script, Webhooks};
use secrecy::SecretString;
use tokio::{io::AsyncReadExt as _, net::TcpListener, runtime::Builder};

/// Names the file of the receiver's journal to its process.
const JOURNAL: &str = "RINGBACK_BENCH_JOURNAL";

/// What signed webhooks are signed with.
pub(crate) const SECRET: &str = "a-signature-secret-of-32-bytes-or-more";
/// When they are signed and verified, in seconds since 1970.
pub(crate) const NOW: i64 = 1_700_000_000;
/// The tutorial's sample.
pub(crate) const CONVERSATION: &[u8] = include_bytes!("../fixtures/beta/conversation.json");

/// A server that ends with this.
pub(crate) struct Server {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    child: Child,
    /// Ours end when this is closed.
    _stdin: Option<ChildStdin>,
}

impl Server {
    /// One of the servers below, on one thread, with a port that the system picks.
    pub(crate) fn start(name: &str) -> Self {
        Self::ours(Command::new(std::env::current_exe().unwrap()).args(["serve", name]))
    }

    /// The receiver with its journal in this folder, on a core of its own.
    ///
    /// It is one that only `keeps` events, and has no handler, or one that `dispatches` them.
    pub(crate) fn receiver(folder: &path::Path, name: &str) -> Self {
        let mut command = cores::apart(&std::env::current_exe().unwrap());
        Self::ours(command.args(["serve", name]).env(JOURNAL, folder.join("events.db")))
    }

    /// An application that takes every event and looks at none, on a core of its own.
    pub(crate) fn application() -> Self {
        Self::ours(cores::apart(&std::env::current_exe().unwrap()).args(["serve", "application"]))
    }

    fn ours(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let stdin = child.stdin.take();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { address: line.trim().parse().unwrap(), child, _stdin: stdin }
    }

    /// Another program, which says on stderr where it listens, as `http://ADDRESS`.
    pub(crate) fn foreign(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        let address = loop {
            let from = said.len();
            assert_ne!(stderr.read_line(&mut said).unwrap(), 0, "{said}");
            let url = said[from..].split_once("http://").map(|(_, rest)| rest);
            let address = url.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
            if let Some(address) = address {
                break address;
            }
        };
        // What it says of each request has to go somewhere.
        std::thread::spawn(move || {
            let mut bytes = [0; 65_536];
            while stderr.read(&mut bytes).is_ok_and(|count| count > 0) {}
        });
        Self { address, child, _stdin: None }
    }

    /// Waits until it does nothing any more, not even what can wait, such as carrying a log over.
    pub(crate) fn rest(&self) {
        let seconds = || measure::threads_seconds(self.child.id()).unwrap_or(f64::NAN);
        let mut before = seconds();
        for _ in 0..100 {
            sleep(Duration::from_millis(20));
            let after = seconds();
            if after - before < 0.000_1 {
                return;
            }
            before = after;
        }
    }

    /// Seconds of processor time that one unit of work took, of so many that `work` does.
    ///
    /// For servers whose threads stay.
    pub(crate) fn seconds_each(&self, count: usize, work: impl FnOnce(usize)) -> f64 {
        self.difference(measure::threads_seconds, count, work)
    }

    /// The same for those that start threads and processes, counted in hundredths of a second.
    pub(crate) fn roughly_seconds_each(&self, count: usize, work: impl FnOnce(usize)) -> f64 {
        self.difference(measure::processor_seconds, count, work)
    }

    fn difference(
        &self,
        seconds: fn(u32) -> Option<f64>,
        count: usize,
        work: impl FnOnce(usize),
    ) -> f64 {
        let begin = seconds(self.child.id()).unwrap_or(f64::NAN);
        work(count);
        (seconds(self.child.id()).unwrap_or(f64::NAN) - begin) / count as f64
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The script of the tutorial, as bytes.
pub(crate) fn script() -> Script {
    Script::connect(&PhoneNumber::new("447700000003").unwrap())
}

/// Is a server, until standard input ends.
pub(crate) fn serve(name: &str) {
    Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        measure::print(&listener.local_addr().unwrap().to_string());
        let end = async {
            drop(tokio::io::stdin().read_to_end(&mut Vec::new()).await);
        };
        match name {
            "answer" => {
                let receiver = Webhooks::new(|| NOW).answer(script()).start().unwrap();
                receiver.serve(listener, end).await;
            }
            "event" => {
                let receiver = Webhooks::new(|| NOW)
                    .secret(SecretString::from(SECRET))
                    .strict(true)
                    .event(async |_: Delivery| ());
                receiver.start().unwrap().serve(listener, end).await;
            }
            "bare-answer" => {
                let script = Bytes::copy_from_slice(script().as_bytes());
                bare(listener, "/webhooks/answer", script, end).await;
            }
            "keeps" => receiver(listener, Webhooks::new(|| NOW), end).await,
            "dispatches" => {
                let webhooks = Webhooks::new(|| NOW).event(async |_: Delivery| ());
                receiver(listener, webhooks, end).await;
            }
            "application" => application(listener, end).await,
            "bare-conversation" => {
                let path = "/beta/conversations/{conversation_id}";
                bare(listener, path, Bytes::from_static(CONVERSATION), end).await;
            }
            other => measure::print(&format!("there is no server {other:?}")),
        }
    });
}

/// Verifies events and keeps them in SQLite.
///
/// `GET /dispatched/COUNT` is answered when so many events have been through the handler.
async fn receiver(listener: TcpListener, webhooks: Webhooks, end: impl Future<Output = ()>) {
    let clock = || UNIX_EPOCH.elapsed().map_or(0, |now| u64::try_from(now.as_millis()).unwrap());
    let journal = Sqlite::open(std::env::var_os(JOURNAL).unwrap(), clock).unwrap();
    let receiver = webhooks
        .secret(SecretString::from(SECRET))
        .strict(true)
        .answer(async |_: Kept<Answer>| script())
        .journal(Journaled::new(Arc::new(journal), clock));
    let receiver = receiver.start().unwrap();
    let metrics = receiver.metrics().clone();
    let dispatched = async move |Path(count): Path<u64>| {
        while told(&metrics.text(), "ringback_events_dispatched_total ") < count {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let receiver = receiver.map(|router| router.route("/dispatched/{count}", get(dispatched)));
    receiver.serve(listener, end).await;
}

/// A number in the text of the metrics.
fn told(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|number| number.trim().parse().ok()).unwrap_or_default()
}

/// A bare application: it answers with the tutorial's script and takes every event.
async fn application(listener: TcpListener, end: impl Future<Output = ()>) {
    let script = Bytes::copy_from_slice(script().as_bytes());
    let json = HeaderValue::from_static("application/json");
    let answer = async || ([(CONTENT_TYPE, json)], script);
    let event = async |_: Bytes| StatusCode::NO_CONTENT;
    let router =
        Router::new().route("/webhooks/answer", get(answer)).route("/webhooks/event", post(event));
    let server = axum::serve(listener, router).into_future();
    tokio::select! {
        served = server => served.unwrap(),
        () = end => {}
    }
}

/// A bare axum handler that returns the same bytes.
async fn bare(listener: TcpListener, path: &str, json: Bytes, end: impl Future<Output = ()>) {
    let handler = async || ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], json);
    let server = axum::serve(listener, Router::new().route(path, get(handler))).into_future();
    tokio::select! {
        served = server => served.unwrap(),
        () = end => {}
    }
}
