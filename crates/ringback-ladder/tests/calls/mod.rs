//! The call of the tutorial, as the platform's documentation logs it.

use ringback_model::{
    Timestamp,
    control::{Party, PartyKind, TranscriptEntry, TranscriptKind},
};

pub(crate) fn alice() -> Party {
    Party::new(PartyKind::Phone, "Alice").number("447700000001")
}

pub(crate) fn bob() -> Party {
    Party::new(PartyKind::Phone, "Bob").number("447700000003")
}

pub(crate) fn platform() -> Party {
    Party::new(PartyKind::Platform, "platform")
}

pub(crate) fn application() -> Party {
    Party::new(PartyKind::Application, "application")
}

pub(crate) fn entry(at: i64, kind: TranscriptKind, label: &str) -> TranscriptEntry {
    TranscriptEntry::new(0, Timestamp::from_millis(at), kind, label)
}

pub(crate) fn between(
    at: i64,
    kind: TranscriptKind,
    from: Party,
    to: Party,
    label: &str,
) -> TranscriptEntry {
    entry(at, kind, label).from(from).to(to)
}

/// The master sequence of the tutorial: Alice calls a number that connects her to Bob.
pub(crate) fn tutorial() -> Vec<TranscriptEntry> {
    use TranscriptKind as Kind;
    let start = 1_540_459_578_991;
    let phone = |at, from, to, label: &str| between(start + at, Kind::Signal, from, to, label);
    let hook =
        |at, label: &str| between(start + at, Kind::Webhook, platform(), application(), label);
    let note = |at, kind, label: &str| entry(start + at, kind, label).from(platform());
    vec![
        phone(0, alice(), platform(), "dials 447700000002"),
        hook(0, "POST event started"),
        hook(0, "POST event ringing"),
        note(216, Kind::Event, "1 member:joined Alice"),
        hook(220, "GET answer"),
        between(start + 390, Kind::Reply, application(), platform(), "200 connect"),
        note(394, Kind::Action, "connect 447700000003"),
        phone(394, platform(), bob(), "calls"),
        phone(5393, bob(), platform(), "rings"),
        note(5393, Kind::Event, "2 sip:ringing"),
        hook(5393, "POST event started"),
        hook(5393, "POST event ringing"),
        phone(11279, bob(), platform(), "picks up"),
        hook(11286, "POST event answered"),
        phone(11349, platform(), alice(), "is answered"),
        hook(11349, "POST event answered"),
        entry(start + 311_180, Kind::State, "hangs up").from(bob()),
        hook(311_188, "POST event completed"),
        hook(311_188, "POST event completed"),
    ]
}
