//! Signing webhooks as the platform does.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use crate::{
    Token,
    claims::{DEFAULT_TTL, uuid_v4},
    error::Error,
    payload::{payload_hash, query_payload},
};

/// `{"alg":"HS256","typ":"JWT"}`, the header of every signed webhook.
pub(crate) const HS256_HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";

/// Signs webhooks with the signature secret of an account.
#[derive(Clone)]
pub struct WebhookSigner {
    key: hmac::Key,
    api_key: String,
    application_id: Option<String>,
}

impl WebhookSigner {
    /// A signer for the account with this key and signature secret.
    ///
    /// # Errors
    /// [`Error::EmptySecret`] when the secret is the empty text.
    pub fn new(secret: &SecretString, api_key: impl Into<String>) -> Result<Self, Error> {
        Ok(Self { key: hmac_key(secret)?, api_key: api_key.into(), application_id: None })
    }

    /// Names the application in every token.
    #[must_use]
    pub fn application_id(mut self, id: impl Into<String>) -> Self {
        self.application_id = Some(id.into());
        self
    }

    /// The token for a POST with exactly these body bytes; `now` in seconds since 1970.
    ///
    /// # Errors
    /// When the system gives no random numbers for the token's id.
    pub fn sign_body(&self, body: &[u8], now: i64) -> Result<Token, Error> {
        self.sign(&payload_hash(body), &uuid_v4()?, now)
    }

    /// The token for a GET with this query, percent-encoded as it is sent.
    ///
    /// Its hash is that of the [compact JSON object](crate::query_payload) of the parameters.
    ///
    /// # Errors
    /// When the system gives no random numbers for the token's id.
    pub fn sign_query(&self, query: &str, now: i64) -> Result<Token, Error> {
        self.sign_body(query_payload(query).as_bytes(), now)
    }

    /// The token with this payload hash and this id, for those who make ids themselves.
    ///
    /// # Errors
    /// When the claims cannot be written as JSON.
    pub fn sign(&self, payload_hash: &str, jti: &str, now: i64) -> Result<Token, Error> {
        let claims = Wire {
            iat: now,
            jti,
            iss: "Vonage",
            payload_hash,
            api_key: &self.api_key,
            application_id: self.application_id.as_deref(),
        };
        let json = serde_json::to_vec(&claims).map_err(Error::Claims)?;
        let mut text = String::with_capacity(HS256_HEADER.len() + json.len() * 4 / 3 + 50);
        text.push_str(HS256_HEADER);
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(&json, &mut text);
        let tag = hmac::sign(&self.key, text.as_bytes());
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(tag, &mut text);
        Ok(Token::new(text, now, now.saturating_add(DEFAULT_TTL)))
    }
}

impl std::fmt::Debug for WebhookSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebhookSigner")
            .field("key", &"[redacted]")
            .field("api_key", &self.api_key)
            .field("application_id", &self.application_id)
            .finish()
    }
}

/// The claims in the order of the platform.
#[derive(Serialize)]
struct Wire<'a> {
    iat: i64,
    jti: &'a str,
    iss: &'static str,
    payload_hash: &'a str,
    api_key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    application_id: Option<&'a str>,
}

pub(crate) fn hmac_key(secret: &SecretString) -> Result<hmac::Key, Error> {
    match secret.expose_secret() {
        "" => Err(Error::EmptySecret),
        text => Ok(hmac::Key::new(hmac::HMAC_SHA256, text.as_bytes())),
    }
}
