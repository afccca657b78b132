//! TLS with ring and the certificates that the platform trusts.

use std::sync::{Arc, OnceLock};

use rustls::{
    ClientConfig, DigitallySignedStruct, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};

use crate::{Error, Settings, Trust, Versions};

/// A configuration that needs no default provider of the process and sets none.
pub(crate) fn config(settings: &Settings) -> Result<ClientConfig, Error> {
    let provider = Arc::new(ring::default_provider());
    let trust = settings.trust;
    let verifier = Platform { provider: Arc::clone(&provider), trust, verifier: OnceLock::new() };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(Error::Tls)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = match settings.versions {
        Versions::Newest => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
        Versions::Http1 => vec![b"http/1.1".to_vec()],
    };
    Ok(config)
}

/// The platform's verifier, made when the first certificate is to be verified.
///
/// Reading the certificates of the system takes milliseconds and fails where there are none;
/// neither may touch those who speak plain http.
#[derive(Debug)]
struct Platform {
    provider: Arc<CryptoProvider>,
    trust: Trust,
    verifier: OnceLock<Result<rustls_platform_verifier::Verifier, rustls::Error>>,
}

impl ServerCertVerifier for Platform {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if self.trust == Trust::Any {
            // The server still has to own the key of the certificate it shows.
            return Ok(ServerCertVerified::assertion());
        }
        self.verifier
            .get_or_init(|| rustls_platform_verifier::Verifier::new(Arc::clone(&self.provider)))
            .as_ref()
            .map_err(Clone::clone)?
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verify(trust: Trust) -> Result<ServerCertVerified, rustls::Error> {
        let provider = Arc::new(ring::default_provider());
        let platform = Platform { provider, trust, verifier: OnceLock::new() };
        assert!(!platform.supported_verify_schemes().is_empty());
        let name = ServerName::try_from("api.nexmo.com").unwrap();
        let nothing = CertificateDer::from(vec![1, 2, 3]);
        let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(1_700_000_000));
        platform.verify_server_cert(&nothing, &[], &name, &[], now)
    }

    /// Without a root nothing is trusted; which error it is depends on the machine.
    #[test]
    fn a_certificate_that_is_none_is_refused_unless_any_is_trusted() {
        assert!(verify(Trust::System).is_err());
        assert!(verify(Trust::Any).is_ok());
    }
}
