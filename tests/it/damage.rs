//! Whatever arrives from outside, damaged as it may be: an error at most, never a panic.
//!
//! Each test is a fuzz target with a corpus of its own below `tests/corpus`.

mod exchange;
mod receiver;
mod seed;

use std::fs;

use bytes::Bytes;
use http::Method;
use ringback_jwt::{Verifier, WebhookVerifier};
use ringback_model::{
    Json, Kept, Operation, beta, ncco, operation::RequestParts, problem::Problem, v1, webhook,
};
use ringback_tests::{
    damage::{Dice, fuzz},
    root, rounds,
};
use secrecy::SecretString;

/// The fixtures of one area, in the order of their names.
fn area(name: &str) -> Vec<Vec<u8>> {
    let Ok(files) = fs::read_dir(root().join("tests/fixtures").join(name)) else {
        return Vec::new();
    };
    let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// All fixtures.
fn documents() -> Vec<Vec<u8>> {
    let areas = fs::read_dir(root().join("tests/fixtures")).unwrap();
    let mut areas: Vec<_> = areas.map(|area| area.unwrap().path()).collect();
    areas.sort();
    let names = areas.iter().filter(|area| area.is_dir()).filter_map(|area| area.file_name());
    let documents: Vec<_> = names.flat_map(|name| area(name.to_str().unwrap())).collect();
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
    let outcome = fuzz("document", rounds(3_000), &documents(), |bytes| {
        kept::<beta::Conversation>(bytes);
        kept::<webhook::Event>(bytes);
        kept::<v1::Event>(bytes);
        let script = ringback_model::read::from_slice::<Vec<ncco::Action>>(bytes);
        drop(script.map_err(|error| error.to_string()));
        let list = ringback_model::read::list::<Json>(bytes, "events");
        drop(list.map_err(|error| error.to_string()));
        assert!(!Problem::read(500, bytes).summary().is_empty());
    });
    assert_eq!(outcome, Ok(()));
}

#[test]
fn damaged_scripts_are_checked() {
    let outcome = fuzz("script", rounds(3_000), &area("ncco"), |bytes| {
        let report = ringback_ncco::check_bytes(bytes);
        // Either it runs, or there is a reason; and what is said of it can be shown.
        assert_eq!(report.is_runnable(), report.platform().is_none());
        let text = String::from_utf8_lossy(bytes);
        for finding in &report.findings {
            if let Some(position) = finding.position {
                assert!(position.line >= 1 && position.column >= 1);
                assert!(position.offset + position.length <= text.len(), "{text}");
            }
        }
        // What is said to run is read as what runs.
        if report.is_runnable() {
            assert!(ringback_model::read::from_slice::<Vec<ncco::Action>>(bytes).is_ok(), "{text}");
        }
    });
    assert_eq!(outcome, Ok(()));
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
    let query = b"to=447700900000&from=447700900001&uuid=797168e24c19a3c45e74e05b10fef2b5";
    let outcome =
        fuzz("token", rounds(3_000), &[SIGNED.as_bytes().to_vec(), query.to_vec()], |bytes| {
            let text = String::from_utf8_lossy(bytes);
            drop(ringback_jwt::inspect(&text));
            assert!(application.verify(&text, 1_700_000_000, 60).is_err());
            if text != SIGNED {
                assert!(webhooks.verify_body(&text, BODY, 1_700_000_000).is_err(), "{text}");
            }
            assert!(webhooks.verify_body(SIGNED, bytes, 1_700_000_000).is_err());
            drop(webhooks.verify_query(SIGNED, &text, 1_700_000_000));
        });
    assert_eq!(outcome, Ok(()));
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
    let mut dice = Dice::new(4);
    let outcome = fuzz("request", rounds(1_000), &documents(), |bytes| {
        let path =
            dice.damage(b"/beta/conversations/CON-0f1e2d3c-4b5a-4697-8877-665544332211/events/1");
        let query = dice.damage(b"page_size=10&features=SMS&features=VOICE&country=GB&msisdn=447700900000&search_pattern=1");
        decode_all(&RequestParts {
            method: Method::POST,
            path: String::from_utf8_lossy(&path).into_owned(),
            query: Some(String::from_utf8_lossy(&query).into_owned()),
            content_type: Some("application/json".to_owned()),
            body: Bytes::copy_from_slice(bytes),
        });
    });
    assert_eq!(outcome, Ok(()));
}
