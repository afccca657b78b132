//! The rows of the whole receiver, with the allocator of the `ringback` binary, which has one: libraries are measured
//! with the system's.

#![expect(clippy::unwrap_used, reason = "a bench that cannot start measures nothing")]

#[path = "../load.rs"]
mod load;
mod rows;
#[path = "../server.rs"]
#[expect(dead_code, reason = "shared with the bench table")]
mod server;

use mimalloc::MiMalloc;
use ringback_tests::measure::{self, Bench};

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const BENCHES: &[Bench] = &[
    ("receiver-flask", rows::flask),
    ("receiver-express", rows::express),
    ("receiver-flask-kept", rows::flask_kept),
    ("receiver-express-kept", rows::express_kept),
    ("receiver-answer-saturated", rows::answer_saturated),
];

fn main() {
    measure::run(BENCHES, server::serve);
}
