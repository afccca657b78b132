//! What holds whatever phones, applications and callers do.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;
use ringback_exchange::{Attempt, Input, PhoneEvent, Settings, SocketEvent, WebhookFailure};
use ringback_model::{
    ApiKey, LegId,
    control::{ListCalls, PlaceCallRequest},
};
use serde_json::Value;

use crate::world::{ALICE, Application, BOB, NUMBER, World, failed, json};

fn phone() -> impl Strategy<Value = String> {
    let deeds = prop_oneof![
        4 => Just(String::new()),
        1 => (0u32..9_000).prop_map(|at| format!(", press 12# after {at}ms")),
        1 => Just(", press 1, say \"yes please\"".to_owned()),
        1 => (0u32..9_000).prop_map(|at| format!(", say \"hello\" after {at}ms")),
    ];
    let outcome = prop_oneof![
        4 => (0u32..5_000, 0u32..5_000)
            .prop_map(|(ring, answer)| format!("ring after {ring}ms, answer after {answer}ms")),
        4 => (0u32..9_000, 0u32..9_000)
            .prop_map(|(answer, end)| format!("answer after {answer}ms, hang up after {end}ms")),
        2 => (0u32..9_000).prop_map(|at| format!("voicemail after {at}ms")),
        1 => Just("voicemail without beep".to_owned()),
        1 => Just("busy".to_owned()),
        1 => (0u32..9_000).prop_map(|at| format!("decline after {at}ms")),
        1 => Just("no answer".to_owned()),
        1 => Just("unreachable".to_owned()),
        1 => Just("unroutable".to_owned()),
    ];
    (outcome, deeds).prop_map(|(outcome, deeds)| outcome + &deeds)
}

fn endpoint() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => Just(format!(r#"{{"type":"phone","number":"{BOB}"}}"#)),
        1 => Just(r#"{"type":"phone","number":"12"}"#.to_owned()),
        1 => Just(format!(r#"{{"type":"phone","number":"{BOB}","dtmfAnswer":"p1","onAnswer":{{"url":"http://app.test/whisper"}}}}"#)),
        1 => Just(r#"{"type":"websocket","uri":"ws://app.test/socket","content-type":"audio/l16;rate=8000"}"#.to_owned()),
        1 => Just(r#"{"type":"websocket","uri":"ws://app.test/socket","content-type":"audio/l16;rate=1"}"#.to_owned()),
        1 => Just(r#"{"type":"app","user":"jamie"}"#.to_owned()),
        1 => Just(r#"{"type":"sip","uri":"sip:bob@app.test"}"#.to_owned()),
    ]
}

fn connect() -> impl Strategy<Value = String> {
    let detection = prop_oneof![
        4 => Just(""),
        1 => Just(r#""machineDetection":"hangup","#),
        1 => Just(r#""advancedMachineDetection":{"mode":"detect_beep"},"#),
        1 => Just(r#""advancedMachineDetection":{"mode":"default"},"#),
        1 => Just(r#""advancedMachineDetection":{"mode":"detect","behavior":"hangup"},"#),
    ];
    (3u32..20, any::<bool>(), endpoint(), detection).prop_map(
        |(timeout, synchronous, endpoint, detection)| {
            let event = if synchronous { r#""eventType":"synchronous","# } else { "" };
            format!(
                r#"{{"action":"connect",{event}{detection}"timeout":{timeout},"endpoint":[{endpoint}]}}"#
            )
        },
    )
}

fn action() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => connect(),
        2 => (any::<bool>(), 0u32..3).prop_map(|(barge_in, times)| {
            let times = if barge_in { times } else { times.max(1) };
            format!(r#"{{"action":"talk","text":"one two three","bargeIn":{barge_in},"loop":{times}}},{{"action":"input","type":["dtmf","speech"]}}"#)
        }),
        2 => Just(r#"{"action":"stream","streamUrl":["http://app.test/a.mp3"]}"#.to_owned()),
        2 => Just(r#"{"action":"input","type":["dtmf"],"dtmf":{"maxDigits":2}}"#.to_owned()),
        1 => Just(r#"{"action":"input","type":["speech"],"speech":{"saveAudio":true}}"#.to_owned()),
        1 => Just(r#"{"action":"input","type":["dtmf"],"mode":"asynchronous"}"#.to_owned()),
        1 => Just(r#"{"action":"record","transcription":{}}"#.to_owned()),
        1 => Just(r#"{"action":"record","endOnSilence":3}"#.to_owned()),
        1 => Just(r##"{"action":"record","endOnKey":"#","timeOut":5}"##.to_owned()),
        2 => any::<(bool, bool, bool)>().prop_map(|(starts, ends, record)| {
            format!(r#"{{"action":"conversation","name":"room","startOnEnter":{starts},"endOnExit":{ends},"record":{record},"musicOnHoldUrl":["http://app.test/m.mp3"]}}"#)
        }),
        1 => Just(r#"{"action":"notify","payload":{"a":1},"eventUrl":["http://app.test/n"]}"#.to_owned()),
        1 => Just(r#"{"action":"wait","timeout":0.5}"#.to_owned()),
        1 => Just(r#"{"action":"transfer","conversationId":"CON-f972836a-550f-45fa-956c-12a2ab5b7d22"}"#.to_owned()),
        1 => Just(r#"{"action":"nonsense"}"#.to_owned()),
    ]
}

/// The documented table: where a leg may go.
fn may_follow(before: &str, after: &str) -> bool {
    match before {
        "" => after == "started",
        "started" => after != "started" && after != "human" && after != "machine",
        "ringing" => !matches!(after, "started" | "ringing"),
        "answered" => matches!(after, "completed" | "disconnected"),
        "disconnected" => after == "completed",
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

/// What one case is made of.
#[derive(Clone, Debug)]
struct Case {
    seed: u64,
    alice: String,
    bob: String,
    scripts: Vec<String>,
    fallback: bool,
    /// After how many milliseconds the application replies, and how.
    replies: Vec<(i64, u8)>,
    socket: Option<SocketEvent>,
    sound: Result<u64, String>,
    calls: usize,
    hang_up_at: i64,
    /// Whether only the first script of a call comes from the application.
    answers_once: bool,
}

fn case() -> impl Strategy<Value = Case> {
    let script = prop::collection::vec(action(), 0..4)
        .prop_map(|actions| format!("[{}]", actions.join(",")));
    let socket = prop_oneof![
        Just(Some(SocketEvent::Opened)),
        Just(Some(SocketEvent::Refused("no".to_owned()))),
        Just(Some(SocketEvent::TimedOut)),
        Just(None),
    ];
    let sound = prop_oneof![(0u64..9_000).prop_map(Ok), Just(Err("no sound".to_owned()))];
    (
        (any::<u64>(), phone(), phone(), prop::collection::vec(script, 1..4), any::<bool>()),
        (
            prop::collection::vec((0i64..3_000, 0u8..9), 1..8),
            socket,
            sound,
            1usize..4,
            0i64..20_000,
        ),
    )
        .prop_map(
            |(
                (seed, alice, bob, scripts, fallback),
                (replies, socket, sound, calls, hang_up_at),
            )| {
                Case {
                    seed,
                    alice,
                    bob,
                    scripts,
                    fallback,
                    replies,
                    socket,
                    sound,
                    calls,
                    hang_up_at,
                    answers_once: false,
                }
            },
        )
}

fn application(case: &Case) -> Application {
    let Case { scripts, replies, answers_once, .. } = case.clone();
    let mut turn = 0usize;
    Box::new(move |attempt: &Attempt| {
        turn += 1;
        let (after, what) = replies[turn % replies.len()];
        let mut reply = match what {
            0 => failed(WebhookFailure::Connection),
            1 => failed(WebhookFailure::Tls),
            2 => json(503, ""),
            3 => json(404, ""),
            4 => json(200, "<html>"),
            // Callees that call callees that call do not do so for ever.
            _ if attempt.url.ends_with("/whisper") && (answers_once || turn > 100) => {
                json(200, r#"[{"action":"talk","text":"A call for you"}]"#)
            }
            _ if attempt.reply_matters && (attempt.kind == "answer" || !answers_once) => {
                json(200, &scripts[turn % scripts.len()])
            }
            _ => json(204, ""),
        };
        reply.after = after;
        reply
    })
}

/// Places the calls of a case, and lets time pass up to the last of them.
fn begin(case: &Case) -> World {
    let settings = Settings::new(case.seed, ApiKey::new("abcd1234"));
    let mut world = World::with_settings(settings, case.fallback, application(case));
    (world.socket, world.sound) = (case.socket.clone(), case.sound.clone());
    world.set_phone(BOB, "Bob", &case.bob);
    for call in 0..case.calls {
        let request = PlaceCallRequest::new(ALICE, NUMBER).script(case.alice.clone());
        world.place_call(request).unwrap();
        world.run_for(case.hang_up_at / (call as i64 + 1));
    }
    world
}

/// The legs that are up, call by call.
fn legs_up(world: &mut World) -> Vec<Vec<Value>> {
    let calls = world.ask_as(ringback_exchange::Caller::Control, &ListCalls::new()).unwrap();
    let is_up = |leg: &&Value| {
        ["started", "ringing", "answered"].contains(&leg["status"].as_str().unwrap())
    };
    let legs =
        |call: &Value| call["legs"].as_array().unwrap().iter().filter(is_up).cloned().collect();
    calls["calls"].as_array().unwrap().iter().map(legs).collect()
}

/// Runs a case until everybody has hung up.
fn run(case: &Case) -> World {
    let mut world = begin(case);
    // Everybody who is still there goes, in whatever call.
    for _ in 0..100 {
        let up = legs_up(&mut world);
        let Some(leg) = up.iter().flatten().next() else { break };
        let id = LegId::new(leg["id"].as_str().unwrap());
        world.phone(&id, PhoneEvent::HangsUp);
        world.feed(Input::Socket { leg: id, event: SocketEvent::Closed });
        world.run_for(30_000);
    }
    world.run();
    world
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn whatever_happens_every_leg_ends_as_the_table_allows(case in case()) {
        let world = run(&case);
        // Every leg ended, and nothing is due any more that would move a call on.
        prop_assert_eq!(world.exchange.live_calls(), 0, "{}", world.told());
        prop_assert!(world.exchange.deadlines().progress.is_none(), "{}", world.told());

        // The events of each leg follow the table; each was sent once or repeated by attempt.
        let mut before: HashMap<String, String> = HashMap::new();
        let mut seen = HashSet::new();
        for attempt in &world.sent {
            prop_assert!(seen.insert((attempt.id, attempt.attempt)), "an attempt was made twice");
            let payload = world.payload(attempt);
            let (Some(leg), Some(after)) = (payload["uuid"].as_str(), payload["status"].as_str()) else {
                continue;
            };
            if attempt.attempt > 1 {
                continue;
            }
            let before = before.entry(leg.to_owned()).or_default();
            prop_assert!(may_follow(before, after), "{} after {:?}: {}", after, before, world.told());
            after.clone_into(before);
        }
        prop_assert!(before.values().all(|last| ["completed", "rejected"].contains(&last.as_str())), "{:?}", before);

        // Nobody is asked for a script after the leg it was for has gone.
        let mut gone = HashSet::new();
        for attempt in &world.sent {
            match attempt.kind {
                "completed" => { gone.insert(attempt.leg.clone()); }
                "answer" => prop_assert!(!gone.contains(&attempt.leg), "{}", world.told()),
                _ => {}
            }
        }

        // The log of each conversation has no gap: its entries count from one.
        let mut told: HashMap<String, u64> = HashMap::new();
        for entry in world.transcript.iter().filter(|entry| entry.kind.as_str() == "event") {
            let conversation = entry.conversation.as_ref().unwrap().to_string();
            let id: u64 = entry.detail.as_deref().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
            let last = told.entry(conversation).or_default();
            // What the platform itself logs is not told of a leg.
            prop_assert!(id > *last, "{} after {}: {}", id, last, world.told());
            *last = id;
        }
    }

    #[test]
    fn no_script_waits_for_what_never_comes(case in case()) {
        // Whoever is in a room, or hears a text for ever, may stay there alone.
        let ends = |script: &String| {
            let script = script.replace("\"action\":\"conversation\"", "\"action\":\"wait\"");
            script.replace("\"loop\":0", "\"loop\":1")
        };
        let scripts = case.scripts.iter().map(ends).collect();
        let socket = case.socket.clone().or(Some(SocketEvent::Opened));
        let case = Case { scripts, socket, ..case };
        // Scripts that ask for scripts for ever are another matter.
        let mut world = begin(&Case { answers_once: true, ..case });
        world.run();
        // Nothing is due: whoever is still there talks to somebody.
        for legs in legs_up(&mut world) {
            prop_assert!(legs.len() != 1, "one leg alone: {}", world.told());
            prop_assert!(legs.iter().all(|leg| leg["status"] == "answered"), "{}", world.told());
        }
    }

    #[test]
    fn the_same_seed_and_inputs_give_the_same_transcript(case in case()) {
        let (one, other) = (run(&case), run(&case));
        prop_assert_eq!(one.told(), other.told());
        let sent = |world: &World| -> Vec<Value> { world.sent.iter().map(|attempt| world.payload(attempt)).collect() };
        prop_assert_eq!(sent(&one), sent(&other));
    }
}
