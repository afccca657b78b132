//! Webhooks on their way: what is sent where, how often, and what is done with the reply.

use std::{collections::BTreeMap, sync::Arc};

use ringback_model::{
    Decimal, Json, Nullable, Timestamp,
    webhook::{Answer, Error, Event, Fallback, OriginalRequest, OriginalRequestType, Status},
};

use crate::{
    Payload, WebhookFailure,
    conversation::Conversation,
    directory::Hook,
    far::Far,
    leg::{By, Leg, State, Way},
    tariff::Tariffs,
};

/// An event that waits for its turn.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) leg: u64,
    pub(crate) kind: &'static str,
    pub(crate) payload: Arc<Payload>,
    pub(crate) hook: Arc<Hook>,
    /// Whose script the reply may replace.
    pub(crate) asks: Option<Asker>,
}

/// Whose script the reply to an event may replace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asker {
    /// The leg.
    pub(crate) leg: u64,
    /// The step of its script that waits for the reply; none when the reply may come at any time.
    pub(crate) epoch: Option<u32>,
}

/// A webhook on its way.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) about: About,
    pub(crate) errand: Errand,
    pub(crate) kind: &'static str,
    pub(crate) payload: Arc<Payload>,
    pub(crate) hook: Arc<Hook>,
    /// The number of the attempt over all addresses.
    pub(crate) attempt: u32,
    /// The number of the attempt at this address.
    pub(crate) tries: u32,
    /// Whether this address is the fallback already.
    pub(crate) fallback: bool,
}

/// What a webhook is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    Leg(u64),
    Conversation(u64),
}

impl About {
    pub(crate) fn leg(self) -> Option<u64> {
        match self {
            Self::Leg(leg) => Some(leg),
            Self::Conversation(_) => None,
        }
    }
}

/// What a webhook is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Errand {
    /// To fetch the first script of a leg, or that of a callee before it joins.
    Script,
    /// To fetch a script that replaces the running one.
    Transfer,
    /// To tell something.
    Event,
    /// To tell something, and to be told how to go on.
    Question(Asker),
}

/// How often one address is tried.
pub(crate) const TRIES: u32 = 2;
/// Milliseconds between two attempts at one address (about a second in the documentation).
pub(crate) const RETRY_AFTER: i64 = 1_000;

/// Milliseconds after which events of one leg pass those of another that are still on their way.
pub(crate) const PASS_AFTER: i64 = 250;

/// Whether the platform tries the same address again after this status.
pub(crate) fn is_retriable_status(status: u16) -> bool {
    matches!(status, 429 | 503 | 504)
}

/// Whether the platform tries the same address again after this failure.
pub(crate) fn is_retriable(failure: WebhookFailure) -> bool {
    matches!(
        failure,
        WebhookFailure::Connection | WebhookFailure::ConnectTimeout | WebhookFailure::SocketTimeout
    )
}

/// The question of the answer webhook.
pub(crate) fn answer(leg: &Leg, conversation: &Conversation, region: &str) -> Payload {
    let mut answer = Answer::new();
    answer.to = Some(leg.to.to_string());
    match (leg.way, &leg.far) {
        // The one or the other, never both.
        (Way::Inbound, Far::App) => answer.from_user = Some(leg.from.to_string()),
        _ => answer.from = Some(leg.from.to_string()),
    }
    answer.conversation_uuid = Some(conversation.id());
    answer.uuid = Some(leg.id());
    answer.endpoint_type = Some(leg.far.kind());
    answer.region_url = Some(region.to_owned());
    if let (Way::Inbound, Far::Sip(Some(headers))) = (leg.way, &leg.far)
        && let Ok(headers) = serde_json::from_str::<BTreeMap<String, Json>>(headers.as_str())
    {
        let named = headers.into_iter().map(|(name, value)| (format!("SipHeader_{name}"), value));
        answer.other = named.collect();
    }
    Payload::Answer(Box::new(answer))
}

/// The event of a leg that is in `state` since `at`.
pub(crate) fn status(
    leg: &Leg,
    conversation: &Conversation,
    state: State,
    at: Timestamp,
    by: By,
    empty: &Json,
    tariffs: &Tariffs,
) -> Payload {
    let mut event = Status::new(state.status());
    let is_app = matches!(leg.far, Far::App);
    // `started` of a user's leg has no headers, as a real log shows.
    event.headers =
        (!(is_app && state == State::Started)).then(|| leg.far.headers().unwrap_or(empty).clone());
    event.from = from_of(leg);
    event.to = Some(to_of(leg));
    event.uuid = Some(leg.id());
    event.conversation_uuid = Some(conversation.id());
    event.direction = Some(leg.direction());
    event.timestamp = Some(at);
    match state {
        State::Started | State::Ringing => {}
        State::Answered => {
            event.start_time = Nullable::Null;
            event.rate = Nullable::Null;
            event.network = Nullable::Null;
        }
        State::Completed => {
            event.disconnected_by = Some(by.disconnector());
            match leg.talked() {
                Some(talked) => {
                    let tariff = tariffs.of(leg);
                    event.start_time = Nullable::Value(talked.start.to_string());
                    event.end_time = Nullable::Value(talked.end.to_string());
                    event.duration = Some(Decimal::new(talked.seconds.to_string()));
                    event.rate = Nullable::Value(Decimal::new(tariff.rate()));
                    event.price = Some(Decimal::new(tariff.price(talked.seconds)));
                    event.network = tariff.network().map_or(Nullable::Null, Nullable::Value);
                    event.sip_code = Some(200);
                }
                // Never answered: duration and price are nothing (inferred).
                None => {
                    event.start_time = Nullable::Null;
                    event.end_time = Nullable::Null;
                    event.duration = Some(Decimal::new("0"));
                    event.rate = Nullable::Value(Decimal::new("0.00"));
                    event.price = Some(Decimal::new("0"));
                    event.network = Nullable::Null;
                }
            }
        }
        _ => (event.detail, event.sip_code) = leg.failure(),
    }
    Payload::Event(Box::new(Event::Status(event)))
}

/// The same JSON without blanks between its parts, every value spelled as it was.
pub(crate) fn compact(json: &Json) -> Json {
    let (mut text, mut quoted, mut escaped) = (String::new(), false, false);
    for c in json.as_str().chars() {
        if !quoted && matches!(c, ' ' | '\n' | '\r' | '\t') {
            continue;
        }
        quoted ^= c == '"' && !escaped;
        escaped = quoted && c == '\\' && !escaped;
        text.push(c);
    }
    Json::parse(&text).unwrap_or_else(|_| json.clone())
}

/// Who calls, as events say it: nobody for calls of a user of a client SDK.
pub(crate) fn from_of(leg: &Leg) -> Nullable<String> {
    match (leg.way, &leg.far) {
        (Way::Inbound, Far::App) => Nullable::Null,
        _ => Nullable::Value(leg.from.to_string()),
    }
}

/// Who is called, as events say it: a calling user's own name, as real logs show.
pub(crate) fn to_of(leg: &Leg) -> String {
    match (leg.way, &leg.far) {
        (Way::Inbound, Far::App) => leg.from.to_string(),
        _ => leg.to.to_string(),
    }
}

/// The event that tells what is wrong with a call.
pub(crate) fn error(conversation: &Conversation, reason: String, at: Timestamp) -> Payload {
    let mut event = Error::new(reason);
    event.conversation_uuid = Some(conversation.id());
    event.timestamp = Some(at);
    Payload::Event(Box::new(Event::Error(event)))
}

/// The same once more for the fallback address: with why, and where it failed.
pub(crate) fn for_fallback(payload: &Payload, hook: &Hook, reason: &str) -> Payload {
    let original = |kind| Json::of(&OriginalRequest::new(hook.url.to_string(), kind)).ok();
    match payload {
        Payload::Answer(answer) => {
            let mut answer = answer.clone();
            answer.reason = Some(reason.to_owned());
            answer.original_request = original(OriginalRequestType::Answer);
            Payload::Answer(answer)
        }
        Payload::Event(event) => {
            let other: BTreeMap<String, Json> = serde_json::to_vec(event)
                .ok()
                .and_then(|text| serde_json::from_slice(&text).ok())
                .unwrap_or_default();
            let Some(original) = original(OriginalRequestType::Event) else {
                return Payload::Event(event.clone());
            };
            let mut fallback = Fallback::new(original);
            fallback.reason = Some(reason.to_owned());
            fallback.other = other;
            Payload::Event(Box::new(Event::Fallback(fallback)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn webhooks_are_compact_whatever_a_script_looked_like() {
        for (text, expected) in [
            (
                r#"{"b": 1.0,
  "a" : "é \" x\\", "c": [ 1 , 2 ]}"#,
                r#"{"b":1.0,"a":"é \" x\\","c":[1,2]}"#,
            ),
            (r#""a b""#, r#""a b""#),
            ("1e3", "1e3"),
        ] {
            assert_eq!(compact(&Json::parse(text).unwrap_or_default()).as_str(), expected);
        }
    }
}
