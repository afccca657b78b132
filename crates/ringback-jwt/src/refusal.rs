//! Why a token is not accepted: a stable code, what was seen, what is expected, the remedy.

use serde::{Serialize, Serializer};

use crate::token::describe;

/// A token that is not accepted, explained.
///
/// The three sentences never hold a token, a secret or a credential, only lengths and hash prefixes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{reason}: {seen}")]
#[non_exhaustive]
pub struct Refused {
    /// The check that failed.
    pub reason: Reason,
    /// What was seen, one sentence.
    pub seen: String,
    /// What would have been accepted, one sentence.
    pub expected: String,
    /// What to do about it, one sentence.
    pub fix: String,
}

impl Refused {
    /// A refusal in the words of the caller, for checks that need more than the token.
    #[must_use]
    pub fn new(
        reason: Reason,
        seen: impl Into<String>,
        expected: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self { reason, seen: seen.into(), expected: expected.into(), fix: fix.into() }
    }

    /// The refusal of a token whose application is not known where it arrived.
    #[must_use]
    pub fn application_unknown(application_id: &str) -> Self {
        Self::new(
            Reason::ApplicationUnknown,
            format!("there is no application {}", short(application_id)),
            "the application_id of an application of this account",
            "mint the token with the id of an existing application, or create the application first",
        )
    }

    /// Seen and remedy in one ASCII sentence of at most 200 bytes, fit for a header.
    #[must_use]
    pub fn hint(&self) -> String {
        let whole = format!("{}; {}", self.seen, self.fix);
        let whole = if whole.len() > 200 { self.fix.as_str() } else { &whole };
        whole.chars().map(|c| if (' '..='~').contains(&c) { c } else { '?' }).take(200).collect()
    }

    pub(crate) fn token_missing(seen: &str) -> Self {
        Self::new(
            Reason::TokenMissing,
            seen,
            "a header `Authorization: Bearer TOKEN`",
            "send the token in the header `Authorization: Bearer TOKEN`",
        )
    }

    pub(crate) fn token_scheme(scheme: &str, rest: &str) -> Self {
        let known = ["basic", "digest", "negotiate"].iter().any(|k| scheme.eq_ignore_ascii_case(k));
        let seen = if known {
            format!("the Authorization header has the scheme {}", short(scheme))
        } else if rest.is_empty() {
            format!("the Authorization header has no scheme, only a text of {}", describe(scheme))
        } else {
            format!("the Authorization header has an unknown scheme of {}", describe(scheme))
        };
        Self::new(
            Reason::TokenScheme,
            seen,
            "the scheme `Bearer` and a token after it",
            "write `Bearer`, one space, and the token; key and secret do not work for this call",
        )
    }

    pub(crate) fn malformed(seen: impl Into<String>, fix: &str) -> Self {
        Self::new(
            Reason::TokenMalformed,
            seen,
            "three parts of base64url text, joined by dots: header, claims, signature",
            fix,
        )
    }

    pub(crate) fn claim_missing(name: &str) -> Self {
        Self::new(
            Reason::ClaimMissing,
            format!("the token has no claim `{name}`"),
            format!("a claim `{name}`"),
            format!("mint the token with `{name}`"),
        )
    }

    pub(crate) fn claim_malformed(name: &str, seen: &str, expected: &str) -> Self {
        Self::new(
            Reason::ClaimMalformed,
            format!("the claim `{name}` is {}", short(seen)),
            format!("`{name}` as {expected}"),
            format!("mint the token with `{name}` as {expected}"),
        )
    }
}

/// The check that a token did not pass; its text is stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// There is no token.
    TokenMissing,
    /// The `Authorization` header is of another scheme than `Bearer`.
    TokenScheme,
    /// The text is not a token.
    TokenMalformed,
    /// The algorithm is not the one that is required.
    TokenAlgorithm,
    /// The header demands an extension that is not understood.
    TokenCritical,
    /// The signature does not belong to the text and the key.
    TokenSignature,
    /// `exp` is over.
    TokenExpired,
    /// `nbf` is yet to come.
    TokenNotYetValid,
    /// `iat` is yet to come.
    TokenIssuedInFuture,
    /// `iat` is longer ago than the receiver allows.
    TokenTooOld,
    /// A claim that must be there is not.
    ClaimMissing,
    /// A claim has a value of a wrong kind.
    ClaimMalformed,
    /// No application has this id.
    ApplicationUnknown,
    /// The token belongs to another application.
    ApplicationMismatch,
    /// The token belongs to another account.
    AccountMismatch,
    /// The ACL does not cover the path or the method.
    AclDenied,
    /// `iss` of a signed webhook is not `Vonage`.
    IssuerMismatch,
    /// A request with a body has a token without `payload_hash`.
    PayloadHashMissing,
    /// `payload_hash` is of another body.
    PayloadHashMismatch,
    /// The token is right, and its `payload_hash` fits no known rule for a query.
    QueryUnauthenticated,
}

impl Reason {
    /// The stable text, such as `token-expired`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TokenMissing => "token-missing",
            Self::TokenScheme => "token-scheme",
            Self::TokenMalformed => "token-malformed",
            Self::TokenAlgorithm => "token-algorithm",
            Self::TokenCritical => "token-critical",
            Self::TokenSignature => "token-signature",
            Self::TokenExpired => "token-expired",
            Self::TokenNotYetValid => "token-not-yet-valid",
            Self::TokenIssuedInFuture => "token-issued-in-future",
            Self::TokenTooOld => "token-too-old",
            Self::ClaimMissing => "claim-missing",
            Self::ClaimMalformed => "claim-malformed",
            Self::ApplicationUnknown => "application-unknown",
            Self::ApplicationMismatch => "application-mismatch",
            Self::AccountMismatch => "account-mismatch",
            Self::AclDenied => "acl-denied",
            Self::IssuerMismatch => "issuer-mismatch",
            Self::PayloadHashMissing => "payload-hash-missing",
            Self::PayloadHashMismatch => "payload-hash-mismatch",
            Self::QueryUnauthenticated => "query-unauthenticated",
        }
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Something about an accepted token that its owner should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Warning {
    /// A stable code, such as `token-lifetime-too-long` or `claim-numeric-text`.
    pub code: &'static str,
    /// One sentence.
    pub text: String,
}

impl Warning {
    pub(crate) fn new(code: &'static str, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }
}

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.text)
    }
}

/// A claim's value in quotes, without control characters and cut after sixty characters.
pub(crate) fn short(value: &str) -> String {
    let mut out: String = value
        .chars()
        .take(60)
        .map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c })
        .collect();
    if value.chars().nth(60).is_some() {
        out.push('…');
    }
    format!("`{out}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_fit_a_header() {
        for seen in ["a", &"ö\n".repeat(300), &"x".repeat(150)] {
            let hint = Refused::claim_malformed("exp", seen, "a number of seconds").hint();
            assert!(
                hint.len() <= 200 && hint.bytes().all(|b| (b' '..=b'~').contains(&b)),
                "{hint}"
            );
        }
    }
}
