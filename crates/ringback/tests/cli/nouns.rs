//! The nouns: which requests they become, and what is printed of the answers.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    thread::JoinHandle,
};

use crate::run::Place;

const CALL: &str = "63f61863-4a51-4f6b-86e1-46edebcf9356";

/// A server that gives these answers, one after the other, and tells the requests.
fn server(answers: Vec<(u16, String)>) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        answers.into_iter().map(|(status, answer)| serve(&listener, status, &answer)).collect()
    });
    (origin, server)
}

/// Answers one request, and tells its first line without the version, and its body.
fn serve(listener: &TcpListener, status: u16, answer: &str) -> String {
    let mut stream = BufReader::new(listener.accept().unwrap().0);
    let mut line = || {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    };
    let first = line();
    let mut length = 0;
    loop {
        let header = line().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(text) = header.strip_prefix("content-length:") {
            length = text.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        answer.len()
    );
    stream.get_mut().write_all((head + answer).as_bytes()).unwrap();
    let request = first.trim_end_matches(" HTTP/1.1");
    format!("{request} {}", String::from_utf8(body).unwrap()).trim_end().to_owned()
}

fn place() -> Place {
    Place::new()
        .keys()
        .set("VONAGE_API_KEY", "a")
        .set("VONAGE_API_SECRET", "b")
        .set("VONAGE_APPLICATION_ID", "aaaaaaaa-bbbb-cccc-dddd-0123456789ab")
        .set("VONAGE_PRIVATE_KEY", "private.key")
}

/// Checks which request a command becomes.
fn check(place: &Place, args: &[&str], answer: (u16, &str), expected: &str) {
    let (origin, server) = server(vec![(answer.0, answer.1.to_owned())]);
    let ran = place.run(&[args, &["--url", &origin]].concat()).ended(0);
    assert_eq!(server.join().unwrap(), [expected], "{args:?}");
    assert!(ran.json().is_object() || ran.json().is_array(), "{args:?}: {}", ran.out);
}

#[test]
fn calls_are_made_and_changed() {
    let place = place().file("talk.json", r#"[{"action":"talk","text":"Hello"}]"#);
    let created = (
        201,
        r#"{"uuid":"63f61863-4a51-4f6b-86e1-46edebcf9356","status":"started","direction":"outbound","conversation_uuid":"CON-f972836a-550f-45fa-956c-12a2ab5b7d22"}"#,
    );
    let talked =
        (200, r#"{"message":"Talk started","uuid":"63f61863-4a51-4f6b-86e1-46edebcf9356"}"#);
    let call = |rest: &str| format!("PUT /v1/calls/{CALL}{rest}");
    let check = |args: &[&str], answer, expected: &str| check(&place, args, answer, expected);
    check(
        &["calls", "create", "447700000001", "--from", "447700000002", "--ncco", "talk.json"],
        created,
        r#"POST /v1/calls {"to":[{"type":"phone","number":"447700000001"}],"from":{"number":"447700000002"},"ncco":[{"action":"talk","text":"Hello"}]}"#,
    );
    check(
        &[
            "calls",
            "create",
            "sip:bob@sip.example",
            "--random-from-number",
            "--answer-url",
            "https://demo.example/answer",
            "--ringing-timer",
            "30",
        ],
        created,
        r#"POST /v1/calls {"to":[{"type":"sip","uri":"sip:bob@sip.example"}],"random_from_number":true,"answer_url":["https://demo.example/answer"],"ringing_timer":30}"#,
    );
    for action in ["hangup", "mute", "unmute", "earmuff", "unearmuff"] {
        let expected = call("") + &format!(r#" {{"action":"{action}"}}"#);
        check(&["calls", action, CALL], (204, ""), &expected);
    }
    check(
        &["calls", "transfer", CALL, "--ncco", r#"[{"action":"talk","text":"Hello"}]"#],
        (204, ""),
        &(call("")
            + r#" {"action":"transfer","destination":{"type":"ncco","ncco":[{"action":"talk","text":"Hello"}]}}"#),
    );
    check(
        &["calls", "transfer", CALL, "--answer-url", "https://demo.example/next"],
        (204, ""),
        &(call("")
            + r#" {"action":"transfer","destination":{"type":"ncco","url":["https://demo.example/next"]}}"#),
    );
    check(
        &["calls", "talk", CALL, "Hello", "--language", "en-GB", "--loop", "0", "--level", "-0.4"],
        talked,
        &(call("/talk") + r#" {"text":"Hello","language":"en-GB","loop":0,"level":-0.4}"#),
    );
    check(&["calls", "talk", CALL, "--stop"], talked, &format!("DELETE /v1/calls/{CALL}/talk"));
    check(
        &["calls", "stream", CALL, "https://demo.example/a.mp3"],
        talked,
        &(call("/stream") + r#" {"stream_url":["https://demo.example/a.mp3"]}"#),
    );
    check(&["calls", "dtmf", CALL, "1713#"], talked, &(call("/dtmf") + r#" {"digits":"1713#"}"#));
    check(
        &["calls", "list", "--status", "completed", "--since", "2026-01-01T00:00:00Z"],
        (200, r#"{"count":0,"_embedded":{"calls":[]}}"#),
        "GET /v1/calls?status=completed&date_start=2026-01-01T00:00:00.000Z&page_size=100",
    );
}

#[test]
fn users_conversations_members_and_events_are_made_and_changed() {
    let place = place().file("body.json", r#"{"name":"alice"}"#);
    let check = |args: &[&str], answer: &str, expected: &str| {
        check(&place, args, (200, answer), expected);
    };
    let user = r#"{"id":"USR-1","name":"alice"}"#;
    check(
        &["users", "create", "alice", "--display-name", "Alice", "--custom-data", r#"{"a": 1}"#],
        user,
        r#"POST /v1/users {"name":"alice","display_name":"Alice","properties":{"custom_data":{"a": 1}}}"#,
    );
    check(&["users", "create", "-d", "@body.json"], user, r#"POST /v1/users {"name":"alice"}"#);
    check(
        &["users", "update", "USR-1", "--name", "bob"],
        user,
        r#"PATCH /v1/users/USR-1 {"name":"bob"}"#,
    );
    check(&["users", "delete", "USR-1"], "", "DELETE /v1/users/USR-1");
    check(&["users", "show", "alice"], user, "GET /v1/users/alice");
    check(
        &["users", "list", "--name", "alice"],
        r#"{"page_size":100,"_embedded":{"users":[{"id":"USR-1","name":"alice"}]}}"#,
        "GET /v1/users?page_size=100&name=alice",
    );
    let conversation = r#"{"id":"CON-1","name":"room"}"#;
    check(
        &["conversations", "create", "room", "--ttl", "60"],
        conversation,
        r#"POST /v1/conversations {"name":"room","properties":{"ttl":60}}"#,
    );
    check(&["conversations", "delete", "CON-1"], "", "DELETE /v1/conversations/CON-1");
    let member = r#"{"id":"MEM-1","state":"JOINED","_embedded":{"user":{"id":"USR-1"}}}"#;
    check(
        &["members", "create", "CON-1", "alice"],
        member,
        r#"POST /v1/conversations/CON-1/members {"state":"joined","user":{"name":"alice"},"channel":{"type":"app"}}"#,
    );
    check(
        &["members", "update", "CON-1", "MEM-1", "--state", "left", "--reason", "bye"],
        member,
        r#"PATCH /v1/conversations/CON-1/members/MEM-1 {"state":"left","reason":{"text":"bye"}}"#,
    );
    check(&["members", "show", "CON-1", "me"], member, "GET /v1/conversations/CON-1/members/me");
    let event = r#"{"id":9,"type":"custom:seen","body":{"a":1}}"#;
    check(
        &["events", "send", "CON-1", "custom:seen", r#"{"a":1}"#, "--from", "MEM-1"],
        event,
        r#"POST /v1/conversations/CON-1/events {"type":"custom:seen","from":"MEM-1","body":{"a":1}}"#,
    );
    check(&["events", "show", "CON-1", "9"], event, "GET /v1/conversations/CON-1/events/9");
    check(&["events", "delete", "CON-1", "9"], "", "DELETE /v1/conversations/CON-1/events/9");
    check(
        &["legs", "list"],
        r#"{"count":0,"_embedded":{"legs":[]}}"#,
        "GET /v0.3/legs?page_size=100",
    );
    check(&["legs", "hangup", CALL], "{}", &format!("DELETE /v0.3/legs/{CALL}"));
}

#[test]
fn what_is_not_said_of_a_conversation_stays() {
    let place = place();
    let old =
        r#"{"id":"CON-1","name":"room","display_name":"A room","properties":{"ttl":60,"x":[1.0]}}"#;
    let (origin, server) = server(vec![(200, old.to_owned()), (200, old.to_owned())]);
    let args = ["conversations", "update", "CON-1", "--display-name", "B", "--url", &origin];
    place.run(&args).ended(0);
    assert_eq!(
        server.join().unwrap(),
        [
            "GET /v1/conversations/CON-1",
            r#"PUT /v1/conversations/CON-1 {"name":"room","display_name":"B","properties":{"ttl":60,"x":[1.0]}}"#,
        ]
    );
}

#[test]
fn numbers_tell_about_themselves() {
    let place = place();
    let check = |args: &[&str], answer: &str, expected: &str| {
        check(&place, args, (200, answer), expected);
    };
    let insight = r#"{"status":0,"country_code":"GB"}"#;
    check(
        &["insight", "07700000001", "--country", "GB"],
        insight,
        "GET /ni/basic/json?number=07700000001&country=GB&api_key=a&api_secret=b",
    );
    let price = r#"{"price":"0.01270000"}"#;
    check(
        &["price", "447700000001"],
        price,
        "GET /account/get-phone-pricing/outbound/voice?phone=447700000001",
    );
    check(&["price", "--country", "GB"], "{}", "GET /account/get-pricing/outbound?country=GB");
    let phone = r#"{"number":"447700000001","script":"answer","state":"talking"}"#;
    check(
        &["phones", "press", "447700000001", "1#"],
        phone,
        r##"POST /_ringback/phones/447700000001/press {"digits":"1#"}"##,
    );
    check(
        &["phones", "say", "447700000001", "sales"],
        phone,
        r#"POST /_ringback/phones/447700000001/say {"text":"sales"}"#,
    );
}

#[test]
fn a_recording_is_saved_and_nothing_overwritten() {
    let place = place().file("old.mp3", "old");
    let get = |args: &[&str], code: i32| {
        let (origin, server) = server(vec![(200, "sound".to_owned())]);
        let url = format!("{origin}/v1/files/aaaa");
        let ran = place.run(&[&["recordings", "get", &url, "--url", &origin], args].concat());
        assert_eq!(server.join().unwrap(), ["GET /v1/files/aaaa"]);
        ran.ended(code)
    };
    assert_eq!(get(&[], 0).out, "sound");
    get(&["-O", "new.mp3"], 0);
    assert_eq!(std::fs::read_to_string(place.path("new.mp3")).unwrap(), "sound");
    assert!(get(&["-O", "old.mp3"], 1).err.contains("--force"));
    assert_eq!(std::fs::read_to_string(place.path("old.mp3")).unwrap(), "old");
    get(&["-O", "old.mp3", "--force"], 0);
    assert_eq!(std::fs::read_to_string(place.path("old.mp3")).unwrap(), "sound");
}

#[test]
fn a_call_is_waited_for() {
    let place = place();
    let call = |status: &str| {
        format!(
            r#"{{"id":"{CALL}","from":"447700000001","to":"447700000002","status":"{status}","legs":[]}}"#
        )
    };
    let wait = |answers: Vec<(u16, String)>, within: &str| {
        let (origin, server) = server(answers);
        let ran = place
            .run(&["wait", CALL, "--status", "answered", "--within", within, "--url", &origin]);
        (ran, server.join().unwrap())
    };
    let (ran, asked) = wait(vec![(200, call("answered"))], "5s");
    assert_eq!(ran.ended(0).json()["id"], CALL);
    assert_eq!(asked, [format!("GET /_ringback/calls/{CALL}/wait?status=answered&within=5")]);
    // It was answered while nobody looked.
    assert_eq!(wait(vec![(200, call("completed"))], "5s").0.ended(0).json()["id"], CALL);
    let late = (408, r#"{"title":"Not in time"}"#.to_owned());
    let (ran, asked) = wait(vec![late, (200, call("ringing"))], "5s");
    let ran = ran.ended(1);
    assert!(ran.err.contains("was not answered within 5s: it is ringing"), "{}", ran.err);
    assert_eq!(asked.last().unwrap(), &format!("GET /_ringback/calls/{CALL}"));
    let gone = (404, r#"{"title":"Not found"}"#.to_owned());
    wait(vec![gone], "5s").0.ended(3);
}

#[test]
fn what_is_typed_wrong_is_2() {
    let place = place();
    let check = |args: &[&str], expected: &str| {
        let ran = place.run(args).ended(2);
        assert!(ran.err.contains(expected), "{args:?}: {}", ran.err);
    };
    check(&["calls", "create", "447700000001"], "--answer-url URL or --ncco FILE");
    check(&["calls", "create"], "<TO>");
    check(&["calls", "create", "ftp://x", "--answer-url", "https://demo.example"], "sip:");
    check(&["calls", "transfer", CALL], "--answer-url");
    check(&["calls", "talk", CALL], "<TEXT>");
    check(&["calls", "talk", CALL, "Hello", "--level", "loud"], "from -1 to 1");
    check(&["users", "create", "--custom-data", "{"], "is no JSON");
    check(&["users", "create", "-d", r#"{"nam":"x"}"#], "unknown field");
    check(&["users", "update", "USR-1"], "nothing is to be changed");
    check(&["conversations", "update", "CON-1"], "nothing is to be changed");
    check(&["recordings", "get", "https://demo.example/x"], "recording_url");
    check(&["wait", CALL, "--status", "answered", "--within", "1h"], "ten minutes are the longest");
    check(&["price"], "NUMBER");
}
