//! A running emulator, asked over real sockets.

mod harness;

mod auth;
mod clock;
mod control;
mod events;
mod gate;
mod parity;
mod secrets;
mod tutorial;
mod webhooks;
