//! What the Voice API does with calls that are up.

use ringback_exchange::{Caller, Refusal, SocketCommand};
use ringback_model::calls::{
    SendDtmf, StartStream, StartTalk, StopStream, StopTalk, SubscribeDtmf, UnsubscribeDtmf,
    UpdateCall,
};
use serde_json::{Value, json};

use crate::{
    calls::{bob, create, get, kinds},
    world::{BOB, World, answers, connect_bob},
};

pub(crate) const STAY: &str = r#""ncco":[{"action":"talk","text":"Hello","loop":0}]"#;

/// Bob has answered, and is spoken to without end.
pub(crate) fn talking() -> (World, Value) {
    let mut world = World::new(answers("[]"));
    let made = create(&mut world, &bob(STAY));
    world.run_for(10_000);
    assert_eq!(get(&mut world, &made)["status"], "answered");
    (world, made)
}

/// Alice talks to Bob: the legs of both.
fn connected() -> (World, Value, Value) {
    let mut world = World::new(connect_bob());
    let call = world.call();
    world.run();
    let alice = json!({"uuid": call.as_str()});
    let bob = json!({"uuid": world.last("ringing")["uuid"]});
    (world, alice, bob)
}

pub(crate) fn path(call: &Value, rest: &str) -> String {
    format!("/v1/calls/{}{rest}", call["uuid"].as_str().unwrap())
}

pub(crate) fn update(world: &mut World, call: &Value, body: &str) -> Result<Value, Refusal> {
    world.rest::<UpdateCall>(&path(call, ""), body)
}

pub(crate) fn status(world: &mut World, call: &Value) -> Value {
    get(world, call)["status"].clone()
}

/// What the conversations of a world have logged, by the transcript.
fn logged(world: &World, kind: &str) -> usize {
    world.transcript.iter().filter(|entry| entry.label.contains(kind)).count()
}

#[test]
fn hanging_up_ends_the_leg_and_the_call_of_two() {
    let (mut world, made) = talking();
    assert_eq!(update(&mut world, &made, r#"{"action":"hangup"}"#).unwrap(), Value::Null);
    assert_eq!(status(&mut world, &made), "completed");
    world.run();
    assert_eq!(world.last("completed")["disconnected_by"], "platform");

    for first in [true, false] {
        let (mut world, alice, bob) = connected();
        let call = if first { &alice } else { &bob };
        update(&mut world, call, r#"{"action":"hangup"}"#).unwrap();
        world.run();
        assert_eq!(
            (status(&mut world, &alice), status(&mut world, &bob)),
            (json!("completed"), json!("completed"))
        );
    }
}

#[test]
fn hanging_up_before_the_answer_cancels() {
    let mut world = World::new(answers("[]"));
    let made = create(&mut world, &bob(STAY));
    world.run_for(2_000);
    assert_eq!(status(&mut world, &made), "ringing");
    update(&mut world, &made, r#"{"action":"hangup"}"#).unwrap();
    world.run();
    assert_eq!(kinds(&world), ["started", "ringing", "cancelled", "completed"]);
    assert_eq!(status(&mut world, &made), "cancelled");

    // The script that dialled a leg goes on when that is cancelled.
    let script = format!(
        r#"[{{"action":"connect","endpoint":[{{"type":"phone","number":"{BOB}"}}]}},
            {{"action":"talk","text":"Nobody"}}]"#
    );
    let mut world = World::new(answers(&script));
    world.call();
    world.run_for(2_000);
    let bob = json!({"uuid": world.last("ringing")["uuid"]});
    update(&mut world, &bob, r#"{"action":"hangup"}"#).unwrap();
    world.run();
    assert_eq!(status(&mut world, &bob), "cancelled");
    assert!(kinds(&world).contains(&"answered"), "{}", world.told());
}

#[test]
fn a_websocket_that_is_hung_up_is_not_told_as_disconnected() {
    let mut world = World::new(answers("[]"));
    let body = bob(STAY).replace(
        &format!(r#"{{"type":"phone","number":"{BOB}"}}"#),
        r#"{"type":"websocket","uri":"ws://app.test/s","content-type":"audio/l16;rate=16000"}"#,
    );
    let made = create(&mut world, &body);
    world.run_for(1_000);
    assert_eq!(status(&mut world, &made), "answered");
    update(&mut world, &made, r#"{"action":"hangup"}"#).unwrap();
    world.run();
    assert_eq!(kinds(&world), ["started", "answered", "completed"]);
    assert!(matches!(world.sockets.last(), Some((_, SocketCommand::Close))), "{:?}", world.sockets);
}

#[test]
fn legs_are_muted_and_earmuffed_and_back() {
    let (mut world, alice, _) = connected();
    for (action, kind) in [
        ("mute", "audio:mute:on"),
        ("unmute", "audio:mute:off"),
        ("earmuff", "audio:earmuff:on"),
        ("unearmuff", "audio:earmuff:off"),
    ] {
        assert_eq!(logged(&world, kind), 0, "{action}");
        let body = json!({"action": action}).to_string();
        assert_eq!(update(&mut world, &alice, &body).unwrap(), Value::Null, "{action}");
        assert_eq!(logged(&world, kind), 1, "{action}\n{}", world.told());
    }
}

#[test]
fn a_transfer_begins_another_script_and_leaves_the_partner() {
    let ncco = json!([{"action": "talk", "text": "Good bye"}]);
    for by_url in [false, true] {
        let mut world = World::new(Box::new(move |attempt| {
            let script = match &*attempt.url {
                "http://own.test/next" => r#"[{"action":"talk","text":"Good bye"}]"#.to_owned(),
                _ => format!(
                    r#"[{{"action":"connect","endpoint":[{{"type":"phone","number":"{BOB}"}}]}}]"#
                ),
            };
            crate::world::json(200, if attempt.reply_matters { &script } else { "" })
        }));
        let call = world.call();
        let alice = json!({"uuid": call.as_str()});
        world.run();
        let bob = json!({"uuid": world.last("ringing")["uuid"]});
        let before = get(&mut world, &alice)["conversation_uuid"].clone();
        let destination = if by_url {
            json!({"type": "ncco", "url": ["http://own.test/next"]})
        } else {
            json!({"type": "ncco", "ncco": ncco})
        };
        let body = json!({"action": "transfer", "destination": destination}).to_string();
        assert_eq!(update(&mut world, &alice, &body).unwrap(), Value::Null);
        world.run();
        if by_url {
            let asked = world.sent.iter().find(|attempt| &*attempt.url == "http://own.test/next");
            let asked = asked.unwrap();
            assert_eq!((asked.method.as_str(), asked.kind), ("GET", "answer"));
            assert_eq!(world.payload(asked)["uuid"], alice["uuid"]);
        }
        let moved = world.last("transfer");
        assert_eq!((&moved["uuid"], &moved["conversation_uuid_from"]), (&alice["uuid"], &before));
        let after = get(&mut world, &alice)["conversation_uuid"].clone();
        assert_eq!(moved["conversation_uuid_to"], after);
        assert_ne!(before, after);
        // Bob, who was left alone, and Alice, whose new script is over, are hung up.
        for leg in [&alice, &bob] {
            let shown = get(&mut world, leg);
            assert_eq!(shown["status"], "completed", "{}", world.told());
        }
        let left = world.sent.iter().filter(|attempt| attempt.kind == "completed");
        let left =
            left.map(|attempt| world.payload(attempt)).find(|event| event["uuid"] == bob["uuid"]);
        assert_eq!(left.unwrap()["disconnected_by"], "platform");
    }
}

#[test]
fn nothing_of_the_old_script_ends_the_new_one() {
    // Eight seconds of talk, and after one of them twenty seconds of another.
    let talk = |words: usize| json!([{"action": "talk", "text": "a ".repeat(words)}]);
    let mut world = World::new(answers("[]"));
    let made = create(&mut world, &bob(&format!(r#""ncco":{}"#, talk(20))));
    world.run_for(4_000);
    let destination = json!({"type": "ncco", "ncco": talk(50)});
    let body = json!({"action": "transfer", "destination": destination}).to_string();
    update(&mut world, &made, &body).unwrap();
    world.run_for(19_000);
    assert_eq!(status(&mut world, &made), "answered", "{}", world.told());
    world.run_for(2_000);
    assert_eq!(status(&mut world, &made), "completed", "{}", world.told());
    assert_eq!(kinds(&world), ["started", "ringing", "answered", "transfer", "completed"]);
}

#[test]
fn media_are_started_and_stopped() {
    let (mut world, made) = talking();
    let check = |seen: Result<Value, Refusal>, message: &str| {
        assert_eq!(seen.unwrap(), json!({"message": message, "uuid": made["uuid"]}));
    };
    let (talk, stream, dtmf) = (path(&made, "/talk"), path(&made, "/stream"), path(&made, "/dtmf"));
    // Numbers as one SDK sends them, and texts as the other does.
    let text = r#"{"text":"One moment","language":"en-GB","style":"2","loop":"1","level":"-0.5"}"#;
    check(world.rest::<StartTalk>(&talk, text), "Talk started");
    check(world.rest::<StopTalk>(&talk, ""), "Talk stopped");
    check(world.rest::<StopTalk>(&talk, ""), "Talk stopped");
    let sound = r#"{"stream_url":["http://app.test/a.mp3"],"loop":0,"level":0.4}"#;
    check(world.rest::<StartStream>(&stream, sound), "Stream started");
    check(world.rest::<StopStream>(&stream, ""), "Stream stopped");
    check(world.rest::<SendDtmf>(&dtmf, r#"{"digits":"1p2#"}"#), "DTMF sent");
    for (kind, times) in [("audio:say:stop", 1), ("audio:play:stop", 1), ("audio:dtmf", 1)] {
        assert_eq!(logged(&world, kind), times, "{kind}\n{}", world.told());
    }
}

#[test]
fn every_key_is_reported_while_somebody_wants_it() {
    let (mut world, made) = talking();
    let path = path(&made, "/input/dtmf");
    let body = r#"{"event_url":["http://own.test/keys"]}"#;
    assert_eq!(world.rest::<SubscribeDtmf>(&path, body).unwrap(), Value::Null);
    let press = |world: &mut World, keys: &str| {
        let keys = ringback_model::control::PressKeysRequest::new(keys);
        world.ask_as(Caller::Control, &ringback_model::control::PressKeys::new(BOB, keys)).unwrap();
        world.run_for(1_000);
    };
    press(&mut world, "12");
    assert_eq!(world.rest::<UnsubscribeDtmf>(&path, "").unwrap(), Value::Null);
    press(&mut world, "3");
    let told = world.sent.iter().filter(|attempt| &*attempt.url == "http://own.test/keys");
    let digits: Vec<_> =
        told.map(|attempt| world.payload(attempt)["dtmf"]["digits"].clone()).collect();
    assert_eq!(digits, [json!("1"), json!("2")]);
}
