//! What servers and networks do, and what becomes of it.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use http::{HeaderName, HeaderValue};
use ringback_client::{Client, Credentials, Error, Retries};
use ringback_http::Settings;
use ringback_model::{
    PhoneNumber,
    account::GetBalance,
    applications::{DeleteApplication, GetApplication},
    beta::GetConversation,
    control::{ReleaseClock, StreamEvents},
    numbers::BuyNumber,
    operation::{Host, Operation as _},
};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use wiremock::{
    Mock, MockServer, Request, Respond, ResponseTemplate,
    matchers::{any, header, method, path, query_param},
};

const ID: &str = "CON-11111111-2222-4333-8444-555555555555";

fn credentials() -> Credentials {
    Credentials::new().account("aaa012", "abc123456789".into()).token("the.only.token".into())
}

fn client(origin: &str) -> Client {
    let retries = Retries::new().base(Duration::from_millis(1));
    Client::new(credentials()).origin(origin).unwrap().retries(retries)
}

/// Answers with one template after the other, and with the last one from then on.
struct Each(Mutex<Vec<ResponseTemplate>>);

impl Respond for Each {
    fn respond(&self, _: &Request) -> ResponseTemplate {
        let mut left = self.0.lock().unwrap();
        if left.len() > 1 { left.remove(0) } else { left[0].clone() }
    }
}

async fn server(answers: Vec<ResponseTemplate>) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(Each(Mutex::new(answers))).mount(&server).await;
    server
}

fn status(code: u16) -> ResponseTemplate {
    ResponseTemplate::new(code)
}

fn balance() -> ResponseTemplate {
    status(200).set_body_json(json!({"value": 10.28, "autoReload": false}))
}

async fn requests(server: &MockServer) -> Vec<Request> {
    server.received_requests().await.unwrap()
}

#[tokio::test]
async fn what_may_be_repeated_is_repeated() {
    for (answers, expected, sent) in [
        (vec![balance()], None, 1),
        (vec![status(503), balance()], None, 2),
        (vec![status(502), status(504), balance()], None, 3),
        (vec![status(503)], Some(503), 3),
        (vec![status(429).insert_header("retry-after", "0"), balance()], None, 2),
        (vec![status(500), balance()], Some(500), 1),
        (vec![status(404), balance()], Some(404), 1),
    ] {
        let server = server(answers).await;
        let result = client(&server.uri()).send(&GetBalance::new()).await;
        assert_eq!(result.err().and_then(|error| error.status()).map(|s| s.as_u16()), expected);
        assert_eq!(requests(&server).await.len(), sent);
    }
}

#[tokio::test]
async fn what_may_have_taken_effect_is_not() {
    let buy = BuyNumber::new("GB", "447700900000".parse::<PhoneNumber>().unwrap());
    let bought =
        || status(200).set_body_json(json!({"error-code": "200", "error-code-label": "success"}));
    for (answers, expected, sent) in
        [(vec![status(503), bought()], Some(503), 1), (vec![status(429), bought()], None, 2)]
    {
        let server = server(answers).await;
        let result = client(&server.uri()).send(&buy).await;
        assert_eq!(result.err().and_then(|error| error.status()).map(|s| s.as_u16()), expected);
        assert_eq!(requests(&server).await.len(), sent);
    }
}

#[tokio::test]
async fn a_failure_with_status_200_is_a_failure() {
    let body = json!({"error-code": "420", "error-code-label": "method failed"});
    let server = server(vec![status(200).set_body_json(body)]).await;
    let buy = BuyNumber::new("GB", "447700900000".parse::<PhoneNumber>().unwrap());
    let error = client(&server.uri()).send(&buy).await.unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 200);
    assert_eq!(error.problem().unwrap().code.as_deref(), Some("420"));
    assert!(error.to_string().contains("method failed"), "{error}");
}

#[tokio::test]
async fn a_refusal_keeps_everything() {
    let body = json!({"code": "system:error:expired-token", "description": "You provided an expired token. Please provide a valid token."});
    let answer = status(401)
        .set_body_json(&body)
        .insert_header("ringback-reason", "token-expired")
        .insert_header("ringback-hint", "exp was an hour ago; mint a new token")
        .insert_header("ringback-trace", "t1");
    let server = server(vec![answer]).await;
    let error = client(&server.uri()).send(&GetConversation::new(ID)).await.unwrap_err();
    assert!(error.is_unauthorized() && !error.is_not_found() && !error.is_retryable());
    let failure = error.failure().unwrap();
    assert_eq!(failure.reason(), Some("token-expired"));
    assert_eq!(failure.hint(), Some("exp was an hour ago; mint a new token"));
    assert_eq!(failure.trace(), Some("t1"));
    assert_eq!(failure.body, body.to_string().as_bytes());
    assert_eq!(failure.problem().code.as_deref(), Some("system:error:expired-token"));
    let line = "beta.GetConversation: the API answered 401: You provided an expired token. Please provide a valid token.";
    assert_eq!(error.to_string(), line);
}

#[tokio::test]
async fn html_from_a_gateway_is_kept_and_summed_up() {
    let html = "<html><body><h1>Bad Gateway</h1></body></html>";
    let server = server(vec![status(500).set_body_raw(html, "text/html")]).await;
    let error = client(&server.uri()).send(&GetConversation::new(ID)).await.unwrap_err();
    assert_eq!(error.failure().unwrap().body, html.as_bytes());
    assert!(!error.to_string().contains('\n') && error.to_string().contains("HTML"), "{error}");
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_says_where_to() {
    let server =
        server(vec![status(302).insert_header("location", "https://elsewhere.example/")]).await;
    let error = client(&server.uri()).send(&GetConversation::new(ID)).await.unwrap_err();
    assert!(error.to_string().contains("302 and points to https://elsewhere.example/"), "{error}");
    assert_eq!(requests(&server).await.len(), 1);
}

#[tokio::test]
async fn an_answer_of_another_shape_names_the_place() {
    for (body, place) in [
        (r#"{"uuid":7}"#, "uuid"),
        (
            r#"{"id":"x","capabilities":{"voice":{"webhooks":{"answer_url":{"address":5}}}}}"#,
            "capabilities.voice.webhooks.answer_url.address",
        ),
        ("<html>", ""),
        ("", ""),
    ] {
        let server = server(vec![status(200).set_body_string(body)]).await;
        let client = client(&server.uri());
        let error = match place {
            "uuid" => client.send(&GetConversation::new(ID)).await.unwrap_err(),
            _ => client.send(&GetApplication::new("x")).await.unwrap_err(),
        };
        let Error::Decode(undecodable) = &error else { panic!("{error:?}") };
        assert_eq!(undecodable.source.path, place, "{error:?}");
        assert_eq!(undecodable.body, body.as_bytes());
        assert_eq!(error.status().unwrap().as_u16(), 200);
    }
}

#[tokio::test]
async fn an_empty_answer_is_a_reply() {
    let server = server(vec![status(204)]).await;
    client(&server.uri()).send(&DeleteApplication::new("x")).await.unwrap();
    client(&server.uri()).send(&ReleaseClock::new(1)).await.unwrap();
}

#[tokio::test]
async fn bytes_are_kept() {
    let body = r#"{ "value": 10.280, "autoReload": false, "unknown": [1] }"#;
    let server = server(vec![status(200).set_body_string(body).insert_header("x-a", "b")]).await;
    let answer = client(&server.uri()).send_kept(&GetBalance::new()).await.unwrap();
    assert_eq!(answer.body, body.as_bytes());
    assert_eq!(answer.status.as_u16(), 200);
    assert_eq!(answer.headers["x-a"], "b");
}

#[tokio::test]
async fn each_operation_gets_the_credentials_it_takes() {
    let server = MockServer::start().await;
    let ok = |json: serde_json::Value| status(200).set_body_json(json);
    Mock::given(path("/account/get-balance"))
        .and(header("authorization", "Basic YWFhMDEyOmFiYzEyMzQ1Njc4OQ=="))
        .respond_with(balance())
        .mount(&server)
        .await;
    Mock::given(method("GET"))
        .and(path(format!("/beta/conversations/{ID}")))
        .and(header("authorization", "Bearer the.only.token"))
        .and(header("x-extra", "1"))
        .and(header("accept", "application/json"))
        .respond_with(ok(json!({"uuid": ID, "name": "NAM-1", "display_name": "x", "timestamp": {}, "numbers": {}, "members": [], "_links": {"self": {"href": "/"}}})))
        .mount(&server)
        .await;
    Mock::given(query_param("api_key", "aaa012"))
        .and(query_param("api_secret", "a&b=c d"))
        .respond_with(status(418))
        .mount(&server)
        .await;
    let client = client(&server.uri())
        .header(HeaderName::from_static("x-extra"), HeaderValue::from_static("1"));
    client.send(&GetBalance::new()).await.unwrap();
    client.send(&GetConversation::new(ID)).await.unwrap();

    let secret = Credentials::new().account("aaa012", "a&b=c d".into());
    let client = Client::new(secret).origin(&server.uri()).unwrap();
    let insight = ringback_model::insight::BasicInsight::new("447700900000");
    let error = client.send(&insight).await.unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 418, "{error}");
}

#[tokio::test]
async fn what_is_missing_is_named_before_anything_is_sent() {
    let check = async |client: Client, expected: &str| {
        let error = client.send(&GetConversation::new(ID)).await.unwrap_err();
        assert!(error.to_string().contains(expected) && error.is_credentials(), "{error}");
    };
    let nobody = Client::new(Credentials::new());
    check(nobody.clone(), "VONAGE_PRIVATE_KEY").await;
    check(Client::new(Credentials::new().account("a", "b".into())), "VONAGE_APPLICATION_ID").await;
    check(Client::new(Credentials::new().token("a\nb".into())), "line break").await;
    let error = nobody.send(&GetBalance::new()).await.unwrap_err();
    assert!(error.to_string().contains("VONAGE_API_SECRET"), "{error}");
    let error = nobody.send(&ReleaseClock::new(1)).await.unwrap_err();
    assert!(matches!(error, Error::NoOrigin { .. }), "{error}");
    let error = nobody.send(&GetConversation::new("")).await.unwrap_err();
    assert!(matches!(error, Error::Encode { .. }), "{error}");
}

#[test]
fn hosts_by_family() {
    let client = Client::new(Credentials::new());
    assert_eq!(client.origin_of(GetConversation::INFO).unwrap(), "https://api.nexmo.com");
    assert_eq!(client.origin_of(GetBalance::INFO).unwrap(), "https://rest.nexmo.com");
    let client = client.host(Host::Api, "https://api-us-3.vonage.com/").unwrap();
    assert_eq!(client.origin_of(GetConversation::INFO).unwrap(), "https://api-us-3.vonage.com");
    assert_eq!(client.origin_of(GetBalance::INFO).unwrap(), "https://rest.nexmo.com");
    let client = client.origin("http://127.0.0.1:4010").unwrap();
    assert_eq!(client.origin_of(ReleaseClock::INFO).unwrap(), "http://127.0.0.1:4010");
    assert!(client.origin("127.0.0.1:4010").is_err());
}

/// Serves connections one after another: each is read once and gets these bytes, then it is closed.
async fn raw(answers: Vec<&'static str>) -> (String, Arc<Mutex<usize>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let count = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 8192];
            let _ = stream.read(&mut request).await.unwrap();
            *counted.lock().unwrap() += 1;
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (origin, count)
}

const WHOLE: &str = "HTTP/1.1 200 OK\r\ncontent-length: 33\r\nconnection: close\r\n\r\n{\"value\":1.5,\"autoReload\":false}\n";

#[tokio::test]
async fn a_cut_connection() {
    let (origin, count) =
        raw(vec!["", "HTTP/1.1 200 OK\r\ncontent-length: 33\r\n\r\n{\"val", WHOLE]).await;
    client(&origin).send(&GetBalance::new()).await.unwrap();
    assert_eq!(*count.lock().unwrap(), 3);

    let (origin, count) = raw(vec!["", WHOLE]).await;
    let buy = BuyNumber::new("GB", "447700900000".parse::<PhoneNumber>().unwrap());
    let error = client(&origin).send(&buy).await.unwrap_err();
    assert!(error.to_string().contains("cut the connection") && !error.is_connect(), "{error}");
    assert!(error.is_retryable() && error.status().is_none());
    assert_eq!(*count.lock().unwrap(), 1, "it may have been bought");
}

#[tokio::test]
async fn nobody_listens() {
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let error = client(&format!("http://{address}")).send(&GetBalance::new()).await.unwrap_err();
    assert!(error.is_connect() && error.is_retryable());
    assert_eq!(
        error.to_string(),
        format!(
            "account.GetBalance: nothing listens at http://{address}: start the server or correct the port"
        )
    );
}

#[tokio::test]
async fn a_slow_answer_is_given_up() {
    let server = server(vec![balance().set_delay(Duration::from_secs(30))]).await;
    let settings = Settings::new().timeout(Duration::from_millis(50));
    let error = client(&server.uri()).http(settings).send(&GetBalance::new()).await.unwrap_err();
    assert!(error.is_timeout() && !error.is_connect(), "{error:?}");
    assert_eq!(requests(&server).await.len(), 1);
}

#[tokio::test]
async fn a_stream_is_read_as_it_comes() {
    let events = "id: 1\ndata: {}\n\nid: 2\ndata: {}\n\n";
    let server =
        server(vec![status(503), status(200).set_body_raw(events, "text/event-stream")]).await;
    let client = client(&server.uri());
    let mut open = client.open(&StreamEvents::new()).await.unwrap();
    let mut read = Vec::new();
    while let Some(chunk) = open.chunk().await.unwrap() {
        read.extend_from_slice(&chunk);
    }
    assert_eq!(read, events.as_bytes());
    let whole = client.send(&StreamEvents::new()).await.unwrap();
    assert_eq!(whole.0, events.as_bytes());
    let accept = &requests(&server).await[0].headers["accept"];
    assert_eq!(accept, "text/event-stream");
}

#[tokio::test]
async fn what_was_written_by_hand_is_sent_as_it_is() {
    let server = server(vec![status(200).set_body_string("anything")]).await;
    let mut parts = GetConversation::new(ID).encode().unwrap();
    parts.query = Some("a=%20b".to_owned());
    let answer = client(&server.uri()).send_raw(GetConversation::INFO, parts).await.unwrap();
    assert_eq!(&answer.body[..], b"anything");
    assert_eq!(requests(&server).await[0].url.query(), Some("a=%20b"));
}

#[tokio::test]
async fn a_stream_is_opened_with_what_was_written_by_hand() {
    let server = server(vec![status(200).set_body_raw("id: 8\n\n", "text/event-stream")]).await;
    let parts = StreamEvents::new().since(7).encode().unwrap();
    let mut open = client(&server.uri()).open_raw(StreamEvents::INFO, parts).await.unwrap();
    assert_eq!(open.chunk().await.unwrap().as_deref(), Some(&b"id: 8\n\n"[..]));
    assert_eq!(requests(&server).await[0].url.query(), Some("since=7"));
}

#[tokio::test]
async fn no_secret_is_printed() {
    let planted = "planted-secret";
    let credentials = Credentials::new().account("aaa012", planted.into()).token(planted.into());
    let client = Client::new(credentials.clone()).retries(Retries::never());
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let refused = client.clone().origin(&format!("http://{address}")).unwrap();
    let insight = ringback_model::insight::BasicInsight::new("447700900000");
    let error = refused.send(&insight).await.unwrap_err();
    let origin = client.clone().origin("http://user:planted-secret@host").unwrap_err();
    let answer = json!({"id": "x", "keys": {"private_key": planted, "public_key": 5}});
    let server = server(vec![status(200).set_body_json(answer)]).await;
    let local = client.clone().origin(&server.uri()).unwrap();
    let undecodable = local.send(&GetApplication::new("x")).await.unwrap_err();
    let chain = std::error::Error::source(&error).map(|s| format!("{s} {s:?}"));
    let printed = format!(
        "{credentials:?} {client:#?} {error} {error:?} {chain:?} {origin:?} {undecodable:?}"
    );
    assert!(!printed.contains(planted), "{printed}");
}
