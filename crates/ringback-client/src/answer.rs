//! What came back: the reply and everything around it.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use crate::error::{Error, Transport};

/// A reply together with what it was read from.
#[derive(Clone)]
#[non_exhaustive]
pub struct Answer<R> {
    /// The HTTP status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it came, every byte.
    pub body: Bytes,
    /// The reply that the body was read as.
    pub reply: R,
}

impl<R> Answer<R> {
    pub(crate) fn with<T>(self, reply: T) -> Answer<T> {
        Answer { status: self.status, headers: self.headers, body: self.body, reply }
    }
}

impl<R: std::fmt::Debug> std::fmt::Debug for Answer<R> {
    /// Leaves the body out: the answer to a created application holds its private key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .field("reply", &self.reply)
            .finish_non_exhaustive()
    }
}

/// An answer whose body is still coming, such as a stream of events.
#[derive(Debug)]
pub struct Open {
    response: reqwest::Response,
    operation: &'static str,
}

impl Open {
    pub(crate) fn new(response: reqwest::Response, operation: &'static str) -> Self {
        Self { response, operation }
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// The next piece of the body, or none at its end; waits as long as it takes.
    ///
    /// # Errors
    /// [`Error::Transport`] when the connection breaks.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        self.response.chunk().await.map_err(|error| Transport::new(self.operation, error).into())
    }
}
