//! The whole receiver: signed events, verified, durable in SQLite, and dispatched; and the answer
//! webhook beside them.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use ringback_jwt::WebhookSigner;
use ringback_model::Timestamp;
use ringback_tests::{
    cores,
    measure::{self, Goal, Line, Pair, median},
    root,
};
use secrecy::SecretString;
use tempfile::TempDir;

use crate::{
    load::{Load, post},
    server::{NOW, SECRET, Server},
};

/// How many senders wait for their 2xx at once, for us and for those we are measured against.
const CONNECTIONS: usize = 128;
/// Legs whose events are sent together.
const LEGS: usize = 1_024;
/// The life of a leg.
const LIFE: [&str; 4] = ["started", "ringing", "answered", "completed"];
/// A round.
const EVENTS: usize = LEGS * LIFE.len();

/// How many events are in flight while the journal is saturated.
const SATURATED: usize = 512;
/// How many rounds of events the journal has to take for one p99.
const ROUNDS: usize = 12;
/// How many ask for an answer, and how long after the last question each asks the next one.
const CALLERS: u32 = 4;
const EVERY: Duration = Duration::from_millis(20);
/// How long answers are asked for without any event.
const IDLE: Duration = Duration::from_secs(2);

/// Against the development server of Flask, until the 2xx.
pub(crate) fn flask_kept() {
    against_flask("receiver-flask-kept", Until::Kept);
}

/// The same with what comes after the 2xx.
pub(crate) fn flask() {
    against_flask("receiver-flask", Until::Dispatched);
}

fn against_flask(name: &str, until: Until) {
    let theirs = "a Flask app (development server, PyJWT) that verifies it and keeps nothing";
    let line = until.line(name, theirs, 25.0);
    let Some(python) = std::env::var_os("RINGBACK_BENCH_FLASK") else {
        return line.print_left_out("no Python with Flask and PyJWT");
    };
    let mut command = cores::apart(python.as_ref());
    command.args(["-m", "flask", "--app", "app.py", "run", "--port", "0"]);
    let theirs = rival(&mut command, "flask");
    let mut load = Load::new(theirs.address, CONNECTIONS, Vec::new(), 204);
    let mut sent = Events::new("flask");
    against(&line, until, 5, move || {
        load.renew(sent.more());
        theirs.roughly_seconds_each(EVENTS / 2, |count| load.send(count))
    });
}

/// Against Express, until the 2xx.
pub(crate) fn express_kept() {
    against_express("receiver-express-kept", Until::Kept);
}

/// The same with what comes after the 2xx.
pub(crate) fn express() {
    against_express("receiver-express", Until::Dispatched);
}

fn against_express(name: &str, until: Until) {
    let theirs = "an Express app (jsonwebtoken, a key object) that verifies it and keeps nothing";
    let line = until.line(name, theirs, 6.0);
    let Some(modules) = std::env::var_os("RINGBACK_BENCH_EXPRESS") else {
        return line.print_left_out("no Node.js with Express and jsonwebtoken");
    };
    let mut command = cores::apart("node".as_ref());
    command.arg("app.js").env("NODE_PATH", modules).env("NODE_ENV", "production");
    let theirs = rival(&mut command, "express");
    let mut load = Load::new(theirs.address, CONNECTIONS, Vec::new(), 204);
    let mut sent = Events::new("express");
    against(&line, until, 11, move || {
        load.renew(sent.more());
        theirs.roughly_seconds_each(EVENTS, |count| load.send(count))
    });
}

/// How far an event is followed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    /// It is durable, and its sender is told 2xx; there is no handler.
    Kept,
    /// The handler is through with it too, and the journal knows.
    Dispatched,
}

impl Until {
    fn line<'a>(self, name: &'a str, against: &'a str, goal: f64) -> Line<'a> {
        let what = match self {
            Self::Kept => {
                "signed event, verified, durable in SQLite, 2xx, and left there: requests per CPU \
                 second of the server, 128 senders"
            }
            Self::Dispatched => {
                "signed event, verified, durable in SQLite, 2xx, and then dispatched: requests \
                 per CPU second of the server, 128 senders"
            }
        };
        Line { name, what, against, goal: Goal::AtLeast(goal) }
    }

    fn server(self) -> &'static str {
        match self {
            Self::Kept => "keeps",
            Self::Dispatched => "dispatches",
        }
    }
}

fn rival(command: &mut Command, name: &str) -> Server {
    let folder = root().join("tests/benches/rivals").join(name);
    command.current_dir(folder).env("RINGBACK_BENCH_SECRET", SECRET);
    Server::foreign(command.env("PYTHONDONTWRITEBYTECODE", "1"))
}

/// Prints the line of our receiver against what one event costs another.
fn against(line: &Line<'_>, until: Until, rounds: usize, mut theirs: impl FnMut() -> f64) {
    let folder = folder();
    let mut ours = Ours::start(&folder, until, CONNECTIONS);
    ours.seconds_each();
    theirs();
    let pair = Pair::of(rounds, || ours.seconds_each(), theirs);
    measure::print(&format!(
        "axum alone takes {:.0} µs for the same request: no receiver on it can take less",
        alone(&mut ours.events) * 1e6,
    ));
    line.print(pair.speed(), "x", &pair);
}

/// What the same requests cost when nobody looks at what they carry.
fn alone(events: &mut Events) -> f64 {
    let server = Server::application();
    let mut load = Load::new(server.address, CONNECTIONS, events.more(), 204);
    load.send(EVENTS);
    median((0..5).map(|_| server.seconds_each(EVENTS, |count| load.send(count))).collect())
}

/// The answer webhook's slow end, while the journal has all it can take and while it has nothing.
pub(crate) fn answer_saturated() {
    let line = Line {
        name: "receiver-answer-saturated",
        what: "answer webhook (signed, 200 in a second), p99, while 512 events are in flight to \
               the journal",
        against: "the same without events",
        goal: Goal::AtMost(3.0),
    };
    let folder = folder();
    let mut ours = Ours::start(&folder, Until::Dispatched, SATURATED);
    let address = ours.server.address;
    let mut saturated = || {
        // Made before, so that the load stops for nothing.
        let events = (0..ROUNDS).flat_map(|_| ours.events.more()).collect();
        ours.load.renew(events);
        ours.sent += ROUNDS * EVENTS;
        let over = AtomicBool::new(false);
        let seconds = thread::scope(|scope| {
            let load = &mut ours.load;
            let over = &over;
            scope.spawn(move || {
                // What the callers wait for is to be the server, and not their turn on the core that they share.
                cores::stand_back();
                load.send(ROUNDS * EVENTS);
                over.store(true, Ordering::Relaxed);
            });
            ask(address, || over.load(Ordering::Relaxed))
        });
        // What is still to be dispatched would not let the next seconds be idle.
        ours.end.wait(ours.sent);
        ours.server.rest();
        seconds
    };
    let idle = || {
        let begin = Instant::now();
        ask(address, || begin.elapsed() > IDLE)
    };
    saturated();
    let pair = Pair::of(9, saturated, idle);
    line.print(pair.cost(), "x", &pair);
}

fn folder() -> TempDir {
    // Beside what is built: what the system has for temporary files may be no disk.
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

/// Our receiver and its senders.
struct Ours {
    server: Server,
    until: Until,
    load: Load,
    events: Events,
    end: End,
    sent: usize,
}

impl Ours {
    fn start(folder: &TempDir, until: Until, connections: usize) -> Self {
        let server = Server::receiver(folder.path(), until.server());
        Self {
            until,
            load: Load::new(server.address, connections, Vec::new(), 204),
            end: End(Load::new(server.address, 1, Vec::new(), 200)),
            events: Events::new("ours"),
            sent: 0,
            server,
        }
    }

    /// Seconds of processor time that one event takes.
    fn seconds_each(&mut self) -> f64 {
        self.load.renew(self.events.more());
        self.sent += EVENTS;
        let (load, end, until) = (&mut self.load, &mut self.end, self.until);
        self.server.seconds_each(EVENTS, |count| {
            load.send(count);
            if until == Until::Dispatched {
                end.wait(self.sent);
            }
            self.server.rest();
        })
    }
}

/// Waits for what was sent to be through.
struct End(Load);

impl End {
    /// Until so many events have been dispatched.
    fn wait(&mut self, count: usize) {
        let request = format!("GET /dispatched/{count} HTTP/1.1\r\nhost: a\r\n\r\n");
        self.0.renew(vec![request.into_bytes()]);
        self.0.send(1);
    }
}

/// Events that differ, each with its own token.
struct Events {
    signer: WebhookSigner,
    prefix: &'static str,
    legs: usize,
}

impl Events {
    fn new(prefix: &'static str) -> Self {
        Self { signer: signer(), prefix, legs: 0 }
    }

    /// The requests of a round. They are sent from the last to the first.
    fn more(&mut self) -> Vec<Vec<u8>> {
        let first = self.legs;
        self.legs += LEGS;
        // What happens to one leg is sent some time apart, as platforms do.
        let life = LIFE.iter().enumerate().rev();
        life.flat_map(|(nth, status)| (first..self.legs).rev().map(move |leg| (nth, status, leg)))
            .map(|(nth, status, leg)| {
                // Each happens a millisecond after the one before.
                let at = first * LIFE.len() + nth * LEGS + (leg - first);
                let at = Timestamp::from_secs(NOW).plus(Duration::from_millis(at as u64));
                let body = body(&format!("{}-{leg}", self.prefix), status, at);
                post(&body, self.signer.sign_body(&body, NOW).unwrap().expose())
            })
            .collect()
    }
}

fn signer() -> WebhookSigner {
    let signer = WebhookSigner::new(&SecretString::from(SECRET), "abcd1234").unwrap();
    signer.application_id("aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab")
}

/// An event as the platform has them, of some 300 bytes.
fn body(leg: &str, status: &str, at: Timestamp) -> Vec<u8> {
    let end = match status {
        "completed" => {
            r#""end_time":"2020-07-01T23:45:42.000Z","network":"GB-FIXED","duration":"10807","start_time":"2020-07-01T20:45:35.000Z","rate":"0.00720000","price":"1.29684000","#
        }
        "answered" => r#""start_time":null,"rate":null,"network":null,"#,
        _ => "",
    };
    format!(
        r#"{{{end}"headers":{{}},"from":"447700000001","to":"447700000002","uuid":"{leg}","conversation_uuid":"CON-bc643220-2542-499a-892e-{leg}","status":"{status}","direction":"inbound","timestamp":"{at}"}}"#
    )
    .into_bytes()
}

/// Asks for answers until it is over, at fixed times whatever the answers take; their p99.
fn ask(server: SocketAddr, is_over: impl Fn() -> bool + Sync) -> f64 {
    let begin = Instant::now() + EVERY;
    let mut seconds: Vec<f64> = thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS)
            .map(|caller| {
                let (first, is_over) = (begin + EVERY * caller / CALLERS, &is_over);
                scope.spawn(move || call(server, first, is_over))
            })
            .collect();
        callers.into_iter().flat_map(|caller| caller.join().unwrap()).collect()
    });
    seconds.sort_by(f64::total_cmp);
    seconds[(seconds.len() - 1) * 99 / 100]
}

/// Asks over one connection; what each answer took since its time to ask had come.
fn call(server: SocketAddr, first: Instant, is_over: impl Fn() -> bool) -> Vec<f64> {
    let query = "to=447700000002&from=447700000001\
                 &conversation_uuid=CON-bc643220-2542-499a-892e-c982c4150c06\
                 &uuid=797168e24c19a3c45e74e05b10fef2b5";
    let token = signer().sign_query(query, NOW).unwrap();
    let request = format!(
        "GET /webhooks/answer?{query} HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: */*\r\n\
         authorization: Bearer {}\r\n\r\n",
        token.expose()
    );
    let mut stream = TcpStream::connect(server).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut took = Vec::new();
    let mut due = first;
    while !is_over() {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        // The script is all that an answer's brackets are in.
        while !answer.ends_with(b"}]") {
            let mut bytes = [0; 1_024];
            let read = stream.read(&mut bytes).unwrap();
            assert!(read > 0, "{}", String::from_utf8_lossy(&answer));
            answer.extend_from_slice(&bytes[..read]);
        }
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
        took.push(due.elapsed().as_secs_f64());
        due += EVERY;
    }
    took
}
