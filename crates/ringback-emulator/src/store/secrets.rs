//! What is not written down of a request: the credentials that only the edge reads.
//!
//! The exchange decides without them, so a repeated request comes to the same.

use std::{borrow::Cow, collections::BTreeMap};

use bytes::Bytes;
use ringback_model::{
    Operation as _,
    control::Seed,
    operation::{Encoding, OperationInfo, RequestParts, Scheme},
};
use serde_json::value::RawValue;
use url::form_urlencoded;

/// Parameters that say who calls.
const CREDENTIALS: [&str; 2] = ["api_key", "api_secret"];
/// How the first line of a private key ends, in PEM of any kind.
const KEY: &str = "PRIVATE KEY-----";

/// A query without credentials; everything else stays as it came.
pub(super) fn query(query: &str) -> String {
    String::from_utf8_lossy(&form(query.as_bytes())).into_owned()
}

/// The body of a request without credentials and private keys.
pub(super) fn body(operation: &OperationInfo, parts: &RequestParts) -> Bytes {
    let body = if operation.id == Seed::INFO.id {
        seed(parts)
    } else if operation.encoding == Encoding::Form {
        form(&parts.body)
    } else if operation.auth.contains(&Scheme::Query) {
        object(&parts.body)
    } else {
        parts.body.clone()
    };
    without_keys(body)
}

/// Pairs of a form.
fn form(pairs: &[u8]) -> Bytes {
    let is_credential = |pair: &&[u8]| {
        form_urlencoded::parse(pair).any(|(name, _)| CREDENTIALS.contains(&name.as_ref()))
    };
    let kept = pairs.split(|byte| *byte == b'&').filter(|pair| !is_credential(pair));
    kept.collect::<Vec<_>>().join(&b'&').into()
}

/// A JSON object, which an old SDK puts them into.
fn object(body: &Bytes) -> Bytes {
    let fields = serde_json::from_slice::<BTreeMap<Cow<'_, str>, &RawValue>>(body);
    let Ok(mut fields) = fields else { return body.clone() };
    let before = fields.len();
    fields.retain(|name, _| !CREDENTIALS.contains(&name.as_ref()));
    match serde_json::to_vec(&fields) {
        Ok(text) if fields.len() < before => text.into(),
        _ => body.clone(),
    }
}

/// A seed; one that cannot be read is refused, and so is nothing in its place.
fn seed(parts: &RequestParts) -> Bytes {
    let Ok(Seed { body: mut seed, .. }) = Seed::decode(parts) else { return Bytes::new() };
    if let Some(account) = &mut seed.account {
        (account.api_secret, account.signature_secret) = (None, None);
    }
    for application in seed.applications.iter_mut().flatten() {
        application.private_key = None;
    }
    Seed::new(seed).encode().map(|parts| parts.body).unwrap_or_default()
}

/// Private keys that somebody sends without need: their first and last lines stay.
fn without_keys(body: Bytes) -> Bytes {
    let Ok(text) = std::str::from_utf8(&body) else { return body };
    if !text.contains(KEY) {
        return body;
    }
    let mut kept = String::new();
    let mut parts = text.split_inclusive(KEY);
    kept.push_str(parts.next().unwrap_or_default());
    for part in parts {
        // After the last line of a key comes something else.
        let is_key = !kept.rsplit("-----").nth(1).is_some_and(|line| line.starts_with("END "));
        let end = part.find("-----").into_iter().chain(part.find('"')).min();
        kept.push_str(if is_key {
            part.get(end.unwrap_or(part.len())..).unwrap_or_default()
        } else {
            part
        });
    }
    kept.into()
}

#[cfg(test)]
mod tests {
    use ringback_model::{applications::CreateApplication, numbers::BuyNumber};

    use super::*;

    fn parts(body: &str) -> RequestParts {
        RequestParts {
            method: http::Method::POST,
            path: "/".to_owned(),
            query: None,
            content_type: None,
            body: Bytes::copy_from_slice(body.as_bytes()),
        }
    }

    #[test]
    fn credentials_leave_queries_and_forms_and_nothing_else_does() {
        let check = |text: &str, expected: &str| {
            assert_eq!(query(text), expected);
            assert_eq!(body(BuyNumber::INFO, &parts(text)), expected);
        };
        check("", "");
        check("country=GB&msisdn=447700000002", "country=GB&msisdn=447700000002");
        check("api_key=a1b2c3d4&country=GB&api_secret=planted&x=%20+", "country=GB&x=%20+");
        check("api%5Fsecret=planted", "");
        check("target_api_key=a1b2c3d4&&b", "target_api_key=a1b2c3d4&&b");
    }

    #[test]
    fn credentials_leave_objects() {
        let check = |text: &str, expected: &str| {
            assert_eq!(object(&parts(text).body), expected);
        };
        check(r#"{"a": 1.10,"api_secret":"planted"}"#, r#"{"a":1.10}"#);
        for same in [r#"{"b": 1, "a": {"api_key": 2}}"#, "[]", "{"] {
            check(same, same);
        }
    }

    #[test]
    fn secrets_leave_seeds() {
        let check = |text: &str, expected: &str| {
            assert_eq!(body(Seed::INFO, &parts(text)), expected);
        };
        check(
            r#"{"account":{"api_key":"a1b2c3d4","api_secret":"planted","signature_secret":"planted","balance":"1.10"},
                "applications":[{"name":"A","public_key":"p","private_key":"planted"}]}"#,
            r#"{"account":{"api_key":"a1b2c3d4","balance":"1.10"},"applications":[{"name":"A","public_key":"p"}]}"#,
        );
        check(r#"{"account":{"api_secret":"planted"},"unknown":1}"#, "");
    }

    #[test]
    fn private_keys_leave_everything() {
        let check = |text: &str, expected: &str| {
            assert_eq!(body(CreateApplication::INFO, &parts(text)), expected);
        };
        let whole = r#"{"a":"-----BEGIN PRIVATE KEY-----\nplanted\n-----END PRIVATE KEY-----\n","b":"-----BEGIN RSA PRIVATE KEY-----\nplanted","c":"-----BEGIN PUBLIC KEY-----\np"}"#;
        let less = r#"{"a":"-----BEGIN PRIVATE KEY----------END PRIVATE KEY-----\n","b":"-----BEGIN RSA PRIVATE KEY-----","c":"-----BEGIN PUBLIC KEY-----\np"}"#;
        check(whole, less);
        check("{}", "{}");
    }
}
