//! What a request carries, before anybody reads it.

use std::error::Error as _;

use axum::{
    body::{Body, HttpBody, to_bytes},
    extract::Request,
    http::{
        HeaderMap, HeaderValue, Method, Uri,
        header::{CONTENT_ENCODING, CONTENT_TYPE},
        request::Parts,
    },
};
use bytes::Bytes;
use futures_util::TryStreamExt as _;
use http_body_util::{BodyStream, LengthLimitError, Limited};
use tokio::time::timeout;

use crate::{Limits, Rejection, query};

/// The bytes that a webhook consists of.
#[derive(Clone, Debug)]
pub(crate) enum Payload {
    /// A GET, or a POST without a body: the query says it all.
    Query(Uri),
    /// The body of a POST, as it arrived.
    Body(Bytes),
}

/// A request whose head is accepted and whose body is not read yet.
pub(crate) struct Incoming {
    parts: Parts,
    body: Body,
}

impl Incoming {
    /// Looks at everything that a head tells.
    ///
    /// A strict receiver takes JSON only when it is called that.
    pub(crate) fn of(request: Request, limits: &Limits, strict: bool) -> Result<Self, Rejection> {
        let (parts, body) = request.into_parts();
        if parts.uri.query().unwrap_or_default().len() > limits.query {
            return Err(Rejection::QueryTooLarge { limit: limits.query });
        }
        match parts.method {
            // A signature covers the query of a GET and nothing else of it.
            Method::GET if !body.is_end_stream() => return Err(Rejection::BodyOfGet),
            Method::GET => return Ok(Self { parts, body }),
            Method::POST => {}
            method => return Err(Rejection::Method(method)),
        }
        let encodings = parts.headers.get_all(CONTENT_ENCODING);
        if let Some(encoding) = encodings.iter().find(|e| !is(e, "identity")) {
            return Err(Rejection::Encoded(encoding.clone()));
        }
        let types = parts.headers.get_all(CONTENT_TYPE);
        if let Some(other) = types.iter().find(|t| strict && !is(t, "application/json")) {
            return Err(Rejection::ContentType(other.clone()));
        }
        // Refuses by the announced length, before the first byte is waited for.
        if body.size_hint().lower() > u64::try_from(limits.body).unwrap_or(u64::MAX) {
            return Err(Rejection::TooLarge { limit: limits.body });
        }
        Ok(Self { parts, body })
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.parts.headers
    }

    /// Takes what the request carries, within the limits.
    pub(crate) async fn read(self, limits: &Limits) -> Result<Payload, Rejection> {
        let Self { parts: Parts { method, uri, .. }, body } = self;
        if method == Method::GET {
            return Ok(Payload::Query(uri));
        }
        let body = timeout(limits.request_time, whole(body, limits.body))
            .await
            .unwrap_or(Err(Rejection::Slow))?;
        match body.is_empty() && uri.query().is_some_and(|query| !query.is_empty()) {
            true => Ok(Payload::Query(uri)),
            false => Ok(Payload::Body(body)),
        }
    }

    /// Reads the body and keeps nothing of it, so that the reply is not lost in a connection that breaks.
    pub(crate) async fn discard(self, limits: &Limits) {
        let body = Limited::new(self.body, limits.body);
        let all = BodyStream::new(body).try_for_each(|_| std::future::ready(Ok(())));
        // Whatever was wrong with it, it is refused already.
        drop(timeout(limits.request_time, all).await);
    }
}

impl Payload {
    /// Takes what the request carries, within the limits.
    pub(crate) async fn of(request: Request, limits: &Limits) -> Result<Self, Rejection> {
        Incoming::of(request, limits, false)?.read(limits).await
    }

    /// The query, when that is what carries the webhook.
    pub(crate) fn query(&self) -> Option<&str> {
        match self {
            Self::Query(uri) => Some(uri.query().unwrap_or_default()),
            Self::Body(_) => None,
        }
    }

    /// The payload as JSON: the body as it arrived, or the query restored.
    pub(crate) fn into_json(self, limits: &Limits) -> Result<Bytes, Rejection> {
        let json = match self {
            Self::Query(uri) => {
                query::json(uri.query().unwrap_or_default()).ok_or(Rejection::NotUtf8)?.into()
            }
            Self::Body(body) if std::str::from_utf8(&body).is_err() => {
                return Err(Rejection::NotUtf8);
            }
            Self::Body(body) => body,
        };
        match depth(&json) > limits.depth {
            true => Err(Rejection::TooDeep { limit: limits.depth }),
            false => Ok(json),
        }
    }
}

/// Whether a header has this value, in any case and whatever parameters it has.
fn is(header: &HeaderValue, expected: &str) -> bool {
    let value = header.to_str().unwrap_or_default();
    let value = value.split_once(';').map_or(value, |(value, _)| value);
    value.trim().eq_ignore_ascii_case(expected)
}

async fn whole(body: Body, limit: usize) -> Result<Bytes, Rejection> {
    to_bytes(body, limit).await.map_err(|error| {
        match error.source().is_some_and(|source| source.is::<LengthLimitError>()) {
            true => Rejection::TooLarge { limit },
            false => Rejection::Cut(error),
        }
    })
}

/// How deep arrays and objects are nested.
fn depth(json: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0_usize);
    let (mut inside, mut escaped) = (false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if inside => escaped = true,
            b'"' => inside = !inside,
            b'{' | b'[' if !inside => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !inside => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    #[test]
    fn depths() {
        for (json, expected) in [
            ("", 0),
            ("1", 0),
            ("{}", 1),
            (r#"{"a":[{}],"b":{}}"#, 3),
            (r#"{"a":"[[[[\"[["}"#, 1),
            ("]]]][", 1),
        ] {
            assert_eq!(super::depth(json.as_bytes()), expected, "{json}");
        }
    }
}
