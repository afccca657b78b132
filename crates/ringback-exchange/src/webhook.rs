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
    leg::{By, Leg, State},
};

/// An event that waits for its turn.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) leg: u64,
    pub(crate) kind: &'static str,
    pub(crate) payload: Arc<Payload>,
    pub(crate) hook: Arc<Hook>,
    /// Whether the reply may be a script for the leg that dialled.
    pub(crate) asks: bool,
}

/// A webhook on its way.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) leg: u64,
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

/// What a webhook is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Errand {
    /// To fetch the first script of a leg.
    Script,
    /// To tell something.
    Event,
    /// To tell something, and to be told how to go on.
    Question,
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
pub(crate) fn answer(leg: &Leg, conversation: &Conversation) -> Payload {
    let mut answer = Answer::new();
    answer.to = Some(leg.to.to_string());
    answer.from = Some(leg.from.to_string());
    answer.conversation_uuid = Some(conversation.id());
    answer.uuid = Some(leg.id());
    Payload::Answer(Box::new(answer))
}

/// What a leg costs, as events and the Voice API say it; the figures are settings of the account.
pub(crate) struct Tariff {
    /// Euro a minute in hundred-millionths.
    rate: u64,
    network: &'static str,
}

impl Tariff {
    /// Samples from public logs: a call to a United Kingdom number, a call out to a mobile.
    pub(crate) fn of(leg: &Leg) -> Self {
        match leg.way {
            crate::leg::Way::Inbound => Self { rate: 720_000, network: "GB-FIXED" },
            crate::leg::Way::Outbound => Self { rate: 10_000_000, network: "23433" },
        }
    }

    /// `rate · seconds / 60` at eight decimals.
    fn price(&self, seconds: u64) -> String {
        let price = (self.rate * seconds + 30) / 60;
        format!("{}.{:08}", price / 100_000_000, price % 100_000_000)
    }

    fn rate(&self) -> String {
        format!("{}.{:08}", self.rate / 100_000_000, self.rate % 100_000_000)
    }
}

/// The event of a leg that is in `state` since `at`.
pub(crate) fn status(
    leg: &Leg,
    conversation: &Conversation,
    state: State,
    at: Timestamp,
    by: By,
    empty: &Json,
) -> Payload {
    let mut event = Status::new(state.status());
    event.headers = Some(empty.clone());
    event.from = Nullable::Value(leg.from.to_string());
    event.to = Some(leg.to.to_string());
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
                    let tariff = Tariff::of(leg);
                    event.start_time = Nullable::Value(talked.start.to_string());
                    event.end_time = Nullable::Value(talked.end.to_string());
                    event.duration = Some(Decimal::new(talked.seconds.to_string()));
                    event.rate = Nullable::Value(Decimal::new(tariff.rate()));
                    event.price = Some(Decimal::new(tariff.price(talked.seconds)));
                    event.network = Nullable::Value(tariff.network.to_owned());
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
