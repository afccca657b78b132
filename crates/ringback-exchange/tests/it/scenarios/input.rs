//! Keys and speech (e).

use serde_json::{Value, json};

use super::{all, called};
use crate::world::{ALICE, NUMBER};

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
