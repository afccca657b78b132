//! Tokens.

use std::{hint::black_box, time::Duration};

use ring::{rand::SystemRandom, signature};
use ringback_jwt::{Claims, KeyPair, Signer, TokenCache};
use ringback_tests::measure::{Goal, Line, Pair};
use secrecy::ExposeSecret as _;

const APPLICATION: &str = "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab";
const NOW: i64 = 1_700_000_000;
const TURN: Duration = Duration::from_millis(60);

/// A whole token against the signature alone, which no one can avoid.
pub(crate) fn mint() {
    let keys = KeyPair::generate().unwrap();
    let pem = keys.private_key.expose_secret();
    let signer = Signer::from_pem(pem).unwrap();
    let claims = Claims::new(APPLICATION);
    let token = signer.mint(&claims, NOW).unwrap();
    let input = token.expose().rsplit_once('.').unwrap().0.to_owned();

    let raw = raw_key(pem);
    let random = SystemRandom::new();
    let mut signed = vec![0; raw.public().modulus_len()];
    let pair = Pair::in_turns(
        60,
        TURN,
        || signer.mint(black_box(&claims), NOW).unwrap(),
        || {
            let text = black_box(input.as_bytes());
            raw.sign(&signature::RSA_PKCS1_SHA256, &random, text, &mut signed).unwrap();
        },
    );
    let line = Line {
        name: "jwt-mint",
        what: "mint RS256 2048, key loaded once",
        against: "raw ring sign",
        goal: Goal::AtLeast(0.93),
    };
    line.print(pair.speed(), "x", &pair);
}

/// A token out of the cache against a new one.
pub(crate) fn cache() {
    let keys = KeyPair::generate().unwrap();
    let pem = keys.private_key.expose_secret();
    let signer = Signer::from_pem(pem).unwrap();
    let claims = Claims::new(APPLICATION);
    let cache = TokenCache::new(Signer::from_pem(pem).unwrap(), claims.clone());
    let pair = Pair::in_turns(
        40,
        TURN,
        || cache.token(black_box(NOW)).unwrap(),
        || signer.mint(black_box(&claims), NOW).unwrap(),
    );
    let line = Line {
        name: "jwt-cache",
        what: "a token from the cache",
        against: "a mint",
        goal: Goal::AtLeast(1000.0),
    };
    line.print(pair.speed(), "x", &pair);
}

/// The same private key as ring alone reads it.
fn raw_key(pem: &str) -> signature::RsaKeyPair {
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    signature::RsaKeyPair::from_pkcs8(&base64(&body)).unwrap()
}

/// Reads base64; a bench needs no crate for it.
fn base64(text: &str) -> Vec<u8> {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    for byte in text.bytes().filter(|byte| *byte != b'=') {
        let value = alphabet.iter().position(|known| *known == byte).unwrap();
        bits = bits << 6 | u32::try_from(value).unwrap();
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held & 0xff) as u8);
        }
    }
    bytes
}
