//! Signed webhooks, and everything that only looks like one.

use axum::{
    body::Body,
    http::{HeaderValue, Request},
};
use ringback_jwt::{payload_hash, query_payload};
use ringback_webhook::{Receiver, Verification, Webhooks};
use secrecy::SecretString;

use crate::{
    both,
    forge::{APPLICATION, BODY, Forge, QUERY, QUERY_HASH, SECRET, TOKEN},
    get, post, send, webhooks,
};

fn secret(text: &str) -> SecretString {
    SecretString::from(text)
}

fn secured() -> Webhooks {
    webhooks().secret(secret(SECRET)).application_id(APPLICATION)
}

fn strict() -> Receiver {
    both(secured().strict(true))
}

fn lenient() -> Receiver {
    both(secured())
}

fn with(mut request: Request<Body>, authorization: &str) -> Request<Body> {
    request
        .headers_mut()
        .append("authorization", HeaderValue::from_bytes(authorization.as_bytes()).unwrap());
    request
}

fn event(body: &str, token: &str) -> Request<Body> {
    with(post("/webhooks/event", body.to_owned()), &format!("Bearer {token}"))
}

fn answer(query: &str, token: &str) -> Request<Body> {
    with(get(&format!("/webhooks/answer?{query}")), &format!("Bearer {token}"))
}

#[tokio::test]
async fn the_published_vector() {
    assert_eq!(send(strict().router(), event(BODY, TOKEN)).await, (204, String::new()));
    let signed = Forge::new(QUERY_HASH).text();
    assert_eq!(send(strict().router(), answer(QUERY, &signed)).await, (200, "[]".to_owned()));
}

/// A right signature that does not cover the query: strict refuses, lenient marks.
#[tokio::test]
async fn queries_that_are_not_covered() {
    let signed = Forge::new(QUERY_HASH).text();
    let bare = Forge::new(QUERY_HASH).without("payload_hash").text();
    let doubled = format!("{QUERY}&to=1");
    for (said, query, token) in [
        ("altered", QUERY.replace("0001", "0002"), &signed),
        (
            "reordered",
            "from=447700900001&to=447700900000&uuid=797168e24c19a3c45e74e05b10fef2b5".to_owned(),
            &signed,
        ),
        ("one more", doubled, &signed),
        ("none", String::new(), &signed),
        ("no hash", QUERY.to_owned(), &bare),
    ] {
        let covered = payload_hash(query_payload(&query).as_bytes()) == QUERY_HASH;
        assert_eq!(covered, said == "no hash");
        let reply = send(strict().router(), answer(&query, token)).await;
        assert_eq!(reply, (401, String::new()), "{said}");
        let marks = marks(answer(&query, token)).await;
        assert_eq!(marks, "query-unauthenticated", "{said}");
    }
}

#[tokio::test]
async fn unsigned_webhooks() {
    for request in [
        || post("/webhooks/event", BODY),
        || get(&format!("/webhooks/answer?{QUERY}")),
        || with(post("/webhooks/event", BODY), ""),
        || with(post("/webhooks/event", BODY), "Bearer "),
    ] {
        let response = tower::ServiceExt::oneshot(strict().router(), request()).await.unwrap();
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()["retry-after"], "1");
        assert!(matches!(send(lenient().router(), request()).await.0, 200 | 204));
        assert!(matches!(send(both(webhooks()).router(), request()).await.0, 200 | 204));
    }
    assert_eq!(marks(get(&format!("/webhooks/answer?{QUERY}"))).await, "unsigned");
    assert_eq!(marks(answer(QUERY, &Forge::new(QUERY_HASH).text())).await, "signed");
    assert_eq!(Verification::Off.code(), "off");
}

#[tokio::test]
async fn a_fixed_script_is_for_verified_callers_only() {
    let router = secured()
        .strict(true)
        .answer(ringback_webhook::Script::from_bytes("[]"))
        .start()
        .unwrap()
        .router();
    let signed = Forge::new(QUERY_HASH).text();
    assert_eq!(send(router.clone(), answer(QUERY, &signed)).await, (200, "[]".to_owned()));
    assert_eq!(send(router.clone(), answer(&format!("{QUERY}&a"), &signed)).await.0, 401);
    assert_eq!(send(router, get(&format!("/webhooks/answer?{QUERY}"))).await.0, 503);
}

/// What a lenient receiver says about an answer webhook.
async fn marks(request: Request<Body>) -> String {
    let answerer = ringback_webhook::Answerer::new(async |answer: ringback_webhook::Signed<_>| {
        ringback_webhook::Script::from_bytes(answer.verification.code())
    });
    send(secured().answer(answerer).start().unwrap().router(), request).await.1
}
