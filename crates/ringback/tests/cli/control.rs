//! The emulator's own operations: who may send them, what is passed on to them.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    thread::JoinHandle,
};

use crate::run::{Place, Ran};

const TOKEN: &str = "planted-control-token";

/// Runs a script in the environment of an emulator with these options; `ringback` is on its path.
pub(crate) fn emulator(place: Place, options: &[&str], script: &str) -> (Place, Ran) {
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_ringback"));
    let path = format!("{}:/usr/bin:/bin", binary.parent().unwrap().display());
    let place = place.set("PATH", &path);
    let args = [&["emulator", "--port", "0"], options, &["--", "sh", "-c", script]].concat();
    let ran = place.run(&args);
    (place, ran)
}

#[test]
fn the_control_token_goes_along() {
    let script = "ringback phones list && ringback env; ringback balance --api-secret wrong; \
        unset RINGBACK_CONTROL_TOKEN; ringback phones list; echo $?; \
        ringback phones list --control-token wrong; echo $?";
    let options = ["--control-token", TOKEN, "--env-file", "env"];
    let (place, ran) = emulator(Place::new(), &options, script);
    let ran = ran.ended(0);
    assert!(ran.out.contains("447700000001"), "{ran:?}");
    let exported = format!("export RINGBACK_CONTROL_TOKEN='{TOKEN}'\n");
    assert!(ran.out.contains(&exported), "{}", ran.out);
    assert!(ran.out.ends_with("\n3\n3\n"), "{}", ran.out);
    // The emulator tells all about a refusal only to those with the token.
    assert!(ran.err.contains("  expected: "), "{}", ran.err);
    for reason in ["control-token-missing", "control-token-wrong"] {
        assert!(ran.err.contains(reason), "{}", ran.err);
    }
    assert!(!ran.err.contains(TOKEN), "{}", ran.err);
    let file = std::fs::read_to_string(place.path("env")).unwrap();
    assert!(file.contains(&format!("RINGBACK_CONTROL_TOKEN=\"{TOKEN}\"\n")), "{file}");
}

#[test]
fn no_control_token_is_made_up() {
    for place in [Place::new(), Place::new().set("RINGBACK_CONTROL_TOKEN", "")] {
        let ran = emulator(place, &[], "ringback env").1.ended(0);
        assert!(ran.out.contains("VONAGE_API_KEY") && !ran.out.contains("CONTROL"), "{}", ran.out);
    }
}

#[test]
fn the_country_of_a_new_number_is_asked_for() {
    let script = "ringback number:buy 447700000002; ringback numbers buy 99900000000; echo $?";
    let ran = emulator(Place::new(), &["--seed", "1"], script).1.ended(0);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines, ["Number purchased: 447700000002", "1"], "{}", ran.err);
    assert!(ran.err.contains("--country CC"), "{}", ran.err);
}

/// A server that answers once with these bytes, and tells the first line that it was sent.
fn server(answer: Vec<u8>) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let mut stream = BufReader::new(listener.accept().unwrap().0);
        let mut lines = stream.by_ref().lines().map(Result::unwrap);
        let first = lines.next().unwrap();
        lines.find(String::is_empty).unwrap();
        stream.get_mut().write_all(&answer).unwrap();
        first
    });
    (origin, server)
}

#[test]
fn an_operation_is_sent_and_answered_as_it_is() {
    let body = b"data: \xff\xc3\n\n\x00";
    let mut answer = b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n".to_vec();
    answer.extend_from_slice(body);
    for (args, expected) in [
        (
            &["control.StreamEvents", "-p", "since=7", "-p", "call=a b"][..],
            "GET /_ringback/events?since=7&call=a%20b HTTP/1.1",
        ),
        (
            &["applications.DeleteApplication", "-p", "application_id=x"],
            "DELETE /v2/applications/x HTTP/1.1",
        ),
    ] {
        let (origin, server) = server(answer.clone());
        let place = Place::new().set("VONAGE_API_KEY", "a").set("VONAGE_API_SECRET", "b");
        let args = [&["api", "--url", &origin], args].concat();
        let output = place.command(&args).output().unwrap();
        assert_eq!(output.stdout, body, "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(server.join().unwrap(), expected);
    }
}
