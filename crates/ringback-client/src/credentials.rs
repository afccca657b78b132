//! Who calls, and which of that an operation takes.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::HeaderValue;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use ringback_jwt::TokenCache;
use ringback_model::operation::{OperationInfo, Scheme};
use secrecy::{ExposeSecret, SecretString};

use crate::error::Error;

/// Everything that stays as it is in a query is a letter, a digit or one of these.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Who calls: an account, an application, both, or nobody.
///
/// Each operation takes what it needs; the account's key and secret are never sent where a token is due.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    account: Option<(String, SecretString)>,
    bearer: Option<Bearer>,
}

#[derive(Clone, Debug)]
enum Bearer {
    Cache(Arc<TokenCache>),
    /// Ready to send; none when it holds a character that cannot be sent.
    Fixed(Option<HeaderValue>),
}

impl Credentials {
    /// Nobody yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Calls as this account: its API key and API secret.
    #[must_use]
    pub fn account(mut self, api_key: impl Into<String>, api_secret: SecretString) -> Self {
        self.account = Some((api_key.into(), api_secret));
        self
    }

    /// Calls as an application, with tokens that are minted when needed.
    #[must_use]
    pub fn application(mut self, tokens: impl Into<Arc<TokenCache>>) -> Self {
        self.bearer = Some(Bearer::Cache(tokens.into()));
        self
    }

    /// Calls with this one token, which somebody else minted.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "the caller should not keep a secret")]
    pub fn token(mut self, token: SecretString) -> Self {
        self.bearer = Some(Bearer::Fixed(header("Bearer ", token.expose_secret())));
        self
    }

    /// The first scheme the operation takes for which there is something to say.
    pub(crate) fn choose(&self, info: &'static OperationInfo, now: i64) -> Result<Proof, Error> {
        if info.auth.is_empty() {
            return Ok(Proof::None);
        }
        for scheme in info.auth {
            match (scheme, &self.account, &self.bearer) {
                (Scheme::Jwt, _, Some(bearer)) => {
                    return match bearer {
                        Bearer::Fixed(value) => value.clone(),
                        Bearer::Cache(cache) => {
                            header("Bearer ", cache.token(now).map_err(Error::Token)?.expose())
                        }
                    }
                    .map(Proof::Header)
                    .ok_or(Error::Unsendable { what: "the token" });
                }
                (Scheme::Basic, Some((key, secret)), _) => {
                    let pair = SecretString::from(format!("{key}:{}", secret.expose_secret()));
                    let encoded = SecretString::from(STANDARD.encode(pair.expose_secret()));
                    return header("Basic ", encoded.expose_secret())
                        .map(Proof::Header)
                        .ok_or(Error::Unsendable { what: "the API key" });
                }
                (Scheme::Query, Some((key, secret)), _) => {
                    return Ok(Proof::Query(SecretString::from(format!(
                        "api_key={}&api_secret={}",
                        utf8_percent_encode(key, QUERY),
                        utf8_percent_encode(secret.expose_secret(), QUERY)
                    ))));
                }
                _ => {}
            }
        }
        Err(Error::Credentials { operation: info.id, needed: info.auth })
    }
}

fn header(scheme: &str, text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(format!("{scheme}{text}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// What goes along with one request.
#[derive(Debug)]
pub(crate) enum Proof {
    None,
    Header(HeaderValue),
    Query(SecretString),
}
