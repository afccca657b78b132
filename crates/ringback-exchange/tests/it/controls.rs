//! What the Voice API does with calls that are up.

use ringback_exchange::{Caller, PhoneEvent, SocketCommand};
use ringback_model::{
    ApplicationId, LegId, Operation,
    applications::{ApplicationRequest, CreateApplication},
    calls::{
        GetCall, SendDtmf, StartStream, StartTalk, StopStream, StopTalk, SubscribeDtmf,
        UnsubscribeDtmf, UpdateCall,
    },
    control::PlaceCallRequest,
    operation::ErrorFamily,
};
use serde_json::{Value, json};

use crate::{
    calls::{bob, create, get, kinds},
    world::{ALICE, BOB, NUMBER, World, answers, connect_bob},
};

const STAY: &str = r#""ncco":[{"action":"talk","text":"Hello","loop":0}]"#;

/// Bob has answered, and is spoken to without end.
fn talking() -> (World, Value) {
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

fn path(call: &Value, rest: &str) -> String {
    format!("/v1/calls/{}{rest}", call["uuid"].as_str().unwrap())
}

fn update(
    world: &mut World,
    call: &Value,
    body: &str,
) -> Result<Value, ringback_exchange::Refusal> {
    world.send::<UpdateCall>(&path(call, ""), body)
}

fn status(world: &mut World, call: &Value) -> Value {
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
fn media_are_started_and_stopped() {
    let (mut world, made) = talking();
    let check = |seen: Result<Value, ringback_exchange::Refusal>, message: &str| {
        assert_eq!(seen.unwrap(), json!({"message": message, "uuid": made["uuid"]}));
    };
    let (talk, stream, dtmf) = (path(&made, "/talk"), path(&made, "/stream"), path(&made, "/dtmf"));
    // Numbers as one SDK sends them, and texts as the other does.
    let text = r#"{"text":"One moment","language":"en-GB","style":"2","loop":"1","level":"-0.5"}"#;
    check(world.send::<StartTalk>(&talk, text), "Talk started");
    check(world.send::<StopTalk>(&talk, ""), "Talk stopped");
    check(world.send::<StopTalk>(&talk, ""), "Talk stopped");
    let sound = r#"{"stream_url":["http://app.test/a.mp3"],"loop":0,"level":0.4}"#;
    check(world.send::<StartStream>(&stream, sound), "Stream started");
    check(world.send::<StopStream>(&stream, ""), "Stream stopped");
    check(world.send::<SendDtmf>(&dtmf, r#"{"digits":"1p2#"}"#), "DTMF sent");
    for (kind, times) in [("audio:say:stop", 1), ("audio:play:stop", 1), ("audio:dtmf", 1)] {
        assert_eq!(logged(&world, kind), times, "{kind}\n{}", world.told());
    }
}

#[test]
fn every_key_is_reported_while_somebody_wants_it() {
    let (mut world, made) = talking();
    let path = path(&made, "/input/dtmf");
    let body = r#"{"event_url":["http://own.test/keys"]}"#;
    assert_eq!(world.send::<SubscribeDtmf>(&path, body).unwrap(), Value::Null);
    let press = |world: &mut World, keys: &str| {
        let keys = ringback_model::control::PressKeysRequest::new(keys);
        world.ask_as(Caller::Control, &ringback_model::control::PressKeys::new(BOB, keys)).unwrap();
        world.run_for(1_000);
    };
    press(&mut world, "12");
    assert_eq!(world.send::<UnsubscribeDtmf>(&path, "").unwrap(), Value::Null);
    press(&mut world, "3");
    let told = world.sent.iter().filter(|attempt| &*attempt.url == "http://own.test/keys");
    let digits: Vec<_> =
        told.map(|attempt| world.payload(attempt)["dtmf"]["digits"].clone()).collect();
    assert_eq!(digits, [json!("1"), json!("2")]);
}

/// Everything that needs a call that talks, with a body that is right.
fn everything(world: &mut World, call: &Value) -> Vec<(&'static str, ringback_exchange::Refusal)> {
    let url = r#"["http://own.test/a"]"#;
    let mut refused = Vec::new();
    for action in ["mute", "unmute", "earmuff", "unearmuff"] {
        let body = json!({"action": action}).to_string();
        refused.push((action, update(world, call, &body)));
    }
    let destination =
        format!(r#"{{"action":"transfer","destination":{{"type":"ncco","url":{url}}}}}"#);
    refused.push(("transfer", update(world, call, &destination)));
    let at = |rest: &str| path(call, rest);
    refused.push(("talk", world.send::<StartTalk>(&at("/talk"), r#"{"text":"a"}"#)));
    refused.push(("no talk", world.send::<StopTalk>(&at("/talk"), "")));
    let sound = format!(r#"{{"stream_url":{url}}}"#);
    refused.push(("stream", world.send::<StartStream>(&at("/stream"), &sound)));
    refused.push(("no stream", world.send::<StopStream>(&at("/stream"), "")));
    refused.push(("dtmf", world.send::<SendDtmf>(&at("/dtmf"), r#"{"digits":"1"}"#)));
    let keys = format!(r#"{{"event_url":{url}}}"#);
    refused.push(("keys", world.send::<SubscribeDtmf>(&at("/input/dtmf"), &keys)));
    refused.push(("no keys", world.send::<UnsubscribeDtmf>(&at("/input/dtmf"), "")));
    refused.into_iter().map(|(what, seen)| (what, seen.unwrap_err())).collect()
}

fn body_of(refusal: &ringback_exchange::Refusal) -> Value {
    serde_json::from_slice(&refusal.body(ErrorFamily::Voice)).unwrap()
}

#[test]
fn a_call_that_is_not_answered_can_only_be_hung_up() {
    let mut world = World::new(answers("[]"));
    let made = create(&mut world, &bob(STAY));
    for (what, refusal) in everything(&mut world, &made) {
        assert_eq!((refusal.status(), refusal.reason), (400, "call-not-answered"), "{what}");
        let platform = json!({"type": "BAD_REQUEST", "error_title": "Bad Request"});
        assert_eq!(body_of(&refusal), platform, "{what}");
        assert!(refusal.hint().contains("its status is started"), "{}", refusal.hint());
    }
    update(&mut world, &made, r#"{"action":"hangup"}"#).unwrap();
}

#[test]
fn calls_that_are_over_unknown_or_somebody_elses_are_not_found() {
    let not_found = json!({"type": "NOT_FOUND", "error_title": "Not Found"});
    let check = |world: &mut World, call: &Value, reason: &str| {
        let mut refused = everything(world, call);
        refused.push(("hangup", update(world, call, r#"{"action":"hangup"}"#).unwrap_err()));
        for (what, refusal) in refused {
            assert_eq!((refusal.status(), refusal.reason), (404, reason), "{what}");
            assert_eq!(body_of(&refusal), not_found, "{what}");
        }
    };
    let (mut world, made) = talking();
    let unknown = json!({"uuid": "00000000-0000-4000-8000-000000000000"});
    check(&mut world, &unknown, "call-unknown");
    let refusal = world.ask(&GetCall::new("00000000-0000-4000-8000-000000000000")).unwrap_err();
    assert_eq!((refusal.status(), refusal.reason), (404, "call-unknown"));
    let own = world.application.clone();
    let other = CreateApplication::new(ApplicationRequest::new("Another"));
    let other = world.ask_as(Caller::Account, &other).unwrap();
    world.application = ApplicationId::new(other["id"].as_str().unwrap());
    check(&mut world, &made, "call-of-another-application");
    let refusal = world.ask(&GetCall::new(made["uuid"].as_str().unwrap())).unwrap_err();
    assert_eq!((refusal.status(), refusal.reason), (404, "call-of-another-application"));
    world.application = own;
    world.phone(&LegId::new(made["uuid"].as_str().unwrap()), PhoneEvent::HangsUp);
    check(&mut world, &made, "call-over");
    assert_eq!(status(&mut world, &made), "completed");
    // Ids of the wrong kind are told from those that nobody has.
    world.place_call(PlaceCallRequest::new(ALICE, NUMBER)).unwrap();
    for (id, hint) in [
        (made["conversation_uuid"].as_str().unwrap().to_owned(), "is the id of a conversation"),
        (made["uuid"].as_str().unwrap().replace('-', ""), "but there is"),
    ] {
        let refusal = world.ask(&GetCall::new(id)).unwrap_err();
        assert_eq!(refusal.status(), 404);
        assert!(refusal.seen.contains(hint), "{}", refusal.seen);
    }
    let refusal = world.ask_as(Caller::Control, &GetCall::new("a")).unwrap_err();
    assert_eq!((refusal.status(), refusal.reason), (401, "token-without-application"));
}

#[test]
fn bodies_that_cannot_be_are_refused() {
    let (mut world, made) = talking();
    fn check<O: Operation<Reply: std::fmt::Debug>>(
        world: &mut World,
        path: &str,
        rows: &[(&str, &str, &str)],
    ) {
        for (body, name, hint) in rows {
            let refusal = world.send::<O>(path, body).unwrap_err();
            assert_eq!(refusal.status(), 400, "{body}");
            let seen = body_of(&refusal);
            assert_eq!(seen["type"], 400, "{seen}");
            assert_eq!(seen["invalid_parameters"][0]["name"], *name, "{body}");
            assert!(refusal.hint().starts_with(hint), "{body}: {}", refusal.hint());
        }
    }
    let long = json!({"text": "a".repeat(1_501)}).to_string();
    check::<UpdateCall>(
        &mut world,
        &path(&made, ""),
        &[
            (r#"{"action":"dance"}"#, "action", "action was \"dance\"; it must be one of: hangup"),
            ("{}", "action", "`action` is required"),
            (r#"{"action":"transfer"}"#, "destination", "action was transfer, without"),
            (
                r#"{"action":"transfer","destination":{"type":"ncco"}}"#,
                "destination",
                "destination had neither ncco nor url",
            ),
            (
                r#"{"action":"transfer","destination":{"type":"phone"}}"#,
                "type",
                "destination.type was \"phone\"",
            ),
            (
                r#"{"action":"transfer","destination":{"type":"ncco","url":["sip:a"]}}"#,
                "url",
                "destination.url was \"sip:a\"",
            ),
            (
                r#"{"action":"transfer","destination":{"type":"ncco","ncco":[{"action":"tlak"}]}}"#,
                "ncco",
                "/destination/ncco/0/action (line 1, column 69): ",
            ),
        ],
    );
    check::<StartTalk>(
        &mut world,
        &path(&made, "/talk"),
        &[
            ("{}", "text", "`text` is required"),
            (r#"{"text":" "}"#, "text", "text was \" \"; it must not be blank"),
            (&long, "text", "text was \"1501 characters\"; it must be at most 1500"),
            (r#"{"text":"a","level":"2"}"#, "level", "level was \"2\""),
            (r#"{"text":"a","loop":-1}"#, "loop", "`loop` must"),
        ],
    );
    check::<StartStream>(
        &mut world,
        &path(&made, "/stream"),
        &[
            (r#"{"stream_url":[]}"#, "stream_url", "stream_url was \"[]\""),
            (r#"{"stream_url":["a.mp3"]}"#, "stream_url", "stream_url was \"a.mp3\""),
        ],
    );
    check::<SendDtmf>(
        &mut world,
        &path(&made, "/dtmf"),
        &[
            (r#"{"digits":"12a"}"#, "digits", "digits was \"12a\"; it must consist of 0 to 9"),
            (r#"{"digits":""}"#, "digits", "digits was \"\""),
        ],
    );
}
