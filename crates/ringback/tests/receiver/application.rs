//! The application behind a receiver: what it was handed.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinHandle};

/// One event as it was handed over.
#[derive(Clone, Debug)]
pub(crate) struct Handed {
    pub(crate) leg: String,
    pub(crate) status: String,
    pub(crate) delivery: String,
    pub(crate) attempt: u32,
    pub(crate) late: bool,
}

impl Handed {
    /// What tells an event from all others of a run.
    pub(crate) fn event(&self) -> String {
        format!("{} {}", self.leg, self.status)
    }
}

type Log = Arc<Mutex<Vec<Handed>>>;

/// An application that takes everything but legs whose names begin with `bad`.
pub(crate) struct Application {
    pub(crate) address: SocketAddr,
    log: Log,
    server: JoinHandle<()>,
}

impl Application {
    pub(crate) async fn start() -> Self {
        Self::slow(Duration::ZERO).await
    }

    /// One that takes so long for each event.
    pub(crate) async fn slow(time: Duration) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let log = Log::default();
        let router = Router::new()
            .route("/webhooks/event", post(event))
            .with_state((Arc::clone(&log), time));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, log, server }
    }

    pub(crate) fn handed(&self) -> Vec<Handed> {
        self.log.lock().unwrap().clone()
    }

    pub(crate) fn by_event(&self) -> HashMap<String, Vec<Handed>> {
        let mut events: HashMap<String, Vec<Handed>> = HashMap::new();
        for handed in self.handed() {
            events.entry(handed.event()).or_default().push(handed);
        }
        events
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn event(
    State((log, time)): State<(Log, Duration)>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    tokio::time::sleep(time).await;
    let json: Value = serde_json::from_slice(&body).unwrap();
    let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    let text = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
    log.lock().unwrap().push(Handed {
        leg: text("uuid"),
        status: text("status"),
        delivery: header("ringback-delivery").unwrap(),
        attempt: header("ringback-attempt").unwrap().parse().unwrap(),
        late: header("ringback-late").is_some(),
    });
    match text("uuid").starts_with("bad") {
        true => StatusCode::INTERNAL_SERVER_ERROR,
        false => StatusCode::NO_CONTENT,
    }
}
