//! Https: for clients that insist on it, and of those who receive webhooks.

use reqwest::{Client, Method};
use ringback_emulator::{ClockMode, Tls};
use ringback_http::{Settings, Trust};
use serde_json::json;
use tokio::net::TcpStream;

use crate::harness::{ALICE, API_KEY, API_SECRET, NUMBER, Platform, config};

fn trusting() -> Client {
    ringback_http::client(&Settings::new().trust(Trust::Any)).unwrap()
}

#[tokio::test]
async fn https_has_a_port_of_its_own() {
    let platform = Platform::start(config().tls(Tls::Port(0))).await;
    let url = platform.emulator.tls_url().unwrap().to_owned();
    assert!(url.starts_with("https://127.0.0.1:") && url != platform.emulator.url(), "{url}");
    // Who connects and says nothing holds up nobody.
    let address = url.trim_start_matches("https://").to_owned();
    let _silent = TcpStream::connect(&address).await.unwrap();
    let reply = trusting()
        .get(format!("{url}/v2/applications"))
        .basic_auth(API_KEY, Some(API_SECRET))
        .send()
        .await
        .unwrap();
    assert_eq!(reply.status(), 200);
    // Nobody trusts the authority unasked.
    let error = platform.client.get(format!("{url}/healthz")).send().await.unwrap_err();
    assert!(ringback_http::is_tls(&error), "{error:?}");
    let served = platform.get("/_ringback/ca.pem").await;
    assert_eq!(Some(served.text.as_str()), platform.emulator.ca_pem());
    assert!(served.text.starts_with("-----BEGIN CERTIFICATE-----\n"), "{}", served.text);
    assert!(served.text.lines().all(|line| line.len() <= 64), "{}", served.text);
    let plain = platform.client.get(format!("http://{address}/healthz")).send().await;
    assert!(plain.is_err(), "{plain:?}");
    assert_eq!(platform.get("/healthz").await.status, 200);
    platform.emulator.stop().await;
    assert!(TcpStream::connect(&address).await.is_err());
}

#[tokio::test]
async fn one_port_takes_both() {
    let platform = Platform::start(config().tls(Tls::SamePort)).await;
    let url = platform.emulator.tls_url().unwrap();
    assert_eq!(url.strip_prefix("https"), platform.emulator.url().strip_prefix("http"));
    let address = platform.emulator.address();
    let _silent = TcpStream::connect(address).await.unwrap();
    for url in [url, platform.emulator.url()] {
        let reply = trusting().get(format!("{url}/healthz")).send().await.unwrap();
        assert_eq!(reply.status(), 200, "{url}");
    }
}

#[tokio::test]
async fn without_https_there_is_no_certificate() {
    let platform = Platform::auto().await;
    assert_eq!((platform.emulator.tls_url(), platform.emulator.ca_pem()), (None, None));
    let reply = platform.get("/_ringback/ca.pem").await;
    assert_eq!((reply.status.as_u16(), reply.header("ringback-reason")), (404, "no-https"));
}

#[tokio::test]
async fn webhooks_go_to_any_certificate_only_when_told_so() {
    let receiver = Platform::start(config().tls(Tls::Port(0))).await;
    let url = receiver.emulator.tls_url().unwrap();
    for (insecure, expected) in [(false, None), (true, Some(200))] {
        let config = config()
            .clock(ClockMode::Auto)
            .insecure_webhooks(insecure)
            .webhooks(format!("{url}/healthz"), format!("{url}/healthz"));
        let platform = Platform::start(config).await;
        let spare = platform.environment.spare_number.clone().unwrap();
        assert_ne!(spare, NUMBER);
        let path =
            format!("/number/update?country=GB&msisdn={spare}&app_id={}", platform.application());
        let linked = platform.request(Method::POST, &path).basic_auth(API_KEY, Some(API_SECRET));
        assert_eq!(platform.send(linked).await.json()["error-code"], "200");
        let body = json!({"from": ALICE, "to": spare});
        platform.control(Method::POST, "/_ringback/calls", Some(body)).await;
        let by = json!({"milliseconds": 10_000});
        platform.control(Method::POST, "/_ringback/clock/advance", Some(by)).await;
        let hooks = platform.get("/_ringback/webhooks").await.json();
        let hooks = hooks["webhooks"].as_array().unwrap();
        let answer = hooks.iter().find(|hook| hook["kind"] == "answer").unwrap();
        let attempt = &answer["attempts"][0];
        assert_eq!(attempt["status"].as_u64(), expected, "{attempt}");
        let failure = attempt["failure"].as_str().unwrap_or_default();
        assert_eq!(
            failure.contains("is not trusted") || failure.contains("cannot be checked"),
            !insecure,
            "{failure}"
        );
    }
}
