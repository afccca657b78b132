//! Those who ask too much or too slowly, while others go on as if nothing were.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use ringback_webhook::{Limits, Metrics, Script};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Notify, mpsc},
    task::JoinHandle,
    time::{sleep, timeout},
};

use crate::webhooks;

const ASK: &[u8] = b"GET /webhooks/answer?to=44 HTTP/1.1\r\nhost: a\r\n\r\n";
const TELL: &[u8] = b"POST /webhooks/event HTTP/1.1\r\nhost: a\r\ncontent-length: 38\r\n\r\n{\"uuid\":\"a\",\"status\":\"answered\",\"a\":1}";

struct Server {
    address: SocketAddr,
    metrics: Metrics,
    _task: JoinHandle<()>,
}

impl Server {
    async fn start(limits: Limits) -> Self {
        let metrics = Metrics::new();
        let receiver = webhooks()
            .limits(limits)
            .metrics(&metrics)
            .answer(async |_| Script::from_bytes("[]"))
            .event(async |_| ())
            .start()
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task =
            async { assert!(receiver.serve(listener, std::future::pending()).await.is_clean()) };
        Self { address, metrics, _task: tokio::spawn(task) }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends bytes and reads until the server closes the connection.
    async fn exchange(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        stream.write_all(bytes).await.unwrap();
        rest(&mut stream).await
    }

    fn refused(&self, kind: &'static str, reason: &'static str) -> u64 {
        let counters = self.metrics.counters("requests_refused", "", &[]);
        // The labels are those of the first who registered it.
        counters.of(&[kind, reason]).get()
    }

    fn open(&self) -> i64 {
        self.metrics.gauge("connections_open", "").get()
    }
}

/// What comes until the end of the connection.
async fn rest(stream: &mut TcpStream) -> String {
    let mut reply = Vec::new();
    let _reset = stream.read_to_end(&mut reply).await.is_err();
    String::from_utf8(reply).unwrap()
}

/// Someone whose requests must go on: half of them on one connection, half on new ones.
struct Others {
    stop: Arc<AtomicBool>,
    task: JoinHandle<(usize, Duration)>,
}

impl Others {
    fn start(server: &Server) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, address) = (Arc::clone(&stop), server.address);
        let task = tokio::spawn(async move {
            let mut kept = TcpStream::connect(address).await.unwrap();
            let (mut done, mut slowest) = (0, Duration::ZERO);
            while !stopped.load(Ordering::Relaxed) {
                let begin = Instant::now();
                let mut fresh = TcpStream::connect(address).await.unwrap();
                for stream in [&mut kept, &mut fresh] {
                    ask(stream, ASK, "HTTP/1.1 200").await;
                    ask(stream, TELL, "HTTP/1.1 204").await;
                    done += 2;
                }
                slowest = slowest.max(begin.elapsed());
                sleep(Duration::from_millis(5)).await;
            }
            (done, slowest)
        });
        Self { stop, task }
    }

    /// All of their requests had the right reply; how many there were, and how long four took at most.
    async fn unharmed(self) -> (usize, Duration) {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await.unwrap()
    }
}

/// Sends one request on a connection that stays, and reads one reply.
async fn ask(stream: &mut TcpStream, request: &[u8], expected: &str) {
    stream.write_all(request).await.unwrap();
    let mut reply = Vec::new();
    while !(reply.ends_with(b"\r\n\r\n[]")
        || (reply.ends_with(b"\r\n\r\n") && reply.starts_with(b"HTTP/1.1 204")))
    {
        let read = timeout(Duration::from_secs(20), stream.read_buf(&mut reply)).await;
        assert!(read.unwrap().unwrap() > 0, "{}", String::from_utf8_lossy(&reply));
    }
    assert!(reply.starts_with(expected.as_bytes()), "{}", String::from_utf8_lossy(&reply));
}

/// Sends the bytes one by one until the server has had enough.
async fn drip(address: SocketAddr, head: &'static [u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(head).await.unwrap();
    let (mut read, mut write) = stream.split();
    let mut reply = Vec::new();
    let dripping = async {
        while write.write_all(b"a").await.is_ok() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        _ = read.read_to_end(&mut reply) => {}
        () = dripping => {}
    }
    String::from_utf8(reply).unwrap()
}

/// Nobody accepts meanwhile, for the one thread connects: all of them wait in the queue of the system.
#[tokio::test]
async fn a_burst_of_connections_waits_and_none_is_reset() {
    let server = Server::start(Limits::new()).await;
    ask(&mut server.connect().await, ASK, "HTTP/1.1 200").await;
    let allowed = std::fs::read_to_string("/proc/sys/net/core/somaxconn");
    let count = allowed.map_or(100, |allowed| allowed.trim().parse().unwrap()).min(400);
    let mut burst = Vec::with_capacity(count);
    for at in 0..count {
        let stream = std::net::TcpStream::connect_timeout(&server.address, Duration::from_secs(10));
        burst.push(stream.unwrap_or_else(|error| panic!("{at} of {count}: {error}")));
    }
    for stream in burst {
        stream.set_nonblocking(true).unwrap();
        ask(&mut TcpStream::from_std(stream).unwrap(), TELL, "HTTP/1.1 204").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_heads_and_bodies_are_cut() {
    let time = Duration::from_secs(1);
    let server = Server::start(Limits::new().head_time(time).request_time(time)).await;
    let others = Others::start(&server);
    let mut slow = tokio::task::JoinSet::new();
    let begin = Instant::now();
    for _ in 0..100 {
        slow.spawn(drip(server.address, b"GET /webhooks/answer HTTP/1.1\r\na: "));
        slow.spawn(drip(
            server.address,
            b"POST /webhooks/event HTTP/1.1\r\nhost: a\r\ncontent-length: 100000\r\n\r\n",
        ));
        slow.spawn(drip(
            server.address,
            b"POST /webhooks/event HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nffff\r\n",
        ));
    }
    while let Some(reply) = slow.join_next().await {
        let reply = reply.unwrap();
        assert!(reply.is_empty() || reply.starts_with("HTTP/1.1 408"), "{reply}");
    }
    assert!(begin.elapsed() < Duration::from_secs(15), "{:?}", begin.elapsed());
    let (done, slowest) = others.unharmed().await;
    assert!(done >= 4 && slowest < Duration::from_secs(5), "{done} {slowest:?}");
    // Counted right after the connection is closed.
    while server.refused("connection", "head-too-slow") < 100 {
        assert!(begin.elapsed() < Duration::from_secs(20));
        sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(server.refused("connection", "head-too-slow"), 100);
    assert_eq!(server.refused("event", "request-too-slow"), 200);
}

#[tokio::test]
async fn an_idle_connection_is_closed_and_not_refused() {
    let time = Duration::from_millis(50);
    let server = Server::start(Limits::new().head_time(time).idle_time(4 * time)).await;
    let mut idle = server.connect().await;
    ask(&mut idle, ASK, "HTTP/1.1 200").await;
    assert_eq!(rest(&mut idle).await, "");
    let mut silent = server.connect().await;
    assert_eq!(rest(&mut silent).await, "");
    assert_eq!(server.refused("connection", "head-too-slow"), 0);
    // A second head is late from its own first byte, however long the connection was idle.
    let mut late = server.connect().await;
    ask(&mut late, ASK, "HTTP/1.1 200").await;
    sleep(3 * time).await;
    ask(&mut late, ASK, "HTTP/1.1 200").await;
    late.write_all(b"GET /").await.unwrap();
    let begin = Instant::now();
    assert_eq!(rest(&mut late).await, "");
    assert!(begin.elapsed() >= time, "{:?}", begin.elapsed());
    assert_eq!(server.refused("connection", "head-too-slow"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_headers_is_cut() {
    let server = Server::start(Limits::new()).await;
    let others = Others::start(&server);
    for (name, line) in [
        ("headers", "a: b\r\n".to_owned()),
        ("one header", "b".repeat(1000)),
        ("empty lines", "\r\n".repeat(500)),
    ] {
        let mut stream = server.connect().await;
        stream.write_all(b"GET /webhooks/answer HTTP/1.1\r\n").await.unwrap();
        let mut sent = 0;
        // Nothing waits for a reply: it goes on until the server closes the connection.
        while sent < 64 << 20 && stream.write_all(line.as_bytes()).await.is_ok() {
            sent += line.len();
        }
        assert!(sent < 16 << 20, "{name}: {sent} bytes were taken");
    }
    let (done, _) = others.unharmed().await;
    assert!(done > 0);
    assert!(server.refused("connection", "head-too-large") >= 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_are_refused_before_they_are_read() {
    let server = Server::start(Limits::new()).await;
    let others = Others::start(&server);
    // Nothing of these bodies is ever sent, and the reply is there.
    for (header, status) in [
        ("content-encoding: gzip\r\ncontent-length: 1000", "415"),
        ("content-encoding: gzip\r\ntransfer-encoding: chunked", "415"),
        ("content-encoding: deflate\r\ncontent-length: 1073741824", "415"),
        ("content-length: 1073741824", "413"),
        ("content-length: 1048577", "413"),
        ("content-length: 9223372036854775807", "413"),
        ("expect: 100-continue\r\ncontent-length: 1073741824", "413"),
    ] {
        let head = format!(
            "POST /webhooks/event HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{header}\r\n\r\n"
        );
        let reply = server.exchange(head.as_bytes()).await;
        assert!(reply.starts_with(&format!("HTTP/1.1 {status}")), "{header}: {reply}");
    }
    // A gigabyte in chunks, and one that nobody announced.
    let chunk = format!("10000\r\n{}\r\n", "a".repeat(0x10000));
    for (head, piece) in [
        ("POST /webhooks/event HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n", &chunk),
        ("POST /webhooks/event HTTP/1.1\r\nhost: a\r\ncontent-length: 1073741824\r\n\r\n", &chunk),
        ("POST /webhooks/event HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n{}", &chunk),
        ("GET /webhooks/answer HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n", &chunk),
    ] {
        let mut stream = server.connect().await;
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut sent = 0;
        while sent < 1 << 30 && stream.write_all(piece.as_bytes()).await.is_ok() {
            sent += piece.len();
        }
        assert!(sent < 16 << 20, "{head}: {sent} bytes were taken");
    }
    others.unharmed().await;
    assert_eq!(server.refused("event", "content-encoded"), 3);
    assert_eq!(server.refused("event", "body-too-large"), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deep_json_costs_no_more_than_its_bytes() {
    let server = Server::start(Limits::new()).await;
    let others = Others::start(&server);
    for text in ["[", "{\"a\":", "[{\"a\":"] {
        let body = text.repeat((1 << 20) / text.len());
        let head = format!(
            "POST /webhooks/event HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let begin = Instant::now();
        let reply = server.exchange((head + &body).as_bytes()).await;
        assert!(reply.starts_with("HTTP/1.1 400"), "{reply}");
        assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    }
    others.unharmed().await;
    assert_eq!(server.refused("event", "json-too-deep"), 3);
}

/// As many as the system allows, ten thousand if it can be: each has two ends in this process.
fn crowd() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    // Where it may not be raised, the test is smaller.
    let _small = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).is_err();
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    usize::try_from(files.saturating_sub(1200)).unwrap().min(10_000)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_connections_make_room() {
    const LIMIT: usize = 512;
    let count = crowd();
    assert!(count >= 2 * LIMIT, "the system allows too few open files: {count}");
    let server = Server::start(Limits::new().connections(LIMIT)).await;
    let others = Others::start(&server);
    let cut = server.metrics.counters("connections_cut", "", &[]).of(&["crowded"]);
    let open = server.metrics.gauge("connections_open", "");
    let mut idle = Vec::with_capacity(count);
    let mut seen = 0;
    for at in 0..count {
        let mut stream = server.connect().await;
        // Half of them say nothing, half never come to an end.
        if at % 2 == 0 {
            let _gone = stream.write_all(b"GET /webhooks/answer HTTP/1.1\r\na: ").await.is_err();
        }
        idle.push(stream);
        // As fast as they are accepted: the system lets those who overrun it wait for seconds.
        while idle.len() > seen + 500 {
            sleep(Duration::from_millis(1)).await;
            seen = usize::try_from(cut.get()).unwrap() + usize::try_from(open.get()).unwrap();
        }
    }
    let (done, slowest) = others.unharmed().await;
    assert!(done >= 20, "{done}");
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
    // The crowd is still there, and a stranger is served at once.
    let begin = Instant::now();
    ask(&mut server.connect().await, TELL, "HTTP/1.1 204").await;
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    assert!(open.get() <= i64::try_from(LIMIT).unwrap(), "{}", open.get());
    assert!(cut.get() >= u64::try_from(count - LIMIT).unwrap(), "{}", cut.get());
    drop(idle);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_bodies_make_room_too() {
    const SLOW: &[u8] = b"POST /webhooks/event HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\n";
    let server = Server::start(Limits::new().connections(32)).await;
    let slow: Vec<_> = (0..100).map(|_| tokio::spawn(drip(server.address, SLOW))).collect();
    while server.open() < 32 {
        sleep(Duration::from_millis(1)).await;
    }
    for _ in 0..3 {
        ask(&mut server.connect().await, TELL, "HTTP/1.1 204").await;
    }
    slow.iter().for_each(JoinHandle::abort);
}

#[tokio::test]
async fn requests_in_hand_are_never_cut_for_others() {
    let (entered, mut entries) = mpsc::unbounded_channel();
    let go = Arc::new(Notify::new());
    let waiting = Arc::clone(&go);
    let receiver = webhooks()
        .limits(Limits::new().connections(2))
        .answer(move |_| {
            entered.send(()).unwrap();
            let waiting = Arc::clone(&waiting);
            async move {
                waiting.notified().await;
                Script::from_bytes("[]")
            }
        })
        .start()
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(receiver.serve(listener, std::future::pending()));
    let asking: Vec<_> = (0..3)
        .map(|_| {
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(address).await.unwrap();
                ask(&mut stream, ASK, "HTTP/1.1 200").await;
                stream
            })
        })
        .collect();
    entries.recv().await.unwrap();
    entries.recv().await.unwrap();
    // The third waits, however long: nobody is idle.
    assert!(timeout(Duration::from_millis(300), entries.recv()).await.is_err());
    go.notify_waiters();
    // One of the first two has its reply and nothing to do, so it makes room for the third.
    entries.recv().await.unwrap();
    go.notify_waiters();
    for asked in asking {
        asked.await.unwrap();
    }
}
