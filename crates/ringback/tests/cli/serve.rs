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
    _stderr: BufReader<ChildStderr>,
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
        let rest = line.strip_prefix("answer webhook: http://").unwrap();
        let address = rest.trim_end().strip_suffix("/webhooks/answer").unwrap().to_owned();
        Self { child, address, _stderr: stderr }
    }

    /// The status and the body of the reply.
    fn ask(&self, head: &str, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        let request = format!(
            "{head} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        let (head, body) = reply.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    /// What it printed.
    fn end(mut self) -> String {
        self.child.kill().unwrap();
        let mut out = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        out
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
