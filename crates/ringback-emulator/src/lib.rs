#![doc = include_str!("../README.md")]

mod emulator;

mod activity;
mod clock;
mod config;
mod control;
mod core;
mod credentials;
mod delivery;
mod doors;
mod edge;
mod error;
mod fetch;
mod files;
mod flight;
mod history;
mod http;
mod keys;
mod mask;
mod page;
mod platform;
mod seed;
mod socket;
mod sound;
mod start;
mod store;
mod tls;
mod turns;
mod webhook;

pub use clock::{ClockMode, ClockModeError};
pub use config::{Config, Mapping, Tls};
pub use delivery::Delivery;
pub use emulator::Emulator;
pub use error::Error;
