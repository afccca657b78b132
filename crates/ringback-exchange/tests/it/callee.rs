//! Callees that do not end up talking, callers that give up, and who is left after a hang-up.

use ringback_exchange::PhoneEvent;
use ringback_model::{
    LegId,
    control::{GetCall, PlaceCallRequest},
};
use serde_json::{Value, json};

use crate::world::{ALICE, BOB, NUMBER, World, answers, connect_bob, json};

/// The events of one leg in the order they were sent: A came in, B was dialled.
fn of_leg(world: &World, leg: char) -> Vec<String> {
    let kinds = world.kinds();
    kinds
        .iter()
        .filter_map(|kind| kind.strip_suffix(leg))
        .map(|kind| kind.trim().to_owned())
        .collect()
}

/// Bob behaves so; these are the events of his leg, and his leg ends in this state.
fn check(script: &str, expected: &[&str], state: &str, detail: &Value, sip_code: &Value) {
    let mut world = World::new(connect_bob());
    world.set_phone(BOB, "Bob", script);
    let call = world.call();
    world.run();
    // Only the events of one leg are in order; those of two may overtake each other.
    assert_eq!(of_leg(&world, 'B'), expected, "{script}");
    assert_eq!(of_leg(&world, 'A'), ["started", "ringing", "completed"], "{script}");
    let shown = world.ask_as(ringback_exchange::Caller::Control, &GetCall::new(call)).unwrap();
    assert_eq!(shown["legs"][1]["status"], state, "{script}");
    assert_eq!(shown["legs"][0]["status"], "completed", "{script}");
    let event = world.last(state);
    assert_eq!((&event["detail"], &event["sip_code"]), (detail, sip_code), "{script}");
    let completed = world.last("completed");
    assert_eq!(
        (&completed["duration"], &completed["price"]),
        (&json!("0"), &json!("0")),
        "{script}"
    );
}

#[test]
fn a_callee_that_does_not_answer_ends_the_call() {
    let null = Value::Null;
    check("busy", &["started", "busy", "completed"], "busy", &null, &json!(486));
    check(
        "ring, busy after 2s",
        &["started", "ringing", "busy", "completed"],
        "busy",
        &null,
        &json!(486),
    );
    check(
        "decline",
        &["started", "ringing", "rejected"],
        "rejected",
        &json!("declined"),
        &json!(603),
    );
    check(
        "no answer",
        &["started", "ringing", "timeout", "completed"],
        "timeout",
        &null,
        &json!(487),
    );
    check(
        "unreachable",
        &["started", "unanswered", "completed"],
        "unanswered",
        &json!("unavailable"),
        &json!(480),
    );
    check(
        "unroutable",
        &["started", "failed", "completed"],
        "failed",
        &json!("cannot_route"),
        &json!(404),
    );
}

#[test]
fn it_rings_as_long_as_the_action_says() {
    let script = format!(
        r#"[{{"action":"connect","timeout":"7","endpoint":[{{"type":"phone","number":"{BOB}"}}]}}]"#
    );
    let mut world = World::new(answers(&script));
    world.set_phone(BOB, "Bob", "no answer");
    world.call();
    world.run();
    let shown = world
        .ask_as(ringback_exchange::Caller::Control, &ringback_model::control::ListCalls::new())
        .unwrap();
    let bob = &shown["calls"][0]["legs"][1];
    let moment =
        |key: &str| bob[key].as_str().unwrap().parse::<ringback_model::Timestamp>().unwrap();
    assert_eq!(moment("ended").as_millis() - moment("started").as_millis(), 7_000);
}

#[test]
fn a_caller_who_gives_up_cancels_the_callee() {
    let mut world = World::new(connect_bob());
    world.set_phone(BOB, "Bob", "no answer");
    world.place_call(PlaceCallRequest::new(ALICE, NUMBER).script("give up after 5s")).unwrap();
    world.run();
    assert_eq!(
        world.kinds()[3..],
        ["started B", "ringing B", "completed A", "cancelled B", "completed B"]
    );
    assert_eq!(world.last("cancelled")["direction"], "outbound");
}

#[test]
fn a_caller_who_gives_up_is_not_cut_off_once_answered() {
    let mut world = World::new(connect_bob());
    world.place_call(PlaceCallRequest::new(ALICE, NUMBER).script("give up after 60s")).unwrap();
    world.run();
    world.run_for(600_000);
    assert!(!world.kinds().contains(&"completed A".to_owned()), "{:?}", world.kinds());
}

#[test]
fn a_caller_may_leave_before_the_application_has_answered() {
    let mut world = World::new(Box::new(|attempt| {
        let mut reply = json(200, r#"[{"action":"talk","text":"hello"}]"#);
        reply.after = if attempt.reply_matters { 4_000 } else { 10 };
        reply
    }));
    world.place_call(PlaceCallRequest::new(ALICE, NUMBER).script("give up after 2s")).unwrap();
    world.run();
    // The script comes too late, and nothing runs.
    assert_eq!(
        world.kinds(),
        ["started A", "ringing A", "answer", "completed A"].map(str::to_owned)
    );
}

#[test]
fn who_hangs_up_is_told_and_both_go() {
    for (who, by) in [("alice", ["user", "platform"]), ("bob", ["platform", "user"])] {
        let mut world = World::new(connect_bob());
        let call = world.call();
        world.run();
        let bob = LegId::new(
            world.last("answered B".split(' ').next().unwrap())["uuid"].as_str().unwrap(),
        );
        let bob = if bob == call {
            let answered = world.sent.iter().find(|attempt| attempt.kind == "answered").unwrap();
            LegId::new(world.payload(answered)["uuid"].as_str().unwrap())
        } else {
            bob
        };
        world.phone(if who == "alice" { &call } else { &bob }, PhoneEvent::HangsUp);
        world.run();
        let told: Vec<Value> = world
            .sent
            .iter()
            .filter(|attempt| attempt.kind == "completed")
            .map(|attempt| world.payload(attempt)["disconnected_by"].clone())
            .collect();
        assert_eq!(told, by, "{who}");
        assert_eq!(world.exchange.live_calls(), 0);
    }
}

#[test]
fn a_callee_may_hang_up_by_script() {
    let mut world = World::new(connect_bob());
    world.set_phone(BOB, "Bob", "answer after 3s, hang up after 10s");
    world.call();
    world.run();
    assert_eq!(world.kinds()[7..], ["completed A", "completed B"]);
    assert_eq!(
        world.last("completed")["duration"],
        "11",
        "from the floor of the answer to the ceiling of the end"
    );
}

#[test]
fn the_limit_of_a_connect_ends_both() {
    let script = format!(
        r#"[{{"action":"connect","limit":30,"endpoint":[{{"type":"phone","number":"{BOB}"}}]}}]"#
    );
    let mut world = World::new(answers(&script));
    world.call();
    world.run();
    assert!(!world.kinds().contains(&"completed A".to_owned()));
    world.run_for(60_000);
    assert_eq!(world.kinds()[7..], ["completed A", "completed B"]);
    assert_eq!(world.last("completed")["disconnected_by"], "platform");
}

#[test]
fn the_callers_number_is_shown_when_the_account_rents_it() {
    for (from, shown) in [(NUMBER, NUMBER), ("447700900999", "Unknown")] {
        let script = format!(
            r#"[{{"action":"connect","from":"{from}","endpoint":[{{"type":"phone","number":"{BOB}"}}]}}]"#
        );
        let mut world = World::new(answers(&script));
        world.call();
        world.run();
        let answered = world.sent.iter().find(|attempt| attempt.kind == "answered").unwrap();
        assert_eq!(world.payload(answered)["from"], shown);
    }
}

#[test]
fn after_a_failure_the_script_goes_on() {
    let script = format!(
        r#"[{{"action":"connect","endpoint":[{{"type":"phone","number":"{BOB}"}}]}},
            {{"action":"talk","text":"Nobody is there"}}]"#
    );
    let mut world = World::new(answers(&script));
    world.set_phone(BOB, "Bob", "busy");
    world.call();
    world.run();
    assert_eq!(of_leg(&world, 'B'), ["started", "busy", "completed"]);
    assert_eq!(of_leg(&world, 'A'), ["started", "ringing", "answered", "completed"]);
}

#[test]
fn a_synchronous_connect_asks_what_to_do_about_a_failure() {
    let script = format!(
        r#"[{{"action":"connect","eventType":"synchronous","eventUrl":["http://app.test/failed"],
             "endpoint":[{{"type":"phone","number":"{BOB}"}}]}}]"#
    );
    let mut world = World::new(Box::new(move |attempt| match attempt.kind {
        "busy" => json(200, r#"[{"action":"talk","text":"Try later"}]"#),
        _ if attempt.reply_matters => json(200, &script),
        _ => json(204, ""),
    }));
    world.set_phone(BOB, "Bob", "busy");
    world.call();
    world.run();
    let busy = world.sent.iter().find(|attempt| attempt.kind == "busy").unwrap();
    assert!(busy.reply_matters);
    assert_eq!(&*busy.url, "http://app.test/failed");
    assert!(world.kinds().contains(&"answered A".to_owned()), "{:?}", world.kinds());
    assert_eq!(world.last("completed")["disconnected_by"], "platform");
}

#[test]
fn a_broken_reply_to_a_failure_is_told_and_the_script_goes_on() {
    let script = format!(
        r#"[{{"action":"connect","eventType":"synchronous","endpoint":[{{"type":"phone","number":"{BOB}"}}]}},
            {{"action":"talk","text":"Nobody is there"}}]"#
    );
    for (reply, told) in
        [(r#"[{"action":"tallk"}]"#, true), ("", false), ("{}", false), ("[]", false)]
    {
        let script = script.clone();
        let mut world = World::new(Box::new(move |attempt| match attempt.kind {
            "busy" => json(200, reply),
            _ if attempt.reply_matters => json(200, &script),
            _ => json(204, ""),
        }));
        world.set_phone(BOB, "Bob", "busy");
        world.call();
        world.run();
        assert_eq!(world.kinds().contains(&"error".to_owned()), told, "{reply}");
        assert!(world.kinds().contains(&"answered A".to_owned()), "{reply}: {:?}", world.kinds());
    }
}

#[test]
fn nobody_is_asked_how_to_go_on_after_the_caller_has_gone() {
    let script = format!(
        r#"[{{"action":"connect","eventType":"synchronous","endpoint":[{{"type":"phone","number":"{BOB}"}}]}}]"#
    );
    for (gives_up, asked) in [("give up after 1500ms", false), ("give up after 60s", true)] {
        let script = script.clone();
        let mut world = World::with_fallback(Box::new(move |attempt| match attempt.kind {
            "busy" => json(503, ""),
            _ if attempt.reply_matters => json(200, &script),
            _ => json(204, ""),
        }));
        world.set_phone(BOB, "Bob", "busy");
        world.place_call(PlaceCallRequest::new(ALICE, NUMBER).script(gives_up)).unwrap();
        world.run_for(20_000);
        assert_eq!(world.sent.iter().any(|sent| sent.kind == "fallback"), asked, "{gives_up}");
    }
}

#[test]
fn a_number_that_cannot_be_one_is_rejected_and_a_plus_is_read_over() {
    for (number, kinds) in [
        ("12", &["started", "rejected"][..]),
        ("+447700900123", &["started", "ringing", "answered"][..]),
    ] {
        let script = format!(
            r#"[{{"action":"connect","endpoint":[{{"type":"phone","number":"{number}"}}]}}]"#
        );
        let mut world = World::new(answers(&script));
        world.call();
        world.run();
        assert_eq!(of_leg(&world, 'B'), kinds, "{number}");
        if kinds.len() == 2 {
            let rejected = world.last("rejected");
            assert_eq!(rejected["detail"], "invalid_number");
            assert_eq!(world.exchange.live_calls(), 0);
        }
    }
}

#[test]
fn a_phone_that_stops_ringing_is_not_hung_up() {
    let mut world = World::new(connect_bob());
    world.set_phone(BOB, "Bob", "no answer");
    world.call();
    world.run();
    insta::assert_snapshot!(world.told());
}

#[test]
fn two_connects_make_a_call_of_three() {
    let carol = "447700900123";
    let script = format!(
        r#"[{{"action":"connect","endpoint":[{{"type":"phone","number":"{BOB}"}}]}},
            {{"action":"connect","endpoint":[{{"type":"phone","number":"{carol}"}}]}}]"#
    );
    let mut world = World::new(answers(&script));
    let call = world.call();
    world.run();
    let shown = world.ask_as(ringback_exchange::Caller::Control, &GetCall::new(call)).unwrap();
    let legs = shown["legs"].as_array().unwrap();
    assert_eq!(legs.len(), 3);
    assert!(legs.iter().all(|leg| leg["status"] == "answered"), "{shown}");
    let leg = |at: usize| LegId::new(legs[at]["id"].as_str().unwrap());
    // Two are left when Bob goes; one alone is no call.
    world.phone(&leg(1), PhoneEvent::HangsUp);
    assert_eq!(world.exchange.live_calls(), 1);
    world.phone(&leg(2), PhoneEvent::HangsUp);
    assert_eq!(world.exchange.live_calls(), 0);
}

#[test]
fn a_phone_that_waits_for_a_hand_does_not_make_time_pass() {
    let mut world = World::new(connect_bob());
    world.set_phone(BOB, "Bob", "manual");
    world.call();
    world.run();
    assert_eq!(world.kinds().last().unwrap(), "ringing B");
    assert!(world.exchange.deadlines().progress.is_none());
    assert!(world.exchange.deadlines().any.is_some(), "the ring timer is a guard");
}
