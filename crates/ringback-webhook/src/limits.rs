//! What a request may cost.

use std::time::Duration;

/// What a request may cost; whatever exceeds it is refused or cut, others are not affected.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of a body; 1 MiB at first.
    pub body: usize,
    /// How deep arrays and objects may be nested; 64 at first.
    pub depth: usize,
    /// Bytes of the query of a GET; 64 KiB at first, of which [`Limits::head`] usually allows less.
    pub query: usize,
    /// Bytes of the request line and all headers; 16 KiB at first.
    pub head: usize,
    /// How many headers; 64 at first.
    pub headers: usize,
    /// How long the head of a request may take to arrive, from its first byte; 10 s at first.
    pub head_time: Duration,
    /// How long a connection may be open without a request; 75 s at first.
    ///
    /// Longer than a proxy keeps a connection that it does not use, which is 60 s for most:
    /// otherwise a request may meet a connection that is just being closed.
    pub idle_time: Duration,
    /// How long the rest of a request may take, until the event is kept; 10 s at first.
    ///
    /// The platform itself waits at most 10 s for the answer to an event.
    pub request_time: Duration,
    /// Connections at once; those that never asked, then those idle for longest, make room for more. 4,096 at first.
    pub connections: usize,
    /// Events that wait in memory for their handler or are in it; 1,024 at first.
    pub events: usize,
    /// How long stopping may take in all; 10 s at first.
    pub stop: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 1 << 20,
            depth: 64,
            query: 64 << 10,
            head: 16 << 10,
            headers: 64,
            head_time: Duration::from_secs(10),
            idle_time: Duration::from_secs(75),
            request_time: Duration::from_secs(10),
            connections: 4096,
            events: 1024,
            stop: Duration::from_secs(10),
        }
    }
}

impl Limits {
    /// The limits a new receiver has.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes of a body.
    #[must_use]
    pub fn body(mut self, bytes: usize) -> Self {
        self.body = bytes;
        self
    }

    /// How deep arrays and objects may be nested.
    #[must_use]
    pub fn depth(mut self, levels: usize) -> Self {
        self.depth = levels;
        self
    }

    /// How long the head of a request may take to arrive.
    #[must_use]
    pub fn head_time(mut self, time: Duration) -> Self {
        self.head_time = time;
        self
    }

    /// How long a connection may be open without a request.
    #[must_use]
    pub fn idle_time(mut self, time: Duration) -> Self {
        self.idle_time = time;
        self
    }

    /// How long the rest of a request may take.
    #[must_use]
    pub fn request_time(mut self, time: Duration) -> Self {
        self.request_time = time;
        self
    }

    /// Connections at once.
    #[must_use]
    pub fn connections(mut self, count: usize) -> Self {
        self.connections = count;
        self
    }

    /// Events in memory at once.
    #[must_use]
    pub fn events(mut self, count: usize) -> Self {
        self.events = count;
        self
    }

    /// How long stopping may take in all.
    #[must_use]
    pub fn stop(mut self, time: Duration) -> Self {
        self.stop = time;
        self
    }
}
