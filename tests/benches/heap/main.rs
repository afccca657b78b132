//! How much memory a live call takes, with an allocator that counts.

#![expect(clippy::unwrap_used, reason = "a bench that cannot start measures nothing")]

#[path = "../calls.rs"]
mod calls;

use std::alloc::System;

use ringback_tests::measure::{self, Goal, Line};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

use crate::calls::{Calls, LIVE};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const NAME: &str = "exchange-heap";

fn main() {
    let wanted = std::env::args().skip(1).find(|arg| arg != "--bench").unwrap_or_default();
    if wanted == "--list" {
        measure::print(NAME);
    } else if wanted.is_empty() || wanted == NAME {
        live_calls();
    }
}

/// All the calls are up, in every state between the first signal and a minute of talk; none has
/// ended yet.
fn live_calls() {
    let mut calls = Calls::new(LIVE);
    let before = allocated();
    calls.fill();
    let each = (allocated() - before) / LIVE as f64;
    let line = Line {
        name: NAME,
        what: "live heap of a call, 10,000 live at once",
        against: "a limit",
        goal: Goal::AtMost(4.0),
    };
    line.print_single(each / 1024.0, "KiB", 1);
    calls.run(LIVE);
    let with_finished = (allocated() - before) / LIVE as f64;
    measure::print(&format!(
        "exchange-heap: {:.2} KiB for a live call and a finished one that is kept",
        with_finished / 1024.0
    ));
}

/// Bytes that are allocated and not yet freed.
fn allocated() -> f64 {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated as f64 - stats.bytes_deallocated as f64
}
