#![doc = include_str!("../README.md")]

mod answer;
mod crowd;
mod error;
mod event;
mod forward;
mod gate;
mod health;
#[cfg(feature = "journal")]
mod journal;
mod keep;
mod limits;
mod log;
mod meters;
mod metrics;
mod payload;
mod peer;
mod query;
mod received;
mod receiver;
mod rejection;
mod script;
mod serve;
mod stream;
mod turns;
mod webhooks;

pub use answer::Answerer;
pub use error::{BoxError, Error};
pub use event::{Delivery, EventHandler, IntoOutcome};
pub use forward::Forward;
pub use gate::{Gate, Verification};
pub use health::Health;
#[cfg(feature = "journal")]
pub use journal::{EventFilter, EventId, GivenUp, Journaled, KeptEvent, NoEventId};
pub use keep::{Keep, NotKept};
pub use limits::Limits;
pub use log::{answer_log, event_log, tutorial_log};
pub use metrics::{Counter, Counters, Gauge, Metrics, Timer, Timers};
pub use peer::{Network, NetworkError};
pub use received::{Received, Signed};
pub use receiver::Receiver;
pub use rejection::Rejection;
pub use script::{IntoScript, Script};
pub use serve::{Stopped, serve};
pub use webhooks::Webhooks;
