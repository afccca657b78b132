//! Why an operation has no reply.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode};
use ringback_model::{
    ReadError,
    operation::{EncodeError, Scheme},
    problem::Problem,
};

/// Why an operation has no reply; ask the predicates first.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The API answered, and said no.
    #[error("{}", .0.line())]
    Api(Box<Failure>),
    /// No answer came.
    #[error("{}: {}", .0.operation, .0.explanation)]
    Transport(Box<Transport>),
    /// A success came whose body is not what the operation answers.
    #[error("the answer to {} cannot be read", .0.operation)]
    Decode(Box<Undecodable>),
    /// The operation cannot be written.
    #[error("{operation} cannot be written")]
    Encode {
        /// The operation's id.
        operation: &'static str,
        /// What cannot be written.
        source: EncodeError,
    },
    /// There are no credentials of a kind that the operation takes.
    #[error("{operation} needs {}", needs(.needed))]
    Credentials {
        /// The operation's id.
        operation: &'static str,
        /// What it takes.
        needed: &'static [Scheme],
    },
    /// No token can be minted.
    #[error("no token can be minted")]
    Token(#[source] ringback_jwt::Error),
    /// A credential holds a character that cannot stand in a header.
    #[error("{what} holds a line break or another character that cannot be sent")]
    Unsendable {
        /// Which credential.
        what: &'static str,
    },
    /// The origin is not usable.
    #[error("`{url}` is no origin to send to: {reason}")]
    Origin {
        /// What was given, without any password.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The operation is one of the emulator's own, and no emulator is named.
    #[error(
        "{operation} is an operation of the emulator: name its origin, such as http://127.0.0.1:4010"
    )]
    NoOrigin {
        /// The operation's id.
        operation: &'static str,
    },
    /// A list's next page is the page before, which would go on for ever.
    #[error("the next page that {operation} names is the same page again")]
    Paging {
        /// The operation's id.
        operation: &'static str,
    },
    /// The HTTP client cannot be built.
    #[error("the HTTP client cannot be built")]
    Build(#[source] ringback_http::Error),
}

impl Error {
    /// The HTTP status, where an answer came.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Api(failure) => Some(failure.status),
            Self::Decode(undecodable) => Some(undecodable.status),
            _ => None,
        }
    }

    /// The answer that said no.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Api(failure) => Some(failure),
            _ => None,
        }
    }

    /// What the body of the answer says, whatever its shape.
    #[must_use]
    pub fn problem(&self) -> Option<Problem> {
        self.failure().map(Failure::problem)
    }

    /// Whether the same may work later: 429, 502, 503, 504, or no answer.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Api(failure) => matches!(failure.status.as_u16(), 429 | 502..=504),
            Self::Transport(_) => true,
            _ => false,
        }
    }

    /// Whether the API said 404.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(StatusCode::NOT_FOUND)
    }

    /// Whether the API said 401.
    #[must_use]
    pub fn is_unauthorized(&self) -> bool {
        self.status() == Some(StatusCode::UNAUTHORIZED)
    }

    /// Whether no connection came about, so that nothing was sent.
    #[must_use]
    pub fn is_connect(&self) -> bool {
        matches!(self, Self::Transport(transport) if transport.connect)
    }

    /// Whether time ran out.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::Transport(transport) if transport.timeout)
    }

    /// Whether credentials are missing or unusable on this side.
    #[must_use]
    pub fn is_credentials(&self) -> bool {
        matches!(self, Self::Credentials { .. } | Self::Token(_) | Self::Unsendable { .. })
    }
}

/// An answer that said no, kept whole.
#[derive(Clone)]
#[non_exhaustive]
pub struct Failure {
    /// The operation's id.
    pub operation: &'static str,
    /// The HTTP status; 200 where the platform puts a failure into the body only.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it came, every byte.
    pub body: Bytes,
}

impl Failure {
    /// What the body says, whatever its shape.
    #[must_use]
    pub fn problem(&self) -> Problem {
        Problem::read(self.status.as_u16(), &self.body)
    }

    /// The code of the check that failed, where an emulator says it, such as `token-expired`.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.header("ringback-reason")
    }

    /// What to do about it, where an emulator says it.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.header("ringback-hint")
    }

    /// The id under which the emulator tells more.
    #[must_use]
    pub fn trace(&self) -> Option<&str> {
        self.header("ringback-trace")
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(HeaderValue::to_str)?.ok()
    }

    fn line(&self) -> String {
        let Self { operation, status, .. } = self;
        let problem = self.problem();
        let said = problem.summary();
        match (status.is_redirection(), self.header("location")) {
            (true, Some(location)) => {
                let place: String = location.chars().take(200).collect();
                format!("{operation}: the API answered {} and points to {place}", status.as_u16())
            }
            _ => format!("{operation}: the API answered {}: {said}", status.as_u16()),
        }
    }
}

impl std::fmt::Debug for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Failure")
            .field("operation", &self.operation)
            .field("status", &self.status)
            .field("headers", &self.headers)
            .field("body", &String::from_utf8_lossy(&self.body))
            .finish()
    }
}

/// A request without an answer.
#[derive(Debug, thiserror::Error)]
#[error("{explanation}")]
#[non_exhaustive]
pub struct Transport {
    /// The operation's id.
    pub operation: &'static str,
    /// What failed and what to look at, one sentence.
    pub explanation: String,
    /// Whether no connection came about, so that nothing was sent.
    pub connect: bool,
    /// Whether time ran out.
    pub timeout: bool,
    /// The transport's own error, without the URL, which may hold credentials.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

impl Transport {
    pub(crate) fn new(operation: &'static str, error: reqwest::Error) -> Self {
        Self {
            operation,
            explanation: ringback_http::explain(&error),
            connect: ringback_http::is_connect(&error),
            timeout: ringback_http::is_timeout(&error),
            source: Box::new(error.without_url()),
        }
    }
}

impl From<Transport> for Error {
    fn from(transport: Transport) -> Self {
        Self::Transport(Box::new(transport))
    }
}

/// A success that could not be read.
#[derive(thiserror::Error)]
#[error("{source}")]
#[non_exhaustive]
pub struct Undecodable {
    /// The operation's id.
    pub operation: &'static str,
    /// The HTTP status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it came, every byte.
    pub body: Bytes,
    /// Where in the JSON and what is wrong there.
    pub source: ReadError,
}

impl std::fmt::Debug for Undecodable {
    /// Leaves the body out: a success may hold a private key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Undecodable")
            .field("operation", &self.operation)
            .field("status", &self.status)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

fn needs(schemes: &[Scheme]) -> String {
    let mut parts: Vec<&str> = schemes
        .iter()
        .map(|scheme| match scheme {
            Scheme::Jwt => {
                "a token: set an application id and its private key (VONAGE_APPLICATION_ID, VONAGE_PRIVATE_KEY)"
            }
            Scheme::Basic | Scheme::Query => {
                "an account: set its API key and secret (VONAGE_API_KEY, VONAGE_API_SECRET)"
            }
        })
        .collect();
    parts.dedup();
    parts.join(", or ")
}
