//! The webhook receiver, and what is printed of what it got.

use axum::body::Body;
use bytes::Bytes;
use http::Request;
use ringback_model::{Kept, webhook};
use ringback_tests::{damage::fuzz, rounds};
use ringback_webhook::{Webhooks, answer_log, event_log, tutorial_log};
use tower::ServiceExt as _;

use super::area;

#[test]
fn damaged_webhooks_are_taken_or_refused() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let receiver = {
        let _inside = runtime.enter();
        Webhooks::new(|| 1_700_000_000)
            .answer(async |_: Kept<webhook::Answer>| serde_json::json!([]))
            .event(async |_| ())
            .start()
            .unwrap()
    };
    let router = receiver.router();
    let send = |request: Request<Body>| {
        let reply = runtime.block_on(router.clone().oneshot(request)).unwrap();
        let status = reply.status().as_u16();
        // Nothing that arrives is a fault of the receiver; a full queue is told as 503.
        assert!(status < 500 || status == 503, "{status}");
    };
    let outcome = fuzz("webhook", rounds(1_500), &area("webhook"), |bytes| {
        for path in ["/webhooks/answer", "/webhooks/event"] {
            let body = Body::from(Bytes::copy_from_slice(bytes));
            send(
                Request::post(path).header("content-type", "application/json").body(body).unwrap(),
            );
            // A query is what is left of it once it can stand in an address.
            let query: String = String::from_utf8_lossy(bytes)
                .chars()
                .filter(|c| {
                    c.is_ascii_graphic() && !matches!(c, '#' | '<' | '>' | '`' | '\\' | '^')
                })
                .take(2_000)
                .collect();
            if let Ok(request) = Request::get(format!("{path}?{query}")).body(Body::empty()) {
                send(request);
            }
        }
        if let Ok(answer) = Kept::<webhook::Answer>::from_slice(bytes) {
            drop((tutorial_log(&answer), answer_log(&answer)));
        }
        if let Ok(event) = ringback_model::read::from_slice::<webhook::Event>(bytes) {
            assert!(!event_log(&event).contains('\x1b'), "a terminal is not commanded");
        }
    });
    assert_eq!(outcome, Ok(()));
}
