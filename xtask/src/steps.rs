//! Suites run one after another, each with its time, and a summary at the end.

use std::{io::Write as _, process::Command, time::Instant};

use anyhow::{Result, bail, ensure};

use crate::{
    house::{self, House},
    suites::{Part, Run, Suite, TABLE},
};

/// What came of a suite that did not fail.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Done {
    /// It ran; a note about what it saw.
    Green(String),
    /// It ran tests, and so many passed.
    Passed(usize),
    /// It could not run, and why.
    LeftOut(String),
}

/// Which suites to run.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Choice {
    /// Only these suites of the command (`cargo xtask suites` lists them).
    #[arg(long, value_name = "SUITE", num_args = 1..)]
    pub(crate) only: Vec<String>,
    /// Only suites whose names begin so.
    #[arg(value_name = "BEGINNING")]
    pub(crate) beginnings: Vec<String>,
}

impl Choice {
    fn wants(&self, name: &str) -> bool {
        let all = self.only.is_empty() && self.beginnings.is_empty();
        let begins = self.beginnings.iter().any(|beginning| name.starts_with(beginning.as_str()));
        all || begins || self.only.iter().any(|only| only == name)
    }
}

/// Runs the suites of the named parts and prints the summary.
///
/// A gate that fails does not stop the others; after a failed build no test runs.
pub(crate) fn run(parts: &[Part], choice: &Choice) -> Result<()> {
    let house = House::new()?;
    let all: Vec<_> = TABLE.iter().filter(|suite| parts.contains(&suite.part)).collect();
    for name in &choice.only {
        ensure!(all.iter().any(|suite| suite.name == name), "there is no suite {name:?} here");
    }
    let wanted = |suite: &Suite| choice.wants(suite.name);
    for beginning in &choice.beginnings {
        let known = all.iter().any(|suite| suite.name.starts_with(beginning.as_str()));
        ensure!(known, "there is no suite here whose name begins with {beginning:?}");
    }
    let start = Instant::now();
    let mut rows = vec![["suite", "seconds", "", ""].map(str::to_owned).to_vec()];
    let (mut passed, mut failed, mut red, mut no_build) = (0, 0, Vec::new(), false);
    for suite in all.into_iter().filter(|suite| wanted(suite)) {
        let (word, note, seconds) = if no_build && suite.part == Part::Test {
            red.push(suite.name);
            ("not run", "the build failed".to_owned(), 0.0)
        } else {
            say(&format!("── {}: {}", suite.name, suite.what));
            let begin = Instant::now();
            let outcome = one(&house, suite);
            let seconds = begin.elapsed().as_secs_f64();
            match outcome {
                Ok(Done::Green(note)) => ("ok", note, seconds),
                Ok(Done::Passed(count)) => {
                    passed += count;
                    ("ok", format!("{count} passed"), seconds)
                }
                Ok(Done::LeftOut(why)) if !house.strict => ("left out", why, seconds),
                Ok(Done::LeftOut(why)) => {
                    red.push(suite.name);
                    ("FAILED", format!("left out, and CI=true requires it: {why}"), seconds)
                }
                Err(error) => {
                    red.push(suite.name);
                    no_build |= suite.name == "build";
                    if let Some(some) = error.downcast_ref::<Failures>() {
                        passed += some.passed;
                        failed += some.failed;
                    }
                    say(&format!("{}: {error:#}", suite.name));
                    let text = format!("{error:#}");
                    ("FAILED", text.lines().next().unwrap_or_default().to_owned(), seconds)
                }
            }
        };
        rows.push(vec![suite.name.to_owned(), format!("{seconds:.1}"), word.to_owned(), note]);
    }
    rows.push(vec!["all".to_owned(), format!("{:.1}", start.elapsed().as_secs_f64())]);
    table(&rows)?;
    if passed + failed > 0 {
        writeln!(std::io::stdout(), "{passed} passed, {failed} failed")?;
    }
    if !red.is_empty() {
        bail!("not green: {}", red.join(", "));
    }
    Ok(())
}

fn one(house: &House, suite: &Suite) -> Result<Done> {
    match &suite.run {
        Run::Cargo(args) => {
            house::run(house.cargo(args))?;
            Ok(Done::Green(String::new()))
        }
        Run::Tests(args, variables) => {
            let mut command = house.cargo(args);
            command.envs(variables.iter().copied());
            tests(command)
        }
        Run::Ours(check, _) => check(house),
    }
}

/// Tests ran and some failed.
#[derive(Debug)]
pub(crate) struct Failures {
    passed: usize,
    failed: usize,
}

impl std::fmt::Display for Failures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

impl std::error::Error for Failures {}

/// Runs a test runner and counts what it reports.
pub(crate) fn tests(command: Command) -> Result<Done> {
    let (ok, lines) = house::run_and_keep(command)?;
    counted(ok, &lines)
}

/// Counts what a test runner has reported; `ok` is how it ended.
pub(crate) fn counted(ok: bool, lines: &[String]) -> Result<Done> {
    let (passed, failed) = count(lines);
    if failed > 0 {
        return Err(Failures { passed, failed }.into());
    }
    ensure!(ok, "the test runner failed without naming a test");
    Ok(Done::Passed(passed))
}

/// Adds up the result lines of nextest and of the built-in runner.
fn count(lines: &[String]) -> (usize, usize) {
    let mut sums = (0, 0);
    for line in lines {
        let result = line.trim_start();
        // What nextest shows of a failed test is indented, and counted by its own line already.
        if !(line.starts_with("test result:") || result.starts_with("Summary [")) {
            continue;
        }
        let words: Vec<_> = result.split([' ', ',', ';']).collect();
        for pair in words.windows(2) {
            let number = || pair[0].parse::<usize>().unwrap_or(0);
            match pair[1] {
                "passed" => sums.0 += number(),
                "failed" => sums.1 += number(),
                _ => {}
            }
        }
        // nextest counts a test that took too long apart.
        if let Some(at) = words.windows(3).position(|w| w[1] == "timed" && w[2] == "out") {
            sums.1 += words[at].parse::<usize>().unwrap_or(0);
        }
    }
    sums
}

/// Says a line on the terminal, beside the data.
pub(crate) fn say(line: &str) {
    // A closed terminal is no reason to stop.
    drop(writeln!(std::io::stderr(), "{line}"));
}

/// Prints rows in columns.
pub(crate) fn table(rows: &[Vec<String>]) -> Result<()> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<_> = (0..columns)
        .map(|at| {
            rows.iter().filter_map(|r| r.get(at)).map(|c| c.chars().count()).max().unwrap_or(0)
        })
        .collect();
    let mut out = std::io::stdout().lock();
    writeln!(out)?;
    for row in rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        writeln!(out, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::count;

    fn check(lines: &str, expected: (usize, usize)) {
        let lines: Vec<_> = lines.lines().map(str::to_owned).collect();
        assert_eq!(count(&lines), expected, "{lines:?}");
    }

    #[test]
    fn result_lines_of_both_runners_count() {
        check("     Summary [   0.004s] 3 tests run: 3 passed, 0 skipped", (3, 0));
        check("     Summary [   1.2s] 5 tests run: 3 passed (1 slow), 2 failed, 1 skipped", (3, 2));
        check("  Summary [  9.0s] 4 tests run: 2 passed, 1 failed, 1 timed out, 0 skipped", (2, 2));
        check(
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out",
            (12, 0),
        );
        check(
            "test result: FAILED. 2 passed; 1 failed; 0 ignored\ntest result: ok. 4 passed; 0 failed",
            (6, 1),
        );
        check("    test result: FAILED. 0 passed; 1 failed; 0 ignored", (0, 0));
        check("test passes_when_3 passed ... ok\nrunning 3 tests", (0, 0));
    }
}
