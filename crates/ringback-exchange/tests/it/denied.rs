//! What the Voice API refuses to do with calls.

use ringback_exchange::{Caller, PhoneEvent, Refusal};
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
    calls::{bob, create},
    controls::{STAY, path, status, talking, update},
    world::{ALICE, NUMBER, World, answers},
};

/// Everything that needs a call that talks, with a body that is right.
fn everything(world: &mut World, call: &Value) -> Vec<(&'static str, Refusal)> {
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
    refused.push(("talk", world.rest::<StartTalk>(&at("/talk"), r#"{"text":"a"}"#)));
    refused.push(("no talk", world.rest::<StopTalk>(&at("/talk"), "")));
    let sound = format!(r#"{{"stream_url":{url}}}"#);
    refused.push(("stream", world.rest::<StartStream>(&at("/stream"), &sound)));
    refused.push(("no stream", world.rest::<StopStream>(&at("/stream"), "")));
    refused.push(("dtmf", world.rest::<SendDtmf>(&at("/dtmf"), r#"{"digits":"1"}"#)));
    let keys = format!(r#"{{"event_url":{url}}}"#);
    refused.push(("keys", world.rest::<SubscribeDtmf>(&at("/input/dtmf"), &keys)));
    refused.push(("no keys", world.rest::<UnsubscribeDtmf>(&at("/input/dtmf"), "")));
    refused.into_iter().map(|(what, seen)| (what, seen.unwrap_err())).collect()
}

fn body_of(refusal: &Refusal) -> Value {
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
            let refusal = world.rest::<O>(path, body).unwrap_err();
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
