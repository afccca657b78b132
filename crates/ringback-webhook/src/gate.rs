//! Who may come in.

use std::{fmt, sync::Arc};

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, header::AUTHORIZATION},
};
use ringback_jwt::{Reason, Refused, WebhookClaims, WebhookToken, WebhookVerifier, bearer};
use serde::{Deserialize, Serialize};

use crate::{
    Limits, Rejection,
    payload::{Incoming, Payload},
};

/// Real tokens have some 500 bytes.
const TOKEN_LIMIT: usize = 4096;

/// Carries the platform's token when a router of the platform's own runtime put its own in front.
const ORIGINAL_TOKEN: &str = "x-vonage-webhook-auth-token";

/// Decides which webhooks are accepted.
///
/// It is cheap to clone and belongs into the state of a router that uses [`Signed`](crate::Signed).
#[derive(Clone)]
pub struct Gate {
    checks: Option<Arc<Checks>>,
    strict: bool,
    limits: Arc<Limits>,
}

struct Checks {
    verifier: WebhookVerifier,
    clock: Box<dyn Fn() -> i64 + Send + Sync>,
}

impl Gate {
    /// A gate that lets everything pass and says so.
    #[must_use]
    pub fn open() -> Self {
        Self { checks: None, strict: false, limits: Arc::default() }
    }

    /// A gate that verifies what is signed, and lets unsigned webhooks pass marked as such.
    ///
    /// The clock tells the seconds since 1970.
    pub fn new(verifier: WebhookVerifier, clock: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        let checks = Checks { verifier: verifier.strict(false), clock: Box::new(clock) };
        Self { checks: Some(Arc::new(checks)), strict: false, limits: Arc::default() }
    }

    /// Whether what is not verified completely is refused.
    ///
    /// An unsigned webhook gets 503, because the platform may send one when signing failed, and repeats it then.
    /// A GET whose signature does not cover its query gets 401, and so does a token with a time written as text.
    /// A body with another content type than `application/json` gets 415.
    /// An open gate stays open.
    #[must_use]
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// What a request may cost.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = Arc::new(limits);
        self
    }

    pub(crate) fn limited(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn is_open(&self) -> bool {
        self.checks.is_none()
    }

    /// Takes what the request carries, when its sender may come in.
    ///
    /// Nothing of a body is kept before that is known.
    pub(crate) async fn receive(
        &self,
        request: Request,
    ) -> Result<(Payload, Verification), Rejection> {
        let incoming = Incoming::of(request, &self.limits, self.strict)?;
        let Some(checks) = &self.checks else {
            return Ok((incoming.read(&self.limits).await?, Verification::Off));
        };
        let sender = match self.sender(checks, incoming.headers()) {
            Ok(sender) => sender,
            Err(rejection) => {
                incoming.discard(&self.limits).await;
                return Err(rejection);
            }
        };
        let payload = incoming.read(&self.limits).await?;
        let verification = match sender {
            None => Verification::Unsigned,
            Some(token) => self.covered(token, &payload)?,
        };
        Ok((payload, verification))
    }

    /// The token of the sender; none when there is none and none is needed.
    fn sender(
        &self,
        checks: &Checks,
        headers: &HeaderMap,
    ) -> Result<Option<WebhookToken>, Rejection> {
        let token = match token(headers) {
            Err(Rejection::Refused(refused)) if refused.reason == Reason::TokenMissing => {
                return match self.strict {
                    true => Err(Rejection::Unsigned(refused)),
                    false => Ok(None),
                };
            }
            token => token?,
        };
        let verified = checks.verifier.verify_token(token, (checks.clock)());
        verified.map(Some).map_err(Rejection::Refused)
    }

    /// What of the payload the token covers.
    fn covered(&self, token: WebhookToken, payload: &Payload) -> Result<Verification, Rejection> {
        let claims = match payload {
            Payload::Body(body) => token.body(body),
            Payload::Query(uri) => token.query(uri.query().unwrap_or_default()),
        };
        let claims = claims.map_err(Rejection::Refused)?;
        if self.strict && claims.numeric_text {
            return Err(Rejection::Refused(numeric_text()));
        }
        let verification = Verification::Signed(claims);
        match self.strict && !verification.is_signed() {
            true => Err(Rejection::Refused(uncovered())),
            false => Ok(verification),
        }
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate")
            .field("verifier", &self.checks.as_ref().map(|checks| &checks.verifier))
            .field("strict", &self.strict)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// What is known about the sender of a webhook.
///
/// It can be written down beside the webhook, and read again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verification {
    /// Nothing: there is no signature secret, so nothing was checked.
    Off,
    /// It carries no token, and the gate is not strict.
    Unsigned,
    /// It carries a token with a right signature; whether that covers the payload is in the claims.
    Signed(WebhookClaims),
}

impl Verification {
    /// Whether the sender had the secret and the signature covers what was sent.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        match self {
            Self::Signed(claims) => claims.payload != ringback_jwt::Payload::Unauthenticated,
            Self::Off | Self::Unsigned => false,
        }
    }

    /// A stable word for logs: `off`, `unsigned`, `signed` or `query-unauthenticated`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Unsigned => "unsigned",
            Self::Signed(_) if self.is_signed() => "signed",
            Self::Signed(_) => "query-unauthenticated",
        }
    }
}

/// The one token of the request.
fn token(headers: &HeaderMap) -> Result<&str, Rejection> {
    let name = match headers.contains_key(ORIGINAL_TOKEN) {
        true => HeaderName::from_static(ORIGINAL_TOKEN),
        false => AUTHORIZATION,
    };
    let mut values = headers.get_all(&name).iter();
    let value = values.next().map(HeaderValue::to_str).transpose();
    let value = value.map_err(|_| Rejection::TokenNotText)?.map(str::trim);
    match values.count() {
        0 => {}
        more => return Err(Rejection::TokenRepeated(more + 1)),
    }
    let token = match value {
        // There the scheme may be missing, and in `Authorization` it may not.
        Some(value) if name != AUTHORIZATION && !value.is_empty() && !value.contains(' ') => value,
        value => bearer(value).map_err(Rejection::Refused)?,
    };
    match token.len() > TOKEN_LIMIT {
        true => Err(Rejection::TokenTooLong(token.len())),
        false => Ok(token),
    }
}

fn numeric_text() -> Refused {
    Refused::new(
        Reason::ClaimMalformed,
        "a time in the claims is a text, not a number",
        "iat, nbf and exp as whole seconds since 1970",
        "sign webhooks with times as numbers, or receive them without strict mode",
    )
}

fn uncovered() -> Refused {
    Refused::new(
        Reason::QueryUnauthenticated,
        "payload_hash is missing or fits no known rule for a query",
        "the SHA-256 of the query parameters as a compact JSON object in received order",
        "let webhooks be sent by POST, or accept GET without strict mode",
    )
}
