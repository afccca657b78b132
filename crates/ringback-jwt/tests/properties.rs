//! Nothing from outside panics, and nothing secret is printed.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::LazyLock;

use proptest::prelude::*;
use ringback_jwt::{
    Acl, Claims, KeyPair, PublicKey, Signer, TokenCache, Verifier, WebhookSigner, WebhookVerifier,
    bearer, inspect, query_payload,
};
use secrecy::{ExposeSecret, SecretString};

const NOW: i64 = 1_700_000_000;
static PAIR: LazyLock<KeyPair> = LazyLock::new(|| KeyPair::generate().unwrap());
static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| Verifier::new(&PAIR.public_key).unwrap());
static WEBHOOKS: LazyLock<WebhookVerifier> =
    LazyLock::new(|| WebhookVerifier::new([&"secret".into()]).unwrap());

fn everything(text: &str, now: i64) {
    if let Ok(inspection) = inspect(text) {
        drop(inspection.explain(now));
    }
    drop(bearer(Some(text)));
    drop(VERIFIER.verify(text, now, 30).map_err(|refused| refused.hint()));
    drop(WEBHOOKS.verify_body(text, text.as_bytes(), now).map_err(|refused| refused.hint()));
    drop(WEBHOOKS.verify_query(text, text, now));
    drop(Signer::from_pem(text));
    drop(PublicKey::from_pem(text));
    drop(Acl::from_json(text).map(|acl| acl.allows("GET", text)));
}

/// 64 cases on each change, or as many as a soak asks for.
fn config() -> ProptestConfig {
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    if asked { ProptestConfig::default() } else { ProptestConfig::with_cases(64) }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_text(text in any::<String>(), now in any::<i64>()) {
        everything(&text, now);
    }

    #[test]
    fn three_parts(header in "[A-Za-z0-9_-]{0,40}", claims in "[A-Za-z0-9_-]{0,80}", tag in "[A-Za-z0-9_=-]{0,45}") {
        everything(&format!("{header}.{claims}.{tag}"), NOW);
    }

    #[test]
    fn signed_claims_of_any_kind(
        name in prop::sample::select(vec!["iat", "exp", "nbf", "jti", "sub", "acl", "application_id"]),
        value in prop_oneof![
            any::<i64>().prop_map(serde_json::Value::from),
            any::<f64>().prop_map(serde_json::Value::from),
            any::<String>().prop_map(serde_json::Value::from),
        ],
        now in any::<i64>(),
    ) {
        let signer = Signer::from_pem(PAIR.private_key.expose_secret()).unwrap();
        let token = signer.mint(&Claims::new("a").claim(name, value), now).unwrap();
        everything(token.expose(), now);
        everything(token.expose(), 0);
    }

    #[test]
    fn key_blocks(label in "(RSA )?(PRIVATE|PUBLIC) KEY", body in any::<Vec<u8>>()) {
        use base64::Engine as _;
        let body = base64::engine::general_purpose::STANDARD.encode(body);
        everything(&format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----"), NOW);
    }

    #[test]
    fn a_signed_query_verifies(query in "[a-z0-9=&%+]{0,60}") {
        let signer = WebhookSigner::new(&"secret".into(), "k").unwrap();
        let token = signer.sign_query(&query, NOW).unwrap();
        prop_assert!(WEBHOOKS.clone().strict(true).verify_query(token.expose(), &query, NOW).is_ok());
        prop_assert!(serde_json::from_str::<serde_json::Value>(&query_payload(&query)).is_ok());
    }
}

#[test]
fn no_secret_is_printed() {
    let planted = SecretString::from("planted-signature-secret");
    let signer = Signer::from_pem(PAIR.private_key.expose_secret()).unwrap();
    let token = signer.mint(&Claims::new("a"), NOW).unwrap();
    let webhook_signer = WebhookSigner::new(&planted, "k").unwrap();
    let webhook_token = webhook_signer.sign_body(b"{}", NOW).unwrap();
    let other = WebhookVerifier::new([&"other".into()]).unwrap();
    let foreign = Verifier::new(&KeyPair::generate().unwrap().public_key).unwrap();
    let refused = foreign.verify(token.expose(), NOW, 0).unwrap_err();
    let webhook_refused = other.verify_body(webhook_token.expose(), b"{}", NOW).unwrap_err();
    let cache = TokenCache::new(signer, Claims::new("a"));
    let cached = cache.token(NOW).unwrap();
    let broken = PAIR.private_key.expose_secret().replacen("MII", "M*I", 1);
    let printed = [
        format!("{:?} {:#?}", &*PAIR, &*PAIR),
        format!("{:?}", Signer::from_pem(PAIR.private_key.expose_secret())),
        format!("{:?}", Signer::from_pem(&broken)),
        format!("{:?}", PublicKey::from_pem(PAIR.private_key.expose_secret())),
        format!("{:?} {:?}", &*VERIFIER, &*WEBHOOKS),
        format!("{token:?} {webhook_token:?} {cached:?} {cache:#?}"),
        format!("{webhook_signer:?} {:?}", WebhookVerifier::new([&planted])),
        format!("{refused:?} {refused} {} {webhook_refused:?}", refused.hint()),
        serde_json::to_string(&[&refused, &webhook_refused]).unwrap(),
    ]
    .join("\n");
    let body: String =
        PAIR.private_key.expose_secret().lines().nth(1).unwrap().chars().take(24).collect();
    let mut secrets = vec!["planted-signature-secret", body.as_str()];
    for token in [&token, &webhook_token, &*cached] {
        secrets.extend(token.expose().split('.').skip(1));
    }
    for secret in secrets {
        assert!(!printed.contains(secret), "{secret} is printed");
    }
}
