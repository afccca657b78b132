//! Refused credentials: what the platform says, and what it does not say.

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::{Method, RequestBuilder};
use ringback_jwt::{Acl, Claims, KeyPair, Signer};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::harness::{API_KEY, API_SECRET, Platform, Reply, now};

const CONVERSATION: &str = "/beta/conversations/CON-11111111-2222-4333-8444-555555555555";
const CONVERSATION_V1: &str = "/v1/conversations/CON-11111111-2222-4333-8444-555555555555";

fn assert_explained(reply: &Reply, status: u16, reason: &str) {
    assert_eq!(reply.status, status, "{reason}: {}", reply.text);
    assert_eq!(reply.header("ringback-reason"), reason, "{}", reply.text);
    let hint = reply.header("ringback-hint");
    assert!(!hint.is_empty() && hint.len() <= 200 && hint.is_ascii(), "{hint}");
    let trace = reply.header("ringback-trace");
    assert!(trace.len() == 32 && trace.chars().all(|c| c.is_ascii_hexdigit()), "{trace}");
    assert_eq!(reply.header("x-nexmo-trace-id"), trace);
    assert_eq!(reply.header("content-type"), "application/json");
}

#[tokio::test]
async fn tokens() {
    let platform = Platform::auto().await;
    let own = || Claims::new(platform.application());
    let other = KeyPair::generate().unwrap();
    let foreign = Signer::from_pem(other.private_key.expose_secret()).unwrap();
    let foreign = foreign.mint(&own(), now()).unwrap();
    let unknown = platform.mint(&Claims::new("aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab"));
    let hs256 = unsigned(r#"{"alg":"HS256","typ":"JWT"}"#, platform.application());
    let none = unsigned(r#"{"alg":"none"}"#, platform.application());
    let acl = Acl::new().path("/*/users/**");
    let cases = [
        (None, 401, "token-missing", "missing-token"),
        (Some("Bearer".to_owned()), 401, "token-missing", "missing-token"),
        (Some("Bearer abc".to_owned()), 401, "token-malformed", "invalid-token"),
        (Some("Basic YTpi".to_owned()), 401, "token-scheme", "invalid-token"),
        (bearer(&hs256), 401, "token-algorithm", "invalid-token"),
        (bearer(&none), 401, "token-algorithm", "invalid-token"),
        (bearer(foreign.expose()), 401, "token-signature", "invalid-token"),
        (bearer(&unknown), 401, "application-unknown", "invalid-token"),
        (
            bearer(&platform.mint(&Claims::without_application())),
            401,
            "claim-missing",
            "invalid-token",
        ),
        (
            bearer(&platform.mint(&own().iat(now() - 600).exp(now() - 300))),
            401,
            "token-expired",
            "expired-token",
        ),
        (
            bearer(&platform.mint(&own().nbf(now() + 300))),
            401,
            "token-not-yet-valid",
            "invalid-token",
        ),
        (
            bearer(&platform.mint(&own().iat(now() + 300))),
            401,
            "token-issued-in-future",
            "invalid-token",
        ),
        (bearer(&platform.mint(&own().acl(acl))), 403, "acl-denied", "permission"),
    ];
    for (authorization, status, reason, code) in cases {
        for path in [CONVERSATION, CONVERSATION_V1] {
            let mut request = platform.request(Method::GET, path);
            if let Some(value) = &authorization {
                request = request.header("authorization", value);
            }
            let reply = platform.send(request).await;
            assert_explained(&reply, status, reason);
            let (body, code) = (reply.json(), format!("system:error:{code}"));
            assert_eq!(body["code"], code);
            let keys: Vec<_> = body.as_object().unwrap().keys().collect();
            if path == CONVERSATION {
                assert_eq!(keys, ["code", "description"]);
            } else {
                assert_eq!(keys, ["code", "detail", "instance", "title", "type"]);
                assert_eq!(
                    body["type"],
                    format!("https://developer.nexmo.com/api/conversation#{code}")
                );
                assert_eq!(body["instance"], reply.header("ringback-trace"));
            }
        }
    }
    // With a good one, the same path is about the conversation.
    let reply = platform.with_token(CONVERSATION).await;
    assert_eq!(reply.json()["code"], "conversation:error:not-found");
}

#[tokio::test]
async fn the_documented_sentences() {
    let platform = Platform::auto().await;
    let missing = platform.get(CONVERSATION).await.json();
    assert_eq!(
        missing["description"],
        "You did not provide a token. Please provide a valid token."
    );
    let request = platform.request(Method::GET, CONVERSATION).bearer_auth("x.y.z");
    assert_eq!(
        platform.send(request).await.json()["description"],
        "You did not provide a valid token. Please provide a valid token."
    );
}

#[tokio::test]
async fn key_and_secret() {
    let platform = Platform::auto().await;
    let applications = "/v2/applications";
    let numbers = "/account/numbers";
    let both = format!("api_key={API_KEY}&api_secret={API_SECRET}");
    let basic = |key: &'static str, secret: &'static str| {
        move |request: RequestBuilder| request.basic_auth(key, Some(secret))
    };
    let none = |request: RequestBuilder| request;
    check(&platform, applications, basic(API_KEY, API_SECRET), 200, "").await;
    check(&platform, numbers, basic(API_KEY, API_SECRET), 200, "").await;
    check(&platform, &format!("{numbers}?{both}"), none, 200, "").await;
    // A name counts as what it says, however it is written.
    let written = format!("api%5Fkey={API_KEY}&%61pi_secret={API_SECRET}");
    check(&platform, &format!("{numbers}?{written}"), none, 200, "").await;

    check(&platform, applications, none, 401, "credentials-missing").await;
    check(&platform, numbers, none, 401, "credentials-missing").await;
    check(&platform, applications, basic("wrong", API_SECRET), 401, "api-key-unknown").await;
    check(&platform, numbers, basic(API_KEY, "wrong"), 401, "api-secret-wrong").await;
    check(
        &platform,
        applications,
        |r| r.header("authorization", "Basic ?"),
        401,
        "credentials-malformed",
    )
    .await;
    check(&platform, applications, |r| r.bearer_auth("a.b.c"), 401, "credentials-scheme").await;
    check(&platform, &format!("{applications}?{both}"), none, 401, "credentials-scheme").await;
    check(&platform, &format!("{numbers}?api_key={API_KEY}"), none, 401, "credentials-missing")
        .await;
    check(
        &platform,
        &format!("{numbers}?{both}"),
        basic(API_KEY, API_SECRET),
        401,
        "multiple-auth-methods",
    )
    .await;
    let token = platform.token();
    let path = format!("{CONVERSATION}?{both}");
    check(&platform, &path, |r| r.bearer_auth(&token), 401, "multiple-auth-methods").await;
}

async fn check(
    platform: &Platform,
    path: &str,
    with: impl FnOnce(RequestBuilder) -> RequestBuilder,
    status: u16,
    reason: &str,
) {
    let reply = platform.send(with(platform.request(Method::GET, path))).await;
    if reason.is_empty() {
        assert_eq!(reply.status, status, "{path}: {}", reply.text);
        return;
    }
    assert_explained(&reply, status, reason);
    let body = reply.json();
    if path.starts_with("/account") {
        let expected = json!({"error-code": "401", "error-code-label": "authentication failed"});
        assert_eq!(body, expected);
    } else if path.starts_with("/v2") {
        assert_eq!(body["title"], "Invalid credentials supplied");
        assert_eq!(body["detail"], "You did not provide correct credentials.");
        assert_eq!(body["type"], "https://developer.nexmo.com/api-errors#unauthorized");
    }
}

#[tokio::test]
async fn a_refusal_is_kept_and_explained_without_secrets() {
    let platform = Platform::auto().await;
    let request = platform.request(Method::GET, "/v2/applications");
    let reply = platform.send(request.basic_auth(API_KEY, Some("planted-wrong-secret"))).await;
    let trace = reply.header("ringback-trace").to_owned();
    for (key, shown) in [
        // Key and secret in each other's place.
        (API_SECRET, "a key of 20 characters, sha256 "),
        ("abc123456789", "a key of 12 characters, sha256 "),
        ("ABCD1234", "a key of 8 characters, sha256 "),
        ("abcd1234", "the key `abcd1234`"),
        ("abc123", "the key `abc123`"),
    ] {
        let request = platform.request(Method::GET, "/v2/applications");
        let swapped = platform.send(request.basic_auth(key, Some(API_KEY))).await;
        assert_explained(&swapped, 401, "api-key-unknown");
        let hint = swapped.header("ringback-hint");
        assert!(hint.contains(shown), "{hint}");
        let trace = swapped.header("ringback-trace");
        let kept = platform.get(&format!("/_ringback/refusals/{trace}")).await.text;
        assert_eq!(kept.contains(key), shown.contains(key), "{kept}");
    }
    let kept = platform.get(&format!("/_ringback/refusals/{trace}")).await.json();
    assert_eq!(kept["reason"], "api-secret-wrong");
    assert_eq!(kept["operation"], "applications.ListApplications");
    assert_eq!(kept["path"], "/v2/applications");
    assert_eq!(kept["platform"].as_str().unwrap(), reply.text);
    for name in ["checked", "seen", "expected", "fix", "hint"] {
        let text = kept[name].as_str().unwrap();
        assert!(!text.is_empty() && !text.contains("planted"), "{name}: {text}");
    }
    let all = platform.get("/_ringback/refusals").await.json();
    assert_eq!(all["refusals"][0], kept);
    let unknown = platform.get("/_ringback/refusals/none").await;
    assert_explained(&unknown, 404, "refusal-unknown");
    assert!(unknown.json()["fix"].is_string());
}

#[tokio::test]
async fn paths_methods_and_bodies() {
    let platform = Platform::auto().await;
    let check = async |method: Method,
                       path: &str,
                       body: Option<(&str, &str)>,
                       status: u16,
                       reason: &str,
                       field: &str,
                       value: &str| {
        let mut request =
            platform.request(method.clone(), path).basic_auth(API_KEY, Some(API_SECRET));
        if let Some((kind, text)) = body {
            request = request.header("content-type", kind).body(text.to_owned());
        }
        let reply = platform.send(request).await;
        assert_explained(&reply, status, reason);
        assert_eq!(reply.json()[field], value, "{method} {path}: {}", reply.text);
    };
    let get = Method::GET;
    check(get.clone(), "/beta/nothing", None, 404, "path-unknown", "code", "http:error:not-found")
        .await;
    check(get.clone(), "/v1/nothing", None, 404, "path-unknown", "code", "http:error:not-found")
        .await;
    check(
        get.clone(),
        "/v9/conversations",
        None,
        404,
        "version-unknown",
        "code",
        "http:error:version-not-allowed",
    )
    .await;
    check(get.clone(), "/v2/applications/a/b", None, 404, "path-unknown", "title", "Not Found")
        .await;
    check(get.clone(), "/account/nothing", None, 404, "path-unknown", "error-code", "404").await;
    check(get, "/nothing", None, 404, "path-unknown", "reason", "path-unknown").await;
    let patch = Method::PATCH;
    check(
        patch.clone(),
        "/beta/conversations",
        None,
        405,
        "method-not-allowed",
        "code",
        "http:error:method-not-allowed",
    )
    .await;
    check(
        patch.clone(),
        "/v1/conversations",
        None,
        405,
        "method-not-allowed",
        "title",
        "Method not allowed.",
    )
    .await;
    check(
        patch.clone(),
        "/v2/applications",
        None,
        405,
        "method-not-allowed",
        "detail",
        "Request method 'PATCH' not supported",
    )
    .await;
    check(patch.clone(), "/number/buy", None, 405, "method-not-allowed", "error-code", "405").await;
    check(patch, "/_ringback/calls", None, 405, "method-not-allowed", "expected", "GET, POST")
        .await;
    let form = Some(("application/x-www-form-urlencoded", r#"{"name":"x"}"#));
    check(
        Method::POST,
        "/v2/applications",
        form,
        415,
        "content-type-not-json",
        "title",
        "Unsupported Content-Type header",
    )
    .await;
    let mut large = String::from("{\"name\":\"");
    for _ in 0..110_000 {
        write!(large, "0123456789").unwrap();
    }
    let request =
        platform.request(Method::POST, "/v2/applications").basic_auth(API_KEY, Some(API_SECRET));
    let reply = platform.send(request.header("content-type", "application/json").body(large)).await;
    assert_explained(&reply, 413, "body-too-large");
}

#[tokio::test]
async fn a_number_is_bought_in_each_old_way() {
    let platform = Platform::auto().await;
    let found = platform
        .get(&format!(
            "/number/search?country=GB&api_key={API_KEY}&api_secret={API_SECRET}&size=100"
        ))
        .await
        .json();
    let numbers: Vec<_> = found["numbers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|number| number["msisdn"].as_str().unwrap().to_owned())
        .collect();
    let credentials = format!("api_key={API_KEY}&api_secret={API_SECRET}");
    let form = "application/x-www-form-urlencoded";
    for (number, way) in numbers.iter().zip(0..3) {
        let fields = format!("country=GB&msisdn={number}");
        let request = match way {
            // All in the query, with an empty form.
            0 => platform
                .request(Method::POST, &format!("/number/buy?{fields}&{credentials}"))
                .header("content-type", form),
            // All in the form.
            1 => platform
                .request(Method::POST, "/number/buy")
                .header("content-type", form)
                .body(format!("{fields}&{credentials}")),
            // A form under the wrong name.
            _ => platform
                .request(Method::POST, "/number/buy")
                .basic_auth(API_KEY, Some(API_SECRET))
                .header("content-type", "application/json")
                .body(fields),
        };
        let reply = platform.send(request).await;
        let expected: Value = json!({"error-code": "200", "error-code-label": "success"});
        assert_eq!((reply.status.as_u16(), reply.json()), (200, expected), "way {way}");
    }
}

fn bearer(token: &str) -> Option<String> {
    Some(format!("Bearer {token}"))
}

/// A token with this header and a signature of nothing.
fn unsigned(header: &str, application: &str) -> String {
    let claims = json!({"application_id": application, "iat": now(), "jti": "1"}).to_string();
    let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.{}", encode(header), encode(&claims), encode("signature"))
}
