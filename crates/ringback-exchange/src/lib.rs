#![doc = include_str!("../README.md")]

mod effect;
mod exchange;
mod input;
mod note;
mod refusal;
mod settings;

pub use effect::{Answer, Attempt, Deadlines, Effect, Output, Payload};
pub use exchange::Exchange;
pub use input::{
    Caller, Incoming, Input, KeyPair, PhoneEvent, Request, WebhookFailure, WebhookId,
    WebhookOutcome,
};
pub use note::Note;
pub use refusal::Refusal;
pub use settings::Settings;
