//! Key files as people have them: right, mangled, and of the wrong kind.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair},
};
use ringback_jwt::{Claims, KeyPair, KeyProblem, PublicKey, Signer, Verifier};
use rsa::{pkcs1::EncodeRsaPrivateKey as _, pkcs8::EncodePrivateKey as _, pkcs8::LineEnding};
use secrecy::ExposeSecret;

const NOW: i64 = 1_700_000_000;

fn pem(label: &str, bytes: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(bytes))
}

#[test]
fn a_generated_pair_has_the_documented_form_and_fits() {
    for _ in 0..4 {
        let pair = KeyPair::generate().unwrap();
        let private = pair.private_key.expose_secret();
        assert!(private.starts_with("-----BEGIN PRIVATE KEY-----\n"));
        assert!(private.ends_with("-----END PRIVATE KEY-----\n"));
        assert!(pair.public_key.starts_with("-----BEGIN PUBLIC KEY-----\n"));
        assert!(pair.public_key.ends_with("-----END PUBLIC KEY-----\n"));
        let signer = Signer::from_pem(private).unwrap();
        assert_eq!(signer.public_key_pem(), pair.public_key);
        assert_eq!(signer.public_key().bits(), 2048);
        assert!(signer.matches(&pair.public_key).unwrap());
    }
}

#[test]
fn another_pair_does_not_fit() {
    let (one, two) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let signer = Signer::from_pem(one.private_key.expose_secret()).unwrap();
    assert!(!signer.matches(&two.public_key).unwrap());
}

#[test]
fn a_public_key_in_two_forms_is_one_key() {
    let key = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).unwrap().to_public_key();
    let pkcs1 = rsa::pkcs1::EncodeRsaPublicKey::to_pkcs1_pem(&key, LineEnding::LF).unwrap();
    let spki = rsa::pkcs8::EncodePublicKey::to_public_key_pem(&key, LineEnding::LF).unwrap();
    let read = PublicKey::from_pem(&pkcs1).unwrap();
    assert_eq!(read, PublicKey::from_pem(&spki).unwrap());
    assert_eq!(read.to_pem(), spki, "the writer of the `rsa` crate agrees with ours");
}

#[test]
fn what_copying_breaks_is_mended() {
    let key = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).unwrap();
    let pkcs8 = key.to_pkcs8_pem(LineEnding::LF).unwrap();
    let pkcs1 = key.to_pkcs1_pem(LineEnding::LF).unwrap();
    let public = Signer::from_pem(&pkcs8).unwrap().public_key_pem();
    let one_line = pkcs8.replace('\n', " ");
    let forms = [
        pkcs1.to_string(),
        pkcs8.replace('\n', "\\n"),
        pkcs8.replace('\n', "\\r\\n"),
        pkcs8.replace('\n', "\r\n"),
        one_line,
        pkcs8.replace('\n', ""),
        pkcs8.replace('\n', "\n    "),
        format!("\u{feff}\n\n  {}\n\n", pkcs8.trim()),
        format!("\"{}\"", pkcs8.trim().replace('\n', "\\n")),
        format!("Bag Attributes: none\n{public}\n{}", *pkcs8),
        format!("{}{}", *pkcs8, pem("CERTIFICATE", b"x")),
    ];
    for form in forms {
        let signer = Signer::from_pem(&form)
            .unwrap_or_else(|error| panic!("{error}: {}", form.replace('\n', "⏎")));
        assert_eq!(signer.public_key_pem(), public);
        let token = signer.mint(&Claims::new("a"), NOW).unwrap();
        Verifier::new(&public).unwrap().verify(token.expose(), NOW, 0).unwrap();
    }
    for form in
        [public.replace('\n', "\\n"), public.replace('\n', " "), public.replace('\n', "\r\n")]
    {
        assert_eq!(PublicKey::from_pem(&form).unwrap().to_pem(), public);
    }
}

#[test]
fn what_is_no_private_key_is_named() {
    let random = SystemRandom::new();
    let ec = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let ed = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
    let short = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 1024).unwrap();
    let pair = KeyPair::generate().unwrap();
    let good = pair.private_key.expose_secret();
    let check = |text: &str, expected: &str| {
        let error = Signer::from_pem(text).map(|_| ()).unwrap_err();
        assert!(error.is_key() && error.key_problem().is_some(), "{error:?}");
        let sentence = error.to_string();
        assert!(sentence.contains(expected), "{sentence} | {expected}");
        assert!(!sentence.contains('\n') && !sentence.contains("MII"), "{sentence}");
    };
    check("", "is empty");
    check(" \n\t", "is empty");
    check("\"\"", "is empty");
    check(&pair.public_key, "this is a public key and a private key is needed");
    check(&pem("RSA PUBLIC KEY", b"x"), "this is a public key");
    check(&pem("CERTIFICATE", b"x"), "certificate");
    check(&pem("ENCRYPTED PRIVATE KEY", b"x"), "encrypted");
    check(
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----",
        "encrypted",
    );
    check(&pem("OPENSSH PRIVATE KEY", b"x"), "OpenSSH");
    check("ssh-rsa AAAAB3NzaC1yc2E user@host", "OpenSSH");
    check(&pem("EC PRIVATE KEY", b"x"), "elliptic curves");
    check(&pem("PRIVATE KEY", ec.as_ref()), "elliptic curves");
    check(&pem("PRIVATE KEY", ed.as_ref()), "Ed25519");
    check(&short.to_pkcs8_pem(LineEnding::LF).unwrap(), "1024 bits");
    check(&pem("PGP MESSAGE", b"x"), "`PGP MESSAGE`");
    check("./private.key", "file name");
    check("/home/me/private.key", "file name");
    check("hello world", "no line `-----BEGIN");
    check("{\"id\": \"x\"}", "no line `-----BEGIN");
    check(good.split_at(900).0, "cut off");
    check(&good.replacen("MII", "M*I", 1), "damaged");
    check(&good.replacen("MII", "M\\I", 1), "a backslash");
    check("-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----", "damaged");
    check(&pem("PRIVATE KEY", b"not a key at all"), "not a valid RSA key");
    check(&pem("RSA PRIVATE KEY", b"\x30\x03\x02\x01\x00"), "not a valid RSA key");
    check("-----BEGIN PRIVATE KEY", "damaged");
}

#[test]
fn what_is_no_public_key_is_named() {
    let pair = KeyPair::generate().unwrap();
    let check = |text: &str, expected: KeyProblem| {
        assert_eq!(PublicKey::from_pem(text).unwrap_err().key_problem(), Some(&expected));
        assert_eq!(Verifier::new(text).unwrap_err().key_problem(), Some(&expected));
    };
    check("", KeyProblem::Empty);
    check(pair.private_key.expose_secret(), KeyProblem::Private);
    check(&pem("CERTIFICATE", b"x"), KeyProblem::Certificate);
    check(&pem("NONSENSE", b"x"), KeyProblem::UnknownLabel { label: "NONSENSE".to_owned() });
    check("nothing to see", KeyProblem::NotPem);
}
