//! Call scripts: checking them.

use std::{fs, io::Read as _, process::ExitCode};

use clap::Subcommand;
use ringback_ncco::{Finding, Report, Style, check_bytes};
use serde_json::{Value, json};

use super::jwt::unreadable;
use crate::{
    context::Context,
    output::{Format, print},
    terminal::Terminal,
};

/// Call scripts.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check call scripts: exit code 0 when all are good, 1 when one is faulty
    Check {
        /// Files, or - for stdin
        #[arg(required = true, value_name = "FILE")]
        files: Vec<String>,
    },
}

pub(crate) fn run(command: Command, context: &Context) -> anyhow::Result<ExitCode> {
    let Command::Check { files } = command;
    let mut faulty = false;
    let mut reports = Vec::new();
    for file in &files {
        let bytes = read(file)?;
        let name = if file == "-" { "stdin" } else { file };
        let report = check_bytes(&bytes);
        faulty |= !report.is_valid();
        match context.global.output {
            // A report is for people wherever it goes, unless a format is asked for.
            None | Some(Format::Table) => {
                let text = String::from_utf8_lossy(&bytes);
                print(&report.render(name, &text, style(&context.terminal)))?;
            }
            Some(_) => reports.push(serde_json::to_string(&as_json(name, &report))?),
        }
    }
    if !reports.is_empty() {
        context.output.list(&reports, &[])?;
    }
    Ok(if faulty { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// How a report looks on stdout.
fn style(terminal: &Terminal) -> Style {
    let style = if terminal.stdout_color() { Style::colored() } else { Style::plain() };
    let style = style.width(terminal.width);
    if terminal.ascii { style.ascii() } else { style }
}

fn read(file: &str) -> anyhow::Result<Vec<u8>> {
    if file != "-" {
        return fs::read(file).map_err(|error| unreadable(file, &error).into());
    }
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn as_json(file: &str, report: &Report) -> Value {
    json!({
        "file": file,
        "valid": report.is_valid(),
        "runnable": report.is_runnable(),
        "findings": report.findings.iter().map(finding).collect::<Vec<_>>(),
        "omitted": report.omitted,
    })
}

fn finding(finding: &Finding) -> Value {
    json!({
        "severity": finding.severity.as_str(),
        "code": finding.code,
        "message": finding.message,
        "action": finding.action,
        "pointer": finding.pointer,
        "line": finding.position.map(|at| at.line),
        "column": finding.position.map(|at| at.column),
        "seen": finding.seen,
        "accepted": finding.accepted,
        "suggestion": finding.suggestion,
        "platform": finding.platform,
    })
}
