//! `ringback serve --journal` as a process: killed, stopped and started again under load.
//!
//! Each harness has a short form, which runs on each change, and a long one: `cargo xtask soak`
//! sets `RINGBACK_SOAK_ROUNDS` and `RINGBACK_SOAK_EVENTS`.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may panic")]

mod application;
#[cfg(target_os = "linux")]
mod bounded;
mod cluster;
mod kill;
mod process;
mod sender;
#[path = "../../../ringback-journal/tests/nats/servers.rs"]
#[expect(dead_code, reason = "the journal's own tests use the rest")]
mod servers;
mod tools;

/// A number from the environment, for the long forms.
fn setting(name: &str, usual: usize) -> usize {
    #[expect(clippy::disallowed_methods, reason = "tests read the environment")]
    std::env::var(name).map_or(usual, |value| value.parse().unwrap())
}
