//! `cargo xtask bench`: runs the benches of `tests`, tabulates, writes JSON.
//!
//! A bench prints one JSON object per line and figure; lines that are not JSON are shown as they
//! are. Each bench runs in a process of its own, so that one does not warm or load another.

mod plot;
mod rivals;

use std::{collections::BTreeMap, fs, io::Write as _, process::Command};

use anyhow::{Context as _, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use self::rivals::Rivals;
use crate::{
    house::{self, House},
    steps::{self, say},
};

/// How `bench` is called.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Only the benches whose name contains one of these.
    names: Vec<String>,
    /// Write the page of what calls cost, with its plot, into `docs` too.
    #[arg(long)]
    docs: bool,
}

/// One line of the table.
#[derive(Debug, Deserialize, Serialize)]
struct Line {
    name: String,
    what: String,
    against: String,
    /// What was measured, as the goal counts it; none when it was left out.
    value: Option<f64>,
    /// What it is counted in: `x` for a ratio, else a unit.
    unit: String,
    goal: Goal,
    /// The two sides, median by name, in their own unit.
    #[serde(default)]
    figures: BTreeMap<String, Figure>,
    /// How many rounds the median is of.
    rounds: usize,
    /// Why it was not measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    left_out: Option<String>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum Goal {
    AtLeast(f64),
    AtMost(f64),
}

#[derive(Debug, Deserialize, Serialize)]
struct Figure {
    median: f64,
    unit: String,
}

/// Builds with optimisation, runs every bench, prints the table and writes `bench.json`.
pub(crate) fn run(args: &Args) -> Result<()> {
    let house = House::new()?;
    house::run(house.cargo(&["build", "--release", "--package", "ringback"]))?;
    let binary = house.target.join("release").join("ringback");
    let executables = executables(&house)?;
    let mut rivals = Rivals::default();
    let mut lines = Vec::new();
    for executable in &executables {
        let listed = Command::new(executable).arg("--list").output()?;
        for name in String::from_utf8(listed.stdout)?.lines() {
            if !args.names.is_empty() && !args.names.iter().any(|part| name.contains(part)) {
                continue;
            }
            say(&format!("── {name}"));
            let mut command = house.command(executable);
            command.arg(name).env("RINGBACK_BIN", &binary);
            command.envs(rivals.of(&house, name)?);
            let output = command.stderr(std::process::Stdio::inherit()).output()?;
            ensure!(output.status.success(), "the bench {name} ended with {}", output.status);
            for line in String::from_utf8(output.stdout)?.lines() {
                if line.starts_with('{') {
                    let line = serde_json::from_str(line)
                        .with_context(|| format!("the bench {name} printed {line}"))?;
                    lines.push(line);
                } else {
                    say(line);
                }
            }
        }
    }
    if args.docs {
        plot::write(&house, &lines)?;
    }
    report(&house, &lines)
}

/// The bench executables, built.
fn executables(house: &House) -> Result<Vec<String>> {
    let text = house.output(&[
        "bench",
        "--package",
        "ringback-tests",
        "--benches",
        "--no-run",
        "--message-format",
        "json-render-diagnostics",
    ])?;
    let mut found = Vec::new();
    for line in text.lines() {
        let message: serde_json::Value = serde_json::from_str(line)?;
        if message["target"]["kind"][0] == "bench"
            && let Some(path) = message["executable"].as_str()
        {
            found.push(path.to_owned());
        }
    }
    ensure!(!found.is_empty(), "the tests package has no bench");
    Ok(found)
}

fn report(house: &House, lines: &[Line]) -> Result<()> {
    let head = ["what", "against", "measured", "goal", "", "medians", "rounds"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let mut missed = Vec::new();
    for line in lines {
        let (sign, bound) = match line.goal {
            Goal::AtLeast(bound) => ("≥", bound),
            Goal::AtMost(bound) => ("≤", bound),
        };
        let verdict = match (line.value, &line.goal) {
            (None, _) => "left out",
            (Some(value), Goal::AtLeast(bound)) if value >= *bound => "met",
            (Some(value), Goal::AtMost(bound)) if value <= *bound => "met",
            (Some(_), _) => {
                missed.push(line.name.as_str());
                "MISSED"
            }
        };
        let medians =
            line.figures.iter().map(|(name, f)| format!("{name} {} {}", short(f.median), f.unit));
        rows.push(vec![
            line.what.clone(),
            line.against.clone(),
            match (line.value, &line.left_out) {
                (Some(value), _) => format!("{} {}", short(value), line.unit),
                (None, why) => why.clone().unwrap_or_default(),
            },
            format!("{sign} {} {}", short(bound), line.unit),
            verdict.to_owned(),
            medians.collect::<Vec<_>>().join(", "),
            line.rounds.to_string(),
        ]);
    }
    steps::table(&rows)?;
    let path = house.target.join("bench.json");
    fs::write(&path, serde_json::to_string_pretty(lines)? + "\n")?;
    writeln!(std::io::stdout(), "\nwritten to {}", path.display())?;
    if !missed.is_empty() {
        bail!("goals missed: {}", missed.join(", "));
    }
    Ok(())
}

/// Three significant digits, so that a table can be read.
fn short(number: f64) -> String {
    if number == 0.0 || !number.is_finite() {
        return number.to_string();
    }
    let magnitude = number.abs().log10().floor() as i32;
    let digits = usize::try_from(2 - magnitude).unwrap_or(0);
    format!("{number:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn numbers_are_cut_to_three_digits() {
        for (number, expected) in [
            (0.93512, "0.935"),
            (12.345, "12.3"),
            (1234.5, "1234"),
            (0.0, "0"),
            (0.001_234, "0.00123"),
        ] {
            assert_eq!(short(number), expected);
        }
    }
}
