//! An application that has chosen its own `jsonwebtoken` provider keeps it, and all works.
//! This is a test binary of its own, because the provider is one for the process.

use std::sync::atomic::{AtomicUsize, Ordering};

use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey,
    crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils},
    errors::{ErrorKind, Result},
    signature::{self, Signer, Verifier},
};
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey,
};
use ringback_jwt::{Claims, KeyPair};
use secrecy::ExposeSecret;

static USED: AtomicUsize = AtomicUsize::new(0);
static FOREIGN: CryptoProvider = CryptoProvider {
    signer_factory: signer,
    verifier_factory: verifier,
    key_utils: KeyUtils::new_unimplemented(),
};

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the provider's interface says so")]
fn signer(_: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    USED.fetch_add(1, Ordering::SeqCst);
    let pair = RsaKeyPair::from_der(key.as_bytes())
        .map_err(|error| ErrorKind::InvalidRsaKey(error.to_string()))?;
    Ok(Box::new(Pair(pair)))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the provider's interface says so")]
fn verifier(_: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    USED.fetch_add(1, Ordering::SeqCst);
    Ok(Box::new(Public(key.try_get_as_bytes()?.to_vec())))
}

struct Pair(RsaKeyPair);
impl Signer<Vec<u8>> for Pair {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, signature::Error> {
        let mut out = vec![0; self.0.public().modulus_len()];
        self.0
            .sign(&RSA_PKCS1_SHA256, &ring::rand::SystemRandom::new(), message, &mut out)
            .map_err(|_| signature::Error::new())?;
        Ok(out)
    }
}
impl JwtSigner for Pair {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}

struct Public(Vec<u8>);
impl Verifier<Vec<u8>> for Public {
    fn verify(&self, message: &[u8], tag: &Vec<u8>) -> std::result::Result<(), signature::Error> {
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.0)
            .verify(message, tag)
            .map_err(|_| signature::Error::new())
    }
}
impl JwtVerifier for Public {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}

#[test]
fn a_foreign_provider_is_kept_and_works() {
    FOREIGN.install_default().unwrap();
    let pair = KeyPair::generate().unwrap();
    let signer = ringback_jwt::Signer::from_pem(pair.private_key.expose_secret()).unwrap();
    let token = signer.mint(&Claims::new("a"), 1_700_000_000).unwrap();
    assert_eq!(USED.load(Ordering::SeqCst), 1);
    let verifier = ringback_jwt::Verifier::new(&pair.public_key).unwrap();
    verifier.verify(token.expose(), 1_700_000_000, 0).unwrap();
    assert_eq!(USED.load(Ordering::SeqCst), 2);
}
