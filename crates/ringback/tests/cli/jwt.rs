//! Tokens, by the new spelling and the old one.

use crate::run::{Place, Ran, pair};

const APP: &str = "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab";

/// The claims of the token that was printed alone.
fn claims(ran: &Ran) -> serde_json::Value {
    let token = ran.out.strip_suffix('\n').unwrap();
    assert!(!token.contains(char::is_whitespace), "{token}");
    ringback_jwt::inspect(token).unwrap().claims.into()
}

#[test]
fn a_token_is_minted_and_verified() {
    let place = Place::new().keys();
    let create = ["jwt", "create", "--application-id", APP, "--private-key", "private.key"];
    let minted = place.run(&create).ended(0);
    assert_eq!(minted.err, "");
    let said = claims(&minted);
    assert_eq!(said["application_id"], APP);
    assert_eq!(said["exp"].as_i64().unwrap() - said["iat"].as_i64().unwrap(), 900);

    let token = minted.out.trim();
    let good = place.run(&["jwt", "verify", token, "--public-key", "public.key"]).ended(0);
    assert_eq!(good.json(), said);
    let piped = place.feed(&["jwt", "verify", "-", "--private-key", "private.key"], token);
    assert_eq!(piped.ended(0).json(), said);
    let explained = place.run(&["jwt", "explain", token]).ended(0).json();
    assert_eq!(explained["kind"], "admin");
}

#[test]
fn an_application_id_that_is_none_is_warned_of() {
    let place = Place::new().keys();
    let check = |args: &[&str], warned: bool| {
        let minted = place.run(args).ended(0);
        assert!(claims(&minted)["application_id"].is_string());
        let warning = "warning: the application id `notuuid` is not a UUID";
        let count = minted.err.matches(warning).count();
        assert_eq!(count, usize::from(warned), "{args:?}: {}", minted.err);
    };
    let create = ["jwt", "create", "--private-key", "private.key", "--application-id"];
    check(&[&create[..], &["notuuid"]].concat(), true);
    check(&[&create[..], &[APP]].concat(), false);
    check(&[&create[..], &[&APP.to_uppercase()]].concat(), false);
    let exp = "exp=4102444800";
    check(&["jwt:generate", "private.key", exp, "application_id=notuuid"], true);
}

#[test]
fn every_claim_can_be_said() {
    let place = Place::new().set("VONAGE_APPLICATION_ID", APP).set("VONAGE_PRIVATE_KEY", pair().0);
    let check = |args: &[&str], name: &str, expected: serde_json::Value| {
        let minted = place.run(&[&["jwt", "create"], args].concat()).ended(0);
        assert_eq!(claims(&minted)[name], expected, "{args:?}");
    };
    check(&["--exp", "4102444800"], "exp", 4_102_444_800_i64.into());
    check(&["--nbf", "1700000000"], "nbf", 1_700_000_000.into());
    check(&["--jti", "one"], "jti", "one".into());
    check(&["--sub", "alice"], "sub", "alice".into());
    check(&["--claim", "n=1", "--claim", "t=x=y"], "t", "x=y".into());
    let acl = serde_json::json!({"paths": {"/*/users/**": {}}});
    check(&["--acl", r#"{"paths":{"/*/users/**":{}}}"#], "acl", acl);
    let minted = place.run(&["jwt", "create", "--acl", "client"]).ended(0);
    assert_eq!(claims(&minted)["acl"]["paths"].as_object().unwrap().len(), 10);
}

#[test]
fn a_bad_token_is_refused_with_its_reason() {
    let place = Place::new().keys();
    let create = ["jwt", "create", "--application-id", APP, "--private-key", "private.key"];
    let token = |args: &[&str]| place.run(&[&create[..], args].concat()).ended(0).out;
    let check = |token: &str, args: &[&str], reason: &str| {
        let all = [&["jwt", "verify", token.trim(), "--public-key", "public.key"], args].concat();
        let refused = place.run(&all).ended(1);
        assert_eq!(refused.out, "");
        assert!(refused.err.contains(&format!("  reason: {reason}\n")), "{}", refused.err);
        assert!(refused.err.contains("\n  fix: "), "{}", refused.err);
        assert!(!refused.err.contains(token.trim()) || token.len() < 20, "{}", refused.err);
    };
    check(&token(&["--iat", "1700000000", "--exp", "1700000900"]), &[], "token-expired");
    check(&token(&["--nbf", "4102444800"]), &[], "token-not-yet-valid");
    check(&token(&[]), &["--application-id", "another"], "application-mismatch");
    check("no.token", &[], "token-malformed");
    let mut changed = token(&[]).trim().to_owned();
    let last = if changed.pop() == Some('A') { 'B' } else { 'A' };
    changed.insert(changed.len() - 200, last);
    let refused = place.run(&["jwt", "verify", &changed, "--public-key", "public.key"]);
    assert_eq!(refused.ended(1).out, "");
}

#[test]
fn wrong_keys_are_explained_in_one_sentence() {
    let place = Place::new().keys().file("cut.key", "-----BEGIN PRIVATE KEY-----\nMIIE\n");
    let check = |key: &str, expected: &str| {
        let args = ["jwt", "create", "--application-id", APP, "--private-key", key];
        let failed = place.run(&args).ended(1);
        let first = failed.err.lines().next().unwrap();
        assert!(first.starts_with("error: ") && first.contains(expected), "{}", failed.err);
        assert_eq!(failed.out, "");
    };
    check("missing.key", "there is no private key file `missing.key`");
    check("public.key", "public.key: this is a public key and a private key is needed");
    check("cut.key", "the key is cut off");
    check(".", "is a directory");
    let (private, _) = pair();
    let body: String = private.lines().filter(|line| !line.starts_with('-')).collect();
    check(&body, "neither a file nor PEM text");
}

#[test]
fn a_key_with_mangled_newlines_is_mended() {
    let (private, _) = pair();
    for mangled in [private.replace('\n', "\\n"), private.replace('\n', " ")] {
        let place = Place::new().set("VONAGE_PRIVATE_KEY", &mangled);
        place.run(&["jwt", "create", "--application-id", APP]).ended(0);
    }
}

#[test]
fn the_old_spelling_keeps_its_rules() {
    let place = Place::new().keys();
    let generate = |args: &[&str]| place.run(&[&["jwt:generate", "private.key"], args].concat());

    let app = format!("application_id={APP}");
    let minted = generate(&["exp=4102444800", &app]).ended(0);
    let said = claims(&minted);
    assert_eq!(said["exp"], 4_102_444_800_i64);
    assert_eq!(said["application_id"], APP);

    let said = claims(&generate(&["subject=alice", &app]).ended(0));
    assert_eq!(said["subject"], "alice");
    assert_eq!(said.get("sub"), None);
    assert_eq!(said.get("exp"), None);

    let said = claims(&generate(&[r#"acl={"paths":{"/*/users/**":{}}}"#, "sub=7"]).ended(0));
    assert_eq!(said["acl"]["paths"]["/*/users/**"], serde_json::json!({}));
    assert_eq!(said["sub"], "7");

    let check = |claim: &str, expected: &str| {
        let failed = generate(&[claim]).ended(1);
        assert_eq!(failed.out, "");
        assert!(failed.err.contains(expected), "{}", failed.err);
    };
    check("a=b=c", "All claims must be in the form `name=value`. Got: a=b=c");
    check("alone", "All claims must be in the form `name=value`. Got: alone");
    check("iat=1475861732", "\"iat\" should be a number of seconds");
    check("nbf=1475861732", "\"nbf\" should be a number of seconds");
    check("exp=tomorrow", "\"exp\" should be a number of seconds");
}

#[test]
fn a_signed_webhook_is_verified_with_its_payload() {
    // The documented example of ours: its age is out of the window, and everything before passes.
    let token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpYXQiOjE3MDAwMDAwMDAsImp0aSI6IjAwMDAwMDAwLTAwMDAtNDAwMC04MDAwLTAwMDAwMDAwMDAwMSIsImlzcyI6IlZvbmFnZSIsInBheWxvYWRfaGFzaCI6IjBhY2JhYjVmMmVkOGI0ODE4ZTdlYjQyZDI4MzRlNzQxYTQ0NmMxMjlmNDkzYzM1NGU0OGI1Yzg5Y2YyYWZjYmUiLCJhcGlfa2V5IjoiYTFiMmMzZDQiLCJhcHBsaWNhdGlvbl9pZCI6ImFhYWFhYWFhLWJiYmItNGNjYy04ZGRkLTAxMjM0NTY3ODlhYiJ9.IchHUExaUYJJy5hY97Ye3_RlWccjtg_uH-gvBSk1Z-U";
    let place = Place::new().file("body", "{}");
    let check = |secret: &str, reason: &str| {
        let args = ["jwt", "verify", token, "--signature-secret", secret, "--body", "body"];
        let refused = place.run(&args).ended(1);
        assert!(refused.err.contains(&format!("  reason: {reason}\n")), "{}", refused.err);
        assert!(!refused.err.contains(secret), "{}", refused.err);
    };
    check("test-signature-secret-0123456789abcdef", "token-too-old");
    check("another-signature-secret-0123456789abcdef", "token-signature");
}
