//! The command line as a process: what it prints where, and how it ends.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may panic")]

mod auth;
mod control;
mod emulator;
mod help;
mod jwt;
mod load;
mod ncco;
mod nouns;
mod run;
mod serve;
#[cfg(unix)]
mod signals;
mod usage;
mod whole;
