//! The platform's side: signed events over a few connections, as fast as they are acknowledged.

use std::{
    collections::HashSet,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use ringback_jwt::WebhookSigner;
use secrecy::SecretString;
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    task::JoinSet,
};

use super::process::SECRET;

/// How many connections.
const CONNECTIONS: usize = 64;
/// The life of a leg.
pub(crate) const LIFE: [&str; 4] = ["started", "ringing", "answered", "completed"];

/// Counts up over a whole run, so that no two legs have one name; knows what was acknowledged.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sender {
    legs: Arc<AtomicU64>,
    acknowledged: Arc<Mutex<HashSet<String>>>,
    refused: Arc<AtomicU64>,
}

impl Sender {
    /// Whole legs, one event after the other, until the connection breaks or the count is reached.
    pub(crate) async fn run(&self, to: SocketAddr, events: usize) {
        let enough = self.count() + events;
        let mut connections = JoinSet::new();
        for _ in 0..CONNECTIONS {
            let sender = self.clone();
            connections.spawn(async move {
                let Ok(stream) = TcpStream::connect(to).await else { return };
                stream.set_nodelay(true).unwrap();
                let mut stream = BufReader::new(stream);
                while sender.count() < enough {
                    if sender.leg(&mut stream).await.is_none() {
                        return;
                    }
                }
            });
        }
        connections.join_all().await;
    }

    /// The events that were acknowledged.
    pub(crate) fn acknowledged(&self) -> HashSet<String> {
        self.acknowledged.lock().unwrap().clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.acknowledged.lock().unwrap().len()
    }

    /// How many were refused with 503.
    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// The events of a new leg; none when the connection broke.
    async fn leg(&self, stream: &mut BufReader<TcpStream>) -> Option<()> {
        let leg = format!("{:032x}", self.legs.fetch_add(1, Ordering::Relaxed));
        for status in LIFE {
            match self.post(stream, &event(&leg, status)).await? {
                Reply { status: 200..=299, .. } => {
                    self.acknowledged.lock().unwrap().insert(format!("{leg} {status}"));
                }
                Reply { status: 503, retry_after } => {
                    assert!(retry_after, "503 says when to come again");
                    self.refused.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                Reply { status, .. } => panic!("answered {status}"),
            }
        }
        Some(())
    }

    /// Posts one event; the reply, or none when the connection broke.
    async fn post(&self, stream: &mut BufReader<TcpStream>, body: &str) -> Option<Reply> {
        stream.write_all(&request(body)).await.ok()?;
        reply(stream).await
    }

    /// Posts one event on a connection of its own until it is acknowledged, as a patient platform would.
    pub(crate) async fn insist(&self, to: &[SocketAddr], leg: &str, status: &str) {
        for attempt in 0_usize.. {
            let to = to[attempt % to.len()];
            if let Ok(stream) = TcpStream::connect(to).await {
                let mut stream = BufReader::new(stream);
                let reply = self.post(&mut stream, &event(leg, status)).await;
                if let Some(Reply { status: 200..=299, .. }) = reply {
                    self.acknowledged.lock().unwrap().insert(format!("{leg} {status}"));
                    return;
                }
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

pub(crate) fn event(leg: &str, status: &str) -> String {
    let start = match status {
        "completed" => json!("2018-10-25T09:26:20.000Z"),
        _ => json!(null),
    };
    json!({
        "headers": {}, "from": "447700000001", "to": "447700000002", "uuid": leg,
        "conversation_uuid": format!("CON-{leg}"), "status": status, "direction": "inbound",
        "timestamp": "2018-10-25T09:26:18.991Z", "start_time": start
    })
    .to_string()
}

fn request(body: &str) -> Vec<u8> {
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let signer = WebhookSigner::new(&SecretString::from(SECRET), "a1b2c3d4").unwrap();
    let token = signer.sign_body(body.as_bytes(), i64::try_from(now).unwrap()).unwrap();
    format!(
        "POST /webhooks/event HTTP/1.1\r\nhost: receiver\r\ncontent-type: application/json\r\n\
         authorization: Bearer {}\r\ncontent-length: {}\r\n\r\n{body}",
        token.expose(),
        body.len()
    )
    .into_bytes()
}

/// What matters of a reply.
struct Reply {
    status: u16,
    retry_after: bool,
}

async fn reply(stream: &mut BufReader<TcpStream>) -> Option<Reply> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
    let status = line.split(' ').nth(1)?.parse().ok()?;
    let (mut length, mut retry_after) = (0, false);
    loop {
        line.clear();
        stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.parse().ok()?;
            }
            Some((name, _)) => retry_after |= name.eq_ignore_ascii_case("retry-after"),
            None => break,
        }
    }
    stream.read_exact(&mut vec![0; length]).await.ok()?;
    Some(Reply { status, retry_after })
}
