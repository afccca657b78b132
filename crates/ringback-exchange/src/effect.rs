//! What an exchange asks the world to do.

use std::{fmt, sync::Arc};

use ringback_model::{
    ApplicationId, HttpMethod, LegId, Secret, Timestamp, ncco::RecordFormat, webhook,
};

use crate::{
    input::{FetchId, WebhookId},
    note::Note,
    refusal::Refusal,
};

/// What came of an input.
#[derive(Debug, Default)]
pub struct Output {
    /// What a REST caller gets; none for inputs that nobody waits for.
    pub reply: Option<Result<Answer, Refusal>>,
    /// What the world has to do, in this order.
    pub effects: Vec<Effect>,
}

/// A success for a REST caller.
///
/// The body may hold a private key that has just been made: `Debug` shows its length only.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The JSON body; empty for none.
    pub body: Vec<u8>,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = format_args!("{} bytes", self.body.len());
        f.debug_struct("Answer").field("status", &self.status).field("body", &body).finish()
    }
}

/// One thing that the world has to do.
#[derive(Debug)]
#[non_exhaustive]
pub enum Effect {
    /// Make one attempt at a webhook, and report how it ended.
    Webhook(Box<Attempt>),
    /// Fetch a sound, and report how long it plays ([`Input::Sound`](crate::Input::Sound)).
    Fetch(Box<Fetch>),
    /// Do something about the websocket of a leg.
    Socket {
        /// The leg whose far end is a websocket of the application.
        leg: LegId,
        /// What is to be done.
        command: SocketCommand,
    },
    /// Something happened that a transcript tells.
    Note(Note),
}

/// One attempt at a webhook.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The webhook.
    pub id: WebhookId,
    /// The number of the attempt, from 1, over all of its addresses.
    pub attempt: u32,
    /// The first leg of the call it belongs to; none for events of a conversation.
    pub call: Option<LegId>,
    /// The leg it is about; none for events of a conversation.
    pub leg: Option<LegId>,
    /// The application it is for.
    pub application: ApplicationId,
    /// `answer`, `fallback`, or what the event is, such as `ringing`.
    pub kind: &'static str,
    /// How it is sent.
    pub method: HttpMethod,
    /// Where it goes.
    pub url: Arc<str>,
    /// What it says.
    pub payload: Arc<Payload>,
    /// Whether it carries a signed token.
    pub signed: bool,
    /// Whether the call waits for the reply; otherwise the reply changes nothing.
    pub reply_matters: bool,
    /// Milliseconds in which a connection has to stand.
    pub connect_timeout: u32,
    /// Milliseconds in which the reply has to be there.
    pub socket_timeout: u32,
}

/// A sound that a script plays.
#[derive(Clone, Debug)]
pub struct Fetch {
    /// The number of the fetch.
    pub id: FetchId,
    /// The leg it is played to.
    pub leg: LegId,
    /// Where it is.
    pub url: Arc<str>,
}

/// What is done about the websocket of a leg; what it does is a [`SocketEvent`](crate::SocketEvent).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SocketCommand {
    /// Connect to it, and say in the first text frame what is said.
    Open(Box<SocketOpening>),
    /// Send a text frame.
    Send(String),
    /// Send silence every 20 ms, or nothing at all while the leg hears nobody.
    Hear(bool),
    /// Close it normally.
    Close,
}

/// How a websocket of an application is opened.
#[derive(Clone, Debug)]
pub struct SocketOpening {
    /// The application.
    pub application: ApplicationId,
    /// Its address, `ws` or `wss`.
    pub uri: Arc<str>,
    /// Samples a second: 8,000, 16,000 or 24,000; a frame is 20 ms of 16-bit mono.
    pub rate: u32,
    /// The first text frame: `websocket:connected` with the endpoint's own headers.
    pub greeting: String,
    /// What stands in the `Authorization` header of the handshake.
    pub authorization: SocketAuthorization,
    /// Milliseconds until it is given up.
    pub timeout: u64,
}

/// What stands in the `Authorization` header of a websocket's handshake.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SocketAuthorization {
    /// Nothing.
    Absent,
    /// A token as signed webhooks carry it, of a request without a body.
    Platform,
    /// The application's own words.
    Custom(Secret),
}

impl fmt::Debug for SocketAuthorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "Absent",
            Self::Platform => "Platform",
            Self::Custom(_) => "Custom(…)",
        })
    }
}

/// A recording, for those who serve its sound; there is no media, so it is silence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// The format of the file.
    pub format: RecordFormat,
    /// How many channels it has.
    pub channels: u32,
    /// How long it is, in milliseconds.
    pub millis: u64,
}

impl Recording {
    /// Samples a second.
    pub const RATE: u32 = 16_000;
    /// Bytes before the samples of a WAV file.
    pub const WAV_HEADER: u64 = 44;
    /// Milliseconds that one frame of an MP3 file lasts at this rate.
    pub const MP3_FRAME_MILLIS: u64 = 36;
    /// Bytes of such a frame at 32 kbit/s.
    pub const MP3_FRAME: u64 = 144;

    /// The exact length of the file in bytes; Ogg is served as WAV.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        match self.format {
            RecordFormat::Mp3 => self.millis.div_ceil(Self::MP3_FRAME_MILLIS) * Self::MP3_FRAME,
            _ => {
                let samples = self.millis.saturating_mul(u64::from(Self::RATE) / 1_000);
                Self::WAV_HEADER + samples.saturating_mul(2 * u64::from(self.channels))
            }
        }
    }
}

/// What a webhook says.
#[derive(Clone, Debug)]
pub enum Payload {
    /// The question of the answer webhook.
    Answer(Box<webhook::Answer>),
    /// Something that happened.
    Event(Box<webhook::Event>),
}

impl Payload {
    /// The JSON object that a POST carries; a GET carries its fields in the query.
    ///
    /// # Errors
    /// Never for payloads that the exchange made.
    pub fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        match self {
            Self::Answer(answer) => serde_json::to_vec(answer),
            Self::Event(event) => serde_json::to_vec(event),
        }
    }
}

/// When something falls due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Deadlines {
    /// The next thing of either kind.
    pub any: Option<Timestamp>,
    /// The next thing that moves a call on: a phone acts, a prompt ends, a timer the script waits for.
    ///
    /// A clock that skips quiet time skips to this one only: limits on length are not progress.
    pub progress: Option<Timestamp>,
}
