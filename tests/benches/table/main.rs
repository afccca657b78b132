//! The bench table: `cargo xtask bench` runs each in a process of its own and tabulates.
//!
//! `--list` prints the names, a name runs that bench and prints its lines as JSON.

#![expect(clippy::unwrap_used, reason = "a bench that cannot start measures nothing")]

mod jwt;

use ringback_tests::measure;

/// A bench: its name, and what prints its lines.
type Bench = (&'static str, fn());

const BENCHES: &[Bench] = &[("jwt-mint", jwt::mint), ("jwt-cache", jwt::cache)];

fn main() {
    let wanted = std::env::args().skip(1).find(|arg| arg != "--bench").unwrap_or_default();
    for (name, run) in BENCHES {
        if wanted == "--list" {
            measure::print(name);
        } else if wanted.is_empty() || wanted == *name {
            run();
        }
    }
}
