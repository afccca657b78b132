//! The conformance table: what the platform does, how surely that is known, how far it is emulated,
//! and which tests prove it.
//!
//! The data is `xtask/spec/conformance.yaml`. [`page`] draws `docs/conformance.md` and the summary of
//! the README from it; [`Table::unproved`] compares it with the tests that passed in one run.

mod page;
mod results;

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use crate::codegen;

pub use page::{page, summary};
pub use results::Results;

/// Where the data stands, from the root of the repository.
pub const DATA: &str = "xtask/spec/conformance.yaml";
/// The page that is drawn from it.
pub const PAGE: &str = "docs/conformance.md";

/// How `conformance` is called.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Args {
    /// Change nothing; fail when the page or the summary of the README is stale.
    #[arg(long)]
    pub check: bool,
}

/// All that is known, by part of the platform.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// The parts, in reading order.
    pub parts: Vec<Part>,
}

/// A part of the platform.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// What it is called.
    pub part: String,
    /// Its behaviours.
    pub rows: Vec<Row>,
}

/// One behaviour.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// What others call it; unique, such as `input.barge-in`.
    pub id: String,
    /// What the platform does, in one sentence.
    pub behaviour: String,
    /// Where that is known from: a document of the vendor's, a published log, or what an inference
    /// rests on.
    pub source: String,
    /// How surely it is known.
    pub evidence: Evidence,
    /// How far it is emulated.
    pub emulated: Emulated,
    /// What differs, or what was inferred.
    #[serde(default)]
    pub note: String,
    /// The tests that prove it: `PACKAGE::BINARY TEST`, or `PACKAGE TEST` for those that lie beside
    /// the code. A test may be named with the end of its path, such as `MODULE::TEST`.
    #[serde(default)]
    pub proof: Vec<String>,
}

/// How surely a behaviour is known.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
pub enum Evidence {
    /// From published samples of the real platform.
    Captured,
    /// From the vendor's documents, specifications and libraries.
    Documented,
    /// Reasoned from those.
    Inferred,
}

/// How far a behaviour is emulated.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
pub enum Emulated {
    /// As it is known.
    Exactly,
    /// With a difference that the note names.
    Approximately,
    /// Not at all.
    No,
}

impl Table {
    /// Reads the table and checks that it makes sense in itself.
    ///
    /// # Errors
    /// When it cannot be read, or a row says too little or contradicts itself.
    pub fn read(root: &Path) -> Result<Self> {
        let text =
            fs::read_to_string(root.join(DATA)).with_context(|| format!("reading {DATA}"))?;
        Self::parse(&text)
    }

    /// Reads the text of a table.
    ///
    /// # Errors
    /// As [`Table::read`].
    pub fn parse(text: &str) -> Result<Self> {
        let table: Self =
            serde_saphyr::from_str(text).map_err(|error| anyhow::anyhow!("{DATA}: {error}"))?;
        let wrong = table.contradictions();
        ensure!(wrong.is_empty(), "{DATA}:\n{}", wrong.join("\n"));
        Ok(table)
    }

    /// Every row.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.parts.iter().flat_map(|part| &part.rows)
    }

    /// What is wrong with the table in itself.
    fn contradictions(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut ids = BTreeSet::new();
        for row in self.rows() {
            let mut say = |what: &str| wrong.push(format!("{}: {what}", row.id));
            if !ids.insert(&row.id) {
                say("the id is there twice");
            }
            let sentence = row.behaviour.ends_with('.') && !row.behaviour.contains('\n');
            if !sentence {
                say("the behaviour is one sentence on one line");
            }
            if row.source.is_empty() {
                say("it says no source");
            }
            let claimed = row.emulated != Emulated::No;
            if claimed && row.proof.is_empty() {
                say("it is claimed as emulated and names no proof");
            }
            if !claimed && !row.proof.is_empty() {
                say("it is not emulated and names a proof");
            }
            if row.emulated == Emulated::Approximately && row.note.is_empty() {
                say("it is emulated approximately and does not say what differs");
            }
            for proof in &row.proof {
                if proof.split(' ').count() != 2 {
                    say(&format!("{proof:?} is not written as `PACKAGE::BINARY TEST`"));
                }
            }
        }
        wrong
    }

    /// The rows that are claimed as emulated and were not proved in a run, each with why.
    #[must_use]
    pub fn unproved(&self, results: &Results) -> Vec<String> {
        let mut unproved = Vec::new();
        for row in self.rows() {
            for proof in &row.proof {
                let why = match results.of(proof) {
                    Some(true) => continue,
                    Some(false) => "failed",
                    None => "did not run: it was renamed, is ignored, or was never there",
                };
                unproved.push(format!("{}: the test `{proof}` {why}", row.id));
            }
            if row.emulated != Emulated::No && row.proof.is_empty() {
                unproved.push(format!("{}: nothing proves it", row.id));
            }
        }
        unproved
    }
}

/// Draws the page and the README's summary, or with `--check` compares them.
///
/// # Errors
/// When the table is wrong, a file cannot be written, or, with `--check`, one is stale.
pub fn run(args: &Args) -> Result<()> {
    let root = codegen::root()?;
    let table = Table::read(&root)?;
    let mut stale = Vec::new();
    let readme = fs::read_to_string(root.join("README.md"))?;
    for (path, text) in [(PAGE, page(&table)), ("README.md", summary(&table, &readme)?)] {
        if fs::read_to_string(root.join(path)).ok().as_ref() == Some(&text) {
            continue;
        }
        if args.check {
            stale.push(path);
            continue;
        }
        if let Some(folder) = root.join(path).parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(root.join(path), text).with_context(|| format!("writing {path}"))?;
    }
    ensure!(
        stale.is_empty(),
        "{} differs from {DATA}; run `cargo xtask conformance`",
        stale.join(" and ")
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: &str = "parts:
- part: Calls
  rows:
  - id: calls.get
    behaviour: A call can be looked at.
    source: Voice API specification
    evidence: documented
    emulated: exactly
    proof: ['exchange::it calls::a_call_can_be_looked_at']
";

    fn refused(text: &str, expected: &str) {
        let error = format!("{:#}", Table::parse(text).unwrap_err());
        assert!(error.contains(expected), "{expected:?} is not in {error:?}");
    }

    #[test]
    fn a_row_that_contradicts_itself_is_refused() {
        assert!(Table::parse(ROW).is_ok());
        refused(
            &ROW.replace("    proof: ['exchange::it calls::a_call_can_be_looked_at']\n", ""),
            "names no proof",
        );
        refused(
            &ROW.replace("emulated: exactly", "emulated: no"),
            "is not emulated and names a proof",
        );
        refused(&ROW.replace("emulated: exactly", "emulated: approximately"), "what differs");
        refused(&ROW.replace("emulated: exactly", "emulated: mostly"), "mostly");
        refused(&ROW.replace("looked at.", "looked at"), "one sentence");
        refused(&ROW.replace("exchange::it calls", "calls"), "PACKAGE::BINARY");
        refused(&ROW.replace("    source", "    origin"), "origin");
        refused(&format!("{ROW}{}", &ROW[ROW.find("- part").unwrap()..]), "twice");
    }

    #[test]
    fn what_no_test_of_the_run_proves_is_named() {
        let table = Table::parse(ROW).unwrap();
        let test = || BTreeSet::from(["exchange::it calls::a_call_can_be_looked_at".to_owned()]);
        let check = |passed, failed, expected: &[&str]| {
            let unproved = table.unproved(&Results { passed, failed });
            assert_eq!(unproved.len(), expected.len(), "{unproved:?}");
            for (line, part) in unproved.iter().zip(expected) {
                assert!(line.starts_with("calls.get: ") && line.contains(part), "{line}");
            }
        };
        check(test(), BTreeSet::new(), &[]);
        check(BTreeSet::new(), test(), &["failed"]);
        check(BTreeSet::new(), BTreeSet::new(), &["renamed, is ignored"]);
        let elsewhere = BTreeSet::from(["model::it calls::a_call_can_be_looked_at".to_owned()]);
        check(elsewhere, BTreeSet::new(), &["did not run"]);
    }

    #[test]
    fn a_claim_without_a_proof_is_unproved_whatever_passed() {
        let mut table = Table::parse(ROW).unwrap();
        table.parts[0].rows[0].proof.clear();
        assert_eq!(table.unproved(&Results::default()), ["calls.get: nothing proves it"]);
    }
}
