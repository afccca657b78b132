//! The start state, health, reset, the pages.

use reqwest::Method;
use ringback_emulator::{Config, Emulator};
use ringback_model::control::Environment;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::harness::{API_KEY, API_SECRET, App, BOB, NUMBER, Platform, SIGNATURE_SECRET};

#[tokio::test]
async fn it_starts_ready() {
    let platform = Platform::auto().await;
    let environment = platform.control(Method::GET, "/_ringback/environment", None).await;
    assert_eq!(environment["url"], platform.emulator.url());
    for (name, expected) in [
        ("api_key", API_KEY),
        ("api_secret", API_SECRET),
        ("signature_secret", SIGNATURE_SECRET),
        ("application_id", platform.application()),
    ] {
        assert_eq!(environment[name], expected, "{name}");
    }
    let key = environment["private_key"].as_str().unwrap();
    assert!(key.starts_with("-----BEGIN PRIVATE KEY-----"));
    let spare = environment["spare_number"].as_str().unwrap();
    assert_ne!(spare, NUMBER);
    let basic =
        |path: &str| platform.request(Method::GET, path).basic_auth(API_KEY, Some(API_SECRET));
    let rented = platform.send(basic("/account/numbers")).await.json();
    assert_eq!((&rented["count"], &rented["numbers"][0]["msisdn"]), (&json!(1), &json!(spare)));
    for country in ["GB", "US"] {
        let path = format!("/number/search?country={country}&features=VOICE,SMS&size=100");
        let found = platform.send(basic(&path)).await.json();
        assert!(found["count"].as_u64().unwrap() >= 9, "{country}: {found}");
    }
    let found = basic(&format!("/number/search?country=GB&pattern={NUMBER}"));
    assert_eq!(platform.send(found).await.json()["numbers"][0]["msisdn"], NUMBER);
    let phones = platform.get("/_ringback/phones").await.json();
    let names: Vec<_> = phones["phones"]
        .as_array()
        .unwrap()
        .iter()
        .map(|phone| phone["name"].as_str().unwrap_or_default())
        .collect();
    assert_eq!(names, ["Alice", "Bob"]);
    let health = platform.get("/healthz").await.json();
    assert_eq!(health["status"], "ok");
}

#[tokio::test]
async fn applications_get_keys_of_their_own() {
    let platform = Platform::auto().await;
    let request = platform
        .request(Method::POST, "/v2/applications")
        .basic_auth(API_KEY, Some(API_SECRET))
        .json(&json!({"name": "Mine"}));
    let reply = platform.send(request).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    let key = reply.json()["keys"]["private_key"].as_str().unwrap().to_owned();
    let signer = ringback_jwt::Signer::from_pem(&key).unwrap();
    let claims = ringback_jwt::Claims::new(reply.json()["id"].as_str().unwrap());
    let token = signer.mint(&claims, crate::harness::now()).unwrap();
    let request = platform.request(Method::GET, "/v1/conversations");
    let listed = platform.send(request.bearer_auth(token.expose())).await;
    assert_eq!(listed.status, 200, "{}", listed.text);
}

#[tokio::test]
async fn reset_goes_back_to_the_start() {
    let platform = Platform::auto().await;
    let mut app = App::connecting().await;
    platform.connect(&app).await;
    let first = platform.call().await;
    app.wait_for("answered inbound", 1).await;
    platform.control(Method::POST, "/_ringback/reset", None).await;
    let empty = |value: Value, name: &str| value[name].as_array().unwrap().is_empty();
    assert!(empty(platform.get("/_ringback/calls").await.json(), "calls"));
    assert!(empty(platform.get("/_ringback/webhooks").await.json(), "webhooks"));
    let path = format!("/_ringback/calls/{}/transcript", first["id"].as_str().unwrap());
    assert_eq!(platform.get(&path).await.status, 404);
    let environment = platform.emulator.environment().await;
    assert_eq!(environment, platform.environment);

    // The same seed and the same inputs give the same ids.
    platform.connect(&app).await;
    assert_eq!(platform.call().await["id"], first["id"]);
    let hooks = app.wait_for("answered inbound", 2).await;
    assert!(!hooks.iter().any(|hook| hook.name().starts_with("completed")));
}

#[tokio::test]
async fn phones_are_used_by_hand() {
    let platform = Platform::auto().await;
    let mut app = App::connecting().await;
    platform.connect(&app).await;
    let bob = format!("/_ringback/phones/{BOB}");
    let script = json!({"script": "ring after 1s"});
    platform.control(Method::PUT, &bob, Some(script)).await;
    platform.control(Method::POST, "/_ringback/clock/hold", None).await;
    platform.call().await;
    app.wait_for("ringing outbound", 1).await;
    platform.control(Method::POST, &format!("{bob}/decline"), None).await;
    app.wait_for("rejected outbound", 1).await;
    let idle = platform.send(platform.request(Method::POST, &format!("{bob}/answer"))).await;
    assert!(idle.status.is_client_error() && idle.json()["reason"].is_string(), "{}", idle.text);
}

#[tokio::test]
async fn pages() {
    let platform = Platform::auto().await;
    let page = platform.get("/").await;
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(page.header("content-security-policy").contains("default-src 'none'"));
    assert!(page.text.contains(platform.emulator.url()));
    for path in ["/openapi.json", "/_ringback/openapi.json"] {
        let document = platform.get(path).await.json();
        assert!(document["paths"]["/beta/conversations/{conversation_id}"]["get"].is_object());
    }
    assert_eq!(platform.get("/favicon.ico").await.header("content-type"), "image/svg+xml");
    let ladder = platform.get("/_ringback/calls/none/ladder.svg").await;
    assert_eq!((ladder.status.as_u16(), ladder.header("ringback-reason")), (404, "call-unknown"));
}

#[tokio::test]
async fn dropping_it_stops_it() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let emulator = Emulator::start(listener, Config::new().spare_key_pairs(0)).unwrap();
    let environment: Environment = emulator.environment().await;
    assert!(environment.private_key.is_some());
    let address = emulator.address();
    drop(emulator);
    let closed = async {
        while tokio::net::TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(5), closed).await.unwrap();
}

#[tokio::test]
async fn waiting_for_a_call() {
    let platform = Platform::auto().await;
    let app = App::connecting().await;
    platform.connect(&app).await;
    let script = json!({"script": "ring after 1s, answer after 3s, hang up after 10s"});
    platform.control(Method::PUT, &format!("/_ringback/phones/{BOB}"), Some(script)).await;
    let call = platform.call().await;
    let id = call["id"].as_str().unwrap().to_owned();
    let wait =
        async |query: &str| platform.get(&format!("/_ringback/calls/{id}/wait?{query}")).await;
    // The clock skips while somebody waits: ten seconds pass in less than one.
    let reply = wait("status=answered&within=20").await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let callee = reply.json()["legs"][1]["id"].as_str().unwrap().to_owned();
    let reply = wait(&format!("status=completed&leg={callee}&within=20")).await;
    assert_eq!((&reply.json()["id"], reply.status.as_u16()), (&json!(id), 200));
    // What has been counts too, and what cannot come any more is not waited for.
    for (query, status, reason) in [
        ("status=ringing", 200, ""),
        (&*format!("status=ringing&leg={callee}"), 200, ""),
        ("status=busy&within=600", 408, "status-not-reached"),
        ("status=answered&leg=none", 404, "leg-unknown"),
        ("status=answered&within=601", 400, "out-of-range"),
        ("within=1", 400, "request-malformed"),
    ] {
        let reply = wait(query).await;
        let found = (reply.status.as_u16(), reply.header("ringback-reason"));
        assert_eq!(found, (status, reason), "{query}: {}", reply.text);
    }
    let reply = wait("status=busy").await.json();
    assert!(
        reply["hint"].as_str().unwrap().contains("is completed and the call is over"),
        "{reply}"
    );
    let none = platform.get("/_ringback/calls/none/wait?status=answered").await;
    assert_eq!((none.status.as_u16(), none.header("ringback-reason")), (404, "call-unknown"));
}

#[tokio::test]
async fn waiting_ends_in_time() {
    let platform = Platform::auto().await;
    let app = App::connecting().await;
    platform.connect(&app).await;
    let call = platform.call().await;
    let path = format!("/_ringback/calls/{}/wait", call["id"].as_str().unwrap());
    // Bob stays: the call is never over by itself.
    let reply = platform.get(&format!("{path}?status=completed&within=0")).await;
    assert_eq!(
        (reply.status.as_u16(), reply.header("ringback-reason")),
        (408, "status-not-reached")
    );
    assert!(reply.json()["hint"].as_str().unwrap().contains("after 0 s"), "{}", reply.text);
}
