//! The documented scenarios (a) to (l) as whole transcripts, reviewed against the documentation.

mod input;
mod record;
mod room;
mod socket;

use ringback_exchange::{Attempt, PhoneEvent};
use serde_json::{Value, json};

use crate::world::{ALICE, Application, BOB, NUMBER, Reply, World, json as reply};

/// An application with one script, and replies to some kinds of webhooks, each used once.
#[expect(clippy::needless_pass_by_value, reason = "a script is written where it is passed")]
fn app(script: Value, replies: &[(&'static str, Value)]) -> Application {
    let script = script.to_string();
    let mut replies = replies.to_vec();
    Box::new(move |attempt: &Attempt| -> Reply {
        if attempt.kind == "answer" {
            return reply(200, &script);
        }
        match replies.iter().position(|(kind, _)| *kind == attempt.kind) {
            Some(place) => reply(200, &replies.remove(place).1.to_string()),
            None => reply(204, ""),
        }
    })
}

fn called(script: Value, replies: &[(&'static str, Value)], alice: &str) -> World {
    let mut world = World::new(app(script, replies));
    world.set_phone(ALICE, "Alice", alice);
    world.call();
    world.run();
    world
}

/// The events of one kind, in order.
fn all(world: &World, kind: &str) -> Vec<Value> {
    let of_kind = world.sent.iter().filter(|attempt| attempt.kind == kind);
    of_kind.map(|attempt| world.payload(attempt)).collect()
}

#[expect(clippy::needless_pass_by_value, reason = "a script is written where it is passed")]
fn connect(endpoint: Value) -> Value {
    json!({"action": "connect", "endpoint": [endpoint]})
}

fn bob() -> Value {
    json!({"type": "phone", "number": BOB})
}

#[test]
fn a_inbound_talk() {
    let world = called(json!([{"action": "talk", "text": "You are listening to a test"}]), &[], "");
    insta::assert_snapshot!(world.told());
    let completed = world.last("completed");
    assert_eq!(
        (&completed["disconnected_by"], &completed["sip_code"]),
        (&json!("platform"), &json!(200))
    );
}

#[test]
fn k_machine_detection() {
    let script = |mode: Value| {
        let mut action = connect(bob());
        action.as_object_mut().unwrap().extend(mode.as_object().unwrap().clone());
        json!([action, {"action": "talk", "text": "After"}])
    };
    let check = |mode: Value, bob: &str, expected: &[&str]| {
        let mut world = World::new(app(script(mode.clone()), &[]));
        world.set_phone(BOB, "Bob", bob);
        world.set_phone(ALICE, "Alice", "hang up after 70s");
        world.call();
        world.run();
        let verdicts: Vec<String> = world
            .sent
            .iter()
            .filter(|attempt| ["machine", "human"].contains(&attempt.kind))
            .map(|attempt| {
                let payload = world.payload(attempt);
                assert!(payload.get("uuid").is_none() && payload["call_uuid"].is_string());
                match payload["sub_state"].as_str() {
                    Some(beep) => format!("{} {beep}", attempt.kind),
                    None => attempt.kind.to_owned(),
                }
            })
            .collect();
        assert_eq!(verdicts, expected, "{mode} {bob}");
        world
    };
    let advanced = |mode: &str, behavior: &str| json!({"advancedMachineDetection": {"mode": mode, "behavior": behavior, "beep_timeout": 45}});
    check(json!({"machineDetection": "continue"}), "answer after 1s", &["human"]);
    check(json!({"machineDetection": "continue"}), "voicemail after 1s", &["machine"]);
    check(advanced("detect", "continue"), "voicemail after 1s", &["machine"]);
    check(
        advanced("detect_beep", "continue"),
        "voicemail after 1s",
        &["machine", "machine beep_start"],
    );
    check(
        advanced("detect_beep", "continue"),
        "voicemail without beep after 1s",
        &["machine", "machine beep_timeout"],
    );
    check(advanced("detect_beep", "continue"), "answer after 1s", &["human"]);
    let world = check(advanced("detect", "hangup"), "voicemail after 1s", &["machine"]);
    // The script goes on without the machine.
    assert!(world.told().contains("talk is done"), "{}", world.told());
    let world = check(
        advanced("default", "continue"),
        "voicemail after 1s",
        &["machine", "machine beep_start"],
    );
    insta::assert_snapshot!(world.told());
}

#[test]
fn connect_reaches_every_kind_of_endpoint() {
    let check = |endpoint: Value, address: &str, to: &str, ringing: bool| {
        let mut world = World::new(app(json!([connect(endpoint.clone())]), &[]));
        world.set_phone_at(address, "answer after 2s, hang up after 3s");
        world.call();
        world.run();
        let answered = &all(&world, "answered")[0];
        assert_eq!(answered["to"], json!(to), "{endpoint}");
        assert_eq!(all(&world, "ringing").len(), if ringing { 2 } else { 1 }, "{endpoint}");
        assert_eq!(all(&world, "completed").len(), 2);
        world
    };
    check(
        json!({"type": "sip", "uri": "sip:rebekka@sip.mcrussell.test"}),
        "sip:rebekka@sip.mcrussell.test",
        "sip:rebekka@sip.mcrussell.test",
        true,
    );
    check(json!({"type": "vbc", "extension": "111"}), "vbc:111", "111", true);
    let world = check(json!({"type": "app", "user": "jamie"}), "app:jamie", "jamie", false);
    let users = all(&world, "completed").into_iter().find(|event| event["to"] == "jamie").unwrap();
    assert_eq!(
        (&users["rate"], &users["price"], &users["network"]),
        (&json!("0.00"), &json!("0"), &Value::Null)
    );
}

#[test]
fn the_callee_hears_its_own_script_before_it_joins() {
    let endpoint =
        json!({"type": "phone", "number": BOB, "onAnswer": {"url": "http://app.test/whisper"}});
    let script = json!([connect(endpoint)]).to_string();
    let mut world = World::new(Box::new(move |attempt: &Attempt| match &*attempt.url {
        "http://app.test/whisper" => reply(200, r#"[{"action":"talk","text":"A call for you"}]"#),
        _ if attempt.kind == "answer" => reply(200, &script),
        _ => reply(204, ""),
    }));
    world.set_phone(BOB, "Bob", "answer after 1s, hang up after 8s");
    world.call();
    world.run();
    insta::assert_snapshot!(world.told());
    assert_eq!(world.kinds().iter().filter(|kind| *kind == "answer").count(), 2);
}

#[test]
fn a_notify_asks_how_to_go_on() {
    let script = json!([
        {"action": "notify", "payload": {"foo": "bar"}, "eventUrl": ["http://app.test/note"]},
        {"action": "talk", "text": "Replaced"},
    ]);
    let world = called(script, &[("notify", json!([{"action": "wait", "timeout": 0.5}]))], "");
    let notify = world.last("notify");
    let keys: Vec<_> = notify.as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["conversation_uuid", "payload", "timestamp"]);
    assert_eq!(notify["payload"], json!({"foo": "bar"}));
    assert!(world.told().contains("wait is done") && !world.told().contains("talk"));
}

#[test]
fn a_sound_is_played_for_as_long_as_it_is() {
    let stream =
        json!([{"action": "stream", "streamUrl": ["http://app.test/music.mp3"], "loop": 2}]);
    let world = called(stream.clone(), &[], "");
    assert_eq!(world.last("completed")["duration"], json!("7"), "{}", world.told());
    let mut world = World::new(app(stream, &[]));
    world.sound = Err("http://app.test/music.mp3 is text/html, which is no sound".to_owned());
    world.call();
    world.run();
    assert!(world.last("error")["reason"].as_str().unwrap().contains("no sound"));
    assert_eq!(world.last("completed")["duration"], json!("1"), "{}", world.told());
}

#[test]
fn a_call_by_a_user_of_a_client_sdk() {
    let mut world = World::new(app(json!([connect(bob())]), &[]));
    world.set_phone(BOB, "Bob", "answer after 2s, hang up after 3s");
    world.place_call(ringback_model::control::PlaceCallRequest::new("app:Alice", NUMBER)).unwrap();
    world.run();
    let asked = world.payload(world.sent.iter().find(|attempt| attempt.kind == "answer").unwrap());
    assert_eq!((&asked["from_user"], asked.get("from")), (&json!("Alice"), None));
    let inbound =
        all(&world, "completed").into_iter().find(|event| event["direction"] == "inbound").unwrap();
    assert_eq!(
        (&inbound["from"], &inbound["to"], &inbound["price"]),
        (&Value::Null, &json!("Alice"), &json!("0"))
    );
}

#[test]
fn hang_ups_end_whom_the_matrix_says() {
    let mut world =
        World::new(app(json!([connect(bob()), {"action": "talk", "text": "beside"}]), &[]));
    let call = world.call();
    world.run();
    // The caller goes: so does whoever it had dialled.
    world.phone(&call, PhoneEvent::HangsUp);
    world.run();
    let by: Vec<_> = all(&world, "completed")
        .iter()
        .map(|e| (e["direction"].clone(), e["disconnected_by"].clone()))
        .collect();
    assert_eq!(by, [(json!("inbound"), json!("user")), (json!("outbound"), json!("platform"))]);
}
