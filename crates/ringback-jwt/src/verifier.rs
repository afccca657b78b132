//! Verifying application tokens.

use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::{Map, Value};

use crate::{
    Acl, PublicKey,
    claims::DEFAULT_TTL,
    error::Error,
    inspect::{Parts, broken_part, object},
    provider,
    refusal::{Reason, Refused, Warning, short},
    signer::RS256_HEADER,
    time,
};

/// The longest documented lifetime of a token, in seconds.
const LONGEST_LIFE: i64 = 86_400;
/// The shortest documented lifetime of a token, in seconds.
const SHORTEST_LIFE: i64 = 30;

/// Verifies the application tokens of one application, with its public key.
#[derive(Debug)]
pub struct Verifier {
    key: DecodingKey,
    application_id: Option<String>,
}

impl Verifier {
    /// A verifier for tokens that were signed with the private half of this public key.
    ///
    /// # Errors
    /// [`Error::Key`] says in one sentence what the text is instead of a public key.
    pub fn new(public_key_pem: &str) -> Result<Self, Error> {
        Ok(Self::from_key(&PublicKey::from_pem(public_key_pem)?))
    }

    /// A verifier with a public key that was read before.
    #[must_use]
    pub fn from_key(key: &PublicKey) -> Self {
        provider::install();
        Self { key: DecodingKey::from_rsa_der(key.pkcs1()), application_id: None }
    }

    /// Accepts only tokens of this application.
    #[must_use]
    pub fn application_id(mut self, id: impl Into<String>) -> Self {
        self.application_id = Some(id.into());
        self
    }

    /// Checks form, algorithm (RS256 only), signature, times and required claims, in this order.
    ///
    /// `now` is in seconds since 1970 and `leeway` the seconds by which clocks may differ.
    /// A token without `exp` ends fifteen minutes after `iat`, as the platform documents.
    ///
    /// # Errors
    /// The first check that fails, explained.
    pub fn verify(&self, token: &str, now: i64, leeway: i64) -> Result<Verified, Refused> {
        let parts = Parts::split(token)?;
        if parts.header != RS256_HEADER {
            check_algorithm(&object(parts.header, "header")?, "RS256")?;
        }
        let genuine = jsonwebtoken::crypto::verify(
            parts.signature,
            parts.message.as_bytes(),
            &self.key,
            Algorithm::RS256,
        )
        .map_err(|_| broken_part(parts.signature, "signature"))?;
        if !genuine {
            return Err(Refused::new(
                Reason::TokenSignature,
                format!(
                    "the signature of the token ({}) is of another key",
                    crate::token::describe(token)
                ),
                "a signature made with the private key of the application",
                "sign with the private key of this application; a new key pair makes older key files useless",
            ));
        }
        self.check_claims(object(parts.claims, "claims")?, now, leeway)
    }

    fn check_claims(
        &self,
        claims: Map<String, Value>,
        now: i64,
        leeway: i64,
    ) -> Result<Verified, Refused> {
        let mut warnings = Vec::new();
        let mut seconds = |name: &str| match Number::of(&claims, name) {
            Number::Missing => Ok(None),
            Number::Whole(value) => Ok(Some(value)),
            Number::Lenient(value) => {
                warnings.push(Number::warning(name));
                Ok(Some(value))
            }
            Number::Wrong(seen) => {
                Err(Refused::claim_malformed(name, &seen, "a number of seconds since 1970"))
            }
        };
        let (iat, exp, nbf) = (seconds("iat")?, seconds("exp")?, seconds("nbf")?);
        let iat = iat.ok_or_else(|| Refused::claim_missing("iat"))?;
        let effective = exp.unwrap_or_else(|| iat.saturating_add(DEFAULT_TTL));
        check_end(effective, exp.is_some(), now, leeway)?;
        if let Some(nbf) = nbf.filter(|nbf| now.saturating_add(leeway) < *nbf) {
            return Err(Refused::new(
                Reason::TokenNotYetValid,
                format!(
                    "nbf is {}, {} from now",
                    time::utc(nbf),
                    time::span(nbf.saturating_sub(now))
                ),
                "an nbf that has passed",
                "wait, or mint the token without nbf, or set the clock of this machine right",
            ));
        }
        check_begin(iat, now, leeway)?;
        let application_id = text(&claims, "application_id")?
            .ok_or_else(|| Refused::claim_missing("application_id"))?;
        if let Some(expected) = self.application_id.as_ref().filter(|id| **id != application_id) {
            return Err(Refused::new(
                Reason::ApplicationMismatch,
                format!("the token is of the application {}", short(&application_id)),
                format!("a token of the application {}", short(expected)),
                "mint the token with the id and the private key of this application",
            ));
        }
        let jti = text(&claims, "jti")?.ok_or_else(|| Refused::claim_missing("jti"))?;
        let sub = text(&claims, "sub")?;
        let acl = match claims.get("acl") {
            None | Some(Value::Null) => None,
            Some(value) => Some(Acl::from_value(value).map_err(|error| {
                Refused::claim_malformed("acl", &error.to_string(), "an object with `paths`")
            })?),
        };
        warnings.extend(lifetime_warnings(Some(iat), exp));
        Ok(Verified { application_id, iat, exp: effective, nbf, jti, sub, acl, claims, warnings })
    }
}

/// A token that passed, and what it says.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Verified {
    /// The application it belongs to.
    pub application_id: String,
    /// When it was issued, in seconds since 1970.
    pub iat: i64,
    /// When it ends, in seconds since 1970; fifteen minutes after `iat` when it does not say.
    pub exp: i64,
    /// From when it is valid, in seconds since 1970, if it says.
    pub nbf: Option<i64>,
    /// Its own id.
    pub jti: String,
    /// The name of the user it is for; an admin token has none.
    pub sub: Option<String>,
    /// The paths it opens, if it says.
    pub acl: Option<Acl>,
    /// All claims as they were.
    pub claims: Map<String, Value>,
    /// What its owner should know.
    pub warnings: Vec<Warning>,
}

impl Verified {
    /// Whether the token opens this path for this method; without an ACL it opens all.
    #[must_use]
    pub fn acl_allows(&self, method: &str, path: &str) -> bool {
        self.acl.as_ref().is_none_or(|acl| acl.allows(method, path))
    }

    /// The same as a refusal that explains itself.
    ///
    /// # Errors
    /// `acl-denied` when the ACL does not cover path and method.
    pub fn check_acl(&self, method: &str, path: &str) -> Result<(), Refused> {
        if self.acl_allows(method, path) {
            return Ok(());
        }
        let open: Vec<&str> = self.acl.iter().flat_map(Acl::paths).map(|(path, _)| path).collect();
        Err(Refused::new(
            Reason::AclDenied,
            format!("the acl of the token does not open {} {}", method, short(path)),
            format!("an acl with a path that covers it; this one has {}", open.join(", ")),
            "add the path, or its method, to the acl of the token, or mint it without acl",
        ))
    }
}

/// Refuses every algorithm but one, before any key is touched.
pub(crate) fn check_algorithm(header: &Map<String, Value>, wanted: &str) -> Result<(), Refused> {
    if header.get("alg").is_some_and(|alg| alg == wanted) {
        return Ok(());
    }
    let seen = match header.get("alg") {
        None => "the header of the token names no algorithm".to_owned(),
        Some(Value::String(alg)) => format!("the token is signed with {}", short(alg)),
        Some(other) => format!("the algorithm of the token is {}", short(&other.to_string())),
    };
    Err(Refused::new(
        Reason::TokenAlgorithm,
        seen,
        format!("the algorithm {wanted}, and no other"),
        match wanted {
            "RS256" => "sign with RS256 and the private key of the application",
            _ => "sign with HS256 and the signature secret of the account",
        },
    ))
}

pub(crate) fn check_end(exp: i64, said: bool, now: i64, leeway: i64) -> Result<(), Refused> {
    if now.saturating_sub(leeway) < exp {
        return Ok(());
    }
    let ago = time::span(now.saturating_sub(exp));
    let seen = if said {
        format!("exp was {}, {ago} ago", time::utc(exp))
    } else {
        format!(
            "the token has no exp, so it ended 15 min after iat, at {}, {ago} ago",
            time::utc(exp)
        )
    };
    Err(Refused::new(
        Reason::TokenExpired,
        seen,
        format!("an exp after {}", time::utc(now)),
        "mint a new token, or one that lives longer (up to 24 h)",
    ))
}

pub(crate) fn check_begin(iat: i64, now: i64, leeway: i64) -> Result<(), Refused> {
    if iat <= now.saturating_add(leeway) {
        return Ok(());
    }
    let fix = if is_milliseconds(iat) {
        "iat looks like milliseconds: divide it by 1000"
    } else {
        "set the clock of the machine that mints the token right"
    };
    Err(Refused::new(
        Reason::TokenIssuedInFuture,
        format!("iat is {}, {} from now", time::utc(iat), time::span(iat.saturating_sub(now))),
        format!("an iat not after {}, give or take {leeway} s", time::utc(now)),
        fix,
    ))
}

fn is_milliseconds(epoch: i64) -> bool {
    epoch > 100_000_000_000
}

pub(crate) fn lifetime_warnings(iat: Option<i64>, exp: Option<i64>) -> Option<Warning> {
    let (iat, exp) = (iat?, exp?);
    let life = exp.saturating_sub(iat);
    if life > LONGEST_LIFE {
        let text = if is_milliseconds(exp) {
            "exp looks like milliseconds; the platform counts in seconds".to_owned()
        } else {
            format!("the token lives {}, and the platform documents 24 h at most", time::span(life))
        };
        Some(Warning::new("token-lifetime-too-long", text))
    } else if life < SHORTEST_LIFE {
        let text = format!("the token lives {life} s, and the platform documents 30 s at least");
        Some(Warning::new("token-lifetime-too-short", text))
    } else {
        None
    }
}

fn text(claims: &Map<String, Value>, name: &str) -> Result<Option<String>, Refused> {
    match claims.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if !text.is_empty() => Ok(Some(text.clone())),
        Some(other) => Err(Refused::claim_malformed(name, &other.to_string(), "a text")),
    }
}

/// A moment as a claim may hold it.
#[derive(Debug, PartialEq)]
pub(crate) enum Number {
    Missing,
    Whole(i64),
    /// A numeric text or a fraction: read, with a warning.
    Lenient(i64),
    Wrong(String),
}

impl Number {
    pub(crate) fn of(claims: &Map<String, Value>, name: &str) -> Self {
        claims.get(name).map_or(Self::Missing, Self::read)
    }

    pub(crate) fn read(value: &Value) -> Self {
        let wrong = || Self::Wrong(value.to_string());
        match value {
            Value::Null => Self::Missing,
            Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(whole), _) => Self::Whole(whole),
                (None, Some(fraction)) if fraction.abs() < 9e15 => Self::Lenient(fraction as i64),
                _ => wrong(),
            },
            Value::String(text) => text.trim().parse().map_or_else(|_| wrong(), Self::Lenient),
            _ => wrong(),
        }
    }

    pub(crate) fn warning(name: &str) -> Warning {
        let text = format!("`{name}` should be a whole number, not a text or a fraction");
        Warning::new("claim-numeric-text", text)
    }
}
