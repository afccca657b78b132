use std::{sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::Request, response::Response};
use ringback_jwt::{Payload as Signed, WebhookVerifier};
use ringback_model::HttpMethod;
use secrecy::SecretString;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::mpsc,
};

use super::*;
use crate::webhook::envelope::tests::envelope;

const SECRET: &str = "test-signature-secret-0123456789abcdef";
const EVENT: &str = r#"{"conversation_uuid":"CON-11111111-2222-4333-8444-555555555555","status":"answered","rate":null,"headers":{}}"#;

fn sender(maps: Vec<Mapping>) -> Sender {
    let signer = WebhookSigner::new(&SecretString::from(SECRET), "a1b2c3d4").unwrap();
    Sender::new(signer, maps, WallClock::system(), Trust::System).unwrap()
}

struct Arrived {
    method: String,
    target: String,
    content_type: Option<String>,
    token: Option<String>,
    body: Bytes,
}

/// A server that tells what arrives and answers each time with what the function makes.
async fn receiver(answer: fn() -> Response) -> (String, mpsc::UnboundedReceiver<Arrived>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (tell, arrived) = mpsc::unbounded_channel();
    let tell = Arc::new(tell);
    let app = Router::new().fallback(move |request: Request| {
        let tell = Arc::clone(&tell);
        async move {
            let (head, body) = request.into_parts();
            let text = |name: header::HeaderName| {
                head.headers.get(name).map(|value| value.to_str().unwrap().to_owned())
            };
            let arrived = Arrived {
                method: head.method.to_string(),
                target: head.uri.to_string(),
                content_type: text(header::CONTENT_TYPE),
                token: text(header::AUTHORIZATION),
                body: axum::body::to_bytes(body, usize::MAX).await.unwrap(),
            };
            tell.send(arrived).unwrap();
            answer()
        }
    });
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (url, arrived)
}

fn ncco() -> Response {
    let response = Response::builder().header("content-type", "application/json");
    response.body(Body::from("[]")).unwrap()
}

fn failure(sending: Sending) -> (WebhookFailure, String) {
    match sending.outcome {
        WebhookOutcome::Failed { failure, explanation } => (failure, explanation),
        WebhookOutcome::Reply { status, .. } => panic!("a reply with status {status}"),
    }
}

#[tokio::test]
async fn a_post_is_signed_json_byte_for_byte() {
    let (url, mut arrived) = receiver(ncco).await;
    let envelope = envelope(HttpMethod::Post, &format!("{url}/webhooks/event?tenant=1"));
    let outcome =
        sender(vec![]).send(&envelope, &Bytes::from_static(EVENT.as_bytes())).await.outcome;
    assert!(
        matches!(&outcome, WebhookOutcome::Reply { status: 200, content_type: Some(kind), body }
            if kind == "application/json" && body == "[]"),
        "{outcome:?}"
    );
    let arrived = arrived.recv().await.unwrap();
    assert_eq!(
        (arrived.method.as_str(), arrived.target.as_str()),
        ("POST", "/webhooks/event?tenant=1")
    );
    assert_eq!(arrived.content_type.as_deref(), Some("application/json"));
    assert_eq!(arrived.body, EVENT);
    let token = arrived.token.unwrap();
    let token = token.strip_prefix("Bearer ").unwrap();
    let verifier = WebhookVerifier::new([&SecretString::from(SECRET)])
        .unwrap()
        .api_key("a1b2c3d4")
        .application_id("aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab");
    let now = WallClock::system().now().as_secs();
    let claims = verifier.verify_body(token, &arrived.body, now).unwrap();
    assert_eq!(claims.payload, Signed::Body);
}

#[tokio::test]
async fn a_get_is_signed_over_its_query_as_an_object() {
    let (url, mut arrived) = receiver(ncco).await;
    let envelope = envelope(HttpMethod::Get, &format!("{url}/webhooks/answer"));
    // The documented example of the rule for GET, hash included.
    let json =
        r#"{"to":"447700900000","from":"447700900001","uuid":"797168e24c19a3c45e74e05b10fef2b5"}"#;
    sender(vec![]).send(&envelope, &Bytes::from_static(json.as_bytes())).await;
    let arrived = arrived.recv().await.unwrap();
    assert_eq!(
        (arrived.method.as_str(), arrived.target.as_str()),
        (
            "GET",
            "/webhooks/answer?to=447700900000&from=447700900001&uuid=797168e24c19a3c45e74e05b10fef2b5"
        )
    );
    assert_eq!((arrived.content_type, arrived.body.len()), (None, 0));
    let token = arrived.token.unwrap();
    let claims = ringback_jwt::inspect(token.strip_prefix("Bearer ").unwrap()).unwrap().claims;
    assert_eq!(
        claims["payload_hash"],
        "491d99fd4787fefcaa375a1fac4f01a6df74c57339a75253169998ebb9634d06"
    );
    assert_eq!((&claims["iss"], &claims["api_key"]), (&"Vonage".into(), &"a1b2c3d4".into()));
    assert!(claims.get("aud").is_none() && claims.get("exp").is_none());
}

#[tokio::test]
async fn an_unsigned_webhook_has_no_token_and_a_redirect_is_a_reply() {
    let (url, mut arrived) = receiver(|| {
        Response::builder()
            .status(302)
            .header("location", "/elsewhere")
            .body(Body::empty())
            .unwrap()
    })
    .await;
    let envelope = Envelope { signed: false, ..envelope(HttpMethod::Post, &url) };
    let outcome = sender(vec![]).send(&envelope, &Bytes::from_static(b"{}")).await.outcome;
    assert!(matches!(outcome, WebhookOutcome::Reply { status: 302, .. }), "{outcome:?}");
    assert_eq!(arrived.recv().await.unwrap().token, None);
    assert!(arrived.try_recv().is_err());
}

#[tokio::test]
async fn public_addresses_are_mapped() {
    let (url, mut arrived) = receiver(ncco).await;
    let map = Mapping::parse(&format!("https://demo.example/app={url}")).unwrap();
    let envelope = envelope(HttpMethod::Post, "https://demo.example/app/event");
    sender(vec![map]).send(&envelope, &Bytes::from_static(b"{}")).await;
    assert_eq!(arrived.recv().await.unwrap().target, "/event");
}

#[tokio::test]
async fn failures_have_a_kind_and_a_sentence() {
    let check = async |url: &str, expected: WebhookFailure, sentence: &str| {
        let envelope = Envelope { socket_timeout: 1000, ..envelope(HttpMethod::Post, url) };
        let (failure, explanation) =
            failure(sender(vec![]).send(&envelope, &Bytes::from_static(b"{}")).await);
        assert_eq!(failure, expected, "{url}: {explanation}");
        assert!(explanation.contains(sentence), "{url}: {explanation}");
    };
    check("not an address", WebhookFailure::BadAddress, "not an http address").await;
    check("ftp://127.0.0.1/", WebhookFailure::BadAddress, "not an http address").await;

    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = nobody.local_addr().unwrap();
    drop(nobody);
    check(&format!("http://{address}"), WebhookFailure::Connection, "nothing listens").await;

    // Takes connections and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap();
    check(&format!("http://{address}"), WebhookFailure::SocketTimeout, "within 1000 ms").await;

    // Cuts every connection after the request.
    let cutter = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = cutter.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = cutter.accept().await {
            let mut bytes = [0; 1024];
            let _read = stream.read(&mut bytes).await;
            let _written = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n").await;
        }
    });
    check(&format!("http://{address}"), WebhookFailure::Connection, "cut the connection").await;
    check(&format!("https://{address}"), WebhookFailure::Tls, "does not speak TLS").await;
}

#[tokio::test]
async fn a_reply_is_read_up_to_its_limit() {
    let (url, _arrived) =
        receiver(|| Response::new(Body::from(vec![b' '; LONGEST_REPLY + 1]))).await;
    let envelope = envelope(HttpMethod::Get, &url);
    let (failure, _) = failure(sender(vec![]).send(&envelope, &Bytes::from_static(b"{}")).await);
    assert_eq!(failure, WebhookFailure::TooLarge);
}

#[tokio::test]
async fn attempts_do_not_wait_for_each_other() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let slow = envelope(HttpMethod::Get, &format!("http://{}", silent.local_addr().unwrap()));
    let (url, _arrived) = receiver(ncco).await;
    let quick = envelope(HttpMethod::Get, &url);
    let sender = sender(vec![]);
    let json = Bytes::from_static(b"{}");
    let slow = sender.send(&slow, &json);
    tokio::pin!(slow);
    let quick = async {
        for _ in 0..20 {
            sender.send(&quick, &Bytes::from_static(b"{}")).await;
        }
    };
    tokio::select! {
        _ = &mut slow => panic!("the silent one ended first"),
        () = quick => {}
        () = tokio::time::sleep(Duration::from_secs(4)) => panic!("the quick ones waited"),
    }
}

#[tokio::test]
async fn attempts_wait_for_their_turn_and_count_from_then() {
    let (url, mut arrived) = receiver(ncco).await;
    let sender = Sender { turns: Turns::new(1, 1), ..sender(vec![]) };
    let envelope = Envelope { socket_timeout: 1000, ..envelope(HttpMethod::Post, &url) };
    let share = sender.turns.share(&Url::parse(&url).unwrap());
    let turn = sender.turns.take(&share).await;
    let json = Bytes::from_static(b"{}");
    let sending = sender.send(&envelope, &json);
    tokio::pin!(sending);
    // Far longer than its time-out.
    tokio::time::pause();
    for _ in 0..10 {
        assert!(futures_util::poll!(&mut sending).is_pending());
        tokio::time::advance(Duration::from_secs(10)).await;
    }
    tokio::time::resume();
    assert!(arrived.try_recv().is_err());
    drop(turn);
    let sent = sending.await;
    assert!(matches!(sent.outcome, WebhookOutcome::Reply { status: 200, .. }), "{sent:?}");
    assert!(sent.millis <= 1000, "{sent:?}");
    assert!(arrived.recv().await.is_some());
}

#[tokio::test]
async fn a_server_that_hangs_holds_up_no_other() {
    // Takes connections and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent_url = format!("http://{}/", silent.local_addr().unwrap());
    let (url, mut arrived) = receiver(ncco).await;
    // As many as hang: without shares they would have every turn.
    let sender = Arc::new(Sender { turns: Turns::new(300, TO_ONE), ..sender(vec![]) });
    let mut hanging = tokio::task::JoinSet::new();
    for _ in 0..300 {
        let slow = envelope(HttpMethod::Post, &silent_url);
        let (sender, slow) = (Arc::clone(&sender), Envelope { socket_timeout: 600_000, ..slow });
        hanging.spawn(async move { sender.send(&slow, &Bytes::from_static(b"{}")).await });
    }
    let share = sender.turns.share(&Url::parse(&silent_url).unwrap());
    while share.available_permits() > 0 {
        tokio::task::yield_now().await;
    }
    let healthy = envelope(HttpMethod::Post, &url);
    let sent = sender.send(&healthy, &Bytes::from_static(b"{}")).await;
    assert!(matches!(sent.outcome, WebhookOutcome::Reply { status: 200, .. }), "{sent:?}");
    assert!(arrived.recv().await.is_some());
    assert_eq!((hanging.len(), hanging.try_join_next().is_none()), (300, true));
}
