//! A server that answers as it is told, and keeps what it got.

use std::{
    pin::Pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, body::Body, extract::Request, response::Response};
use serde_json::Value;
use tokio::{net::TcpListener, sync::watch};

/// How long a test waits for what has to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the server of the application does with a request.
pub(crate) enum Answer {
    /// 200 and a JSON document.
    Json(Value),
    /// This status, content type and body.
    Raw(u16, &'static str, Vec<u8>),
    /// 302 to this address.
    Redirect(String),
    /// Nothing, ever.
    Hang,
    /// It is done first, and then answered.
    Later(Pin<Box<dyn Future<Output = Value> + Send>>),
}

/// A request that the server got: its path, and its query or body as JSON.
#[derive(Clone, Debug)]
pub(crate) struct Hook {
    pub(crate) path: String,
    pub(crate) said: Value,
}

impl Hook {
    pub(crate) fn text(&self, name: &str) -> &str {
        self.said[name].as_str().unwrap_or_default()
    }
}

/// A server that answers as it is told, and keeps what it got.
pub(crate) struct Server {
    pub(crate) url: String,
    hooks: Arc<Mutex<Vec<Hook>>>,
    arrived: watch::Receiver<usize>,
}

impl Server {
    pub(crate) async fn start(answer: impl Fn(&Hook) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let hooks = Arc::new(Mutex::new(Vec::new()));
        let (tell, arrived) = watch::channel(0);
        let (kept, tell, answer) = (Arc::clone(&hooks), Arc::new(tell), Arc::new(answer));
        let app = Router::new().fallback(move |request: Request| {
            let (kept, tell, answer) = (Arc::clone(&kept), Arc::clone(&tell), Arc::clone(&answer));
            async move {
                let hook = read(request).await;
                let reply = answer(&hook);
                kept.lock().unwrap().push(hook);
                tell.send_modify(|count| *count += 1);
                respond(reply).await
            }
        });
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, hooks, arrived }
    }

    pub(crate) fn hooks(&self) -> Vec<Hook> {
        self.hooks.lock().unwrap().clone()
    }

    /// The first request that is so, as soon as it is there.
    pub(crate) async fn until(&self, what: &str, is: impl Fn(&Hook) -> bool) -> Hook {
        let mut arrived = self.arrived.clone();
        let waiting = async {
            loop {
                arrived.mark_unchanged();
                if let Some(hook) = self.hooks().into_iter().find(&is) {
                    return hook;
                }
                arrived.changed().await.unwrap();
            }
        };
        let found = tokio::time::timeout(PATIENCE, waiting).await.ok();
        found.unwrap_or_else(|| panic!("no {what} among {:#?}", self.hooks()))
    }
}

async fn read(request: Request) -> Hook {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let said = serde_json::from_slice(&body).unwrap_or_else(|_| {
        let query = head.uri.query().unwrap_or_default().split('&');
        let pairs = query.filter_map(|pair| pair.split_once('='));
        pairs.map(|(name, value)| (name.to_owned(), Value::from(value))).collect()
    });
    Hook { path: head.uri.path().to_owned(), said }
}

async fn respond(answer: Answer) -> Response {
    let json = |value: Value| (200, "application/json", value.to_string().into_bytes());
    let (status, kind, body) = match answer {
        Answer::Json(value) => json(value),
        Answer::Raw(status, kind, body) => (status, kind, body),
        Answer::Redirect(to) => {
            let response = Response::builder().status(302).header("location", to);
            return response.body(Body::empty()).unwrap();
        }
        Answer::Hang => std::future::pending().await,
        Answer::Later(work) => json(work.await),
    };
    let response = Response::builder().status(status).header("content-type", kind);
    response.body(Body::from(body)).unwrap()
}
