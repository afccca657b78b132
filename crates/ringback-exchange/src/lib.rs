#![doc = include_str!("../README.md")]

mod exchange;

mod effect;
mod input;
mod note;
mod refusal;
mod settings;

mod call;
mod conversation;
mod describe;
mod directory;
mod flow;
mod id;
mod leg;
mod phone;
mod rest;
mod run;
mod snapshot;
mod store;
mod timer;
mod webhook;

pub use effect::{
    Answer, Attempt, Deadlines, Effect, Fetch, Output, Payload, Recording, SocketAuthorization,
    SocketCommand, SocketOpening,
};
pub use exchange::Exchange;
pub use input::{
    Caller, FetchId, Incoming, Input, KeyPair, PhoneEvent, Request, SocketEvent, WebhookFailure,
    WebhookId, WebhookOutcome,
};
pub use note::Note;
pub use phone::{Outcome, Script, ScriptError};
pub use refusal::Refusal;
pub use settings::Settings;
pub use snapshot::SnapshotError;
