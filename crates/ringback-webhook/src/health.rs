//! Routes for those who run a receiver.

use std::{fmt, pin::Pin, sync::Arc, time::Duration};

use axum::{
    Router,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::time::timeout;

use crate::{BoxError, Metrics};

/// A check that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(2);

type Outcome = Pin<Box<dyn Future<Output = Result<(), BoxError>> + Send>>;
type Check = (&'static str, Arc<dyn Fn() -> Outcome + Send + Sync>);

/// `/healthz`, `/readyz` and `/metrics`, to be merged into a router.
///
/// * `/healthz`: the process runs and answers.
/// * `/readyz`: every check passes; otherwise 503 and one sentence that says which does not, and why.
/// * `/metrics`: what is counted, for Prometheus.
///
/// They tell how a service is doing, so a proxy should not hand them on to the internet.
#[derive(Clone)]
pub struct Health {
    metrics: Metrics,
    checks: Vec<Check>,
}

impl Health {
    /// Ready from the beginning.
    #[must_use]
    pub fn new(metrics: &Metrics) -> Self {
        Self { metrics: metrics.clone(), checks: Vec::new() }
    }

    /// Ready only while this passes; it is asked on each request, and has two seconds.
    ///
    /// The error is shown as one sentence behind the name.
    #[must_use]
    pub fn check<F, Fut>(mut self, name: &'static str, check: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        self.checks.push((name, Arc::new(move || Box::pin(check()))));
        self
    }

    /// The routes.
    pub fn router(self) -> Router {
        let Self { metrics, checks } = self;
        let checks: Arc<[Check]> = checks.into();
        let text = move || {
            let text = metrics.text();
            async move { ([(CONTENT_TYPE, Metrics::CONTENT_TYPE)], text) }
        };
        Router::new()
            .route("/healthz", get(async || "ok\n"))
            .route("/readyz", get(move || ready(Arc::clone(&checks))))
            .route("/metrics", get(text))
    }
}

async fn ready(checks: Arc<[Check]>) -> Response {
    for (name, check) in checks.iter() {
        let failure = match timeout(PATIENCE, check()).await {
            Ok(Ok(())) => continue,
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {} s", PATIENCE.as_secs()),
        };
        tracing::warn!(code = "not-ready", check = name, failure, "not ready");
        let line = failure.lines().next().unwrap_or_default();
        return (StatusCode::SERVICE_UNAVAILABLE, format!("{name}: {line}\n")).into_response();
    }
    "ok\n".into_response()
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.checks.iter().map(|(name, _)| name).collect();
        f.debug_struct("Health").field("checks", &names).finish_non_exhaustive()
    }
}
