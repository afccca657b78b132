//! Everything that happens, as server-sent events.

use std::{collections::VecDeque, convert::Infallible, sync::Arc, time::Duration};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderName, StatusCode, request::Parts};
use ringback_exchange::Refusal;
use ringback_model::{
    LegId,
    control::{StreamEvents, TranscriptEntry},
    operation::RequestParts,
};
use tokio::{
    sync::broadcast::{self, error::RecvError},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::decode;
use crate::{
    history::Entry,
    http::{gate, reply},
    platform::Platform,
};

/// How often a comment says that the connection still stands.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Streams from the entry after the one that was seen last, or from now on when nothing is said.
///
/// A reader that falls behind too far is cut off, and resumes where it was.
pub(super) fn stream(
    platform: &Arc<Platform>,
    head: &Parts,
    parts: &RequestParts,
) -> Result<Response, Refusal> {
    let StreamEvents { call, since, .. } = decode::<StreamEvents>(parts)?;
    // A browser that reconnects knows better than the address it was given at first.
    let seen = gate::text(&head.headers, LAST_EVENT_ID).and_then(|id| id.trim().parse().ok());
    let state = {
        // Under the lock, so that no entry is missed or told twice.
        let core = platform.core();
        let since = seen.or(since).unwrap_or_else(|| core.history.last());
        Listener {
            waiting: core.since(since).into(),
            live: platform.live.subscribe(),
            stop: platform.stop.clone(),
            call,
            begun: false,
        }
    };
    let body = Body::from_stream(stream::unfold(state, |mut listener| async {
        let next = listener.next().await?;
        Some((Ok::<_, Infallible>(next), listener))
    }));
    Ok(reply::typed(StatusCode::OK, "text/event-stream", body))
}

struct Listener {
    waiting: VecDeque<TranscriptEntry>,
    live: broadcast::Receiver<Arc<Entry>>,
    stop: CancellationToken,
    call: Option<LegId>,
    begun: bool,
}

impl Listener {
    /// The next bytes; none ends the stream.
    async fn next(&mut self) -> Option<Bytes> {
        if !self.begun {
            // Clients see at once that the stream stands.
            self.begun = true;
            return Some(Bytes::from_static(b"retry: 1000\n\n"));
        }
        while let Some(entry) = self.waiting.pop_front() {
            if self.wants(entry.call.as_ref()) {
                return Some(write(&Entry::new(entry)));
            }
        }
        // What is not for this listener does not keep the connection alive.
        let deadline = Instant::now() + KEEP_ALIVE;
        while Instant::now() < deadline {
            let received = tokio::select! {
                () = self.stop.cancelled() => return None,
                received = tokio::time::timeout_at(deadline, self.live.recv()) => received,
            };
            match received {
                Err(_) => break,
                Ok(Err(RecvError::Lagged(_) | RecvError::Closed)) => return None,
                Ok(Ok(entry)) => {
                    if self.wants(entry.call.as_ref()) {
                        return Some(write(&entry));
                    }
                }
            }
        }
        Some(Bytes::from_static(b": still here\n\n"))
    }

    fn wants(&self, call: Option<&LegId>) -> bool {
        self.call.is_none() || self.call.as_ref() == call
    }
}

fn write(entry: &Entry) -> Bytes {
    format!("id: {}\ndata: {}\n\n", entry.sequence, entry.json).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(sequence: u64, call: &str) -> Arc<Entry> {
        Arc::new(Entry { sequence, call: Some(call.into()), json: "{}".into() })
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_left_out_does_not_put_off_the_keep_alive() {
        let live = broadcast::Sender::new(16);
        let mut listener = Listener {
            waiting: VecDeque::new(),
            live: live.subscribe(),
            stop: CancellationToken::new(),
            call: Some("a".into()),
            begun: false,
        };
        assert_eq!(listener.next().await.unwrap(), "retry: 1000\n\n");
        let begun = Instant::now();
        let others = tokio::spawn(async move {
            for sequence in 1..100 {
                tokio::time::sleep(Duration::from_secs(4)).await;
                let call = if sequence == 9 { "a" } else { "b" };
                drop(live.send(entry(sequence, call)));
            }
        });
        let mut check = async |expected: &str, seconds: u64| {
            assert_eq!(listener.next().await.unwrap(), expected);
            // A timer may fire a millisecond late.
            assert_eq!(begun.elapsed().as_secs(), seconds, "{expected}");
        };
        check(": still here\n\n", 15).await;
        check(": still here\n\n", 30).await;
        check("id: 9\ndata: {}\n\n", 36).await;
        check(": still here\n\n", 51).await;
        others.abort();
    }
}
