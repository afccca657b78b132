//! Options that a whole scenario does not show.

use ringback_exchange::{Attempt, Input, SocketCommand, SocketEvent};
use ringback_model::{
    Json, LegId,
    applications::{
        ApplicationRequest, Capabilities, RtcCapability, RtcWebhooks, UpdateApplication,
        VoiceCapability, VoiceWebhooks, Webhook,
    },
    calls::{
        CallAction, CallEndpoint, Caller, CreateCall, CreateCallRequest, PhoneEndpoint, UpdateCall,
        UpdateCallRequest,
    },
    v1,
};
use serde_json::{Value, json};

use crate::world::{ALICE, BOB, NUMBER, World, answers, json as reply};

fn connect(options: &Value) -> String {
    let mut action = json!({"action": "connect", "endpoint": [{"type": "phone", "number": BOB}]});
    action.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
    json!([action]).to_string()
}

fn up(script: &str) -> World {
    let mut world = World::new(answers(script));
    world.call();
    world.run();
    world
}

fn of_kind(world: &World, kind: &str) -> Vec<Value> {
    let sent = world.sent.iter().filter(|attempt| attempt.kind == kind);
    sent.map(|attempt| world.payload(attempt)).collect()
}

#[test]
fn the_length_of_a_call_by_rest_is_limited() {
    let mut world = World::new(answers("[]"));
    let to = CallEndpoint::Phone(PhoneEndpoint::new(BOB));
    let script = Json::parse(r#"[{"action":"talk","text":"Hello","loop":0}]"#).unwrap();
    let body = CreateCallRequest::new(vec![to])
        .from(Caller::Text(NUMBER.to_owned()))
        .ncco(script)
        .length_timer(30u32);
    world.ask(&CreateCall::new(body)).unwrap();
    world.run_for(60_000);
    let completed = world.last("completed");
    assert_eq!(
        (&completed["duration"], &completed["disconnected_by"]),
        (&json!("31"), &json!("platform"))
    );
}

#[test]
fn the_events_of_a_callee_go_where_its_connect_says() {
    let world = up(&connect(&json!({"eventUrl": ["http://app.test/own"], "eventMethod": "GET"})));
    for attempt in &world.sent {
        let payload = world.payload(attempt);
        let own = payload["direction"] == "outbound";
        let expected = if own { "http://app.test/own" } else { "http://app.test/webhooks/" };
        assert!(attempt.url.starts_with(expected), "{} {payload}", attempt.url);
        assert_eq!(attempt.method.as_str() == "GET", own || attempt.kind == "answer");
    }
}

#[test]
fn the_events_of_conversations_go_to_the_rtc_webhook() {
    let mut world = World::new(answers(r#"[{"action":"talk","text":"Hello"}]"#));
    let hook = |url: &str| Webhook::new().address(url);
    let webhooks = VoiceWebhooks::new()
        .answer_url(hook("http://app.test/webhooks/answer"))
        .event_url(hook("http://app.test/webhooks/event"));
    let rtc =
        RtcCapability::new().webhooks(RtcWebhooks::new().event_url(hook("http://app.test/rtc")));
    let capabilities =
        Capabilities::new().voice(VoiceCapability::new().webhooks(webhooks)).rtc(rtc);
    let body = ApplicationRequest::new("Conversation App").capabilities(capabilities);
    let update = UpdateApplication::new(world.application.clone(), body);
    world.ask_as(ringback_exchange::Caller::Account, &update).unwrap();
    world.call();
    world.run();
    let events = of_kind(&world, "rtc");
    let kinds: Vec<_> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(
        kinds,
        [
            "member:joined",
            "sip:answered",
            "member:joined",
            "member:media",
            "audio:say",
            "audio:say:done",
            "sip:hangup",
            "member:left",
        ]
    );
    let ids: Vec<_> = events.iter().map(|event| event["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, [1, 2, 3, 4, 5, 6, 7, 8]);
    let left = events.last().unwrap();
    assert!(left["conversation_id"].as_str().unwrap().starts_with("CON-"));
    assert_eq!(left["application_id"], json!(world.application.as_str()));
    assert!(left["_embedded"]["from_member"]["id"].as_str().unwrap().starts_with("MEM-"));
    let body = &left["body"];
    assert!(body["user"]["id"].as_str().unwrap().starts_with("USR-"));
    assert_eq!(body["channel"]["from"], json!({"type": "phone", "number": ALICE}));
    assert!(body["timestamp"]["joined"].is_string() && body["timestamp"]["left"].is_string());
}

#[test]
fn speech_is_kept_when_it_shall_be() {
    let script = r#"[{"action":"input","type":["speech"],"speech":{"saveAudio":true}}]"#;
    let mut world = World::new(answers(script));
    world.set_phone(ALICE, "Alice", r#"say "two words" after 1s"#);
    world.answer_with(Box::new(|attempt: &Attempt| match attempt.kind {
        "answer" => {
            reply(200, r#"[{"action":"input","type":["speech"],"speech":{"saveAudio":true}}]"#)
        }
        _ => reply(204, ""),
    }));
    world.call();
    world.run();
    let url = world.last("input")["speech"]["recording_url"].as_str().unwrap().to_owned();
    let file = url.rsplit('/').next().unwrap();
    let kept = world.exchange.file(&world.application, file).unwrap();
    // From the first word until the silence was long enough.
    assert!(format!("{kept:?}").contains("millis: 2800"), "{kept:?}");
}

#[test]
fn keys_are_pressed_once_the_callee_has_answered() {
    let script = json!([{"action": "connect", "endpoint": [{"type": "phone", "number": BOB, "dtmfAnswer": "2p02p"}]}]);
    let world = up(&script.to_string());
    let told = world.told();
    let pressed = told.lines().position(|line| line.contains("presses 2p02p")).expect("pressed");
    let answered = told.lines().position(|line| line.contains("outbound leg answered")).unwrap();
    assert!(pressed > answered, "{told}");
}

#[test]
fn a_number_of_the_application_is_shown_when_it_may_choose() {
    let world = up(&connect(&json!({"randomFromNumber": true})));
    assert!(of_kind(&world, "answered").iter().any(|event| event["from"] == NUMBER));
    let world = up(&connect(&json!({"from": "447700900999"})));
    assert!(of_kind(&world, "answered").iter().any(|event| event["from"] == "Unknown"));
}

#[test]
fn a_websocket_that_hears_nobody_is_sent_nothing() {
    let script = r#"[{"action":"connect","endpoint":[{"type":"websocket","uri":"ws://app.test/s","content-type":"audio/l16;rate=16000"}]}]"#;
    let mut world = up(script);
    let leg = LegId::new(of_kind(&world, "answered")[0]["uuid"].as_str().unwrap());
    world.sockets.clear();
    for action in [CallAction::Earmuff, CallAction::Unearmuff] {
        world.ask(&UpdateCall::new(leg.clone(), UpdateCallRequest::new(action))).unwrap();
    }
    let told: Vec<String> =
        world.sockets.iter().map(|(_, command)| format!("{command:?}")).collect();
    assert_eq!(told.len(), 4, "{told:?}");
    assert!(told[0].contains(r#"active\":false"#) && told[1].contains("Hear(false)"), "{told:?}");
    assert!(told[2].contains(r#"active\":true"#) && told[3].contains("Hear(true)"), "{told:?}");
    // By REST it is closed without being told as disconnected.
    world.ask(&UpdateCall::new(leg.clone(), UpdateCallRequest::new(CallAction::Hangup))).unwrap();
    world.feed(Input::Socket { leg, event: SocketEvent::Closed });
    world.run();
    assert!(matches!(world.sockets.last(), Some((_, SocketCommand::Close))));
    assert!(of_kind(&world, "disconnected").is_empty());
}

#[test]
fn what_a_sip_peer_is_sent_is_told_with_its_leg() {
    let script = r#"[{"action":"connect","endpoint":[{"type":"sip","uri":"sip:bob@app.test","headers":{"location":"New York"}}]}]"#;
    let world = up(script);
    let sip =
        of_kind(&world, "answered").into_iter().find(|event| event["direction"] == "outbound");
    assert_eq!(sip.unwrap()["headers"], json!({"location": "New York"}));
}

#[test]
fn two_calls_share_a_named_conversation_that_rest_shows_in_all_generations() {
    let mut world = up(r#"[{"action":"conversation","name":"room"}]"#);
    world.call();
    world.run();
    let id = of_kind(&world, "transfer")[0]["conversation_uuid_to"].as_str().unwrap().to_owned();
    let shown = world.ask(&v1::GetConversation::new(id.as_str())).unwrap();
    assert_eq!((&shown["name"], &shown["state"]), (&json!("room"), &json!("ACTIVE")));
    let members = world.ask(&v1::ListMembers::new(id.as_str())).unwrap();
    assert_eq!(members["_embedded"]["members"].as_array().unwrap().len(), 2);
}

#[test]
fn a_callee_that_goes_before_it_is_known_what_it_is_does_not_keep_its_caller() {
    for mode in ["detect", "detect_beep"] {
        let script = json!([
            {"action": "connect", "advancedMachineDetection": {"mode": mode},
             "endpoint": [{"type": "phone", "number": BOB}]},
            {"action": "talk", "text": "Gone"},
        ]);
        let mut world = World::new(answers(&script.to_string()));
        world.set_phone(BOB, "Bob", "answer after 1s, hang up after 1s");
        world.call();
        world.run();
        assert_eq!(of_kind(&world, "completed").len(), 2, "{}", world.told());
        assert!(world.told().contains("talk is done"), "{}", world.told());
    }
}

#[test]
fn a_transfer_to_where_all_are_already_goes_on() {
    let mut world = World::new(Box::new(|attempt: &Attempt| {
        let payload: Value = serde_json::from_slice(&attempt.payload.to_json().unwrap()).unwrap();
        let script = json!([
            {"action": "transfer", "conversationId": payload["conversation_uuid"]},
            {"action": "talk", "text": "Still here"},
        ]);
        if attempt.kind == "answer" { reply(200, &script.to_string()) } else { reply(204, "") }
    }));
    world.call();
    world.run();
    assert!(of_kind(&world, "transfer").is_empty());
    assert!(world.told().contains("talk is done"), "{}", world.told());
}

#[test]
fn two_legs_are_joined_elsewhere_by_transferring_both() {
    let mut world = up(&connect(&json!({})));
    let legs: Vec<LegId> = of_kind(&world, "answered")
        .iter()
        .map(|event| LegId::new(event["uuid"].as_str().unwrap()))
        .collect();
    for leg in &legs {
        let destination = ringback_model::calls::Destination::new("ncco")
            .ncco(Json::parse(r#"[{"action":"conversation","name":"again"}]"#).unwrap());
        let body = UpdateCallRequest::new(CallAction::Transfer).destination(destination);
        world.ask(&UpdateCall::new(leg.clone(), body)).unwrap();
    }
    world.run();
    // Each goes through a conversation of its own into the named one.
    let to: Vec<_> = of_kind(&world, "transfer")
        .iter()
        .map(|event| event["conversation_uuid_to"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(to.len(), 4, "{}", world.told());
    assert_eq!(to.iter().filter(|id| *id == to.last().unwrap()).count(), 2, "{to:?}");
    assert!(of_kind(&world, "completed").is_empty(), "{}", world.told());
}

#[test]
fn a_partner_left_alone_by_a_transfer_is_hung_up() {
    let mut world = up(&connect(&json!({})));
    let bob = LegId::new(of_kind(&world, "answered")[0]["uuid"].as_str().unwrap());
    let destination = ringback_model::calls::Destination::new("ncco")
        .ncco(Json::parse(r#"[{"action":"conversation","name":"again"}]"#).unwrap());
    let body = UpdateCallRequest::new(CallAction::Transfer).destination(destination);
    world.ask(&UpdateCall::new(bob, body)).unwrap();
    world.run();
    let completed = of_kind(&world, "completed");
    assert_eq!(completed.len(), 1, "{}", world.told());
    assert_eq!(
        (&completed[0]["from"], &completed[0]["disconnected_by"]),
        (&json!(ALICE), &json!("platform"))
    );
}

#[test]
fn a_recording_is_told_of_however_few_calls_are_kept() {
    let mut settings = ringback_exchange::Settings::new(1, ringback_model::ApiKey::new("abcd1234"));
    settings.finished_calls = 0;
    let script = r#"[{"action":"record","transcription":{}},{"action":"talk","text":"one two"}]"#;
    let mut world = World::with_settings(settings, false, answers(script));
    world.call();
    world.run_for(300);
    world.call();
    world.run();
    assert_eq!((of_kind(&world, "record").len(), of_kind(&world, "transcribed").len()), (2, 2));
}

#[test]
fn transfers_and_errors_go_to_the_address_of_the_call() {
    let mut world = up(&connect(&json!({"eventUrl": ["http://app.test/own"]})));
    let of_bob = |attempt: &&Attempt| attempt.kind == "answered" && attempt.url.ends_with("/own");
    let bob = world.sent.iter().find(of_bob).unwrap().leg.clone().unwrap();
    let destination = ringback_model::calls::Destination::new("ncco").ncco(
        Json::parse(r#"[{"action":"stream","streamUrl":["http://app.test/none.mp3"]}]"#).unwrap(),
    );
    world.sound = Err("there is no sound".to_owned());
    let body = UpdateCallRequest::new(CallAction::Transfer).destination(destination);
    world.ask(&UpdateCall::new(bob, body)).unwrap();
    world.run();
    for kind in ["transfer", "error"] {
        let sent = world.sent.iter().find(|attempt| attempt.kind == kind).unwrap();
        assert_eq!(&*sent.url, "http://app.test/webhooks/event", "{kind}");
    }
}
