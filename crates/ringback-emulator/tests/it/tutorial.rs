//! The tutorial, from the call to the conversation that is gone.

use reqwest::Method;
use ringback_jwt::{Payload, WebhookVerifier};

use crate::harness::{ALICE, API_KEY, App, BOB, NUMBER, Platform, SIGNATURE_SECRET, now};

#[tokio::test]
async fn alice_calls_bob_by_the_number() {
    let platform = Platform::auto().await;
    let mut app = App::connecting().await;
    platform.connect(&app).await;
    let call = platform.call().await;
    let id = call["id"].as_str().unwrap();
    assert!(id.len() == 32 && !id.contains('-'), "{id}");

    // An answered call with nothing left to do stays up, whatever the clock skips.
    let hooks = app.wait_for("answered inbound", 1).await;
    let answer = hooks.iter().find(|hook| hook.name() == "answer").unwrap();
    assert_eq!((answer.method.as_str(), answer.path.as_str()), ("GET", "/webhooks/answer"));
    for part in [format!("to={NUMBER}"), format!("from={ALICE}"), format!("uuid={id}")] {
        assert!(answer.query.contains(&part), "{}", answer.query);
    }
    let conversation = hooks[0].json()["conversation_uuid"].as_str().unwrap().to_owned();
    let path = format!("/beta/conversations/{conversation}");
    let found = platform.with_token(&path).await;
    assert_eq!(found.status, 200, "{}", found.text);
    assert_eq!(found.header("content-type"), "application/json");
    let found = found.json();
    assert_eq!(found["uuid"], conversation.as_str());
    assert_eq!(found["sequence_number"], 8);
    let members = found["members"].as_array().unwrap();
    let seen: Vec<_> = members
        .iter()
        .map(|member| {
            let channel = &member["channel"];
            [&member["state"], &channel["from"]["number"], &channel["to"]["number"]]
                .map(|value| value.as_str().unwrap())
        })
        .collect();
    assert_eq!(seen, [["JOINED", ALICE, NUMBER], ["JOINED", "Unknown", BOB]]);
    assert_eq!(members[0]["channel"]["id"], id);
    let shown = platform.get(&format!("/_ringback/calls/{id}/members.json")).await.json();
    assert_eq!(shown.as_array().unwrap(), members);
    let events = platform.with_token(&format!("{path}/events")).await.json();
    let types: Vec<_> =
        events.as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(
        types,
        [
            "member:joined",
            "sip:ringing",
            "sip:answered",
            "member:joined",
            "member:media",
            "sip:answered",
            "member:joined",
            "member:media"
        ]
    );

    let hangup = format!("/_ringback/phones/{BOB}/hangup");
    platform.control(Method::POST, &hangup, None).await;
    app.wait_for("completed inbound", 1).await;
    let hooks = app.wait_for("completed outbound", 1).await;
    let names: Vec<_> = hooks.iter().map(|hook| hook.name()).collect();
    let mut expected = [
        "started inbound",
        "ringing inbound",
        "answer",
        "started outbound",
        "ringing outbound",
        "answered outbound",
        "answered inbound",
        "completed inbound",
        "completed outbound",
    ]
    .map(str::to_owned);
    // The answer webhook does not wait for the events, and both ends are told at once.
    let mut sorted = names.clone();
    sorted.sort();
    expected.sort();
    assert_eq!(sorted, expected);
    let place = |name: &str| names.iter().position(|seen| seen == name).unwrap();
    assert!(place("started outbound") < place("ringing outbound"));
    assert!(place("ringing outbound") < place("answered outbound"));
    assert!(place("answered inbound") < place("completed inbound"));

    let gone = platform.with_token(&path).await;
    assert_eq!(gone.status, 404);
    assert_eq!(gone.json()["code"], "conversation:error:not-found");
    assert!(!gone.header("ringback-reason").is_empty());
}

#[tokio::test]
async fn every_webhook_is_signed() {
    let platform = Platform::auto().await;
    let mut app = App::connecting().await;
    platform.connect(&app).await;
    platform.call().await;
    let hooks = app.wait_for("answered inbound", 1).await;
    let verifier = WebhookVerifier::new([&SIGNATURE_SECRET.into()]).unwrap().api_key(API_KEY);
    for hook in hooks {
        let token = hook.token.as_deref().unwrap();
        let claims = match hook.method.as_str() {
            "GET" => verifier.verify_query(token, &hook.query, now()).unwrap(),
            _ => verifier.verify_body(token, hook.body.as_bytes(), now()).unwrap(),
        };
        let expected = if hook.method == "GET" { Payload::QueryObject } else { Payload::Body };
        assert_eq!(claims.payload, expected, "{}", hook.name());
        assert_eq!(claims.application_id.as_deref(), Some(platform.application()));
    }
}

#[tokio::test]
async fn events_that_are_refused_do_not_stop_a_call() {
    let platform = Platform::auto().await;
    let ncco = serde_json::json!([
        {"action": "connect", "endpoint": [{"type": "phone", "number": BOB}]}
    ]);
    let mut app = App::start(ncco, 404).await;
    platform.connect(&app).await;
    platform.call().await;
    app.wait_for("answered inbound", 1).await;
}
