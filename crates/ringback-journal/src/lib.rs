#![doc = include_str!("../README.md")]

mod backoff;
mod consumer;
mod entry;
mod error;
mod journal;
mod location;
#[cfg(feature = "nats")]
mod nats;
#[cfg(feature = "sqlite")]
mod sqlite;

pub use backoff::Backoff;
pub use consumer::{Consumer, Dead, Handed};
pub use entry::{Appended, Entry, Key, NoKey, Position, Recorded};
pub use error::Error;
pub use journal::{Journal, Pending, State};
pub use location::{Location, NoLocation};
#[cfg(feature = "nats")]
pub use nats::{Nats, NatsSettings};
#[cfg(feature = "sqlite")]
pub use sqlite::{Sqlite, SqliteSettings};
