//! What holds for any transcript.

use proptest::prelude::*;
use ringback_ladder::{TextOptions, svg, text};
use ringback_model::{
    Timestamp,
    control::{Party, PartyKind, TranscriptEntry, TranscriptKind},
};
use unicode_width::UnicodeWidthStr;

fn kinds() -> impl Strategy<Value = TranscriptKind> {
    let mut kinds = TranscriptKind::KNOWN.to_vec();
    kinds.push("new".into());
    prop::sample::select(kinds)
}

fn label() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z ]{0,60}",
        ".{0,20}",
        prop::collection::vec(
            prop::sample::select(vec![
                '日', 'a', ' ', '<', '&', '"', '\u{301}', '\u{1b}', '\n', '…', '🙂'
            ]),
            0..40
        )
        .prop_map(|chars| chars.into_iter().collect::<String>()),
    ]
}

fn party() -> impl Strategy<Value = Party> {
    let kind = prop::sample::select(vec![
        PartyKind::Phone,
        PartyKind::Platform,
        PartyKind::Application,
        "robot".into(),
    ]);
    let name = prop_oneof![
        prop::sample::select(vec!["Alice", "Bob", "platform"]).prop_map(str::to_owned),
        label()
    ];
    (kind, name, prop::option::of("[0-9]{0,15}")).prop_map(|(kind, name, number)| {
        let party = Party::new(kind, name);
        match number {
            Some(number) => party.number(number),
            None => party,
        }
    })
}

fn transcript() -> impl Strategy<Value = Vec<TranscriptEntry>> {
    let party = || prop::option::of(party());
    let at = prop_oneof![0..20_000_i64, any::<i64>()];
    let entry = (at, kinds(), party(), party(), label(), prop::option::of(label())).prop_map(
        |(at, kind, from, to, label, detail)| {
            let mut entry = TranscriptEntry::new(0, Timestamp::from_millis(at), kind, label);
            (entry.from, entry.to, entry.detail) = (from, to, detail);
            entry
        },
    );
    prop::collection::vec(entry, 0..12)
}

proptest! {
    #[test]
    fn rows_are_equally_wide(entries in transcript(), width in 0..200_usize, ascii: bool, times: bool) {
        let drawn = text(&entries, &TextOptions { width, ascii, times, color: false });
        let first = drawn.lines().next().map(UnicodeWidthStr::width);
        for line in drawn.lines() {
            prop_assert_eq!(Some(line.width()), first, "{}", &drawn);
        }
        prop_assert!(drawn.chars().all(|c| c == '\n' || !c.is_control()));
        prop_assert!(!ascii || drawn.is_ascii());
    }

    #[test]
    fn nothing_in_a_picture_is_unescaped(entries in transcript()) {
        let drawn = svg(&entries);
        let known = [
            "svg", "title", "desc", "style", "rect", "line", "text", "g", "path", "circle",
        ];
        for tag in drawn.split('<').skip(1) {
            let name = tag.trim_start_matches('/').split([' ', '>', '/']).next().unwrap_or_default();
            prop_assert!(known.contains(&name), "{name} in {drawn}");
        }
        for entity in drawn.split('&').skip(1) {
            let known = ["amp;", "lt;", "gt;", "quot;", "#39;"];
            prop_assert!(known.iter().any(|known| entity.starts_with(known)), "{entity}");
        }
        prop_assert!(drawn.chars().all(|c| c == '\n' || !c.is_control()));
    }
}
