//! What an application token says.

use ring::rand::{SecureRandom as _, SystemRandom};
use serde::{
    Serialize, Serializer,
    ser::{Error as _, SerializeMap as _},
};
use serde_json::Value;

use crate::{Acl, error::Error};

/// The lifetime that the official SDKs write and that the platform assumes without `exp`, in seconds.
pub(crate) const DEFAULT_TTL: i64 = 900;

/// The claims of an application token, from which any number of tokens can be minted.
///
/// `iat` defaults to the moment of minting, `exp` to fifteen minutes later, `jti` to a new UUID.
#[derive(Clone, Debug, PartialEq)]
pub struct Claims {
    application_id: Option<String>,
    iat: Option<i64>,
    end: End,
    nbf: Option<i64>,
    jti: Option<String>,
    sub: Option<String>,
    acl: Option<Acl>,
    extra: Vec<(String, Value)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    After(i64),
    At(i64),
    Unsaid,
}

impl Claims {
    /// The claims of an admin token of this application.
    #[must_use]
    pub fn new(application_id: impl Into<String>) -> Self {
        Self { application_id: Some(application_id.into()), ..Self::without_application() }
    }

    /// Claims that name no application; the platform refuses such a token.
    #[must_use]
    pub fn without_application() -> Self {
        Self {
            application_id: None,
            iat: None,
            end: End::After(DEFAULT_TTL),
            nbf: None,
            jti: None,
            sub: None,
            acl: None,
            extra: Vec::new(),
        }
    }

    /// How long a token lives, in seconds; the platform documents 30 seconds to 24 hours.
    #[must_use]
    pub fn ttl(mut self, seconds: i64) -> Self {
        self.end = End::After(seconds);
        self
    }

    /// When a token ends, in seconds since 1970.
    #[must_use]
    pub fn exp(mut self, epoch: i64) -> Self {
        self.end = End::At(epoch);
        self
    }

    /// Leaves `exp` out, as the oldest tools do; the platform then takes fifteen minutes.
    #[must_use]
    pub fn no_exp(mut self) -> Self {
        self.end = End::Unsaid;
        self
    }

    /// Before when a token is not valid, in seconds since 1970.
    #[must_use]
    pub fn nbf(mut self, epoch: i64) -> Self {
        self.nbf = Some(epoch);
        self
    }

    /// When a token was issued, in seconds since 1970, instead of the moment of minting.
    #[must_use]
    pub fn iat(mut self, epoch: i64) -> Self {
        self.iat = Some(epoch);
        self
    }

    /// The token's own id, instead of a new UUID for each.
    #[must_use]
    pub fn jti(mut self, id: impl Into<String>) -> Self {
        self.jti = Some(id.into());
        self
    }

    /// The name of the user the token is for, which makes it a user token.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "the claim has this name")]
    pub fn sub(mut self, user_name: impl Into<String>) -> Self {
        self.sub = Some(user_name.into());
        self
    }

    /// The paths the token opens; without an ACL, an admin token opens all.
    #[must_use]
    pub fn acl(mut self, acl: Acl) -> Self {
        self.acl = Some(acl);
        self
    }

    /// Any other claim; one with the name of a known claim takes its place, exactly as given.
    #[must_use]
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        let name = name.into();
        self.extra.retain(|(known, _)| *known != name);
        self.extra.push((name, value.into()));
        self
    }

    pub(crate) fn write(&self, now: i64) -> Result<Written, Error> {
        let iat = self.iat.unwrap_or(now);
        let exp = match self.end {
            End::After(seconds) => Some(iat.saturating_add(seconds)),
            End::At(epoch) => Some(epoch),
            End::Unsaid => None,
        };
        let jti = match &self.jti {
            None => Some(uuid_v4()?),
            Some(_) => None,
        };
        let jti = jti.as_deref().or(self.jti.as_deref());
        let json =
            serde_json::to_vec(&Wire { claims: self, iat, exp, jti }).map_err(Error::Claims)?;
        let replaced = |name| self.extra.iter().find(|(extra, _)| extra == name).map(|(_, v)| v);
        let iat = replaced("iat").and_then(Value::as_i64).unwrap_or(iat);
        let exp = match replaced("exp") {
            Some(value) => value.as_i64(),
            None => exp,
        };
        Ok(Written { json, iat, exp: exp.unwrap_or_else(|| iat.saturating_add(DEFAULT_TTL)) })
    }
}

/// Claims as they are signed, and when the token begins and ends.
pub(crate) struct Written {
    pub(crate) json: Vec<u8>,
    pub(crate) iat: i64,
    pub(crate) exp: i64,
}

struct Wire<'a> {
    claims: &'a Claims,
    iat: i64,
    exp: Option<i64>,
    jti: Option<&'a str>,
}

impl Serialize for Wire<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let claims = self.claims;
        if claims.acl.as_ref().is_some_and(|acl| acl.paths().count() == 0) {
            return Err(S::Error::custom("an acl without paths opens nothing"));
        }
        let mut map = serializer.serialize_map(None)?;
        let own = |name: &str| claims.extra.iter().all(|(extra, _)| extra != name);
        macro_rules! entry {
            ($name:literal, $value:expr) => {
                if let Some(value) = $value
                    && own($name)
                {
                    map.serialize_entry($name, &value)?;
                }
            };
        }
        entry!("application_id", &claims.application_id);
        entry!("iat", Some(self.iat));
        entry!("jti", self.jti);
        entry!("exp", self.exp);
        entry!("nbf", claims.nbf);
        entry!("sub", &claims.sub);
        entry!("acl", &claims.acl);
        for (name, value) in &claims.extra {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// A random UUID of version 4, as text.
pub(crate) fn uuid_v4() -> Result<String, Error> {
    let mut bytes = [0_u8; 16];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Error::Random)?;
    let mut number = u128::from_be_bytes(bytes);
    number = (number & !(0xf << 76)) | (4 << 76);
    number = (number & !(0b11 << 62)) | (0b10 << 62);
    Ok(format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        number >> 96,
        (number >> 80) & 0xffff,
        (number >> 64) & 0xffff,
        (number >> 48) & 0xffff,
        number & 0xffff_ffff_ffff
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_are_of_version_four() {
        for _ in 0..64 {
            let id = uuid_v4().unwrap();
            assert_eq!(id.len(), 36);
            assert_eq!(id.as_bytes()[14], b'4', "{id}");
            assert!(b"89ab".contains(&id.as_bytes()[19]), "{id}");
        }
        assert_ne!(uuid_v4().unwrap(), uuid_v4().unwrap());
    }

    #[test]
    fn claims_as_written() {
        let check = |claims: Claims, expected: &str, exp: i64| {
            let written = claims.jti("j").write(1_700_000_000).unwrap();
            assert_eq!(String::from_utf8(written.json).unwrap(), expected);
            assert_eq!(written.exp, exp);
        };
        let app = || Claims::new("a");
        check(
            app(),
            r#"{"application_id":"a","iat":1700000000,"jti":"j","exp":1700000900}"#,
            1_700_000_900,
        );
        check(
            app().ttl(60).nbf(1_700_000_001).sub("alice").acl(Acl::new().path("/*/users/**")),
            r#"{"application_id":"a","iat":1700000000,"jti":"j","exp":1700000060,"nbf":1700000001,"sub":"alice","acl":{"paths":{"/*/users/**":{}}}}"#,
            1_700_000_060,
        );
        check(
            app().no_exp().claim("subject", "alice"),
            r#"{"application_id":"a","iat":1700000000,"jti":"j","subject":"alice"}"#,
            1_700_000_900,
        );
        check(
            app().iat(5).claim("exp", "1532179987"),
            r#"{"application_id":"a","iat":5,"jti":"j","exp":"1532179987"}"#,
            905,
        );
        check(Claims::without_application().exp(7), r#"{"iat":1700000000,"jti":"j","exp":7}"#, 7);
        check(
            app().ttl(i64::MAX),
            r#"{"application_id":"a","iat":1700000000,"jti":"j","exp":9223372036854775807}"#,
            i64::MAX,
        );
    }
}
