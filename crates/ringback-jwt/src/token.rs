//! A minted token, and a token on its way in a header.

use ring::digest;
use secrecy::{ExposeSecret, SecretString};

use crate::{payload::hex, refusal::Refused};

/// A minted token; its text is a secret as long as it is valid.
#[derive(Clone)]
pub struct Token {
    text: SecretString,
    issued_at: i64,
    expires_at: i64,
}

impl Token {
    pub(crate) fn new(text: String, issued_at: i64, expires_at: i64) -> Self {
        Self { text: SecretString::from(text), issued_at, expires_at }
    }

    /// The text to send after `Authorization: Bearer `.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.text.expose_secret()
    }

    /// When it was issued, in seconds since 1970, UTC.
    #[must_use]
    pub fn issued_at(&self) -> i64 {
        self.issued_at
    }

    /// When it ends, in seconds since 1970, UTC: its `exp`, or fifteen minutes after `iat` without one.
    #[must_use]
    pub fn expires_at(&self) -> i64 {
        self.expires_at
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token")
            .field("text", &describe(self.expose()))
            .field("issued_at", &self.issued_at)
            .field("expires_at", &self.expires_at)
            .finish()
    }
}

/// Takes the token out of the value of an `Authorization` header.
///
/// # Errors
/// `token-missing` when there is no header or no token in it, `token-scheme` when it is not `Bearer`.
pub fn bearer(authorization: Option<&str>) -> Result<&str, Refused> {
    let value = authorization.map(str::trim).unwrap_or_default();
    if value.is_empty() {
        return Err(Refused::token_missing("there is no Authorization header"));
    }
    let (scheme, rest) = value.split_once([' ', '\t']).unwrap_or((value, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Refused::token_scheme(scheme, rest));
    }
    match rest.trim() {
        "" => Err(Refused::token_missing("nothing stands after `Bearer`")),
        token => Ok(token),
    }
}

/// What may be said of a secret text: its length and the beginning of its hash.
pub(crate) fn describe(secret: &str) -> String {
    let hash = hex(digest::digest(&digest::SHA256, secret.as_bytes()).as_ref());
    format!("{} characters, sha256 {}", secret.len(), hash.get(..8).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reason;

    #[test]
    fn headers() {
        let check = |input: Option<&str>, expected: Result<&str, Reason>| {
            assert_eq!(bearer(input).map_err(|refused| refused.reason), expected, "{input:?}");
        };
        check(Some("Bearer a.b.c"), Ok("a.b.c"));
        check(Some("bearer   a.b.c "), Ok("a.b.c"));
        check(None, Err(Reason::TokenMissing));
        check(Some(""), Err(Reason::TokenMissing));
        check(Some("Bearer "), Err(Reason::TokenMissing));
        check(Some("Basic YWFhMDEyOmFiYzEyMzQ1Njc4OQ=="), Err(Reason::TokenScheme));
        check(Some("eyJhbGciOiJSUzI1NiJ9.e30.c2ln"), Err(Reason::TokenScheme));
    }

    #[test]
    fn a_refused_header_does_not_show_its_secret() {
        for header in ["Basic YWFhMDEyOmFiYzEyMzQ1Njc4OQ==", "eyJhbGciOiJSUzI1NiJ9.e30.c2ln"] {
            let shown = format!("{:?}", bearer(Some(header)));
            assert!(!shown.contains("YWFh") && !shown.contains("eyJh"), "{shown}");
        }
    }
}
