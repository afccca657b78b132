//! The official clients, unchanged, as judges of the emulator.
//!
//! Each runs as `ringback emulator -- PROGRAM` on a platform of its own, all of them at once. Their
//! programs are in `tests/foreign` and print a line for each check: `ok …` or `FAILED …`.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};

use super::{
    build,
    install::{self, Missing},
};
use crate::{
    house::{self, House},
    steps::{self, Done},
};

/// After this a client is taken to hang.
const LIMIT: Duration = Duration::from_secs(300);
/// How long it may take to end when it is told to, and how long its last lines may take.
const GRACE: Duration = Duration::from_secs(10);

/// An official client.
#[derive(Debug)]
struct Client {
    /// What `--client` calls it, and its folder below `tests/foreign`.
    name: &'static str,
    /// What runs its checks.
    kind: Kind,
    /// This version is left out, and that is said, where npm does not have it.
    rare: bool,
}

/// What runs the checks of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// `app.py`.
    Python,
    /// `app.js`.
    Node,
    /// `checks.sh`, which calls a command line.
    Shell,
}

const CLIENTS: &[Client] = &[
    Client { name: "python", kind: Kind::Python, rare: false },
    Client { name: "node", kind: Kind::Node, rare: false },
    Client { name: "nexmo-cli", kind: Kind::Shell, rare: false },
    Client { name: "vonage-cli-1", kind: Kind::Shell, rare: false },
    Client { name: "vonage-cli-3", kind: Kind::Shell, rare: true },
];

/// What came of a client.
#[derive(Debug)]
enum Outcome {
    Ran { passed: usize, failed: Vec<String> },
    LeftOut { why: String, required: bool },
}

/// Runs all clients.
pub(crate) fn check(house: &House) -> Result<Done> {
    run(house, &[], &[])
}

/// Runs the named clients (all when none is named), with these groups of checks alone.
pub(crate) fn run(house: &House, names: &[String], groups: &[String]) -> Result<Done> {
    for name in names {
        let known = || CLIENTS.iter().map(|client| client.name).collect::<Vec<_>>().join(", ");
        let found = CLIENTS.iter().any(|client| client.name == name);
        ensure!(found, "there is no client {name:?}; there are {}", known());
    }
    build(house)?;
    let wanted = |client: &&Client| names.is_empty() || names.iter().any(|n| n == client.name);
    let clients: Vec<_> = CLIENTS.iter().filter(wanted).collect();
    let outcomes = thread::scope(|scope| {
        let running: Vec<_> =
            clients.iter().map(|client| scope.spawn(|| one(house, client, groups))).collect();
        running.into_iter().map(|thread| thread.join()).collect::<Vec<_>>()
    });
    let mut summary = Summary::default();
    for (client, outcome) in clients.iter().zip(outcomes) {
        let outcome = outcome.map_err(|_| anyhow::anyhow!("the thread of {}", client.name))??;
        summary.add(client.name, outcome);
    }
    summary.done()
}

/// What all clients came to.
#[derive(Debug, Default)]
struct Summary {
    passed: usize,
    ran: Vec<&'static str>,
    failed: Vec<String>,
    required: Vec<String>,
    rare: Vec<String>,
}

impl Summary {
    fn add(&mut self, name: &'static str, outcome: Outcome) {
        match outcome {
            Outcome::Ran { passed, failed } => {
                self.passed += passed;
                self.failed.extend(failed);
                self.ran.push(name);
            }
            Outcome::LeftOut { why, required: true } => {
                self.required.push(format!("{name}: {why}"));
            }
            Outcome::LeftOut { why, required: false } => self.rare.push(format!("{name}: {why}")),
        }
    }

    fn done(self) -> Result<Done> {
        let passed = format!("{} checks passed by {}", self.passed, self.ran.join(", "));
        if !self.failed.is_empty() {
            bail!(
                "{} checks of the official clients failed; {passed}\n{}",
                self.failed.len(),
                self.failed.join("\n")
            );
        }
        if !self.required.is_empty() {
            return Ok(Done::LeftOut(format!("{}; {passed}", self.required.join("; "))));
        }
        if self.rare.is_empty() {
            return Ok(Done::Green(passed));
        }
        Ok(Done::Green(format!("{passed}; left out {}", self.rare.join("; "))))
    }
}

/// Installs a client and runs its checks.
fn one(house: &House, client: &Client, groups: &[String]) -> Result<Outcome> {
    let folder = house.target.join("foreign").join(client.name);
    if client.kind == Kind::Shell && !house::has("bash", &["--version"]) {
        let why = "bash is not installed".to_owned();
        return Ok(Outcome::LeftOut { why, required: true });
    }
    let installed = match client.kind {
        Kind::Python => {
            let requirements = house.root.join("tests/foreign/python/requirements.txt");
            install::with_pip(house, "the Python SDK", &requirements, &folder)?
        }
        Kind::Node | Kind::Shell => {
            let from = house.root.join("tests/foreign").join(client.name);
            install::with_npm(house, client.name, &from, &folder)?
        }
    };
    let installed = match installed {
        Ok(installed) => installed,
        Err(missing) => {
            let required = !(client.rare && matches!(missing, Missing::There(_)));
            let (Missing::Here(why) | Missing::There(why)) = missing;
            steps::say(&format!("{} left out: {why}", client.name));
            return Ok(Outcome::LeftOut { why, required });
        }
    };
    // A home of its own, so that nobody's configuration is read or written.
    let home = folder.join("home");
    if home.exists() {
        fs::remove_dir_all(&home)?;
    }
    fs::create_dir_all(&home)?;
    let log = folder.join("emulator.log");
    let mut command = emulator(house, client, &home);
    program(&mut command, house, client, &installed, groups)?;
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(File::create(&log)?)
        .spawn()
        .context("starting the emulator")?;
    follow(child, client, &log)
}

/// The emulator, about to run a program.
fn emulator(house: &House, client: &Client, home: &Path) -> Command {
    let binary = house.binary("ringback");
    let mut command = house.command(&binary);
    command.args(["emulator", "--listen", "127.0.0.1:0", "--clock", "auto"]);
    if client.kind == Kind::Python {
        // It writes https itself.
        command.args(["--tls=0", "--ca-file"]).arg(home.join("ca.pem"));
    }
    command.arg("--");
    command.current_dir(home).env("HOME", home).env("RINGBACK", binary);
    command.env("NO_PROXY", "*").env("no_proxy", "*");
    command
}

/// Adds the program that runs a client's checks.
fn program(
    command: &mut Command,
    house: &House,
    client: &Client,
    installed: &Path,
    groups: &[String],
) -> Result<()> {
    let foreign = house.root.join("tests/foreign");
    let own = foreign.join(client.name);
    match client.kind {
        Kind::Python => {
            command.arg(installed).arg(own.join("app.py")).args(groups);
            command.env("PYTHONDONTWRITEBYTECODE", "1");
        }
        Kind::Node => {
            command.arg("node").arg(own.join("app.js")).args(groups);
            command.env("NODE_PATH", installed);
        }
        Kind::Shell => {
            let mut path = vec![installed.join(".bin")];
            path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
            let preload = foreign.join("preload.cjs");
            command.arg("bash").arg(own.join("checks.sh"));
            command.env("CLIENT", client.name).env("PATH", std::env::join_paths(path)?);
            // Quoted, because Node splits this at spaces.
            command.env("NODE_OPTIONS", format!("--require \"{}\"", preload.display()));
        }
    }
    Ok(())
}

/// Shows the lines of a client as they come, and counts them.
fn follow(mut child: Child, client: &Client, log: &Path) -> Result<Outcome> {
    let out = child.stdout.take().context("the output of a client")?;
    let (tell, lines) = mpsc::channel();
    // Nobody waits for this thread: a process that outlives the client may hold its output open.
    thread::spawn(move || {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            steps::say(&line);
            if tell.send(line).is_err() {
                return;
            }
        }
    });
    let status = ended(&mut child, LIMIT, GRACE)?;
    let (passed, mut failed) = count(&rest(&lines, GRACE));
    // A program that breaks off has to fail, whatever it said before.
    if !status.is_some_and(|status| status.success()) && failed.is_empty() {
        let status = match status {
            Some(status) => status.to_string(),
            None => format!("no end after {} s", LIMIT.as_secs()),
        };
        let said = house::tail(log);
        failed.push(format!("{} broke off ({status}):\n{said}", client.name));
    }
    if passed == 0 && failed.is_empty() {
        failed.push(format!("{} checked nothing", client.name));
    }
    Ok(Outcome::Ran { passed, failed })
}

/// How a process ended; none when it had to be made to, because its time was over.
///
/// It is asked to first: the emulator passes that on to the client, which would outlive it.
fn ended(child: &mut Child, limit: Duration, grace: Duration) -> Result<Option<ExitStatus>> {
    if let Some(status) = wait(child, limit)? {
        return Ok(Some(status));
    }
    // Where there is no such command, it is killed after the same time.
    drop(Command::new("kill").arg(child.id().to_string()).stderr(Stdio::null()).status());
    if wait(child, grace)?.is_none() {
        child.kill()?;
        child.wait()?;
    }
    Ok(None)
}

/// Waits for the end of a process for so long.
fn wait(child: &mut Child, limit: Duration) -> Result<Option<ExitStatus>> {
    let end = Instant::now() + limit;
    loop {
        let status = child.try_wait()?;
        if status.is_some() || Instant::now() >= end {
            return Ok(status);
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// All lines until nobody can write another, or until the time is over.
fn rest(lines: &Receiver<String>, limit: Duration) -> Vec<String> {
    let end = Instant::now() + limit;
    let next = || lines.recv_timeout(end.saturating_duration_since(Instant::now())).ok();
    std::iter::from_fn(next).collect()
}

/// How many checks passed, and the lines of those that did not.
fn count(lines: &[String]) -> (usize, Vec<String>) {
    let passed = lines.iter().filter(|line| line.starts_with("ok ")).count();
    let failed = lines.iter().filter(|line| line.starts_with("FAILED ")).cloned().collect();
    (passed, failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(passed: usize, failed: &[&str]) -> Outcome {
        Outcome::Ran { passed, failed: failed.iter().map(|&line| line.to_owned()).collect() }
    }

    fn left_out(required: bool) -> Outcome {
        Outcome::LeftOut { why: "npm is not installed".to_owned(), required }
    }

    #[test]
    fn lines_are_counted() {
        let lines = ["ok a: b", "okay", "FAILED a: c: because", "FAILEDX", "ok a: d"];
        let lines = lines.map(str::to_owned);
        assert_eq!(count(&lines), (2, vec!["FAILED a: c: because".to_owned()]));
    }

    #[cfg(unix)]
    #[test]
    fn one_that_hangs_is_told_to_end_and_then_made_to() {
        let check = |script: &str, grace: Duration, said: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", script]).stdin(Stdio::null()).stdout(Stdio::piped());
            let mut child = command.spawn().unwrap();
            let mut out = BufReader::new(child.stdout.take().unwrap());
            // It is told nothing before it listens.
            let mut line = String::new();
            out.read_line(&mut line).unwrap();
            let status = ended(&mut child, Duration::ZERO, grace).unwrap();
            assert_eq!(status, None, "{script}");
            let more: Vec<_> = out.lines().map_while(Result::ok).collect();
            assert_eq!(more.join(" "), said, "{script}");
        };
        check("trap 'echo told; exit' TERM; echo up; while :; do sleep 0.05; done", LIMIT, "told");
        check("trap '' TERM; echo up; while :; do sleep 0.05; done", Duration::ZERO, "");
    }

    #[test]
    fn lines_are_waited_for_so_long_and_no_longer() {
        let (tell, lines) = mpsc::channel();
        tell.send("ok a: b".to_owned()).unwrap();
        assert_eq!(rest(&lines, Duration::ZERO), ["ok a: b"]);
        drop(tell);
        assert!(rest(&lines, LIMIT).is_empty());
    }

    #[test]
    fn one_failure_is_a_failure_and_what_is_required_is_told_from_what_is_rare() {
        let check = |outcomes: Vec<Outcome>, expected: &str| {
            let mut summary = Summary::default();
            for (client, outcome) in CLIENTS.iter().zip(outcomes) {
                summary.add(client.name, outcome);
            }
            let seen = match summary.done() {
                Ok(done) => format!("{done:?}"),
                Err(error) => format!("{error}"),
            };
            assert_eq!(seen, expected);
        };
        check(vec![ran(2, &[]), ran(3, &[])], "Green(\"5 checks passed by python, node\")");
        check(
            vec![ran(2, &["FAILED x"]), left_out(true)],
            "1 checks of the official clients failed; 2 checks passed by python\nFAILED x",
        );
        check(
            vec![ran(2, &[]), left_out(true)],
            "LeftOut(\"node: npm is not installed; 2 checks passed by python\")",
        );
        check(
            vec![ran(2, &[]), left_out(false)],
            "Green(\"2 checks passed by python; left out node: npm is not installed\")",
        );
    }

    #[test]
    fn every_client_has_its_program() {
        let root = xtask::codegen::root().unwrap().join("tests/foreign");
        for client in CLIENTS {
            let file = match client.kind {
                Kind::Python => "app.py",
                Kind::Node => "app.js",
                Kind::Shell => "checks.sh",
            };
            assert!(root.join(client.name).join(file).exists(), "{}/{file}", client.name);
        }
    }
}
