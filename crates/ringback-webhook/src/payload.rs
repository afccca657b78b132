//! What a request carries, before anybody reads it.

use std::error::Error as _;

use axum::{
    body::{Body, HttpBody, to_bytes},
    extract::Request,
    http::{HeaderMap, Method, Uri, header::CONTENT_ENCODING},
};
use bytes::Bytes;
use http_body_util::LengthLimitError;
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

impl Payload {
    /// Takes what the request carries, within the limits.
    pub(crate) async fn of(
        request: Request,
        limits: &Limits,
    ) -> Result<(HeaderMap, Self), Rejection> {
        let (parts, body) = request.into_parts();
        if parts.method == Method::GET {
            within(&parts.uri, limits)?;
            return Ok((parts.headers, Self::Query(parts.uri)));
        }
        if parts.method != Method::POST {
            return Err(Rejection::Method(parts.method));
        }
        if let Some(encoding) = parts.headers.get(CONTENT_ENCODING).filter(|e| *e != "identity") {
            return Err(Rejection::Encoded(encoding.clone()));
        }
        let body = timeout(limits.request_time, whole(body, limits.body))
            .await
            .unwrap_or(Err(Rejection::Slow))?;
        if body.is_empty() && parts.uri.query().is_some_and(|query| !query.is_empty()) {
            within(&parts.uri, limits)?;
            return Ok((parts.headers, Self::Query(parts.uri)));
        }
        Ok((parts.headers, Self::Body(body)))
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

fn within(uri: &Uri, limits: &Limits) -> Result<(), Rejection> {
    match uri.query().unwrap_or_default().len() > limits.query {
        true => Err(Rejection::TooLarge { limit: limits.query }),
        false => Ok(()),
    }
}

async fn whole(body: Body, limit: usize) -> Result<Bytes, Rejection> {
    // Refuses by the announced length, before the first byte is waited for.
    if body.size_hint().lower() > u64::try_from(limit).unwrap_or(u64::MAX) {
        return Err(Rejection::TooLarge { limit });
    }
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
