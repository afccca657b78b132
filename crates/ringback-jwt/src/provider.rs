//! ring as the cryptography of `jsonwebtoken`.

use std::{cell::RefCell, sync::Arc};

use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind, EncodingKey,
    crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils},
    errors::{Error, ErrorKind, Result},
    signature::{self, Signer, Verifier},
};
use ring::{
    hmac,
    rand::SystemRandom,
    signature::{
        RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents,
        UnparsedPublicKey,
    },
};

static RING: CryptoProvider = CryptoProvider {
    signer_factory: signer,
    verifier_factory: verifier,
    // These are for JSON web keys, which nothing here uses.
    key_utils: KeyUtils::new_unimplemented(),
};

/// Installs ring for the process, unless the application has chosen another provider: both work.
pub(crate) fn install() {
    let _ = RING.install_default();
}

/// Signs through `jsonwebtoken` without reading the key again, which it would do for each token.
///
/// The loaded pair lies where the provider finds it for as long as this one call takes.
/// A foreign provider does not look there and reads the key itself.
pub(crate) fn sign_rs256(
    message: &[u8],
    key: &EncodingKey,
    pair: &Arc<RsaKeyPair>,
) -> Result<String> {
    LOADED.set(Some((key.as_bytes().as_ptr().addr(), Arc::clone(pair))));
    let _clear = Clear;
    jsonwebtoken::crypto::sign(message, key, Algorithm::RS256)
}

thread_local! {
    /// The pair of the key whose bytes stand at this address, while that key is borrowed.
    static LOADED: RefCell<Option<(usize, Arc<RsaKeyPair>)>> = const { RefCell::new(None) };
}

struct Clear;

impl Drop for Clear {
    fn drop(&mut self) {
        LOADED.set(None);
    }
}

fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    match algorithm {
        Algorithm::RS256 if key.family() == AlgorithmFamily::Rsa => {
            let loaded = LOADED
                .take()
                .filter(|(address, _)| *address == key.as_bytes().as_ptr().addr())
                .map(|(_, pair)| pair);
            let pair = match loaded {
                Some(pair) => pair,
                None => Arc::new(RsaKeyPair::from_der(key.as_bytes()).map_err(|rejected| {
                    Error::from(ErrorKind::InvalidRsaKey(rejected.to_string()))
                })?),
            };
            Ok(Box::new(Rs256Signer(pair)))
        }
        Algorithm::HS256 if key.family() == AlgorithmFamily::Hmac => {
            Ok(Box::new(Hs256(hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()))))
        }
        _ => Err(ErrorKind::UnsupportedAlgorithm.into()),
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the provider's interface says so")]
fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    match algorithm {
        Algorithm::RS256 if key.family() == AlgorithmFamily::Rsa => {
            Ok(Box::new(Rs256Verifier(key.clone())))
        }
        Algorithm::HS256 if key.family() == AlgorithmFamily::Hmac => {
            Ok(Box::new(Hs256(hmac::Key::new(hmac::HMAC_SHA256, key.try_get_as_bytes()?))))
        }
        _ => Err(ErrorKind::UnsupportedAlgorithm.into()),
    }
}

struct Rs256Signer(Arc<RsaKeyPair>);

impl Signer<Vec<u8>> for Rs256Signer {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, signature::Error> {
        let mut out = vec![0; self.0.public().modulus_len()];
        self.0
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut out)
            .map_err(|_| signature::Error::new())?;
        Ok(out)
    }
}

impl JwtSigner for Rs256Signer {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}

struct Rs256Verifier(DecodingKey);

impl Verifier<Vec<u8>> for Rs256Verifier {
    fn verify(
        &self,
        message: &[u8],
        signature: &Vec<u8>,
    ) -> std::result::Result<(), signature::Error> {
        match self.0.kind() {
            DecodingKeyKind::SecretOrDer(der) => {
                UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der).verify(message, signature)
            }
            DecodingKeyKind::RsaModulusExponent { n, e } => RsaPublicKeyComponents { n, e }.verify(
                &RSA_PKCS1_2048_8192_SHA256,
                message,
                signature,
            ),
        }
        .map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for Rs256Verifier {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}

/// Not used by this crate's own webhooks, but a process that shares the provider may need it.
struct Hs256(hmac::Key);

impl Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, signature::Error> {
        Ok(hmac::sign(&self.0, message).as_ref().to_vec())
    }
}

impl Verifier<Vec<u8>> for Hs256 {
    fn verify(
        &self,
        message: &[u8],
        signature: &Vec<u8>,
    ) -> std::result::Result<(), signature::Error> {
        hmac::verify(&self.0, message, signature).map_err(|_| signature::Error::new())
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}
