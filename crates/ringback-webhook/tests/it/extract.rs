//! The extractors in routers of one's own.

use axum::{Extension, Router, http::StatusCode, routing::any};
use ringback_jwt::{WebhookSigner, WebhookVerifier};
use ringback_model::{
    Kept,
    webhook::{Answer, Event},
};
use ringback_webhook::{Gate, Limits, Received, Rejection, Signed};
use secrecy::SecretString;

use crate::{NOW, get, post, send};

#[tokio::test]
async fn received() {
    let router: Router = Router::new()
        .route("/a", any(async |it: Received<Answer>| it.to.clone().unwrap_or_default()))
        .route("/e", any(async |it: Received<Kept<Event>>| it.json))
        .layer(Extension(Limits::new().body(50)));
    for (request, expected) in [
        (get("/a?to=44"), (200, "44")),
        (post("/a", r#"{"to":"44"}"#), (200, "44")),
        (post("/a", r#"{"to":44}"#), (400, "")),
        (get("/e?status=busy&sip_code=486"), (200, r#"{"status":"busy","sip_code":"486"}"#)),
        (post("/e", r#"{ "status": "busy" }"#), (200, r#"{ "status": "busy" }"#)),
        (post("/e", " ".repeat(51)), (413, "")),
    ] {
        let (status, body) = send(router.clone(), request).await;
        assert_eq!((status, body.as_str()), expected);
    }
}

#[tokio::test]
async fn signed_and_its_rejection() {
    async fn handler(event: Result<Signed<Kept<Event>>, Rejection>) -> (StatusCode, String) {
        match event {
            Ok(event) => (StatusCode::OK, event.verification.code().to_owned()),
            Err(rejection) => (rejection.status(), rejection.code().to_owned()),
        }
    }
    let secret = SecretString::from("test-signature-secret-0123456789abcdef");
    let gate = Gate::new(WebhookVerifier::new([&secret]).unwrap(), || NOW);
    let router = Router::new().route("/e", any(handler)).with_state(gate);
    let body = r#"{"status":"busy"}"#;
    let signer = WebhookSigner::new(&secret, "a1b2c3d4").unwrap();
    let token = signer.sign_body(body.as_bytes(), NOW).unwrap();
    let signed = |body: &'static str| {
        let mut request = post("/e", body);
        let value = format!("Bearer {}", token.expose());
        request.headers_mut().insert("authorization", value.parse().unwrap());
        request
    };
    for (request, expected) in [
        (signed(body), (200, "signed")),
        (signed(r#"{"status":"answered"}"#), (401, "payload-hash-mismatch")),
        (post("/e", body), (200, "unsigned")),
        (post("/e", "no"), (400, "not-json")),
        (post("/e", r#"{"status":5}"#), (400, "not-a-webhook")),
    ] {
        let (status, code) = send(router.clone(), request).await;
        assert_eq!((status, code.as_str()), expected);
    }
}
