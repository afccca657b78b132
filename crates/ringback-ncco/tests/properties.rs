//! What holds for any text.

#![expect(clippy::expect_used, reason = "helpers of tests fail by panicking")]

use proptest::prelude::*;
use ringback_ncco::{Report, Style, check, check_bytes, parse};

const SEEDS: &[&str] = &[
    r#"[{"action":"talk","text":"Hello é","bargeIn":true},{"action":"input","type":["dtmf"]}]"#,
    "[\n  {\"action\": \"connect\",\n   \"endpoint\": [{\"type\": \"phone\", \"number\": \"447700900001\"}]}\n]",
    r#"[{"action":"record","channels":2},{"action":"conversation","name":"a","canSpeak":[]}]"#,
    r#"[{"action":"connect","endpoint":[{"type":"websocket","uri":"ws://a","headers":{"a":[1]}}]}]"#,
];

const PIECES: &[&str] = &[
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "\"",
    "'",
    "null",
    "true",
    "1e9",
    "-",
    "\\",
    "\n",
    "é",
    "\u{feff}",
    "\"action\"",
    "\"talk\"",
    "\"endpoint\"",
    "//",
    "True",
    "0",
    "\u{202e}",
    "<",
    "\u{1b}[31m",
    "\t",
];

/// A script with some bytes gone and some pieces put in.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let edit = (any::<prop::sample::Index>(), 0..4_usize, prop::sample::select(PIECES));
    (prop::sample::select(SEEDS), prop::collection::vec(edit, 0..6)).prop_map(|(seed, edits)| {
        let mut bytes = seed.as_bytes().to_vec();
        for (at, gone, piece) in edits {
            let at = at.index(bytes.len() + 1);
            let end = (at + gone).min(bytes.len());
            bytes.splice(at..end, piece.bytes());
        }
        bytes
    })
}

/// The names of options, and some that are none.
const NAMES: &str = "\
    action text loop level language style premium bargeIn streamUrl type dtmf speech timeOut \
    maxDigits submitOnHash eventUrl eventMethod mode uuid endOnSilence context startTimeout \
    maxDuration saveAudio sensitivity format split channels endOnKey beepStart transcription \
    sentimentAnalysis name musicOnHoldUrl startOnEnter endOnExit record canSpeak canHear mute \
    endpoint from randomFromNumber eventType timeout limit machineDetection \
    advancedMachineDetection behavior beep_timeout ringbackTone number dtmfAnswer onAnswer url \
    ringback shaken user uri content-type headers authorization value domain standardHeaders \
    standard_headers User-to-User extension payload conversationId voiceName event_url \
    ";

/// What stands in options, and what does not.
const WORDS: &str = "\
    talk stream input record conversation connect notify wait transfer pay phone app websocket \
    sip vbc dtmf speech asynchronous synchronous continue hangup detect_beep custom vonage GET \
    post wav ogg # 12 -0.5 1e400 447700900001 +447700900001 00447700900001 sip:a@b.example \
    wss://x.example https://x.example/e localhost:3000 en-GB <speak>a audio/l16;rate=8000 \
    CON-1 2p02p true \
    ";

fn one_of(words: &'static str) -> impl Strategy<Value = String> {
    let all: Vec<_> = words.split_whitespace().chain(["", "é\u{301}\u{202e}\u{0}"]).collect();
    prop::sample::select(all).prop_map(str::to_owned)
}

/// Any value that could stand in a script, and many that could not.
fn value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        4 => one_of(WORDS).prop_map(serde_json::Value::from),
        1 => Just(serde_json::Value::Null),
        1 => any::<bool>().prop_map(serde_json::Value::from),
        1 => (-2_i64..8_000).prop_map(serde_json::Value::from),
        1 => any::<i64>().prop_map(serde_json::Value::from),
        1 => any::<f64>().prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        let fields = prop::collection::vec((one_of(NAMES), inner.clone()), 0..6);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(serde_json::Value::from),
            fields.prop_map(|fields| fields.into_iter().collect()),
        ]
    })
}

/// An object with any options and an `action`, which mostly is one.
fn action() -> impl Strategy<Value = serde_json::Value> {
    let options = prop::collection::vec((one_of(NAMES), value()), 0..8);
    (one_of(WORDS), options).prop_map(|(name, options)| {
        options.into_iter().chain([("action".to_owned(), name.into())]).collect()
    })
}

fn sound(bytes: &[u8], report: &Report) {
    let text = String::from_utf8_lossy(bytes);
    for finding in &report.findings {
        let at = finding.position.expect("a position");
        let part = text.get(at.offset..at.offset + at.length).expect("bytes of the text");
        let before = &text[..at.offset];
        assert_eq!(at.line, before.matches('\n').count() + 1);
        let line = before.rsplit('\n').next().unwrap_or_default();
        assert_eq!(at.column, line.chars().count() + 1);
        assert!(at.length == 0 || !part.is_empty());
        assert!(!finding.message.is_empty() && !finding.message.ends_with('.'));
        assert!(finding.message.lines().count() == 1, "{finding:?}");
    }
    let runs = report.findings.iter().all(|found| found.severity.as_str() == "warning");
    assert_eq!(report.is_runnable(), runs);
    for style in [Style::plain(), Style::plain().ascii(), Style::plain().width(30)] {
        let page = report.render("file", &text, style);
        assert!(page.chars().all(|c| c == '\n' || !c.is_control()), "{page:?}");
        assert!(!style.ascii || page.is_ascii(), "{page:?}");
    }
}

proptest! {
    #[test]
    fn any_actions(actions in prop::collection::vec(action(), 1..5)) {
        let text = serde_json::to_string(&actions).expect("JSON");
        let report = check(&text);
        sound(text.as_bytes(), &report);
        if let Some(actions) = &report.actions {
            prop_assert!(ringback_ncco::check_actions(actions).is_runnable(), "{}", text);
        }
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        sound(&bytes, &check_bytes(&bytes));
    }

    #[test]
    fn any_text(text in "\\PC{0,100}") {
        sound(text.as_bytes(), &check(&text));
    }

    #[test]
    fn mutated_scripts(bytes in mutated()) {
        let report = check_bytes(&bytes);
        sound(&bytes, &report);
        prop_assert_eq!(parse(&bytes).is_ok(), report.is_runnable());
        // What is runnable is so again after it was written.
        if let Some(actions) = &report.actions {
            prop_assert!(ringback_ncco::check_actions(actions).is_runnable());
        }
    }
}
