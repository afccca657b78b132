//! What can go wrong before a receiver runs.

/// Any error of a handler.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why a receiver cannot be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A signature secret cannot be used.
    #[error("a signature secret cannot be used")]
    Secret(#[source] ringback_jwt::Error),
    /// Strict mode has nothing to verify with.
    #[error("strict mode needs a signature secret; without one nothing can be verified")]
    StrictWithoutSecret,
    /// Neither answers nor events are handled.
    #[error("there is no handler; set `answer`, `event` or `keep`")]
    NoHandler,
    /// A route is not an absolute path.
    #[error("`{0}` is not a route: it begins with `/` and has no `{{`, `}}`, `?` or `#`")]
    Route(String),
    /// Answers and events have the same route.
    #[error("answers and events have the same route `{0}`; give each its own")]
    SameRoute(String),
    /// The URL to forward to is none.
    #[error("`{url}` is not a URL to forward to: it begins with `http://` or `https://`")]
    Target {
        /// What was given.
        url: String,
        /// Why it is no URL, unless it is one of another scheme.
        source: Option<url::ParseError>,
    },
    /// The HTTP client of a forwarder cannot be set up.
    #[error("the HTTP client cannot be set up")]
    Http(#[source] BoxError),
}

impl Error {
    /// Whether different secrets or another mode would help.
    #[must_use]
    pub fn is_verification(&self) -> bool {
        matches!(self, Self::Secret(_) | Self::StrictWithoutSecret)
    }
}
