//! What a signed webhook says of itself, and what of the request that covers.

use std::borrow::Cow;

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error as _, Visitor},
};
use serde_json::{Map, Value};

use crate::{
    payload::{compact, is_hex_of, query_payload, sha256},
    refusal::{Reason, Refused, short},
};

/// A token of a signed webhook whose sender is verified, and its payload not yet.
#[derive(Clone, Debug)]
pub struct WebhookToken {
    claims: WebhookClaims,
    hash: Option<String>,
    strict: bool,
}

impl WebhookToken {
    /// Verifies the raw bytes of the body of a POST.
    ///
    /// # Errors
    /// When the token's `payload_hash` is of another body, or missing.
    pub fn body(self, body: &[u8]) -> Result<WebhookClaims, Refused> {
        let payload = match self.hash.as_deref() {
            None if body.is_empty() => Payload::Empty,
            None => {
                return Err(Refused::new(
                    Reason::PayloadHashMissing,
                    format!("the token has no payload_hash, and the body has {} bytes", body.len()),
                    "a payload_hash with the SHA-256 of the body",
                    "sign webhooks that have a body with their payload_hash",
                ));
            }
            Some(hash) if is_hex_of(hash, sha256(body).as_ref()) => Payload::Body,
            Some(hash) if is_hex_of(hash, sha256(&compact(body)).as_ref()) => Payload::CompactBody,
            Some(hash) => {
                return Err(Refused::new(
                    Reason::PayloadHashMismatch,
                    format!("payload_hash is {}, of another body", short(hash)),
                    format!(
                        "{}, the SHA-256 of the {} bytes that arrived",
                        crate::payload_hash(body),
                        body.len()
                    ),
                    "verify the raw bytes of the body, before anything parses or rewrites it",
                ));
            }
        };
        Ok(WebhookClaims { payload, ..self.claims })
    }

    /// Verifies the query of a GET, percent-encoded as it arrived.
    ///
    /// # Errors
    /// When the verifier is strict and the token's `payload_hash` fits no known rule.
    pub fn query(self, query: &str) -> Result<WebhookClaims, Refused> {
        let query = query.strip_prefix('?').unwrap_or(query);
        let hash = self.hash.as_deref().unwrap_or_default();
        let is = |bytes: &[u8]| is_hex_of(hash, sha256(bytes).as_ref());
        let payload = if is(query_payload(query).as_bytes()) {
            Payload::QueryObject
        } else if is(b"") {
            Payload::Empty
        } else if is(query.as_bytes()) {
            Payload::RawQuery
        } else if self.strict {
            return Err(Refused::new(
                Reason::QueryUnauthenticated,
                match hash {
                    "" => "the token of a GET has no payload_hash".to_owned(),
                    hash => format!(
                        "payload_hash is {}, which fits no known rule for a query",
                        short(hash)
                    ),
                },
                "the SHA-256 of the query parameters as a compact JSON object in received order",
                "let webhooks be sent by POST, or accept GET without strict mode",
            ));
        } else {
            Payload::Unauthenticated
        };
        Ok(WebhookClaims { payload, ..self.claims })
    }
}

/// What a verified webhook says of itself.
///
/// It can be written down beside the webhook, and read again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WebhookClaims {
    /// When it was signed, in seconds since 1970.
    pub iat: i64,
    /// The token's own id; whether a repeated webhook has a new one is not documented.
    pub jti: String,
    /// The account it belongs to.
    pub api_key: String,
    /// The application it belongs to, if it says.
    pub application_id: Option<String>,
    /// What the payload hash was found to cover.
    pub payload: Payload,
    /// Whether `iat` or `exp` was a numeric text, which is accepted and should not be.
    pub numeric_text: bool,
}

/// What the payload hash of a verified webhook covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Payload {
    /// The body bytes as they arrived.
    Body,
    /// The body without the white space between its tokens.
    CompactBody,
    /// The query as a compact JSON object in received order.
    QueryObject,
    /// The query as it stands in the URL.
    RawQuery,
    /// Nothing: an empty body, or a GET hashed as if it were nothing but an empty body.
    Empty,
    /// Nothing that is known: the token is right, and the query is not covered by it.
    Unauthenticated,
}

/// The claims, borrowed from the decoded token.
#[derive(Deserialize)]
pub(crate) struct Wire<'a> {
    pub(crate) iat: Option<Moment>,
    pub(crate) nbf: Option<Moment>,
    pub(crate) exp: Option<Moment>,
    #[serde(borrow)]
    pub(crate) jti: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) iss: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) api_key: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) application_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    payload_hash: Option<Cow<'a, str>>,
}

impl<'a> Wire<'a> {
    pub(crate) fn read(json: &'a [u8]) -> Result<Self, Refused> {
        let error = match serde_json::from_slice(json) {
            Ok(wire) => return Ok(wire),
            Err(error) => error,
        };
        let fix = "sign webhooks with the claims the platform documents";
        // An object whose claims are of a wrong kind, or named twice, is a token all the same.
        match serde_json::from_slice::<Map<String, Value>>(json) {
            Ok(_) => Err(Refused::new(
                Reason::ClaimMalformed,
                format!("the claims cannot be read: {}", short(&error.to_string())),
                "times as whole seconds since 1970, all other claims as text, each claim once",
                fix,
            )),
            Err(_) => Err(Refused::malformed(
                format!(
                    "the claims of the token are no JSON object: {}",
                    short(&error.to_string())
                ),
                fix,
            )),
        }
    }

    pub(crate) fn token(self, strict: bool) -> WebhookToken {
        let moments = [self.iat, self.nbf, self.exp];
        let claims = WebhookClaims {
            iat: self.iat.map(|iat| iat.epoch).unwrap_or_default(),
            jti: self.jti.map(Cow::into_owned).unwrap_or_default(),
            api_key: self.api_key.map(Cow::into_owned).unwrap_or_default(),
            application_id: self.application_id.map(Cow::into_owned),
            payload: Payload::Unauthenticated,
            numeric_text: moments.into_iter().flatten().any(|moment| moment.text),
        };
        WebhookToken { claims, hash: self.payload_hash.map(Cow::into_owned), strict }
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) epoch: i64,
    text: bool,
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Seconds;
        impl Visitor<'_> for Seconds {
            type Value = Moment;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a number of seconds since 1970")
            }
            fn visit_i64<E: serde::de::Error>(self, epoch: i64) -> Result<Moment, E> {
                Ok(Moment { epoch, text: false })
            }
            fn visit_u64<E: serde::de::Error>(self, epoch: u64) -> Result<Moment, E> {
                let epoch = i64::try_from(epoch).map_err(E::custom)?;
                Ok(Moment { epoch, text: false })
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Moment, E> {
                let epoch = text.trim().parse().map_err(E::custom)?;
                Ok(Moment { epoch, text: true })
            }
        }
        deserializer.deserialize_any(Seconds).map_err(|error| D::Error::custom(error.to_string()))
    }
}
