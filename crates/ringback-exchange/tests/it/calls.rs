//! Calls that the Voice API places, and what it shows of them.

use ringback_exchange::{Caller, Settings};
use ringback_model::{
    ApiKey, ApplicationId,
    applications::{ApplicationRequest, Capabilities, CreateApplication, VoiceCapability},
    calls::{CreateCall, CreateIpCall, GetCall},
    operation::ErrorFamily,
};
use serde_json::{Value, json};

use crate::world::{ALICE, BOB, NUMBER, World, answers};

pub(crate) const TALK: &str = r#"[{"action":"talk","text":"Hello"}]"#;

/// A body that calls Bob from the account's number.
pub(crate) fn bob(rest: &str) -> String {
    format!(
        r#"{{"to":[{{"type":"phone","number":"{BOB}"}}],"from":{{"type":"phone","number":"{NUMBER}"}},{rest}}}"#
    )
}

pub(crate) fn create(world: &mut World, body: &str) -> Value {
    world.rest::<CreateCall>("/v1/calls", body).unwrap()
}

pub(crate) fn get(world: &mut World, call: &Value) -> Value {
    world.rest::<GetCall>(&format!("/v1/calls/{}", call["uuid"].as_str().unwrap()), "").unwrap()
}

/// The events in the order they were sent.
pub(crate) fn kinds(world: &World) -> Vec<&'static str> {
    world.sent.iter().map(|attempt| attempt.kind).collect()
}

#[test]
fn a_call_with_a_script_goes_from_started_to_completed() {
    let mut world = World::new(answers("[]"));
    let made = create(&mut world, &bob(&format!(r#""ncco":{TALK}"#)));
    let uuid = made["uuid"].as_str().unwrap().to_owned();
    assert_eq!((uuid.len(), uuid.matches('-').count()), (36, 4));
    assert_eq!((&made["status"], &made["direction"]), (&json!("started"), &json!("outbound")));
    assert!(made["conversation_uuid"].as_str().unwrap().starts_with("CON-"));
    assert_eq!(made.as_object().unwrap().len(), 4);
    // It is known before anything is told of it.
    let shown = get(&mut world, &made);
    assert_eq!(
        shown,
        json!({
            "_links": {"self": {"href": format!("/v1/calls/{uuid}")}},
            "uuid": uuid,
            "conversation_uuid": made["conversation_uuid"],
            "to": {"type": "phone", "number": BOB},
            "from": {"type": "phone", "number": NUMBER},
            "status": "started",
            "direction": "outbound",
        })
    );
    world.run();
    assert_eq!(kinds(&world), ["started", "ringing", "answered", "completed"]);
    let completed = world.last("completed");
    assert_eq!(completed["disconnected_by"], "platform");
    let shown = get(&mut world, &made);
    assert_eq!(shown["status"], "completed");
    assert_eq!(shown["conversation_uuid"], made["conversation_uuid"]);
    for name in ["rate", "price", "duration", "start_time", "end_time", "network"] {
        assert!(shown[name].is_string(), "{name}: {shown}");
        assert_eq!(shown[name], completed[name], "{name}");
    }
}

#[test]
fn a_call_with_an_answer_url_asks_it_after_the_answer() {
    let mut world = World::new(answers(TALK));
    let made = create(
        &mut world,
        &bob(
            r#""answer_url":["http://own.test/a"],"answer_method":"POST","event_url":["http://own.test/e"],"event_method":"GET""#,
        ),
    );
    world.run();
    assert_eq!(kinds(&world), ["started", "ringing", "answered", "answer", "completed"]);
    for attempt in &world.sent {
        let to = (attempt.method.as_str(), &*attempt.url);
        let expected = if attempt.kind == "answer" {
            ("POST", "http://own.test/a")
        } else {
            ("GET", "http://own.test/e")
        };
        assert_eq!(to, expected, "{}", attempt.kind);
    }
    let asked = world.last("answer");
    assert_eq!(
        (&asked["to"], &asked["from"], &asked["uuid"]),
        (&json!(BOB), &json!(NUMBER), &made["uuid"])
    );
}

#[test]
fn callees_that_do_not_talk_end_the_call() {
    let check = |script: &str, events: &[&str], status: &str| {
        let mut world = World::new(answers("[]"));
        world.set_phone(BOB, "Bob", script);
        let made = create(&mut world, &bob(&format!(r#""ringing_timer":5,"ncco":{TALK}"#)));
        world.run_for(60_000);
        assert_eq!(kinds(&world), events, "{script}");
        let shown = get(&mut world, &made);
        assert_eq!(shown["status"], status, "{script}");
        assert!(shown.get("price").is_none() && shown.get("start_time").is_none(), "{shown}");
    };
    check("busy", &["started", "busy", "completed"], "busy");
    check("ring, busy after 2s", &["started", "ringing", "busy", "completed"], "busy");
    check("decline", &["started", "ringing", "rejected"], "rejected");
    check("no answer", &["started", "ringing", "timeout", "completed"], "timeout");
    check("unreachable", &["started", "unanswered", "completed"], "unanswered");
    check("unroutable", &["started", "failed", "completed"], "failed");
    // A number that cannot be one is taken, and rejected without ringing.
    let mut world = World::new(answers("[]"));
    let made = create(&mut world, &bob(&format!(r#""ncco":{TALK}"#)).replace(BOB, "0700000003"));
    world.run();
    assert_eq!(kinds(&world), ["started", "rejected"]);
    assert_eq!(world.last("rejected")["detail"], "invalid_number");
    assert_eq!(get(&mut world, &made)["status"], "rejected");
}

#[test]
fn every_endpoint_is_shown_as_it_was_called() {
    let mut world = World::new(answers("[]"));
    for (to, from) in [
        (json!({"type": "app", "user": "alice"}), json!({"type": "phone", "number": NUMBER})),
        (json!({"type": "vbc", "extension": "123"}), json!({"type": "phone", "number": NUMBER})),
        (
            json!({"type": "sip", "uri": "sip:bob@sip.example", "headers": {"a": "b"}}),
            json!({"type": "phone", "number": NUMBER}),
        ),
        (
            json!({"type": "websocket", "uri": "ws://app.test/socket",
                "content-type": "audio/l16;rate=8000", "headers": {"language": "en-GB"}}),
            json!({"type": "phone", "number": NUMBER}),
        ),
        // The digits that were asked for are repeated although nobody sees them.
        (
            json!({"type": "phone", "number": ALICE}),
            json!({"type": "phone", "number": "447700900999"}),
        ),
    ] {
        let body = json!({"to": [to], "from": from, "ncco": [{"action": "talk", "text": "Hello"}]});
        let made = create(&mut world, &body.to_string());
        let shown = get(&mut world, &made);
        assert_eq!((&shown["to"], &shown["from"]), (&to, &from));
    }
    world.run();
    let rings = world
        .sent
        .iter()
        .find(|attempt| attempt.kind == "ringing" && world.payload(attempt)["to"] == ALICE);
    assert_eq!(world.payload(rings.unwrap())["from"], "Unknown");
    let random = format!(
        r#"{{"to":[{{"type":"phone","number":"{ALICE}"}}],"random_from_number":true,"ncco":{TALK}}}"#
    );
    let made = create(&mut world, &random);
    assert_eq!(get(&mut world, &made)["from"], json!({"type": "phone", "number": NUMBER}));
    // A bare text is a caller too.
    let made = create(
        &mut world,
        &bob(&format!(r#""ncco":{TALK}"#)).replace(
            &format!(r#"{{"type":"phone","number":"{NUMBER}"}}"#),
            &format!("\"{NUMBER}\""),
        ),
    );
    assert_eq!(get(&mut world, &made)["from"], json!({"type": "phone", "number": NUMBER}));
}

/// The body is refused with these words of the platform, and this sentence of ours.
fn refused(world: &mut World, body: &str, platform: &Value, hint: &str) {
    let refusal = world.rest::<CreateCall>("/v1/calls", body).unwrap_err();
    let seen: Value = serde_json::from_slice(&refusal.body(ErrorFamily::Voice)).unwrap();
    assert_eq!((refusal.status(), &seen), (400, platform), "{body}");
    assert!(refusal.hint().starts_with(hint), "{}", refusal.hint());
    assert!(!refusal.checked.is_empty() && !refusal.expected.is_empty(), "{refusal:?}");
}

#[test]
fn bodies_that_cannot_be_are_refused() {
    let mut world = World::new(answers("[]"));
    let invalid = |name: &str, reason: &str| json!({"type": 400, "title": "Bad Request", "invalid_parameters": [{"reason": reason, "name": name}]});
    let whole = bob(&format!(r#""ncco":{TALK}"#));
    let digits = "can contain up to 15 digits prefixed with +";
    let web = "must be a URL beginning with http:// or https://";
    for (from, to, name, reason, hint) in [
        (BOB, "12", "number", digits, "to.number was \"12\"; it can contain up to 15 digits"),
        (NUMBER, "bob", "number", digits, "from.number was \"bob\""),
        (
            "\"to\":[",
            "\"to\":[{\"type\":\"phone\",\"number\":\"447700900001\"},",
            "to",
            "must contain exactly one endpoint",
            "to was \"2 endpoints\"",
        ),
        (
            "[{\"type\":\"phone\"",
            "[{\"type\":\"fax\"",
            "type",
            "must be one of: phone, sip, websocket, vbc, app",
            "to.type was \"fax\"",
        ),
        (
            ",\"ncco\"",
            ",\"length_timer\":86401,\"ncco\"",
            "length_timer",
            "must be between 1 and 86400",
            "length_timer was \"86401\"",
        ),
        (
            ",\"ncco\"",
            ",\"ringing_timer\":0,\"ncco\"",
            "ringing_timer",
            "must be between 1 and 120",
            "ringing_timer was \"0\"",
        ),
        (
            ",\"ncco\"",
            ",\"machine_detection\":\"maybe\",\"ncco\"",
            "machine_detection",
            "must be one of: continue, hangup",
            "machine_detection was \"maybe\"",
        ),
        (
            ",\"ncco\"",
            ",\"event_url\":[\"ftp://a.test\"],\"ncco\"",
            "event_url",
            web,
            "event_url was",
        ),
        (
            ",\"ncco\"",
            ",\"event_method\":\"PUT\",\"ncco\"",
            "event_method",
            "must be one of: GET, POST",
            "event_method was \"PUT\"",
        ),
        (
            ",\"ncco\"",
            ",\"answer_url\":[\"http://a.test\"],\"ncco\"",
            "ncco",
            "must not be there together with answer_url",
            "the body had both",
        ),
        (
            ",\"ncco\"",
            ",\"other\"",
            "ncco",
            "is required where there is no answer_url",
            "the body had neither ncco nor answer_url",
        ),
        (
            ",\"ncco\"",
            ",\"random_from_number\":true,\"ncco\"",
            "from",
            "must not be there together with random_from_number",
            "the body had from",
        ),
        (
            "\"from\"",
            "\"unused\"",
            "from",
            "is required",
            "the body had neither from nor random_from_number",
        ),
    ] {
        assert!(whole.contains(from), "{from}");
        refused(&mut world, &whole.replacen(from, to, 1), &invalid(name, reason), hint);
    }
    // A script is refused with the exact place in the body.
    let words = "Syntax error in NCCO. Invalid value type or action.";
    let script =
        "{\n \"ncco\": [{\"action\": \"talk\", \"text\": \"a\"},\n  {\"action\": \"tlak\"}]";
    let body = whole.replacen('{', script, 1).replace(&format!(",\"ncco\":{TALK}"), "");
    let body = body.replacen("]\"to\"", "],\"to\"", 1);
    refused(&mut world, &body, &invalid("ncco", words), "/ncco/1/action (line 3, column 14): ");
    refused(
        &mut world,
        &whole.replace(TALK, "[]"),
        &invalid("ncco", "no NCCOs available"),
        "/ncco",
    );
    assert!(world.sent.is_empty(), "{:?}", kinds(&world));
}

#[test]
fn a_call_needs_somewhere_to_tell_its_events() {
    let mut world = World::new(answers("[]"));
    let voice = Capabilities::new().voice(VoiceCapability::new());
    let bare = CreateApplication::new(ApplicationRequest::new("Bare").capabilities(voice));
    let made = world.ask_as(Caller::Account, &bare).unwrap();
    world.application = ApplicationId::new(made["id"].as_str().unwrap());
    let body = bob(&format!(r#""ncco":{TALK}"#));
    let refusal = world.rest::<CreateCall>("/v1/calls", &body).unwrap_err();
    assert_eq!((refusal.status(), refusal.reason), (400, "event-url-missing"));
    create(&mut world, &bob(&format!(r#""event_url":["http://own.test/e"],"ncco":{TALK}"#)));
    world.run();
    assert_eq!(kinds(&world).last(), Some(&"completed"));
}

#[test]
fn calls_by_ip_are_answered_with_nothing() {
    let mut world = World::new(answers("[]"));
    let body = bob(&format!(r#""ncco":{TALK}"#));
    assert_eq!(world.rest::<CreateIpCall>("/v2/calls", &body).unwrap(), json!({}));
    world.run();
    assert_eq!(kinds(&world), ["started", "ringing", "answered", "completed"]);
    let without = body.replace("\"from\"", "\"unused\"");
    let refusal = world.rest::<CreateIpCall>("/v2/calls", &without).unwrap_err();
    assert_eq!((refusal.status(), refusal.reason), (400, "from-missing"));
}

#[test]
fn one_call_too_many_in_a_second_is_told_to_wait() {
    let mut settings = Settings::new(1, ApiKey::new("abcd1234"));
    settings.calls_per_second = Some(3);
    let mut world = World::with_settings(settings, false, answers("[]"));
    let body = bob(&format!(r#""ncco":{TALK}"#));
    for _ in 0..3 {
        create(&mut world, &body);
    }
    let refusal = world.rest::<CreateCall>("/v1/calls", &body).unwrap_err();
    let seen: Value = serde_json::from_slice(&refusal.body(ErrorFamily::Voice)).unwrap();
    assert_eq!(
        (refusal.status(), seen),
        (
            429,
            json!({
                "type": "https://developer.nexmo.com/api-errors#rate-limit",
                "title": "Rate Limit Hit",
                "detail": "Please wait, then retry your request",
            })
        )
    );
    world.run_for(1_000);
    create(&mut world, &body);
}
