//! Https: a certificate authority made at the start, and a certificate of it.

use std::{fmt, net::IpAddr, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
    PublicKeyData, SerialNumber, SignatureAlgorithm, SigningKey,
};
use ring::{
    digest,
    rand::{SecureRandom as _, SystemRandom},
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use ringback_model::Timestamp;
use rustls::{
    ServerConfig,
    crypto::ring::default_provider,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tokio_rustls::TlsAcceptor;

use crate::Error;

/// The names of this machine and, for clients that are led here, those of the platform.
const NAMES: [&str; 7] =
    ["localhost", "127.0.0.1", "::1", "nexmo.com", "*.nexmo.com", "vonage.com", "*.vonage.com"];
/// What is not older than this is taken by everybody: 397 days are the longest that browsers take.
const VALID: Duration = Duration::from_secs(397 * DAY);
const DAY: u64 = 86_400;

/// A certificate authority of its own, and what is needed to speak TLS with a certificate of it.
pub(crate) struct Authority {
    /// The certificate of the authority, for those who are to trust it.
    pub(crate) pem: String,
    pub(crate) acceptor: TlsAcceptor,
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

impl Authority {
    /// An authority nobody has seen before, for the names of the platform and these.
    pub(crate) fn new(now: Timestamp, names: &[String]) -> Result<Self, Error> {
        let failed = |error: rcgen::Error| Error::Certificate(error.into());
        let (issuer_key, key) = (Key::generate()?, Key::generate()?);
        let mut authority = params(now, "Ringback emulator: local CA", &issuer_key)?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let root = authority.self_signed(&issuer_key).map_err(failed)?;

        let names = NAMES.iter().map(|name| (*name).to_owned()).chain(names.iter().cloned());
        let mut own = params(now, "Ringback emulator", &key)?;
        own.subject_alt_names =
            CertificateParams::new(names.collect::<Vec<_>>()).map_err(failed)?.subject_alt_names;
        own.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        own.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        own.use_authority_key_identifier_extension = true;
        let issuer = Issuer::from_params(&authority, &issuer_key);
        let own = own.signed_by(&key, &issuer).map_err(failed)?;
        Ok(Self { pem: pem(&root), acceptor: acceptor(&own, &root, key.pkcs8)? })
    }
}

/// The names a certificate needs beside those it always has.
pub(crate) fn more_names(allowed: &[String], ip: IpAddr) -> Vec<String> {
    let mut names: Vec<_> = allowed.iter().map(|host| host_of(host).to_owned()).collect();
    if !ip.is_unspecified() && !ip.is_loopback() {
        names.push(ip.to_string());
    }
    // What is no name of a host cannot stand in a certificate, nor be asked for.
    names.retain(|name| name.is_ascii() && !name.is_empty());
    names
}

fn host_of(host: &str) -> &str {
    host.split_once(':').map_or(host, |(name, _)| name)
}

fn params(now: Timestamp, name: &str, key: &Key) -> Result<CertificateParams, Error> {
    let mut params = CertificateParams::default();
    let mut serial = random()?;
    // It is a positive number.
    if let Some(first) = serial.first_mut() {
        *first = (*first & 0x7F) | 0x40;
    }
    params.serial_number = Some(SerialNumber::from(serial));
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.key_identifier_method = KeyIdMethod::PreSpecified(key.id());
    let seconds = u64::try_from(now.as_secs()).unwrap_or_default();
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    // Clocks of others may be late.
    params.not_before = epoch + Duration::from_secs(seconds.saturating_sub(DAY));
    params.not_after = params.not_before + VALID;
    Ok(params)
}

fn acceptor(own: &Certificate, root: &Certificate, key: Vec<u8>) -> Result<TlsAcceptor, Error> {
    let failed = |error: rustls::Error| Error::Certificate(error.into());
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key));
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(failed)?
        .with_no_client_auth()
        .with_single_cert(vec![own.der().clone(), root.der().clone()], key)
        .map_err(failed)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn pem(certificate: &Certificate) -> String {
    let text = STANDARD.encode(certificate.der());
    let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
    for (index, c) in text.chars().enumerate() {
        if index > 0 && index % 64 == 0 {
            pem.push('\n');
        }
        pem.push(c);
    }
    pem.push_str("\n-----END CERTIFICATE-----\n");
    pem
}

fn random() -> Result<Vec<u8>, Error> {
    let mut bytes = vec![0; 16];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Error::Random)?;
    Ok(bytes)
}

/// An ECDSA key of ring's: rcgen's own way to ring brings a reader of certificates with it.
struct Key {
    pair: EcdsaKeyPair,
    pkcs8: Vec<u8>,
}

impl Key {
    fn generate() -> Result<Self, Error> {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).map_err(|_| Error::Random)?;
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random)
            .map_err(|_| Error::Random)?;
        Ok(Self { pair, pkcs8: pkcs8.as_ref().to_vec() })
    }

    fn id(&self) -> Vec<u8> {
        let hash = digest::digest(&digest::SHA256, self.der_bytes());
        hash.as_ref().iter().take(20).copied().collect()
    }
}

impl PublicKeyData for Key {
    fn der_bytes(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ECDSA_P256_SHA256
    }
}

impl SigningKey for Key {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let signature = self.pair.sign(&SystemRandom::new(), message);
        Ok(signature.map_err(|_| rcgen::Error::RemoteKeyError)?.as_ref().to_vec())
    }
}

#[cfg(test)]
mod tests;
