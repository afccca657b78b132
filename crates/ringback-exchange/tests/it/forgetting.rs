//! Finished calls are forgotten, the oldest first, and not before everything is told of them.

use ringback_exchange::{Attempt, Caller, PhoneEvent, Settings};
use ringback_model::{
    ApiKey, LegId,
    applications::{
        ApplicationRequest, Capabilities, UpdateApplication, VoiceCapability, VoiceWebhooks,
        Webhook,
    },
};

use crate::world::{World, answers, connect_bob, json};

fn keeping(finished_calls: usize) -> Settings {
    let mut settings = Settings::new(1, ApiKey::new("abcd1234"));
    settings.finished_calls = finished_calls;
    settings
}

#[test]
fn what_ends_a_call_can_be_described_though_no_finished_call_is_kept() {
    let mut world = World::with_settings(keeping(0), false, connect_bob());
    let call = world.call();
    world.run_for(10_000);
    let up = world.transcript.len();
    assert!(world.exchange.call_of(&call).is_some());
    world.phone(&call, PhoneEvent::HangsUp);
    world.run_for(10_000);
    assert!(world.transcript.len() > up);
    for entry in &world.transcript {
        assert_eq!(entry.call.as_ref(), Some(&call), "{entry:?}");
        assert_ne!(entry.label, "a call that is gone");
    }
    // Until the next input, which forgets it.
    assert!(world.exchange.call_of(&call).is_none());
    let completed = world.sent.iter().filter(|attempt| attempt.kind == "completed");
    assert_eq!(completed.count(), 2);
}

#[test]
fn a_call_is_kept_until_all_is_told_of_it_and_then_the_newest_of_them() {
    let mut first = None;
    let slow = move |attempt: &Attempt| {
        let first = first.get_or_insert_with(|| attempt.call.clone());
        let script = r#"[{"action":"talk","text":"Hello"}]"#;
        let mut reply = if attempt.reply_matters { json(200, script) } else { json(204, "") };
        if attempt.kind == "completed" && attempt.call == *first {
            reply.after = 60_000;
        }
        reply
    };
    let mut world = World::with_settings(keeping(1), false, Box::new(slow));
    let mut calls: Vec<LegId> = Vec::new();
    for _ in 0..3 {
        calls.push(world.call());
        world.run_for(10_000);
    }
    let kept = |world: &mut World| {
        world.run_for(0);
        calls.iter().map(|call| world.exchange.call_of(call).is_some()).collect::<Vec<_>>()
    };
    assert_eq!(world.exchange.live_calls(), 0);
    assert_eq!(kept(&mut world), [true, false, true]);
    world.run_for(60_000);
    assert_eq!(kept(&mut world), [true, false, false]);
}

#[test]
fn a_call_whose_recording_nobody_is_told_of_is_forgotten_too() {
    let script = r#"[{"action":"record","beepStart":false},{"action":"talk","text":"Hello"}]"#;
    let mut world = World::with_settings(keeping(0), false, answers(script));
    let answer = Webhook::new().address("http://app.test/webhooks/answer");
    let webhooks = VoiceWebhooks::new().answer_url(answer);
    let voice = Capabilities::new().voice(VoiceCapability::new().webhooks(webhooks));
    let body = ApplicationRequest::new("Conversation App").capabilities(voice);
    let update = UpdateApplication::new(world.application.clone(), body);
    world.ask_as(Caller::Account, &update).unwrap();
    let call = world.call();
    world.run_for(1_000);
    assert!(world.exchange.call_of(&call).is_some());
    world.phone(&call, PhoneEvent::HangsUp);
    world.run_for(60_000);
    assert!(world.exchange.call_of(&call).is_none());
}
