//! Whatever arrives from outside, damaged as it may be: an error at most, never a panic.

use std::fs;

use bytes::Bytes;
use http::Method;
use ringback_jwt::{Verifier, WebhookVerifier};
use ringback_model::{
    Json, Kept, Operation, beta, ncco, operation::RequestParts, problem::Problem, v1, webhook,
};
use ringback_tests::{root, rounds};
use secrecy::SecretString;

/// SplitMix64: the same damage for the same seed, so that a failure can be repeated.
struct Dice(u64);

impl Dice {
    fn damage_one(&mut self, documents: &[Vec<u8>]) -> Vec<u8> {
        let which = self.roll(documents.len());
        self.damage(&documents[which])
    }

    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % sides.max(1) as u64).unwrap()
    }

    /// Cuts, doubles, overwrites or inserts something, a few times.
    fn damage(&mut self, original: &[u8]) -> Vec<u8> {
        const ODD: &[&[u8]] = &[
            b"\"",
            b"{",
            b"}",
            b"[",
            b"]",
            b"null",
            b"-",
            b"1e999",
            b"18446744073709551616",
            b"\\u",
            b"\\ud800",
            b"\xff",
            b"\xe2\x82",
            b"\0",
            b",",
            b":",
            b"%",
            b"%zz",
            b".",
            b"\"action\"",
            b"true",
            b"\xef\xbb\xbf",
        ];
        let mut bytes = original.to_vec();
        for _ in 0..=self.roll(3) {
            let at = self.roll(bytes.len() + 1);
            match self.roll(5) {
                0 => bytes.truncate(at),
                1 => drop(bytes.drain(at..(at + self.roll(9)).min(bytes.len()))),
                2 => drop(bytes.splice(at..at, ODD[self.roll(ODD.len())].iter().copied())),
                3 => {
                    let end = (at + self.roll(40)).min(bytes.len());
                    let piece = bytes[at..end].to_vec();
                    drop(bytes.splice(at..at, piece));
                }
                _ => {
                    let value = u8::try_from(self.roll(256)).unwrap();
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte = value;
                    }
                }
            }
        }
        bytes
    }
}

/// The documents of the fixtures.
fn documents() -> Vec<Vec<u8>> {
    let mut documents = Vec::new();
    for area in fs::read_dir(root().join("tests/fixtures")).unwrap() {
        let area = area.unwrap().path();
        if area.is_dir() {
            documents.extend(
                fs::read_dir(area).unwrap().map(|file| fs::read(file.unwrap().path()).unwrap()),
            );
        }
    }
    documents.sort();
    assert!(documents.len() > 50, "the fixtures are there");
    documents
}

/// What is read with its bytes kept gives them back.
fn kept<T: serde::de::DeserializeOwned + serde::Serialize>(bytes: &[u8]) {
    if let Ok(kept) = Kept::<T>::from_slice(bytes) {
        assert_eq!(kept.to_bytes().unwrap().trim_ascii(), bytes.trim_ascii());
    }
}

#[test]
fn damaged_documents_are_read_or_refused() {
    let documents = documents();
    let mut dice = Dice(1);
    for _ in 0..rounds(3_000) {
        let bytes = dice.damage_one(&documents);
        kept::<beta::Conversation>(&bytes);
        kept::<webhook::Event>(&bytes);
        kept::<v1::Event>(&bytes);
        let script = ringback_model::read::from_slice::<Vec<ncco::Action>>(&bytes);
        drop(script.map_err(|error| error.to_string()));
        drop(
            ringback_model::read::list::<Json>(&bytes, "events").map_err(|error| error.to_string()),
        );
        assert!(!Problem::read(500, &bytes).summary().is_empty());
    }
}

#[test]
fn damaged_scripts_are_checked() {
    let script = fs::read(root().join("tests/fixtures/ncco/connect-synchronous.json")).unwrap();
    let mut dice = Dice(2);
    for _ in 0..rounds(3_000) {
        let bytes = dice.damage(&script);
        let report = ringback_ncco::check_bytes(&bytes);
        // Either it runs, or there is a reason; and what is said of it can be shown.
        assert_eq!(
            report.is_runnable(),
            report.reason().is_none(),
            "{}",
            String::from_utf8_lossy(&bytes)
        );
        let text = String::from_utf8_lossy(&bytes);
        for finding in &report.findings {
            if let Some(position) = finding.position {
                assert!(position.line >= 1 && position.column >= 1);
                assert!(position.offset + position.length <= text.len(), "{text}");
            }
        }
    }
}

#[test]
fn damaged_tokens_are_refused() {
    const SIGNED: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpYXQiOjE3MDAwMDAwMDAsImp0aSI6IjAwMDAwMDAwLTAwMDAtNDAwMC04MDAwLTAwMDAwMDAwMDAwMSIsImlzcyI6IlZvbmFnZSIsInBheWxvYWRfaGFzaCI6IjBhY2JhYjVmMmVkOGI0ODE4ZTdlYjQyZDI4MzRlNzQxYTQ0NmMxMjlmNDkzYzM1NGU0OGI1Yzg5Y2YyYWZjYmUiLCJhcGlfa2V5IjoiYTFiMmMzZDQiLCJhcHBsaWNhdGlvbl9pZCI6ImFhYWFhYWFhLWJiYmItNGNjYy04ZGRkLTAxMjM0NTY3ODlhYiJ9.IchHUExaUYJJy5hY97Ye3_RlWccjtg_uH-gvBSk1Z-U";
    const BODY: &[u8] =
        br#"{"conversation_uuid":"CON-11111111-2222-4333-8444-555555555555","status":"answered"}"#;
    let secret = SecretString::from("test-signature-secret-0123456789abcdef");
    let webhooks = WebhookVerifier::new([&secret]).unwrap();
    assert!(webhooks.verify_body(SIGNED, BODY, 1_700_000_000).is_ok(), "the published vector");
    let key = ringback_jwt::KeyPair::generate().unwrap().public_key;
    let application = Verifier::new(&key).unwrap();
    let mut dice = Dice(3);
    for _ in 0..rounds(3_000) {
        let bytes = dice.damage(SIGNED.as_bytes());
        let Ok(token) = String::from_utf8(bytes) else { continue };
        drop(ringback_jwt::inspect(&token));
        assert!(application.verify(&token, 1_700_000_000, 60).is_err());
        if token != SIGNED {
            assert!(webhooks.verify_body(&token, BODY, 1_700_000_000).is_err(), "{token}");
        }
        let query =
            dice.damage(b"to=447700900000&from=447700900001&uuid=797168e24c19a3c45e74e05b10fef2b5");
        let query = String::from_utf8_lossy(&query);
        assert!(webhooks.verify_body(SIGNED, query.as_bytes(), 1_700_000_000).is_err());
        drop(webhooks.verify_query(SIGNED, &query, 1_700_000_000));
    }
}

macro_rules! decode_each {
    ($($operation:path),+ $(,)?) => {
        fn decode_all(parts: &RequestParts) {
            $(drop(<$operation>::decode(parts).map_err(|fault| fault.to_string()));)+
        }
    };
}
ringback_model::for_each_operation!(decode_each);

#[test]
fn damaged_requests_are_decoded_or_refused() {
    let documents = documents();
    let mut dice = Dice(4);
    for _ in 0..rounds(1_000) {
        let path =
            dice.damage(b"/beta/conversations/CON-0f1e2d3c-4b5a-4697-8877-665544332211/events/1");
        let query = dice.damage(b"page_size=10&features=SMS&features=VOICE&country=GB&msisdn=447700900000&search_pattern=1");
        let body = dice.damage_one(&documents);
        decode_all(&RequestParts {
            method: Method::POST,
            path: String::from_utf8_lossy(&path).into_owned(),
            query: Some(String::from_utf8_lossy(&query).into_owned()),
            content_type: Some("application/json".to_owned()),
            body: Bytes::from(body),
        });
    }
}
