//! The client and its one verb.

use std::{
    hash::{BuildHasher as _, Hasher as _, RandomState},
    sync::{Arc, OnceLock},
};

use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use ringback_http::Settings;
use ringback_model::{
    Operation,
    operation::{Host, OperationInfo, RequestParts},
};

use crate::{
    Retries,
    answer::{Answer, Open},
    credentials::Credentials,
    error::{Error, Undecodable},
    exchange::{Got, Want, read_whole},
    hosts::Hosts,
};

/// Sends operations and reads their replies.
///
/// Cloning is cheap and shares connections.
/// Nothing is set up before the first request: no connection, no TLS, no token.
#[derive(Clone)]
pub struct Client {
    pub(crate) credentials: Credentials,
    pub(crate) hosts: Hosts,
    pub(crate) settings: Settings,
    pub(crate) retries: Retries,
    pub(crate) headers: HeaderMap,
    pub(crate) clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    pub(crate) random: Arc<dyn Fn() -> f64 + Send + Sync>,
    pub(crate) http: Arc<OnceLock<reqwest::Client>>,
}

impl Client {
    /// A client of the platform's own hosts.
    #[must_use]
    pub fn new(credentials: Credentials) -> Self {
        Self {
            credentials,
            hosts: Hosts::default(),
            settings: Settings::new(),
            retries: Retries::new(),
            headers: HeaderMap::new(),
            clock: Arc::new(system_clock),
            random: Arc::new(jitter),
            http: Arc::default(),
        }
    }

    /// Sends every operation to this one origin, such as `http://127.0.0.1:4010`.
    ///
    /// # Errors
    /// [`Error::Origin`] when the text is not an http or https URL.
    pub fn origin(mut self, url: &str) -> Result<Self, Error> {
        self.hosts = Hosts::one(url)?;
        Ok(self)
    }

    /// Sends one family of operations elsewhere, such as to `https://api-us-3.vonage.com`.
    ///
    /// # Errors
    /// [`Error::Origin`] when the text is not an http or https URL.
    pub fn host(mut self, host: Host, url: &str) -> Result<Self, Error> {
        self.hosts.set(host, url)?;
        Ok(self)
    }

    /// How it connects and how long it waits; the time-out is that of one attempt.
    #[must_use]
    pub fn http(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self.http = Arc::default();
        self
    }

    /// When and how often a request is sent again.
    #[must_use]
    pub fn retries(mut self, retries: Retries) -> Self {
        self.retries = retries;
        self
    }

    /// Sends this header with every request.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Takes the time from here, for tokens and for dates in `Retry-After`.
    #[must_use]
    pub fn clock(mut self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Takes random numbers between 0 and 1 from here, for the waits between attempts.
    #[must_use]
    pub fn random(mut self, random: impl Fn() -> f64 + Send + Sync + 'static) -> Self {
        self.random = Arc::new(random);
        self
    }

    /// Where the operations of this description would be sent.
    ///
    /// # Errors
    /// [`Error::NoOrigin`] for an operation of the emulator when no origin was named.
    pub fn origin_of(&self, info: &'static OperationInfo) -> Result<&str, Error> {
        self.hosts.of(info)
    }

    /// Sends an operation and reads its reply.
    ///
    /// # Errors
    /// See [`Error`]: the API said no, no answer came, or the answer is not what it should be.
    pub fn send<'c, O: Operation>(
        &'c self,
        operation: &O,
    ) -> impl Future<Output = Result<O::Reply, Error>> + Send + use<'c, O> {
        let answer = self.send_kept(operation);
        async { Ok(answer.await?.reply) }
    }

    /// Sends an operation and keeps status, headers and body beside its reply.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn send_kept<'c, O: Operation>(
        &'c self,
        operation: &O,
    ) -> impl Future<Output = Result<Answer<O::Reply>, Error>> + Send + use<'c, O> {
        let parts = encode(operation);
        async move {
            let answer = self.send_raw(O::INFO, parts?).await?;
            match O::read_reply(answer.body.clone()) {
                Ok(reply) => Ok(answer.with(reply)),
                Err(source) => Err(Error::Decode(Box::new(Undecodable {
                    operation: O::INFO.id,
                    status: answer.status,
                    headers: answer.headers,
                    body: answer.body,
                    source,
                }))),
            }
        }
    }

    /// Sends a request that was written by hand, as `info` describes it, and reads nothing.
    ///
    /// # Errors
    /// As [`send`](Self::send), but for the reading.
    pub async fn send_raw(
        &self,
        info: &'static OperationInfo,
        parts: RequestParts,
    ) -> Result<Answer<()>, Error> {
        match self.exchange(info, &parts, Want::Whole).await? {
            Got::Whole(answer) => Ok(answer),
            // A whole answer was asked for.
            Got::Coming(response) => Ok(read_whole(info, response).await?),
        }
    }

    /// Sends an operation and leaves the body to be read piece by piece, without a time-out.
    ///
    /// # Errors
    /// As [`send`](Self::send), but for the reading.
    pub async fn open<O: Operation + Sync>(&self, operation: &O) -> Result<Open, Error> {
        let parts = encode(operation)?;
        self.open_raw(O::INFO, parts).await
    }

    /// Sends a request that was written by hand, as `info` describes it, and leaves the body to be
    /// read piece by piece, without a time-out.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn open_raw(
        &self,
        info: &'static OperationInfo,
        parts: RequestParts,
    ) -> Result<Open, Error> {
        match self.exchange(info, &parts, Want::Coming).await? {
            Got::Coming(response) => Ok(Open::new(response, info.id)),
            Got::Whole(answer) => Err(answer.failed(info.id)),
        }
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("credentials", &self.credentials)
            .field("hosts", &self.hosts)
            .field("settings", &self.settings)
            .field("retries", &self.retries)
            .finish_non_exhaustive()
    }
}

fn encode<O: Operation>(operation: &O) -> Result<RequestParts, Error> {
    operation.encode().map_err(|source| Error::Encode { operation: O::INFO.id, source })
}

#[expect(clippy::disallowed_methods, reason = "the clock of those who give none")]
fn system_clock() -> Timestamp {
    Timestamp::now()
}

/// A number between 0 and 1 from the seeds of the standard library's hash maps, good enough to scatter waits.
fn jitter() -> f64 {
    RandomState::new().build_hasher().finish() as f64 / u64::MAX as f64
}
