//! A receiver behind a listener, and those who talk to it byte by byte.

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
    task::JoinHandle,
    time::{sleep, timeout},
};

use crate::webhooks;

pub(crate) const ASK: &[u8] = b"GET /webhooks/answer?to=44 HTTP/1.1\r\nhost: a\r\n\r\n";
pub(crate) const TELL: &[u8] = b"POST /webhooks/event HTTP/1.1\r\nhost: a\r\ncontent-length: 38\r\n\r\n{\"uuid\":\"a\",\"status\":\"answered\",\"a\":1}";

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) metrics: Metrics,
    _task: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(limits: Limits) -> Self {
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

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends bytes and reads until the server closes the connection.
    pub(crate) async fn exchange(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        stream.write_all(bytes).await.unwrap();
        rest(&mut stream).await
    }

    pub(crate) fn refused(&self, kind: &'static str, reason: &'static str) -> u64 {
        let counters = self.metrics.counters("requests_refused", "", &[]);
        // The labels are those of the first who registered it.
        counters.of(&[kind, reason]).get()
    }

    pub(crate) fn open(&self) -> i64 {
        self.metrics.gauge("connections_open", "").get()
    }
}

/// What comes until the end of the connection.
pub(crate) async fn rest(stream: &mut TcpStream) -> String {
    let mut reply = Vec::new();
    let _reset = stream.read_to_end(&mut reply).await.is_err();
    String::from_utf8(reply).unwrap()
}

/// Someone whose requests must go on: half of them on one connection, half on new ones.
pub(crate) struct Others {
    stop: Arc<AtomicBool>,
    task: JoinHandle<(usize, Duration)>,
}

impl Others {
    pub(crate) fn start(server: &Server) -> Self {
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
    pub(crate) async fn unharmed(self) -> (usize, Duration) {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await.unwrap()
    }
}

/// Sends one request on a connection that stays, and reads one reply.
pub(crate) async fn ask(stream: &mut TcpStream, request: &[u8], expected: &str) {
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
pub(crate) async fn drip(address: SocketAddr, head: &'static [u8]) -> String {
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
