//! Ladders as they look.

mod calls;

use calls::{alice, application, between, bob, entry, platform, tutorial};
use ringback_ladder::{Ladder, TextOptions, text};
use ringback_model::control::TranscriptKind as Kind;

#[track_caller]
fn shows(drawn: &str, expected: &str) {
    let drawn: String = drawn.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    assert_eq!(drawn, expected.trim_start_matches('\n'), "\n{drawn}");
}

#[test]
fn the_tutorial() {
    shows(
        &text(&tutorial(), &TextOptions::default()),
        "
         Alice                 platform                  application      Bob
     447700000001                                                   447700000003
           │                       │                          │            │
 +0.000 s  ├─ dials 447700000002 ─▶│                          │            │
 +0.000 s  │                       ├─── POST event started ──▶│            │
 +0.000 s  │                       ├─── POST event ringing ──▶│            │
 +0.216 s  │                       │ • 1 member:joined Alice  │            │
 +0.220 s  │                       ├─────── GET answer ──────▶│            │
 +0.390 s  │                       │◀╌╌╌╌╌ 200 connect ╌╌╌╌╌╌╌┤            │
 +0.394 s  │                       │ • connect 447700000003   │            │
 +0.394 s  │                       ├───────── calls ──────────┼───────────▶│
           │                       │                          │            │
 +5.393 s  │                       │◀──────── rings ──────────┼────────────┤
 +5.393 s  │                       │ • 2 sip:ringing          │            │
 +5.393 s  │                       ├─── POST event started ──▶│            │
 +5.393 s  │                       ├─── POST event ringing ──▶│            │
           │                       │                          │            │
+11.279 s  │                       │◀─────── picks up ────────┼────────────┤
+11.286 s  │                       ├── POST event answered ──▶│            │
+11.349 s  │◀──── is answered ─────┤                          │            │
+11.349 s  │                       ├── POST event answered ──▶│            │
           │                       │                          │            │
+311.180s  │                       │                          │ hangs up • │
+311.188s  │                       ├── POST event completed ─▶│            │
+311.188s  │                       ├── POST event completed ─▶│            │
",
    );
}

#[test]
fn in_ascii_without_times() {
    let options = TextOptions { width: 60, ascii: true, times: false, ..TextOptions::default() };
    let mut entries = tutorial();
    entries.drain(1..7);
    entries.truncate(3);
    let over = "a label that is far too long for this arrow";
    entries.push(between(0, Kind::Reply, application(), platform(), over));
    shows(
        &text(&entries, &options),
        "
    Alice           platform          application     Bob
447700000001                                    447700000003
      |                 |                   |          |
      | dials 44770000~ |                   |          |
      |---------------->|                   |          |
      |                 |------ calls ------+--------->|
      |                 |                   |          |
      |                 |<----- rings ------+----------|
      |                 | a label that is~  |          |
      |                 |<..................|          |
",
    );
}

#[test]
fn while_the_call_goes_on() {
    let mut ladder = Ladder::new(TextOptions { width: 64, ..TextOptions::default() });
    let mut drawn = String::new();
    let hook = |at, label| between(at, Kind::Webhook, platform(), application(), label);
    drawn += &ladder.row(&between(5, Kind::Signal, alice(), platform(), "dials"));
    drawn += &ladder.row(&hook(6, "GET answer"));
    drawn += &ladder.row(&entry(7, Kind::Error, "no script").detail("the answer is an HTML page"));
    shows(
        &drawn,
        "
         Alice                                     platform
     447700000001
           │                                           │
 +0.000 s  ├────────────────── dials ─────────────────▶│

         Alice                platform               application
     447700000001
           │                      │                        │
 +0.001 s  │                      ├────── GET answer ─────▶│
 +0.002 s  │                      │ ✗ no script: the answer is
           │                      │   an HTML page         │
",
    );
}

#[test]
fn expected_parties_keep_the_header() {
    let mut ladder = Ladder::new(TextOptions::default())
        .caller(&alice())
        .party(&platform())
        .party(&application())
        .party(&bob());
    let mut drawn = String::new();
    let mut whole = tutorial();
    for entry in &whole {
        drawn += &ladder.row(entry);
    }
    assert_eq!(drawn, text(&whole, &TextOptions::default()));
    whole.clear();
    assert_eq!(text(&whole, &TextOptions::default()), "");
}

#[test]
fn wide_and_hostile_labels() {
    let options = TextOptions { width: 50, ..TextOptions::default() };
    let entries = [
        between(0, Kind::Signal, platform(), application(), "日本語 \u{1b}[31mred\u{202e}"),
        entry(0, Kind::Event, "a\nnew line\t日本語日本語日本語日本語日本語").from(application()),
    ];
    shows(
        &text(&entries, &options),
        "
       platform                        application
           │                                  │
 +0.000 s  ├──────── 日本語  [31mred ────────▶│
 +0.000 s  │ a new line 日本語日本語日本語… • │
",
    );
}

#[test]
fn colours_only_when_asked_for() {
    assert!(!text(&tutorial(), &TextOptions::default()).contains('\u{1b}'));
    let colored = text(&tutorial(), &TextOptions { color: true, ..TextOptions::default() });
    assert!(colored.contains("\u{1b}[1mAlice\u{1b}[0m"), "{colored}");
    assert!(
        colored
            .lines()
            .all(|line| !line.contains('\u{1b}') || line.trim_end().ends_with("\u{1b}[0m"))
    );
}
