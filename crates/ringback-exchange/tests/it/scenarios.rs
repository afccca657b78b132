//! The documented scenarios (a) to (l) as whole transcripts, reviewed against the documentation.

use ringback_exchange::{Attempt, Input, PhoneEvent, SocketCommand, SocketEvent};
use ringback_model::LegId;
use serde_json::{Value, json};

use crate::world::{ALICE, Application, BOB, NUMBER, Reply, World, json as reply};

/// An application with one script, and replies to some kinds of webhooks, each used once.
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
fn e_input_by_keys_replaces_the_script() {
    let world = called(
        json!([
            {"action": "talk", "text": "Press one for sales or two for support", "bargeIn": true},
            {"action": "talk", "text": "You will not hear this one when you press early"},
            {"action": "input", "type": ["dtmf"], "dtmf": {"maxDigits": 1}},
            {"action": "talk", "text": "This is dropped"},
        ]),
        &[("input", json!([{"action": "talk", "text": "Sales"}]))],
        "press 1 after 1s",
    );
    insta::assert_snapshot!(world.told());
    let input = world.last("input");
    assert_eq!(input["dtmf"], json!({"digits": "1", "timed_out": false}));
    assert_eq!(input["speech"], json!({"error": "Speech was not enabled"}));
    assert_eq!((&input["from"], &input["to"]), (&json!(ALICE), &json!(NUMBER)));
    assert!(!world.told().contains("dropped"));
}

#[test]
fn e_input_collects_by_the_documented_rules() {
    let input = |settings: Value| {
        let mut input = json!({"action": "input"});
        input.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        json!([input, {"action": "talk", "text": "Next"}])
    };
    let check = |settings: Value, alice: &str, dtmf: Value, speech: Value, seconds: f64| {
        let script = input(settings.clone());
        let world = called(script, &[], alice);
        let event = world.last("input");
        assert_eq!((&event["dtmf"], &event["speech"]), (&dtmf, &speech), "{settings} {alice}");
        let answered = all(&world, "answered")[0]["timestamp"].as_str().unwrap().to_owned();
        let told: ringback_model::Timestamp = event["timestamp"].as_str().unwrap().parse().unwrap();
        let answered: ringback_model::Timestamp = answered.parse().unwrap();
        let took = (told.as_millis() - answered.as_millis()) as f64 / 1_000.0;
        assert!((took - seconds).abs() < 0.1, "{settings} {alice}: {took}");
        assert!(world.told().contains("talk is done"), "the script goes on: {}", world.told());
    };
    let none = json!({"error": "Speech was not enabled"});
    let keys = |digits: &str, timed_out: bool| json!({"digits": digits, "timed_out": timed_out});
    let dtmf = json!({"type": ["dtmf"]});
    // Four keys at most, three seconds without one.
    check(dtmf.clone(), "press 12345 after 2s", keys("1234", false), none.clone(), 2.0);
    check(dtmf.clone(), "press 12 after 1s", keys("12", true), none.clone(), 4.0);
    check(dtmf.clone(), "answer after 0s", keys("", true), none.clone(), 3.0);
    // A key in time restarts the timer.
    check(dtmf, "press 1 after 2s, press 2 after 4s", keys("12", true), none.clone(), 7.0);
    let hash =
        json!({"type": ["dtmf"], "dtmf": {"submitOnHash": true, "maxDigits": 20, "timeOut": 10}});
    check(hash, "press 42# after 1s", keys("42", false), none.clone(), 1.0);
    let slow = json!({"type": ["dtmf"], "dtmf": {"timeOut": 0}});
    check(slow, "press 1 after 2s", keys("", true), none.clone(), 0.0);
    // The form of before 2020 means keys.
    check(json!({"maxDigits": 2}), "press 77 after 1s", keys("77", false), none, 1.0);
    let nothing = json!({"digits": null, "timed_out": false});
    let said = |text: &str, why: &str| json!({"timeout_reason": why, "results": [{"text": text, "confidence": "0.9405097"}]});
    let speech = json!({"type": ["speech"]});
    check(
        speech.clone(),
        r#"say "two words" after 1s"#,
        nothing.clone(),
        said("two words", "end_on_silence_timeout"),
        3.8,
    );
    let nobody = json!({"timeout_reason": "start_timeout", "results": []});
    check(speech, "answer after 0s", nothing.clone(), nobody.clone(), 10.0);
    let short = json!({"type": ["speech"], "speech": {"maxDuration": 1, "startTimeout": 4}});
    check(
        short,
        r#"say "one two three four five" after 3s"#,
        nothing.clone(),
        said("one two three four five", "max_duration"),
        4.0,
    );
    // With both, keys end listening for speech, and silence ends the wait for either.
    let both = json!({"type": ["dtmf", "speech"]});
    check(both.clone(), "press 5 after 4s", keys("5", true), json!({"results": []}), 7.0);
    check(
        both.clone(),
        r#"say "hello" after 1s"#,
        nothing.clone(),
        said("hello", "end_on_silence_timeout"),
        3.4,
    );
    check(both, "answer after 0s", nothing, nobody, 10.0);
}

#[test]
fn e_asynchronous_input_tells_each_key_while_the_script_goes_on() {
    let world = called(
        json!([
            {"action": "input", "type": ["dtmf"], "mode": "asynchronous", "eventUrl": ["http://app.test/keys"]},
            {"action": "talk", "text": "one two three four five six seven eight nine ten"},
        ]),
        &[],
        "press 1 after 1s, press # after 2s",
    );
    let told: Vec<_> = all(&world, "input").iter().map(|event| event["dtmf"].clone()).collect();
    assert_eq!(
        told,
        [json!({"digits": "1", "timed_out": false}), json!({"digits": "#", "timed_out": false})]
    );
    let keys = world.sent.iter().find(|attempt| attempt.kind == "input").unwrap();
    assert_eq!((keys.url.as_ref(), keys.method.as_str()), ("http://app.test/keys", "POST"));
    assert!(!keys.reply_matters);
}

#[test]
fn f_record_until_a_key_and_a_hang_up() {
    let world = called(
        json!([
            {"action": "talk", "text": "Speak"},
            {"action": "record", "endOnKey": "#", "beepStart": true, "eventUrl": ["http://app.test/rec"]},
            {"action": "talk", "text": "Thanks"},
        ]),
        &[],
        r#"say "my message" after 1s, press # after 5s"#,
    );
    insta::assert_snapshot!(world.told());
    let record = world.last("record");
    // 4.6 s of mp3 at 32 kbit/s in whole frames of 36 ms.
    assert_eq!(record["size"], json!(128 * 144));
    assert_ne!(
        record["recording_uuid"],
        record["recording_url"].as_str().unwrap().rsplit('/').next().unwrap()
    );
    assert!(record.get("uuid").is_none());
    assert_eq!(record["start_time"].as_str().unwrap().len(), "2018-10-25T09:26:18Z".len());
}

#[test]
fn f_a_recording_beside_a_call_is_told_after_its_end() {
    let mut world = World::new(app(
        json!([{"action": "record", "transcription": {}, "split": "conversation", "format": "wav"}, connect(bob())]),
        &[],
    ));
    world.set_phone(
        BOB,
        "Bob",
        r#"answer after 2s, say "good morning" after 1s, hang up after 5s"#,
    );
    world.call();
    world.run();
    insta::assert_snapshot!(world.told());
    let kinds = world.kinds();
    assert_eq!(&kinds[kinds.len() - 4..], ["completed A", "completed B", "record", "transcribed"]);
    let transcribed = world.last("transcribed");
    assert_eq!(
        (&transcribed["type"], &transcribed["status"]),
        (&json!("record"), &json!("transcribed"))
    );
}

#[test]
fn g_a_conference_waits_for_its_moderator() {
    let mut world = World::new(Box::new(|attempt: &Attempt| {
        let payload: Value = serde_json::from_slice(&attempt.payload.to_json().unwrap()).unwrap();
        let moderator = payload["from"] == json!(BOB);
        let script = json!([{
            "action": "conversation", "name": "room", "startOnEnter": moderator, "endOnExit": moderator,
            "record": moderator, "musicOnHoldUrl": ["http://app.test/music.mp3"],
        }]);
        if attempt.kind == "answer" { reply(200, &script.to_string()) } else { reply(204, "") }
    }));
    world.set_phone(BOB, "Bob", "hang up after 10s");
    world.call();
    world.run_for(2_000);
    let mut incoming = ringback_model::control::PlaceCallRequest::new(BOB, NUMBER);
    incoming.script = Some("hang up after 10s".to_owned());
    world.place_call(incoming).unwrap();
    world.run();
    insta::assert_snapshot!(world.told());
    let transfers = all(&world, "transfer");
    assert_eq!(transfers.len(), 2);
    assert_eq!(transfers[0]["conversation_uuid_to"], transfers[1]["conversation_uuid_to"]);
    assert_ne!(transfers[0]["conversation_uuid_from"], transfers[1]["conversation_uuid_from"]);
    for transfer in transfers {
        let keys: Vec<_> = transfer.as_object().unwrap().keys().cloned().collect();
        assert_eq!(
            keys,
            ["conversation_uuid_from", "conversation_uuid_to", "timestamp", "type", "uuid"]
        );
    }
    let completed = all(&world, "completed");
    let by: Vec<_> = completed.iter().map(|event| event["disconnected_by"].clone()).collect();
    assert_eq!(by, ["platform", "user"]);
}

#[test]
fn g_a_named_conversation_outlives_its_legs() {
    let room = json!([{"action": "conversation", "name": "room"}]);
    let mut world = World::new(app(room, &[]));
    world.set_phone(ALICE, "Alice", "hang up after 3s");
    world.call();
    world.run();
    world.call();
    world.run();
    let transfers = all(&world, "transfer");
    assert_eq!(transfers[0]["conversation_uuid_to"], transfers[1]["conversation_uuid_to"]);
    // Somebody who comes a second time is another member.
    let id = transfers[0]["conversation_uuid_to"].as_str().unwrap();
    let get = ringback_model::beta::GetConversation::new(id);
    let shown = world.ask(&get).unwrap();
    assert_eq!((&shown["name"], shown["members"].as_array().unwrap().len()), (&json!("room"), 2));
    world.run_for(172_801_000);
    assert!(world.ask(&get).is_err(), "its time to live is over");
}

#[test]
fn g_the_fifty_first_leg_is_refused_with_the_reason() {
    let mut world = World::new(app(json!([{"action": "conversation", "name": "room"}]), &[]));
    for _ in 0..51 {
        world.call();
    }
    world.run();
    assert_eq!(all(&world, "transfer").len(), 50);
    let error = world.last("error");
    assert!(error["reason"].as_str().unwrap().contains("50 legs"), "{error}");
    assert_eq!(all(&world, "completed").len(), 1);
}

#[test]
fn h_a_script_moves_all_legs_into_another_conversation() {
    let mut world = World::new(Box::new(|_: &Attempt| {
        reply(200, r#"[{"action":"conversation","name":"room"}]"#)
    }));
    world.call();
    world.run();
    let room = world.last("transfer")["conversation_uuid_to"].as_str().unwrap().to_owned();
    let script =
        json!([connect(bob()), {"action": "transfer", "conversationId": room, "mute": true}]);
    (world.sent, world.transcript) = (Vec::new(), Vec::new());
    world.answer_with(app(script, &[]));
    world.call();
    world.run();
    insta::assert_snapshot!(world.told());
    let transfers = all(&world, "transfer");
    assert_eq!(transfers.len(), 2);
    assert!(transfers.iter().all(|transfer| transfer["conversation_uuid_to"] == json!(room)));
}

#[test]
fn h_a_transfer_to_nowhere_is_an_error() {
    let world = called(
        json!([{"action": "transfer", "conversationId": "CON-f972836a-550f-45fa-956c-12a2ab5b7d22"}]),
        &[],
        "",
    );
    assert!(world.last("error")["reason"].as_str().unwrap().contains("CON-f972836a"));
    assert_eq!(world.last("completed")["disconnected_by"], "platform");
}

#[test]
fn j_a_websocket_is_greeted_and_told_of_keys() {
    let socket = json!({
        "type": "websocket", "uri": "ws://app.test/socket", "content-type": "audio/l16;rate=8000",
        "headers": {"language": "en-GB", "caller-id": "447700900123"},
    });
    let mut world = World::new(app(json!([connect(socket)]), &[]));
    world.set_phone(ALICE, "Alice", "press 5 after 2s, hang up after 4s");
    world.call();
    world.run();
    insta::assert_snapshot!(world.told());
    let (leg, opening) = match &world.sockets[0] {
        (leg, SocketCommand::Open(opening)) => (leg.clone(), opening),
        other => panic!("{other:?}"),
    };
    let greeting: Value = serde_json::from_str(&opening.greeting).unwrap();
    assert_eq!(
        greeting,
        json!({"event": "websocket:connected", "content-type": "audio/l16;rate=8000", "language": "en-GB", "caller-id": "447700900123"})
    );
    assert_eq!((opening.rate, opening.uri.as_ref()), (8_000, "ws://app.test/socket"));
    let told: Vec<Value> = world
        .sockets
        .iter()
        .filter_map(|(_, command)| match command {
            SocketCommand::Send(text) => serde_json::from_str(text).ok(),
            _ => None,
        })
        .collect();
    assert_eq!(told, [json!({"event": "websocket:dtmf", "digit": "5", "duration": 260})]);
    assert!(matches!(world.sockets.last(), Some((closed, SocketCommand::Close)) if *closed == leg));
    let answered = all(&world, "answered");
    assert_eq!(
        (&answered[0]["to"], &answered[0]["headers"]["language"]),
        (&json!("ws://app.test/socket"), &json!("en-GB"))
    );
}

#[test]
fn j_the_application_closes_its_websocket() {
    let script = |more: Value| {
        let socket = json!({"type": "websocket", "uri": "ws://app.test/socket", "content-type": "audio/l16;rate=16000"});
        let mut script = vec![connect(socket)];
        script.extend(more.as_array().unwrap().clone());
        Value::Array(script)
    };
    let closed = |script: Value, replies: &[(&'static str, Value)]| {
        let mut world = World::new(app(script, replies));
        world.call();
        world.run();
        let leg = LegId::new(all(&world, "answered")[0]["uuid"].as_str().unwrap());
        world.feed(Input::Socket { leg, event: SocketEvent::Closed });
        world.run();
        world
    };
    let world = closed(
        script(json!([])),
        &[("disconnected", json!([{"action": "talk", "text": "Go on"}]))],
    );
    insta::assert_snapshot!(world.told());
    let disconnected = world.last("disconnected");
    assert!(disconnected.get("direction").is_none());
    // Without a script in the reply, and nothing left of the first one, the call ends.
    let world = closed(script(json!([])), &[]);
    assert_eq!(
        world.kinds()[world.kinds().len() - 3..],
        ["disconnected", "completed B", "completed A"]
    );
}

#[test]
fn j_a_websocket_that_cannot_be_opened_is_a_failure_that_may_be_answered() {
    let socket = |content_type: &str| {
        json!({"action": "connect", "eventType": "synchronous", "endpoint":
            [{"type": "websocket", "uri": "ws://app.test/socket", "content-type": content_type}]})
    };
    let world = |socket: Value, event: Option<SocketEvent>| {
        let mut world = World::new(app(
            json!([socket]),
            &[("failed", json!([{"action": "talk", "text": "Sorry"}]))],
        ));
        world.socket = event;
        world.call();
        world.run();
        world
    };
    for event in [SocketEvent::Refused("the server answered 403".to_owned()), SocketEvent::Closed] {
        let world = world(socket("audio/l16;rate=16000"), Some(event));
        assert!(world.told().contains("talk is done"), "{}", world.told());
        assert!(world.kinds().contains(&"failed B".to_owned()));
    }
    let world = world(socket("audio/l16;rate=44100"), None);
    assert!(world.kinds().contains(&"failed B".to_owned()), "{:?}", world.kinds());
    assert!(world.sockets.iter().all(|(_, command)| !matches!(command, SocketCommand::Open(_))));
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
