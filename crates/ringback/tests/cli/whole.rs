//! The demo and the emulator, as far as one command shows them.

use crate::run::Place;

#[test]
fn the_demo_prints_the_conversation_alone() {
    let place = Place::new();
    let demo = place.run(&["demo"]).ended(0);
    let json = demo.json();
    assert_eq!(json["sequence_number"], 8);
    assert_eq!(json["members"].as_array().unwrap().len(), 2);
    assert_eq!(json["members"][0]["channel"]["from"]["number"], "447700000001");
    assert_eq!(json["members"][1]["channel"]["to"]["number"], "447700000003");
    let id = json["uuid"].as_str().unwrap();
    assert!(demo.err.contains(&format!("   'conversation_uuid': '{id}',\n")), "{}", demo.err);
    assert!(demo.err.contains("the API answered 404"), "{}", demo.err);
    assert!(!demo.err.contains('\x1b') && !demo.out.contains('\x1b'));
    assert!(demo.err.contains('├'), "{}", demo.err);
}

#[test]
fn the_demo_explains_its_steps_in_ascii() {
    let place = Place::new().set("LC_ALL", "C");
    let demo = place.feed(&["demo", "--step"], "\n\n\n\n\n\n\n").ended(0);
    assert_eq!(demo.err.matches("[Enter]").count(), 7);
    assert!(demo.err.is_ascii(), "{}", demo.err);
    assert_eq!(demo.json()["sequence_number"], 8);
}

#[test]
fn a_command_runs_in_the_environment_of_its_own_platform() {
    let place = Place::new();
    let print = "echo $RINGBACK_URL $URL $VONAGE_API_KEY $VONAGE_API_SECRET; exit 7";
    let emulator = [
        "emulator",
        "--port",
        "0",
        "--api-key",
        "abcd1234",
        "--api-secret",
        "s3cret",
        "--env-file",
        "env",
        "--",
        "sh",
        "-c",
        print,
    ];
    let place = place.set("PATH", "/usr/bin:/bin");
    let ran = place.run(&emulator).ended(7);
    let words: Vec<&str> = ran.out.split_whitespace().collect();
    assert_eq!(words.len(), 4, "{}", ran.out);
    assert_eq!(words[0], words[1]);
    assert_eq!(words[2..], ["abcd1234", "s3cret"]);
    let file = std::fs::read_to_string(place.path("env")).unwrap();
    assert!(file.contains("VONAGE_API_KEY=\"abcd1234\"\n"), "{file}");
    assert!(file.contains("VONAGE_PRIVATE_KEY=\"-----BEGIN PRIVATE KEY-----\\n"), "{file}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(place.path("env")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn a_key_file_is_private_and_never_lost() {
    let binary = env!("CARGO_BIN_EXE_ringback");
    let old = format!(
        "'{binary}' app:create App http://127.0.0.1:9/a http://127.0.0.1:9/e --keyfile private.key"
    );
    let new = format!("'{binary}' apps create App --key-file private.key");
    let place = Place::new().set("PATH", "/usr/bin:/bin");
    let emulator = |script: &str| place.run(&["emulator", "--port", "0", "--", "sh", "-c", script]);
    let read = |name: &str| std::fs::read_to_string(place.path(name)).unwrap();
    let private = |name: &str| {
        assert!(read(name).starts_with("-----BEGIN PRIVATE KEY-----\n"), "{name}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(place.path(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    };

    // The tutorial, typed three times in one directory.
    let ran = emulator(&format!("{old}; cp private.key first; {old} && {old}")).ended(0);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines.len(), 6, "{}", ran.out);
    for pair in lines.chunks(2) {
        assert_eq!(pair[0].strip_prefix("Application created: ").unwrap().len(), 36);
        assert_eq!(pair[1], "Private Key saved to: private.key");
    }
    assert_eq!(
        ran.err,
        "the key file `private.key` existed already: the old one is now `private.key.1`\n\
         the key file `private.key` existed already: the old one is now `private.key.2`\n"
    );
    for name in ["private.key", "private.key.1", "private.key.2"] {
        private(name);
    }
    assert_eq!(read("private.key.1"), read("first"));

    let before = read("private.key");
    let ran = emulator(&new).ended(1);
    assert_eq!(ran.out, "");
    assert!(ran.err.contains("`private.key` exists already"), "{}", ran.err);
    assert_eq!(read("private.key"), before);
    emulator(&format!("{new} --force")).ended(0);
    assert_ne!(read("private.key"), before);
    private("private.key");
}

#[test]
fn a_refusal_is_3_and_explains_itself() {
    let binary = env!("CARGO_BIN_EXE_ringback");
    let place = Place::new().set("PATH", "/usr/bin:/bin");
    let cases = [
        ("conversations show CON-1", 3, "reason: conversation-unknown"),
        ("conversations list --application-id x", 3, "reason: application-unknown"),
        ("balance --api-secret wrong", 3, "the API answered 401"),
        ("call 447700000001 447700000002", 3, "reason: number-not-"),
        ("call 447700000001 +447700000002", 3, "did you mean 447700000002?"),
        ("link:app 447700000002 x", 1, "not a number of this account"),
        ("phones answer 447700000003", 3, "reason: phone-idle"),
        ("phones set 447700000003 dance", 2, "a phone cannot do"),
    ];
    let commands =
        cases.map(|(args, ..)| format!("echo '$ {args}' >&2; '{binary}' {args}; echo $?"));
    let script = commands.join("\n");
    let ran = place.run(&["emulator", "--port", "0", "--", "sh", "-c", &script]).ended(0);
    // Nothing but the exit codes is on stdout.
    let codes: Vec<i32> = ran.out.lines().map(|line| line.parse().unwrap()).collect();
    let told: Vec<&str> = ran.err.split("$ ").skip(1).collect();
    assert_eq!((codes.len(), told.len()), (cases.len(), cases.len()), "{ran:?}");
    for (((args, code, expected), seen), told) in cases.into_iter().zip(codes).zip(told) {
        assert_eq!(seen, code, "{args}: {told}");
        assert!(told.contains("error: ") && told.contains(expected), "{args}: {told}");
    }
}
