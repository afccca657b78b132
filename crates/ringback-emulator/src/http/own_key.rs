//! Public keys that come with an application: read here, where keys can be read.

use std::sync::Arc;

use ringback_exchange::Refusal;
use ringback_jwt::PublicKey;
use ringback_model::{
    Operation, OperationInfo,
    applications::{ApplicationRequest, CreateApplication, UpdateApplication},
    operation::RequestParts,
    problem::{InvalidParameter, known::api},
};

use crate::platform::Platform;

const NAME: &str = "keys.public_key";

/// Refuses a public key that no token could ever be verified with.
///
/// What is wrong with the request otherwise is for the exchange to say.
pub(crate) fn check(
    platform: &Arc<Platform>,
    info: &OperationInfo,
    parts: &RequestParts,
) -> Result<(), Refusal> {
    let body = if info.id == CreateApplication::INFO.id {
        CreateApplication::decode(parts).ok().map(|create| create.body)
    } else if info.id == UpdateApplication::INFO.id {
        let update = UpdateApplication::decode(parts).ok();
        let is_there = |update: &UpdateApplication| {
            platform.core().exchange.public_key(&update.application_id).is_some()
        };
        update.filter(is_there).map(|update| update.body)
    } else {
        None
    };
    match body.as_ref().and_then(own_key) {
        Some(key) => readable(key),
        None => Ok(()),
    }
}

/// The key of a request; blank text stands for none.
fn own_key(request: &ApplicationRequest) -> Option<&str> {
    request.keys.as_ref()?.public_key.as_deref().filter(|key| !key.trim().is_empty())
}

fn readable(key: &str) -> Result<(), Refusal> {
    let Err(error) = PublicKey::from_pem(key) else { return Ok(()) };
    let accepted = "an RSA public key of at least 2048 bits in PEM format";
    let mut details = api::PAYLOAD_VALIDATION.details();
    details.invalid.push(InvalidParameter::new(NAME, format!("must be {accepted}")));
    Err(Refusal::new(details, "public-key-unusable")
        .checked(format!("the key in {NAME}"))
        .seen(format!("{NAME}: {error}"))
        .expected(accepted)
        .fix(format!("send {accepted}, or no keys to be given a pair")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_cannot_be_used_say_why() {
        let pem = |label: &str, text: &str| {
            format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")
        };
        for (key, why) in [
            (pem("PUBLIC KEY", "not base64!"), "damaged"),
            (pem("PUBLIC KEY", "AAAA"), "not a valid RSA key"),
            (pem("PRIVATE KEY", "AAAA"), "private key"),
            (pem("PUBLIC KEY", EC), "RSA keys only"),
            (pem("PUBLIC KEY", SHORT), "1024 bits"),
            ("key.pub".to_owned(), "file name"),
        ] {
            let refusal = readable(&key).unwrap_err();
            assert_eq!((refusal.status(), refusal.reason), (400, "public-key-unusable"), "{key}");
            let invalid = &refusal.details.invalid[0];
            assert_eq!(invalid.name, "keys.public_key");
            assert_eq!(
                invalid.reason,
                "must be an RSA public key of at least 2048 bits in PEM format"
            );
            assert!(refusal.seen.contains(why), "{}", refusal.seen);
        }
    }

    /// `openssl ecparam -name prime256v1 -genkey -noout | openssl ec -pubout`
    const EC: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf1ht1lNijELYqzFf9ofOFBe9MsKe1J1qpBc5qzaIGvs2\
        xGHEQ3RT4gYD/UNvNA82dmuKOfIliONU9ghYjNrAxw==";
    /// `openssl genrsa 1024 | openssl rsa -pubout`
    const SHORT: &str = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDdmVo8id6QThHZzDK+6Kq85EecB4IX0Ym/D8L9HwBF\
        vyicT9xl3HhJoIzafo291cAjI7+XZ7DOPj/qNwzqYSO63k9+zQLkkVpltsXa3WOBB1a8Er0QoHShT3Hj\
        n91yldQxTDBHKqMpZbLR4inbPiI2j69QPa7nfyM+nAGnptDTWwIDAQAB";
}
