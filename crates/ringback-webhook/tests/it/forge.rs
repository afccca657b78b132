//! Tokens as the platform makes them, and as it would never.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use ring::{hmac, rand::SystemRandom, signature};
use ringback_jwt::KeyPair;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::NOW;

/// The published test vector: secret, body, token.
pub(crate) const SECRET: &str = "test-signature-secret-0123456789abcdef";
pub(crate) const BODY: &str =
    r#"{"conversation_uuid":"CON-11111111-2222-4333-8444-555555555555","status":"answered"}"#;
pub(crate) const TOKEN: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpYXQiOjE3MDAwMDAwMDAsImp0aSI6IjAwMDAwMDAwLTAwMDAtNDAwMC04MDAwLTAwMDAwMDAwMDAwMSIsImlzcyI6IlZvbmFnZSIsInBheWxvYWRfaGFzaCI6IjBhY2JhYjVmMmVkOGI0ODE4ZTdlYjQyZDI4MzRlNzQxYTQ0NmMxMjlmNDkzYzM1NGU0OGI1Yzg5Y2YyYWZjYmUiLCJhcGlfa2V5IjoiYTFiMmMzZDQiLCJhcHBsaWNhdGlvbl9pZCI6ImFhYWFhYWFhLWJiYmItNGNjYy04ZGRkLTAxMjM0NTY3ODlhYiJ9.IchHUExaUYJJy5hY97Ye3_RlWccjtg_uH-gvBSk1Z-U";

/// A GET of the answer webhook and its documented hash.
pub(crate) const QUERY: &str =
    "to=447700900000&from=447700900001&uuid=797168e24c19a3c45e74e05b10fef2b5";
pub(crate) const QUERY_HASH: &str =
    "491d99fd4787fefcaa375a1fac4f01a6df74c57339a75253169998ebb9634d06";

pub(crate) const APPLICATION: &str = "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab";
pub(crate) const API_KEY: &str = "a1b2c3d4";

/// A token that is right until something about it is changed.
#[derive(Clone, Debug)]
pub(crate) struct Forge {
    header: Value,
    claims: Value,
    secret: String,
}

impl Forge {
    /// The header and claims of the platform for this hash.
    pub(crate) fn new(payload_hash: &str) -> Self {
        let claims = json!({
            "iat": NOW,
            "jti": "00000000-0000-4000-8000-000000000001",
            "iss": "Vonage",
            "payload_hash": payload_hash,
            "api_key": API_KEY,
            "application_id": APPLICATION,
        });
        Self { header: json!({"alg": "HS256", "typ": "JWT"}), claims, secret: SECRET.to_owned() }
    }

    pub(crate) fn secret(mut self, secret: &str) -> Self {
        self.secret = secret.to_owned();
        self
    }

    pub(crate) fn header(mut self, header: Value) -> Self {
        self.header = header;
        self
    }

    pub(crate) fn alg(mut self, alg: impl Into<Value>) -> Self {
        self.header["alg"] = alg.into();
        self
    }

    pub(crate) fn claims(mut self, claims: Value) -> Self {
        self.claims = claims;
        self
    }

    pub(crate) fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims[name] = value.into();
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.claims.as_object_mut().unwrap().remove(name).unwrap();
        self
    }

    /// What is signed.
    fn message(&self) -> String {
        message(self.header.to_string().as_bytes(), self.claims.to_string().as_bytes())
    }

    /// Signed with HS256, whatever the header says.
    pub(crate) fn text(&self) -> String {
        self.with(hmac::HMAC_SHA256)
    }

    /// Signed with another HMAC.
    pub(crate) fn with(&self, algorithm: hmac::Algorithm) -> String {
        hmac_signed(&self.message(), algorithm, &self.secret)
    }

    /// Not signed at all.
    pub(crate) fn unsigned(&self) -> String {
        format!("{}.", self.message())
    }

    /// Signed with a private key.
    pub(crate) fn rsa(&self, pair: &KeyPair) -> String {
        let pem = pair.private_key.expose_secret();
        let der: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let key = signature::RsaKeyPair::from_pkcs8(&STANDARD.decode(der).unwrap()).unwrap();
        let message = self.message();
        let mut tag = vec![0; key.public().modulus_len()];
        let padding = &signature::RSA_PKCS1_SHA256;
        key.sign(padding, &SystemRandom::new(), message.as_bytes(), &mut tag).unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
    }
}

/// Any bytes as header and claims, rightly signed.
pub(crate) fn signed(header: &[u8], claims: &[u8]) -> String {
    hmac_signed(&message(header, claims), hmac::HMAC_SHA256, SECRET)
}

fn message(header: &[u8], claims: &[u8]) -> String {
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims))
}

fn hmac_signed(message: &str, algorithm: hmac::Algorithm, secret: &str) -> String {
    let key = hmac::Key::new(algorithm, secret.as_bytes());
    let tag = URL_SAFE_NO_PAD.encode(hmac::sign(&key, message.as_bytes()));
    format!("{message}.{tag}")
}
