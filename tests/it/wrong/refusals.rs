//! Requests that are refused before anybody looks at a call: paths, methods, bodies, tokens.

use reqwest::Method;
use ringback_jwt::{Acl, Claims};
use serde_json::{Value, json};

use super::{
    lab::{As, BOB, Lab, OWN, token},
    server::Answer,
};

const CONVERSATION: &str = "/conversations/CON-11111111-2222-4333-8444-555555555555";
const CALL: &str = "/v1/calls/11111111-2222-4333-8444-555555555555";
const ENDPOINT: &str = "Endpoint does not exist, or you do not have access.";

fn problem(title: &str, code: &str, detail: &str) -> Value {
    let kind = format!("https://developer.nexmo.com/api/conversation#{code}");
    json!({"title": title, "type": kind, "code": code, "detail": detail})
}

async fn lab() -> Lab {
    Lab::start(&["447700900500"], |_| Answer::Json(Value::Null)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_of_another_generation_is_said_to_be_there() {
    let lab = lab().await;
    let healthy = lab.healthy().await;
    let not_found = || problem("Not found.", "http:error:not-found", ENDPOINT);
    let description = || json!({"code": "http:error:not-found", "description": ENDPOINT});
    let one = format!("/v2{CONVERSATION}");
    let record = format!("/v0.3{CONVERSATION}/record");
    let me = format!("/v0.1{CONVERSATION}/talk");
    for (method, path, platform, fix) in [
        (Method::GET, "/v1/legs", not_found(), "use GET /v0.3/legs or /v0.1/legs or /beta/legs"),
        (Method::GET, "/v2/conversations", not_found(), "use GET /v1/conversations or /v0.3/conv"),
        (Method::GET, &one, not_found(), "/beta/conversations/CON-11111111"),
        (Method::PUT, &record, not_found(), "use PUT /v1/conversations/CON-11111111"),
        (Method::PUT, &me, description(), "use PUT /v1/conversations/CON-11111111"),
        (
            Method::GET,
            "/v2/calls",
            json!({"type": "METHOD_NOT_ALLOWED", "error_title": "Method Not Allowed"}),
            "use POST, or GET /v1/calls",
        ),
        (
            Method::GET,
            "/v1/applications",
            json!({
                "type": "https://developer.nexmo.com/api-errors#not-found",
                "title": "Not Found",
                "detail": "ID '' does not exist, or you do not have access",
            }),
            "use GET /v2/applications",
        ),
    ] {
        let reply = lab.send(As::App(OWN), method, path, None).await;
        let (status, reason) = match reply.status {
            405 => (405, "method-not-allowed"),
            _ => (404, "path-of-another-generation"),
        };
        lab.explains(&reply, (status, platform), reason, fix).await;
    }
    let version = problem("Not found.", "http:error:version-not-allowed", ENDPOINT);
    let reply = lab.send(As::App(OWN), Method::GET, "/v4/users", None).await;
    lab.explains(&reply, (404, version), "version-unknown", "use GET /v1/users or").await;
    let reply = lab.send(As::App(OWN), Method::GET, "/v1/nothing", None).await;
    lab.explains(&reply, (404, not_found()), "path-unknown", "/openapi.json").await;
    lab.ends_well(&healthy).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_method_is_answered_with_the_right_ones() {
    let lab = lab().await;
    let healthy = lab.healthy().await;
    let code = "http:error:method-not-allowed";
    let sentence = "Request method not supported.";
    let older = || json!({"code": code, "description": sentence});
    let newer = || problem("Method not allowed.", code, sentence);
    let voice = || json!({"type": "METHOD_NOT_ALLOWED", "error_title": "Method Not Allowed"});
    let verb = json!({
        "type": "https://developer.nexmo.com/api-errors#wrong-verb",
        "title": "Request method not allowed", "detail": "Request method 'PATCH' not supported",
    });
    let label = json!({"error-code": "405", "error-code-label": "method not allowed"});
    let member = format!("/v0.3{CONVERSATION}/members/MEM-11111111-2222-4333-8444-555555555555");
    let events = format!("/v0.2{CONVERSATION}/events");
    let (post, put, patch) = (Method::POST, Method::PUT, Method::PATCH);
    for (method, path, platform, allow, fix) in [
        // The second generation is there for reading.
        (post.clone(), "/v0.2/conversations", older(), "GET", "POST /v1/conversations or /v0.3/"),
        (post.clone(), &events, older(), "GET", "POST /v1/conversations/CON-"),
        (post, "/v0.2/users", older(), "GET", "POST /v1/users or /v0.3/users or /v0.1/users"),
        (put, &member, newer(), "GET, PATCH", "PUT /v0.1/conversations/CON-"),
        (patch.clone(), "/v1/conversations", newer(), "GET, POST", "use GET, POST"),
        (patch.clone(), "/beta/conversations", older(), "GET, POST", "use GET, POST"),
        (patch.clone(), CALL, voice(), "GET, PUT", "use GET, PUT"),
        (patch.clone(), "/v2/applications", verb, "GET, POST", "use GET, POST"),
        (patch, "/number/buy", label, "POST", "use POST"),
    ] {
        let reply = lab.send(As::App(OWN), method, path, None).await;
        assert_eq!(reply.header("allow"), allow, "{path}");
        lab.explains(&reply, (405, platform), "method-not-allowed", fix).await;
    }
    let reply = lab.send(As::Nobody, Method::PATCH, "/_ringback/calls", None).await;
    assert_eq!((reply.status, reply.header("allow")), (405, "GET, POST"));
    lab.ends_well(&healthy).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_has_to_be_json_and_to_say_so() {
    let lab = lab().await;
    let healthy = lab.healthy().await;
    let form = "application/x-www-form-urlencoded";
    let sentence = "Invalid Content-Type.";
    let code = "http:error:unsupported-media-type";
    let api = json!({
        "type": "https://developer.nexmo.com/api-errors#content-type-header",
        "title": "Unsupported Content-Type header",
        "detail": "Must be one of the following: 'application/json'",
    });
    let voice = json!({"type": "BAD_REQUEST", "error_title": "Bad Request"});
    let mut users = problem("Bad request.", "http:error:validation-fail", sentence);
    users["invalid_parameters"] = json!([{
        "name": "content-type",
        "reason": "Invalid Content-Type. Supported versions: [application/json]",
    }]);
    for (path, who, status, platform) in [
        (
            "/v1/conversations",
            As::App(OWN),
            415,
            problem("Unsupported media type.", code, sentence),
        ),
        ("/v0.1/conversations", As::App(OWN), 415, json!({"code": code, "description": sentence})),
        ("/v1/users", As::App(OWN), 406, users.clone()),
        ("/v0.3/users", As::App(OWN), 406, users),
        ("/v2/applications", As::Account, 415, api),
        ("/v1/calls", As::App(OWN), 415, voice),
    ] {
        let request = lab.request(who, Method::POST, path);
        let request = request.header("content-type", form).body(r#"{"name":"a"}"#);
        let reply = lab.reply(request).await;
        lab.explains(&reply, (status, platform), "content-type-not-json", form).await;
    }
    lab.ends_well(&healthy).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_is_not_known_is_guessed() {
    let lab = lab().await;
    let healthy = lab.healthy().await;
    let validation = "http:error:validation-fail";
    for (path, body, name, meant) in [
        (
            "/v1/conversations",
            json!({"displayName": "a"}),
            "displayName",
            "did you mean `display_name`?",
        ),
        ("/v1/conversations", json!({"nam": "a"}), "nam", "did you mean `name`?"),
        ("/v1/conversations", json!({"colour": "red"}), "colour", "send no fields but `name`, "),
        ("/v1/users", json!({"image_ulr": "a"}), "image_ulr", "did you mean `image_url`?"),
    ] {
        let reply = lab.send(As::App(OWN), Method::POST, path, Some(body)).await;
        let mut platform = problem("Bad request.", validation, "Input validation failure.");
        let last = name.rsplit('.').next().unwrap();
        platform["invalid_parameters"] =
            json!([{"name": name, "reason": format!("\"{last}\" is not allowed")}]);
        lab.explains(&reply, (400, platform), "body-invalid", meant).await;
    }
    for (body, meant) in [
        (json!({"aplications": []}), "did you mean `applications`?"),
        (json!({"phones": [{"nummer": "1"}]}), "did you mean `number`?"),
        (json!({"tariffs": [{"rate": "1", "net_work": "1"}]}), "did you mean `network`?"),
    ] {
        let reply = lab.send(As::Nobody, Method::POST, "/_ringback/seed", Some(body)).await;
        assert_eq!((reply.status, reply.header("ringback-reason")), (400, "body-invalid"));
        assert_eq!(reply.json()["fix"], meant, "{}", reply.text);
    }
    lab.ends_well(&healthy).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_opens_what_its_acl_says() {
    let lab = lab().await;
    let healthy = lab.healthy().await;
    let acl = |paths: Value| {
        let acl: Acl = serde_json::from_value(json!({"paths": paths})).unwrap();
        token(&Claims::new(OWN).acl(acl))
    };
    let users = acl(json!({"/*/users/**": {}}));
    let read = acl(json!({"/*/conversations/**": {"methods": ["GET"]}, "/v1/calls": {}}));
    let code = "system:error:permission";
    let sentence = "You do not have permission to perform this action.";
    let newer = || problem("Forbidden.", code, sentence);
    let older = || json!({"code": code, "description": sentence});
    let voice = || json!({"type": "FORBIDDEN", "error_title": "Forbidden"});
    let (get, post) = (Method::GET, Method::POST);
    for (token, method, path, platform) in [
        (&users, get.clone(), "/v1/conversations", newer()),
        (&users, get.clone(), "/beta/conversations", older()),
        (&users, get.clone(), "/v1/calls", voice()),
        (&users, get.clone(), "/v0.1/legs", older()),
        (&read, post, "/v1/conversations", newer()),
        (&read, get.clone(), "/v1/users", newer()),
        (&read, get.clone(), CALL, voice()),
    ] {
        let seen = format!("does not open {method} `{path}`");
        let reply = lab.send(As::Token(token), method, path, None).await;
        lab.explains(&reply, (403, platform), "acl-denied", &seen).await;
    }
    for (token, path) in
        [(&users, "/v1/users"), (&read, "/v0.3/conversations"), (&read, "/v1/calls")]
    {
        let reply = lab.send(As::Token(token), get.clone(), path, None).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text);
    }
    lab.ends_well(&healthy).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_need_an_application_that_is_capable_of_them() {
    const MUTE: &str = "aaaaaaaa-bbbb-4ccc-8ddd-000000000003";
    let lab = lab().await;
    let healthy = lab.healthy().await;
    let application = json!({
        "id": MUTE, "name": "Mute", "private_key": super::lab::private_key(),
        "capabilities": {"rtc": {"webhooks": {"event_url": {"address": "http://app.example/rtc"}}}},
    });
    let seed = json!({
        "applications": [application],
        "numbers": [super::lab::number_of("447700900501", "Mute")],
    });
    lab.control(Method::POST, "/seed", Some(seed)).await;
    let body = json!({
        "to": [{"type": "phone", "number": BOB}],
        "from": {"type": "phone", "number": "447700900501"},
        "event_url": ["http://app.example/event"],
        "ncco": [{"action": "talk", "text": "Hello"}],
    });
    let reply = lab.send(As::App(MUTE), Method::POST, "/v1/calls", Some(body.clone())).await;
    let platform = json!({"type": "FORBIDDEN", "error_title": "Forbidden"});
    let seen = "has no capability `voice`";
    lab.explains(&reply, (403, platform), "application-without-voice", seen).await;
    // Who calls its number is told so too.
    let call = json!({"from": "447700000001", "to": "447700900501"});
    let reply = lab.send(As::Nobody, Method::POST, "/_ringback/calls", Some(call)).await;
    let found = (reply.status, reply.header("ringback-reason"));
    assert_eq!(found, (409, "application-without-answer-url"), "{}", reply.text);
    // Conversations and users need no capability.
    for path in ["/v1/conversations", "/v1/users"] {
        lab.good(As::App(MUTE), Method::POST, path, Some(json!({}))).await;
    }
    // With the capability it calls.
    let path = format!("/v2/applications/{MUTE}");
    let change = json!({"name": "Mute", "capabilities": {"voice": {}}});
    lab.good(As::Account, Method::PUT, &path, Some(change)).await;
    let made = lab.good(As::App(MUTE), Method::POST, "/v1/calls", Some(body)).await;
    lab.wait(made["uuid"].as_str().unwrap(), "completed").await;
    lab.ends_well(&healthy).await;
}
