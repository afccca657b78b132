//! Wrong usage, exit codes, pipes.

use std::process::Stdio;

use crate::run::Place;

#[test]
fn wrong_usage_is_2_and_says_what_to_do() {
    let place = Place::new();
    let check = |args: &[&str], expected: &str| {
        let ran = place.run(args).ended(2);
        assert_eq!(ran.out, "");
        assert!(ran.err.contains(expected), "{args:?}: {}", ran.err);
        assert!(!ran.err.contains('\x1b'), "{args:?}: {}", ran.err);
    };
    check(&[], "Usage: ringback");
    check(&["aps"], "apps");
    check(&["app:creat", "x"], "app:create");
    check(&["nothing-like-it"], "unrecognized subcommand");
    check(&["jwt", "create"], "--application-id");
    check(&["jwt", "create", "--application-id", "x"], "--private-key");
    check(&["jwt", "create", "--ttl", "0"], "--ttl");
    check(&["jwt", "create", "--acl", "[]", "--application-id", "x"], "--private-key");
    check(&["apps", "list"], "VONAGE_API_KEY");
    check(&["apps", "list", "--api-key", "x"], "without its secret");
    check(&["conversations", "show", "CON-1"], "VONAGE_APPLICATION_ID");
    check(&["conversations", "show", "CON-1", "--application-id", "x"], "no private key");
    check(&["link:app", "+44 7700 000002", "x"], "did you mean 447700000002?");
    check(&["balance", "--url", "nowhere", "--api-key", "x", "--api-secret", "y"], "no URL");
    check(&["serve", "--connect", "447700000003", "--strict"], "signature secret");
    check(&["serve", "--connect", "447700000003", "--listen", "x"], "no address");
    check(&["emulator", "--listen", "0.0.0.0:0"], "--control-token");
    check(&["emulator", "--port", "0", "--signature-secret", ""], "fix: give --signature-secret");
    check(&["emulator", "--api-key", "x"], "--api-secret");
    check(&["emulator", "--clock", "fast"], "auto");
    check(&["emulator", "--map", "x"], "=");
    check(&["api", "beta.GetConversatio"], "did you mean beta.GetConversation");
    check(&["api", "GetConversation", "-p", "conversation_id=x"], "v1.GetConversation");
    check(&["api", "beta.GetConversation"], "conversation_id");
    check(&["api", "beta.GetConversation", "-p", "id=x"], "conversation_id (path)");
    check(&["completions", "cmd"], "bash");
}

#[test]
fn no_secret_of_the_environment_is_shown() {
    let place = Place::new()
        .set("VONAGE_API_KEY", "plantedkey")
        .set("VONAGE_API_SECRET", "planted-secret")
        .set("VONAGE_PRIVATE_KEY", "planted-private-key")
        .set("VONAGE_SIGNATURE_SECRET", "planted-signature")
        .set("RINGBACK_CONTROL_TOKEN", "planted-control-token");
    for args in [&["--help"][..], &["serve"], &["apps", "create", "--help"], &["serve", "--help"]] {
        let ran = place.run(args);
        assert!(!(ran.out + &ran.err).contains("planted-"), "{args:?}");
    }
}

#[test]
fn the_usage_is_the_same_in_any_environment() {
    let with = Place::new()
        .set("RINGBACK_URL", "http://127.0.0.1:1")
        .set("VONAGE_API_KEY", "abcd1234")
        .set("VONAGE_API_SECRET", "secret")
        .set("VONAGE_APPLICATION_ID", "x")
        .set("VONAGE_PRIVATE_KEY", "private.key")
        .set("VONAGE_SIGNATURE_SECRET", "secret");
    let without = Place::new();
    for (args, usage) in [
        (&["numbers", "buy"][..], "Usage: ringback numbers buy <NUMBER>\n"),
        (&["numbers", "buy", "1", "2"], "Usage: ringback numbers buy [OPTIONS] <NUMBER>\n"),
        (&["numbers", "list", "--what"], "Usage: ringback numbers list [OPTIONS]\n"),
        (&["serve", "--what"], "Usage: ringback serve"),
        (&["link:app"], "Usage: ringback link:app <NUMBER> <APPLICATION>\n"),
    ] {
        let (told, expected) = (with.run(args).ended(2).err, without.run(args).ended(2).err);
        assert!(told.contains(usage), "{args:?}: {told}");
        assert_eq!(told, expected, "{args:?}");
    }
}

#[test]
fn nobody_there_is_1() {
    let place = Place::new().set("RINGBACK_URL", "http://127.0.0.1:1");
    let ran = place.run(&["env"]).ended(1);
    assert!(ran.err.contains("nothing listens at http://127.0.0.1:1"), "{}", ran.err);
    assert!(ran.err.contains("ringback emulator"), "{}", ran.err);
}

#[test]
fn a_port_in_use_is_named() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let place = Place::new();
    for command in [&["emulator"][..], &["serve", "--talk", "Hello"]] {
        let ran = place.run(&[command, &["--listen", &address.to_string()]].concat()).ended(1);
        assert!(ran.err.contains(&format!("port {} is in use", address.port())), "{}", ran.err);
        assert!(ran.err.contains("--listen"), "{}", ran.err);
    }
}

#[test]
fn a_faulty_script_is_not_served() {
    let place = Place::new().file("a.json", r#"[{"action":"conect"}]"#);
    let ran = place.run(&["serve", "--ncco", "a.json", "--listen", "127.0.0.1:0"]).ended(1);
    assert!(ran.err.contains("did you mean `connect`?"), "{}", ran.err);
    assert!(ran.err.contains("--unchecked"), "{}", ran.err);
}

#[test]
fn a_closed_pipe_is_no_error() {
    let place = Place::new();
    for args in [&["api", "--list"][..], &["completions", "bash"], &["--help"]] {
        let mut child =
            place.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{args:?}");
    }
}

#[test]
fn formats() {
    let place = Place::new();
    let list = |format: &str| place.run(&["api", "--list", "numbers.", "-o", format]).ended(0).out;
    assert!(list("table").starts_with("OPERATION"));
    assert!(list("json").starts_with("[\n  {\n"));
    assert!(list("yaml").starts_with("- "));
    let lines = list("ndjson");
    assert_eq!(lines.lines().count(), 5);
    for line in lines.lines() {
        assert!(serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].is_string());
    }
    assert_eq!(place.run(&["api", "--list", "numbers."]).ended(0).out, list("json"));
}
