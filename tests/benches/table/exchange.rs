//! Whole calls through the exchange.

use std::{cmp::Reverse, collections::BinaryHeap, hint::black_box};

use ringback_tests::measure::{Goal, Line, Pair, thread_seconds};

use crate::calls::{Calls, LIVE};

/// Rounds of so many calls each.
const CALLS: u64 = 10_000;

/// Timed events of whole tutorial calls against a bare heap that pops and pushes as many.
///
/// A timed event of the exchange is an input it handles or an effect it makes: each has its time.
/// One of the heap is one entry popped and one pushed, with one entry for each live call.
pub(crate) fn calls() {
    let mut calls = Calls::new(LIVE);
    calls.fill();
    // The first finished calls are kept for inspection; the rounds begin when as many are forgotten.
    calls.run(CALLS);
    let mut heap = Heap::new();
    let per_call = std::cell::Cell::new(0.0);
    let pair = Pair::of(
        16,
        || {
            let (begin, before) = (thread_seconds(), calls.events);
            calls.run(CALLS);
            let events = (calls.events - before) as f64;
            per_call.set(events / CALLS as f64);
            (thread_seconds() - begin) / events
        },
        || {
            let begin = thread_seconds();
            let events = CALLS * 64;
            heap.run(events);
            (thread_seconds() - begin) / events as f64
        },
    );
    let what = format!(
        "whole tutorial calls through the exchange, one core, 10,000 live at once ({:.0} timed \
         events a call: inputs handled and effects made)",
        per_call.get()
    );
    let line = Line {
        name: "exchange-calls",
        what: &what,
        against: "a bare binary heap popping and pushing as many timed events",
        goal: Goal::AtLeast(0.2),
    };
    line.print(pair.speed(), "x", &pair);
}

/// What a call costs with a hundred live beside it, and with a hundred thousand.
///
/// The figures of all four sizes stand beside it; the plot in the documentation is drawn from them.
pub(crate) fn flat() {
    const SIZES: [u64; 4] = [100, 1_000, 10_000, 100_000];
    let mut sizes: Vec<Calls> = SIZES
        .into_iter()
        .map(|live| {
            let mut calls = Calls::new(live);
            calls.fill();
            calls.run(CALLS);
            calls
        })
        .collect();
    let mut seconds = vec![Vec::new(); sizes.len()];
    for _ in 0..8 {
        for (calls, seconds) in sizes.iter_mut().zip(&mut seconds) {
            let begin = thread_seconds();
            calls.run(CALLS);
            seconds.push((thread_seconds() - begin) / CALLS as f64);
        }
    }
    let line = Line {
        name: "exchange-flat",
        what: "a whole tutorial call through the exchange with 100,000 live beside it",
        against: "the same with 100 live",
        goal: Goal::AtMost(4.0),
    };
    let named: Vec<_> =
        SIZES.iter().map(|live| format!("{live} live")).zip(seconds.iter().cloned()).collect();
    let pair = Pair { ours: seconds.pop().unwrap(), theirs: seconds.swap_remove(0) };
    line.print_sizes(pair.cost(), &named);
}

/// A time in milliseconds, which one of that time comes first, and a call.
type Entry = Reverse<(i64, u64, u64)>;

/// A bare heap of timed events.
struct Heap {
    entries: BinaryHeap<Entry>,
    set: u64,
    random: u64,
}

impl Heap {
    fn new() -> Self {
        let mut heap = Self { entries: BinaryHeap::new(), set: 0, random: 1 };
        for call in 0..LIVE {
            heap.push(0, call);
        }
        heap
    }

    fn run(&mut self, events: u64) {
        for _ in 0..events {
            let Some(Reverse((at, _, call))) = self.entries.pop() else { return };
            self.push(at, black_box(call));
        }
    }

    /// Sets the next event of a call, within a minute.
    fn push(&mut self, now: i64, call: u64) {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        self.set += 1;
        let after = i64::try_from((self.random >> 33) % 60_000).unwrap_or(0);
        self.entries.push(Reverse((now + after, self.set, call)));
    }
}
