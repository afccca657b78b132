//! Which tests passed in a run, as test runners tell it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

/// The tests of one run, each as `PACKAGE::BINARY MODULE::TEST`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Results {
    /// Those that passed.
    pub passed: BTreeSet<String>,
    /// Those that ran and did not pass.
    pub failed: BTreeSet<String>,
}

impl Results {
    /// Reads what was kept of the last run.
    ///
    /// # Errors
    /// When nothing was kept, or it cannot be read.
    pub fn load(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).context(
            "nothing is known of a test run; `cargo xtask test --only build tests` makes one",
        )?;
        Ok(serde_json::from_str(&text)?)
    }

    /// Keeps them for the gate that comes later in the same run.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        fs::write(path, serde_json::to_string(self)?)
            .with_context(|| format!("writing {}", path.display()))
    }

    /// Reads the report that nextest writes in the JUnit form.
    #[must_use]
    pub fn of_junit(report: &str) -> Self {
        let mut results = Self::default();
        for case in report.split("<testcase ").skip(1) {
            let Some((attributes, rest)) = case.split_once('>') else { continue };
            let (Some(name), Some(binary)) =
                (attribute(attributes, "name"), attribute(attributes, "classname"))
            else {
                continue;
            };
            // What a test prints is escaped, so these are the report's own.
            let body = match attributes.ends_with('/') {
                true => "",
                false => rest.split("</testcase>").next().unwrap_or_default(),
            };
            let passed = !["<failure", "<error", "<skipped"].iter().any(|mark| body.contains(mark));
            results.add(format!("{binary} {name}"), passed);
        }
        results
    }

    /// Reads the lines of cargo's own runner, its two outputs in one.
    ///
    /// `binaries` says to which binary, as nextest would name it, each executable belongs; cargo tells
    /// an executable by its path.
    #[must_use]
    pub fn of_lines(lines: &[String], binaries: &BTreeMap<String, String>) -> Self {
        let mut results = Self::default();
        let mut binary = None;
        for line in lines {
            let words = line.trim();
            if words.starts_with("Running ") {
                let file = words.rsplit(['(', '/']).next().unwrap_or_default();
                binary = binaries.get(file.trim_end_matches(')'));
            } else if let (Some(binary), Some(test)) = (binary, words.strip_prefix("test ")) {
                match test.rsplit_once(" ... ") {
                    Some((name, "ok")) => results.add(format!("{binary} {name}"), true),
                    Some((name, "FAILED")) => results.add(format!("{binary} {name}"), false),
                    _ => {}
                }
            }
        }
        results
    }

    /// Whether a proof passed: none when no such test ran.
    ///
    /// A proof names the binary and the end of the test's path, so that a test may move between
    /// modules. Where it fits several tests, all of them have to pass.
    #[must_use]
    pub fn of(&self, proof: &str) -> Option<bool> {
        let fits = |test: &&String| {
            let (Some((binary, name)), Some((own, wanted))) =
                (test.split_once(' '), proof.split_once(' '))
            else {
                return false;
            };
            let before = name.strip_suffix(wanted).filter(|_| binary == own);
            before.is_some_and(|before| before.is_empty() || before.ends_with("::"))
        };
        let failed = self.failed.iter().any(|test| fits(&test));
        (failed || self.passed.iter().any(|test| fits(&test))).then_some(!failed)
    }

    /// A test that ran twice has to pass twice.
    fn add(&mut self, test: String, passed: bool) {
        if passed && !self.failed.contains(&test) {
            self.passed.insert(test);
        } else {
            self.passed.remove(&test);
            self.failed.insert(test);
        }
    }
}

fn attribute<'a>(attributes: &'a str, name: &str) -> Option<&'a str> {
    // A blank before, for `name` is also the end of `classname`.
    let padded = format!(" {name}=\"");
    let begin = match attributes.strip_prefix(padded.trim_start()) {
        Some(rest) => rest,
        None => &attributes[attributes.find(&padded)? + padded.len()..],
    };
    begin.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn a_junit_report_is_read() {
        let report = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="nextest-run" tests="4" failures="1" errors="0">
    <testsuite name="ringback-exchange::it" tests="3" disabled="0" errors="0" failures="1">
        <testcase name="answer::one" classname="ringback-exchange::it" time="0.011">
        </testcase>
        <testcase name="answer::two" classname="ringback-exchange::it" time="0.011">
            <failure type="test failure">thread panicked</failure>
        </testcase>
        <testcase name="answer::three" classname="ringback-exchange::it" time="0.011"/>
        <testcase name="answer::four" classname="ringback-exchange::it" time="0.011">
            <system-out>&lt;failure&gt; is only printed</system-out>
        </testcase>
        <testcase name="answer::five" classname="ringback-exchange::it"><skipped/></testcase>
    </testsuite>
</testsuites>"#;
        let expected = Results {
            passed: set(&[
                "ringback-exchange::it answer::four",
                "ringback-exchange::it answer::one",
                "ringback-exchange::it answer::three",
            ]),
            failed: set(&[
                "ringback-exchange::it answer::five",
                "ringback-exchange::it answer::two",
            ]),
        };
        assert_eq!(Results::of_junit(report), expected);
        assert_eq!(Results::of_junit("no report"), Results::default());
    }

    #[test]
    fn lines_of_the_built_in_runner_are_read() {
        let lines = "     Running unittests src/lib.rs (target/debug/deps/ringback_jwt-0a)
running 3 tests
test acl::tests::matching ... ok
test acl::tests::ignored_one ... ignored
test der::tests::broken ... FAILED
     Running tests/it/main.rs (target/debug/deps/it-0b)
test answer::one ... ok
     Running tests/it/main.rs (target/debug/deps/it-unknown)
test answer::two ... ok";
        let lines: Vec<_> = lines.lines().map(str::to_owned).collect();
        let binaries = [("ringback_jwt-0a", "ringback-jwt"), ("it-0b", "ringback-exchange::it")];
        let binaries = binaries.map(|(file, name)| (file.to_owned(), name.to_owned())).into();
        let expected = Results {
            passed: set(&[
                "ringback-exchange::it answer::one",
                "ringback-jwt acl::tests::matching",
            ]),
            failed: set(&["ringback-jwt der::tests::broken"]),
        };
        assert_eq!(Results::of_lines(&lines, &binaries), expected);
    }

    #[test]
    fn a_proof_fits_the_end_of_a_path() {
        let results = Results {
            passed: set(&[
                "a::it one::first",
                "a::it two::both",
                "a::it_too one::second",
                "b first",
            ]),
            failed: set(&["a::it one::both", "a::it one::third"]),
        };
        for (proof, expected) in [
            ("a::it first", Some(true)),
            ("a::it one::first", Some(true)),
            ("a::it rst", None),
            ("a::it two::first", None),
            ("a::it second", None),
            ("a::it third", Some(false)),
            // Whichever is meant, one of them failed.
            ("a::it both", Some(false)),
            ("a::it two::both", Some(true)),
            ("b first", Some(true)),
            ("first", None),
        ] {
            assert_eq!(results.of(proof), expected, "{proof}");
        }
    }

    #[test]
    fn what_failed_once_has_not_passed() {
        let mut results = Results::default();
        results.add("a b".to_owned(), false);
        results.add("a b".to_owned(), true);
        assert_eq!((results.passed.len(), results.failed.len()), (0, 1));
    }
}
