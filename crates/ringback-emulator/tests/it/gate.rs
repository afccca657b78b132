//! Who may talk to the emulator at all.

use reqwest::Method;
use ringback_emulator::Emulator;
use tokio::net::TcpListener;

use crate::harness::{Platform, config};

#[tokio::test]
async fn hosts_and_origins() {
    let platform = Platform::start(config().allow_host("demo.example")).await;
    let check = async |name: &'static str, value: &str, path: &str, reason: &str| {
        let request = platform.request(Method::GET, path).header(name, value);
        let reply = platform.send(request).await;
        assert_eq!(reply.header("ringback-reason"), reason, "{name}: {value}");
        if !reason.is_empty() {
            assert_eq!(reply.status, 403, "{name}: {value}");
        }
        reply.text
    };
    for host in ["localhost:4010", "api.nexmo.com", "rest.nexmo.com", "demo.example", "[::1]"] {
        check("host", host, "/healthz", "").await;
        check("origin", &format!("https://{host}"), "/healthz", "").await;
    }
    for host in ["evil.example", "10.0.0.1", "127.0.0.1.evil.example"] {
        check("host", host, "/healthz", "host-not-allowed").await;
        check("host", host, "/", "host-not-allowed").await;
        check("origin", &format!("https://{host}"), "/healthz", "origin-not-allowed").await;
    }
    check("origin", "null", "/_ringback/environment", "origin-not-allowed").await;
    // In the shape of the path that was asked for.
    let body = check("host", "evil.example", "/beta/conversations", "host-not-allowed").await;
    assert!(body.starts_with(r#"{"code":"system:error:permission","description":"#), "{body}");
}

#[tokio::test]
async fn an_address_for_all_needs_a_token_for_the_control_api() {
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let error = Emulator::start(listener, config()).unwrap_err();
    assert!(error.is_config() && error.to_string().contains("control token"), "{error}");

    let platform = Platform::start(config().control_token("planted-control-token".into())).await;
    for path in ["/_ringback/environment", "/_ringback/calls", "/"] {
        let reply = platform.get(path).await;
        assert_eq!(reply.status, 401, "{path}");
        assert_eq!(reply.header("ringback-reason"), "control-token-missing", "{path}");
        assert!(reply.header("www-authenticate").starts_with("Basic"));
        // It says how to give the token, in both places.
        for way in ["Authorization: Bearer TOKEN", "--control-token", "RINGBACK_CONTROL_TOKEN"] {
            assert!(reply.header("ringback-hint").contains(way), "{}", reply.text);
            assert!(reply.json()["fix"].as_str().unwrap().contains(way), "{}", reply.text);
        }
        for request in [
            platform.request(Method::GET, path).bearer_auth("planted-control-token"),
            platform.request(Method::GET, path).basic_auth("any", Some("planted-control-token")),
        ] {
            assert_eq!(platform.send(request).await.status, 200, "{path}");
        }
        let request = platform.request(Method::GET, path).bearer_auth("wrong");
        assert_eq!(platform.send(request).await.header("ringback-reason"), "control-token-wrong");
    }
    for path in ["/healthz", "/openapi.json"] {
        assert_eq!(platform.get(path).await.status, 200, "{path}");
    }
}
