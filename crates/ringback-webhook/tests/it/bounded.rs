//! Those who ask too much or too slowly, while others go on as if nothing were.

use std::time::{Duration, Instant};

use ringback_webhook::Limits;
use tokio::{io::AsyncWriteExt, time::sleep};

use crate::wire::{ASK, Others, Server, ask, drip, rest};

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
