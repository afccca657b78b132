//! Conversations with legs: what REST does to calls.

use serde_json::{Value, json};

use super::Api;
use crate::world::{World, answers, connect_bob};

#[test]
fn a_call_enters_the_conversation_that_rest_made_by_its_name() {
    let mut api = Api::new(World::new(answers(r#"[{"action":"conversation","name":"room"}]"#)));
    let callback =
        r#"{"url":"http://app.test/callback","event_mask":"member:joined, member:left"}"#;
    let id =
        api.id(201, &format!(r#"POST /v1/conversations {{"name":"room","callback":{callback}}}"#));
    let leg = api.world.call();
    api.world.run();
    let list = api.ok(200, &format!("GET /v1/conversations/{id}/members"));
    let member = list["_embedded"]["members"][0]["id"].as_str().unwrap().to_owned();
    let media = api.ok(200, &format!("GET /v1/conversations/{id}"))["media_state"].clone();
    assert_eq!((&media["tts"], &media["recording"]), (&json!(false), &json!(false)));
    let talk =
        api.ok(200, &format!(r#"PUT /v1/conversations/{id}/talk {{"text":"Hello","loop":0}}"#));
    assert_eq!(talk["message"], "Talk started");
    api.ok(
        200,
        &format!(r#"PUT /v1/conversations/{id}/record {{"action":"start","format":"wav"}}"#),
    );
    let media = api.ok(200, &format!("GET /v1/conversations/{id}"))["media_state"].clone();
    assert_eq!((&media["tts"], &media["recording"]), (&json!(true), &json!(true)));
    let stopped = api.ok(200, &format!("DELETE /v1/conversations/{id}/talk"));
    assert_eq!(stopped, json!({"message": "Talk stopped", "uuid": talk["uuid"]}));
    api.ok(200, &format!(r#"PUT /v1/conversations/{id}/record {{"action":"stop"}}"#));
    let mute = format!(
        r#"POST /v1/conversations/{id}/events {{"type":"audio:mute:on","from":"{member}","body":{{}}}}"#
    );
    assert_eq!(api.ok(201, &mute)["body"]["rtc_id"], leg.as_str());
    let media = api.ok(200, &format!("GET /v1/conversations/{id}"))["media_state"].clone();
    assert_eq!((&media["mute"], &media["tts"]), (&json!(true), &json!(false)));
    // A member with a leg leaves by its leg being hung up.
    let leaves = format!(r#"PATCH /v1/conversations/{id}/members/{member} {{"state":"left"}}"#);
    assert_eq!(api.ok(200, &leaves)["state"], "LEFT");
    assert_eq!(api.world.exchange.live_calls(), 0);
    api.world.run();
    api.ok(200, &format!("GET /v1/conversations/{id}"));
    let posted: Vec<Value> = api
        .world
        .sent
        .iter()
        .filter(|attempt| attempt.kind == "rtc")
        .map(|attempt| api.world.payload(attempt)["type"].clone())
        .collect();
    assert_eq!(posted, ["member:joined", "member:left"]);
    let types = api.types(&id);
    for kind in ["audio:say", "audio:say:stop", "audio:record", "audio:record:stop"] {
        assert!(types.iter().any(|seen| seen == kind), "{kind}: {types:?}");
    }
}

#[test]
fn removing_the_conversation_of_a_call_ends_the_call() {
    let mut api = Api::new(World::new(connect_bob()));
    api.world.call();
    api.world.run();
    let list = api.ok(200, "GET /v1/conversations");
    let id = list["_embedded"]["conversations"][0]["id"].as_str().unwrap().to_owned();
    let refusal = format!(r#"PUT /v1/conversations/{id} {{"name":"room"}}"#);
    api.refused(400, "conversation:error:invalid-action", &refusal);
    api.ok(204, &format!("DELETE /v1/conversations/{id}"));
    assert_eq!(api.world.exchange.live_calls(), 0);
    api.refused(404, "conversation:error:not-found", &format!("GET /v1/conversations/{id}"));
}

#[test]
fn the_legs_of_an_application_are_listed_and_hung_up() {
    for generation in ["beta", "v0.1", "v0.3"] {
        let mut api = Api::new(World::new(connect_bob()));
        api.world.call();
        api.world.run();
        let list = api.ok(200, &format!("GET /{generation}/legs"));
        assert_eq!((&list["count"], &list["record_index"]), (&json!(2), &json!(0)));
        let legs = list["_embedded"]["legs"].as_array().unwrap();
        let leg = &legs[1];
        assert_eq!(
            (&leg["type"], &leg["status"], &leg["end_time"]),
            (&json!("phone"), &json!("answered"), &json!(""))
        );
        let id = leg["uuid"].as_str().unwrap().to_owned();
        assert_eq!(api.ok(200, &format!("DELETE /{generation}/legs/{id}")), json!({}));
        let list = api.ok(200, &format!("GET /{generation}/legs"));
        let leg = &list["_embedded"]["legs"][1];
        assert_eq!((&leg["status"], &leg["state"]), (&json!("completed"), &json!("terminated")));
        api.refused(404, "leg:error:not-found", &format!("DELETE /{generation}/legs/unknown"));
    }
}
