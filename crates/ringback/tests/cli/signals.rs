//! Signals to an emulator that runs a command.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    os::unix::process::CommandExt as _,
    process::{Command, Stdio},
};

use crate::run::Place;

/// Runs a shell script in the emulator, and when it has said `ready`, runs `kill` with these
/// arguments, in which `ID` is the id of the emulator and of its group.
#[track_caller]
fn check(script: &str, kill: &[&str], (code, out): (i32, &str)) {
    let place = Place::new().set("PATH", "/usr/bin:/bin");
    let mut child = place
        .command(&["emulator", "--port", "0", "--", "sh", "-c", script])
        .process_group(0)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    let id = child.id().to_string();
    let kill: Vec<String> = kill.iter().map(|word| word.replace("ID", &id)).collect();
    assert!(Command::new("kill").args(&kill).status().unwrap().success());
    let ended = child.wait().unwrap();
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert_eq!((ended.code(), rest.as_str()), (Some(code), out), "{script}");
}

const WAIT: &str = "echo ready; while :; do sleep 0.05; done";

#[test]
fn a_command_is_asked_to_end() {
    let script = format!("trap 'echo asked; exit 7' TERM; {WAIT}");
    check(&script, &["-s", "TERM", "ID"], (7, "asked\n"));
    check("echo ready; exec sleep 600", &["-s", "TERM", "ID"], (143, ""));
}

#[test]
fn a_command_that_does_not_end_is_killed() {
    check(&format!("trap '' TERM; {WAIT}"), &["-s", "TERM", "ID"], (137, ""));
}

#[test]
fn an_interrupt_is_passed_on_once() {
    let script = format!("trap 'echo interrupted; exit 7' INT; {WAIT}");
    check(&script, &["-s", "INT", "ID"], (7, "interrupted\n"));
    // The whole group was told, so the command is left to end in its own time.
    let script = format!("trap 'echo interrupted; sleep 0.5; exit 7' INT; {WAIT}");
    check(&script, &["-s", "INT", "--", "-ID"], (7, "interrupted\n"));
}
