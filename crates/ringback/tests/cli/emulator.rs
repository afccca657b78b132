//! What an emulator starts with.

use crate::{control::emulator, run::Place};

const SEED: &str = "\
account:
  api_key: abcd1234
  api_secret: planted
applications:
- id: aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab
  name: Conversation App
numbers:
- country: GB
  msisdn: \"447700000002\"
  application: Conversation App
phones:
- number: \"447700000001\"
  name: Alice
  script: busy
";

#[test]
fn a_seed_is_what_it_begins_with() {
    let script = "echo $VONAGE_API_KEY; ringback apps list -o ndjson; \
        ringback numbers list -o ndjson; ringback phones list -o ndjson";
    let place = Place::new().file("seed.yaml", SEED);
    let ran = emulator(place, &["--seed-file", "seed.yaml"], script).1.ended(0);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines[0], "abcd1234", "{ran:?}");
    let json = |line: &str| -> serde_json::Value { serde_json::from_str(line).unwrap() };
    assert_eq!(json(lines[1])["id"], "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab");
    let number = lines[2..].iter().map(|line| json(line)).find(|n| n["msisdn"] == "447700000002");
    assert_eq!(number.unwrap()["app_id"], "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab", "{}", ran.out);
    let phone = lines[2..].iter().map(|line| json(line)).find(|p| p["number"] == "447700000001");
    assert_eq!(phone.unwrap()["script"], "busy after 1s", "{}", ran.out);
}

#[test]
fn a_seed_that_does_not_fit_together_is_refused_with_its_place() {
    let seed = "numbers:\n- country: GB\n  msisdn: \"447700000002\"\n  application: nobody\n";
    let place = Place::new().file("seed.yaml", seed);
    let ran =
        place.run(&["emulator", "--port", "0", "--seed-file", "seed.yaml", "--", "true"]).ended(1);
    assert!(
        ran.err.contains("nobody") && ran.err.contains("/numbers/0/application"),
        "{}",
        ran.err
    );
}

#[test]
fn a_faulty_seed_is_told_with_its_place() {
    let check = |text: &str, expected: &str| {
        let place = Place::new().file("seed.yaml", text);
        let ran = place.run(&["emulator", "--port", "0", "--seed-file", "seed.yaml"]).ended(1);
        assert!(ran.err.contains(expected), "{}", ran.err);
        assert!(ran.err.contains("seed.yaml") && !ran.err.contains("planted"), "{}", ran.err);
    };
    check("phones:\n- number: 1\n  scrip: busy\n", "line 3, column ");
    check("{\"account\": {\"api_secret\": [\"planted\"]}}", "line 1, column ");
    check("phones: [\n", "line ");
    let ran = Place::new().run(&["emulator", "--seed-file", "seed.yaml"]).ended(1);
    assert!(ran.err.contains("there is no file `seed.yaml`"), "{}", ran.err);
}

#[test]
fn the_ready_file_says_where_it_is_before_the_command_runs() {
    let script = "cat ready; echo $RINGBACK_URL; ringback phones list -o ndjson";
    let (place, ran) = emulator(Place::new(), &["--ready-file", "ready"], script);
    let ran = ran.ended(0);
    let mut lines = ran.out.lines();
    let url = lines.next().unwrap();
    assert_eq!(lines.next(), Some(url), "{ran:?}");
    let port = url.strip_prefix("http://127.0.0.1:").and_then(|port| port.parse::<u16>().ok());
    assert_ne!(port.unwrap(), 0, "{url}");
    // It answers there already.
    assert!(lines.any(|line| line.contains("447700000003")), "{ran:?}");
    assert_eq!(std::fs::read_to_string(place.path("ready")).unwrap().trim(), url);
}

#[test]
fn https_is_told_to_a_command_with_what_to_trust() {
    let script = "echo $RINGBACK_TLS_URL; cat $NODE_EXTRA_CA_CERTS";
    let check = |tls: &str| {
        let (_, ran) = emulator(Place::new(), &[tls, "--ca-file", "ca.pem"], script);
        let ran = ran.ended(0);
        assert!(ran.out.starts_with("https://127.0.0.1:"), "{ran:?}");
        assert!(ran.out.contains("-----BEGIN CERTIFICATE-----"), "{ran:?}");
    };
    check("--tls");
    check("--tls=0");
    let ran = Place::new().run(&["emulator", "--tls=x"]).ended(2);
    assert!(ran.err.contains("a port from 0 to 65535"), "{}", ran.err);
    let ran = Place::new().run(&["emulator", "--ca-file", "ca.pem"]).ended(2);
    assert!(ran.err.contains("--tls"), "{}", ran.err);
}

#[test]
fn setups_are_printed_for_the_emulator_that_is_meant() {
    let setup = |place: &Place, args: &[&str], client: &str| {
        place.run(&[&["emulator", "--print-setup", client], args].concat()).ended(0).out
    };
    let place = Place::new();
    for client in ["python", "node", "nexmo-cli", "vonage-cli"] {
        assert!(setup(&place, &[], client).contains("$(ringback env)"), "{client}");
        let other = setup(&place, &["--port", "4711"], client);
        assert!(other.contains("--url http://127.0.0.1:4711)"), "{client}: {other}");
    }
    let place = Place::new().set("RINGBACK_URL", "http://127.0.0.1:4712/");
    assert!(setup(&place, &[], "node").contains("apiHost: \"http://127.0.0.1:4712\""));
    let place = place.set("RINGBACK_TLS_URL", "https://127.0.0.1:4713");
    assert!(setup(&place, &[], "python").contains("api_host=\"127.0.0.1:4713\""));
    let ran = place.run(&["emulator", "--print-setup", "perl"]).ended(2);
    assert!(ran.err.contains("python, node, nexmo-cli, vonage-cli"), "{}", ran.err);
}
