//! A running emulator, asked over real sockets.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod harness;

mod auth;
mod clock;
mod control;
mod events;
mod gate;
mod media;
mod origins;
mod parity;
mod refused;
mod secrets;
mod seed;
mod store;
mod store_kill;
mod tls;
mod tutorial;
mod webhooks;
