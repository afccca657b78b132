//! Signed webhooks, and everything that only looks like one.

use axum::{
    body::Body,
    http::{HeaderValue, Request},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::hmac;
use ringback_jwt::{KeyPair, WebhookSigner, payload_hash, query_payload};
use ringback_webhook::{Receiver, Verification, Webhooks};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::{NOW, both, get, post, send, webhooks};

/// The published test vector: secret, body, token.
const SECRET: &str = "test-signature-secret-0123456789abcdef";
const BODY: &str =
    r#"{"conversation_uuid":"CON-11111111-2222-4333-8444-555555555555","status":"answered"}"#;
const TOKEN: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpYXQiOjE3MDAwMDAwMDAsImp0aSI6IjAwMDAwMDAwLTAwMDAtNDAwMC04MDAwLTAwMDAwMDAwMDAwMSIsImlzcyI6IlZvbmFnZSIsInBheWxvYWRfaGFzaCI6IjBhY2JhYjVmMmVkOGI0ODE4ZTdlYjQyZDI4MzRlNzQxYTQ0NmMxMjlmNDkzYzM1NGU0OGI1Yzg5Y2YyYWZjYmUiLCJhcGlfa2V5IjoiYTFiMmMzZDQiLCJhcHBsaWNhdGlvbl9pZCI6ImFhYWFhYWFhLWJiYmItNGNjYy04ZGRkLTAxMjM0NTY3ODlhYiJ9.IchHUExaUYJJy5hY97Ye3_RlWccjtg_uH-gvBSk1Z-U";

/// A GET of the answer webhook and its documented hash.
const QUERY: &str = "to=447700900000&from=447700900001&uuid=797168e24c19a3c45e74e05b10fef2b5";
const QUERY_HASH: &str = "491d99fd4787fefcaa375a1fac4f01a6df74c57339a75253169998ebb9634d06";

fn secret(text: &str) -> SecretString {
    SecretString::from(text)
}

fn secured() -> Webhooks {
    webhooks().secret(secret(SECRET)).application_id("aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab")
}

fn strict() -> Receiver {
    both(secured().strict(true))
}

fn lenient() -> Receiver {
    both(secured())
}

/// The claims of the platform for this hash.
fn claims(payload_hash: &str) -> Value {
    json!({
        "iat": NOW,
        "jti": "00000000-0000-4000-8000-000000000001",
        "iss": "Vonage",
        "payload_hash": payload_hash,
        "api_key": "a1b2c3d4",
        "application_id": "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab",
    })
}

/// The claims with one of them changed, or left out with null.
fn but(payload_hash: &str, name: &str, value: Value) -> Value {
    let mut claims = claims(payload_hash);
    match value {
        Value::Null => claims.as_object_mut().unwrap().remove(name),
        value => claims.as_object_mut().unwrap().insert(name.to_owned(), value),
    };
    claims
}

fn token(header: &Value, claims: &Value, secret: &str) -> String {
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let text = format!("{}.{}", part(header), part(claims));
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&key, text.as_bytes()));
    format!("{text}.{signature}")
}

fn hs256(claims: &Value) -> String {
    token(&json!({"alg": "HS256", "typ": "JWT"}), claims, SECRET)
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
    let signed = hs256(&claims(QUERY_HASH));
    assert_eq!(send(strict().router(), answer(QUERY, &signed)).await, (200, "[]".to_owned()));
}

#[tokio::test]
async fn accepted_forms() {
    let hash = payload_hash(BODY.as_bytes());
    let spaced = BODY.replace(':', ": ").replace(',', ", ");
    let signer = WebhookSigner::new(&secret(SECRET), "a1b2c3d4").unwrap();
    let rotated = both(webhooks().secret(secret("old")).secret(secret(SECRET)).strict(true));
    let empty = payload_hash(b"");
    let raw = payload_hash(QUERY.as_bytes());
    let mut routed = with(post("/webhooks/event", BODY), "Bearer of.another.router");
    routed.headers_mut().insert("x-vonage-webhook-auth-token", TOKEN.parse().unwrap());
    for (receiver, request) in [
        (strict(), event(BODY, signer.sign_body(BODY.as_bytes(), NOW).unwrap().expose())),
        (strict(), with(post("/webhooks/event", BODY), &format!("bearer  {TOKEN}"))),
        (strict(), event(&spaced, TOKEN)),
        (strict(), event(BODY, &hs256(&but(&hash, "iat", json!(NOW - 300))))),
        (strict(), event(BODY, &hs256(&but(&hash, "iat", json!(NOW + 300))))),
        (strict(), event(BODY, &hs256(&but(&hash, "application_id", Value::Null)))),
        (strict(), event(BODY, &hs256(&but(&hash, "exp", json!(NOW + 60))))),
        (strict(), answer(QUERY, signer.sign_query(QUERY, NOW).unwrap().expose())),
        (strict(), answer(QUERY, &hs256(&claims(&empty)))),
        (strict(), answer(QUERY, &hs256(&claims(&raw)))),
        (rotated, event(BODY, TOKEN)),
        (strict(), routed),
    ] {
        let said = format!("{request:?}");
        let (status, _) = send(receiver.router(), request).await;
        assert!(matches!(status, 200 | 204), "{status} {said}");
    }
}

/// Every wrong request is refused by strict and lenient receivers, without a word of why.
#[tokio::test]
async fn refused_forms() {
    let (body_hash, query_hash) = (payload_hash(BODY.as_bytes()), QUERY_HASH.to_owned());
    let pair = KeyPair::generate().unwrap();
    let good = hs256(&claims(&body_hash));
    let (header_and_claims, signature) = TOKEN.rsplit_once('.').unwrap();
    let mut wrong_claims: Vec<(&str, &str, Value)> = vec![
        ("old", "iat", json!(NOW - 301)),
        ("ancient", "iat", json!(0)),
        ("negative", "iat", json!(-NOW)),
        ("from the future", "iat", json!(NOW + 301)),
        ("from the far future", "iat", json!(i64::MAX)),
        ("no iat", "iat", Value::Null),
        ("iat as a word", "iat", json!("now")),
        ("iat as a list", "iat", json!([NOW])),
        ("expired", "exp", json!(NOW - 1000)),
        ("of nobody", "iss", Value::Null),
        ("of somebody else", "iss", json!("Somebody")),
        ("in another case", "iss", json!("vonage")),
        ("without an account", "api_key", Value::Null),
        ("without an id", "jti", Value::Null),
        ("an id that is a number", "jti", json!(1)),
        ("another application", "application_id", json!("bbbbbbbb-bbbb-4ccc-8ddd-0123456789ab")),
    ];
    let mut cases: Vec<(String, Request<Body>)> = Vec::new();
    for (said, name, value) in wrong_claims.drain(..) {
        let body_token = hs256(&but(&body_hash, name, value.clone()));
        cases.push((format!("POST {said}"), event(BODY, &body_token)));
        let query_token = hs256(&but(&query_hash, name, value));
        cases.push((format!("GET {said}"), answer(QUERY, &query_token)));
    }
    let none = json!({"alg": "none", "typ": "JWT"});
    let rs256 = json!({"alg": "RS256", "typ": "JWT"});
    for (said, bad) in [
        ("wrong secret", token(&json!({"alg": "HS256"}), &claims(&body_hash), "another")),
        ("empty secret", token(&json!({"alg": "HS256"}), &claims(&body_hash), "")),
        ("alg none", token(&none, &claims(&body_hash), SECRET)),
        (
            "alg none, unsigned",
            format!("{}.", token(&none, &claims(&body_hash), "").rsplit_once('.').unwrap().0),
        ),
        ("alg None", token(&json!({"alg": "None"}), &claims(&body_hash), SECRET)),
        ("alg HS512", token(&json!({"alg": "HS512"}), &claims(&body_hash), SECRET)),
        ("alg RS256", token(&rs256, &claims(&body_hash), SECRET)),
        ("alg RS256, HMAC with a public key", token(&rs256, &claims(&body_hash), &pair.public_key)),
        (
            "HMAC with a public key",
            token(&json!({"alg": "HS256"}), &claims(&body_hash), &pair.public_key),
        ),
        ("no alg", token(&json!({"typ": "JWT"}), &claims(&body_hash), SECRET)),
        ("alg is a list", token(&json!({"alg": ["HS256"]}), &claims(&body_hash), SECRET)),
        ("a real RS256 token", real_rs256(&pair)),
        ("no signature", format!("{header_and_claims}.")),
        ("two parts", header_and_claims.to_owned()),
        ("four parts", format!("{TOKEN}.{signature}")),
        ("truncated", TOKEN[..TOKEN.len() - 1].to_owned()),
        ("lengthened", format!("{TOKEN}A")),
        ("padded", format!("{TOKEN}=")),
        ("standard base64", format!("{header_and_claims}.{}", signature.replace(['_', '-'], "+"))),
        (
            "another signature",
            format!("{}.{signature}", hs256(&claims(&body_hash)).rsplit_once('.').unwrap().0),
        ),
        (
            "header changed",
            format!(
                "{}.{}",
                URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","x":1}"#),
                TOKEN.split_once('.').unwrap().1
            ),
        ),
        ("claims are a list", token(&json!({"alg": "HS256"}), &json!([]), SECRET)),
        ("claims are null", token(&json!({"alg": "HS256"}), &json!(null), SECRET)),
        ("dots", "..".to_owned()),
        ("one word", "token".to_owned()),
        ("huge", format!("{}.{}.{signature}", TOKEN.split('.').next().unwrap(), "A".repeat(5000))),
        ("no payload hash", hs256(&but(&body_hash, "payload_hash", Value::Null))),
        ("empty payload hash", hs256(&claims(""))),
        ("half a payload hash", hs256(&claims(&body_hash[..32]))),
        ("hash of nothing", hs256(&claims(&payload_hash(b"")))),
        ("hash of another body", hs256(&claims(&payload_hash(b"{}")))),
    ] {
        cases.push((format!("POST {said}"), event(BODY, &bad)));
    }
    for (said, body) in [
        ("another body", BODY.replace("answered", "rejected")),
        ("one more byte", format!("{BODY}}}")),
        ("one less byte", BODY[..BODY.len() - 1].to_owned()),
        ("another order", r#"{"status":"answered","conversation_uuid":"CON-11111111-2222-4333-8444-555555555555"}"#.to_owned()),
        ("no body", String::new()),
        ("space within a text", BODY.replace("CON-", "CON- ")),
    ] {
        cases.push((format!("POST {said}"), event(&body, TOKEN)));
    }
    let invalid = [BODY.as_bytes(), &[0xff]].concat();
    let not_utf8 = with(post("/webhooks/event", invalid), &format!("Bearer {TOKEN}"));
    cases.push(("POST not UTF-8".to_owned(), not_utf8));
    let authorized = |value: &str| with(post("/webhooks/event", BODY), value);
    cases.extend([
        ("basic".to_owned(), authorized("Basic YTpi")),
        ("another scheme".to_owned(), authorized(&format!("Token {TOKEN}"))),
        ("no scheme".to_owned(), authorized(TOKEN)),
        ("two headers".to_owned(), with(event(BODY, TOKEN), &format!("Bearer {good}"))),
        ("the same twice".to_owned(), with(event(BODY, TOKEN), &format!("Bearer {TOKEN}"))),
        ("two in one".to_owned(), authorized(&format!("Bearer {TOKEN}, Bearer {TOKEN}"))),
        ("header not UTF-8".to_owned(), {
            let mut request = post("/webhooks/event", BODY);
            let value = HeaderValue::from_bytes(b"Bearer \xff.\xff.\xff").unwrap();
            request.headers_mut().insert("authorization", value);
            request
        }),
        ("a GET with a wrong secret".to_owned(), {
            answer(QUERY, &token(&json!({"alg": "HS256"}), &claims(QUERY_HASH), "another"))
        }),
        (
            "a GET with alg none".to_owned(),
            answer(QUERY, &token(&none, &claims(QUERY_HASH), SECRET)),
        ),
    ]);
    assert!(cases.len() >= 60, "{}", cases.len());
    let (strict, lenient) = (strict().router(), lenient().router());
    for (said, request) in cases {
        let (parts, body) = request.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        for router in [&strict, &lenient] {
            let request = Request::from_parts(parts.clone(), Body::from(body.clone()));
            assert_eq!(send(router.clone(), request).await, (401, String::new()), "{said}");
        }
    }
}

fn real_rs256(pair: &KeyPair) -> String {
    let signer = ringback_jwt::Signer::from_pem(pair.private_key.expose_secret()).unwrap();
    let claims = ringback_jwt::Claims::new("aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab");
    signer.mint(&claims, NOW).unwrap().expose().to_owned()
}

/// A right signature that does not cover the query: strict refuses, lenient marks.
#[tokio::test]
async fn queries_that_are_not_covered() {
    let signed = hs256(&claims(QUERY_HASH));
    let bare = hs256(&but(QUERY_HASH, "payload_hash", Value::Null));
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
    assert_eq!(marks(answer(QUERY, &hs256(&claims(QUERY_HASH)))).await, "signed");
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
    let signed = hs256(&claims(QUERY_HASH));
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
