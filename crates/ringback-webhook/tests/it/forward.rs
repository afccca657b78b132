//! Handing on to an application over a real socket.

use axum::{
    Router,
    http::{HeaderMap, Uri},
    routing::{get as get_route, post as post_route},
};
use ringback_model::PhoneNumber;
use ringback_webhook::{Error, Forward, Script};
use tokio::{net::TcpListener, sync::mpsc};

use crate::{get, post, send, webhooks};

async fn application(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

#[tokio::test]
async fn answers_and_events_go_on() {
    let (seen, mut events) = mpsc::unbounded_channel();
    let app = Router::new()
        .route(
            "/answer",
            get_route(async |uri: Uri, headers: HeaderMap| {
                let mark = headers["ringback-verification"].to_str().unwrap().to_owned();
                format!(r#"[{:?},{mark:?}]"#, uri.query().unwrap())
            })
            .post(async |body: String| format!("[{body}]")),
        )
        .route(
            "/event",
            post_route(move |body: String| {
                seen.send(body).unwrap();
                std::future::ready(())
            }),
        );
    let url = application(app).await;
    let receiver = webhooks()
        .answer(Forward::new(&format!("{url}/answer")).unwrap())
        .event(Forward::new(&format!("{url}/event")).unwrap())
        .start()
        .unwrap();
    let reply = send(receiver.router(), get("/webhooks/answer?to=44&from=a%20b")).await;
    assert_eq!(reply, (200, r#"["to=44&from=a%20b","off"]"#.to_owned()));
    let reply = send(receiver.router(), post("/webhooks/answer", r#"{"to": "44"}"#)).await;
    assert_eq!(reply, (200, r#"[{"to": "44"}]"#.to_owned()));
    let reply = send(receiver.router(), get("/webhooks/event?status=busy")).await;
    assert_eq!(reply.0, 204);
    assert_eq!(events.recv().await.unwrap(), r#"{"status":"busy"}"#);
}

#[tokio::test]
async fn a_bad_application_is_replaced() {
    let app = Router::new()
        .route("/html", get_route(async || "<html></html>"))
        .route("/object", get_route(async || "{}"));
    let url = application(app).await;
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let safe = Script::connect(&PhoneNumber::new("447700000003").unwrap());
    for target in [
        format!("{url}/html"),
        format!("{url}/object"),
        format!("{url}/404"),
        format!("http://{closed}/"),
    ] {
        let answerer = Forward::new(&target).unwrap();
        let receiver = webhooks().answer(answerer).safe(safe.clone()).start().unwrap();
        let (status, body) = send(receiver.router(), get("/webhooks/answer?to=44")).await;
        assert_eq!((status, body.as_bytes()), (200, safe.as_bytes()), "{target}");
    }
}

#[tokio::test]
async fn an_event_is_acknowledged_when_it_was_handed_on() {
    let (seen, mut events) = mpsc::unbounded_channel();
    let app = Router::new()
        .route(
            "/event",
            post_route(move |body: String| {
                seen.send(body).unwrap();
                std::future::ready(())
            }),
        )
        .route("/broken", post_route(async || axum::http::StatusCode::INTERNAL_SERVER_ERROR));
    let url = application(app).await;
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let event = r#"{"status": "busy", "new": 1.0}"#;
    for (target, expected) in [
        (format!("{url}/event"), 204),
        (format!("{url}/broken"), 503),
        (format!("{url}/404"), 503),
        (format!("http://{closed}/event"), 503),
    ] {
        let receiver = webhooks().keep(Forward::new(&target).unwrap()).start().unwrap();
        let (status, body) = send(receiver.router(), post("/webhooks/event", event)).await;
        assert_eq!((status, body.as_str()), (expected, ""), "{target}");
    }
    assert_eq!(events.try_recv().unwrap(), event);
    assert!(events.try_recv().is_err());
}

#[tokio::test]
async fn a_target_without_a_path_gets_the_one_that_was_asked() {
    let path = async |uri: Uri| format!("[{:?}]", uri.to_string());
    let url = application(Router::new().fallback(path)).await;
    for (target, expected) in [
        ("", "/webhooks/answer?to=44"),
        ("/", "/webhooks/answer?to=44"),
        ("?key=1", "/webhooks/answer?key=1&to=44"),
        ("/voice", "/voice?to=44"),
        ("/voice/", "/voice/?to=44"),
    ] {
        let forward = Forward::new(&format!("{url}{target}")).unwrap().or_path("/webhooks/answer");
        let receiver = webhooks().answer(forward).start().unwrap();
        let reply = send(receiver.router(), get("/webhooks/answer?to=44")).await;
        assert_eq!(reply, (200, format!("[{expected:?}]")), "{target}");
    }
}

#[test]
fn wrong_targets() {
    for url in ["", "app:8080", "ftp://app/", "/events"] {
        assert!(matches!(Forward::new(url), Err(Error::Target { .. })), "{url}");
    }
}
