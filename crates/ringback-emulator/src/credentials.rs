//! The account's key and secrets.

use ring::{hmac, rand::SystemRandom};
use ringback_model::Secret;
use secrecy::{ExposeSecret, SecretString};

use crate::{Config, Error, edge};

/// The account's key and secrets.
#[derive(Debug)]
pub(crate) struct Credentials {
    pub(crate) api_key: String,
    pub(crate) api_secret: SecretString,
    pub(crate) signature_secret: SecretString,
}

impl Credentials {
    /// Those of the configuration, or of its directory; what is missing is made up.
    pub(crate) fn new(config: &Config) -> Result<Self, Error> {
        let account = config.directory.as_ref().and_then(|directory| directory.account.clone());
        let account = account.unwrap_or_default();
        let secret =
            |given: &Option<SecretString>, listed: Option<Secret>, length| match (given, listed) {
                (Some(secret), _) => Ok(secret.clone()),
                (None, Some(secret)) => Ok(SecretString::from(secret.expose())),
                (None, None) => edge::random_text(length).map(SecretString::from),
            };
        Ok(Self {
            api_key: match (&config.api_key, account.api_key) {
                (Some(key), _) => key.clone(),
                (None, Some(key)) => key.as_str().to_owned(),
                (None, None) => edge::random_text(8)?,
            },
            api_secret: secret(&config.api_secret, account.api_secret, 16)?,
            signature_secret: secret(&config.signature_secret, account.signature_secret, 48)?,
        })
    }
}

/// Whether two texts are the same, in a time that says nothing about where they differ.
pub(crate) fn same(one: &SecretString, other: &str) -> bool {
    let Ok(key) = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new()) else {
        return false;
    };
    let tag = hmac::sign(&key, one.expose_secret().as_bytes());
    hmac::verify(&key, other.as_bytes(), tag.as_ref()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_up_credentials_have_the_documented_form() {
        let made = Credentials::new(&Config::new()).unwrap();
        assert_eq!(made.api_key.len(), 8);
        assert_eq!(made.api_secret.expose_secret().len(), 16);
        assert!(made.signature_secret.expose_secret().len() >= 32);
        assert!(!format!("{made:?}").contains(made.api_secret.expose_secret()));
    }

    #[test]
    fn comparing() {
        let secret = SecretString::from("abc123456789");
        assert!(same(&secret, "abc123456789"));
        for other in ["", "abc12345678", "abc1234567890", "ABC123456789"] {
            assert!(!same(&secret, other), "{other}");
        }
    }
}
