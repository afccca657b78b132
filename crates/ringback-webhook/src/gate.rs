//! Who may come in.

use std::{fmt, sync::Arc};

use axum::{
    extract::Request,
    http::{HeaderMap, header::AUTHORIZATION},
};
use ringback_jwt::{Reason, Refused, WebhookClaims, WebhookVerifier, bearer};

use crate::{Limits, Rejection, payload::Payload};

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
    /// A GET whose signature does not cover its query gets 401.
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
    pub(crate) async fn receive(
        &self,
        request: Request,
    ) -> Result<(Payload, Verification), Rejection> {
        let (headers, payload) = Payload::of(request, &self.limits).await?;
        let verification = match &self.checks {
            None => Verification::Off,
            Some(checks) => self.verify(checks, &headers, &payload)?,
        };
        Ok((payload, verification))
    }

    fn verify(
        &self,
        checks: &Checks,
        headers: &HeaderMap,
        payload: &Payload,
    ) -> Result<Verification, Rejection> {
        let token = match token(headers) {
            Err(Rejection::Refused(refused)) if refused.reason == Reason::TokenMissing => {
                return match self.strict {
                    true => Err(Rejection::Unsigned(refused)),
                    false => Ok(Verification::Unsigned),
                };
            }
            token => token?,
        };
        let now = (checks.clock)();
        let claims = match payload {
            Payload::Body(body) => checks.verifier.verify_body(token, body, now),
            Payload::Query(uri) => {
                checks.verifier.verify_query(token, uri.query().unwrap_or_default(), now)
            }
        };
        let claims = claims.map_err(Rejection::Refused)?;
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
#[derive(Clone, Debug, PartialEq, Eq)]
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
    let original = headers.get(ORIGINAL_TOKEN).and_then(|value| value.to_str().ok());
    let token = match original {
        Some(value) => value.trim().trim_start_matches("Bearer "),
        None => {
            let count = headers.get_all(AUTHORIZATION).iter().count();
            if count > 1 {
                return Err(Rejection::TokenRepeated(count));
            }
            let header = headers.get(AUTHORIZATION).map(|value| value.to_str().unwrap_or("?"));
            bearer(header).map_err(Rejection::Refused)?
        }
    };
    match token.len() > TOKEN_LIMIT {
        true => Err(Rejection::TokenTooLong(token.len())),
        false => Ok(token),
    }
}

fn uncovered() -> Refused {
    Refused::new(
        Reason::QueryUnauthenticated,
        "payload_hash is missing or fits no known rule for a query",
        "the SHA-256 of the query parameters as a compact JSON object in received order",
        "let webhooks be sent by POST, or accept GET without strict mode",
    )
}
