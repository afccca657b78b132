//! What never shows, and what cannot be set up.

use ringback_jwt::WebhookVerifier;
use ringback_webhook::{Answerer, Error, Forward, Gate, Script};
use secrecy::SecretString;

use crate::{NOW, both, webhooks};

#[tokio::test]
async fn secrets_stay_out_of_debug() {
    const PLANTED: &str = "planted-signature-secret";
    let secret = SecretString::from(PLANTED);
    let gate = Gate::new(WebhookVerifier::new([&secret]).unwrap(), || NOW);
    let webhooks = webhooks().secret(secret).strict(true);
    let forward =
        Forward::new(&format!("http://user:{PLANTED}@127.0.0.1/?token={PLANTED}")).unwrap();
    let mut shown = format!("{gate:?} {webhooks:?} {forward:?}");
    shown += &format!("{:?}", both(webhooks));
    assert!(!shown.contains(PLANTED), "{shown}");
}

#[tokio::test]
async fn what_cannot_be_started() {
    let answer = || Answerer::from(Script::from_bytes("[]"));
    let check = |webhooks: ringback_webhook::Webhooks, expected: &str| {
        assert_eq!(webhooks.start().unwrap_err().to_string(), expected);
    };
    check(webhooks(), "there is no handler; set `answer`, `event` or `keep`");
    check(
        webhooks().answer(answer()).strict(true),
        "strict mode needs a signature secret; without one nothing can be verified",
    );
    check(
        webhooks().answer(answer()).secret(SecretString::from("")),
        "a signature secret cannot be used",
    );
    check(
        webhooks().answer(answer()).event(async |_| ()).routes("/w", "/w"),
        "answers and events have the same route `/w`; give each its own",
    );
    for route in ["", "w", "/w/{id}", "/w?a", "/:w", "/*w"] {
        let error = webhooks().answer(answer()).routes(route, "/e").start().unwrap_err();
        assert!(matches!(error, Error::Route(_)), "{route}: {error}");
    }
}
