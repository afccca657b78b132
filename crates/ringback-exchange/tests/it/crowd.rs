//! Ten thousand legs that want into one conversation.

use ringback_exchange::{Attempt, PhoneEvent};
use ringback_model::LegId;
use serde_json::json;

use crate::{
    calls::{bob, create, get},
    controls::STAY,
    world::{World, json as reply},
};

#[test]
fn fifty_come_in_and_all_others_are_told() {
    let script = json!([{"action": "conversation", "name": "crowd"}]).to_string();
    let mut world = World::new(Box::new(move |attempt: &Attempt| {
        let answers = attempt.kind == "answer";
        reply(if answers { 200 } else { 204 }, if answers { &script } else { "" })
    }));
    // A call that has nothing to do with it is up all the while.
    let apart = create(&mut world, &bob(STAY));
    world.run_for(10_000);
    let mut inside = Vec::new();
    for ordinal in 0..10_000 {
        let call = world.call();
        // All of them arrive within the two hours that a call lasts at most.
        world.run_for(600);
        if ordinal < 50 {
            inside.push(call);
        }
        // What was told is looked at below as a whole; the rest is not needed.
        world.transcript.clear();
    }
    let told = |kind: &str| world.sent.iter().filter(|attempt| attempt.kind == kind).count();
    assert_eq!((told("transfer"), told("error")), (50, 9_950));
    // Every leg was told from its beginning to its end.
    assert_eq!((told("answered"), told("completed")), (10_001, 9_950));
    let reason = "The conversation crowd has 50 legs already; no more can join";
    assert_eq!(world.last("error")["reason"], reason);
    for call in &inside {
        assert_eq!(get(&mut world, &json!({"uuid": call.as_str()}))["status"], "answered");
    }
    assert_eq!(get(&mut world, &apart)["status"], "answered");
    // Where one leaves, another may come.
    world.phone(&LegId::new(inside[7].as_str()), PhoneEvent::HangsUp);
    world.run_for(1_000);
    let next = world.call();
    world.run_for(1_000);
    assert_eq!(world.last("transfer")["uuid"], next.as_str());
    assert_eq!(get(&mut world, &apart)["status"], "answered");
}
