//! What holds whatever phones, applications and callers do.

use std::collections::HashSet;

use proptest::prelude::*;
use ringback_exchange::{PhoneEvent, Settings, WebhookFailure};
use ringback_model::{ApiKey, LegId, control::PlaceCallRequest};

use crate::world::{ALICE, BOB, NUMBER, World, failed, json};

fn phone() -> impl Strategy<Value = String> {
    prop_oneof![
        (0u32..5_000, 0u32..5_000)
            .prop_map(|(ring, answer)| format!("ring after {ring}ms, answer after {answer}ms")),
        (0u32..9_000, 0u32..9_000)
            .prop_map(|(answer, end)| format!("answer after {answer}ms, hang up after {end}ms")),
        Just("busy".to_owned()),
        (0u32..9_000).prop_map(|at| format!("decline after {at}ms")),
        Just("no answer".to_owned()),
        Just("unreachable".to_owned()),
        Just("unroutable".to_owned()),
    ]
}

fn action() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(r#"{"action":"talk","text":"one two three"}"#.to_owned()),
        (3u32..20, any::<bool>()).prop_map(|(timeout, synchronous)| {
            let event = if synchronous { r#""eventType":"synchronous","# } else { "" };
            format!(r#"{{"action":"connect",{event}"timeout":{timeout},"endpoint":[{{"type":"phone","number":"{BOB}"}}]}}"#)
        }),
        Just(r#"{"action":"record"}"#.to_owned()),
        Just(r#"{"action":"nonsense"}"#.to_owned()),
    ]
}

/// The documented table: where a leg may go.
fn may_follow(before: &str, after: &str) -> bool {
    match before {
        "" => after == "started",
        "started" => after != "started" && after != "human",
        "ringing" => !matches!(after, "started" | "ringing"),
        "answered" => after == "completed",
        // `completed` ends what failed, except what was rejected.
        "busy" | "timeout" | "unanswered" | "failed" | "cancelled" => after == "completed",
        _ => false,
    }
}

/// 400 cases on each change, or as many as a soak asks for.
fn config() -> ProptestConfig {
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    if asked { ProptestConfig::default() } else { ProptestConfig::with_cases(400) }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn whatever_happens_every_leg_ends_as_the_table_allows(
        seed in any::<u64>(),
        bob in phone(),
        script in prop::collection::vec(action(), 0..4),
        fallback in any::<bool>(),
        replies in prop::collection::vec((0i64..3_000, 0u8..6), 1..8),
        gives_up in prop::option::of(0u32..9_000),
        hang_up_at in 0i64..20_000,
    ) {
        let script = format!("[{}]", script.join(","));
        let mut turn = 0usize;
        let application = Box::new(move |attempt: &ringback_exchange::Attempt| {
            turn += 1;
            let (after, what) = replies[turn % replies.len()];
            let mut reply = match what {
                0 => failed(WebhookFailure::Connection),
                1 => failed(WebhookFailure::Tls),
                2 => json(503, ""),
                3 => json(404, ""),
                _ if attempt.reply_matters => json(200, &script),
                _ => json(204, ""),
            };
            reply.after = after;
            reply
        });
        let settings = Settings::new(seed, ApiKey::new("abcd1234"));
        let mut world = World::with_settings(settings, fallback, application);
        world.set_phone(BOB, "Bob", &bob);
        let mut request = PlaceCallRequest::new(ALICE, NUMBER);
        if let Some(millis) = gives_up {
            request = request.script(format!("give up after {millis}ms"));
        }
        let call = LegId::new(world.place_call(request).unwrap()["id"].as_str().unwrap());
        world.run_for(hang_up_at);
        world.phone(&call, PhoneEvent::HangsUp);
        world.run();

        // Every leg ended, and nothing is due any more that would move a call on.
        prop_assert_eq!(world.exchange.live_calls(), 0);
        prop_assert!(world.exchange.deadlines().progress.is_none());

        // The events of each leg follow the table; each was sent once or repeated by attempt.
        let mut before: std::collections::HashMap<String, String> = Default::default();
        let mut seen = HashSet::new();
        for attempt in &world.sent {
            prop_assert!(seen.insert((attempt.id, attempt.attempt)), "an attempt was made twice");
            let payload = world.payload(attempt);
            if attempt.attempt > 1 || payload["status"].is_null() {
                continue;
            }
            let leg = payload["uuid"].as_str().unwrap().to_owned();
            let after = payload["status"].as_str().unwrap().to_owned();
            let before = before.entry(leg).or_default();
            prop_assert!(may_follow(before, &after), "{} after {:?}: {:?}", after, before, world.kinds());
            *before = after;
        }

        // Nobody is asked for a script after the leg it was for has gone.
        let kinds: Vec<_> = world.sent.iter().map(|attempt| (attempt.kind, &attempt.leg)).collect();
        if let Some(end) = kinds.iter().position(|(kind, leg)| *kind == "completed" && **leg == call) {
            prop_assert!(kinds[end..].iter().all(|(kind, _)| *kind != "answer"), "{:?}", world.kinds());
        }

        // Ids of legs are unique, and everything is told of one call.
        let legs: HashSet<_> = world.transcript.iter().filter_map(|entry| entry.leg.clone()).collect();
        prop_assert!(legs.contains(&call));
        prop_assert!(world.transcript.iter().all(|entry| entry.call.as_ref() == Some(&call)));

        // The log has no gap: its entries are told with ids that count from one.
        let told: Vec<u64> = world
            .transcript
            .iter()
            .filter(|entry| entry.kind.as_str() == "event")
            .map(|entry| entry.detail.as_deref().unwrap().split(' ').nth(1).unwrap().parse().unwrap())
            .collect();
        prop_assert!(told.iter().enumerate().all(|(place, id)| *id == place as u64 + 1), "{:?}", told);
    }
}
