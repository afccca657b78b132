//! Verifying signed webhooks.

use base64::{DecodeSliceError, Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::hmac;
use secrecy::SecretString;
use serde_json::{Map, Value};

use crate::{
    error::Error,
    inspect::{Parts, broken_part, object},
    refusal::{Reason, Refused, short},
    time,
    verifier::{check_algorithm, check_begin, check_end},
    webhook_claims::{WebhookClaims, WebhookToken, Wire},
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
        self.verify_token(token, now)?.body(body)
    }

    /// Verifies the token of a GET against its query, percent-encoded as it arrived.
    ///
    /// The hash may be of the compact JSON object of the parameters, of nothing, or of the query itself.
    /// The sources do not agree, so any other hash is [`Payload::Unauthenticated`](crate::Payload::Unauthenticated) unless strict.
    ///
    /// # Errors
    /// The first check that fails, explained.
    pub fn verify_query(
        &self,
        token: &str,
        query: &str,
        now: i64,
    ) -> Result<WebhookClaims, Refused> {
        self.verify_token(token, now)?.query(query)
    }

    /// Verifies everything but the payload, for those who look at the sender before they read a body.
    ///
    /// `now` is in seconds since 1970.
    ///
    /// # Errors
    /// The first check that fails, explained.
    pub fn verify_token(&self, token: &str, now: i64) -> Result<WebhookToken, Refused> {
        let parts = Parts::split(token)?;
        if parts.header != HS256_HEADER {
            let header = object(parts.header, "header")?;
            check_algorithm(&header, "HS256")?;
            check_critical(&header)?;
        }
        self.check_signature(&parts, token)?;
        let mut buffer = Vec::new();
        URL_SAFE_NO_PAD
            .decode_vec(parts.claims, &mut buffer)
            .map_err(|_| broken_part(parts.claims, "claims"))?;
        let wire = Wire::read(&buffer)?;
        self.check_claims(&wire, now)?;
        Ok(wire.token(self.strict))
    }

    fn check_signature(&self, parts: &Parts<'_>, token: &str) -> Result<(), Refused> {
        let mut space = [0_u8; 33];
        let length = match URL_SAFE_NO_PAD.decode_slice(parts.signature, &mut space) {
            Ok(length) => length,
            // Longer than any of HS256, so it is of something else.
            Err(DecodeSliceError::OutputSliceTooSmall) => 0,
            Err(DecodeSliceError::DecodeError(_)) => {
                return Err(broken_part(parts.signature, "signature"));
            }
        };
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
        if let Some(nbf) = wire.nbf.filter(|nbf| nbf.epoch > now.saturating_add(self.future)) {
            return Err(Refused::new(
                Reason::TokenNotYetValid,
                format!("nbf is {}", time::utc(nbf.epoch)),
                format!("an nbf not after {}, give or take {} s", time::utc(now), self.future),
                "set the clock of the machine that mints the token right",
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

/// Extensions that must be understood: there are none, so any makes the token void (RFC 7515, 4.1.11).
fn check_critical(header: &Map<String, Value>) -> Result<(), Refused> {
    match header.get("crit") {
        None => Ok(()),
        Some(names) => Err(Refused::new(
            Reason::TokenCritical,
            format!("the header of the token demands the extensions {}", short(&names.to_string())),
            "a header without `crit`",
            "sign webhooks with a plain header, `alg` and `typ`",
        )),
    }
}
