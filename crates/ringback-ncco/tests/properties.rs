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
