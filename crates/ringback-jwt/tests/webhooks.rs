//! Signed webhooks against the published rules.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::hmac;
use ringback_jwt::{Payload, Reason, WebhookSigner, WebhookVerifier, payload_hash};
use secrecy::SecretString;
use serde_json::{Value, json};

const NOW: i64 = 1_700_000_000;
const SECRET: &str = "test-signature-secret-0123456789abcdef";
const APP: &str = "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab";
const BODY: &[u8] =
    br#"{"conversation_uuid":"CON-11111111-2222-4333-8444-555555555555","status":"answered"}"#;
/// Made by another implementation from the documented claims, in the documented order.
const VECTOR: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpYXQiOjE3MDAwMDAwMDAsImp0aSI6IjAwMDAwMDAwLTAwMDAtNDAwMC04MDAwLTAwMDAwMDAwMDAwMSIsImlzcyI6IlZvbmFnZSIsInBheWxvYWRfaGFzaCI6IjBhY2JhYjVmMmVkOGI0ODE4ZTdlYjQyZDI4MzRlNzQxYTQ0NmMxMjlmNDkzYzM1NGU0OGI1Yzg5Y2YyYWZjYmUiLCJhcGlfa2V5IjoiYTFiMmMzZDQiLCJhcHBsaWNhdGlvbl9pZCI6ImFhYWFhYWFhLWJiYmItNGNjYy04ZGRkLTAxMjM0NTY3ODlhYiJ9.IchHUExaUYJJy5hY97Ye3_RlWccjtg_uH-gvBSk1Z-U";

fn signer() -> WebhookSigner {
    WebhookSigner::new(&SECRET.into(), "a1b2c3d4").unwrap().application_id(APP)
}

fn verifier() -> WebhookVerifier {
    WebhookVerifier::new([&SECRET.into()]).unwrap()
}

fn sign(header: &Value, claims: &Value, secret: &str) -> String {
    let message = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header.to_string()),
        URL_SAFE_NO_PAD.encode(claims.to_string())
    );
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(hmac::sign(&key, message.as_bytes())))
}

#[test]
fn the_vector_is_written_and_accepted() {
    let token = signer().sign(&payload_hash(BODY), "00000000-0000-4000-8000-000000000001", NOW);
    assert_eq!(token.unwrap().expose(), VECTOR);
    let claims = verifier().api_key("a1b2c3d4").application_id(APP).verify_body(VECTOR, BODY, NOW);
    let claims = claims.unwrap();
    assert_eq!(claims.jti, "00000000-0000-4000-8000-000000000001");
    assert_eq!((claims.iat, claims.api_key.as_str()), (NOW, "a1b2c3d4"));
    assert_eq!(claims.application_id.as_deref(), Some(APP));
    assert_eq!((claims.payload, claims.numeric_text), (Payload::Body, false));
}

#[test]
fn secrets_can_be_rotated_and_are_never_empty() {
    let secrets: Vec<SecretString> = vec!["the-new-secret".into(), SECRET.into()];
    assert!(WebhookVerifier::new(&secrets).unwrap().verify_body(VECTOR, BODY, NOW).is_ok());
    assert!(WebhookVerifier::new([]).is_err());
    assert!(WebhookVerifier::new([&"".into()]).is_err());
    assert!(WebhookSigner::new(&"".into(), "a1b2c3d4").is_err());
}

#[test]
fn each_check_refuses_with_its_own_reason() {
    let header = json!({"alg": "HS256", "typ": "JWT"});
    let good = || {
        json!({"iat": NOW, "jti": "j", "iss": "Vonage", "payload_hash": payload_hash(BODY),
               "api_key": "a1b2c3d4", "application_id": APP})
    };
    let with = |name: &str, value: Value| {
        let mut claims = good();
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value,
        }
        sign(&header, &claims, SECRET)
    };
    let verifier = verifier().api_key("a1b2c3d4").application_id(APP);
    let check = |token: &str, expected: Result<Payload, Reason>| {
        let result = verifier.verify_body(token, BODY, NOW);
        if let Err(refused) = &result {
            let hint = refused.hint();
            assert!(!hint.is_empty() && (token.is_empty() || !hint.contains(token)), "{hint}");
        }
        let result = result.map(|claims| claims.payload).map_err(|refused| refused.reason);
        assert_eq!(result, expected, "{token}");
    };
    check(&sign(&header, &good(), SECRET), Ok(Payload::Body));
    check(&with("application_id", Value::Null), Ok(Payload::Body));
    check(&with("iat", json!(NOW.to_string())), Ok(Payload::Body));
    check(&with("iat", json!(NOW - 300)), Ok(Payload::Body));
    check(&with("iat", json!(NOW + 300)), Ok(Payload::Body));
    check(&with("exp", json!(NOW + 1)), Ok(Payload::Body));
    check(&sign(&header, &good(), "another"), Err(Reason::TokenSignature));
    check(&sign(&json!({"alg": "RS256"}), &good(), SECRET), Err(Reason::TokenAlgorithm));
    check(&sign(&json!({"alg": "none"}), &good(), SECRET), Err(Reason::TokenAlgorithm));
    check(&sign(&json!({"alg": "HS512"}), &good(), SECRET), Err(Reason::TokenAlgorithm));
    check(&sign(&header, &json!([]), SECRET), Err(Reason::TokenMalformed));
    check("", Err(Reason::TokenMissing));
    check("a.b", Err(Reason::TokenMalformed));
    check(&with("iss", Value::Null), Err(Reason::ClaimMissing));
    check(&with("iss", json!("Somebody")), Err(Reason::IssuerMismatch));
    check(&with("api_key", Value::Null), Err(Reason::ClaimMissing));
    check(&with("api_key", json!("other")), Err(Reason::AccountMismatch));
    check(&with("application_id", json!("other")), Err(Reason::ApplicationMismatch));
    check(&with("jti", Value::Null), Err(Reason::ClaimMissing));
    check(&with("iat", Value::Null), Err(Reason::ClaimMissing));
    for wrong in [json!("soon"), json!(1_700_000_000.5), json!(u64::MAX), json!([NOW])] {
        check(&with("iat", wrong), Err(Reason::ClaimMalformed));
    }
    check(&with("nbf", json!(NOW + 300)), Ok(Payload::Body));
    check(&with("nbf", json!(NOW + 301)), Err(Reason::TokenNotYetValid));
    check(
        &sign(&json!({"alg": "HS256", "crit": ["exp"]}), &good(), SECRET),
        Err(Reason::TokenCritical),
    );
    check(&with("iat", json!(NOW - 301)), Err(Reason::TokenTooOld));
    check(&with("iat", json!(NOW + 301)), Err(Reason::TokenIssuedInFuture));
    check(&with("exp", json!(NOW - 300)), Err(Reason::TokenExpired));
    check(&with("payload_hash", Value::Null), Err(Reason::PayloadHashMissing));
    check(&with("payload_hash", json!(payload_hash(b"x"))), Err(Reason::PayloadHashMismatch));
    let upper = payload_hash(BODY).to_uppercase();
    check(&with("payload_hash", json!(upper)), Err(Reason::PayloadHashMismatch));
    check(&with("payload_hash", json!("")), Err(Reason::PayloadHashMismatch));
}

#[test]
fn bodies_that_were_reformatted_or_are_empty() {
    let pretty =
        serde_json::to_vec_pretty(&serde_json::from_slice::<Value>(BODY).unwrap()).unwrap();
    let result = verifier().verify_body(VECTOR, &pretty, NOW).unwrap();
    assert_eq!(result.payload, Payload::CompactBody);
    let claims = json!({"iat": NOW, "jti": "j", "iss": "Vonage", "api_key": "a"});
    let bare = sign(&json!({"alg": "HS256"}), &claims, SECRET);
    assert_eq!(verifier().verify_body(&bare, b"", NOW).unwrap().payload, Payload::Empty);
    let empty = signer().sign_body(b"", NOW).unwrap();
    assert_eq!(verifier().verify_body(empty.expose(), b"", NOW).unwrap().payload, Payload::Body);
}

#[test]
fn the_rules_for_a_query() {
    let query = "to=447700900000&from=447700900001&uuid=797168e24c19a3c45e74e05b10fef2b5";
    let check = |hash: &str, expected: Payload| {
        let token = signer().sign(hash, "j", NOW).unwrap();
        let seen = verifier().verify_query(token.expose(), query, NOW).unwrap();
        assert_eq!(seen.payload, expected);
        let strict = verifier().strict(true).verify_query(token.expose(), query, NOW);
        match expected {
            Payload::Unauthenticated => {
                assert_eq!(strict.unwrap_err().reason, Reason::QueryUnauthenticated);
            }
            known => assert_eq!(strict.unwrap().payload, known),
        }
    };
    check("491d99fd4787fefcaa375a1fac4f01a6df74c57339a75253169998ebb9634d06", Payload::QueryObject);
    check(&payload_hash(b""), Payload::Empty);
    check(&payload_hash(query.as_bytes()), Payload::RawQuery);
    check(&payload_hash(b"something else"), Payload::Unauthenticated);
    check("", Payload::Unauthenticated);
    let token = signer().sign_query(query, NOW).unwrap();
    let seen = verifier().verify_query(token.expose(), &format!("?{query}"), NOW).unwrap();
    assert_eq!(seen.payload, Payload::QueryObject);
}
