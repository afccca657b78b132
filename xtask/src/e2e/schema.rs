//! A fuzzer that reads `openapi.json`, as judge of what the emulator answers.
//!
//! Its program is in `tests/schema`, and starts an emulator of its own. It prints what it found, and
//! in the end `ok schema: …` or `FAILED schema: …` for each demand that was not met.

use anyhow::{Result, bail};

use super::{
    build,
    install::{self, Missing},
};
use crate::{
    house::{self, House},
    steps::{self, Done},
};

/// How many examples of an operation a change has to pass: more than 2,000 in all.
pub(super) const EACH: u32 = 15;
/// What a change has to pass: examples that are made up, and some that follow from one another.
pub(super) const PHASES: &str = "fuzzing,stateful";
/// Every edge of every schema too: 12,000 examples more, and minutes.
const PHASES_OF_SOAK: &str = "examples,coverage,fuzzing,stateful";
/// How many when there is time.
const EACH_OF_SOAK: u32 = 100;
/// Each run before a change takes the same examples.
pub(super) const SEED: u64 = 1;

/// Runs the fuzzer as each change has to pass it.
pub(crate) fn check(house: &House) -> Result<Done> {
    run(house, SEED, EACH, PHASES)
}

/// The same with examples that no run had before, and many of them.
pub(crate) fn soak(house: &House) -> Result<Done> {
    let seed = std::time::UNIX_EPOCH.elapsed().map_or(SEED, |since| since.as_secs());
    run(house, seed, EACH_OF_SOAK, PHASES_OF_SOAK)
}

/// Runs the fuzzer with examples that derive from a seed, so many for each operation.
pub(crate) fn run(house: &House, seed: u64, each: u32, phases: &str) -> Result<Done> {
    let requirements = house.root.join("tests/schema/requirements.txt");
    let folder = house.target.join("schema");
    let python = match install::with_pip(house, "the fuzzer", &requirements, &folder)? {
        Ok(python) => python,
        Err(Missing::Here(why) | Missing::There(why)) => {
            return Ok(Done::LeftOut(format!("the fuzzer: {why}")));
        }
    };
    build(house)?;
    steps::say(&format!("the examples derive from seed {seed}, {each} for each operation"));
    let mut command = house.command(python);
    command.arg(house.root.join("tests/schema/fuzz.py")).arg(house.binary("ringback"));
    command.args(["--seed", &seed.to_string(), "--each", &each.to_string()]);
    command.args(["--phases", phases]);
    command.env("PYTHONDONTWRITEBYTECODE", "1").env("PYTHONUNBUFFERED", "1");
    command.env("PYTHONIOENCODING", "utf-8").env("NO_PROXY", "127.0.0.1").env("COLUMNS", "100");
    let (ok, lines) = house::run_and_keep(command)?;
    verdict(ok, &lines)
}

/// What the fuzzer says in the end.
fn verdict(ok: bool, lines: &[String]) -> Result<Done> {
    let failed: Vec<_> =
        lines.iter().filter_map(|line| line.strip_prefix("FAILED schema: ")).collect();
    if !failed.is_empty() {
        bail!("{}", failed.join("\n"));
    }
    match lines.iter().rev().find_map(|line| line.strip_prefix("ok schema: ")) {
        Some(passed) if ok => Ok(Done::Green(passed.to_owned())),
        _ => bail!("the fuzzer broke off; its last words are above"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_words_decide() {
        let check = |ok: bool, text: &str, expected: &str| {
            let lines: Vec<_> = text.lines().map(str::to_owned).collect();
            let seen = match verdict(ok, &lines) {
                Ok(done) => format!("{done:?}"),
                Err(error) => format!("{error}"),
            };
            assert_eq!(seen, expected);
        };
        check(true, "calls 200\nok schema: 2000 examples", "Green(\"2000 examples\")");
        check(
            false,
            "ok schema: 3 examples\nFAILED schema: 3 examples\nFAILED schema: not well",
            "3 examples\nnot well",
        );
        let broken = "the fuzzer broke off; its last words are above";
        check(false, "Traceback (most recent call last):", broken);
        check(false, "ok schema: 2000 examples", broken);
        check(true, "", broken);
    }
}
