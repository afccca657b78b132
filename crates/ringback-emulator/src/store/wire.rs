//! Inputs as they are written down: types of the store's own, so that the exchange's may change.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use ringback_exchange::{
    Caller, FetchId, Incoming, Input, KeyPair, PhoneEvent, Request, Settings, SocketEvent,
    WebhookFailure, WebhookId, WebhookOutcome,
};
use ringback_model::{OPERATIONS, Secret, operation::RequestParts};
use serde::{Deserialize, Serialize};

use super::secrets;

/// The version of what is written here; one more whenever a reader of the old could not read it.
pub(super) const VERSION: u32 = 1;

/// An input as it is written down.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "input", rename_all = "snake_case")]
enum Kept {
    Request {
        caller: Who,
        operation: String,
        path: String,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        query: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        content_type: Option<String>,
        #[serde(skip_serializing_if = "Body::is_empty", default)]
        body: Body,
        /// The private key went to the one who asked, and is nobody's business any more.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        public_key: Option<String>,
    },
    Incoming {
        from: String,
        to: String,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        script: Option<String>,
    },
    Phone {
        leg: String,
        event: Does,
    },
    Webhook {
        id: u64,
        attempt: u32,
        outcome: Came,
    },
    Sound {
        id: u64,
        outcome: Result<u64, String>,
    },
    Socket {
        leg: String,
        event: Happened,
    },
    Time,
    /// No input: the rules from here on.
    Rules(Rules),
}

/// The settings that change what comes of an input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Rules {
    origin: String,
    files_origin: String,
    region_url: String,
    calls_per_second: Option<u32>,
    finished_calls: usize,
    completed_after_failure: bool,
}

/// What was written down.
pub(super) enum Past {
    Input(Input),
    Rules(Rules),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Who {
    Application {
        id: String,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        user: Option<String>,
    },
    Account,
    Control,
}

/// Bytes that people can read where they are text.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Body {
    Text(String),
    Base64(String),
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Does {
    Rings,
    Answers,
    Declines,
    IsBusy,
    IsUnreachable,
    CannotBeRouted,
    HangsUp,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Came {
    Reply {
        status: u16,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        content_type: Option<String>,
        #[serde(skip_serializing_if = "Body::is_empty", default)]
        body: Body,
    },
    Failed {
        failure: Failure,
        explanation: String,
    },
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Failure {
    BadAddress,
    Connection,
    ConnectTimeout,
    SocketTimeout,
    Tls,
    TooLarge,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Happened {
    Opened,
    Refused(String),
    TimedOut,
    Closed,
}

/// Why something written down cannot be read, or something to be written cannot be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WireError {
    #[error("it is not written as this version writes")]
    Json(#[from] serde_json::Error),
    #[error("it holds bytes that are no base64")]
    Base64(#[from] base64::DecodeError),
    #[error("it asks for the operation {0}, which this version does not know")]
    Operation(String),
    #[error("the store does not know this kind of input: {0}")]
    Kind(String),
}

/// The text of an input.
pub(super) fn write(input: &Input) -> Result<String, WireError> {
    Ok(serde_json::to_string(&keep(input)?)?)
}

/// The text of time passing.
pub(super) fn write_time() -> String {
    r#"{"input":"time"}"#.to_owned()
}

/// The text of the rules from here on.
pub(super) fn write_rules(rules: Rules) -> String {
    serde_json::to_string(&Kept::Rules(rules)).unwrap_or_default()
}

/// What a text says.
pub(super) fn read(text: &str) -> Result<Past, WireError> {
    match serde_json::from_str(text)? {
        Kept::Rules(rules) => Ok(Past::Rules(rules)),
        kept => give(kept).map(Past::Input),
    }
}

impl Rules {
    pub(super) fn of(settings: &Settings) -> Self {
        Self {
            origin: settings.origin.clone(),
            files_origin: settings.files_origin.clone(),
            region_url: settings.region_url.clone(),
            calls_per_second: settings.calls_per_second,
            finished_calls: settings.finished_calls,
            completed_after_failure: settings.completed_after_failure,
        }
    }

    pub(super) fn apply(self, settings: &mut Settings) {
        settings.origin = self.origin;
        settings.files_origin = self.files_origin;
        settings.region_url = self.region_url;
        settings.calls_per_second = self.calls_per_second;
        settings.finished_calls = self.finished_calls;
        settings.completed_after_failure = self.completed_after_failure;
    }
}

fn keep(input: &Input) -> Result<Kept, WireError> {
    Ok(match input {
        Input::Request(Request { caller, operation, parts, key_pair }) => Kept::Request {
            caller: match caller {
                Caller::Application { id, user } => {
                    Who::Application { id: id.as_str().to_owned(), user: user.clone() }
                }
                Caller::Account => Who::Account,
                Caller::Control => Who::Control,
            },
            operation: operation.id.to_owned(),
            path: parts.path.clone(),
            query: parts.query.as_deref().map(secrets::query),
            content_type: parts.content_type.clone(),
            body: Body::of(&secrets::body(operation, parts)),
            public_key: key_pair.as_ref().map(|pair| pair.public.clone()),
        },
        Input::Incoming(Incoming { from, to, script }) => {
            Kept::Incoming { from: from.clone(), to: to.clone(), script: script.clone() }
        }
        Input::Phone { leg, event } => {
            Kept::Phone { leg: leg.as_str().to_owned(), event: Does::of(*event)? }
        }
        Input::Webhook { id, attempt, outcome } => {
            Kept::Webhook { id: id.0, attempt: *attempt, outcome: Came::of(outcome)? }
        }
        Input::Sound { id, outcome } => Kept::Sound { id: id.0, outcome: outcome.clone() },
        Input::Socket { leg, event } => {
            Kept::Socket { leg: leg.as_str().to_owned(), event: Happened::of(event)? }
        }
        Input::Time => Kept::Time,
        other => return Err(unknown(other)),
    })
}

fn give(kept: Kept) -> Result<Input, WireError> {
    Ok(match kept {
        Kept::Request { caller, operation, path, query, content_type, body, public_key } => {
            let known = OPERATIONS.iter().find(|known| known.id == operation);
            let info = *known.ok_or(WireError::Operation(operation))?;
            Input::Request(Request {
                caller: match caller {
                    Who::Application { id, user } => Caller::Application { id: id.into(), user },
                    Who::Account => Caller::Account,
                    Who::Control => Caller::Control,
                },
                operation: info,
                parts: RequestParts {
                    method: info.method.clone(),
                    path,
                    query,
                    content_type,
                    body: body.bytes()?,
                },
                key_pair: public_key.map(|public| KeyPair { public, private: Secret::from("") }),
            })
        }
        Kept::Incoming { from, to, script } => Input::Incoming(Incoming { from, to, script }),
        Kept::Phone { leg, event } => Input::Phone { leg: leg.into(), event: event.event() },
        Kept::Webhook { id, attempt, outcome } => {
            Input::Webhook { id: WebhookId(id), attempt, outcome: outcome.outcome()? }
        }
        Kept::Sound { id, outcome } => Input::Sound { id: FetchId(id), outcome },
        Kept::Socket { leg, event } => Input::Socket { leg: leg.into(), event: event.event() },
        Kept::Time | Kept::Rules(_) => Input::Time,
    })
}

impl Body {
    fn of(bytes: &Bytes) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Text(text.to_owned()),
            Err(_) => Self::Base64(STANDARD.encode(bytes)),
        }
    }

    fn bytes(self) -> Result<Bytes, WireError> {
        Ok(match self {
            Self::Text(text) => text.into(),
            Self::Base64(text) => STANDARD.decode(text)?.into(),
        })
    }

    fn is_empty(&self) -> bool {
        matches!(self, Self::Text(text) if text.is_empty())
    }
}

impl Default for Body {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

impl Does {
    fn of(event: PhoneEvent) -> Result<Self, WireError> {
        Ok(match event {
            PhoneEvent::Rings => Self::Rings,
            PhoneEvent::Answers => Self::Answers,
            PhoneEvent::Declines => Self::Declines,
            PhoneEvent::IsBusy => Self::IsBusy,
            PhoneEvent::IsUnreachable => Self::IsUnreachable,
            PhoneEvent::CannotBeRouted => Self::CannotBeRouted,
            PhoneEvent::HangsUp => Self::HangsUp,
            other => return Err(unknown(other)),
        })
    }

    fn event(self) -> PhoneEvent {
        match self {
            Self::Rings => PhoneEvent::Rings,
            Self::Answers => PhoneEvent::Answers,
            Self::Declines => PhoneEvent::Declines,
            Self::IsBusy => PhoneEvent::IsBusy,
            Self::IsUnreachable => PhoneEvent::IsUnreachable,
            Self::CannotBeRouted => PhoneEvent::CannotBeRouted,
            Self::HangsUp => PhoneEvent::HangsUp,
        }
    }
}

impl Came {
    fn of(outcome: &WebhookOutcome) -> Result<Self, WireError> {
        Ok(match outcome {
            WebhookOutcome::Reply { status, content_type, body } => Self::Reply {
                status: *status,
                content_type: content_type.clone(),
                body: Body::of(body),
            },
            WebhookOutcome::Failed { failure, explanation } => {
                let failure = match *failure {
                    WebhookFailure::BadAddress => Failure::BadAddress,
                    WebhookFailure::Connection => Failure::Connection,
                    WebhookFailure::ConnectTimeout => Failure::ConnectTimeout,
                    WebhookFailure::SocketTimeout => Failure::SocketTimeout,
                    WebhookFailure::Tls => Failure::Tls,
                    WebhookFailure::TooLarge => Failure::TooLarge,
                    other => return Err(unknown(other)),
                };
                Self::Failed { failure, explanation: explanation.clone() }
            }
        })
    }

    fn outcome(self) -> Result<WebhookOutcome, WireError> {
        Ok(match self {
            Self::Reply { status, content_type, body } => {
                WebhookOutcome::Reply { status, content_type, body: body.bytes()? }
            }
            Self::Failed { failure, explanation } => WebhookOutcome::Failed {
                failure: match failure {
                    Failure::BadAddress => WebhookFailure::BadAddress,
                    Failure::Connection => WebhookFailure::Connection,
                    Failure::ConnectTimeout => WebhookFailure::ConnectTimeout,
                    Failure::SocketTimeout => WebhookFailure::SocketTimeout,
                    Failure::Tls => WebhookFailure::Tls,
                    Failure::TooLarge => WebhookFailure::TooLarge,
                },
                explanation,
            },
        })
    }
}

impl Happened {
    fn of(event: &SocketEvent) -> Result<Self, WireError> {
        Ok(match event {
            SocketEvent::Opened => Self::Opened,
            SocketEvent::Refused(why) => Self::Refused(why.clone()),
            SocketEvent::TimedOut => Self::TimedOut,
            SocketEvent::Closed => Self::Closed,
            other => return Err(unknown(other)),
        })
    }

    fn event(self) -> SocketEvent {
        match self {
            Self::Opened => SocketEvent::Opened,
            Self::Refused(why) => SocketEvent::Refused(why),
            Self::TimedOut => SocketEvent::TimedOut,
            Self::Closed => SocketEvent::Closed,
        }
    }
}

/// The name alone: what else is in it may be a secret.
fn unknown(seen: impl std::fmt::Debug) -> WireError {
    let text = format!("{seen:?}");
    let name = text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    WireError::Kind(name.to_owned())
}
