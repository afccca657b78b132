use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConnection,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};

use super::*;
use crate::edge::WallClock;

/// Shakes hands in memory.
fn handshake(authority: &Authority, trusted: &Authority, name: &str) -> Result<(), rustls::Error> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(trusted.pem.as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut client = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut server = ServerConnection::new(Arc::clone(authority.acceptor.config())).unwrap();
    while client.is_handshaking() {
        let mut bytes = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut bytes).unwrap();
        }
        server.read_tls(&mut bytes.as_slice()).unwrap();
        server.process_new_packets()?;
        let mut bytes = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut bytes).unwrap();
        }
        client.read_tls(&mut bytes.as_slice()).unwrap();
        client.process_new_packets()?;
    }
    Ok(())
}

#[test]
fn whoever_trusts_the_authority_trusts_the_certificate() {
    let now = WallClock::system().now();
    let names = more_names(&["demo.example:4010".to_owned()], "10.0.0.7".parse().unwrap());
    assert_eq!(names, ["demo.example", "10.0.0.7"]);
    let authority = Authority::new(now, &names).unwrap();
    for name in [
        "localhost",
        "127.0.0.1",
        "::1",
        "api.nexmo.com",
        "rest.nexmo.com",
        "api-eu-3.vonage.com",
        "demo.example",
        "10.0.0.7",
    ] {
        assert_eq!(handshake(&authority, &authority, name), Ok(()), "{name}");
    }
    for name in ["other.example", "10.0.0.8", "nexmo.com.example"] {
        assert!(handshake(&authority, &authority, name).is_err(), "{name}");
    }
    let other = Authority::new(now, &[]).unwrap();
    assert!(handshake(&authority, &other, "localhost").is_err());
    assert_eq!(format!("{other:?}"), "Authority { .. }");
}

#[test]
fn names_that_are_none_do_not_stand_in_a_certificate() {
    let names = more_names(&["".into(), "bücher.example".into()], "0.0.0.0".parse().unwrap());
    assert!(names.is_empty(), "{names:?}");
}
