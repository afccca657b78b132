//! The workspace as the commands here see it: its root, its target directory, its cargo.

use std::{
    ffi::OsStr,
    io::{BufRead as _, BufReader, Read, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};
use xtask::codegen;

/// Where things are.
#[derive(Debug)]
pub(crate) struct House {
    /// The root of the repository.
    pub(crate) root: PathBuf,
    /// The directory that cargo builds in.
    pub(crate) target: PathBuf,
    /// Whether a check that cannot run is a failure: `CI=true`.
    pub(crate) strict: bool,
}

impl House {
    /// Asks cargo where things are.
    pub(crate) fn new() -> Result<Self> {
        let root = codegen::root()?;
        let strict = std::env::var_os("CI").is_some_and(|value| value == "true");
        let mut house = Self { root, target: PathBuf::new(), strict };
        let text = house.output(&["metadata", "--no-deps", "--format-version", "1"])?;
        let metadata: serde_json::Value = serde_json::from_str(&text)?;
        house.target =
            metadata["target_directory"].as_str().context("cargo's target directory")?.into();
        Ok(house)
    }

    /// A command that runs in the root.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        command
    }

    /// A cargo command, not started yet.
    pub(crate) fn cargo(&self, args: &[&str]) -> Command {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = self.command(cargo);
        command.args(args);
        command
    }

    /// What a cargo command prints.
    pub(crate) fn output(&self, args: &[&str]) -> Result<String> {
        let output = self.cargo(args).stderr(Stdio::inherit()).output()?;
        ensure!(output.status.success(), "cargo {} failed", args.join(" "));
        Ok(String::from_utf8(output.stdout)?)
    }

    /// The built binary of that name.
    pub(crate) fn binary(&self, name: &str) -> PathBuf {
        self.target.join("debug").join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }
}

/// Runs a command with its output on the terminal; fails when it fails.
pub(crate) fn run(mut command: Command) -> Result<()> {
    let status = command.status().with_context(|| format!("starting {command:?}"))?;
    ensure!(status.success(), "{} ended with {status}", shown(&command));
    Ok(())
}

/// Runs a command, shows its lines as they come, and returns them too.
pub(crate) fn run_and_keep(mut command: Command) -> Result<(bool, Vec<String>)> {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("starting {command:?}"))?;
    let out = child.stdout.take().context("the output of a command")?;
    let err = child.stderr.take().context("the errors of a command")?;
    let other = std::thread::spawn(move || echo(err));
    let mut lines = echo(out)?;
    lines.extend(other.join().map_err(|_| anyhow::anyhow!("reading a command's errors"))??);
    Ok((child.wait()?.success(), lines))
}

/// The same with both outputs in one, in the order in which they came.
pub(crate) fn run_in_one(mut command: Command) -> Result<(bool, Vec<String>)> {
    let (reader, writer) = std::io::pipe()?;
    let mut child = command
        .stdout(writer.try_clone()?)
        .stderr(writer)
        .spawn()
        .with_context(|| format!("starting {command:?}"))?;
    // It holds our ends of the pipe open.
    drop(command);
    let lines = echo(reader)?;
    Ok((child.wait()?.success(), lines))
}

/// Whether a program starts and says its version.
pub(crate) fn has(program: &str, args: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// The end of a text file, for a message.
pub(crate) fn tail(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_stem().unwrap_or_default();
    let mut text = program.to_string_lossy().into_owned();
    for arg in command.get_args() {
        text.push(' ');
        text.push_str(&arg.to_string_lossy());
    }
    text
}

fn echo(from: impl Read) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    for line in BufReader::new(from).split(b'\n') {
        let line = String::from_utf8_lossy(&line?).into_owned();
        writeln!(std::io::stderr(), "{line}")?;
        lines.push(line);
    }
    Ok(lines)
}
