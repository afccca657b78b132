//! A planted secret is in no printed value.

use std::fmt::Debug;

use ringback_client::{Client, Credentials};
use ringback_emulator::Config;
use ringback_jwt::{Claims, KeyPair, Signer, TokenCache, WebhookSigner, WebhookVerifier};
use ringback_model::Secret;
use ringback_tests::Platform;
use secrecy::{ExposeSecret as _, SecretString};

const PLANTED: &str = "planted-secret-7f3a91";

/// Prints the value both ways and looks for the secret.
fn check(what: &str, value: &dyn Debug, secret: &str) {
    for printed in [format!("{value:?}"), format!("{value:#?}")] {
        assert!(!printed.contains(secret), "{what} shows its secret: {printed}");
    }
}

#[test]
fn model() {
    check("Secret", &Secret::new(PLANTED), PLANTED);
    check("Option<Secret>", &Some(Secret::new(PLANTED)), PLANTED);
}

#[test]
fn exchange() {
    use ringback_exchange::{Answer, Caller, Input, KeyPair, Request};
    use ringback_model::{Operation, account::GetBalance};
    let mut parts = GetBalance::new().encode().unwrap();
    parts.query = Some(format!("api_key=abcd1234&api_secret={PLANTED}"));
    parts.body = bytes::Bytes::from(format!("api_secret={PLANTED}"));
    check("RequestParts", &parts, PLANTED);
    let pair = KeyPair { public: "public".to_owned(), private: Secret::new(PLANTED) };
    let operation = GetBalance::INFO;
    let request = Request { caller: Caller::Account, operation, parts, key_pair: Some(pair) };
    check("Request", &request, PLANTED);
    check("Input", &Input::Request(request), PLANTED);
    check("Answer", &Answer { status: 201, body: PLANTED.as_bytes().to_vec() }, PLANTED);
}

#[test]
fn jwt() {
    let pair = KeyPair::generate().unwrap();
    let pem = pair.private_key.expose_secret().to_owned();
    // Any line of the key's body is already too much.
    let line = pem.lines().nth(3).unwrap();
    assert!(line.len() > 40, "{line}");
    check("KeyPair", &pair, line);
    let signer = Signer::from_pem(&pem).unwrap();
    check("Signer", &signer, line);
    let token = signer.mint(&Claims::new("aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab"), 0).unwrap();
    let signature = token.expose().rsplit('.').next().unwrap().to_owned();
    check("Token", &token, &signature);
    let cache = TokenCache::new(signer, Claims::new("aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab"));
    let signature = cache.token(0).unwrap().expose().rsplit('.').next().unwrap().to_owned();
    check("TokenCache", &cache, &signature);
    check("TokenCache", &cache, line);

    let secret = SecretString::from(PLANTED);
    check("WebhookSigner", &WebhookSigner::new(&secret, "abcd1234").unwrap(), PLANTED);
    check("WebhookVerifier", &WebhookVerifier::new([&secret]).unwrap(), PLANTED);
}

#[test]
fn client() {
    let account = Credentials::new().account("abcd1234", SecretString::from(PLANTED));
    check("Credentials", &account, PLANTED);
    check("Client", &Client::new(account), PLANTED);
    let bearer = Credentials::new().token(SecretString::from(PLANTED));
    check("Credentials", &bearer, PLANTED);
    check("Client", &Client::new(bearer), PLANTED);
}

#[tokio::test]
async fn emulator() {
    let config = Config::new()
        .credentials("abcd1234", SecretString::from(PLANTED))
        .signature_secret(SecretString::from(PLANTED))
        .control_token(SecretString::from(PLANTED));
    check("Config", &config, PLANTED);

    let platform = Platform::start().await.unwrap();
    let environment = &platform.environment;
    let key = environment.private_key.as_ref().unwrap().expose();
    for secret in [
        environment.api_secret.expose(),
        environment.signature_secret.expose(),
        key.lines().nth(3).unwrap(),
    ] {
        check("Environment", environment, secret);
        check("Emulator", &platform.emulator, secret);
        check("Platform", &platform, secret);
    }
}

#[test]
fn a_key_that_cannot_be_read_is_not_quoted() {
    let mangled = format!("-----BEGIN PRIVATE KEY-----\n{PLANTED}\n-----END PRIVATE KEY-----\n");
    let error = Signer::from_pem(&mangled).unwrap_err();
    check("Error", &error, PLANTED);
    assert!(!error.to_string().contains(PLANTED), "{error}");
}
