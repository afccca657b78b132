//! The tutorial by hand: the emulator, the tutorial's Flask server, and its commands typed word
//! for word. What comes back is held against the published samples, as raw JSON.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use xtask::shape;

use super::{
    build,
    process::{Process, origin},
    python,
};
use crate::{
    house::{self, House},
    steps::{self, Done},
};

const ALICE: &str = "447700000001";
const BOB: &str = "447700000003";
/// The tutorial's answer, and the events of the same call.
const SAMPLE: &str = "tests/fixtures/beta/conversation.json";
const EVENTS: &str = "tests/fixtures/beta/events.json";
/// Where the answer has to say the very thing that the sample says.
const SAME: &[&str] = &[
    "/sequence_number",
    "/numbers",
    "/properties",
    "/members/0/state",
    "/members/0/channel/type",
    "/members/0/channel/from",
    "/members/0/initiator",
    "/members/1/state",
    "/members/1/channel/type",
    "/members/1/channel/from",
    "/members/1/channel/to/type",
    "/members/1/channel/cpa",
    "/members/1/channel/preanswer",
    "/members/1/channel/ring_timeout",
    "/members/1/channel/cpa_time",
    "/members/1/channel/max_length",
    "/members/1/initiator",
];

/// Runs the tutorial, or says what is missing for it.
pub(crate) fn check(house: &House) -> Result<Done> {
    for program in ["bash", "curl"] {
        if !house::has(program, &["--version"]) {
            return Ok(Done::LeftOut(format!("the tutorial by hand: {program} is not installed")));
        }
    }
    let python = match python::ready(house, &["flask"])? {
        Ok(python) => python,
        Err(why) => return Ok(Done::LeftOut(format!("the tutorial by hand: {why}"))),
    };
    build(house)?;
    let folder = house.target.join("e2e").join("by-hand");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;

    let ready = folder.join("ready");
    let mut command = house.command(house.binary("ringback"));
    command.args(["emulator", "--listen", "127.0.0.1:0", "--ready-file"]).arg(&ready);
    command.current_dir(&folder).env("HOME", &folder);
    let mut emulator = Process::start("the emulator", command, folder.join("emulator.log"))?;
    let platform = emulator.wait_for(&ready, origin)?;

    let app = folder.join("app.py");
    fs::write(&app, application(house)?)?;
    let mut command = house.command(&python);
    command.arg(&app).current_dir(&folder).env("PYTHONUNBUFFERED", "1");
    let mut flask = Process::start("the Flask server", command, folder.join("flask.log"))?;
    let log = flask.log.clone();
    let webhooks = flask.wait_for(&log, origin)?;

    type_commands(house, &folder, &platform, &webhooks, &log)?;

    let read = |path: PathBuf| -> Result<Value> {
        let text = fs::read_to_string(&path)?;
        serde_json::from_str(&text).with_context(|| format!("{}: {text}", path.display()))
    };
    let seen = read(folder.join("conversation.json"))?;
    let mut faults = conversation(&read(house.root.join(SAMPLE))?, &seen);
    faults.extend(events(&read(house.root.join(EVENTS))?, &read(folder.join("events.json"))?));
    faults.extend(webhook_log(&fs::read_to_string(&log)?, &seen));
    ensure!(
        faults.is_empty(),
        "the tutorial by hand ran, but\n{}\n(see {})",
        faults.join("\n"),
        folder.display()
    );
    Ok(Done::Green("2 members JOINED, 8 events, the event route's 404 did no harm".to_owned()))
}

/// The tutorial's server, with Bob's number and a port that the system picks.
fn application(house: &House) -> Result<String> {
    let mut text = fs::read_to_string(house.root.join("tests/tutorial/app.py"))?;
    for (from, to) in [("TO_NUMBER", BOB), ("port=3000", "port=0")] {
        ensure!(text.matches(from).count() == 1, "tests/tutorial/app.py has not one {from}");
        text = text.replace(from, to);
    }
    Ok(text)
}

/// Types the commands in a shell that finds the built binary as `ringback`.
fn type_commands(
    house: &House,
    folder: &Path,
    platform: &str,
    webhooks: &str,
    log: &Path,
) -> Result<()> {
    let mut path = vec![house.target.join("debug")];
    path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let mut command = house.command("bash");
    command
        .arg(house.root.join("tests/tutorial/by-hand.sh"))
        .current_dir(folder)
        .env("PATH", std::env::join_paths(path)?)
        .env("HOME", folder)
        .env("RINGBACK_URL", platform)
        .env("WEBHOOKS", webhooks)
        .env("WEBHOOK_LOG", log)
        .env("NO_PROXY", "127.0.0.1")
        .env("no_proxy", "127.0.0.1");
    let (ok, _) = house::run_and_keep(command)?;
    if !ok {
        for file in ["emulator.log", "flask.log", "call.txt", "conversation.json"] {
            steps::say(&format!("── {file}\n{}", house::tail(&folder.join(file))));
        }
    }
    ensure!(ok, "tests/tutorial/by-hand.sh failed");
    Ok(())
}

/// What is wrong with the conversation.
fn conversation(sample: &Value, seen: &Value) -> Vec<String> {
    let mut faults = shape::differences(sample, seen);
    for at in SAME {
        let (wanted, found) = (sample.pointer(at), seen.pointer(at));
        if wanted != found {
            faults.push(format!("{at} is {found:?}, in the sample {wanted:?}"));
        }
    }
    let text = |at: &str| seen.pointer(at).and_then(Value::as_str).unwrap_or_default();
    let mut expect = |at: &str, what: &str, holds: fn(&str) -> bool| {
        if !holds(text(at)) {
            faults.push(format!("{at} is {:?}, which is not {what}", text(at)));
        }
    };
    expect("/uuid", "CON- and a UUID", |t| t.strip_prefix("CON-").is_some_and(uuid));
    expect("/name", "NAM- and a UUID", |t| t.strip_prefix("NAM-").is_some_and(uuid));
    expect("/timestamp/created", "a time with milliseconds", time);
    expect("/members/0/channel/id", "32 hexadecimal digits", |t| hex(t, 32));
    expect("/members/1/channel/id", "a dashed UUID", uuid);
    expect("/members/1/name", "vapi-user- and 32 hexadecimal digits", |t| {
        t.strip_prefix("vapi-user-").is_some_and(|rest| hex(rest, 32))
    });
    expect("/members/0/timestamp/joined", "a time with milliseconds", time);
    expect("/members/1/timestamp/invited", "a time with milliseconds", time);
    expect("/members/1/timestamp/joined", "a time with milliseconds", time);
    expect("/members/1/channel/to/number", "Bob's number", |t| t == BOB);
    for member in ["/members/0", "/members/1"] {
        expect(&format!("{member}/member_id"), "MEM- and a UUID", |t| {
            t.strip_prefix("MEM-").is_some_and(uuid)
        });
        expect(&format!("{member}/user_id"), "USR- and a UUID", |t| {
            t.strip_prefix("USR-").is_some_and(uuid)
        });
    }
    let mut equal = |left: &str, right: &str| {
        if text(left) != text(right) {
            faults.push(format!("{left} is {:?}, {right} {:?}", text(left), text(right)));
        }
    };
    equal("/members/0/channel/leg_ids/0", "/members/0/channel/id");
    equal("/members/1/channel/leg_ids/0", "/members/1/channel/id");
    equal("/members/0/name", "/members/0/user_id");
    equal("/members/1/invited_by", "/members/1/user_id");
    let link = format!("/beta/conversations/{}", text("/uuid"));
    if !text("/_links/self/href").ends_with(&link) {
        faults.push(format!("/_links/self/href does not end in {link}"));
    }
    faults
}

/// What is wrong with the list of events.
fn events(sample: &Value, seen: &Value) -> Vec<String> {
    let list = |value: &Value| -> Vec<(Option<i64>, String)> {
        let events = value.as_array().map(Vec::as_slice).unwrap_or_default();
        events
            .iter()
            .map(|e| (e["id"].as_i64(), e["type"].as_str().unwrap_or_default().to_owned()))
            .collect()
    };
    if list(sample) != list(seen) {
        return vec![format!("the events are {:?}, not {:?}", list(seen), list(sample))];
    }
    shape::differences(sample, seen).into_iter().map(|line| format!("events: {line}")).collect()
}

/// What is wrong with the webhook server's log.
fn webhook_log(log: &str, seen: &Value) -> Vec<String> {
    let text = |at: &str| seen.pointer(at).and_then(Value::as_str).unwrap_or_default();
    let mut faults = Vec::new();
    let number = text("/members/0/channel/to/number");
    for (key, value) in [
        ("conversation_uuid", text("/uuid")),
        ("uuid", text("/members/0/channel/id")),
        ("from", ALICE),
        ("to", number),
    ] {
        // Flask prints the query as an ImmutableMultiDict of pairs, older versions as a dict.
        let pair = [format!("('{key}', '{value}')"), format!("'{key}': '{value}'")];
        if !pair.iter().any(|form| log.contains(form)) {
            faults.push(format!("the webhook log does not show {key} {value}"));
        }
    }
    if !log.lines().any(|l| l.contains("GET /webhooks/answer?") && l.contains("\" 200")) {
        faults.push("the answer webhook was not a GET answered with 200".to_owned());
    }
    let refused = |l: &&str| l.contains("POST /webhooks/event") && l.contains("\" 404");
    if log.lines().filter(refused).count() < 6 {
        faults.push("fewer than six event webhooks met the 404".to_owned());
    }
    faults
}

fn hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn uuid(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').collect();
    parts.len() == 5 && parts.iter().zip([8, 4, 4, 4, 12]).all(|(part, digits)| hex(part, digits))
}

fn time(text: &str) -> bool {
    let form = "0000-00-00T00:00:00.000Z";
    text.len() == form.len()
        && text.bytes().zip(form.bytes()).all(|(seen, wanted)| match wanted {
            b'0' => seen.is_ascii_digit(),
            _ => seen == wanted,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixture(path: &str) -> Value {
        let path = xtask::codegen::root().unwrap().join(path);
        serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
    }

    /// The published sample with one place changed, and the fault that has to be named.
    fn check(at: &str, value: Value, expected: &str) {
        let sample = fixture(SAMPLE);
        let mut seen = sample.clone();
        // The sample's own slip: it shows Alice's number where the text and the events have Bob's.
        *seen.pointer_mut("/members/1/channel/to/number").unwrap() = BOB.into();
        assert_eq!(conversation(&sample, &seen), [""; 0]);
        *seen.pointer_mut(at).unwrap() = value;
        let faults = conversation(&sample, &seen).join("\n");
        assert!(faults.contains(expected), "{faults}");
    }

    #[test]
    fn the_sample_is_accepted_and_every_deviation_named() {
        check("/sequence_number", 7.into(), "/sequence_number is Some(Number(7))");
        check("/members/0/state", "INVITED".into(), "/members/0/state is");
        check("/members/1/channel/from/number", ALICE.into(), "/members/1/channel/from is");
        check(
            "/members/0/channel/id",
            "797168e2-4c19-a3c4-5e74-e05b10fef2b5".into(),
            "which is not 32 hexadecimal digits",
        );
        check("/members/1/channel/to/number", ALICE.into(), "which is not Bob's number");
        check("/members/1/channel/cpa", Value::Null, "/members/1/channel/cpa is null");
        check("/timestamp/created", "2018-10-25T09:26:18Z".into(), "with milliseconds");
        check("/_links/self/href", "https://api.nexmo.com/".into(), "does not end in");
    }

    #[test]
    fn a_missing_event_is_named() {
        let sample = fixture(EVENTS);
        let mut seen = sample.clone();
        assert_eq!(events(&sample, &seen), [""; 0]);
        seen.as_array_mut().unwrap().pop();
        assert!(events(&sample, &seen)[0].contains("member:media"));
    }
}
