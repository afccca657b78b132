//! The documented failures as whole transcripts: callees that do not talk (c), calls by REST (d),
//! hang-ups (i), and the ladder of an answer webhook that fails (l).

use ringback_exchange::{Attempt, PhoneEvent, WebhookFailure};
use ringback_model::{
    LegId, PhoneNumber,
    calls::{
        CallAction, CallEndpoint, Caller, CreateCall, CreateCallRequest, PhoneEndpoint, UpdateCall,
        UpdateCallRequest,
    },
    control::PlaceCallRequest,
};
use serde_json::{Value, json};

use crate::world::{ALICE, BOB, NUMBER, World, answers, connect_bob, failed, json as reply, typed};

/// The lines of a transcript that are about webhooks and states.
fn outline(world: &World) -> String {
    let wanted = |line: &&str| {
        ["state", "webhook", "reply", "error"].iter().any(|kind| line[8..].starts_with(kind))
    };
    world.told().lines().filter(wanted).map(|line| format!("{line}\n")).collect()
}

fn rest_call(world: &mut World, script: &Value) -> LegId {
    let to = CallEndpoint::Phone(PhoneEndpoint::new(BOB));
    let ncco = ringback_model::Json::parse(&script.to_string()).unwrap();
    let body = CreateCallRequest::new(vec![to]).from(Caller::Text(NUMBER.to_owned())).ncco(ncco);
    let made = world.ask(&CreateCall::new(body)).unwrap();
    assert_eq!(made["status"], "started");
    LegId::new(made["uuid"].as_str().unwrap())
}

#[test]
fn c_callees_that_do_not_talk() {
    for (name, bob) in [
        ("busy", "busy"),
        ("no_answer", "no answer"),
        ("unreachable", "unreachable"),
        ("declined", "decline after 2s"),
        ("unroutable", "unroutable"),
    ] {
        let mut world = World::new(connect_bob());
        world.set_phone(BOB, "Bob", bob);
        world.call();
        world.run();
        insta::assert_snapshot!(format!("c_{name}"), outline(&world));
    }
    let mut world = World::new(connect_bob());
    world.place_call(PlaceCallRequest::new(ALICE, NUMBER).script("give up after 2s")).unwrap();
    world.run();
    insta::assert_snapshot!("c_caller_gives_up", outline(&world));
}

#[test]
fn d_a_call_by_rest() {
    let mut world = World::new(answers("[]"));
    rest_call(&mut world, &json!([{"action": "talk", "text": "Hello"}]));
    world.run();
    insta::assert_snapshot!("d_with_a_script", outline(&world));
    let mut world = World::new(answers(r#"[{"action":"talk","text":"Hello"}]"#));
    let to = CallEndpoint::Phone(PhoneEndpoint::new(BOB));
    let body = CreateCallRequest::new(vec![to])
        .from(Caller::Text(NUMBER.to_owned()))
        .answer_url(vec!["http://app.test/own".to_owned()])
        .event_url(vec!["http://app.test/events".to_owned()]);
    world.ask(&CreateCall::new(body)).unwrap();
    world.run();
    insta::assert_snapshot!("d_with_an_answer_url", outline(&world));
    assert_eq!(PhoneNumber::new(NUMBER).unwrap().as_str(), NUMBER);
}

#[test]
fn i_hang_ups() {
    let up = || {
        let mut world = World::new(connect_bob());
        let call = world.call();
        world.run();
        (world, call)
    };
    let completed = |world: &World| -> Vec<(Value, Value)> {
        let of_kind = world.sent.iter().filter(|attempt| attempt.kind == "completed");
        of_kind
            .map(|attempt| world.payload(attempt))
            .map(|event| (event["direction"].clone(), event["disconnected_by"].clone()))
            .collect()
    };
    let pair = |a: &str, b: &str| vec![(json!("inbound"), json!(a)), (json!("outbound"), json!(b))];
    let (mut world, call) = up();
    world.phone(&call, PhoneEvent::HangsUp);
    world.run();
    assert_eq!(completed(&world), pair("user", "platform"));

    let (mut world, _) = up();
    let bob = world.payload(world.sent.iter().find(|attempt| attempt.kind == "answered").unwrap());
    world.phone(&LegId::new(bob["uuid"].as_str().unwrap()), PhoneEvent::HangsUp);
    world.run();
    assert_eq!(completed(&world), pair("platform", "user"));

    let (mut world, call) = up();
    world.ask(&UpdateCall::new(call.clone(), UpdateCallRequest::new(CallAction::Hangup))).unwrap();
    world.run();
    assert_eq!(completed(&world), pair("platform", "platform"));
    // What is over cannot be hung up again.
    let again = UpdateCall::new(call, UpdateCallRequest::new(CallAction::Hangup));
    assert_eq!(world.ask(&again).unwrap_err().status(), 404);
}

#[test]
fn l_the_ladder_of_the_answer_webhook() {
    let ladder = |name: &str, fallback: bool, outcome: fn(&Attempt) -> crate::world::Reply| {
        let side = move |attempt: &Attempt| match attempt.kind {
            "answer" => outcome(attempt),
            "fallback" => reply(200, r#"[{"action":"talk","text":"Sorry"}]"#),
            _ => reply(204, ""),
        };
        let mut world = match fallback {
            true => World::with_fallback(Box::new(side)),
            false => World::new(Box::new(side)),
        };
        world.call();
        world.run();
        insta::assert_snapshot!(format!("l_{name}"), outline(&world));
    };
    ladder("hangs_then_fallback", true, |_| failed(WebhookFailure::SocketTimeout));
    ladder("hangs_without_fallback", false, |_| failed(WebhookFailure::SocketTimeout));
    ladder("server_error", true, |_| reply(500, "oops"));
    ladder("html", true, |_| typed(200, "text/html", "<html></html>"));
    ladder("syntax_error", false, |_| reply(200, r#"[{"action":"hangup"}]"#));
    ladder("nothing", false, |_| reply(200, "[]"));
    ladder("too_large", true, |_| failed(WebhookFailure::TooLarge));
    ladder("second_try", false, |attempt| match attempt.attempt {
        1 => reply(503, ""),
        _ => reply(200, r#"[{"action":"talk","text":"Hello"}]"#),
    });
}
