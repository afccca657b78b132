//! Minting application tokens with a private key.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::EncodingKey;
use ring::signature::{KeyPair as _, RsaKeyPair};
use secrecy::ExposeSecret;

use crate::{
    Claims, PublicKey, Token,
    error::{Error, KeyProblem},
    pem, provider,
};

/// `{"alg":"RS256","typ":"JWT"}`, the header of every application token.
pub(crate) const RS256_HEADER: &str = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9";

/// The private key of an application, read once, ready to mint.
pub struct Signer {
    key: EncodingKey,
    pair: Arc<RsaKeyPair>,
    public: PublicKey,
}

impl Signer {
    /// Reads a private key in PEM form: PKCS#8 (`PRIVATE KEY`) or PKCS#1 (`RSA PRIVATE KEY`).
    ///
    /// Literal `\n`, missing line breaks, CRLF, indentation and quotes around it are mended.
    ///
    /// # Errors
    /// [`Error::Key`] says in one sentence what the text is instead.
    pub fn from_pem(text: &str) -> Result<Self, Error> {
        provider::install();
        let pkcs1 = pem::private_key(text)?;
        let pair = RsaKeyPair::from_der(pkcs1.expose_secret())
            .map_err(|rejected| why(pkcs1.expose_secret(), &rejected))?;
        let public = PublicKey::from_pkcs1(pair.public_key().as_ref().to_vec())?;
        let key = EncodingKey::from_rsa_der(pkcs1.expose_secret());
        Ok(Self { key, pair: Arc::new(pair), public })
    }

    /// Mints a token with these claims; `now` is in seconds since 1970, UTC.
    ///
    /// # Errors
    /// When the claims cannot be written as JSON or the system gives no random numbers.
    pub fn mint(&self, claims: &Claims, now: i64) -> Result<Token, Error> {
        let written = claims.write(now)?;
        let mut text = String::with_capacity(
            RS256_HEADER.len() + written.json.len().div_ceil(3) * 4 + self.public.bits() / 6 + 8,
        );
        text.push_str(RS256_HEADER);
        text.push('.');
        URL_SAFE_NO_PAD.encode_string(&written.json, &mut text);
        let signature = provider::sign_rs256(text.as_bytes(), &self.key, &self.pair)
            .map_err(|error| Error::Sign(error.into()))?;
        text.push('.');
        text.push_str(&signature);
        Ok(Token::new(text, written.iat, written.exp))
    }

    /// The public half, in the form the platform keeps: `-----BEGIN PUBLIC KEY-----`.
    #[must_use]
    pub fn public_key_pem(&self) -> String {
        self.public.to_pem()
    }

    /// The public half.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// Whether this public key, in PEM form, belongs to the private key.
    ///
    /// # Errors
    /// When the text is not a public key.
    pub fn matches(&self, public_key_pem: &str) -> Result<bool, Error> {
        Ok(PublicKey::from_pem(public_key_pem)? == self.public)
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer")
            .field("key", &"[redacted]")
            .field("public", &self.public)
            .finish_non_exhaustive()
    }
}

/// ring's word for a rejected key, with the length added where that is the reason.
fn why(pkcs1: &[u8], rejected: &ring::error::KeyRejected) -> KeyProblem {
    use crate::der;
    let mut input = pkcs1;
    let bits = der::take(&mut input, der::SEQUENCE).and_then(|mut numbers| {
        der::take(&mut numbers, der::INTEGER)?;
        Some(der::bits(der::take(&mut numbers, der::INTEGER)?))
    });
    match bits {
        Some(bits) if bits > 0 && bits < 2048 => KeyProblem::TooShort { bits },
        Some(bits) if bits > 4096 => KeyProblem::TooLong { bits, limit: 4096 },
        _ => pem::invalid(&rejected.to_string()),
    }
}
