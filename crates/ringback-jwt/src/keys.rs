//! Key pairs as text, and public keys.

use rsa::pkcs8::EncodePrivateKey as _;
use secrecy::SecretString;

use crate::{
    der,
    error::{Error, KeyProblem},
    pem,
};

/// The shortest modulus that is accepted, in bits; the platform's own samples have this length.
const SHORTEST: usize = 2048;
/// The longest modulus a signature is checked with, in bits.
const LONGEST: usize = 8192;

/// A new RSA key pair of 2048 bits, as the two texts that the platform's applications API knows.
#[derive(Debug)]
#[non_exhaustive]
pub struct KeyPair {
    /// PKCS#8, `-----BEGIN PRIVATE KEY-----`; the official Python SDK refuses any other form.
    pub private_key: SecretString,
    /// SubjectPublicKeyInfo, `-----BEGIN PUBLIC KEY-----`, with a newline at its end.
    pub public_key: String,
}

impl KeyPair {
    /// Makes a new pair; in an optimised build this takes about a tenth of a second.
    ///
    /// # Errors
    /// When the generator fails, which means that the operating system gives no random numbers.
    pub fn generate() -> Result<Self, Error> {
        let key = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, SHORTEST)
            .map_err(|error| Error::Generate(error.into()))?;
        let text = key
            .to_pkcs8_pem(rsa::pkcs8::LineEnding::LF)
            .map_err(|error| Error::Generate(error.into()))?;
        let private_key = SecretString::from(text.as_str().to_owned());
        let public_key = crate::Signer::from_pem(&text)?.public_key_pem();
        Ok(Self { private_key, public_key })
    }
}

/// An RSA public key that was read and found usable.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    pkcs1: Vec<u8>,
}

impl PublicKey {
    /// Reads a public key in PEM form, either `PUBLIC KEY` or `RSA PUBLIC KEY`.
    ///
    /// Literal `\n`, missing line breaks, CRLF, indentation and quotes around it are mended.
    ///
    /// # Errors
    /// [`Error::Key`] says in one sentence what the text is instead.
    pub fn from_pem(text: &str) -> Result<Self, Error> {
        let key = Self::from_pkcs1(pem::public_key(text)?)?;
        if key.bits() > LONGEST {
            return Err(KeyProblem::TooLong { bits: key.bits(), limit: LONGEST }.into());
        }
        Ok(key)
    }

    pub(crate) fn from_pkcs1(pkcs1: Vec<u8>) -> Result<Self, KeyProblem> {
        let key = Self { pkcs1 };
        match key.bits() {
            0 => Err(pem::invalid("modulus and exponent are not there")),
            bits if bits < SHORTEST => Err(KeyProblem::TooShort { bits }),
            _ => Ok(key),
        }
    }

    /// The key as `-----BEGIN PUBLIC KEY-----`, in lines of 64, with a newline at its end.
    #[must_use]
    pub fn to_pem(&self) -> String {
        pem::write("PUBLIC KEY", &der::public_key_info(&self.pkcs1))
    }

    /// The length of the modulus in bits.
    #[must_use]
    pub fn bits(&self) -> usize {
        let mut input = self.pkcs1.as_slice();
        der::take(&mut input, der::SEQUENCE)
            .and_then(|mut numbers| {
                let modulus = der::take(&mut numbers, der::INTEGER)?;
                der::take(&mut numbers, der::INTEGER)?;
                Some(der::bits(modulus))
            })
            .unwrap_or(0)
    }

    pub(crate) fn pkcs1(&self) -> &[u8] {
        &self.pkcs1
    }
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PublicKey").field("bits", &self.bits()).finish_non_exhaustive()
    }
}
