//! Which suite runs where, and how long it takes.
//!
//! The one table that `test`, `ci`, `e2e` and `soak` run from, and that `cargo xtask suites` prints.
//! Seconds are those of two cores with nothing built before, rounded up.
//! What takes more than a minute and is not needed on each change is [`On::Soak`].

use anyhow::Result;

use crate::{
    ci, e2e,
    house::House,
    steps::{self, Done},
    test,
};

/// One suite.
#[derive(Debug)]
pub(crate) struct Suite {
    /// What `--only` calls it.
    pub(crate) name: &'static str,
    /// What it checks, in a few words.
    pub(crate) what: &'static str,
    /// How it runs.
    pub(crate) run: Run,
    /// What it needs beside Rust. A need that is not met is said, and fails where `CI=true`.
    pub(crate) needs: &'static str,
    /// Which command it belongs to.
    pub(crate) part: Part,
    /// When it runs.
    pub(crate) on: On,
    /// How long it takes.
    pub(crate) seconds: u32,
}

/// How a suite runs.
#[derive(Debug)]
pub(crate) enum Run {
    /// A cargo command.
    Cargo(&'static [&'static str]),
    /// A cargo command whose test results are counted, with environment variables.
    Tests(&'static [&'static str], &'static [(&'static str, &'static str)]),
    /// A function of this package, and what it runs in words.
    Ours(fn(&House) -> Result<Done>, &'static str),
}

/// Which command a suite belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// `cargo xtask test`, and with it `ci`.
    Test,
    /// The gates of `cargo xtask ci`.
    Gate,
    /// `cargo xtask soak`.
    Soak,
}

/// When a suite runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum On {
    /// Before every change lands.
    Change,
    /// Now and then, by hand.
    Soak,
}

/// What holds until the next `=`: cheap gates first, so that a slip is told in seconds.
pub(crate) const TABLE: &[Suite] = &[
    gate("format", "rustfmt", Run::Cargo(&["fmt", "--all", "--check"]), 2),
    gate("codegen", "generated = spec", Run::Ours(ci::codegen, "codegen --check"), 1),
    gate("licences", "SPDX allow-list", Run::Ours(ci::licences::check, "cargo metadata"), 2),
    gate("duplicates", "one version each", Run::Ours(ci::duplicates::check, "cargo metadata"), 1),
    gate("barred", "no aws-lc, no OpenSSL", Run::Ours(ci::barred::check, "cargo metadata"), 1),
    gate("unused", "dependencies in use", Run::Ours(ci::unused::check, "cargo metadata"), 1),
    Suite {
        name: "build",
        what: "everything the tests use, once",
        run: Run::Cargo(BUILD),
        needs: "-",
        part: Part::Test,
        on: On::Change,
        seconds: 240,
    },
    Suite {
        name: "tests",
        what: "unit, crate, whole-system, rules",
        run: Run::Ours(test::run_tests, "cargo nextest run, else cargo test"),
        needs: "-",
        part: Part::Test,
        on: On::Change,
        seconds: 60,
    },
    Suite {
        name: "doctests",
        what: "every example in the documents",
        run: Run::Tests(&["test", "--workspace", "--doc"], &[]),
        needs: "-",
        part: Part::Test,
        on: On::Change,
        seconds: 90,
    },
    Suite {
        name: "by-hand",
        what: "the tutorial, typed, with Flask",
        run: Run::Ours(e2e::by_hand::check, "tests/tutorial/by-hand.sh"),
        needs: "python3, pip, bash, curl",
        part: Part::Test,
        on: On::Change,
        seconds: 30,
    },
    Suite {
        name: "foreign",
        what: "the official SDKs and command lines",
        run: Run::Ours(e2e::foreign::check, "tests/foreign"),
        needs: "python3, pip, node, npm, bash",
        part: Part::Test,
        on: On::Change,
        seconds: 150,
    },
    Suite {
        name: "schema",
        what: "a fuzzer that reads openapi.json",
        run: Run::Ours(e2e::schema::check, "tests/schema"),
        needs: "python3, pip",
        part: Part::Test,
        on: On::Change,
        seconds: 180,
    },
    Suite {
        name: "cluster",
        what: "the journal on three NATS servers",
        run: Run::Ours(e2e::cluster::check, "tests/cluster"),
        needs: "python3, pip",
        part: Part::Test,
        on: On::Change,
        seconds: 240,
    },
    gate(
        "conformance",
        "claims are proved",
        Run::Ours(ci::conformance::check, "the tests above"),
        1,
    ),
    gate("clippy", "every lint, warnings refused", Run::Cargo(CLIPPY), 150),
    gate("documents", "rustdoc, warnings refused", Run::Ours(ci::documents, "cargo doc"), 60),
    Suite {
        name: "many-cases",
        what: "property tests, many cases",
        run: Run::Tests(
            &["test", "--release", "--workspace", "--lib", "--bins", "--tests"],
            &[("PROPTEST_CASES", "20000"), ("RINGBACK_SOAK", "200000")],
        ),
        needs: "-",
        part: Part::Soak,
        on: On::Soak,
        seconds: 1200,
    },
    Suite {
        name: "schema-long",
        what: "the same fuzzer, many examples",
        run: Run::Ours(e2e::schema::soak, "tests/schema"),
        needs: "python3, pip",
        part: Part::Soak,
        on: On::Soak,
        seconds: 1800,
    },
    Suite {
        name: "receiver-kills",
        what: "a receiver killed 100 times, a million events",
        run: Run::Tests(
            &["test", "--release", "-p", "ringback", "--test", "receiver", "--", KILLS, SAY],
            LONG,
        ),
        needs: "-",
        part: Part::Soak,
        on: On::Soak,
        seconds: 900,
    },
    Suite {
        name: "receiver-journal",
        what: "a journal killed 100 times, a million events",
        run: Run::Tests(
            &["test", "--release", "-p", "ringback-journal", "--test", "crash", "--", SAY],
            LONG,
        ),
        needs: "-",
        part: Part::Soak,
        on: On::Soak,
        seconds: 600,
    },
    Suite {
        name: "receiver-power",
        what: "the power cut 100 times, a million events",
        run: Run::Tests(&["test", "--release", "-p", "ringback-power-cut", "--", SAY], LONG),
        needs: "-",
        part: Part::Soak,
        on: On::Soak,
        seconds: 600,
    },
    Suite {
        name: "receiver-flood",
        what: "far more than is dispatched, for 30 s",
        run: Run::Tests(
            &["test", "--release", "-p", "ringback", "--test", "receiver", "--", "bounded::", SAY],
            &[("RINGBACK_SOAK_SECONDS", "30")],
        ),
        needs: "-",
        part: Part::Soak,
        on: On::Soak,
        seconds: 60,
    },
    Suite {
        name: "receiver-cluster",
        what: "NATS servers killed while appending",
        run: Run::Ours(e2e::cluster::soak, "tests/cluster"),
        needs: "python3, pip",
        part: Part::Soak,
        on: On::Soak,
        seconds: 1800,
    },
];

/// How often, and how many events in all.
const LONG: &[(&str, &str)] =
    &[("RINGBACK_SOAK_ROUNDS", "100"), ("RINGBACK_SOAK_EVENTS", "1000000")];
const KILLS: &str = "kill::";
/// The figures are shown.
const SAY: &str = "--nocapture";

/// Builds exactly what the tests use; the same packages as the test runs, so that nothing is built
/// twice with other features.
pub(crate) const BUILD: &[&str] = &["build", "--workspace", "--bins", "--tests"];
const CLIPPY: &[&str] = &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];

const fn gate(name: &'static str, what: &'static str, run: Run, seconds: u32) -> Suite {
    Suite { name, what, run, needs: "-", part: Part::Gate, on: On::Change, seconds }
}

/// Prints the table.
pub(crate) fn print() -> Result<()> {
    let mut rows = vec![
        ["suite", "command", "on", "seconds", "needs", "checks", "runs"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for suite in TABLE {
        rows.push(vec![
            suite.name.to_owned(),
            match suite.part {
                Part::Test => "test, ci".to_owned(),
                Part::Gate => "ci".to_owned(),
                Part::Soak => "soak".to_owned(),
            },
            match suite.on {
                On::Change => "each change".to_owned(),
                On::Soak => "now and then".to_owned(),
            },
            suite.seconds.to_string(),
            suite.needs.to_owned(),
            suite.what.to_owned(),
            match &suite.run {
                Run::Cargo(args) | Run::Tests(args, _) => format!("cargo {}", args.join(" ")),
                Run::Ours(_, words) => (*words).to_owned(),
            },
        ]);
    }
    steps::table(&rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = TABLE.iter().map(|suite| suite.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), TABLE.len());
    }

    #[test]
    fn a_change_is_checked_in_under_half_an_hour() {
        let all: u32 = TABLE.iter().filter(|s| s.on == On::Change).map(|s| s.seconds).sum();
        assert!(all < 1800, "{all} s");
        for suite in TABLE {
            assert_eq!(suite.on == On::Soak, suite.part == Part::Soak, "{}", suite.name);
        }
    }
}
