//! Whose turn it is.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// So many events are looked at before the answer webhook has its turn again, however many have come.
const GROUP: usize = 16;

/// The turns of events; what is no event never waits for one.
#[derive(Clone, Debug)]
pub(crate) struct Turns {
    free: Arc<Semaphore>,
    route: Arc<str>,
}

/// It is over when this is dropped.
pub(crate) type Turn = OwnedSemaphorePermit;

impl Turns {
    /// For events that come on this route.
    pub(crate) fn new(route: &str) -> Self {
        Self { free: Arc::new(Semaphore::new(GROUP)), route: route.into() }
    }

    /// Whether a request that begins with these bytes brings an event.
    pub(crate) fn concern(&self, head: &[u8]) -> bool {
        let target = head.strip_prefix(b"POST ").or_else(|| head.strip_prefix(b"GET "));
        let rest = target.and_then(|target| target.strip_prefix(self.route.as_bytes()));
        matches!(rest, Some([b' ' | b'?', ..]))
    }

    /// A turn, if nobody waits for it.
    pub(crate) fn now(&self) -> Option<Turn> {
        Arc::clone(&self.free).try_acquire_owned().ok()
    }

    /// Nobody waits for a turn any more.
    pub(crate) fn open(&self) {
        self.free.add_permits(Semaphore::MAX_PERMITS / 2);
    }

    /// A turn, first come first served.
    pub(crate) async fn next(self) -> Option<Turn> {
        self.free.acquire_owned().await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_known_by_how_their_requests_begin() {
        let turns = Turns::new("/webhooks/event");
        let check = |head: &str, expected: bool| {
            assert_eq!(turns.concern(head.as_bytes()), expected, "{head}");
        };
        check("POST /webhooks/event HTTP/1.1\r\n", true);
        check("GET /webhooks/event?status=ringing HTTP/1.1\r\n", true);
        check("GET /webhooks/answer?to=1 HTTP/1.1\r\n", false);
        check("POST /webhooks/events HTTP/1.1\r\n", false);
        check("POST /webhooks/event", false);
        check("PUT /webhooks/event HTTP/1.1\r\n", false);
        check("", false);
    }
}
