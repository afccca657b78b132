//! Pages of other origins, paths with a host in them, limits.

use reqwest::Method;
use serde_json::json;

use crate::harness::{API_KEY, API_SECRET, Platform, config};

const PAGE: &str = "https://app.example";

#[tokio::test]
async fn pages_may_use_the_rest_api_when_told_so() {
    let open = Platform::start(config().cors(true)).await;
    let closed = Platform::start(config()).await;
    let check = async |platform: &Platform, method: Method, path: &str, status, allowed| {
        let request = platform
            .request(method.clone(), path)
            .header("origin", PAGE)
            .header("access-control-request-method", "GET")
            .header("access-control-request-headers", "authorization,content-type");
        let request = if method == Method::OPTIONS {
            request
        } else {
            request.basic_auth(API_KEY, Some(API_SECRET))
        };
        let reply = platform.send(request).await;
        assert_eq!(reply.status.as_u16(), status, "{method} {path}: {}", reply.text);
        let expected = if allowed { PAGE } else { "" };
        assert_eq!(reply.header("access-control-allow-origin"), expected, "{method} {path}");
        reply
    };
    let (get, options) = (Method::GET, Method::OPTIONS);
    check(&open, get.clone(), "/v2/applications", 200, true).await;
    let reply = check(&open, options.clone(), "/v2/applications", 204, true).await;
    assert_eq!(reply.header("access-control-allow-headers"), "authorization,content-type");
    assert!(reply.header("access-control-allow-methods").contains("PATCH"));
    // A refusal can be read too, and explains itself.
    let refused = check(&open, get.clone(), "/v1/conversations", 401, true).await;
    assert!(refused.header("access-control-expose-headers").contains("ringback-hint"));
    assert_eq!(refused.header("vary"), "origin");
    for path in ["/_ringback/environment", "/_ringback/calls", "/", "/openapi.json"] {
        check(&open, get.clone(), path, 403, false).await;
        check(&open, options.clone(), path, 403, false).await;
    }
    check(&open, get.clone(), "/api.nexmo.com/_ringback/environment", 403, false).await;
    let refused = check(&closed, get, "/v2/applications", 403, false).await;
    assert_eq!(refused.header("ringback-reason"), "origin-not-allowed");
    check(&closed, options, "/v2/applications", 403, false).await;
}

#[tokio::test]
async fn a_path_may_begin_with_a_host_of_the_platform() {
    let platform = Platform::start(config()).await;
    let rented = platform
        .request(Method::GET, "/rest.nexmo.com/account/numbers")
        .basic_auth(API_KEY, Some(API_SECRET));
    assert_eq!(platform.send(rented).await.json()["count"], 1);
    let files = platform.with_token("/api-us.nexmo.com/v1/files/none").await;
    assert_eq!(files.status, 404, "{}", files.text);
    let refusal = format!("/_ringback/refusals/{}", files.header("ringback-trace"));
    assert_eq!(platform.get(&refusal).await.json()["path"], "/v1/files/none");
    assert_eq!(platform.get("/evil.example/healthz").await.status, 404);
}

#[tokio::test]
async fn the_limits_hold_when_told_so() {
    let platform = Platform::start(config().limits(true)).await;
    let ask = async |path: &str| platform.with_token(path).await;
    let mut refused = None;
    // However slow this machine is, a second has one end only.
    for _ in 0..200 {
        let reply = ask("/v1/conversations").await;
        if reply.status == 429 {
            refused = Some(reply);
            break;
        }
    }
    let refused = refused.unwrap();
    // The platform documents no such header, and one would make the Python SDK wait and repeat.
    assert_eq!(refused.header("retry-after"), "");
    assert_eq!(refused.header("ringback-reason"), "rate-limit");
    assert_eq!(refused.json()["code"], "http:error:too-many-request");
    // The account is another caller, and has words of its own.
    let ask = async || {
        let request = platform.request(Method::GET, "/v2/applications");
        platform.send(request.basic_auth(API_KEY, Some(API_SECRET))).await
    };
    let mut reply = ask().await;
    assert_eq!(reply.status, 200);
    for _ in 0..200 {
        reply = ask().await;
        if reply.status == 429 {
            break;
        }
    }
    let body = reply.json();
    assert_eq!(
        (&body["title"], &body["detail"]),
        (&json!("Rate Limit Hit"), &json!("Please wait, then retry your request"))
    );
    assert!(body["type"].as_str().unwrap().ends_with("#rate-limit"), "{body}");
    assert_eq!(platform.get("/_ringback/calls").await.status, 200);
}
