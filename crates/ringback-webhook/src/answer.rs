//! The answer webhook: never late, never without a script.

use std::{fmt, panic::AssertUnwindSafe, pin::Pin, sync::Arc, time::Duration};

use axum::{
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
};
use futures_util::FutureExt as _;
use ringback_model::{Kept, webhook::Answer};
use tokio::{
    runtime::{Handle, RuntimeFlavor},
    task::JoinHandle,
    time::{Instant, timeout_at},
};

use crate::{
    BoxError, Gate, IntoScript, Rejection, Script, Signed,
    meters::{Meters, Watch},
};

type Outcome = Pin<Box<dyn Future<Output = Result<Script, BoxError>> + Send>>;
type Handler = dyn Fn(Signed<Kept<Answer>>) -> Outcome + Send + Sync;

/// Answers the question of the answer webhook.
///
/// Made from a [`Script`], which is always the answer, from a [`Forward`](crate::Forward),
/// or from an `async fn(Kept<Answer>)` that returns whatever [`IntoScript`] takes.
#[derive(Clone)]
pub struct Answerer(Source);

#[derive(Clone)]
enum Source {
    Fixed(Script),
    Computed(Arc<Handler>),
}

impl Answerer {
    /// Answers with a handler that also wants to know what was verified.
    pub fn new<F, Fut>(handler: F) -> Self
    where
        F: Fn(Signed<Kept<Answer>>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output: IntoScript> + Send + 'static,
    {
        Self(Source::Computed(Arc::new(move |answer| {
            let outcome = handler(answer);
            Box::pin(async move { outcome.await.into_script() })
        })))
    }
}

impl From<Script> for Answerer {
    fn from(script: Script) -> Self {
        Self(Source::Fixed(script))
    }
}

impl<F, Fut> From<F> for Answerer
where
    F: Fn(Kept<Answer>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output: IntoScript> + Send + 'static,
{
    fn from(handler: F) -> Self {
        Self::new(move |answer| handler(answer.value))
    }
}

impl fmt::Debug for Answerer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::Fixed(script) => f.debug_tuple("Fixed").field(script).finish(),
            Source::Computed(_) => f.write_str("Computed"),
        }
    }
}

/// The state of the answer route.
pub(crate) struct Answering {
    pub(crate) gate: Gate,
    pub(crate) answerer: Answerer,
    pub(crate) deadline: Duration,
    pub(crate) safe: Option<Script>,
    pub(crate) meters: Meters,
    pub(crate) watch: Watch,
}

/// The answer route.
pub(crate) async fn route(State(answering): State<Arc<Answering>>, request: Request) -> Response {
    answering.watch.over(request, |request| answering.answer(request)).await
}

impl Answering {
    async fn answer(&self, request: Request) -> Response {
        match &self.answerer.0 {
            // A fixed script needs neither a deadline nor the question, only the right to ask.
            Source::Fixed(script) if self.gate.is_open() && request.method() == Method::GET => {
                self.given(script.clone())
            }
            Source::Fixed(script) => match self.gate.receive(request).await {
                Ok(_) => self.given(script.clone()),
                Err(rejection) => rejection.into_response(),
            },
            Source::Computed(handler) => self.compute(handler, request).await,
        }
    }

    async fn compute(&self, handler: &Arc<Handler>, request: Request) -> Response {
        let deadline = Instant::now() + self.deadline;
        let answer = timeout_at(deadline, Signed::keep(&self.gate, request)).await;
        let answer = match answer.unwrap_or(Err(Rejection::Slow)) {
            Ok(answer) => answer,
            Err(rejection) => return rejection.into_response(),
        };
        match timeout_at(deadline, run(handler, answer)).await {
            Ok(Ok(Ok(script))) => self.given(script),
            Ok(Ok(Err(error))) => self.safe("answer-failed", "failed", &*error),
            Ok(Err(panic)) => self.safe("answer-panicked", "panicked", &*panic),
            Err(late) => self.safe("answer-late", "late", &late),
        }
    }

    /// The script of the handler.
    fn given(&self, script: Script) -> Response {
        self.meters.answered("handler", "handler");
        script.into_response()
    }

    /// The safe script, or without one 503, so that the platform asks again and then its fallback URL.
    fn safe(
        &self,
        code: &'static str,
        outcome: &'static str,
        error: &(dyn std::error::Error + 'static),
    ) -> Response {
        let deadline_ms = self.deadline.as_millis();
        let safe = self.safe.is_some();
        tracing::error!(code, error, deadline_ms, safe, "no script from the answer handler");
        self.meters.answered(outcome, if safe { "safe" } else { "none" });
        match &self.safe {
            Some(script) => script.clone().into_response(),
            None => {
                let retry = [(RETRY_AFTER, HeaderValue::from_static("1"))];
                (StatusCode::SERVICE_UNAVAILABLE, retry).into_response()
            }
        }
    }
}

/// Calls the handler; an error is a panic of it, or the end of the runtime.
async fn run(
    handler: &Arc<Handler>,
    answer: Signed<Kept<Answer>>,
) -> Result<Result<Script, BoxError>, BoxError> {
    let handler = Arc::clone(handler);
    let handling = async move { handler(answer).await };
    if Handle::current().runtime_flavor() == RuntimeFlavor::CurrentThread {
        // Whoever blocks the only thread blocks everything, in whatever task; and a task waits for its turn.
        let ended = AssertUnwindSafe(handling).catch_unwind().await;
        return ended.map_err(|_| "the handler panicked".into());
    }
    // In a task of its own it may block its thread past the deadline.
    let mut task = Aborting(tokio::spawn(handling));
    (&mut task.0).await.map_err(Into::into)
}

/// A task that ends with the request that waits for it.
struct Aborting(JoinHandle<Result<Script, BoxError>>);

impl Drop for Aborting {
    fn drop(&mut self) {
        self.0.abort();
    }
}
