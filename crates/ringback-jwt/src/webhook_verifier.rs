//! Verifying signed webhooks.

use std::borrow::Cow;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::hmac;
use secrecy::SecretString;
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, Visitor},
};

use crate::{
    error::Error,
    inspect::{Parts, broken_part, object},
    payload::{compact, is_hex_of, query_payload, sha256},
    refusal::{Reason, Refused, short},
    time,
    verifier::{check_algorithm, check_begin, check_end},
    webhook_signer::{HS256_HEADER, hmac_key},
};

/// Verifies the tokens of signed webhooks, and that they belong to the request.
#[derive(Clone)]
pub struct WebhookVerifier {
    keys: Vec<hmac::Key>,
    api_key: Option<String>,
    application_id: Option<String>,
    past: i64,
    future: i64,
    strict: bool,
}

impl WebhookVerifier {
    /// A verifier that accepts any of these signature secrets, so that they can be rotated.
    ///
    /// # Errors
    /// [`Error::EmptySecret`] when there is no secret, or one is the empty text.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a SecretString>) -> Result<Self, Error> {
        let keys = secrets.into_iter().map(hmac_key).collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() {
            return Err(Error::EmptySecret);
        }
        let (past, future, strict) = (300, 300, false);
        Ok(Self { keys, api_key: None, application_id: None, past, future, strict })
    }

    /// Accepts only webhooks of this account.
    #[must_use]
    pub fn api_key(mut self, api_key: impl Into<String>) -> Self {
        self.api_key = Some(api_key.into());
        self
    }

    /// Accepts only webhooks of this application; one that names no application is accepted.
    #[must_use]
    pub fn application_id(mut self, id: impl Into<String>) -> Self {
        self.application_id = Some(id.into());
        self
    }

    /// How old a token may be, and how far ahead its clock, in seconds; 300 and 300 at first.
    #[must_use]
    pub fn window(mut self, past: i64, future: i64) -> Self {
        (self.past, self.future) = (past, future);
        self
    }

    /// Whether a rightly signed GET whose hash fits no known rule is refused; not at first.
    #[must_use]
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// Verifies the token of a POST against the raw bytes of its body.
    ///
    /// `now` is in seconds since 1970.
    /// A body that was reformatted on its way is also tried without its white space.
    ///
    /// # Errors
    /// The first check that fails, explained.
    pub fn verify_body(
        &self,
        token: &str,
        body: &[u8],
        now: i64,
    ) -> Result<WebhookClaims, Refused> {
        let mut buffer = Vec::new();
        let wire = self.check(token, now, &mut buffer)?;
        let payload = match wire.payload_hash.as_deref() {
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
        Ok(wire.claims(payload))
    }

    /// Verifies the token of a GET against its query, percent-encoded as it arrived.
    ///
    /// The hash may be of the compact JSON object of the parameters, of nothing, or of the query itself.
    /// The sources do not agree, so any other hash is [`Payload::Unauthenticated`] unless strict.
    ///
    /// # Errors
    /// The first check that fails, explained.
    pub fn verify_query(
        &self,
        token: &str,
        query: &str,
        now: i64,
    ) -> Result<WebhookClaims, Refused> {
        let mut buffer = Vec::new();
        let wire = self.check(token, now, &mut buffer)?;
        let query = query.strip_prefix('?').unwrap_or(query);
        let hash = wire.payload_hash.as_deref().unwrap_or_default();
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
        Ok(wire.claims(payload))
    }

    /// Everything but the payload.
    fn check<'b>(
        &self,
        token: &str,
        now: i64,
        buffer: &'b mut Vec<u8>,
    ) -> Result<Wire<'b>, Refused> {
        let parts = Parts::split(token)?;
        if parts.header != HS256_HEADER {
            check_algorithm(&object(parts.header, "header")?, "HS256")?;
        }
        self.check_signature(&parts, token)?;
        URL_SAFE_NO_PAD
            .decode_vec(parts.claims, buffer)
            .map_err(|_| broken_part(parts.claims, "claims"))?;
        let wire: Wire<'b> = serde_json::from_slice(buffer).map_err(|error| {
            Refused::malformed(
                format!("the claims of the token cannot be read: {error}"),
                "sign webhooks with the claims the platform documents",
            )
        })?;
        self.check_claims(&wire, now)?;
        Ok(wire)
    }

    fn check_signature(&self, parts: &Parts<'_>, token: &str) -> Result<(), Refused> {
        let mut space = [0_u8; 33];
        let length = URL_SAFE_NO_PAD
            .decode_slice(parts.signature, &mut space)
            .map_err(|_| broken_part(parts.signature, "signature"))?;
        let tag = space.get(..length).unwrap_or_default();
        let message = parts.message.as_bytes();
        if self.keys.iter().any(|key| hmac::verify(key, message, tag).is_ok()) {
            return Ok(());
        }
        let secrets = match self.keys.len() {
            1 => "the signature secret".to_owned(),
            count => format!("any of the {count} signature secrets"),
        };
        Err(Refused::new(
            Reason::TokenSignature,
            format!(
                "the signature of the token ({}) is not of {secrets}",
                crate::token::describe(token)
            ),
            "a signature made with the signature secret of the account (which is not the API secret)",
            "copy the signature secret from the account's settings; after a rotation accept old and new",
        ))
    }

    fn check_claims(&self, wire: &Wire<'_>, now: i64) -> Result<(), Refused> {
        match wire.iss.as_deref() {
            Some("Vonage") => {}
            None => return Err(Refused::claim_missing("iss")),
            Some(other) => {
                return Err(Refused::new(
                    Reason::IssuerMismatch,
                    format!("iss is {}", short(other)),
                    "iss `Vonage`",
                    "accept webhooks from the platform only; this one was issued by somebody else",
                ));
            }
        }
        let api_key = wire.api_key.as_deref().ok_or_else(|| Refused::claim_missing("api_key"))?;
        if let Some(expected) = self.api_key.as_ref().filter(|expected| *expected != api_key) {
            return Err(Refused::new(
                Reason::AccountMismatch,
                format!("api_key is {}", short(api_key)),
                format!("api_key {}", short(expected)),
                "point the webhooks of the other account elsewhere, or expect its api_key",
            ));
        }
        if let (Some(seen), Some(expected)) = (wire.application_id.as_deref(), &self.application_id)
            && seen != expected
        {
            return Err(Refused::new(
                Reason::ApplicationMismatch,
                format!("the webhook is of the application {}", short(seen)),
                format!("the application {}", short(expected)),
                "point the webhooks of the other application elsewhere, or expect its id",
            ));
        }
        if wire.jti.is_none() {
            return Err(Refused::claim_missing("jti"));
        }
        let iat = wire.iat.ok_or_else(|| Refused::claim_missing("iat"))?.epoch;
        check_begin(iat, now, self.future)?;
        if now.saturating_sub(iat) > self.past {
            return Err(Refused::new(
                Reason::TokenTooOld,
                format!("iat was {}, {} ago", time::utc(iat), time::span(now.saturating_sub(iat))),
                format!("an iat at most {} ago", time::span(self.past)),
                "set the clock of this machine right; an old webhook may have been recorded and sent again",
            ));
        }
        wire.exp.map_or(Ok(()), |exp| check_end(exp.epoch, true, now, self.future))
    }
}

impl std::fmt::Debug for WebhookVerifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebhookVerifier")
            .field("secrets", &self.keys.len())
            .field("api_key", &self.api_key)
            .field("application_id", &self.application_id)
            .field("past", &self.past)
            .field("future", &self.future)
            .field("strict", &self.strict)
            .finish_non_exhaustive()
    }
}

/// What a verified webhook says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
struct Wire<'a> {
    iat: Option<Moment>,
    exp: Option<Moment>,
    #[serde(borrow)]
    jti: Option<Cow<'a, str>>,
    #[serde(borrow)]
    iss: Option<Cow<'a, str>>,
    #[serde(borrow)]
    api_key: Option<Cow<'a, str>>,
    #[serde(borrow)]
    application_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    payload_hash: Option<Cow<'a, str>>,
}

impl Wire<'_> {
    fn claims(self, payload: Payload) -> WebhookClaims {
        let moments = [self.iat, self.exp];
        WebhookClaims {
            iat: self.iat.map(|iat| iat.epoch).unwrap_or_default(),
            jti: self.jti.map(Cow::into_owned).unwrap_or_default(),
            api_key: self.api_key.map(Cow::into_owned).unwrap_or_default(),
            application_id: self.application_id.map(Cow::into_owned),
            payload,
            numeric_text: moments.into_iter().flatten().any(|moment| moment.text),
        }
    }
}

#[derive(Clone, Copy)]
struct Moment {
    epoch: i64,
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
