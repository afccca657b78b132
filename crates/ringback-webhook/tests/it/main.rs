//! The receiver from outside: requests in, replies and handled events out.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod answer;
mod bounded;
mod corpus;
mod crowd;
mod event;
mod extract;
mod forge;
mod forward;
#[cfg(feature = "journal")]
mod journal;
mod metrics;
mod secrets;
mod socket;
mod verify;
mod wire;

use axum::{Router, body::Body, http::Request, response::Response};
use ringback_model::{Kept, webhook::Answer};
use ringback_webhook::{Receiver, Webhooks};
use tower::ServiceExt;

/// The moment of the published test vector.
pub(crate) const NOW: i64 = 1_700_000_000;

pub(crate) fn webhooks() -> Webhooks {
    Webhooks::new(|| NOW)
}

/// A receiver that answers `[]` and ignores events.
pub(crate) fn both(webhooks: Webhooks) -> Receiver {
    webhooks
        .answer(async |_: Kept<Answer>| serde_json::json!([]))
        .event(async |_| ())
        .start()
        .unwrap()
}

pub(crate) async fn send(router: Router, request: Request<Body>) -> (u16, String) {
    let response = router.oneshot(request).await.unwrap();
    (response.status().as_u16(), text(response).await)
}

pub(crate) async fn text(response: Response) -> String {
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

pub(crate) fn get(uri: &str) -> Request<Body> {
    Request::get(uri).body(Body::empty()).unwrap()
}

pub(crate) fn post(uri: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post(uri).header("content-type", "application/json").body(body.into()).unwrap()
}
