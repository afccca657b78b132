//! The bench table: `cargo xtask bench` runs each in a process of its own and tabulates.
//!
//! `--list` prints the names, a name runs that bench and prints its lines as JSON, and
//! `serve NAME` is a server that a bench starts as a process of its own.

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
mod load;
mod platform;
mod receiver;
mod server;
mod webhook;

use mimalloc::MiMalloc;
use ringback_tests::measure;

/// That of the `ringback` binary; those who are measured against us in this process have it too.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// A bench: its name, and what prints its lines.
type Bench = (&'static str, fn());

const BENCHES: &[Bench] = &[
    ("jwt-mint", jwt::mint),
    ("jwt-cache", jwt::cache),
    ("webhook-verify", webhook::verify),
    ("kept-conversation", kept::conversation),
    ("webhook-answer", webhook::answer),
    ("webhook-answer-flask", webhook::flask),
    ("webhook-answer-gunicorn", webhook::gunicorn),
    ("receiver-flask", receiver::flask),
    ("receiver-express", receiver::express),
    ("receiver-flask-kept", receiver::flask_kept),
    ("receiver-express-kept", receiver::express_kept),
    ("receiver-answer-saturated", receiver::answer_saturated),
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
    let mut args = std::env::args().skip(1).filter(|arg| arg != "--bench");
    let wanted = args.next().unwrap_or_default();
    if wanted == "serve" {
        return server::serve(&args.next().unwrap_or_default());
    }
    for (name, run) in BENCHES {
        if wanted == "--list" {
            measure::print(name);
        } else if wanted.is_empty() || wanted == *name {
            run();
        }
    }
}
