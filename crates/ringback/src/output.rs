//! Printing data: a table for people, JSON, YAML or lines of JSON for programs.

use std::io::{self, Write};

use anyhow::Context as _;
use clap::ValueEnum;
use serde::Serialize;
use unicode_width::UnicodeWidthStr as _;

use crate::{errors::printable, json_text, node::Node, terminal::Terminal};

/// How data is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Columns for people
    Table,
    /// JSON, indented
    Json,
    /// YAML
    Yaml,
    /// JSON, one line for each item
    Ndjson,
}

/// A column of a table: its title, and where in the item it stands; the first pointer found counts.
pub(crate) type Column = (&'static str, &'static [&'static str]);

/// Prints data to stdout.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    pub(crate) format: Format,
    terminal: Terminal,
}

impl Output {
    pub(crate) fn new(format: Option<Format>, terminal: Terminal) -> Self {
        let usual = if terminal.stdout { Format::Table } else { Format::Json };
        Self { format: format.unwrap_or(usual), terminal }
    }

    /// Prints one document, given as its JSON.
    pub(crate) fn document(&self, json: &str) -> anyhow::Result<()> {
        let text = match self.format {
            Format::Json => json_text::pretty(json, self.terminal.stdout),
            Format::Ndjson => json_text::compact(json, self.terminal.stdout),
            Format::Yaml => return Self::yaml(json),
            Format::Table => {
                let rows = parse(json)?.rows();
                let rows = rows.into_iter().map(|(name, value)| vec![name, value]).collect();
                return print(&self.columns(None, rows));
            }
        };
        print(&(text + "\n"))
    }

    /// Prints one value.
    pub(crate) fn value(&self, value: &impl Serialize) -> anyhow::Result<()> {
        self.document(&serde_json::to_string(value)?)
    }

    /// Prints a list, given as the JSON of its items.
    pub(crate) fn list(&self, items: &[String], columns: &[Column]) -> anyhow::Result<()> {
        match self.format {
            Format::Ndjson => {
                let lines: String = items
                    .iter()
                    .map(|item| json_text::compact(item, self.terminal.stdout) + "\n")
                    .collect();
                print(&lines)
            }
            Format::Json | Format::Yaml => self.document(&format!("[{}]", items.join(","))),
            Format::Table => {
                let mut rows = Vec::new();
                for item in items {
                    let node = parse(item)?;
                    let cell = |pointers: &[&str]| {
                        pointers
                            .iter()
                            .find_map(|pointer| node.at(pointer).map(Node::cell))
                            .unwrap_or_default()
                    };
                    rows.push(columns.iter().map(|(_, pointers)| cell(pointers)).collect());
                }
                if rows.is_empty() {
                    return note("nothing");
                }
                let titles = columns.iter().map(|(title, _)| (*title).to_owned()).collect();
                print(&self.columns(Some(titles), rows))
            }
        }
    }

    fn yaml(json: &str) -> anyhow::Result<()> {
        let text =
            serde_saphyr::to_string(&parse(json)?).context("this cannot be written as YAML")?;
        let text = text.trim_end();
        print(&format!("{text}\n"))
    }

    /// Rows in columns as wide as their widest cell, without trailing spaces.
    fn columns(&self, titles: Option<Vec<String>>, rows: Vec<Vec<String>>) -> String {
        let lines: Vec<Vec<String>> = titles
            .into_iter()
            .chain(rows)
            .map(|row| row.iter().map(|cell| printable(cell, self.terminal.ascii)).collect())
            .collect();
        let count = lines.iter().map(Vec::len).max().unwrap_or_default();
        let width = |column: usize| {
            lines.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max()
        };
        let widths: Vec<usize> = (0..count).map(|column| width(column).unwrap_or(0)).collect();
        let mut out = String::new();
        for row in &lines {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                line.push_str(cell);
                line.extend(std::iter::repeat_n(' ', width - cell.width() + 2));
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }
}

fn parse(json: &str) -> anyhow::Result<Node> {
    serde_json::from_str(json).context("the answer is not JSON")
}

/// Writes text to stdout.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    write(text.as_bytes())
}

/// Writes data to stdout as it is, text or not.
pub(crate) fn write(bytes: &[u8]) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    Ok(out.flush()?)
}

/// Writes a line for people to stderr.
pub(crate) fn note(text: &str) -> anyhow::Result<()> {
    let mut out = io::stderr().lock();
    Ok(writeln!(out, "{text}")?)
}
