#![doc = include_str!("../README.md")]

#[macro_use]
mod macros;

pub mod operation;
pub mod problem;
pub mod read;

mod coding;
mod decimal;
mod fault;
mod generated;
mod guess;
mod json;
mod kept;
mod lenient;
mod limit;
mod nullable;
mod paging;
mod parameter;
mod peek;
mod phone;
mod reply;
mod secret;
mod text;
mod timestamp;

pub use decimal::Decimal;
pub use generated::*;
pub use json::Json;
pub use kept::Kept;
pub use limit::Limit;
pub use nullable::Nullable;
pub use operation::{Operation, OperationInfo, Paged};
pub use phone::{PhoneNumber, PhoneNumberError};
pub use read::ReadError;
pub use reply::{EventStream, Nothing};
pub use secret::Secret;
pub use timestamp::{Timestamp, TimestampError};
