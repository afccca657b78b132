//! What an event says about its place in the life of a leg.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

/// What is read of every event to put it in order; nothing of it is required.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Facts<'a> {
    #[serde(borrow, default)]
    uuid: Text<'a>,
    #[serde(borrow, default)]
    call_uuid: Text<'a>,
    #[serde(borrow, default)]
    conversation_uuid: Text<'a>,
    #[serde(borrow, default)]
    conversation_uuid_from: Text<'a>,
    #[serde(borrow, default)]
    conversation_uuid_to: Text<'a>,
    #[serde(borrow, default)]
    conversation_id: Text<'a>,
    #[serde(borrow, default)]
    status: Text<'a>,
    #[serde(borrow, default)]
    timestamp: Text<'a>,
    #[serde(borrow, default)]
    direction: Text<'a>,
    #[serde(borrow, default)]
    from: Text<'a>,
    #[serde(borrow, default)]
    to: Text<'a>,
    #[serde(borrow, default)]
    start_time: Text<'a>,
    #[serde(borrow, default)]
    dtmf: Option<&'a RawValue>,
    #[serde(borrow, default)]
    speech: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow, default)]
    recording_url: Text<'a>,
    #[serde(borrow, default)]
    payload: Option<&'a RawValue>,
    #[serde(borrow, default)]
    reason: Text<'a>,
    #[serde(borrow, default)]
    original_request: Option<&'a RawValue>,
}

/// A text; anything else counts as none.
#[derive(Debug, Default)]
struct Text<'a>(Option<Cow<'a, str>>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer)?;
        Ok(Self(serde_json::from_str::<Borrowed<'_>>(raw.get()).ok().map(|text| text.0)))
    }
}

#[derive(Deserialize)]
struct Borrowed<'a>(#[serde(borrow)] Cow<'a, str>);

impl Text<'_> {
    fn get(&self) -> Option<&str> {
        self.0.as_deref().filter(|text| !text.is_empty())
    }
}

/// Where in the life of a leg an event belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    Started,
    Ringing,
    Answered,
    /// What happens while the leg is up.
    During,
    /// The leg did not come about, or its websocket is gone.
    Ended,
    Completed,
}

impl<'a> Facts<'a> {
    /// Reads what is there; what is not JSON says nothing.
    pub(crate) fn of(json: &'a [u8]) -> Self {
        serde_json::from_slice(json).unwrap_or_default()
    }

    /// The leg it is about.
    pub(crate) fn leg(&self) -> Option<&str> {
        self.uuid.get().or(self.call_uuid.get())
    }

    /// What stays together: the conversation, or the leg of an event that names none.
    pub(crate) fn conversation(&self) -> Option<&str> {
        let conversation = self.conversation_uuid.get().or(self.conversation_uuid_from.get());
        conversation.or(self.conversation_id.get()).or(self.leg())
    }

    /// Every conversation it names.
    pub(crate) fn conversations(&self) -> impl Iterator<Item = &str> {
        let named = [
            &self.conversation_uuid,
            &self.conversation_uuid_from,
            &self.conversation_uuid_to,
            &self.conversation_id,
        ];
        named.into_iter().filter_map(Text::get)
    }

    /// Its status, or else what it is, by the rules of the reference (`webhooks.md` §1.2).
    pub(crate) fn kind(&self) -> &str {
        let is = |here: bool, kind: &'static str| here.then_some(kind);
        is(self.original_request.is_some(), "fallback")
            .or(self.status.get())
            .or(is(self.conversation_uuid_from.get().is_some(), "transfer"))
            .or(is(self.recording_url.get().is_some(), "record"))
            .or(self.kind.get())
            .or(is(self.payload.is_some(), "notify"))
            .or(is(self.dtmf.is_some() || self.speech.is_some(), "input"))
            .or(is(self.reason.get().is_some(), "error"))
            .unwrap_or("unknown")
    }

    pub(crate) fn from(&self) -> Option<&str> {
        self.from.get()
    }

    pub(crate) fn to(&self) -> Option<&str> {
        self.to.get()
    }

    pub(crate) fn timestamp(&self) -> Option<&str> {
        self.timestamp.get()
    }

    /// Its place in the life of its leg; none for what has none, such as the end of a recording.
    pub(crate) fn rank(&self) -> Option<Rank> {
        Some(match self.status.get() {
            Some("started") => Rank::Started,
            Some("ringing") => Rank::Ringing,
            Some("answered") => Rank::Answered,
            Some("human" | "machine") => Rank::During,
            Some(
                "busy" | "cancelled" | "unanswered" | "timeout" | "rejected" | "failed"
                | "disconnected",
            ) => Rank::Ended,
            Some("completed") => Rank::Completed,
            Some(_) => return None,
            None if self.dtmf.is_some() || self.speech.is_some() => Rank::During,
            None => return None,
        })
    }

    /// Whether the leg it is about was up at some time, by what it says itself.
    pub(crate) fn was_up(&self) -> bool {
        self.status.get() == Some("disconnected")
            || self.rank() == Some(Rank::During)
            || self.start_time.get().is_some()
    }

    /// Whether the leg was dialled by the platform.
    pub(crate) fn is_outbound(&self) -> bool {
        self.direction.get() == Some("outbound")
    }

    /// Whether the leg rings before anything else comes of it: those of apps and websockets do not.
    pub(crate) fn rings(&self) -> bool {
        let far = match self.direction.get() {
            Some("inbound") => &self.from,
            _ => &self.to,
        };
        // `failed` is what becomes of a leg that never got as far.
        let telephone = far.get().is_some_and(|far| {
            far.starts_with("sip:") || far.bytes().all(|byte| byte.is_ascii_digit() || byte == b'+')
        });
        telephone && self.status.get() != Some("failed")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        let check = |json: &str, leg: Option<&str>, rank: Option<Rank>| {
            let facts = Facts::of(json.as_bytes());
            assert_eq!((facts.leg(), facts.rank()), (leg, rank), "{json}");
        };
        check(r#"{"uuid":"a","status":"started"}"#, Some("a"), Some(Rank::Started));
        check(r#"{"call_uuid":"a","status":"machine"}"#, Some("a"), Some(Rank::During));
        check(r#"{"uuid":"a","status":"paused"}"#, Some("a"), None);
        check(r#"{"uuid":"a","dtmf":{"digits":"1"}}"#, Some("a"), Some(Rank::During));
        check(r#"{"uuid":7,"status":["completed"],"to":null}"#, None, None);
        check(r#"{"recording_url":"https://a.example"}"#, None, None);
        check("nothing", None, None);
    }

    #[test]
    fn telephones_ring() {
        let check = |json: &str, rings: bool| {
            assert_eq!(Facts::of(json.as_bytes()).rings(), rings, "{json}");
        };
        check(r#"{"direction":"inbound","from":"447700000001","to":"x"}"#, true);
        check(r#"{"direction":"outbound","from":"Unknown","to":"447700000003"}"#, true);
        check(r#"{"direction":"outbound","to":"sip:bob@example.com"}"#, true);
        check(r#"{"direction":"outbound","to":"wss://example.com/socket"}"#, false);
        check(r#"{"direction":"inbound","from":null,"to":"447700000002"}"#, false);
        check(r#"{"direction":"outbound","to":"447700000003","status":"failed"}"#, false);
    }
}
