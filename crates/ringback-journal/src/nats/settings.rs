//! How the journal is kept on a cluster.

use std::{fmt, time::Duration};

/// What a journal on a cluster is opened with; what it begins with is right for three servers.
#[derive(Clone, Debug)]
#[must_use]
pub struct NatsSettings {
    pub(super) stream: String,
    pub(super) replicas: usize,
    pub(super) window: Duration,
    pub(super) max_age: Option<Duration>,
    pub(super) in_flight: usize,
    pub(super) lease: Duration,
    pub(super) timeout: Duration,
    pub(super) relaxed: bool,
    pub(super) monitors: Vec<String>,
    pub(super) system: Option<Hidden>,
}

/// A text that is not shown.
#[derive(Clone)]
pub(super) struct Hidden(pub(super) String);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl Default for NatsSettings {
    fn default() -> Self {
        Self {
            stream: "RINGBACK_EVENTS".to_owned(),
            replicas: 3,
            window: Duration::from_secs(72 * 3600),
            max_age: None,
            in_flight: 4096,
            lease: Duration::from_secs(5),
            timeout: Duration::from_secs(5),
            relaxed: false,
            monitors: Vec::new(),
            system: None,
        }
    }
}

impl NatsSettings {
    /// The first settings.
    pub fn new() -> Self {
        Self::default()
    }

    /// The name of the stream, `RINGBACK_EVENTS` at first: letters, digits, `_` and `-`.
    pub fn stream(mut self, name: &str) -> Self {
        name.clone_into(&mut self.stream);
        self
    }

    /// On how many servers each entry is kept, 3 at first; less is for [`relaxed`](Self::relaxed).
    pub fn replicas(mut self, replicas: usize) -> Self {
        self.replicas = replicas;
        self
    }

    /// For how long a copy of an entry is known as one, 72 hours at first.
    pub fn window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// How old an entry becomes before the servers forget it, settled or not; they never do at first.
    pub fn max_age(mut self, age: Option<Duration>) -> Self {
        self.max_age = age;
        self
    }

    /// How many entries may wait for their acknowledgement, 4096 at first; more are
    /// [busy](crate::Error::Busy).
    pub fn in_flight(mut self, entries: usize) -> Self {
        self.in_flight = entries;
        self
    }

    /// After how long without a word a holder of a consumer is taken to be gone, 5 s at first.
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    /// How long an answer of the cluster is waited for, 5 s at first.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Whether to start where an acknowledgement may be lost: it is said then what is given up.
    pub fn relaxed(mut self, relaxed: bool) -> Self {
        self.relaxed = relaxed;
        self
    }

    /// Where the servers show their settings: the address of each one's monitoring port, such as
    /// `http://a:8222`.
    pub fn monitors(mut self, addresses: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.monitors = addresses.into_iter().map(Into::into).collect();
        self
    }

    /// The servers with the login of their system account, which may ask all of them for their
    /// settings: `nats://sys:password@a:4222,b:4222`.
    pub fn system(mut self, addresses: &str) -> Self {
        self.system = Some(Hidden(addresses.to_owned()));
        self
    }
}
