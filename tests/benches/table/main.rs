//! The bench table: `cargo xtask bench` runs each in a process of its own and tabulates.

#![expect(clippy::unwrap_used, reason = "a bench that cannot start measures nothing")]

#[path = "../calls.rs"]
mod calls;
mod client;
mod command;
mod exchange;
mod jetstream;
mod journal;
mod jwt;
mod kept;
#[path = "../load.rs"]
#[expect(dead_code, reason = "shared with the bench of the receiver")]
mod load;
mod platform;
#[path = "../server.rs"]
#[expect(dead_code, reason = "shared with the bench of the receiver")]
mod server;
mod webhook;

use ringback_tests::measure::{self, Bench};

const BENCHES: &[Bench] = &[
    ("jwt-mint", jwt::mint),
    ("jwt-cache", jwt::cache),
    ("webhook-verify", webhook::verify),
    ("kept-conversation", kept::conversation),
    ("webhook-answer", webhook::answer),
    ("webhook-answer-flask", webhook::flask),
    ("webhook-answer-gunicorn", webhook::gunicorn),
    ("client-send", client::send),
    ("command-jwt-create", command::jwt_create),
    ("exchange-calls", exchange::calls),
    ("exchange-flat", exchange::flat),
    ("whole-calls", platform::calls),
    ("auto-clock", platform::auto_clock),
    ("jetstream-appends", jetstream::appends),
    ("journal-appends", journal::appends),
    ("journal-latency", journal::latency),
];

fn main() {
    measure::run(BENCHES, server::serve);
}
