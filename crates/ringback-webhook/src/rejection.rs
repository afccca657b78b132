//! Requests that are not accepted.

use axum::{
    http::{
        HeaderValue, Method, StatusCode,
        header::{ALLOW, RETRY_AFTER},
    },
    response::{IntoResponse, Response},
};
use ringback_jwt::{Reason, Refused};
use ringback_model::ReadError;

use crate::{NotKept, meters::Refusal};

/// Why a request is not accepted.
///
/// The reply has only the status; what was seen and what to do about it goes to the log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// Webhooks come by GET and POST only.
    #[error("the method is {0}, webhooks come by GET or POST")]
    Method(Method),
    /// The body is larger than the limit.
    #[error("the body is larger than {}", size(*.limit))]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The query is larger than the limit.
    #[error("the query is larger than {}", size(*.limit))]
    QueryTooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// A GET has a body, which no signature covers.
    #[error("the request is a GET with a body")]
    BodyOfGet,
    /// The request did not arrive in time.
    #[error("the request did not arrive in time")]
    Slow,
    /// The connection broke before the body was complete.
    #[error("the body ended early")]
    Cut(#[source] axum::Error),
    /// The body is compressed; the platform never does that.
    #[error("the body has the content encoding {0:?}, webhooks are not compressed")]
    Encoded(HeaderValue),
    /// The body is called something else than JSON.
    #[error("the body has the content type {0:?}, webhooks are application/json")]
    ContentType(HeaderValue),
    /// The text is not UTF-8.
    #[error("the request is not UTF-8")]
    NotUtf8,
    /// Arrays and objects are nested deeper than the limit.
    #[error("the JSON is nested deeper than {limit} levels")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// What arrived is not a webhook of this kind.
    #[error("the request is not a webhook of this kind")]
    Unreadable(#[source] ReadError),
    /// There is no token, and only signed webhooks are accepted.
    #[error("the webhook is not signed")]
    Unsigned(#[source] Refused),
    /// There is more than one token.
    #[error("the request has {0} Authorization headers")]
    TokenRepeated(usize),
    /// The header with the token has bytes that no token has.
    #[error("the header with the token is not ASCII text")]
    TokenNotText,
    /// The token is longer than any real one.
    #[error("the token has {0} bytes")]
    TokenTooLong(usize),
    /// The token is not accepted.
    #[error("the token is refused")]
    Refused(#[source] Refused),
    /// The event could not be kept, so it is not acknowledged.
    #[error("the event is not kept")]
    NotKept(#[source] NotKept),
}

impl Rejection {
    /// A stable code for logs and metrics, such as `token-signature` or `body-too-large`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Method(_) => "method-not-allowed",
            Self::TooLarge { .. } => "body-too-large",
            Self::QueryTooLarge { .. } => "query-too-large",
            Self::BodyOfGet => "get-with-body",
            Self::Slow => "request-too-slow",
            Self::Cut(_) => "body-cut",
            Self::Encoded(_) => "content-encoded",
            Self::ContentType(_) => "content-type",
            Self::NotUtf8 => "not-utf8",
            Self::TooDeep { .. } => "json-too-deep",
            Self::Unreadable(error) if error.is_syntax() => "not-json",
            Self::Unreadable(_) => "not-a-webhook",
            Self::Unsigned(_) => "unsigned",
            Self::TokenRepeated(_) => "token-repeated",
            Self::TokenNotText => "token-not-text",
            Self::TokenTooLong(_) => "token-too-long",
            Self::Refused(refused) => refused.reason.as_str(),
            Self::NotKept(cause) => cause.code(),
        }
    }

    /// The status of the reply.
    ///
    /// The platform repeats a webhook after 503 and after no other of these.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::QueryTooLarge { .. } => StatusCode::URI_TOO_LONG,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Encoded(_) | Self::ContentType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::BodyOfGet
            | Self::Cut(_)
            | Self::NotUtf8
            | Self::TooDeep { .. }
            | Self::Unreadable(_) => StatusCode::BAD_REQUEST,
            Self::TokenRepeated(_)
            | Self::TokenNotText
            | Self::TokenTooLong(_)
            | Self::Refused(_) => StatusCode::UNAUTHORIZED,
            Self::Unsigned(_) | Self::NotKept(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Whether the sender could not prove to be the platform.
    #[must_use]
    pub fn is_unverified(&self) -> bool {
        matches!(
            self,
            Self::Unsigned(_)
                | Self::TokenRepeated(_)
                | Self::TokenNotText
                | Self::TokenTooLong(_)
                | Self::Refused(_)
        )
    }

    /// The reason of the token check, when that is what failed.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        match self {
            Self::Unsigned(refused) | Self::Refused(refused) => Some(refused.reason),
            _ => None,
        }
    }

    fn log(&self) {
        let (code, status) = (self.code(), self.status().as_u16());
        match self {
            Self::Unsigned(refused) | Self::Refused(refused) => tracing::warn!(
                code,
                status,
                seen = refused.seen,
                expected = refused.expected,
                fix = refused.fix,
                "webhook refused: {self}"
            ),
            _ => {
                let cause = causes(self);
                tracing::warn!(code, status, cause, "webhook refused: {self}");
            }
        }
    }
}

/// A number of bytes for people.
fn size(bytes: usize) -> String {
    match bytes {
        _ if bytes > 0 && bytes.is_multiple_of(1 << 20) => format!("{} MiB", bytes >> 20),
        _ if bytes > 0 && bytes.is_multiple_of(1 << 10) => format!("{} KiB", bytes >> 10),
        _ => format!("{bytes} bytes"),
    }
}

/// What is behind an error, outermost first; none when nothing is.
fn causes(error: &dyn std::error::Error) -> Option<String> {
    let causes = std::iter::successors(error.source(), |error| error.source());
    let texts: Vec<String> = causes.map(ToString::to_string).collect();
    (!texts.is_empty()).then(|| texts.join(": "))
}

impl IntoResponse for Rejection {
    /// The bare status; logs the rest.
    fn into_response(self) -> Response {
        self.log();
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Refusal(self.code()));
        let headers = response.headers_mut();
        match self {
            Self::Method(_) => {
                headers.insert(ALLOW, HeaderValue::from_static("GET, POST"));
            }
            Self::Unsigned(_) | Self::NotKept(_) => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
            }
            _ => {}
        }
        response
    }
}
