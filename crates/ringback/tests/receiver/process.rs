//! A receiver in a process of its own.

use std::{
    net::SocketAddr,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::Child,
    time::timeout,
};

/// What webhooks are signed with.
pub(crate) const SECRET: &str = "a-signature-secret-of-32-bytes-or-more";

/// `ringback serve`, strict, forwarding events; killed when this is dropped.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    child: Child,
}

impl Receiver {
    /// Starts one with this journal, which hands events on to this address.
    pub(crate) async fn start(journal: &str, forward: SocketAddr, more: &[&str]) -> Self {
        let mut child = tokio::process::Command::from(command())
            .args(["serve", "--strict", "--journal", journal])
            .args(["--forward", &format!("http://{forward}")])
            .args(if more.contains(&"--listen") { &[][..] } else { &["--listen", "127.0.0.1:0"] })
            .args(more)
            .env("VONAGE_SIGNATURE_SECRET", SECRET)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = Vec::new();
        let address = loop {
            let line = timeout(Duration::from_secs(60), lines.next_line()).await.unwrap().unwrap();
            let Some(line) = line else { panic!("it ended: {said:#?}") };
            if let Some((_, address)) = line.split_once("event webhook:  http://") {
                break address.split('/').next().unwrap().parse().unwrap();
            }
            said.push(line);
        };
        // What it says has to go somewhere.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { address, child }
    }

    /// How much memory it has, in KiB.
    #[cfg(target_os = "linux")]
    pub(crate) fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id().unwrap()));
        let status = status.unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// Ends it at once, as a crash does.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Asks it to stop, and waits until it has; says whether it stopped well.
    pub(crate) async fn stop(mut self) -> bool {
        let id = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-s", "TERM", &id]).status().unwrap().success());
        timeout(Duration::from_secs(30), self.child.wait()).await.unwrap().unwrap().success()
    }
}

/// The events that a journal in a file keeps, as `ringback journal export` prints them.
pub(crate) fn exported(journal: &str) -> Vec<serde_json::Value> {
    let (code, lines, error) = run(&["journal", "export", "--journal", journal]);
    assert_eq!(code, 0, "{error}");
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A command, its exit code and what it printed on stdout and stderr.
pub(crate) fn run(args: &[&str]) -> (i32, String, String) {
    let output = command().args(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// The binary, in an environment that says nothing.
fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ringback"));
    command.env_clear();
    // Settings of whoever runs the tests are not read.
    command.env("HOME", Path::new("/nonexistent"));
    command
}
