//! The answer webhook: slow, failing, broken; tried again, given to the fallback, given up.

use ringback_exchange::{Caller, WebhookFailure};
use ringback_model::control::{ListCalls, PlaceCallRequest};

use crate::world::{ALICE, Application, NUMBER, World, answers, failed, json, typed};

const TALK: &str = r#"[{"action":"talk","text":"one two three four five"}]"#;

/// The attempts at the answer webhook and its fallback, with when they were made, in seconds.
fn attempts(world: &World) -> Vec<String> {
    let asked = world.sent.iter().filter(|attempt| matches!(attempt.kind, "answer" | "fallback"));
    asked.map(|attempt| format!("{} {}", attempt.kind, attempt.attempt)).collect()
}

fn error_of(world: &mut World) -> String {
    let calls = world.ask_as(Caller::Control, &ListCalls::new()).unwrap();
    calls["calls"][0]["error"].as_str().unwrap_or_default().to_owned()
}

fn each(answer: impl Fn(u32) -> crate::world::Reply + 'static) -> Application {
    Box::new(move |attempt| match attempt.reply_matters {
        true => answer(attempt.attempt),
        false => json(204, ""),
    })
}

#[test]
fn a_talk_answers_is_spoken_and_ends_the_call() {
    let mut world = World::new(answers(TALK));
    world.call();
    world.run();
    assert_eq!(world.kinds(), ["started A", "ringing A", "answer", "answered A", "completed A"]);
    let completed = world.last("completed");
    assert_eq!(completed["disconnected_by"], "platform");
    insta::assert_snapshot!(world.told());
}

#[test]
fn answered_carries_nulls_that_are_there() {
    let mut world = World::new(answers(TALK));
    world.call();
    world.run();
    let answered = world.last("answered");
    for key in ["start_time", "rate", "network"] {
        assert!(answered.as_object().unwrap().contains_key(key), "{key}");
        assert!(answered[key].is_null(), "{key}");
    }
    assert_eq!(answered["headers"], serde_json::json!({}));
}

#[test]
fn a_retriable_failure_is_tried_twice_and_then_the_call_ends() {
    for failure in
        [WebhookFailure::Connection, WebhookFailure::ConnectTimeout, WebhookFailure::SocketTimeout]
    {
        let mut world = World::new(each(move |_| failed(failure)));
        world.call();
        world.run();
        assert_eq!(attempts(&world), ["answer 1", "answer 2"]);
        assert_eq!(world.last("completed")["duration"], "0");
        assert_eq!(error_of(&mut world), format!("{failure:?}"));
    }
    for status in [429, 503, 504] {
        let mut world = World::new(each(move |_| json(status, "")));
        world.call();
        world.run();
        assert_eq!(attempts(&world), ["answer 1", "answer 2"], "{status}");
    }
}

#[test]
fn the_second_attempt_may_succeed() {
    let mut world =
        World::new(each(|attempt| if attempt == 1 { json(503, "") } else { json(200, TALK) }));
    world.call();
    world.run();
    assert_eq!(attempts(&world), ["answer 1", "answer 2"]);
    assert!(world.kinds().contains(&"answered A".to_owned()));
}

#[test]
fn other_failures_are_not_tried_again() {
    for status in [401, 404, 500] {
        let mut world = World::new(each(move |_| json(status, "")));
        world.call();
        world.run();
        assert_eq!(attempts(&world), ["answer 1"], "{status}");
        assert!(error_of(&mut world).contains(&status.to_string()));
    }
    for failure in [WebhookFailure::Tls, WebhookFailure::BadAddress, WebhookFailure::TooLarge] {
        let mut world = World::new(each(move |_| failed(failure)));
        world.call();
        world.run();
        assert_eq!(attempts(&world), ["answer 1"], "{failure:?}");
    }
}

#[test]
fn the_fallback_is_asked_with_the_reason_and_the_request_that_failed() {
    let mut world = World::with_fallback(each(|attempt| match attempt {
        1 | 2 => failed(WebhookFailure::Connection),
        _ => json(200, TALK),
    }));
    world.call();
    world.run();
    assert_eq!(attempts(&world), ["answer 1", "answer 2", "fallback 3"]);
    let fallback = world.last("fallback");
    assert_eq!(fallback["original_request"]["url"], "http://app.test/webhooks/answer");
    assert_eq!(fallback["original_request"]["type"], "answer");
    assert_eq!(fallback["reason"], "Connection");
    assert!(fallback["uuid"].is_string() && fallback["conversation_uuid"].is_string());
    assert!(world.kinds().contains(&"answered A".to_owned()));
}

#[test]
fn a_fallback_that_fails_too_ends_the_call() {
    let mut world = World::with_fallback(each(|_| json(503, "")));
    world.call();
    world.run();
    assert_eq!(attempts(&world), ["answer 1", "answer 2", "fallback 3", "fallback 4"]);
    assert_eq!(world.exchange.live_calls(), 0);
}

#[test]
fn a_broken_script_is_told_and_not_asked_for_again() {
    for (body, content_type, platform) in [
        (
            r#"[{"action":"tlak","text":"x"}]"#,
            "application/json",
            "Syntax error in NCCO. Invalid value type or action.",
        ),
        (
            r#"[{"action":"talk"}]"#,
            "application/json",
            "Syntax error in NCCO. Invalid value type or action.",
        ),
        ("[]", "application/json", "no NCCOs available"),
        ("", "application/json", "no NCCOs available"),
        ("<html><body>Not Found</body></html>", "text/html", "no NCCOs available"),
    ] {
        let mut world = World::new(each(move |_| typed(200, content_type, body)));
        world.call();
        world.run();
        assert_eq!(attempts(&world), ["answer 1"], "{body}");
        let error = world.last("error");
        assert_eq!(error["reason"], platform, "{body}");
        assert!(error["conversation_uuid"].is_string() && error["timestamp"].is_string());
        assert_eq!(world.last("completed")["duration"], "0");
        assert!(!error_of(&mut world).is_empty());
    }
}

#[test]
fn a_broken_script_is_replaced_by_the_fallbacks() {
    let mut world = World::with_fallback(each(|attempt| match attempt {
        1 => json(200, r#"[{"action":"hangup"}]"#),
        _ => json(200, TALK),
    }));
    world.call();
    world.run();
    assert_eq!(attempts(&world), ["answer 1", "fallback 2"]);
    assert!(world.kinds().contains(&"error".to_owned()));
    assert!(world.kinds().contains(&"answered A".to_owned()));
    assert_eq!(error_of(&mut world), "", "the call could go on");
}

#[test]
fn nobody_is_asked_for_a_script_after_the_caller_has_gone() {
    let mut world = World::with_fallback(each(|_| json(503, "")));
    let request = PlaceCallRequest::new(ALICE, NUMBER).script("give up after 500ms");
    world.place_call(request).unwrap();
    world.run();
    assert_eq!(attempts(&world), ["answer 1"]);
    assert_eq!(error_of(&mut world), "");
}

#[test]
fn a_valid_script_runs_to_its_end_and_a_faulty_one_not_at_all() {
    let run = |last: &str| {
        let hello = r#"{"action":"talk","text":"hello"}"#;
        let mut world = World::new(answers(&format!("[{hello},{last}]")));
        world.call();
        world.run();
        let error = error_of(&mut world);
        (world, error)
    };
    let (world, error) =
        run(r#"{"action":"record","endOnKey":"1","eventUrl":["http://app.test/rec"]}"#);
    assert!(world.kinds().contains(&"answered A".to_owned()), "{:?}", world.kinds());
    assert!(!world.kinds().contains(&"error".to_owned()), "{:?}", world.kinds());
    assert_eq!(error, "");
    // The whole document is refused before anything of it runs.
    let (world, error) = run(r#"{"action":"hold"}"#);
    assert_eq!(world.kinds()[2..], ["answer", "error", "completed A"].map(str::to_owned));
    let reason = world.last("error")["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("Syntax error in NCCO") || reason.contains("hold"), "{reason}");
    assert!(error.contains("`hold` is not an action"), "{error}");
}

#[test]
fn a_late_answer_to_an_abandoned_attempt_is_dropped() {
    use ringback_exchange::{Input, WebhookOutcome};
    let mut world = World::new(each(|attempt| {
        if attempt == 1 { failed(WebhookFailure::SocketTimeout) } else { json(200, TALK) }
    }));
    world.call();
    world.run();
    let first = world.sent.iter().find(|attempt| attempt.kind == "answer").unwrap();
    let before = world.kinds();
    let body = bytes::Bytes::from_static(TALK.as_bytes());
    let outcome = WebhookOutcome::Reply { status: 200, content_type: None, body };
    let output =
        world.exchange.handle(world.now, Input::Webhook { id: first.id, attempt: 1, outcome });
    assert!(output.effects.is_empty());
    assert_eq!(world.kinds(), before);
}

#[test]
fn a_dead_event_receiver_never_stops_a_call() {
    for status in [404, 500] {
        let mut world = World::new(Box::new(move |attempt| {
            if attempt.reply_matters { json(200, TALK) } else { json(status, "") }
        }));
        world.call();
        world.run();
        assert_eq!(
            world.kinds(),
            ["started A", "ringing A", "answer", "answered A", "completed A"]
        );
    }
    // A retriable failure is tried once more, and the next event still waits for it.
    let mut world = World::new(Box::new(|attempt| {
        if attempt.reply_matters { json(200, TALK) } else { failed(WebhookFailure::Connection) }
    }));
    world.call();
    world.run();
    let started: Vec<u32> =
        world.sent.iter().filter(|a| a.kind == "started").map(|a| a.attempt).collect();
    assert_eq!(started, [1, 2]);
    assert_eq!(world.exchange.live_calls(), 0);
}

#[test]
fn an_endless_talk_ends_with_the_caller() {
    let mut world = World::new(answers(r#"[{"action":"talk","text":"for ever","loop":0}]"#));
    let call = world.call();
    world.run();
    world.run_for(100_000);
    assert_eq!(world.exchange.live_calls(), 1);
    world.phone(&call, ringback_exchange::PhoneEvent::HangsUp);
    assert_eq!(world.exchange.live_calls(), 0);
}
