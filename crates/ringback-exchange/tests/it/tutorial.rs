//! The tutorial's call, against the documented log and sample.

use ringback_exchange::PhoneEvent;
use ringback_model::{ConversationId, Operation, beta};
use serde_json::{Value, json};

use crate::world::{ALICE, BOB, NUMBER, World, connect_bob};

fn conversation_of(world: &World) -> ConversationId {
    ConversationId::new(world.last("answer")["conversation_uuid"].as_str().unwrap())
}

fn up() -> (World, ringback_model::LegId, ConversationId) {
    let mut world = World::new(connect_bob());
    let call = world.call();
    world.run();
    let conversation = conversation_of(&world);
    (world, call, conversation)
}

#[test]
fn webhooks_come_in_the_documented_order() {
    let (mut world, call, _) = up();
    world.phone(&call, PhoneEvent::HangsUp);
    world.run();
    assert_eq!(
        world.kinds(),
        [
            "started A",
            "ringing A",
            "answer",
            "started B",
            "ringing B",
            "answered B",
            "answered A",
            "completed A",
            "completed B",
        ]
    );
}

#[test]
fn started_and_ringing_share_their_time() {
    let (world, ..) = up();
    let times = |kind: &str| -> Vec<Value> {
        let of_kind = world.sent.iter().filter(|attempt| attempt.kind == kind);
        of_kind.map(|attempt| world.payload(attempt)["timestamp"].clone()).collect()
    };
    assert_eq!(times("started"), times("ringing"));
    assert_eq!(times("started")[0], "2018-10-25T09:26:18.991Z");
}

#[test]
fn the_answer_webhook_asks_by_get_who_calls_whom() {
    let (world, call, conversation) = up();
    let answer = world.sent.iter().find(|attempt| attempt.kind == "answer").unwrap();
    assert_eq!(answer.method.as_str(), "GET");
    assert_eq!(&*answer.url, "http://app.test/webhooks/answer");
    assert_eq!(
        world.payload(answer),
        json!({
            "to": NUMBER, "from": ALICE, "conversation_uuid": conversation.as_str(), "uuid": call.as_str(),
            // The platform has sent these two since 2024 and 2022.
            "endpoint_type": "phone", "region_url": "https://api-us-3.vonage.com",
        })
    );
}

#[test]
fn the_conversation_has_the_structure_of_the_sample() {
    let (mut world, call, conversation) = up();
    let shown = world.ask(&beta::GetConversation::new(conversation)).unwrap();
    // The sample, with what differs from call to call taken from what was shown.
    let sample: Value =
        serde_json::from_str(include_str!("../../../../tests/fixtures/beta/conversation.json"))
            .expect("the tutorial's sample");
    assert_eq!(shape(&shown), shape(&sample));
    assert_eq!(shown["sequence_number"], 8);
    assert_eq!(shown["properties"], json!({"ttl": 172_800, "video": false}));
    let [alice, bob] = [&shown["members"][0], &shown["members"][1]];
    assert_eq!((&alice["state"], &bob["state"]), (&json!("JOINED"), &json!("JOINED")));
    assert_eq!(alice["name"], alice["user_id"]);
    assert!(bob["name"].as_str().unwrap().starts_with("vapi-user-"));
    assert_eq!(bob["invited_by"], bob["user_id"]);
    assert_eq!(alice["channel"]["id"], call.as_str());
    assert_eq!(call.as_str().len(), 32);
    assert_eq!(bob["channel"]["id"].as_str().unwrap().len(), 36);
    assert_eq!(bob["channel"]["from"]["number"], "Unknown");
    assert_eq!(bob["channel"]["to"]["number"], BOB);
    assert_eq!(bob["channel"]["ring_timeout"], 60_000);
    assert_eq!(bob["channel"]["max_length"], 7_200_000);
    let joined = |member: &Value| member["timestamp"]["joined"].as_str().unwrap().to_owned();
    assert!(joined(alice) > joined(bob), "the caller joins again after the callee");
}

/// Keys and kinds of values, without the values.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| (key.clone(), shape(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Array(items) => items.iter().map(shape).collect(),
        Value::String(_) => json!("text"),
        Value::Number(_) => json!("number"),
        Value::Bool(_) => json!("flag"),
        Value::Null => Value::Null,
    }
}

#[test]
fn the_log_has_the_eight_documented_events() {
    let (mut world, _, conversation) = up();
    let events = world.ask(&beta::ListEvents::new(conversation)).unwrap();
    let events = events.as_array().unwrap();
    let told: Vec<(u64, &str)> = events
        .iter()
        .map(|event| (event["id"].as_u64().unwrap(), event["type"].as_str().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            (1, "member:joined"),
            (2, "sip:ringing"),
            (3, "sip:answered"),
            (4, "member:joined"),
            (5, "member:media"),
            (6, "sip:answered"),
            (7, "member:joined"),
            (8, "member:media"),
        ]
    );
    // One member stands in `from` of all eight; `to` and `state` are empty.
    assert!(events.iter().all(|event| event["from"] == events[0]["from"]));
    assert!(events.iter().all(|event| event["to"] == "" && event["state"] == ""));
    // Timestamps are not monotonic in the id: the leg is answered after its member joined.
    assert!(events[2]["timestamp"].as_str() > events[3]["timestamp"].as_str());
    assert_eq!(events[2]["body"]["direction"], "outbound");
    assert_eq!(events[5]["body"]["direction"], "inbound");
    assert!(events[1]["body"].get("direction").is_none());
}

#[test]
fn the_webhook_of_an_event_has_the_time_of_the_log() {
    let (mut world, _, conversation) = up();
    let events = world.ask(&beta::ListEvents::new(conversation)).unwrap();
    let answered: Vec<Value> = world
        .sent
        .iter()
        .filter(|attempt| attempt.kind == "answered")
        .map(|attempt| world.payload(attempt)["timestamp"].clone())
        .collect();
    assert_eq!(answered, [events[2]["timestamp"].clone(), events[5]["timestamp"].clone()]);
}

#[test]
fn the_end_is_told_with_duration_and_price() {
    let (mut world, call, _) = up();
    world.run_for(12_345);
    world.phone(&call, PhoneEvent::HangsUp);
    world.run();
    let completed: Vec<Value> = world
        .sent
        .iter()
        .filter(|attempt| attempt.kind == "completed")
        .map(|attempt| world.payload(attempt))
        .collect();
    for event in &completed {
        let seconds = |key: &str| event[key].as_str().unwrap()[17..19].parse::<i64>().unwrap();
        assert!(event["start_time"].as_str().unwrap().ends_with(".000Z"));
        assert!(
            event["duration"].is_string()
                && event["rate"].is_string()
                && event["price"].is_string()
        );
        let duration: i64 = event["duration"].as_str().unwrap().parse().unwrap();
        assert_eq!(duration, (seconds("end_time") - seconds("start_time")).rem_euclid(60));
    }
    assert_eq!(completed[0]["timestamp"], completed[1]["timestamp"]);
    assert_eq!(
        (&completed[0]["disconnected_by"], &completed[1]["disconnected_by"]),
        (&json!("user"), &json!("platform"))
    );
}

#[test]
fn a_transient_conversation_is_gone_after_the_call() {
    let (mut world, call, conversation) = up();
    world.phone(&call, PhoneEvent::HangsUp);
    let refusal = world.ask(&beta::GetConversation::new(conversation)).unwrap_err();
    assert_eq!((refusal.status(), refusal.reason), (404, "conversation-over"));
    let body: Value =
        serde_json::from_slice(&refusal.body(beta::GetConversation::INFO.errors)).unwrap();
    assert_eq!(
        body,
        json!({"code": "conversation:error:not-found",
               "description": "Conversation does not exist, or you do not have access."})
    );
}

#[test]
fn the_transcript_is_the_same_for_the_same_seed() {
    let told = || {
        let (mut world, call, _) = up();
        world.run_for(5_000);
        world.phone(&call, PhoneEvent::HangsUp);
        world.run();
        world.told()
    };
    assert_eq!(told(), told());
    insta::assert_snapshot!(told());
}
