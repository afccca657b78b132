//! Calls at a given rate: the report, and the exit code by threshold.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Stdio},
};

use serde_json::Value;

use crate::run::Place;

/// `ringback serve` with a short script; ends when it is dropped.
struct Application {
    child: Child,
    webhooks: String,
}

impl Application {
    fn start(place: &Place, text: &str) -> Self {
        let mut child = place
            .command(&["serve", "--listen", "127.0.0.1:0", "--talk", text])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let stderr = child.stderr.as_mut().unwrap();
        BufReader::new(stderr).read_line(&mut line).unwrap();
        let answer = line.trim_end().strip_prefix("answer webhook: ").unwrap();
        let webhooks = answer.strip_suffix("/answer").unwrap().to_owned();
        Self { child, webhooks }
    }

    fn load(&self, place: &Place, more: &[&str]) -> (Option<i32>, Value, String) {
        let answer = format!("{}/answer", self.webhooks);
        let event = format!("{}/event", self.webhooks);
        let args =
            ["load", "--cps", "5", "--for", "1s", "--answer-url", &answer, "--event-url", &event];
        let output = place.command(&[&args[..], more].concat()).output().unwrap();
        let report = serde_json::from_slice(&output.stdout).unwrap_or_default();
        (output.status.code(), report, String::from_utf8(output.stderr).unwrap())
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn a_load_is_reported_and_judged() {
    let place = Place::new();
    let application = Application::start(&place, "Hi");
    let (code, report, stderr) = application.load(&place, &[]);
    assert_eq!(code, Some(0), "{report} {stderr}");
    assert_eq!((&report["placed"], &report["answers"]["count"]), (&5.into(), &5.into()));
    assert_eq!((&report["wrong"], &report["script_errors"]), (&0.into(), &0.into()));
    assert!(report["answers"]["worst_call"].is_string());
    // A threshold that nothing can meet: the report comes all the same, and the code says no.
    let (code, report, stderr) = application.load(&place, &["--max-answer-p99", "0"]);
    assert_eq!((code, &report["placed"]), (Some(1), &5.into()), "{stderr}");
    assert!(stderr.contains("99 of 100 answers took up to"), "{stderr}");
}

#[test]
fn a_load_that_cannot_be_run_says_why() {
    let place = Place::new();
    let check = |args: &[&str], code: i32, word: &str| {
        let output = place.command(&[&["load"], args].concat()).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{stderr}");
        assert!(stderr.contains(word), "{stderr}");
    };
    check(&["--cps", "0"], 2, "above 0");
    check(&["--for", "1 parsec"], 2, "500ms, 5s or 2m");
    check(&["--scenario", "missing.yaml"], 1, "missing.yaml");
    std::fs::write(place.path("faulty.yaml"), "calls:\n- from: \"1\"\n  too: \"2\"\n").unwrap();
    check(&["--scenario", "faulty.yaml"], 1, "line 3");
}
