//! Requests that are refused at the edge, and addresses whose secrets nobody is shown.

use reqwest::{Method, header::HeaderValue};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::harness::{API_KEY, API_SECRET, App, Platform, Reply, config};

const ME: &str = "/v1/conversations/CON-11111111-2222-4333-8444-555555555555/members/me";

async fn with_secret(platform: &Platform, method: Method, path: &str, body: &Value) -> Reply {
    let request = platform.request(method, path).basic_auth(API_KEY, Some(API_SECRET));
    platform.send(request.json(body)).await
}

#[tokio::test]
async fn keys_that_verify_nothing_are_refused() {
    let platform = Platform::auto().await;
    let damaged = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";
    let own = format!("/v2/applications/{}", platform.application());
    let with_key = |key: &str| json!({"name": "Own", "keys": {"public_key": key}});
    for (method, path) in [(Method::POST, "/v2/applications"), (Method::PUT, own.as_str())] {
        let reply = with_secret(&platform, method, path, &with_key(damaged)).await;
        assert_eq!(reply.status, 400, "{path}: {}", reply.text);
        assert_eq!(reply.header("ringback-reason"), "public-key-unusable");
        assert_eq!(
            reply.json()["invalid_parameters"],
            json!([{
                "name": "keys.public_key",
                "reason": "must be an RSA public key of at least 2048 bits in PEM format"
            }])
        );
        let hint = reply.header("ringback-hint");
        assert!(hint.starts_with("keys.public_key: the key is not a valid RSA key"), "{hint}");
    }
    // Nothing changed, and there is nothing new.
    assert_eq!(platform.with_token("/v1/conversations").await.status, 200);
    let gone = "/v2/applications/none";
    let reply = with_secret(&platform, Method::PUT, gone, &with_key(damaged)).await;
    assert_eq!(reply.header("ringback-reason"), "application-unknown");
    let public = with_secret(&platform, Method::GET, &own, &Value::Null).await.json();
    let public = public["keys"]["public_key"].as_str().unwrap().to_owned();
    for key in [public.as_str(), " "] {
        let made = with_secret(&platform, Method::PUT, &own, &with_key(key)).await;
        assert_eq!(made.status, 200, "{}", made.text);
    }
}

#[tokio::test]
async fn a_header_that_is_no_text_is_not_a_missing_one() {
    let platform = Platform::auto().await;
    for (path, reason) in [(ME, "token-malformed"), ("/v2/applications", "credentials-scheme")] {
        let value = HeaderValue::from_bytes(b"Bearer \xff\xfe").unwrap();
        let request = platform.request(Method::GET, path).header("authorization", value);
        let reply = platform.send(request).await;
        assert_eq!((reply.status.as_u16(), reply.header("ringback-reason")), (401, reason));
    }
    let value = HeaderValue::from_bytes(b"http://\xff.example").unwrap();
    let request = platform.request(Method::GET, "/healthz").header("origin", value);
    let reply = platform.send(request).await;
    assert_eq!(reply.header("ringback-reason"), "origin-not-allowed");
}

#[tokio::test]
async fn the_control_api_says_what_it_takes() {
    let platform = Platform::auto().await;
    let advance = "/_ringback/clock/advance";
    let negative = json!({"milliseconds": -5});
    let check = async |method: Method, path: &str, body: Option<&Value>, hint: &str| {
        let mut request = platform.request(method, path);
        if let Some(body) = body {
            request = request.json(body);
        }
        let reply = platform.send(request).await;
        assert_eq!(reply.header("ringback-hint"), hint, "{}", reply.text);
    };
    let post = Method::POST;
    check(
        post.clone(),
        advance,
        Some(&negative),
        "`milliseconds` must be greater than or equal to 0, but it is integer `-5`; send a number \
         that is at least 0",
    )
    .await;
    check(post, advance, None, "the body is empty; send JSON").await;
    check(
        Method::DELETE,
        "/_ringback/clock/hold/77",
        None,
        "there is no lease `77`; nothing has to be released: leases end by themselves when their \
         time is over; POST /_ringback/clock/hold gives a new one",
    )
    .await;
}

#[tokio::test]
async fn secrets_of_webhook_addresses_are_sent_and_not_shown() {
    let platform = Platform::start(config().clock(ringback_emulator::ClockMode::Auto)).await;
    let mut app = App::connecting().await;
    platform.connect(&app).await;
    let path = format!("/v2/applications/{}", platform.application());
    let host = app.url.strip_prefix("http://").unwrap();
    let address = |path: &str| format!("http://user:planted-pw@{host}{path}?token=planted-token");
    let body = json!({"name": "Test", "capabilities": {"voice": {"webhooks": {
        "answer_url": {"address": address("/webhooks/answer"), "http_method": "GET"},
        "event_url": {"address": address("/webhooks/event"), "http_method": "POST"},
    }}}});
    let reply = with_secret(&platform, Method::PUT, &path, &body).await;
    assert!(reply.text.contains("planted-pw"), "{}", reply.text);
    let call = platform.call().await;
    app.wait_for("answered inbound", 1).await;
    let answers = async |app: &mut App, count| {
        let hooks = app.wait_for("answer", count).await;
        let answers = hooks.into_iter().filter(|hook| hook.name() == "answer");
        answers.map(|hook| hook.query).collect::<Vec<_>>()
    };
    let sent = answers(&mut app, 1).await;
    assert!(sent[0].starts_with("token=planted-token&"), "{sent:?}");
    let id = call["id"].as_str().unwrap();
    for path in
        [format!("/_ringback/webhooks?call={id}"), format!("/_ringback/calls/{id}/transcript")]
    {
        let shown = platform.get(&path).await.text;
        assert!(shown.contains("http://user:***@") && !shown.contains("planted"), "{shown}");
    }
    let kept = platform.get("/_ringback/webhooks").await.json();
    let kept = kept["webhooks"].as_array().unwrap();
    let answer = &kept.iter().find(|hook| hook["kind"] == "answer").unwrap()["id"];
    let replay = format!("/_ringback/webhooks/{answer}/replay");
    let replayed = platform.control(Method::POST, &replay, None).await;
    assert!(!replayed.to_string().contains("planted"), "{replayed}");
    assert_eq!(answers(&mut app, 2).await, [sent[0].as_str(), &sent[0]]);

    let body = json!({"name": "Test", "capabilities": {"voice": {"webhooks": {
        "answer_url": {"address": "ftp://user:planted-pw@h/?token=planted-token"}}}}});
    let reply = with_secret(&platform, Method::PUT, &path, &body).await;
    assert_eq!(reply.status, 400);
    let refusals = platform.get("/_ringback/refusals").await.text;
    assert!(refusals.contains("answer_url") && !refusals.contains("planted"), "{refusals}");
}

#[tokio::test]
async fn a_body_that_nothing_announces_is_not_the_next_request() {
    let platform = Platform::auto().await;
    let mut stream = tokio::net::TcpStream::connect(platform.emulator.address()).await.unwrap();
    let hold = platform.control(Method::POST, "/_ringback/clock/hold", None).await;
    let request = format!(
        "DELETE /_ringback/clock/hold/{} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: \
         application/json\r\n\r\n{{}}",
        hold["lease"]
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.unwrap();
    assert!(reply.starts_with("HTTP/1.1 204 "), "{reply}");
    assert_eq!(reply.matches("HTTP/1.1").count(), 1, "{reply}");
}
