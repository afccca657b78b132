//! Looking into a token without believing it.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    refusal::{Refused, Warning, short},
    time,
    verifier::{Number, lifetime_warnings},
};

/// The longest text that is looked at, in bytes; real tokens have less than two thousand.
const LONGEST: usize = 16 * 1024;

/// Reads header and claims of a token **without checking its signature**.
///
/// This is for choosing the key to verify with, and for showing a token to its owner.
///
/// # Errors
/// `token-missing` or `token-malformed`, with what is wrong with the text.
///
/// ```
/// let token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpYXQiOjE3MDAwMDAwMDB9.c2ln";
/// let inspection = ringback_jwt::inspect(token)?;
/// assert_eq!(inspection.algorithm(), Some("HS256"));
/// assert_eq!(inspection.claims["iat"], 1_700_000_000);
/// # Ok::<(), ringback_jwt::Refused>(())
/// ```
pub fn inspect(token: &str) -> Result<Inspection, Refused> {
    let parts = Parts::split(token)?;
    Ok(Inspection {
        header: object(parts.header, "header")?,
        claims: object(parts.claims, "claims")?,
    })
}

/// Header and claims of a token whose signature was **not** checked.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Inspection {
    /// The header.
    pub header: Map<String, Value>,
    /// The claims.
    pub claims: Map<String, Value>,
}

impl Inspection {
    /// The algorithm the header names.
    #[must_use]
    pub fn algorithm(&self) -> Option<&str> {
        self.header.get("alg")?.as_str()
    }

    /// The application the token says it belongs to.
    #[must_use]
    pub fn application_id(&self) -> Option<&str> {
        self.claims.get("application_id")?.as_str()
    }

    /// The account key a signed webhook says it belongs to.
    #[must_use]
    pub fn api_key(&self) -> Option<&str> {
        self.claims.get("api_key")?.as_str()
    }

    /// What sort of token this seems to be.
    #[must_use]
    pub fn kind(&self) -> TokenKind {
        let webhook =
            ["payload_hash", "api_key"].iter().any(|name| self.claims.contains_key(*name));
        if webhook || self.claims.get("iss").is_some_and(|iss| iss == "Vonage") {
            TokenKind::SignedWebhook
        } else if !self.claims.contains_key("application_id") {
            TokenKind::Unknown
        } else if self.claims.contains_key("sub") {
            TokenKind::User
        } else {
            TokenKind::Admin
        }
    }

    /// Every claim with its meaning at `now` (seconds since 1970), and what looks wrong.
    #[must_use]
    pub fn explain(&self, now: i64) -> Explanation {
        let claims = self
            .claims
            .iter()
            .map(|(name, value)| ClaimLine {
                name: name.clone(),
                value: value.clone(),
                meaning: meaning(name, value, now),
            })
            .collect();
        Explanation {
            kind: self.kind(),
            header: self.header.clone(),
            claims,
            warnings: self.warnings(now),
        }
    }

    fn warnings(&self, now: i64) -> Vec<Warning> {
        let kind = self.kind();
        let wanted = if kind == TokenKind::SignedWebhook { "HS256" } else { "RS256" };
        let mut warnings = Vec::new();
        if self.algorithm() != Some(wanted) {
            let alg = self.header.get("alg").map_or_else(|| "none".to_owned(), Value::to_string);
            warnings.push(Warning::new(
                "token-algorithm",
                format!("the algorithm is {}, and only {wanted} is accepted", short(&alg)),
            ));
        }
        let required: &[&str] = match kind {
            TokenKind::SignedWebhook => &["iss", "iat", "jti", "api_key", "payload_hash"],
            _ => &["application_id", "iat", "jti"],
        };
        for name in required.iter().filter(|name| !self.claims.contains_key(**name)) {
            warnings.push(Warning::new("claim-missing", format!("there is no claim `{name}`")));
        }
        if self.claims.contains_key("subject") && !self.claims.contains_key("sub") {
            let text =
                "the claim `subject` means nothing to the platform; a user is named by `sub`";
            warnings.push(Warning::new("claim-unknown", text));
        }
        let mut number = |name: &str| match Number::of(&self.claims, name) {
            Number::Missing => None,
            Number::Whole(value) => Some(value),
            Number::Lenient(value) => {
                warnings.push(Number::warning(name));
                Some(value)
            }
            Number::Wrong(seen) => {
                let text = format!("`{name}` is {}, not a number of seconds", short(&seen));
                warnings.push(Warning::new("claim-malformed", text));
                None
            }
        };
        let (iat, exp, nbf) = (number("iat"), number("exp"), number("nbf"));
        if kind != TokenKind::SignedWebhook {
            warnings.extend(lifetime_warnings(iat, exp));
        }
        let end = exp.or_else(|| {
            iat.filter(|_| kind != TokenKind::SignedWebhook).map(|iat| iat.saturating_add(900))
        });
        if let Some(end) = end.filter(|end| *end <= now) {
            let ago = time::span(now.saturating_sub(end));
            warnings.push(Warning::new("token-expired", format!("the token ended {ago} ago")));
        }
        if let Some(nbf) = nbf.filter(|nbf| *nbf > now) {
            let ahead = time::span(nbf.saturating_sub(now));
            let text = format!("the token becomes valid in {ahead}");
            warnings.push(Warning::new("token-not-yet-valid", text));
        }
        if let Some(iat) = iat.filter(|iat| *iat > now) {
            let ahead = time::span(iat.saturating_sub(now));
            let text = format!("the token says it was issued {ahead} from now");
            warnings.push(Warning::new("token-issued-in-future", text));
        }
        warnings
    }
}

/// What sort of token a token seems to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum TokenKind {
    /// An application token without a user.
    Admin,
    /// An application token for one user.
    User,
    /// The token of a signed webhook.
    SignedWebhook,
    /// None of these.
    Unknown,
}

/// A token in words.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Explanation {
    /// What sort of token it seems to be.
    pub kind: TokenKind,
    /// The header.
    pub header: Map<String, Value>,
    /// The claims, each with its meaning.
    pub claims: Vec<ClaimLine>,
    /// What looks wrong.
    pub warnings: Vec<Warning>,
}

/// One claim in words.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ClaimLine {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Value,
    /// What it says, one sentence; times in UTC and relative to now.
    pub meaning: String,
}

fn meaning(name: &str, value: &Value, now: i64) -> String {
    let moment = |what: &str| match Number::read(value) {
        Number::Whole(epoch) | Number::Lenient(epoch) => {
            let distance = time::span(epoch.saturating_sub(now));
            let relative =
                if epoch <= now { format!("{distance} ago") } else { format!("in {distance}") };
            format!("{what} {}, {relative}", time::utc(epoch))
        }
        Number::Missing | Number::Wrong(_) => format!("{what} a moment that cannot be read"),
    };
    match name {
        "application_id" => {
            "the application whose key signed it and whose data it opens".to_owned()
        }
        "iat" => moment("issued at"),
        "exp" => moment("ends at"),
        "nbf" => moment("valid from"),
        "jti" => "the token's own id, new for each token".to_owned(),
        "sub" => "the name of the user it is for".to_owned(),
        "acl" => "the paths it opens".to_owned(),
        "iss" => "who issued it; always `Vonage` for a signed webhook".to_owned(),
        "api_key" => "the account whose signature secret signed it".to_owned(),
        "payload_hash" => "SHA-256 of the request's body, or of its query as JSON".to_owned(),
        "aud" => {
            "an audience; the platform never writes one, and some libraries refuse it".to_owned()
        }
        _ => "not a claim of the platform".to_owned(),
    }
}

/// The three parts of a token, not yet decoded.
pub(crate) struct Parts<'a> {
    pub(crate) header: &'a str,
    pub(crate) claims: &'a str,
    pub(crate) signature: &'a str,
    /// Header, dot and claims: what is signed.
    pub(crate) message: &'a str,
}

impl<'a> Parts<'a> {
    pub(crate) fn split(token: &'a str) -> Result<Self, Refused> {
        let split = token.rsplit_once('.').and_then(|(message, signature)| {
            let (header, claims) = message.split_once('.')?;
            Some(Self { header, claims, signature, message })
        });
        match split {
            Some(parts) if token.len() <= LONGEST && !parts.claims.contains('.') => Ok(parts),
            _ => Err(not_a_token(token)),
        }
    }
}

pub(crate) fn object(part: &str, what: &str) -> Result<Map<String, Value>, Refused> {
    let bytes = decode(part, what)?;
    serde_json::from_slice(&bytes).map_err(|_| {
        Refused::malformed(
            format!("the {what} of the token is not a JSON object"),
            "mint the token again; this text was not written by a JWT tool",
        )
    })
}

pub(crate) fn decode(part: &str, what: &str) -> Result<Vec<u8>, Refused> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| broken_part(part, what))
}

pub(crate) fn broken_part(part: &str, what: &str) -> Refused {
    let foreign = part.chars().find(|c| !(c.is_ascii_alphanumeric() || *c == '-' || *c == '_'));
    let seen = match foreign {
        Some(c) => format!("the {what} of the token has the character {}", short(&c.to_string())),
        None => format!("the {what} of the token is cut off or empty"),
    };
    Refused::malformed(seen, "copy the token whole, without line breaks, spaces or quotes")
}

fn not_a_token(token: &str) -> Refused {
    let dots = token.matches('.').count();
    if token.trim().is_empty() {
        return Refused::token_missing("the token is empty");
    }
    if token.len() > LONGEST {
        return Refused::malformed(
            format!("the token has {} characters", token.len()),
            "send the token alone; real ones have less than two thousand characters",
        );
    }
    if token.starts_with('$') {
        return Refused::malformed(
            "the token begins with a dollar sign, like a shell variable that was not replaced",
            "use double quotes in the shell, single quotes keep $NAME as it is",
        );
    }
    if dots == 4 {
        return Refused::malformed(
            "the token has five parts, as encrypted tokens have",
            "sign the token with RS256 instead of encrypting it",
        );
    }
    Refused::malformed(
        format!(
            "a text of {} with {dots} dots is no token, which has two",
            crate::token::describe(token)
        ),
        "send the token alone, whole and without quotes",
    )
}
