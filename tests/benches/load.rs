//! Requests over connections that are kept open, as many as asked for, as plain bytes.

use std::{cell::Cell, net::SocketAddr};

use futures_util::future::join_all;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    runtime::{Builder, Runtime},
};

/// Connections to one server, and the requests that go over them in turn.
pub(crate) struct Load {
    runtime: Runtime,
    connections: Vec<Connection>,
    requests: Vec<Vec<u8>>,
    expected: u16,
}

struct Connection {
    server: SocketAddr,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
}

/// What a response says of itself.
struct Head {
    status: u16,
    /// Bytes of the whole response; none when it ends with the connection.
    length: Option<usize>,
    kept_open: bool,
}

impl Load {
    /// Sends these requests again and again; each has to be answered with this status.
    pub(crate) fn new(
        server: SocketAddr,
        connections: usize,
        requests: Vec<Vec<u8>>,
        expected: u16,
    ) -> Self {
        let connection = || Connection { server, stream: None, buffer: Vec::new() };
        Self {
            runtime: Builder::new_current_thread().enable_all().build().unwrap(),
            connections: std::iter::repeat_with(connection).take(connections).collect(),
            requests,
            expected,
        }
    }

    /// Sends these from now on.
    pub(crate) fn renew(&mut self, requests: Vec<Vec<u8>>) {
        self.requests = requests;
    }

    /// Sends so many requests, one at a time on each connection, and waits for the responses.
    pub(crate) fn send(&mut self, count: usize) {
        let (left, requests, expected) = (Cell::new(count), &self.requests, self.expected);
        let lanes = self.connections.iter_mut().map(|connection| async {
            while left.get() > 0 {
                left.set(left.get() - 1);
                let request = &requests[left.get() % requests.len()];
                let status = connection.exchange(request).await;
                assert_eq!(status, expected, "{}", String::from_utf8_lossy(&connection.buffer));
            }
        });
        self.runtime.block_on(join_all(lanes));
    }
}

impl Connection {
    async fn exchange(&mut self, request: &[u8]) -> u16 {
        // A connection that idled may have been closed by the server meanwhile.
        if let Some(stream) = self.stream.take()
            && let Some(status) = self.attempt(stream, request).await
        {
            return status;
        }
        let stream = TcpStream::connect(self.server).await.unwrap();
        stream.set_nodelay(true).unwrap();
        self.attempt(stream, request).await.unwrap()
    }

    async fn attempt(&mut self, mut stream: TcpStream, request: &[u8]) -> Option<u16> {
        stream.write_all(request).await.ok()?;
        self.buffer.clear();
        loop {
            let read = stream.read_buf(&mut self.buffer).await.ok()?;
            let head = head(&self.buffer);
            if let Some(Head { status, length, kept_open }) = head {
                if length.is_some_and(|length| self.buffer.len() >= length) {
                    self.stream = kept_open.then_some(stream);
                    return Some(status);
                }
                if read == 0 {
                    return length.is_none().then_some(status);
                }
            } else if read == 0 {
                return None;
            }
        }
    }
}

/// A signed event.
pub(crate) fn post(body: &[u8], token: &str) -> Vec<u8> {
    let head = format!(
        "POST /webhooks/event HTTP/1.1\r\nhost: 127.0.0.1\r\nuser-agent: bench\r\naccept: */*\r\n\
         content-type: application/json\r\nauthorization: Bearer {token}\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// Reads the head of a response, once all of it is there.
fn head(bytes: &[u8]) -> Option<Head> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&bytes[..end]).ok()?;
    let mut lines = text.lines();
    let mut first = lines.next()?.split(' ');
    let mut kept_open = first.next()? != "HTTP/1.0";
    let status = first.next()?.parse().ok()?;
    let mut length = (status == 204).then_some(end);
    for line in lines {
        let Some((name, value)) = line.split_once(':') else { continue };
        if name.eq_ignore_ascii_case("content-length") {
            length = Some(end + value.trim().parse::<usize>().ok()?);
        } else if name.eq_ignore_ascii_case("connection") {
            kept_open &= !value.trim().eq_ignore_ascii_case("close");
        }
    }
    Some(Head { status, length, kept_open })
}
