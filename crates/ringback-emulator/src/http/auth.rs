//! Who calls: real checks of tokens, keys and secrets.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{header, request::Parts};
use ringback_exchange::{Caller, Refusal};
use ringback_jwt::{Reason, Refused, Verifier, bearer, inspect};
use ringback_model::{
    ApplicationId, OperationInfo,
    operation::{Encoding, Scheme},
};

use super::{
    gate::text,
    refusals::{Situation, refusal},
};
use crate::{credentials::same, mask, platform::Platform};

/// By how many seconds the clocks of a token's maker and of this machine may differ.
const LEEWAY: i64 = 60;

/// Establishes who calls an operation.
pub(crate) fn caller(
    platform: &Arc<Platform>,
    info: &'static OperationInfo,
    head: &Parts,
    body: &[u8],
) -> Result<Caller, Refusal> {
    let check = Check { platform, info, head };
    let headers = head.headers.get_all(header::AUTHORIZATION).iter().count();
    let authorization = text(&head.headers, header::AUTHORIZATION);
    let parameters = Parameters::of(info, head, body);
    if headers > 1 || (headers == 1 && parameters.are_both()) {
        return Err(check.multiple(headers));
    }
    let scheme = authorization.and_then(|value| value.split_whitespace().next());
    let scheme = scheme.map(str::to_ascii_lowercase);
    let takes = |scheme| info.auth.contains(&scheme);
    match (authorization, scheme.as_deref()) {
        (Some(value), Some("bearer")) if takes(Scheme::Jwt) => check.token(Some(value)),
        (Some(value), Some("basic")) if takes(Scheme::Basic) => check.basic(value),
        (_, None) if parameters.are_any() && takes(Scheme::Query) => check.parameters(&parameters),
        (None, _) if headers == 1 && takes(Scheme::Jwt) => Err(check.unreadable()),
        (value, _) if takes(Scheme::Jwt) => check.token(value),
        (_, Some(other)) => Err(check.wrong_scheme(other)),
        (_, None) if parameters.are_any() => Err(check.wrong_scheme("parameters")),
        _ if headers == 1 => Err(check.wrong_scheme("unreadable")),
        _ => Err(check.missing()),
    }
}

struct Check<'a> {
    platform: &'a Arc<Platform>,
    info: &'static OperationInfo,
    head: &'a Parts,
}

impl Check<'_> {
    fn token(&self, authorization: Option<&str>) -> Result<Caller, Refusal> {
        let refused = |refused: Refused| self.refused(&refused);
        let (token, id) = application(authorization).map_err(refused)?;
        let verifier = match self.platform.verifier(&id) {
            Some(Ok(verifier)) => verifier,
            Some(Err(error)) => return Err(self.unusable_key(&id, &error)),
            None => return Err(refused(Refused::application_unknown(id.as_str()))),
        };
        self.verify(&verifier, token, id).map_err(refused)
    }

    fn verify(
        &self,
        verifier: &Verifier,
        token: &str,
        id: ApplicationId,
    ) -> Result<Caller, Refused> {
        let verified = verifier.verify(token, self.platform.wall.now().as_secs(), LEEWAY)?;
        verified.check_acl(self.head.method.as_str(), self.head.uri.path())?;
        for warning in &verified.warnings {
            tracing::info!(application = %id, code = warning.code, text = warning.text, "token");
        }
        Ok(Caller::Application { id, user: verified.sub })
    }

    fn unusable_key(&self, id: &ApplicationId, error: &ringback_jwt::Error) -> Refusal {
        refusal(
            self.info.errors,
            Situation::Unauthorized,
            "application-key-unusable",
            "the public key of the token's application",
            format!("the public key of the application {id} is not usable: {error}"),
            "an application with an RSA public key of at least 2048 bits",
            "give the application another public key: ringback apps update",
        )
    }

    fn unreadable(&self) -> Refusal {
        refusal(
            self.info.errors,
            Situation::Unauthorized,
            Reason::TokenMalformed.as_str(),
            "the application token",
            "the Authorization header holds bytes that are not ASCII text",
            "the scheme `Bearer` and a token after it",
            "send the token as it was minted: three parts of base64url text, joined by dots",
        )
    }
    fn refused(&self, refused: &Refused) -> Refusal {
        let situation = match refused.reason {
            Reason::TokenMissing => Situation::MissingToken,
            Reason::TokenExpired => Situation::ExpiredToken,
            Reason::AclDenied => Situation::Forbidden,
            _ => Situation::Unauthorized,
        };
        refusal(
            self.info.errors,
            situation,
            refused.reason.as_str(),
            "the application token",
            refused.seen.as_str(),
            refused.expected.as_str(),
            refused.fix.as_str(),
        )
    }

    fn basic(&self, value: &str) -> Result<Caller, Refusal> {
        let (_, encoded) = value.split_once(char::is_whitespace).unwrap_or((value, ""));
        let decoded = STANDARD.decode(encoded.trim()).ok();
        let decoded = decoded.and_then(|text| String::from_utf8(text).ok());
        let Some((key, secret)) = decoded.as_deref().and_then(|text| text.split_once(':')) else {
            return Err(self.unauthorized(
                "credentials-malformed",
                format!("after `Basic` stands a text of {}", mask::secret(encoded.trim())),
                "base64 of key, colon and secret",
                "write `Basic` and the base64 of API_KEY:API_SECRET",
            ));
        };
        self.account(key, secret)
    }

    fn parameters(&self, parameters: &Parameters) -> Result<Caller, Refusal> {
        match (&parameters.key, &parameters.secret) {
            (Some(key), Some(secret)) => self.account(key, secret),
            (key, _) => {
                let missing = if key.is_some() { "api_secret" } else { "api_key" };
                Err(self.unauthorized(
                    "credentials-missing",
                    format!("there is no parameter `{missing}`"),
                    "both `api_key` and `api_secret`",
                    format!("add `{missing}`"),
                ))
            }
        }
    }

    fn account(&self, key: &str, secret: &str) -> Result<Caller, Refusal> {
        let credentials = &self.platform.credentials;
        if key != credentials.api_key {
            return Err(self.unauthorized(
                "api-key-unknown",
                format!("there is no account with {}", shown(key)),
                format!("the key `{}`", credentials.api_key),
                "use the key of this platform; `ringback env` prints it",
            ));
        }
        if !same(&credentials.api_secret, secret) {
            return Err(self.unauthorized(
                "api-secret-wrong",
                format!("the secret is another one: {}", mask::secret(secret)),
                "the secret of this account",
                "use the secret of this platform; `ringback env` prints it",
            ));
        }
        Ok(Caller::Account)
    }

    fn multiple(&self, headers: usize) -> Refusal {
        let seen = match headers {
            0 | 1 => "an Authorization header, and `api_key` with `api_secret` as parameters",
            _ => "more than one Authorization header",
        };
        refusal(
            self.info.errors,
            Situation::MultipleMethods,
            "multiple-auth-methods",
            "the credentials",
            seen,
            "one way to say who calls",
            format!("send {} alone", self.schemes()),
        )
    }

    fn wrong_scheme(&self, scheme: &str) -> Refusal {
        let seen = match scheme {
            "bearer" => "the Authorization header has a token".to_owned(),
            "basic" => "the Authorization header has key and secret".to_owned(),
            "parameters" => "`api_key` or `api_secret` are parameters".to_owned(),
            "unreadable" => "the Authorization header is not readable text".to_owned(),
            // What stands there may be a secret without its scheme.
            _ => "the Authorization header has another scheme".to_owned(),
        };
        let fix = format!("send {}", self.schemes());
        self.unauthorized("credentials-scheme", seen, self.schemes(), fix)
    }

    fn missing(&self) -> Refusal {
        self.unauthorized(
            "credentials-missing",
            "there are no credentials",
            self.schemes(),
            format!("send {}", self.schemes()),
        )
    }

    fn unauthorized(
        &self,
        reason: &'static str,
        seen: impl Into<String>,
        expected: impl Into<String>,
        fix: impl Into<String>,
    ) -> Refusal {
        let family = self.info.errors;
        refusal(family, Situation::Unauthorized, reason, "the credentials", seen, expected, fix)
    }

    /// What the operation takes, in words.
    fn schemes(&self) -> String {
        let words = self.info.auth.iter().map(|scheme| match scheme {
            Scheme::Jwt => "`Authorization: Bearer TOKEN`",
            Scheme::Basic => "`Authorization: Basic` with key and secret",
            Scheme::Query => "`api_key` and `api_secret` as parameters",
        });
        words.collect::<Vec<_>>().join(" or ")
    }
}

/// The token of a header, and the application it is for.
fn application(authorization: Option<&str>) -> Result<(&str, ApplicationId), Refused> {
    let token = bearer(authorization)?;
    let seen = inspect(token)?;
    if seen.algorithm() != Some("RS256") {
        let algorithm = seen.algorithm().unwrap_or("none named");
        return Err(Refused::new(
            Reason::TokenAlgorithm,
            format!("the algorithm of the token is `{}`", cut(algorithm)),
            "the algorithm RS256, and no other",
            "sign with RS256 and the private key of the application",
        ));
    }
    match seen.application_id() {
        Some(application) => Ok((token, ApplicationId::from(application))),
        None => Err(Refused::new(
            Reason::ClaimMissing,
            "the token has no claim `application_id`",
            "a claim `application_id`",
            "mint the token with `application_id`",
        )),
    }
}

/// Key and secret among the parameters.
#[derive(Default)]
struct Parameters {
    key: Option<String>,
    secret: Option<String>,
}

impl Parameters {
    /// Those of the query, of a form, and of the JSON that an old SDK sends instead.
    fn of(info: &OperationInfo, head: &Parts, body: &[u8]) -> Self {
        let mut found = Self::default();
        found.read(head.uri.query().unwrap_or_default().as_bytes());
        let takes = info.auth.contains(&Scheme::Query);
        if takes && info.encoding == Encoding::Form {
            found.read(body);
        } else if takes && let Ok(serde_json::Value::Object(fields)) = serde_json::from_slice(body)
        {
            let text = |name| fields.get(name).and_then(|value| value.as_str()).map(str::to_owned);
            found.key = found.key.or_else(|| text("api_key"));
            found.secret = found.secret.or_else(|| text("api_secret"));
        }
        found
    }

    fn read(&mut self, pairs: &[u8]) {
        for (name, value) in url::form_urlencoded::parse(pairs) {
            match &*name {
                "api_key" => self.key = Some(value.into_owned()),
                "api_secret" => self.secret = Some(value.into_owned()),
                _ => {}
            }
        }
    }

    fn are_any(&self) -> bool {
        self.key.is_some() || self.secret.is_some()
    }

    fn are_both(&self) -> bool {
        self.key.is_some() && self.secret.is_some()
    }
}

/// A key as it may be shown; what does not look like one may be the secret, put in its place.
fn shown(key: &str) -> String {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    match (6..=8).contains(&key.len()) && key.bytes().all(letter) {
        true => format!("the key `{key}`"),
        false => format!("a key of {}", mask::secret(key)),
    }
}

fn cut(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(40).collect()
}
