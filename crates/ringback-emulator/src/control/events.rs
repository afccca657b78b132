//! Everything that happens, as server-sent events.

use std::{collections::VecDeque, convert::Infallible, sync::Arc, time::Duration};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderName, StatusCode, request::Parts};
use ringback_exchange::Refusal;
use ringback_model::{LegId, control::StreamEvents, operation::RequestParts};
use tokio::sync::broadcast::{self, error::RecvError};
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
            waiting: core.history.since(since).into(),
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
    waiting: VecDeque<Arc<Entry>>,
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
            if let Some(bytes) = self.write(&entry) {
                return Some(bytes);
            }
        }
        loop {
            let received = tokio::select! {
                () = self.stop.cancelled() => return None,
                received = tokio::time::timeout(KEEP_ALIVE, self.live.recv()) => received,
            };
            match received {
                Err(_) => return Some(Bytes::from_static(b": still here\n\n")),
                Ok(Err(RecvError::Lagged(_) | RecvError::Closed)) => return None,
                Ok(Ok(entry)) => {
                    if let Some(bytes) = self.write(&entry) {
                        return Some(bytes);
                    }
                }
            }
        }
    }

    fn write(&self, entry: &Entry) -> Option<Bytes> {
        let wanted = self.call.is_none() || self.call == entry.entry.call;
        wanted.then(|| format!("id: {}\ndata: {}\n\n", entry.entry.sequence, entry.json).into())
    }
}
