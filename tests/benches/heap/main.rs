//! How much memory a live call takes, with an allocator that counts.

#![expect(clippy::unwrap_used, reason = "a bench that cannot start measures nothing")]

#[path = "../calls.rs"]
mod calls;

use std::{alloc::System, collections::HashMap};

use ringback_exchange::Note;
use ringback_tests::measure::{self, Goal, Line};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

use crate::calls::{Calls, LIVE};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const NAME: &str = "exchange-heap";
const TRANSCRIPTS: &str = "transcript-heap";

fn main() {
    measure::run(&[(NAME, live_calls), (TRANSCRIPTS, transcripts)], |_| ());
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

/// The same calls, with all that happened in them for those who look.
fn transcripts() {
    let mut calls = Calls::new(LIVE);
    let before = allocated();
    calls.transcripts = Some(HashMap::new());
    calls.fill();
    let each = (allocated() - before) / LIVE as f64;
    let line = Line {
        name: TRANSCRIPTS,
        what: "live heap of a call with its transcript, 10,000 live at once",
        against: "a limit",
        goal: Goal::AtMost(8.0),
    };
    line.print_single(each / 1024.0, "KiB", 1);
    let kept = calls.transcripts.iter().flatten().map(|(_, transcript)| transcript.len());
    measure::print(&format!(
        "transcript-heap: {:.1} entries of {} bytes for a call",
        kept.sum::<usize>() as f64 / LIVE as f64,
        size_of::<(u64, Note)>()
    ));
}

/// Bytes that are allocated and not yet freed.
fn allocated() -> f64 {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated as f64 - stats.bytes_deallocated as f64
}
