//! The table as people read it.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};

use super::{DATA, Emulated, Evidence, Part, Row, Table};

/// Where the README's summary begins and ends.
const MARKS: (&str, &str) = ("<!-- conformance: begin -->\n", "<!-- conformance: end -->\n");

/// Draws the page.
#[must_use]
pub fn page(table: &Table) -> String {
    let mut out = format!(
        "# Conformance\n\n\
         What the platform does, how surely that is known, how far Ringback emulates it, and the \
         tests that prove it.\n\
         Written by `cargo xtask conformance` from `{DATA}`; `cargo xtask ci` fails when a row that \
         is claimed as emulated was not proved in that run.\n\n\
         *Evidence*: **captured** is from published samples of the real platform, **documented** \
         from the vendor's documents, specifications and libraries, **inferred** is reasoned from \
         those and is one named place in the code.\n\n"
    );
    counts(&mut out, table);
    for part in &table.parts {
        let _ = write!(
            out,
            "\n## {}\n\n| behaviour | emulated | evidence | source | note | proof |\n|---|---|---|---|---|---|\n",
            part.part
        );
        for row in &part.rows {
            let proofs = row.proof.iter().map(|proof| format!("`{}`", cell(proof)));
            let _ = writeln!(
                out,
                "| <a id=\"{}\"></a>{} | {} | {} | {} | {} | {} |",
                row.id,
                cell(&row.behaviour),
                emulated(row.emulated),
                evidence(row.evidence),
                cell(&row.source),
                cell(&row.note),
                proofs.collect::<Vec<_>>().join("<br>")
            );
        }
    }
    out
}

/// Puts the summary of the table in its place in the README.
///
/// # Errors
/// When the README has no such place.
pub fn summary(table: &Table, readme: &str) -> Result<String> {
    let missing = || format!("README.md lacks `{}`", MARKS.0.trim());
    let (before, rest) = readme.split_once(MARKS.0).with_context(missing)?;
    let (_, after) = rest.split_once(MARKS.1).with_context(missing)?;
    let mut out = format!("{before}{}", MARKS.0);
    counts(&mut out, table);
    Ok(format!("{out}{}{after}", MARKS.1))
}

/// How many rows of each part are emulated how far.
fn counts(out: &mut String, table: &Table) {
    out.push_str(
        "| part | exactly | approximately | not | of these inferred |\n|---|---|---|---|---|\n",
    );
    let mut line = |name: &str, rows: &[&Row]| {
        let many = |wanted| rows.iter().filter(|row| row.emulated == wanted).count();
        let inferred = rows.iter().filter(|row| row.evidence == Evidence::Inferred).count();
        let _ = writeln!(
            out,
            "| {name} | {} | {} | {} | {inferred} |",
            many(Emulated::Exactly),
            many(Emulated::Approximately),
            many(Emulated::No),
        );
    };
    for Part { part, rows } in &table.parts {
        line(part, &rows.iter().collect::<Vec<_>>());
    }
    line("**all**", &table.rows().collect::<Vec<_>>());
}

fn emulated(word: Emulated) -> &'static str {
    match word {
        Emulated::Exactly => "exactly",
        Emulated::Approximately => "approximately",
        Emulated::No => "**no**",
    }
}

fn evidence(word: Evidence) -> &'static str {
    match word {
        Evidence::Captured => "captured",
        Evidence::Documented => "documented",
        Evidence::Inferred => "inferred",
    }
}

/// Text that does not end its cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let row = |id: &str, emulated, evidence| Row {
            id: id.to_owned(),
            behaviour: "One | the other.".to_owned(),
            source: "A document".to_owned(),
            evidence,
            emulated,
            note: String::new(),
            proof: vec!["a::it b::c".to_owned()],
        };
        let rows = vec![
            row("a.one", Emulated::Exactly, Evidence::Captured),
            row("a.two", Emulated::No, Evidence::Inferred),
        ];
        Table { parts: vec![Part { part: "Alpha".to_owned(), rows }] }
    }

    #[test]
    fn a_row_is_one_line_and_is_counted() {
        let page = page(&table());
        let row = "| <a id=\"a.one\"></a>One \\| the other. | exactly | captured | A document |  | `a::it b::c` |";
        assert!(page.lines().any(|line| line == row), "{page}");
        assert!(
            page.contains("| Alpha | 1 | 0 | 1 | 1 |\n| **all** | 1 | 0 | 1 | 1 |\n"),
            "{page}"
        );
    }

    #[test]
    fn the_summary_takes_the_place_of_the_one_before() {
        let readme = format!("before\n{}old\n{}after\n", MARKS.0, MARKS.1);
        let once = summary(&table(), &readme).unwrap();
        assert!(once.starts_with("before\n") && once.ends_with("after\n"), "{once}");
        assert!(once.contains("| Alpha |") && !once.contains("old"), "{once}");
        assert_eq!(summary(&table(), &once).unwrap(), once);
        assert!(summary(&table(), "no place").is_err());
    }
}
