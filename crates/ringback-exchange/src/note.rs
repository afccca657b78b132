//! What a transcript tells of a call.

use std::sync::Arc;

use ringback_model::{LegId, Timestamp, event::EventType};

use crate::{Exchange, PhoneEvent, WebhookId, directory::Hook, leg::State};

/// Something that happened; [`Exchange::describe`] puts it into words.
///
/// It is kept by the dozen for each call, so it is small (64 bytes), and says what happened only
/// together with the exchange that told it, for as long as that keeps the call.
#[derive(Clone, Debug)]
pub struct Note {
    pub(crate) at: Timestamp,
    pub(crate) leg: u64,
    /// The conversation that the leg was in, by place among those of the call.
    pub(crate) conversation: u16,
    pub(crate) told: Told,
}

/// A call of an exchange, by its ordinal: no other call of the same exchange ever has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallNumber(pub(crate) u64);

impl Note {
    /// The call that it is about; none when the exchange has forgotten that.
    #[must_use]
    pub fn call(&self, exchange: &Exchange) -> Option<CallNumber> {
        exchange.legs.get(self.leg).map(|leg| CallNumber(leg.call))
    }

    /// How much memory it takes with its texts, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let text = match &self.told {
            Told::Pressed(text)
            | Told::Said(text)
            | Told::SendsKeys(text)
            | Told::HearsTone(text)
            | Told::Trouble(_, text)
            | Told::Error(text) => text.len(),
            Told::NoReply { why, .. } => why.0.len(),
            _ => 0,
        };
        size_of::<Self>() + text
    }
}

impl Exchange {
    /// The number of a call that is named by its first leg; none when there is no such call (any
    /// more).
    #[must_use]
    pub fn call_named(&self, call: &LegId) -> Option<CallNumber> {
        let leg = self.leg_by_id(call.as_str())?;
        let number = self.legs.get(leg)?.call;
        (self.calls.get(number)?.legs.first() == Some(&leg)).then_some(CallNumber(number))
    }

    /// Whether a call is up; none when it has been forgotten.
    #[must_use]
    pub fn is_call_up(&self, call: CallNumber) -> Option<bool> {
        Some(self.calls.get(call.0)?.ended.is_none())
    }
}

/// A text behind a pointer of one word, so that what it stands beside stays small.
#[derive(Clone, Debug)]
pub(crate) struct Thin(pub(crate) Arc<String>);

impl From<&str> for Thin {
    fn from(text: &str) -> Self {
        Self(Arc::new(text.to_owned()))
    }
}

/// What a note tells.
#[derive(Clone, Debug)]
pub(crate) enum Told {
    /// The phone of the leg dials the platform.
    Dials,
    /// The platform dials the phone of the leg.
    Dialled,
    /// The phone of the leg does something.
    Phone(PhoneEvent),
    /// The platform tells the phone of the leg that it is connected.
    Connected,
    /// The platform ends the leg.
    HangsUp,
    /// The platform stops calling the phone of the leg.
    StopsCalling,
    /// The leg is in a state.
    State(State),
    /// An action of the script begins.
    Action(&'static str),
    /// An action of the script is over.
    ActionDone(&'static str),
    /// Nothing is left of the script.
    ScriptDone,
    /// Whoever holds the phone presses keys.
    Pressed(Arc<str>),
    /// Whoever holds the phone says something.
    Said(Arc<str>),
    /// The platform presses keys towards the leg.
    SendsKeys(Arc<str>),
    /// The leg is played a tone or music while it waits.
    HearsTone(Arc<str>),
    /// The Voice API does something about the sound of the leg.
    Media(&'static str),
    /// It is known who has answered.
    Detected(&'static str),
    /// The application's websocket is open.
    SocketOpened,
    /// The application has closed its websocket.
    SocketClosed,
    /// An entry of the conversation's log.
    Log(EventType, u64),
    /// A webhook sets out.
    Sent { id: WebhookId, kind: &'static str, hook: Arc<Hook>, attempt: u32 },
    /// The reply to a webhook.
    Reply { id: WebhookId, kind: &'static str, status: u16 },
    /// A webhook had no reply.
    NoReply { id: WebhookId, kind: &'static str, why: Thin },
    /// Something did not work, and the call goes on by other means: what, and why.
    Trouble(&'static str, Arc<str>),
    /// Something is wrong with the call.
    Error(Arc<str>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_small() {
        assert_eq!(size_of::<Note>(), 64);
    }
}
