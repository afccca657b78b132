//! The webhook server: what it hands on, prints and replies.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, ChildStderr, Stdio},
};

use crate::run::Place;

const EVENT: &str = r#"{"headers":{},"from":"447700000001","to":"447700000002","uuid":"797168","conversation_uuid":"CON-1","status":"ringing","direction":"inbound"}"#;

/// A server that runs until it is dropped.
struct Serve {
    child: Child,
    address: String,
    stderr: BufReader<ChildStderr>,
}

impl Serve {
    fn start(place: &Place, args: &[&str]) -> Self {
        let mut child = place
            .command(&[&["serve", "--listen", "127.0.0.1:0"], args].concat())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        stderr.read_line(&mut line).unwrap();
        // In words or in a log, it says where it listens.
        let port = line.rsplit_once("127.0.0.1:").unwrap().1;
        let port: String = port.chars().take_while(char::is_ascii_digit).collect();
        let address = format!("127.0.0.1:{port}");
        Self { child, address, stderr }
    }

    /// The status and the body of the reply.
    fn ask(&self, line: &str, body: &str) -> (u16, String) {
        self.ask_with(&format!("{line} HTTP/1.1"), body)
    }

    /// The same with headers behind the first line.
    fn ask_with(&self, head: &str, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        let request = format!(
            "{head}\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        let (head, body) = reply.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    /// What it printed.
    fn end(self) -> String {
        self.ended().0
    }

    /// What it printed, and what it said beside that after its first line.
    fn ended(mut self) -> (String, String) {
        self.child.kill().unwrap();
        let (mut out, mut log) = (String::new(), String::new());
        self.child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        self.stderr.read_to_string(&mut log).unwrap();
        (out, log)
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        // It may have ended.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Replies to so many requests with `[]`, one connection each, and gives their first lines.
fn application(requests: usize) -> (SocketAddr, std::thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let thread = std::thread::spawn(move || {
        let mut lines = Vec::new();
        for _ in 0..requests {
            let mut stream = BufReader::new(listener.accept().unwrap().0);
            let mut head = Vec::new();
            loop {
                let mut line = String::new();
                stream.read_line(&mut line).unwrap();
                match line.trim_end() {
                    "" => break,
                    line => head.push(line.to_ascii_lowercase()),
                }
            }
            let length = head.iter().find_map(|line| line.strip_prefix("content-length: "));
            let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
            stream.read_exact(&mut body).unwrap();
            let reply = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n[]";
            stream.get_mut().write_all(reply.as_bytes()).unwrap();
            lines.push(head[0].trim_end_matches(" http/1.1").to_owned());
        }
        lines
    });
    (address, thread)
}

#[test]
fn webhooks_are_handed_on_and_printed() {
    let place = Place::new();
    let question = "GET /webhooks/answer?to=447700000002&from=447700000001&conversation_uuid=CON-1&uuid=797168";
    let asked = question.to_ascii_lowercase();
    let query = asked.split_once('?').unwrap().1;
    for (path, expected) in [
        ("", ["get /webhooks/answer", "post /webhooks/event"]),
        ("/", ["get /webhooks/answer", "post /webhooks/event"]),
        ("/voice", ["get /voice", "post /voice"]),
    ] {
        let (address, application) = application(2);
        let serve = Serve::start(&place, &["--forward", &format!("http://{address}{path}")]);
        assert_eq!(serve.ask(question, ""), (200, "[]".to_owned()), "{path}");
        assert_eq!(serve.ask("POST /webhooks/event", EVENT), (204, String::new()), "{path}");
        let seen = application.join().unwrap();
        assert_eq!(seen, [format!("{}?{query}", expected[0]), expected[1].to_owned()]);
        assert_eq!(
            serve.end(),
            "answer 447700000001 -> 447700000002 leg 797168 CON-1\n\
             ringing inbound 447700000001 -> 447700000002 leg 797168 CON-1\n"
        );
    }
}

#[test]
fn what_cannot_be_handed_on_is_not_acknowledged() {
    let place = Place::new();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let serve = Serve::start(&place, &["--forward", &format!("http://{nobody}")]);
    assert_eq!(serve.ask("POST /webhooks/event", EVENT).0, 503);
    assert_eq!(serve.ask("GET /webhooks/answer?to=44", "").0, 503);
}

#[test]
fn it_says_that_it_is_well_and_ready() {
    let serve = Serve::start(&Place::new(), &["--talk", "Hello"]);
    for path in ["/healthz", "/readyz"] {
        assert_eq!(serve.ask(&format!("GET {path}"), ""), (200, "ok\n".to_owned()), "{path}");
    }
}

/// The value of a metric in what `/metrics` says.
fn metric(serve: &Serve, name: &str) -> String {
    let (status, text) = serve.ask("GET /metrics", "");
    assert_eq!(status, 200);
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap_or_else(|| panic!("{name} in {text}")).trim().to_owned()
}

#[test]
fn it_says_what_it_counted_and_how_much_it_takes() {
    let serve = Serve::start(&Place::new(), &["--talk", "Hello", "--max-body", "1k"]);
    assert_eq!(serve.ask("POST /webhooks/event", EVENT).0, 204);
    assert_eq!(serve.ask("POST /webhooks/event", &" ".repeat(1025)), (413, String::new()));
    assert_eq!(serve.ask("GET /webhooks", ""), (404, String::new()));
    for (name, expected) in [
        ("ringback_webhooks_acknowledged_total{kind=\"event\"}", "1"),
        ("ringback_requests_refused_total{kind=\"event\",reason=\"body-too-large\"}", "1"),
        ("ringback_requests_refused_total{kind=\"other\",reason=\"route-unknown\"}", "1"),
    ] {
        assert_eq!(metric(&serve, name), expected);
    }
}

#[test]
fn a_log_is_masked_and_names_the_sender() {
    let place = Place::new();
    for format in ["text", "json"] {
        let flags = ["--talk", "Hello", "--log-format", format, "--trust-proxy", "127.0.0.0/8"];
        let serve = Serve::start(&place, &flags);
        let head = "POST /webhooks/event HTTP/1.1\r\nx-forwarded-for: 192.0.2.1, 203.0.113.9";
        assert_eq!(serve.ask_with(head, EVENT).0, 204);
        assert_eq!(serve.ask("POST /webhooks/event", "hello 447700000001").0, 400);
        let (out, log) = serve.ended();
        assert_eq!(out, "", "what is logged is not printed");
        assert!(log.contains("ringing inbound ********0001 -> ********0002 leg 797168"), "{log}");
        assert!(!log.contains("44770000000"), "{log}");
        assert!(log.contains("203.0.113.9") && !log.contains("192.0.2.1"), "{log}");
        for line in log.lines().filter(|_| format == "json") {
            let entry: serde_json::Value = serde_json::from_str(line).unwrap();
            assert!(entry["level"].is_string(), "{line}");
        }
        let refused = log.lines().find(|line| line.contains("not-json")).unwrap();
        assert!(refused.contains("WARN"), "{refused}");
    }
}
