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
mod detection;
mod directory;
mod far;
mod finished;
mod flow;
mod id;
mod leg;
mod legs;
mod phone;
mod recording;
mod rest;
mod run;
mod snapshot;
mod store;
mod tariff;
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
pub use note::{CallNumber, Note};
pub use phone::{Deed, Doing, Machine, Outcome, Script, ScriptError};
pub use refusal::Refusal;
pub use rest::File;
pub use settings::Settings;
pub use snapshot::SnapshotError;
