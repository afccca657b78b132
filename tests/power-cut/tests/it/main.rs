//! The power is cut at random moments, and what was acknowledged is there all the same.
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a helper of a test may stop it and says what it saw"
)]

mod bare;
mod entries;
mod journal;
mod left;
mod load;
mod record;
mod setting;
