//! The order in which a call's events go out.

use crate::world::{BOB, World, json};

#[test]
fn events_of_two_legs_keep_their_order_for_as_long_as_that_is_quick() {
    let slow = |millis: i64| {
        let script =
            format!(r#"[{{"action":"connect","endpoint":[{{"type":"phone","number":"{BOB}"}}]}}]"#);
        let mut world = World::new(Box::new(move |attempt| {
            let mut reply = json(200, if attempt.reply_matters { &script } else { "" });
            reply.after = if attempt.reply_matters { 5 } else { millis };
            reply
        }));
        world.set_phone(BOB, "Bob", "ring after 0s, answer after 0s, hang up after 1s");
        world.call();
        world.run();
        world.kinds()
    };
    let ordered = |kinds: &[String]| -> Vec<String> {
        kinds.iter().filter(|kind| *kind != "answer").cloned().collect()
    };
    assert_eq!(
        ordered(&slow(40)),
        [
            "started A",
            "ringing A",
            "started B",
            "ringing B",
            "answered B",
            "answered A",
            "completed A",
            "completed B",
        ]
    );
    // A slow receiver holds up the events of one leg, not those of the other.
    let kinds = slow(5_000);
    let place = |kind: &str| kinds.iter().position(|other| other == kind).unwrap();
    assert!(place("started B") < place("ringing A"), "{kinds:?}");
}

#[test]
fn a_receiver_that_hangs_later_holds_up_one_leg_only() {
    let script =
        format!(r#"[{{"action":"connect","endpoint":[{{"type":"phone","number":"{BOB}"}}]}}]"#);
    // Quick for the caller's events; those of the callee get no reply for five seconds.
    let mut world = World::new(Box::new(move |attempt| {
        let payload = String::from_utf8(attempt.payload.to_json().unwrap()).unwrap();
        let mut reply = json(200, if attempt.reply_matters { &script } else { "" });
        reply.after = if payload.contains("outbound") { 5_000 } else { 5 };
        reply
    }));
    world.set_phone(BOB, "Bob", "ring after 0s, answer after 0s");
    world.call();
    world.run();
    let kinds = world.kinds();
    let place = |kind: &str| kinds.iter().position(|other| other == kind).unwrap();
    assert!(place("answered A") < place("ringing B"), "{kinds:?}");
}
