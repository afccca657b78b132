//! Applications: what they are capable of, their keys, and pages of them.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use ringback_exchange::{Caller, Exchange, Input, KeyPair, Refusal, Request, Settings};
use ringback_model::{
    ApiKey, ApplicationId, Operation, Secret, Timestamp,
    applications::{CreateApplication, GetApplication, ListApplications, UpdateApplication},
    operation::RequestParts,
};
use serde_json::{Value, json};

use crate::world::START;

const KEY: &str = "-----BEGIN PUBLIC KEY-----\n…\n-----END PUBLIC KEY-----\n";

fn exchange() -> Exchange {
    Exchange::new(Settings::new(1, ApiKey::new("abcd1234")))
}

/// A request with a body as it is written, not as our own types write it.
fn send<O: Operation>(exchange: &mut Exchange, path: &str, body: &Value) -> Result<Value, Refusal> {
    let parts = RequestParts { body: Bytes::from(body.to_string()), ..parts::<O>(path) };
    let mut request =
        Request { caller: Caller::Account, operation: O::INFO, parts, key_pair: None };
    if exchange.needs_key_pair(&request) {
        let private = "-----BEGIN PRIVATE KEY-----\n…\n-----END PRIVATE KEY-----\n";
        request.key_pair = Some(KeyPair { public: KEY.to_owned(), private: Secret::new(private) });
    }
    let output = exchange.handle(Timestamp::from_millis(START), Input::Request(request));
    output.reply.unwrap().map(|answer| match &answer.body[..] {
        [] => Value::Null,
        body => serde_json::from_slice(body).unwrap(),
    })
}

fn ask<O: Operation>(exchange: &mut Exchange, operation: &O) -> Result<Value, Refusal> {
    let parts = operation.encode().unwrap();
    let request = Request { caller: Caller::Account, operation: O::INFO, parts, key_pair: None };
    let output = exchange.handle(Timestamp::from_millis(START), Input::Request(request));
    output.reply.unwrap().map(|answer| match &answer.body[..] {
        [] => Value::Null,
        body => serde_json::from_slice(body).unwrap(),
    })
}

/// The parts of a request for an operation, without its body.
fn parts<O: Operation>(path: &str) -> RequestParts {
    RequestParts {
        method: O::INFO.method.clone(),
        path: path.to_owned(),
        query: None,
        content_type: Some("application/json".to_owned()),
        body: Bytes::new(),
    }
}

fn create(exchange: &mut Exchange, body: &Value) -> Result<Value, Refusal> {
    send::<CreateApplication>(exchange, "/v2/applications", body)
}

/// The documented request for an application that can do everything.
fn everything() -> Value {
    let hook = |path: &str| json!({"address": format!("https://example.com/{path}"), "http_method": "POST"});
    json!({"name": "Conversation App", "capabilities": {
        "voice": {"webhooks": {
            "answer_url": {"address": "https://example.com/webhooks/answer", "http_method": "GET",
                "connect_timeout": 500, "socket_timeout": 3000},
            "fallback_answer_url": {"address": "https://example.com/fallback", "http_method": "GET",
                "connect_timeout": 300, "socket_timeout": 1000},
            "event_url": {"address": "https://example.com/webhooks/event", "http_method": "POST",
                "connect_timeout": 1000, "socket_timeout": 10000}},
            "signed_callbacks": true, "conversations_ttl": 48, "leg_persistence_time": 7,
            "region": "eu-west", "payment_enabled": false},
        "rtc": {"webhooks": {"event_url": hook("rtc")}, "signed_callbacks": true,
            "leg_persistence_time": 7},
        "messages": {"webhooks": {"inbound_url": hook("inbound"), "status_url": hook("status")},
            "version": "v1", "authenticate_inbound_media": true},
        "vbc": {},
        "verify": {"webhooks": {"status_url": hook("verify")}, "version": "v2"},
        "video": {"webhooks": {
                "archive_status": {"address": "https://example.com/archive", "active": true},
                "sip_call_mute_forced": {"address": "https://example.com/sip", "active": false}},
            "storage": {"server_side_encryption": true, "end_to_end_encryption": false,
                "cloud_storage": true}, "environment_enabled": true},
        "network_apis": {"network_application_id": "2bzfIFqRG128IcjSj1YhZNtw6LADG",
            "redirect_uri": "https://example.com/redirect"},
        "meetings": {"webhooks": {"room_changed": hook("room")}},
        "bulk": {"webhooks": {"run_status_url": hook("run")}}},
     "privacy": {"improve_ai": true}})
}

#[test]
fn every_capability_comes_back_as_it_was_sent() {
    let mut exchange = exchange();
    let made = create(&mut exchange, &everything()).unwrap();
    let id = made["id"].as_str().unwrap().to_owned();
    let got = ask(&mut exchange, &GetApplication::new(id.as_str())).unwrap();
    for seen in [&made, &got] {
        assert_eq!(seen["capabilities"], everything()["capabilities"]);
        assert_eq!(seen["privacy"], json!({"improve_ai": true}));
        assert_eq!(seen["_links"], json!({"self": {"href": format!("/v2/applications/{id}")}}));
    }
    assert!(made["keys"]["private_key"].is_string() && got["keys"].get("private_key").is_none());
    // Sent back as a whole, as the SDKs do, with what is not to be read; nothing changes.
    let mut whole = made;
    whole["keys"]["private_key"] = json!("-----BEGIN PRIVATE KEY-----");
    whole["unheard_of"] = json!({"a": [1]});
    let path = format!("/v2/applications/{id}");
    let put = send::<UpdateApplication>(&mut exchange, &path, &whole).unwrap();
    assert_eq!(put, got);
    // What is left out goes, but for the key and the privacy; a key that is given takes its place.
    let rotated = "-----BEGIN PUBLIC KEY-----\nother\n-----END PUBLIC KEY-----\n";
    let few = json!({"name": "a", "keys": {}, "capabilities": {"vbc": {}}});
    let put = send::<UpdateApplication>(&mut exchange, &path, &few).unwrap();
    assert_eq!((&put["capabilities"], &put["keys"]), (&json!({"vbc": {}}), &got["keys"]));
    let key = json!({"name": "a", "keys": {"public_key": rotated}});
    let put = send::<UpdateApplication>(&mut exchange, &path, &key).unwrap();
    assert_eq!((&put["keys"], &put["capabilities"]), (&json!({"public_key": rotated}), &json!({})));
    assert_eq!(exchange.public_key(&ApplicationId::new(id)), Some(rotated));
}

#[test]
fn what_is_left_out_of_the_webhooks_of_calls_is_filled_in() {
    let hook = |name: &str| json!({"voice": {"webhooks": {name: {"address": "https://x.test"}}}});
    for (name, method, socket_timeout) in [
        ("answer_url", "GET", 5_000),
        ("fallback_answer_url", "GET", 5_000),
        ("event_url", "POST", 10_000),
    ] {
        let made =
            create(&mut exchange(), &json!({"name": "a", "capabilities": hook(name)})).unwrap();
        let expected = json!({"address": "https://x.test", "http_method": method,
            "connect_timeout": 1_000, "socket_timeout": socket_timeout});
        assert_eq!(made["capabilities"]["voice"]["webhooks"], json!({name: expected}));
    }
    // The older name of a field is read, and the newer one written.
    let old = json!({"name": "a", "capabilities": {"voice": {"webhooks": {"event_url":
        {"address": "https://x.test", "connection_timeout": 400}}}}});
    let made = create(&mut exchange(), &old).unwrap();
    let hook = &made["capabilities"]["voice"]["webhooks"]["event_url"];
    assert_eq!((&hook["connect_timeout"], hook.get("connection_timeout")), (&json!(400), None));
}

#[test]
fn an_application_is_checked_field_by_field() {
    let region = "must be one of: na-east, na-west, eu-west, eu-east, apac-sng, apac-australia";
    let url = "must be a valid URL beginning with http:// or https://";
    for (pointer, value, name, reason) in [
        (
            "voice/conversations_ttl",
            json!(0),
            "voice.conversations_ttl",
            "must be between 1 and 9000",
        ),
        (
            "voice/conversations_ttl",
            json!(9001),
            "voice.conversations_ttl",
            "must be between 1 and 9000",
        ),
        (
            "voice/leg_persistence_time",
            json!(32),
            "voice.leg_persistence_time",
            "must be between 1 and 31",
        ),
        ("voice/region", json!("moon"), "voice.region", region),
        (
            "voice/webhooks/event_url/socket_timeout",
            json!(10_001),
            "voice.webhooks.event_url.socket_timeout",
            "must be between 1000 and 10000",
        ),
        (
            "voice/webhooks/answer_url/socket_timeout",
            json!(999),
            "voice.webhooks.answer_url.socket_timeout",
            "must be between 1000 and 5000",
        ),
        (
            "voice/webhooks/answer_url/connect_timeout",
            json!(299),
            "voice.webhooks.answer_url.connect_timeout",
            "must be between 300 and 1000",
        ),
        (
            "voice/webhooks/answer_url/http_method",
            json!("PUT"),
            "voice.webhooks.answer_url.http_method",
            "must be one of: GET, POST",
        ),
        (
            "rtc/webhooks/event_url/http_method",
            json!("PATCH"),
            "rtc.webhooks.event_url.http_method",
            "must be one of: GET, POST",
        ),
        ("rtc/webhooks/event_url/address", json!("x.test"), "rtc.webhooks.event_url.address", url),
        (
            "messages/webhooks/inbound_url/http_method",
            json!("GET"),
            "messages.webhooks.inbound_url.http_method",
            "must be one of: POST",
        ),
        ("messages/version", json!("v3"), "messages.version", "must be one of: v1, v0.1"),
        (
            "verify/webhooks/status_url/http_method",
            json!("GET"),
            "verify.webhooks.status_url.http_method",
            "must be one of: POST",
        ),
        ("verify/version", json!("v1"), "verify.version", "must be one of: v2"),
        ("vbc", json!({"a": 1}), "vbc", "must be an empty object"),
        (
            "video/webhooks/archive_status/address",
            json!("ws://x"),
            "video.webhooks.archive_status.address",
            url,
        ),
    ] {
        let mut body = everything();
        *body.pointer_mut(&format!("/capabilities/{pointer}")).unwrap() = value;
        let refusal = create(&mut exchange(), &body).unwrap_err();
        assert_eq!(
            (refusal.status(), &*refusal.details.code),
            (400, "application#payload-validation")
        );
        let invalid = &refusal.details.invalid[0];
        assert_eq!((&*invalid.name, &*invalid.reason), (&*format!("capabilities.{name}"), reason));
    }
    for body in
        [json!({}), json!({"name": " "}), json!({"name": null}), json!({"name": 5}), json!([])]
    {
        let refusal = create(&mut exchange(), &body).unwrap_err();
        assert_eq!(refusal.status(), 400, "{body}");
    }
    let private = json!({"name": "a", "keys": {"public_key": "-----BEGIN PRIVATE KEY-----\n"}});
    let refusal = create(&mut exchange(), &private).unwrap_err();
    assert_eq!(refusal.details.invalid[0].name, "keys.public_key");
}

#[test]
fn applications_are_listed_page_by_page() {
    let mut exchange = exchange();
    let list = |exchange: &mut Exchange, size, page| {
        ask(exchange, &ListApplications::new().page_size(size).page(page))
    };
    let none = list(&mut exchange, 10, 1).unwrap();
    assert_eq!(none["_embedded"], json!({"applications": []}));
    assert_eq!((&none["total_items"], &none["total_pages"]), (&json!(0), &json!(1)));
    for number in 0..7 {
        create(&mut exchange, &json!({"name": format!("app {number}")})).unwrap();
    }
    for (page, names, others) in [
        (1, &["app 0", "app 1", "app 2"][..], &["next"][..]),
        (2, &["app 3", "app 4", "app 5"], &["next", "prev"]),
        (3, &["app 6"], &["prev"]),
        (9, &[], &["prev"]),
    ] {
        let shown = list(&mut exchange, 3, page).unwrap();
        let seen: Vec<_> = shown["_embedded"]["applications"]
            .as_array()
            .unwrap()
            .iter()
            .map(|application| application["name"].as_str().unwrap())
            .collect();
        assert_eq!(seen, names, "{page}");
        assert_eq!(shown["page_size"], 3);
        assert_eq!((&shown["total_items"], &shown["total_pages"]), (&json!(7), &json!(3)));
        let links: BTreeMap<String, Value> =
            serde_json::from_value(shown["_links"].clone()).unwrap();
        let expected: BTreeSet<_> =
            ["self", "first", "last"].iter().chain(others).copied().collect();
        assert_eq!(links.keys().map(String::as_str).collect::<BTreeSet<_>>(), expected, "{page}");
        assert_eq!(links["first"], json!({"href": "/v2/applications?page_size=3"}));
        assert_eq!(links["last"], json!({"href": "/v2/applications?page_size=3&page=3"}));
    }
    for (size, page, name) in [(0, 1, "page_size"), (101, 1, "page_size"), (10, 0, "page")] {
        let refusal = list(&mut exchange, size, page).unwrap_err();
        assert_eq!(
            (refusal.status(), &*refusal.details.code),
            (400, "application#list-validation")
        );
        assert_eq!(refusal.details.invalid[0].name, name);
    }
}
