//! Every operation there is leads somewhere.

use std::collections::BTreeSet;

use reqwest::Method;
use ringback_model::{
    OPERATIONS,
    operation::{ReplyKind, Scheme},
};

use crate::harness::{API_KEY, API_SECRET, App, BOB, Platform};

#[tokio::test]
async fn every_operation_is_served() {
    let platform = Platform::auto().await;
    let mut app = App::connecting().await;
    platform.connect(&app).await;
    let call = platform.call().await;
    let hooks = app.wait_for("answered inbound", 1).await;
    let conversation = hooks[0].json()["conversation_uuid"].as_str().unwrap().to_owned();
    let path = format!("/beta/conversations/{conversation}");
    let found = platform.with_token(&path).await.json();
    let member = found["members"][0]["member_id"].as_str().unwrap().to_owned();
    let refused = platform.get("/nowhere").await;
    let lease = platform.control(Method::POST, "/_ringback/clock/hold", None).await;
    let values = [
        ("conversation_id", conversation),
        ("member_id", member),
        ("event_id", "1".to_owned()),
        ("application_id", platform.application().to_owned()),
        ("call_id", call["id"].as_str().unwrap().to_owned()),
        ("number", BOB.to_owned()),
        ("webhook_id", "1".to_owned()),
        ("lease_id", lease["lease"].to_string()),
        ("trace", refused.header("ringback-trace").to_owned()),
    ];
    let mut missing = BTreeSet::new();
    // What ends something comes last.
    let ends = |id: &str| {
        ["Delete", "Cancel", "HangUp", "Reset", "Update", "Release"]
            .iter()
            .any(|word| id.contains(word))
    };
    let mut operations = OPERATIONS.to_vec();
    // Without the application no token is one any more.
    let ends_all = |id: &str| id.ends_with("DeleteApplication") || id.ends_with("Reset");
    operations.sort_by_key(|info| (ends_all(info.id), ends(info.id)));
    for info in operations {
        let mut path = info.path.to_owned();
        for (name, value) in &values {
            path = path.replace(&format!("{{{name}}}"), value);
        }
        let mut request = platform.request(info.method.clone(), &path);
        request = match info.auth.first() {
            Some(Scheme::Jwt) => request.bearer_auth(platform.token()),
            Some(_) => request.basic_auth(API_KEY, Some(API_SECRET)),
            None => request,
        };
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let reason = response.headers().get("ringback-reason");
        let reason = reason.map_or("", |reason| reason.to_str().unwrap()).to_owned();
        let is_stream = info.reply == ReplyKind::EventStream;
        let text = if is_stream { String::new() } else { response.text().await.unwrap() };
        // That a thing is not there (any more) is an answer; that a path is not, is none.
        // The token names no user, so there is no member that is he.
        let is_unknown = status == 401 && reason != "token-without-user";
        let is_lost = is_unknown || status == 405 || reason == "path-unknown";
        if status >= 500 || is_lost || reason == "version-unknown" {
            missing.insert(format!("{}: {status} {reason} {text}", info.id));
        }
    }
    assert_eq!(missing, BTreeSet::new());
}
