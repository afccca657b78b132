//! Tokens that are not accepted, whatever they are sent with.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::hmac;
use ringback_jwt::{Claims, KeyPair, Signer};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::{
    NOW,
    forge::{APPLICATION, Forge, SECRET, signed},
};

/// Name, code and token for a payload with this hash.
pub(super) fn rows(hash: &str) -> Vec<(&'static str, &'static str, String)> {
    let good = || Forge::new(hash);
    let mut rows = vec![
        ("wrong secret", "token-signature", good().secret("another").text()),
        (
            "secret with one more byte",
            "token-signature",
            good().secret(&format!("{SECRET}a")).text(),
        ),
        ("empty secret", "token-signature", good().secret("").text()),
        ("empty signature", "token-signature", good().unsigned()),
        ("alg none, not signed", "token-algorithm", good().alg("none").unsigned()),
        ("alg none, signed", "token-algorithm", good().alg("none").text()),
        ("alg None", "token-algorithm", good().alg("None").text()),
        ("alg nOnE", "token-algorithm", good().alg("nOnE").unsigned()),
        ("alg hs256", "token-algorithm", good().alg("hs256").text()),
        ("alg Hs256", "token-algorithm", good().alg("Hs256").text()),
        ("alg with a space", "token-algorithm", good().alg("HS256 ").text()),
        ("alg empty", "token-algorithm", good().alg("").text()),
        ("alg null", "token-algorithm", good().alg(Value::Null).text()),
        ("alg a list", "token-algorithm", good().alg(json!(["HS256"])).text()),
        ("alg missing", "token-algorithm", good().header(json!({"typ": "JWT"})).text()),
        ("alg HS384", "token-algorithm", good().alg("HS384").with(hmac::HMAC_SHA384)),
        ("alg HS512", "token-algorithm", good().alg("HS512").with(hmac::HMAC_SHA512)),
        ("alg HS256 signed with HS512", "token-signature", good().with(hmac::HMAC_SHA512)),
        ("alg RS256 signed with the secret", "token-algorithm", good().alg("RS256").text()),
        (
            "a critical extension",
            "token-critical",
            good().header(json!({"alg": "HS256", "crit": ["exp"]})).text(),
        ),
        (
            "a critical extension that is none",
            "token-critical",
            good().header(json!({"alg": "HS256", "crit": null})).text(),
        ),
        ("header a list", "token-malformed", good().header(json!(["HS256"])).text()),
        ("header not JSON", "token-malformed", signed(b"HS256", b"{}")),
        ("header empty", "token-malformed", signed(b"", b"{}")),
        ("claims a list", "token-malformed", good().claims(json!([])).text()),
        ("claims null", "token-malformed", good().claims(Value::Null).text()),
        ("claims not JSON", "token-malformed", signed(br#"{"alg":"HS256"}"#, b"iat")),
        ("claims cut off", "token-malformed", signed(br#"{"alg":"HS256"}"#, br#"{"iat":1"#)),
        ("claims empty", "token-malformed", signed(br#"{"alg":"HS256"}"#, b"")),
        (
            "claims not UTF-8",
            "token-malformed",
            signed(br#"{"alg":"HS256"}"#, b"{\"iss\":\"\xff\"}"),
        ),
        (
            "claims twice",
            "claim-malformed",
            signed(br#"{"alg":"HS256"}"#, br#"{"iat":1,"iat":1700000000}"#),
        ),
        ("no claims", "claim-missing", good().claims(json!({})).text()),
        (
            "claims of an application, signed with the secret",
            "claim-missing",
            good().claims(json!({"application_id": APPLICATION, "iat": NOW, "jti": "a"})).text(),
        ),
        ("iat just too old", "token-too-old", good().claim("iat", NOW - 301).text()),
        ("iat zero", "token-too-old", good().claim("iat", 0).text()),
        ("iat negative", "token-too-old", good().claim("iat", -NOW).text()),
        ("iat the least", "token-too-old", good().claim("iat", i64::MIN).text()),
        ("iat just ahead", "token-issued-in-future", good().claim("iat", NOW + 301).text()),
        ("iat in milliseconds", "token-issued-in-future", good().claim("iat", NOW * 1000).text()),
        ("iat the most", "token-issued-in-future", good().claim("iat", i64::MAX).text()),
        ("iat huge", "claim-malformed", good().claim("iat", u64::MAX).text()),
        ("iat a float", "claim-malformed", good().claim("iat", 1_700_000_000.5).text()),
        ("iat a whole float", "claim-malformed", good().claim("iat", 1.7e9).text()),
        ("iat a word", "claim-malformed", good().claim("iat", "now").text()),
        ("iat as text", "claim-malformed", good().claim("iat", NOW.to_string()).text()),
        ("iat a list", "claim-malformed", good().claim("iat", json!([NOW])).text()),
        ("iat true", "claim-malformed", good().claim("iat", true).text()),
        ("iat null", "claim-missing", good().claim("iat", Value::Null).text()),
        ("iat missing", "claim-missing", good().without("iat").text()),
        ("exp past", "token-expired", good().claim("exp", NOW - 300).text()),
        ("exp long past", "token-expired", good().claim("exp", 1).text()),
        ("exp as text", "claim-malformed", good().claim("exp", (NOW + 60).to_string()).text()),
        ("exp a word", "claim-malformed", good().claim("exp", "never").text()),
        ("nbf ahead", "token-not-yet-valid", good().claim("nbf", NOW + 301).text()),
        ("nbf a word", "claim-malformed", good().claim("nbf", "soon").text()),
        ("iss missing", "claim-missing", good().without("iss").text()),
        ("iss another", "issuer-mismatch", good().claim("iss", "Somebody").text()),
        ("iss in lower case", "issuer-mismatch", good().claim("iss", "vonage").text()),
        ("iss a list", "claim-malformed", good().claim("iss", json!(["Vonage"])).text()),
        ("api_key missing", "claim-missing", good().without("api_key").text()),
        ("api_key another", "account-mismatch", good().claim("api_key", "b1b2c3d4").text()),
        ("api_key empty", "account-mismatch", good().claim("api_key", "").text()),
        ("application another", "application-mismatch", {
            good().claim("application_id", "bbbbbbbb-bbbb-4ccc-8ddd-0123456789ab").text()
        }),
        ("application empty", "application-mismatch", good().claim("application_id", "").text()),
        ("jti missing", "claim-missing", good().without("jti").text()),
        ("jti a number", "claim-malformed", good().claim("jti", 1).text()),
        ("payload_hash a number", "claim-malformed", good().claim("payload_hash", 1).text()),
        ("too long", "token-too-long", good().claim("x", "a".repeat(4000)).text()),
    ];
    rows.extend(texts(&good().text()));
    rows.extend(with_keys(hash));
    rows
}

/// What copying, cutting and quoting make of a good token.
fn texts(token: &str) -> Vec<(&'static str, &'static str, String)> {
    let (header, rest) = token.split_once('.').unwrap();
    let (claims, signature) = rest.split_once('.').unwrap();
    let standard = STANDARD.encode([0xfb; 32]);
    let last = match signature.ends_with('A') {
        true => "E",
        false => "A",
    };
    vec![
        ("cut in the header", "token-malformed", header[..10].to_owned()),
        ("cut behind the header", "token-malformed", format!("{header}.")),
        ("cut in the claims", "token-malformed", format!("{header}.{}", &claims[..40])),
        ("cut behind the claims", "token-malformed", format!("{header}.{claims}")),
        (
            "cut in the signature",
            "token-signature",
            format!("{header}.{claims}.{}", &signature[..16]),
        ),
        ("without its last letter", "token-malformed", token[..token.len() - 1].to_owned()),
        ("with another last letter", "token-signature", {
            format!("{}{last}", &token[..token.len() - 1])
        }),
        ("without its first letter", "token-malformed", token[1..].to_owned()),
        ("with a letter more", "token-signature", format!("{token}A")),
        ("claims of another token", "token-signature", {
            let other = Forge::new("").text();
            format!("{header}.{}.{signature}", other.split('.').nth(1).unwrap())
        }),
        ("parts swapped", "token-algorithm", format!("{claims}.{header}.{signature}")),
        ("three dots", "token-malformed", format!("{token}.{signature}")),
        ("four dots", "token-malformed", format!("{token}.{signature}.{signature}")),
        ("dots alone", "token-malformed", "..".to_owned()),
        ("one word", "token-malformed", "token".to_owned()),
        ("padding", "token-malformed", format!("{token}=")),
        ("not base64url", "token-malformed", format!("{header}.{claims}.{standard}")),
        ("percent-encoded", "token-malformed", token.replace('.', "%2E")),
        ("in quotes", "token-malformed", format!("\"{token}\"")),
        ("with a space", "token-signature", format!("{header}. {claims}.{signature}")),
        ("with a tab", "token-signature", format!("{header}.\t{claims}.{signature}")),
        ("twice in one header", "token-malformed", format!("{token}, Bearer {token}")),
        ("a shell variable", "token-malformed", "$TOKEN".to_owned()),
    ]
}

/// What is signed with a private key, or with a public one as if it were a secret.
fn with_keys(hash: &str) -> Vec<(&'static str, &'static str, String)> {
    // Made once: it takes a while.
    static PAIR: std::sync::OnceLock<KeyPair> = std::sync::OnceLock::new();
    let pair = PAIR.get_or_init(|| KeyPair::generate().unwrap());
    let good = || Forge::new(hash);
    let signer = Signer::from_pem(pair.private_key.expose_secret()).unwrap();
    let application = signer.mint(&Claims::new(APPLICATION), NOW).unwrap();
    vec![
        ("alg RS256 signed with a key", "token-algorithm", good().alg("RS256").rsa(pair)),
        ("alg HS256 signed with a key", "token-signature", good().rsa(pair)),
        ("a public key as secret", "token-signature", good().secret(&pair.public_key).text()),
        (
            "alg RS256 with a public key as secret",
            "token-algorithm",
            good().alg("RS256").secret(&pair.public_key).text(),
        ),
        ("the token of an application", "token-algorithm", application.expose().to_owned()),
    ]
}
