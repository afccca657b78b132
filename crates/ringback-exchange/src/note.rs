//! What a transcript tells of a call.

use std::sync::Arc;

use ringback_model::{Timestamp, event::EventType};

use crate::{PhoneEvent, WebhookId, directory::Hook, id::Id, leg::State};

/// Something that happened; [`Exchange::describe`](crate::Exchange::describe) puts it into words.
#[derive(Clone, Debug)]
pub struct Note {
    pub(crate) at: Timestamp,
    pub(crate) call: u64,
    pub(crate) leg: u64,
    /// The conversation that the leg was in.
    pub(crate) conversation: Option<Id>,
    pub(crate) told: Told,
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
    Pressed(Box<str>),
    /// Whoever holds the phone says something.
    Said(Box<str>),
    /// The platform presses keys towards the leg.
    SendsKeys(Box<str>),
    /// The leg is played a tone or music while it waits.
    HearsTone(Box<str>),
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
    NoReply { id: WebhookId, kind: &'static str, why: Box<str> },
    /// What came from the application cannot be used, and the call goes on by other means.
    Trouble(Box<str>),
    /// Something is wrong with the call.
    Error(Box<str>),
}
