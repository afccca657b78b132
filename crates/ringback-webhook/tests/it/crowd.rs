//! More connections than there is room for.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use ringback_webhook::{Limits, Script};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    sync::{Notify, mpsc},
    task::JoinHandle,
    time::{sleep, timeout},
};

use crate::{
    webhooks,
    wire::{ASK, Others, Server, TELL, ask, drip},
};

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

/// However long it was idle, and they are all newer than it.
#[tokio::test]
async fn one_who_has_asked_stays_before_those_who_never_did() {
    const LIMIT: usize = 32;
    let server = Server::start(Limits::new().connections(LIMIT)).await;
    let cut = server.metrics.counters("connections_cut", "", &[]).of(&["crowded"]);
    let mut kept = server.connect().await;
    ask(&mut kept, TELL, "HTTP/1.1 204").await;
    let mut strangers = Vec::new();
    while cut.get() < 3 * u64::try_from(LIMIT).unwrap() {
        strangers.push(server.connect().await);
        sleep(Duration::from_millis(1)).await;
    }
    ask(&mut kept, TELL, "HTTP/1.1 204").await;
    drop(strangers);
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
