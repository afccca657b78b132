//! The event webhook: acknowledged when it is kept.

use std::{
    fmt,
    ops::Deref,
    pin::{Pin, pin},
    sync::Arc,
};

use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use futures_util::FutureExt as _;
use ringback_model::{Kept, webhook::Event};
use tokio::{task::yield_now, time::timeout};

use crate::{
    BoxError, Gate, Keep, NotKept, Rejection, Signed, Verification, crowd::Seat, meters::Watch,
    turns::Turns,
};

/// An event on its way to a handler.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Delivery {
    /// The event, with the JSON it came as: the body of a POST, the restored query of a GET.
    pub event: Kept<Event>,
    /// What is known about its sender.
    pub verification: Verification,
    /// What this delivery is known by, the same in every attempt; none unless events are kept in a journal.
    pub id: Option<Box<str>>,
    /// Which attempt this is; 2 and more only when a handler failed or died before.
    pub attempt: u32,
    /// Whether a later event of its leg was dispatched before, because this one came more than 2 s after it.
    pub late: bool,
}

impl Delivery {
    /// An event that just came.
    pub(crate) fn new(event: Kept<Event>, verification: Verification) -> Self {
        Self { event, verification, id: None, attempt: 1, late: false }
    }

    /// The JSON the event came as.
    #[must_use]
    pub fn json(&self) -> &[u8] {
        self.event.as_bytes().unwrap_or_default()
    }
}

impl Deref for Delivery {
    type Target = Event;
    fn deref(&self) -> &Event {
        &self.event
    }
}

/// What an event handler may return: nothing, or a result whose error is logged.
pub trait IntoOutcome {
    /// The outcome.
    ///
    /// # Errors
    /// The handler's own error.
    fn into_outcome(self) -> Result<(), BoxError>;
}

impl IntoOutcome for () {
    fn into_outcome(self) -> Result<(), BoxError> {
        Ok(())
    }
}

impl<E: Into<BoxError>> IntoOutcome for Result<(), E> {
    fn into_outcome(self) -> Result<(), BoxError> {
        self.map_err(Into::into)
    }
}

type Outcome = Pin<Box<dyn Future<Output = Result<(), BoxError>> + Send>>;

/// Handles events off the request path.
///
/// Made from an `async fn(Delivery)` or from a [`Forward`](crate::Forward).
/// Events of one leg are handled one after the other, others side by side: in order of arrival, or from a journal in
/// the order of the leg's life.
#[derive(Clone)]
pub struct EventHandler(Arc<dyn Fn(Delivery) -> Outcome + Send + Sync>);

impl EventHandler {
    pub(crate) fn handle(&self, delivery: Delivery) -> Outcome {
        self.0(delivery)
    }
}

impl<F, Fut> From<F> for EventHandler
where
    F: Fn(Delivery) -> Fut + Send + Sync + 'static,
    Fut: Future<Output: IntoOutcome> + Send + 'static,
{
    fn from(handler: F) -> Self {
        Self(Arc::new(move |delivery| {
            let outcome = handler(delivery);
            Box::pin(async move { outcome.await.into_outcome() })
        }))
    }
}

impl fmt::Debug for EventHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EventHandler")
    }
}

/// The state of the event route.
pub(crate) struct Eventing {
    pub(crate) gate: Gate,
    pub(crate) keeper: Arc<dyn Keep>,
    pub(crate) turns: Turns,
    pub(crate) watch: Watch,
}

/// The event route.
///
/// Its future is on the heap from the beginning: it is large, and would be moved again and again.
pub(crate) fn route(
    State(eventing): State<Arc<Eventing>>,
    request: Request,
) -> Pin<Box<dyn Future<Output = Response> + Send>> {
    Box::pin(async move {
        let reply = async |request| match eventing.receive(request).await {
            Ok(()) => StatusCode::NO_CONTENT.into_response(),
            Err(rejection) => rejection.into_response(),
        };
        eventing.watch.over(request, reply).await
    })
}

impl Eventing {
    async fn receive(&self, mut request: Request) -> Result<(), Rejection> {
        let limits = self.gate.limited();
        // It has come already where the connection waited for it.
        let seat = request.extensions_mut().remove::<Arc<Seat>>();
        let mut turn = match seat.and_then(|seat| seat.take_turn()) {
            Some(turn) => Some(turn),
            None => self.turns.clone().next().await,
        };
        let mut receiving = pin!(Signed::keep(&self.gate, request));
        let received = match receiving.as_mut().now_or_never() {
            Some(received) => received,
            None => {
                // Nobody waits for a sender who is slow.
                turn = None;
                receiving.await
            }
        };
        let Signed { value: event, verification, .. } = received?;
        let keeping = self.keeper.keep(Delivery::new(event, verification));
        let next = async {
            // Whatever came meanwhile is noticed first.
            yield_now().await;
            drop(turn);
        };
        let (kept, ()) = tokio::join!(timeout(limits.request_time, keeping), next);
        kept.unwrap_or_else(|late| Err(NotKept::Failed(late.into()))).map_err(Rejection::NotKept)
    }
}
