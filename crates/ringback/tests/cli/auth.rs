//! Credentials: where they come from, how they are saved, who says whether they are good.

use crate::{control::emulator, run::Place};

/// A home directory within the place.
fn at_home(place: Place) -> Place {
    std::fs::create_dir(place.path("home")).unwrap();
    let home = place.path("home").display().to_string();
    place.set("HOME", &home)
}

/// Where each value comes from, as `auth show` tells it.
fn sources(place: &Place, args: &[&str]) -> String {
    let shown = place.run(&[&["auth", "show"], args].concat()).ended(0).json();
    let rows = shown.as_array().unwrap().iter();
    let home = place.path("home").display().to_string();
    let lines = rows.filter_map(|row| {
        let (value, source) = (row["value"].as_str()?, row["source"].as_str()?);
        Some(format!("{}={value} {}", row["name"].as_str()?, source.replace(&home, "~")))
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn each_value_comes_from_the_first_place_that_has_it() {
    let place = at_home(Place::new());
    let home = place.path("home");
    assert_eq!(sources(&place, &[]), "");
    std::fs::write(home.join(".nexmorc"), "[credentials]\napi_key=n\napi_secret=planted\n")
        .unwrap();
    assert_eq!(
        sources(&place, &[]),
        "api_key=n file ~/.nexmorc\napi_secret=******** file ~/.nexmorc"
    );
    std::fs::create_dir(home.join(".vonage")).unwrap();
    let json = r#"{"api-key":"v","app-id":"v","private-key":"planted -----BEGIN"}"#;
    std::fs::write(home.join(".vonage/config.json"), json).unwrap();
    assert_eq!(
        sources(&place, &[]),
        "api_key=v file ~/.vonage/config.json\n\
         api_secret=******** file ~/.nexmorc\n\
         application_id=v file ~/.vonage/config.json\n\
         private_key=******** file ~/.vonage/config.json"
    );
    std::fs::create_dir_all(home.join(".config/ringback")).unwrap();
    std::fs::write(home.join(".config/ringback/config.yaml"), "api_key: u\n").unwrap();
    std::fs::write(home.join(".config/ringback/secrets.yaml"), "api_secret: planted\n").unwrap();
    let place = place.keys().file(".vonagerc", r#"{"appId":"p","privateKey":"private.key"}"#);
    assert_eq!(
        sources(&place, &[]),
        "api_key=u file ~/.config/ringback/config.yaml\n\
         api_secret=******** file ~/.config/ringback/secrets.yaml\n\
         application_id=p file .vonagerc\n\
         private_key=private.key file .vonagerc"
    );
    let place = place
        .file(".nexmorc", "[credentials]\napi_key=m\n")
        .file(".ringback.yaml", "application_id: r\n")
        .set("NEXMO_API_SECRET", "planted")
        .set("NEXMO_APPLICATION_ID", "e")
        .set("VONAGE_PRIVATE_KEY_PATH", "private.key");
    let expected = "api_key=m file .nexmorc\n\
         api_secret=******** variable NEXMO_API_SECRET\n\
         application_id=e variable NEXMO_APPLICATION_ID\n\
         private_key=private.key variable VONAGE_PRIVATE_KEY_PATH";
    assert_eq!(sources(&place, &[]), expected);
    let place = place.set("VONAGE_APPLICATION_ID", "w").set("VONAGE_SIGNATURE_SECRET", "planted");
    assert_eq!(
        sources(&place, &["--api-secret", "planted"]),
        "api_key=m file .nexmorc\n\
         api_secret=******** flag --api-secret\n\
         application_id=w variable VONAGE_APPLICATION_ID\n\
         private_key=private.key variable VONAGE_PRIVATE_KEY_PATH\n\
         signature_secret=******** variable VONAGE_SIGNATURE_SECRET"
    );
    let revealed = place.run(&["auth", "show", "--reveal"]).ended(0);
    assert_eq!(revealed.out.matches("planted").count(), 2, "{}", revealed.out);
}

#[test]
fn a_faulty_file_is_named_and_only_read_when_it_is_needed() {
    let check = |name: &str, text: &str, expected: &str| {
        let place = at_home(Place::new().keys()).file(name, text);
        let ran = place.run(&["balance"]).ended(1);
        assert!(ran.err.contains(expected), "{}", ran.err);
        assert!(ran.err.contains(name) && ran.err.contains("fix:"), "{}", ran.err);
        assert!(!ran.err.contains("planted"), "{}", ran.err);
        place.run(&["api", "--list"]).ended(0);
        let args = ["jwt", "create", "--application-id", "x", "--private-key", "private.key"];
        place.run(&args).ended(0);
    };
    check(".ringback.yaml", "api_key: x\napi_secret: {planted: 1}\n", "line 2, column ");
    check(".ringback.yaml", "api_token: planted\n", "there is no setting `api_token`");
    check(".vonagerc", "{\"api-secret\": planted}", "line 1, column 16");
    check(".vonagerc", "{\"api-secret\": 4711}", "`api-secret` is no text");
}

#[test]
fn what_the_api_takes_is_saved_and_found_again() {
    let forget = "unset VONAGE_API_KEY VONAGE_API_SECRET VONAGE_APPLICATION_ID VONAGE_PRIVATE_KEY \
        VONAGE_SIGNATURE_SECRET;";
    let script = format!(
        "ringback auth set -o ndjson && ringback auth check -o ndjson && {forget} \
         ringback auth check -o ndjson && ringback conversations list -o ndjson && \
         ringback auth set --forget application_id -o ndjson && ringback auth show -o ndjson"
    );
    let (place, ran) =
        emulator(at_home(Place::new()), &["--api-key", "abcd1234", "--api-secret", "s"], &script);
    let ran = ran.ended(0);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines.len(), 1 + 4 + 4 + 1 + 5, "{}\n{}", ran.out, ran.err);
    for line in &lines[1..9] {
        assert!(line.contains(r#""result":"good""#), "{line}");
    }
    assert_eq!(lines[9], r#"{"saved":["api_key","api_secret","private_key","signature_secret"]}"#);
    assert_eq!(lines[12], r#"{"name":"application_id","value":null,"source":null}"#);
    let file = |name: &str| place.path("home").join(".config/ringback").join(name);
    assert_eq!(std::fs::read_to_string(file("config.yaml")).unwrap(), "api_key: abcd1234\n");
    let secrets = std::fs::read_to_string(file("secrets.yaml")).unwrap();
    assert!(secrets.contains("-----BEGIN PRIVATE KEY-----"), "{secrets}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(file("secrets.yaml")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn what_the_api_refuses_is_not_saved() {
    let script = "ringback auth set --project --api-secret wrong; echo $?; \
        ringback auth set --project --private-key private.key; echo $?; \
        ls .ringback.yaml; ringback auth check --api-secret wrong -o ndjson; echo $?; \
        ringback auth set --project --no-check --api-key x --api-secret wrong >saved; echo $?; \
        cat .ringback.yaml";
    let (_, ran) = emulator(at_home(Place::new().keys()), &[], script);
    let ran = ran.ended(0);
    let codes: Vec<&str> = ran.out.lines().filter(|line| line.len() == 1).collect();
    assert_eq!(codes, ["3", "1", "3", "0"], "{}\n{}", ran.out, ran.err);
    assert!(ran.err.contains("the private key is not that of the application"), "{}", ran.err);
    assert!(ran.err.contains("--no-check"), "{}", ran.err);
    assert!(ran.err.contains(".ringback.yaml': No such file"), "{}", ran.err);
    assert!(ran.err.contains("keep .ringback.secrets.yaml out of"), "{}", ran.err);
    assert!(ran.out.ends_with("api_key: x\n"), "{}", ran.out);
}

#[test]
fn the_doctor_says_what_to_do() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let script = format!(
        "ringback apps update $VONAGE_APPLICATION_ID --answer-url http://{address}/a \
             --event-url http://127.0.0.1:1/e >app; \
         ringback doctor -o ndjson; echo $?; \
         ringback apps update $VONAGE_APPLICATION_ID --event-url http://{address}/e >app; \
         ringback numbers buy 447700000002 --country GB >number; \
         ringback numbers link 447700000002 $VONAGE_APPLICATION_ID >number; \
         ringback doctor -o ndjson; echo $?; \
         ringback doctor --api-secret wrong -o ndjson >refused; echo $?; \
         ringback doctor --url http://127.0.0.1:1 -o ndjson; echo $?"
    );
    let (place, ran) = emulator(at_home(Place::new()), &[], &script);
    let ran = ran.ended(0);
    let parts: Vec<&str> = ran.out.split_inclusive('\n').collect();
    let ends: Vec<usize> = (0..parts.len()).filter(|at| parts[*at].len() == 2).collect();
    let codes: Vec<&str> = ends.iter().map(|at| parts[*at].trim()).collect();
    assert_eq!(codes, ["1", "0", "3", "1"], "{}\n{}", ran.out, ran.err);
    let results = |lines: &[&str]| -> Vec<String> {
        let read = |line: &&str| {
            let check: serde_json::Value = serde_json::from_str(line).unwrap();
            format!("{}: {}", check["check"].as_str().unwrap(), check["result"].as_str().unwrap())
        };
        lines.iter().map(read).collect()
    };
    let good = ["settings", "origin", "clock", "account", "application", "key pair", "token"];
    let mut expected: Vec<String> = good.iter().map(|name| format!("{name}: good")).collect();
    expected
        .extend(["answer webhook: good", "event webhook: bad", "number: bad"].map(str::to_owned));
    assert_eq!(results(&parts[..ends[0]]), expected, "{}", ran.out);
    expected[8] = "event webhook: good".to_owned();
    expected[9] = "number: good".to_owned();
    assert_eq!(results(&parts[ends[0] + 1..ends[1]]), expected, "{}", ran.out);
    let refused = std::fs::read_to_string(place.path("refused")).unwrap();
    assert!(refused.contains(r#""check":"account","result":"refused""#), "{refused}");
    let unreached = parts[ends[2] + 1..ends[3]].concat();
    assert!(unreached.contains("ringback emulator"), "{unreached}");
    for fix in ["ringback numbers link NUMBER", "`ringback serve` is one"] {
        assert!(ran.out.contains(fix), "{}", ran.out);
    }
}
