//! Over real sockets: limits on what is no request yet, and stopping.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use ringback_model::{Kept, webhook::Answer};
use ringback_webhook::{Limits, Metrics, Receiver, Script, Stopped};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Notify, mpsc, oneshot},
    task::{JoinHandle, yield_now},
};

use crate::webhooks;

struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    stopped: JoinHandle<Stopped>,
}

async fn start(receiver: Receiver) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, signal) = oneshot::channel();
    let shutdown = async move { signal.await.unwrap_or(()) };
    let stopped = tokio::spawn(receiver.serve(listener, shutdown));
    Server { address, stop, stopped }
}

impl Server {
    /// Sends bytes and reads until the server closes the connection.
    async fn exchange(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut reply = Vec::new();
        // A reset after the reply is as good as an end.
        let _reset = stream.read_to_end(&mut reply).await.is_err();
        String::from_utf8(reply).unwrap()
    }
}

const ASK: &[u8] = b"GET /webhooks/answer?to=44 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

fn event(status: &str) -> Vec<u8> {
    let body = format!(r#"{{"uuid":"leg","status":"{status}"}}"#);
    let length = body.len();
    format!(
        "POST /webhooks/event HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

#[tokio::test]
async fn heads_are_limited() {
    let limits =
        Limits::new().head_time(Duration::from_millis(50)).request_time(Duration::from_millis(50));
    let receiver = webhooks()
        .limits(limits)
        .answer(Script::from_bytes("[]"))
        .event(async |_| ())
        .start()
        .unwrap();
    let server = start(receiver).await;
    // A head, and a body, that never end.
    let cut = server.exchange(b"GET /webhooks/answer?to=44 HTTP/1.1\r\nhost: a\r\nslow: ").await;
    assert!(cut.is_empty() || cut.starts_with("HTTP/1.1 408"), "{cut}");
    let slow = b"POST /webhooks/event HTTP/1.1\r\nhost: a\r\ncontent-length: 20\r\n\r\n{";
    assert!(server.exchange(slow).await.starts_with("HTTP/1.1 408"));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(65));
    assert!(server.exchange(many.as_bytes()).await.starts_with("HTTP/1.1 431"));
    let long = format!("GET / HTTP/1.1\r\na: {}\r\n\r\n", "b".repeat(20 << 10));
    assert!(server.exchange(long.as_bytes()).await.starts_with("HTTP/1.1 431"));
    let huge = b"POST /webhooks/event HTTP/1.1\r\nhost: a\r\ncontent-length: 1073741824\r\nconnection: close\r\n\r\n{";
    assert!(server.exchange(huge).await.starts_with("HTTP/1.1 413"));
    // Nobody else noticed.
    assert!(server.exchange(ASK).await.ends_with("\r\n\r\n[]"));
    server.stop.send(()).unwrap();
    assert!(server.stopped.await.unwrap().is_clean());
}

/// What a line of the metrics says.
fn told(metrics: &Metrics, name: &str) -> usize {
    let text = metrics.text();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.map_or(0, |number| number.trim().parse().unwrap())
}

#[tokio::test]
async fn an_answer_does_not_wait_for_the_heads_of_all_events() {
    const EVENTS: usize = 200;
    const HEADS: &str = r#"ringback_webhooks_received_total{kind="event",method="POST"}"#;
    let metrics = Metrics::new();
    let counted = metrics.clone();
    let answer = move |_: Kept<Answer>| {
        let before = told(&counted, HEADS);
        async move { serde_json::json!([before]) }
    };
    let receiver = webhooks().metrics(&metrics).answer(answer).event(async |_| ()).start().unwrap();
    let server = start(receiver).await;
    let mut streams = Vec::new();
    while streams.len() <= EVENTS {
        streams.push(TcpStream::connect(server.address).await.unwrap());
    }
    while told(&metrics, "ringback_connections_open ") < streams.len() {
        yield_now().await;
    }
    // On this one thread nobody reads before all of it is sent.
    let mut asking = streams.pop().unwrap();
    for stream in &streams {
        assert!(stream.try_write(&event("started")).unwrap() > 0);
    }
    assert_eq!(asking.try_write(ASK).unwrap(), ASK.len());
    let mut reply = String::new();
    asking.read_to_string(&mut reply).await.unwrap();
    let (_, script) = reply.split_once("\r\n\r\n").unwrap();
    let [before]: [usize; 1] = serde_json::from_str(script).unwrap();
    assert!(before < EVENTS / 2, "the heads of {before} events came first");
    for mut stream in streams {
        let mut reply = String::new();
        stream.read_to_string(&mut reply).await.unwrap();
        assert!(reply.starts_with("HTTP/1.1 204"), "{reply}");
    }
}

#[tokio::test]
async fn an_event_whose_head_does_not_end_holds_up_no_other() {
    let receiver = webhooks().answer(Script::from_bytes("[]")).event(async |_| ()).start().unwrap();
    let server = start(receiver).await;
    let mut begun = Vec::new();
    for _ in 0..100 {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(b"POST /webhooks/event HTTP/1.1\r\nhost: a\r\n").await.unwrap();
        begun.push(stream);
    }
    assert!(server.exchange(&event("started")).await.starts_with("HTTP/1.1 204"));
    for mut stream in begun {
        stream.write_all(b"content-length: 2\r\nconnection: close\r\n\r\n{}").await.unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).await.unwrap();
        assert!(reply.starts_with("HTTP/1.1 204"), "{reply}");
    }
}

#[tokio::test]
async fn an_event_that_comes_before_its_time_holds_up_no_other() {
    let go = Arc::new(Notify::new());
    let waiting = Arc::clone(&go);
    let answer = move |_: Kept<Answer>| {
        let waiting = Arc::clone(&waiting);
        async move {
            waiting.notified().await;
            Script::from_bytes("[]")
        }
    };
    let receiver = webhooks().answer(answer).event(async |_| ()).start().unwrap();
    let server = start(receiver).await;
    let mut begun = Vec::new();
    for _ in 0..50 {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(b"GET /webhooks/answer?to=44 HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        yield_now().await;
        stream.write_all(&event("started")).await.unwrap();
        begun.push(stream);
    }
    assert!(server.exchange(&event("started")).await.starts_with("HTTP/1.1 204"));
    for mut stream in begun {
        go.notify_one();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).await.unwrap();
        assert!(reply.starts_with("HTTP/1.1 200") && reply.contains("HTTP/1.1 204"), "{reply}");
    }
}

#[tokio::test]
async fn stopping_finishes_requests_and_events() {
    let (entered, mut handlers) = mpsc::unbounded_channel();
    let go = Arc::new(Notify::new());
    let (waiting, asked) = (go.clone(), entered.clone());
    let answered = go.clone();
    let (done, mut handled) = mpsc::unbounded_channel();
    let receiver = webhooks()
        .answer(move |_| {
            asked.send("answer").unwrap();
            let answered = answered.clone();
            async move {
                answered.notified().await;
                Script::from_bytes("[]")
            }
        })
        .event(move |_| {
            entered.send("event").unwrap();
            let (waiting, done) = (waiting.clone(), done.clone());
            async move {
                waiting.notified().await;
                done.send(()).unwrap();
            }
        })
        .start()
        .unwrap();
    let server = start(receiver).await;
    for status in ["started", "ringing"] {
        assert!(server.exchange(&event(status)).await.starts_with("HTTP/1.1 204"));
    }
    assert_eq!(handlers.recv().await, Some("event"));
    let mut asking = TcpStream::connect(server.address).await.unwrap();
    asking.write_all(ASK).await.unwrap();
    assert_eq!(handlers.recv().await, Some("answer"));
    let mut idle = TcpStream::connect(server.address).await.unwrap();

    server.stop.send(()).unwrap();
    // The idle connection ends first: stopping has begun, and nothing new comes in.
    assert_eq!(idle.read(&mut [0]).await.unwrap_or(0), 0);
    assert!(TcpStream::connect(server.address).await.is_err());
    assert!(!server.stopped.is_finished());
    // The event, the answer, and the second event of the same leg, each when it gets there.
    let release = tokio::spawn(async move {
        loop {
            go.notify_one();
            yield_now().await;
        }
    });
    let mut reply = String::new();
    asking.read_to_string(&mut reply).await.unwrap();
    assert!(reply.ends_with("\r\n\r\n[]"), "{reply}");
    let stopped = server.stopped.await.unwrap();
    release.abort();
    assert!(stopped.is_clean(), "{stopped:?}");
    assert_eq!((handled.recv().await, handled.recv().await), (Some(()), Some(())));
}

#[tokio::test]
async fn stopping_is_capped() {
    let (entered, mut handlers) = mpsc::unbounded_channel();
    let asked = entered.clone();
    let receiver = webhooks()
        .limits(Limits::new().stop(Duration::from_millis(40)))
        .answer(move |_| {
            asked.send(()).unwrap();
            std::future::pending::<Script>()
        })
        .event(move |_| {
            entered.send(()).unwrap();
            std::future::pending::<()>()
        })
        .start()
        .unwrap();
    let server = start(receiver).await;
    assert!(server.exchange(&event("started")).await.starts_with("HTTP/1.1 204"));
    let mut asking = TcpStream::connect(server.address).await.unwrap();
    asking.write_all(ASK).await.unwrap();
    handlers.recv().await.unwrap();
    handlers.recv().await.unwrap();
    server.stop.send(()).unwrap();
    let stopped = server.stopped.await.unwrap();
    assert_eq!((stopped.connections_cut, stopped.events_left), (1, 1));
}

#[tokio::test]
async fn more_connections_than_allowed_wait() {
    let limits = Limits::new().connections(1);
    let receiver = webhooks().limits(limits).answer(Script::from_bytes("[]")).start().unwrap();
    let server = start(receiver).await;
    let mut first = TcpStream::connect(server.address).await.unwrap();
    first.write_all(b"GET /webhooks/answer HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    first.read_u8().await.unwrap();
    let mut second = TcpStream::connect(server.address).await.unwrap();
    second.write_all(ASK).await.unwrap();
    yield_now().await;
    drop(first);
    let mut reply = String::new();
    second.read_to_string(&mut reply).await.unwrap();
    assert!(reply.ends_with("\r\n\r\n[]"), "{reply}");
    drop(server);
}
