//! What can go wrong while a client is built.

/// A client that cannot be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The TLS configuration is not possible.
    #[error("the TLS configuration is not possible")]
    Tls(#[source] rustls::Error),
    /// A setting cannot be used, such as a user agent with a line break in it.
    #[error("the HTTP client cannot be built with these settings")]
    Build(#[source] reqwest::Error),
}

impl Error {
    /// Whether the TLS configuration is at fault.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        matches!(self, Self::Tls(_))
    }
}
