//! Application tokens: minted, accepted, and refused for every reason.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ringback_jwt::{
    Acl, Claims, KeyPair, Reason, Signer, TokenCache, TokenKind, Verifier, inspect,
};
use secrecy::ExposeSecret;
use serde_json::json;

const NOW: i64 = 1_700_000_000;
const APP: &str = "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab";

fn signer() -> Signer {
    Signer::from_pem(KeyPair::generate().unwrap().private_key.expose_secret()).unwrap()
}

fn part(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

#[test]
fn a_token_has_what_the_platform_requires() {
    let signer = signer();
    let token = signer.mint(&Claims::new(APP), NOW).unwrap();
    let inspection = inspect(token.expose()).unwrap();
    assert_eq!(json!(inspection.header), json!({"alg": "RS256", "typ": "JWT"}));
    let names: Vec<_> = inspection.claims.keys().map(String::as_str).collect();
    assert_eq!(names, ["application_id", "exp", "iat", "jti"]);
    assert_eq!(inspection.claims["exp"], NOW + 900);
    assert_eq!((token.issued_at(), token.expires_at()), (NOW, NOW + 900));
    assert_eq!(inspection.application_id(), Some(APP));

    let verified = Verifier::new(&signer.public_key_pem()).unwrap();
    let verified = verified.application_id(APP).verify(token.expose(), NOW, 0).unwrap();
    assert_eq!(verified.application_id, APP);
    assert_eq!((verified.iat, verified.exp, verified.nbf), (NOW, NOW + 900, None));
    assert_eq!((verified.sub, verified.acl, verified.warnings), (None, None, vec![]));
    assert_ne!(token.expose(), signer.mint(&Claims::new(APP), NOW).unwrap().expose());
}

#[test]
fn times_and_claims_are_checked() {
    let signer = signer();
    let verifier = Verifier::new(&signer.public_key_pem()).unwrap();
    let check = |claims: Claims, expected: Result<&[&str], Reason>| {
        let token = signer.mint(&claims, NOW).unwrap();
        let result = verifier.verify(token.expose(), NOW, 30);
        let codes = result.as_ref().map(|v| v.warnings.iter().map(|w| w.code).collect::<Vec<_>>());
        match (codes, expected) {
            (Ok(codes), Ok(wanted)) => assert_eq!(codes, wanted, "{claims:?}"),
            (Err(refused), Err(wanted)) => {
                assert_eq!(refused.reason, wanted, "{claims:?}");
                for sentence in [&refused.seen, &refused.expected, &refused.fix] {
                    assert!(!sentence.is_empty() && !sentence.contains('\n'));
                }
                assert!(!format!("{refused:?} {}", refused.hint()).contains(token.expose()));
            }
            (result, wanted) => panic!("{claims:?}: {result:?} instead of {wanted:?}"),
        }
    };
    let app = || Claims::new(APP);
    check(app().ttl(86_400), Ok(&[]));
    check(app().ttl(86_401), Ok(&["token-lifetime-too-long"]));
    check(app().ttl(29), Ok(&["token-lifetime-too-short"]));
    check(app().exp((NOW + 60) * 1000), Ok(&["token-lifetime-too-long"]));
    check(app().claim("exp", (NOW + 60).to_string()), Ok(&["claim-numeric-text"]));
    check(app().claim("iat", NOW.to_string()), Ok(&["claim-numeric-text"]));
    check(app().claim("nbf", NOW.to_string()), Ok(&["claim-numeric-text"]));
    check(app().claim("iat", 1_700_000_000.5), Ok(&["claim-numeric-text"]));
    check(app().claim("more", json!({"a": [1]})), Ok(&[]));
    check(app().exp(NOW - 29).iat(NOW - 900), Ok(&[]));
    check(app().exp(NOW - 30).iat(NOW - 900), Err(Reason::TokenExpired));
    check(app().iat(NOW - 929).no_exp(), Ok(&[]));
    check(app().iat(NOW - 930).no_exp(), Err(Reason::TokenExpired));
    check(app().nbf(NOW + 30), Ok(&[]));
    check(app().nbf(NOW + 31), Err(Reason::TokenNotYetValid));
    check(app().iat(NOW + 30), Ok(&[]));
    check(app().iat(NOW + 31), Err(Reason::TokenIssuedInFuture));
    check(app().iat(NOW * 1000), Err(Reason::TokenIssuedInFuture));
    check(app().claim("exp", "tomorrow"), Err(Reason::ClaimMalformed));
    check(app().claim("exp", json!({})), Err(Reason::ClaimMalformed));
    check(app().claim("iat", json!(null)), Err(Reason::ClaimMissing));
    check(app().claim("jti", json!(null)), Err(Reason::ClaimMissing));
    check(app().claim("jti", 7), Err(Reason::ClaimMalformed));
    check(app().claim("sub", json!([])), Err(Reason::ClaimMalformed));
    check(app().claim("acl", json!({"paths": {"users": {}}})), Err(Reason::ClaimMalformed));
    check(app().claim("application_id", ""), Err(Reason::ClaimMalformed));
    check(Claims::without_application(), Err(Reason::ClaimMissing));
}

#[test]
fn forgeries_and_texts_that_are_no_tokens_are_refused() {
    let (signer, other) = (signer(), signer());
    let verifier = Verifier::new(&signer.public_key_pem()).unwrap().application_id(APP);
    let good = signer.mint(&Claims::new(APP), NOW).unwrap();
    let good = good.expose();
    let (head, claims, signature) = {
        let mut parts = good.split('.');
        (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap())
    };
    let check = |token: &str, expected: Reason| {
        let refused = verifier.verify(token, NOW, 30).unwrap_err();
        assert_eq!(refused.reason, expected, "{token}: {refused:?}");
        assert!(!format!("{refused:?}").contains(signature));
    };
    check(other.mint(&Claims::new(APP), NOW).unwrap().expose(), Reason::TokenSignature);
    check(signer.mint(&Claims::new("b"), NOW).unwrap().expose(), Reason::ApplicationMismatch);
    let altered =
        part(&format!(r#"{{"application_id":"{APP}","iat":{NOW},"jti":"x","exp":9999999999}}"#));
    check(&format!("{head}.{altered}.{signature}"), Reason::TokenSignature);
    for header in [
        r#"{"alg":"none"}"#,
        r#"{"alg":"HS256","typ":"JWT"}"#,
        r#"{"alg":"rs256"}"#,
        r#"{"alg":7}"#,
        r#"{"typ":"JWT"}"#,
        r#"{"alg":"RS512"}"#,
    ] {
        check(&format!("{}.{claims}.{signature}", part(header)), Reason::TokenAlgorithm);
        check(&format!("{}.{claims}.", part(header)), Reason::TokenAlgorithm);
    }
    for (token, reason) in [
        (String::new(), Reason::TokenMissing),
        ("   ".to_owned(), Reason::TokenMissing),
        ("$JWT".to_owned(), Reason::TokenMalformed),
        ("a.b".to_owned(), Reason::TokenMalformed),
        ("a.b.c".to_owned(), Reason::TokenMalformed),
        ("a.b.c.d.e".to_owned(), Reason::TokenMalformed),
        (format!("\"{good}\""), Reason::TokenMalformed),
        (format!("{good}\n"), Reason::TokenMalformed),
        (format!("{head}.{claims}.{signature}="), Reason::TokenMalformed),
        (format!("{head}.{claims}."), Reason::TokenSignature),
        (format!("{}.{claims}.{signature}", part("[]")), Reason::TokenMalformed),
        ("x".repeat(20_000), Reason::TokenMalformed),
    ] {
        check(&token, reason);
    }
    verifier.verify(good, NOW, 0).unwrap();
}

#[test]
fn the_header_may_be_written_otherwise() {
    // The order `typ`, `alg`, as PyJWT and others write it.
    let pair = KeyPair::generate().unwrap();
    let claims = json!({"application_id": APP, "iat": NOW, "jti": "x"});
    let key = jsonwebtoken::EncodingKey::from_rsa_pem(pair.private_key.expose_secret().as_bytes());
    let verifier = Verifier::new(&pair.public_key).unwrap();
    let header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::RS256);
    let token = jsonwebtoken::encode(&header, &claims, &key.unwrap()).unwrap();
    assert_eq!(verifier.verify(&token, NOW, 0).unwrap().jti, "x");
}

#[test]
fn an_acl_opens_what_it_names() {
    let signer = signer();
    let verifier = Verifier::new(&signer.public_key_pem()).unwrap();
    let claims = Claims::new(APP).sub("alice").acl(Acl::new().path_for("/*/users/**", ["GET"]));
    let token = signer.mint(&claims, NOW).unwrap();
    let verified = verifier.verify(token.expose(), NOW, 0).unwrap();
    assert_eq!(verified.sub.as_deref(), Some("alice"));
    assert!(verified.acl_allows("GET", "/v1/users/USR-1"));
    let refused = verified.check_acl("DELETE", "/v1/users/USR-1").unwrap_err();
    assert_eq!(refused.reason, Reason::AclDenied);
    assert!(refused.expected.contains("/*/users/**"), "{refused:?}");
    let admin = signer.mint(&Claims::new(APP), NOW).unwrap();
    let admin = verifier.verify(admin.expose(), NOW, 0).unwrap();
    assert!(admin.check_acl("DELETE", "/v1/users/USR-1").is_ok());
    assert!(signer.mint(&Claims::new(APP).acl(Acl::new()), NOW).is_err());
}

#[test]
fn the_cache_mints_again_before_the_end() {
    let signer = Arc::new(signer());
    let cache = TokenCache::new(Arc::clone(&signer), Claims::new(APP));
    let first = cache.token(NOW).unwrap();
    for (now, same) in [(NOW + 1, true), (NOW + 839, true), (NOW - 1, false), (NOW + 840, false)] {
        let cache_fresh = TokenCache::new(Arc::clone(&signer), Claims::new(APP));
        let start = cache_fresh.token(NOW).unwrap();
        let later = cache_fresh.token(now).unwrap();
        assert_eq!(Arc::ptr_eq(&start, &later), same, "{now}");
    }
    assert!(Arc::ptr_eq(&first, &cache.token(NOW).unwrap()));
    cache.forget();
    assert!(!Arc::ptr_eq(&first, &cache.token(NOW).unwrap()));
}

#[test]
fn an_explanation_names_every_claim_and_what_is_wrong() {
    let signer = signer();
    let check = |claims: Claims, now: i64, kind: TokenKind, codes: &[&str]| {
        let token = signer.mint(&claims, NOW).unwrap();
        let explanation = inspect(token.expose()).unwrap().explain(now);
        assert_eq!(explanation.kind, kind);
        let seen: Vec<_> = explanation.warnings.iter().map(|warning| warning.code).collect();
        assert_eq!(seen, codes, "{explanation:?}");
        explanation
    };
    let explanation = check(Claims::new(APP), NOW + 60, TokenKind::Admin, &[]);
    let meaning = |name| {
        explanation.claims.iter().find(|line| line.name == name).map(|line| line.meaning.as_str())
    };
    assert_eq!(meaning("exp"), Some("ends at 2023-11-14T22:28:20Z, in 14 min"));
    assert_eq!(meaning("iat"), Some("issued at 2023-11-14T22:13:20Z, 60 s ago"));
    check(Claims::new(APP).sub("alice"), NOW, TokenKind::User, &[]);
    check(Claims::new(APP), NOW + 900, TokenKind::Admin, &["token-expired"]);
    check(Claims::new(APP).no_exp(), NOW + 900, TokenKind::Admin, &["token-expired"]);
    check(Claims::new(APP), NOW - 1, TokenKind::Admin, &["token-issued-in-future"]);
    check(Claims::new(APP).nbf(NOW + 9), NOW, TokenKind::Admin, &["token-not-yet-valid"]);
    check(Claims::new(APP).claim("subject", "alice"), NOW, TokenKind::Admin, &["claim-unknown"]);
    check(Claims::without_application(), NOW, TokenKind::Unknown, &["claim-missing"]);
}
