//! What people do with their phones by hand, wherever these are.

use ringback_exchange::Caller;
use ringback_model::{
    Operation,
    control::{
        AnswerPhone, DeclinePhone, HangUpPhone, PlaceCallRequest, PressKeys, PressKeysRequest, Say,
        SayRequest, SetPhone, SetPhoneRequest,
    },
};
use serde_json::Value;

use crate::world::{ALICE, BOB, NUMBER, World, answers, connect_bob, json};

/// Something is done with a phone: what it shows, or the status and reason of the refusal.
fn act<O: Operation>(world: &mut World, operation: &O) -> Result<Value, (u16, &'static str)> {
    let done = world.ask_as(Caller::Control, operation);
    done.map_err(|refusal| (refusal.status(), refusal.reason))
}

fn press(number: &str, keys: &str) -> PressKeys {
    PressKeys::new(number, PressKeysRequest::new(keys))
}

fn say(number: &str, text: &str) -> Say {
    Say::new(number, SayRequest::new(text))
}

const INPUT: &str = r#"[{"action":"input","type":["dtmf","speech"],"dtmf":{"maxDigits":2},"speech":{"endOnSilence":1},"eventUrl":["http://app.test/in"]}]"#;

/// Alice has called a script that listens once, and the call has come this far after so long.
fn listening(millis: i64) -> World {
    let mut world = World::new(Box::new(|attempt| match attempt.kind {
        "answer" => json(200, INPUT),
        _ => json(204, ""),
    }));
    world.call();
    world.run_for(millis);
    world
}

#[test]
fn keys_are_pressed_and_words_are_said_while_somebody_listens() {
    let mut world = listening(0);
    assert_eq!(act(&mut world, &press(ALICE, "1")), Err((409, "phone-idle")));
    assert_eq!(act(&mut world, &say(ALICE, "sales")), Err((409, "phone-idle")));
    world.run_for(1_000);
    assert_eq!(act(&mut world, &press(ALICE, "1p#")).unwrap()["state"], "talking");
    world.run();
    assert_eq!(world.last("input")["dtmf"]["digits"], "1#");

    let mut world = listening(1_000);
    act(&mut world, &say(ALICE, " sales ")).unwrap();
    world.run();
    assert_eq!(world.last("input")["speech"]["results"][0]["text"], "sales");

    for (keys, reason) in [("", "keys-invalid"), ("12a", "keys-invalid"), ("p", "keys-invalid")] {
        assert_eq!(act(&mut world, &press(ALICE, keys)), Err((400, reason)), "{keys}");
    }
    assert_eq!(act(&mut world, &say(ALICE, " ")), Err((400, "text-blank")));
    assert_eq!(act(&mut world, &press("447700900555", "1")), Err((404, "phone-unknown")));
}

#[test]
fn phones_of_every_kind_are_answered_declined_and_hung_up() {
    for (address, endpoint) in [
        (BOB, serde_json::json!({"type": "phone", "number": BOB})),
        ("app:bob", serde_json::json!({"type": "app", "user": "bob"})),
        ("vbc:123", serde_json::json!({"type": "vbc", "extension": "123"})),
        ("sip:bob@sip.example", serde_json::json!({"type": "sip", "uri": "sip:bob@sip.example"})),
    ] {
        let script = serde_json::json!([{"action": "connect", "endpoint": [endpoint]}]).to_string();
        let mut world = World::new(answers(&script));
        let set_up = SetPhone::new(address, SetPhoneRequest::new().script("manual"));
        assert_eq!(act(&mut world, &set_up).unwrap()["number"], address);
        world.call();
        world.run_for(3_000);
        assert_eq!(act(&mut world, &press(address, "1")), Err((409, "phone-idle")), "{address}");
        let shown = act(&mut world, &AnswerPhone::new(address)).unwrap();
        assert_eq!(
            (&shown["number"], &shown["state"]),
            (&serde_json::json!(address), &serde_json::json!("talking"))
        );
        world.run_for(1_000);
        act(&mut world, &press(address, "1")).unwrap();
        act(&mut world, &say(address, "hello")).unwrap();
        assert_eq!(act(&mut world, &HangUpPhone::new(address)).unwrap()["state"], "idle");
        world.run();
        assert_eq!(act(&mut world, &HangUpPhone::new(address)), Err((409, "phone-idle")));
        world.call();
        world.run_for(3_000);
        assert_eq!(act(&mut world, &DeclinePhone::new(address)).unwrap()["state"], "idle");
        world.run();
        assert_eq!(world.last("rejected")["detail"], "declined", "{address}");
    }
}

#[test]
fn every_answered_leg_of_a_phone_can_be_hung_up() {
    let mut world = World::new(connect_bob());
    for caller in [ALICE, "447700900555"] {
        world.place_call(PlaceCallRequest::new(caller, NUMBER)).unwrap();
        world.run();
    }
    assert_eq!(act(&mut world, &HangUpPhone::new(BOB)).unwrap()["state"], "talking");
    assert_eq!(act(&mut world, &HangUpPhone::new(BOB)).unwrap()["state"], "idle");
    assert_eq!(act(&mut world, &HangUpPhone::new(BOB)), Err((409, "phone-idle")));
}

#[test]
fn users_call_and_addresses_have_to_name_somebody() {
    let mut world = World::new(connect_bob());
    let call = world.place_call(PlaceCallRequest::new("app:alice", NUMBER)).unwrap();
    assert_eq!(
        (&call["from"], &call["legs"][0]["kind"]),
        (&serde_json::json!("alice"), &serde_json::json!("app"))
    );
    world.run();
    assert_eq!(act(&mut world, &HangUpPhone::new("app:alice")).unwrap()["state"], "idle");
    for (address, reason) in [
        ("app:", "address-empty"),
        ("vbc: ", "address-empty"),
        ("sip:", "address-empty"),
        ("fax:1", "number-malformed"),
        ("+447700900555", "number-malformed"),
    ] {
        let refused = Err((400, reason));
        let set_up = SetPhone::new(address, SetPhoneRequest::new().script("busy"));
        assert_eq!(act(&mut world, &set_up), refused, "{address}");
        assert_eq!(act(&mut world, &AnswerPhone::new(address)), refused, "{address}");
        assert_eq!(act(&mut world, &DeclinePhone::new(address)), refused, "{address}");
        assert_eq!(act(&mut world, &HangUpPhone::new(address)), refused, "{address}");
        assert_eq!(act(&mut world, &press(address, "1")), refused, "{address}");
        assert_eq!(act(&mut world, &say(address, "a")), refused, "{address}");
        let placed = world.place_call(PlaceCallRequest::new(address, NUMBER)).unwrap_err();
        assert_eq!((placed.status(), placed.reason), (400, reason), "{address}");
    }
}
