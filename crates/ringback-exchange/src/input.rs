//! What can happen to an exchange.

use bytes::Bytes;
use ringback_model::{ApplicationId, LegId, OperationInfo, Secret, operation::RequestParts};

/// One thing that happens to the exchange.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Input {
    /// A REST call arrived; who calls has been established.
    Request(Request),
    /// A phone dials one of the platform's numbers.
    Incoming(Incoming),
    /// A phone does something on a leg it takes part in.
    Phone {
        /// The leg.
        leg: LegId,
        /// What the phone does.
        event: PhoneEvent,
    },
    /// An attempt at a webhook has ended.
    Webhook {
        /// The webhook.
        id: WebhookId,
        /// Which attempt; the outcome of an abandoned one is dropped.
        attempt: u32,
        /// How it ended.
        outcome: WebhookOutcome,
    },
    /// A sound has been fetched, or cannot be.
    Sound {
        /// The fetch.
        id: FetchId,
        /// How long it plays in milliseconds, or one sentence that says why it cannot.
        outcome: Result<u64, String>,
    },
    /// The websocket of a leg does something.
    Socket {
        /// The leg.
        leg: LegId,
        /// What it does.
        event: SocketEvent,
    },
    /// Time has passed: everything that is due happens.
    Time,
}

/// A REST call with its authenticated caller.
#[derive(Clone, Debug)]
pub struct Request {
    /// Who calls.
    pub caller: Caller,
    /// The operation, as found by method and path.
    pub operation: &'static OperationInfo,
    /// What arrived.
    pub parts: RequestParts,
    /// A fresh key pair, when [`Exchange::needs_key_pair`](crate::Exchange::needs_key_pair) asks for one.
    pub key_pair: Option<KeyPair>,
}

/// Who makes a REST call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// An application, by its token.
    Application {
        /// Its id.
        id: ApplicationId,
        /// The user that the token's `sub` names.
        user: Option<String>,
    },
    /// The account, by key and secret.
    Account,
    /// Whoever may use the control API.
    Control,
}

/// A key pair of an application, made at the edge.
#[derive(Clone, Debug)]
pub struct KeyPair {
    /// The public key, PEM with `BEGIN PUBLIC KEY`.
    pub public: String,
    /// The private key, PEM with `BEGIN PRIVATE KEY`.
    pub private: Secret,
}

/// A phone dials.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// The caller's number.
    pub from: String,
    /// The number it dials.
    pub to: String,
    /// How the caller behaves in this call, in place of the phone's own script.
    pub script: Option<String>,
}

/// What a phone does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PhoneEvent {
    /// It rings.
    Rings,
    /// Somebody picks it up.
    Answers,
    /// Somebody refuses the call.
    Declines,
    /// It is engaged.
    IsBusy,
    /// It cannot be reached.
    IsUnreachable,
    /// There is no way to it, says the network.
    CannotBeRouted,
    /// It is put down.
    HangsUp,
}

impl PhoneEvent {
    const ALL: [Self; 7] = [
        Self::Rings,
        Self::Answers,
        Self::Declines,
        Self::IsBusy,
        Self::IsUnreachable,
        Self::CannotBeRouted,
        Self::HangsUp,
    ];

    /// Reads what `as u8` wrote.
    pub(crate) fn from_code(code: u8) -> Self {
        Self::ALL.get(usize::from(code)).copied().unwrap_or(Self::HangsUp)
    }
}

/// What a websocket of an application does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SocketEvent {
    /// It is open, and was greeted.
    Opened,
    /// It could not be opened: why, in one sentence.
    Refused(String),
    /// Nobody answered in time.
    TimedOut,
    /// The application closed it, or it broke.
    Closed,
}

/// The number of a fetch, counted from 1 on one exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FetchId(pub u64);

/// The number of a webhook, counted from 1 on one exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WebhookId(pub u64);

/// How an attempt at a webhook ended.
#[derive(Clone, Debug)]
pub enum WebhookOutcome {
    /// There was a reply.
    Reply {
        /// Its HTTP status.
        status: u16,
        /// Its content type.
        content_type: Option<String>,
        /// Its body.
        body: Bytes,
    },
    /// There was none.
    Failed {
        /// What kind of failure it was.
        failure: WebhookFailure,
        /// One sentence for a person.
        explanation: String,
    },
}

/// Why an attempt at a webhook had no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WebhookFailure {
    /// The address is none, or its host has none.
    BadAddress,
    /// Nobody listens, or the connection was cut.
    Connection,
    /// No connection in time.
    ConnectTimeout,
    /// No reply in time.
    SocketTimeout,
    /// The certificate is not trusted.
    Tls,
    /// The reply is too large.
    TooLarge,
}
