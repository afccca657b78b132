//! What a journal keeps, as people look for it.

use ringback_journal::{Dead, Key, Position, Recorded};
use ringback_model::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

use super::{facts::Facts, keeper::About};

/// An event in a journal, with what it is looked for by.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct KeptEvent {
    /// Where it stands in the journal.
    pub position: u64,
    /// What its deliveries are known by.
    pub delivery: String,
    /// When it came.
    pub received: Timestamp,
    /// Its status, or what else it is: `input`, `record`, `notify`, `transfer`, `error`, `fallback`, the type of an event
    /// of the conversation, or `unknown`.
    pub kind: String,
    /// The leg it is about.
    pub leg: Option<String>,
    /// The conversation it is about.
    pub conversation: Option<String>,
    /// Who calls.
    pub from: Option<String>,
    /// Who is called.
    pub to: Option<String>,
    /// What was verified: `signed`, `unsigned`, `off` or `query-unauthenticated`.
    pub verification: String,
    /// The event as it came.
    pub event: Box<RawValue>,
    /// Why and when it was given up, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_up: Option<GivenUp>,
}

/// Why and when an event was given up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct GivenUp {
    /// How many attempts began.
    pub attempts: u32,
    /// What the last one failed with.
    pub reason: String,
    /// When that was.
    pub since: Timestamp,
}

impl KeptEvent {
    /// Reads what a journal keeps; what is not an event is kind `unknown`.
    #[must_use]
    pub fn of(recorded: &Recorded) -> Self {
        let entry = &recorded.entry;
        let facts = Facts::of(&entry.body);
        let about: Option<About> = serde_json::from_str(&entry.about).ok();
        let text = |text: Option<&str>| text.map(str::to_owned);
        Self {
            position: recorded.position.0,
            delivery: entry.key.to_string(),
            received: moment(entry.received),
            kind: facts.kind().to_owned(),
            leg: text(facts.leg()),
            conversation: text(facts.conversation()),
            from: text(facts.from()),
            to: text(facts.to()),
            verification: about.map_or("unknown", |about| about.verification.code()).to_owned(),
            event: serde_json::from_slice(&entry.body).unwrap_or_else(|_| {
                let text = String::from_utf8_lossy(&entry.body);
                serde_json::value::to_raw_value(&text).unwrap_or_default()
            }),
            given_up: None,
        }
    }

    /// The same of one that a consumer gave up.
    #[must_use]
    pub fn of_dead(dead: &Dead) -> Self {
        let Dead { recorded, attempts, reason, since, .. } = dead;
        let (attempts, reason) = (*attempts, reason.clone());
        let given_up = Some(GivenUp { attempts, reason, since: moment(*since) });
        Self { given_up, ..Self::of(recorded) }
    }
}

fn moment(millis: u64) -> Timestamp {
    Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}

/// Which events are looked for; each condition that is set must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventFilter {
    /// The conversation's id.
    pub conversation: Option<String>,
    /// The leg's id.
    pub leg: Option<String>,
    /// A number that calls or is called; digits, with or without what people write between them.
    pub number: Option<String>,
    /// The kind, as [`KeptEvent::kind`] has it.
    pub kind: Option<String>,
    /// Received at this time (milliseconds since 1970) or later.
    pub since: Option<u64>,
    /// Received before this time (milliseconds since 1970).
    pub until: Option<u64>,
}

/// What names one event: its position in the journal, or the id of its deliveries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventId {
    /// Where it stands.
    Position(Position),
    /// What its deliveries are known by.
    Delivery(Key),
}

impl EventId {
    /// Whether this is what it names.
    #[must_use]
    pub fn names(self, recorded: &Recorded) -> bool {
        match self {
            Self::Position(position) => recorded.position == position,
            Self::Delivery(key) => recorded.entry.key == key,
        }
    }
}

impl std::fmt::Display for EventId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Position(position) => position.fmt(f),
            Self::Delivery(key) => key.fmt(f),
        }
    }
}

impl std::str::FromStr for EventId {
    type Err = NoEventId;

    fn from_str(text: &str) -> Result<Self, NoEventId> {
        if let Ok(key) = text.parse() {
            return Ok(Self::Delivery(key));
        }
        text.parse().map(|position| Self::Position(Position(position))).map_err(|_| NoEventId)
    }
}

/// The text names no event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "an event is named by its position, such as 42, or by its delivery id of 32 hexadecimal digits"
)]
#[non_exhaustive]
pub struct NoEventId;

impl EventFilter {
    /// Lets everything through.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether an event is looked for.
    #[must_use]
    pub fn matches(&self, recorded: &Recorded) -> bool {
        let entry = &recorded.entry;
        let time = self.since.is_none_or(|since| entry.received >= since)
            && self.until.is_none_or(|until| entry.received < until);
        time && self.fits(&Facts::of(&entry.body))
    }

    fn fits(&self, facts: &Facts<'_>) -> bool {
        let is = |wanted: &Option<String>, seen: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| seen == Some(wanted))
        };
        let number = self.number.as_deref().is_none_or(|wanted| {
            let wanted = digits(wanted);
            [facts.from(), facts.to()].into_iter().flatten().any(|seen| digits(seen) == wanted)
        });
        is(&self.leg, facts.leg())
            && is(&self.kind, Some(facts.kind()))
            && number
            && (self.conversation.is_none()
                || facts.conversations().any(|seen| is(&self.conversation, Some(seen))))
    }
}

fn digits(number: &str) -> String {
    number.chars().filter(|c| !matches!(c, '+' | ' ' | '-' | '(' | ')' | '.')).collect()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use ringback_journal::Entry;

    use super::*;

    fn recorded(body: &'static str) -> Recorded {
        let entry = Entry {
            key: Key([7; 16]),
            lane: "CON-1".into(),
            received: 1_593_636_334_796,
            about: r#"{"verification":"unsigned"}"#.into(),
            body: Bytes::from_static(body.as_bytes()),
        };
        Recorded { position: Position(42), entry }
    }

    const RINGING: &str = r#"{"headers":{},"from":"14845552121","to":"16105553939","uuid":"0A1","conversation_uuid":"CON-1","status":"ringing","direction":"inbound","timestamp":"2020-07-01T20:45:34.796Z"}"#;

    #[test]
    fn what_is_shown() {
        let shown = serde_json::to_value(KeptEvent::of(&recorded(RINGING))).unwrap();
        let event: serde_json::Value = serde_json::from_str(RINGING).unwrap();
        assert_eq!(
            shown,
            serde_json::json!({
                "position": 42, "delivery": "07070707070707070707070707070707",
                "received": "2020-07-01T20:45:34.796Z", "kind": "ringing", "leg": "0A1",
                "conversation": "CON-1", "from": "14845552121", "to": "16105553939",
                "verification": "unsigned", "event": event
            })
        );
        let kind = |body| KeptEvent::of(&recorded(body)).kind;
        assert_eq!(kind(r#"{"dtmf":{"digits":"1"},"uuid":"a"}"#), "input");
        assert_eq!(kind(r#"{"reason":"Syntax error","conversation_uuid":"CON-1"}"#), "error");
        assert_eq!(kind(r#"{"type":"member:joined","body":{}}"#), "member:joined");
        assert_eq!(kind("no json"), "unknown");
    }

    #[test]
    fn what_is_found() {
        let check = |change: fn(&mut EventFilter), expected: bool| {
            let mut filter = EventFilter::new();
            change(&mut filter);
            assert_eq!(filter.matches(&recorded(RINGING)), expected, "{filter:?}");
        };
        check(|_| (), true);
        check(|filter| filter.leg = Some("0A1".into()), true);
        check(|filter| filter.leg = Some("0A2".into()), false);
        check(|filter| filter.conversation = Some("CON-1".into()), true);
        check(|filter| filter.conversation = Some("CON-2".into()), false);
        check(|filter| filter.number = Some("+1 (610) 555-3939".into()), true);
        check(|filter| filter.number = Some("555".into()), false);
        check(|filter| filter.kind = Some("ringing".into()), true);
        check(|filter| filter.kind = Some("answered".into()), false);
        check(|filter| filter.since = Some(1_593_636_334_796), true);
        check(|filter| filter.since = Some(1_593_636_334_797), false);
        check(|filter| filter.until = Some(1_593_636_334_796), false);
    }

    #[test]
    fn what_is_named() {
        let check = |id: &str, expected: bool| {
            let parsed: EventId = id.parse().unwrap();
            assert_eq!((parsed.names(&recorded(RINGING)), &*parsed.to_string()), (expected, id));
        };
        check("42", true);
        check("43", false);
        check(&"07".repeat(16), true);
        check(&"08".repeat(16), false);
        assert_eq!("x".parse::<EventId>(), Err(NoEventId));
    }
}
