//! Events are sent, listed in three shapes, filtered and deleted.

use serde_json::{Value, json};

use super::{Api, check_keys};

#[test]
fn events_are_listed_in_three_shapes() {
    let mut api = Api::quiet();
    let id = api.conversation();
    let from = api.member(&id, "alice");
    for (generation, body) in [
        ("beta", r#""type":"text","body":{"text":"one"}"#),
        ("v0.1", r#""type":"custom:a","body":{"x":1}"#),
        ("v0.3", r#""type":"message","body":{"message_type":"text","text":"three"}"#),
    ] {
        let at = format!("/{generation}/conversations/{id}/events");
        let made = api.ok(201, &format!(r#"POST {at} {{"from":"{from}",{body}}}"#));
        check_keys(&made, &["id", "timestamp", "href"]);
        assert_eq!(made["href"], format!("https://api.nexmo.com{at}/{}", made["id"]));
    }
    for (generation, pointer, expected) in [
        ("beta", "", &["id", "type", "from", "to", "body", "state", "timestamp", "href"][..]),
        ("v0.1", "", &["id", "type", "from", "to", "body", "state", "timestamp", "href"]),
        (
            "v0.2",
            "/_embedded/data/events",
            &["id", "type", "from", "body", "timestamp", "conversation_id", "_links"],
        ),
        (
            "v0.3",
            "/_embedded/data/events",
            &["id", "type", "from", "to", "body", "state", "timestamp", "href"],
        ),
        ("v1", "/_embedded", &["id", "type", "from", "body", "timestamp", "_embedded", "_links"]),
    ] {
        let list = api.ok(200, &format!("GET /{generation}/conversations/{id}/events"));
        let events = list.pointer(pointer).unwrap().as_array().unwrap().clone();
        assert_eq!(events.len(), 4, "{generation}");
        check_keys(&events[1], expected);
        assert_eq!((&events[1]["id"], &events[1]["from"]), (&json!(2), &json!(from)));
    }
}

#[test]
fn events_are_filtered_by_id_type_and_deletion() {
    let mut api = Api::quiet();
    let id = api.conversation();
    let from = api.member(&id, "alice");
    let events = format!("/v1/conversations/{id}/events");
    for n in 0..11 {
        let body = format!(r#"{{"type":"custom:n{n}","from":"{from}","body":{{"n":{n}}}}}"#);
        assert_eq!(api.ok(201, &format!("POST {events} {body}"))["id"], n + 2);
    }
    let first = |page: &Value| page["_embedded"][0]["id"].clone();
    let page = api.ok(200, &format!("GET {events}?page_size=5&order=desc"));
    assert_eq!(first(&page), 12);
    let page = api.ok(200, &format!("GET {events}?start_id=3&end_id=4"));
    assert_eq!((first(&page), page["_embedded"].as_array().unwrap().len()), (json!(3), 2));
    let page = api.ok(200, &format!("GET {events}?event_type=member:joined"));
    assert_eq!((first(&page), page["_embedded"].as_array().unwrap().len()), (json!(1), 1));
    api.ok(204, &format!("DELETE {events}/5"));
    let emptied = api.ok(200, &format!("GET {events}/5"));
    assert_eq!((&emptied["body"], &emptied["type"]), (&json!({}), &json!("custom:n3")));
    let deletion = api.ok(200, &format!("GET {events}/13"));
    assert_eq!(
        (&deletion["type"], &deletion["body"]),
        (&json!("event:delete"), &json!({"event_id": "5"}))
    );
    api.refused(404, "event:error:not-found", &format!("DELETE {events}/5"));
    api.refused(404, "event:error:not-found", &format!("GET {events}/99"));
    api.refused(400, "event:error:delete-not-allowed", &format!("DELETE {events}/1"));
    let page =
        api.ok(200, &format!("GET {events}?exclude_deleted_events=true&start_id=4&end_id=6"));
    assert_eq!(page["_embedded"].as_array().unwrap().len(), 2);
    let conversation = api.ok(200, &format!("GET /v1/conversations/{id}"));
    assert_eq!(conversation["sequence_number"], 13);
}

#[test]
fn what_cannot_be_sent_is_refused() {
    let mut api = Api::quiet();
    let id = api.conversation();
    let member = api.member(&id, "alice");
    let big = "x".repeat(4_100);
    let unknown = "event:error:unknown-event";
    let invalid = "http:error:validation-fail";
    for (code, body) in [
        (unknown, r#"{"type":"member:joined","body":{}}"#.to_owned()),
        (unknown, r#"{"type":"custom:","body":{}}"#.to_owned()),
        (unknown, r#"{"type":"custom:a b","body":{}}"#.to_owned()),
        (unknown, format!(r#"{{"type":"custom:{}","body":{{}}}}"#, "a".repeat(100))),
        (invalid, format!(r#"{{"type":"custom:a","body":{{"x":"{big}"}}}}"#)),
        (invalid, r#"{"type":"custom:a","body":"text"}"#.to_owned()),
        (invalid, r#"{"type":"message","body":{"text":"no type"}}"#.to_owned()),
    ] {
        api.refused(400, code, &format!("POST /v1/conversations/{id}/events {body}"));
    }
    let body = format!(r#"{{"type":"custom:a","from":"{member}","body":{{}}}}"#);
    let line = format!("POST /v1/conversations/{id}/events {body}");
    api.ok(201, &line);
    api.ok(200, &format!(r#"PATCH /v1/conversations/{id}/members/{member} {{"state":"left"}}"#));
    api.refused(400, "event:error:not-joined", &line);
    // What is ephemeral is delivered, not kept.
    let line =
        format!(r#"POST /v1/conversations/{id}/events {{"type":"ephemeral","body":{{"a":1}}}}"#);
    assert_eq!(api.ok(201, &line)["body"], json!({"a": 1}));
    assert_eq!(api.types(&id), ["member:joined", "custom:a", "member:left"]);
}
