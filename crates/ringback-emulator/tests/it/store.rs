//! State in a directory: it is there again after a restart, and the restart sends nothing.

use std::path::Path;

use reqwest::Method;
use ringback_emulator::{ClockMode, Config, Emulator};
use ringback_model::control::{SeedApplication, SeedRequest};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::harness::{API_KEY, API_SECRET, App, BOB, NUMBER, Platform, Reply, config};

fn kept(directory: &Path) -> Config {
    config().clock(ClockMode::Auto).data_dir(directory)
}

/// What people see, byte for byte.
async fn seen(platform: &Platform, calls: &[String]) -> Vec<(String, u16, String)> {
    let mut paths: Vec<String> = [
        "/_ringback/calls",
        "/_ringback/phones",
        "/v2/applications",
        "/account/numbers",
        "/number/search?country=GB&size=100",
    ]
    .map(str::to_owned)
    .into();
    paths.extend(calls.iter().flat_map(|call| {
        [format!("/_ringback/calls/{call}"), format!("/_ringback/calls/{call}/transcript")]
    }));
    let mut seen = Vec::new();
    for path in paths {
        let request = platform.request(Method::GET, &path).basic_auth(API_KEY, Some(API_SECRET));
        let Reply { status, text, .. } = platform.send(request).await;
        seen.push((path, status.as_u16(), text));
    }
    let conversations = platform.with_token("/beta/conversations").await;
    seen.push(("conversations".to_owned(), conversations.status.as_u16(), conversations.text));
    seen
}

async fn account(platform: &Platform, method: Method, path: &str, body: Value) -> Value {
    let request = platform.request(method, path).basic_auth(API_KEY, Some(API_SECRET));
    let reply = platform.send(request.json(&body)).await;
    assert!(reply.status.is_success(), "{path}: {} {}", reply.status, reply.text);
    if reply.text.is_empty() { Value::Null } else { reply.json() }
}

fn id(call: &Value) -> String {
    call["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn everything_is_there_again() {
    let directory = tempfile::tempdir().unwrap();
    let platform = Platform::start(kept(directory.path())).await;
    let mut app = App::connecting().await;
    platform.connect(&app).await;
    let made = account(&platform, Method::POST, "/v2/applications", json!({"name": "Own"})).await;
    let phone = json!({"name": "Bob", "script": "answer after 1s, hang up after 3s"});
    platform.control(Method::PUT, &format!("/_ringback/phones/{BOB}"), Some(phone)).await;
    let first = id(&platform.call().await);
    app.wait_for("completed inbound", 1).await;
    // One more, that is refused: it is told of in the transcripts of nobody, and counts all the same.
    assert_eq!(platform.get("/v2/applications").await.status, 401);
    platform.control(Method::PUT, &format!("/_ringback/phones/{NUMBER}"), Some(json!({}))).await;
    let second = id(&platform.call().await);
    app.wait_for("completed inbound", 2).await;
    let calls = [first, second];
    let before = seen(&platform, &calls).await;
    assert!(before.iter().all(|(path, status, _)| *status == 200 || path == "conversations"));
    let environment = serde_json::to_value(&platform.environment).unwrap();
    let token = platform.token();
    platform.emulator.stop().await;

    let arrived = app.wait_for("completed inbound", 2).await.len();
    let again = Platform::start(kept(directory.path())).await;
    assert_eq!(seen(&again, &calls).await, before);
    let mut now = serde_json::to_value(&again.environment).unwrap();
    now["url"] = environment["url"].clone();
    assert_eq!(now, environment);
    // A token from before the restart is one of now.
    let request = again.request(Method::GET, "/beta/conversations").bearer_auth(token);
    assert_eq!(again.send(request).await.status, 200);
    // Nothing that happened is sent again, and what is made now is new.
    let third = id(&again.call().await);
    assert!(!calls.contains(&third));
    let hooks = app.wait_for("completed inbound", 3).await;
    assert!(
        hooks[arrived..]
            .iter()
            .all(|hook| hook.path.ends_with("/answer") && hook.query.contains(&third)
                || hook.body.contains(&third)
                || hook.json()["direction"] == "outbound"),
        "{hooks:?}"
    );
    let new = account(&again, Method::POST, "/v2/applications", json!({"name": "New"})).await;
    assert_ne!(new["id"], made["id"]);
    again.emulator.stop().await;
}

#[tokio::test]
async fn made_up_credentials_are_made_up_once() {
    let directory = tempfile::tempdir().unwrap();
    let start = async || {
        let plain = Config::new().data_dir(directory.path()).spare_key_pairs(0);
        Platform::start(plain).await
    };
    let one = start().await;
    let first = serde_json::to_value(&one.environment).unwrap();
    one.emulator.stop().await;
    let two = start().await;
    let second = serde_json::to_value(&two.environment).unwrap();
    two.emulator.stop().await;
    for name in ["api_key", "api_secret", "signature_secret", "application_id", "private_key"] {
        assert!(first[name].is_string(), "{name}");
        assert_eq!(first[name], second[name], "{name}");
    }
}

#[tokio::test]
async fn a_webhook_that_was_on_its_way_is_tried_again_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let hanging = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let platform = Platform::start(kept(directory.path())).await;
    let mut app = App::connecting().await;
    platform.connect(&app).await;
    let path = format!("/v2/applications/{}", platform.application());
    let hooks = |answer: String| {
        json!({"name": "Test", "capabilities": {"voice": {"webhooks": {
            "answer_url": {"address": answer},
            "event_url": {"address": format!("{}/webhooks/event", app.url)},
        }}}})
    };
    let address = format!("http://{}/webhooks/answer", hanging.local_addr().unwrap());
    account(&platform, Method::PUT, &path, hooks(address)).await;
    let call = id(&platform.call().await);
    // The answer webhook has arrived, and is never answered.
    let (socket, _) = hanging.accept().await.unwrap();
    let told = app.wait_for("ringing inbound", 1).await.len();
    // As a kill does: without waiting for anything.
    drop(platform);
    let again = started_again(directory.path()).await;
    let path = format!("/_ringback/webhooks?call={call}");
    let webhooks = again.control(Method::GET, &path, None).await;
    drop(socket);
    let answer = webhooks["webhooks"].as_array().unwrap().iter();
    let answer = answer.clone().find(|webhook| webhook["kind"] == "answer").unwrap();
    let first = answer["attempts"][0]["failure"].as_str().unwrap_or_default();
    assert_eq!(first, "the emulator was stopped while it waited", "{answer}");
    // The second attempt comes from the ladder, as it does after a broken connection.
    let (mut second, _) = hanging.accept().await.unwrap();
    let reply = "[]";
    let reply = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{reply}",
        reply.len()
    );
    tokio::io::AsyncWriteExt::write_all(&mut second, reply.as_bytes()).await.unwrap();
    let hooks = app.wait_for("completed inbound", 1).await;
    let names: Vec<_> = hooks[told..].iter().map(crate::harness::Hook::name).collect();
    assert!(!names.iter().any(|name| name.starts_with("started")), "{names:?}");
    assert_eq!(
        names.iter().filter(|name| *name == "ringing inbound").count(),
        0,
        "told twice: {names:?}"
    );
    again.emulator.stop().await;
}

/// An emulator on a directory that another one is about to leave.
async fn started_again(directory: &Path) -> Platform {
    loop {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        match Emulator::start(listener, kept(directory)) {
            Ok(emulator) => {
                let client = ringback_http::client(&ringback_http::Settings::new()).unwrap();
                let environment = emulator.environment().await;
                return Platform { emulator, environment, client };
            }
            // Until the thread that writes has ended.
            Err(error) if error.to_string().contains("another emulator") => {
                tokio::task::yield_now().await;
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn a_reset_forgets_what_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    let platform = Platform::start(kept(directory.path())).await;
    let fresh = seen(&platform, &[]).await;
    account(&platform, Method::POST, "/v2/applications", json!({"name": "Own"})).await;
    account(&platform, Method::POST, &format!("/number/buy?country=GB&msisdn={NUMBER}"), json!({}))
        .await;
    assert_ne!(seen(&platform, &[]).await, fresh);
    platform.control(Method::POST, "/_ringback/reset", None).await;
    assert_eq!(seen(&platform, &[]).await, fresh);
    platform.emulator.stop().await;
    let again = Platform::start(kept(directory.path())).await;
    assert_eq!(seen(&again, &[]).await, fresh);
    again.emulator.stop().await;
}

#[tokio::test]
async fn what_contradicts_the_directory_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    Platform::start(kept(directory.path())).await.emulator.stop().await;
    let file = directory.path().join("a file");
    std::fs::write(&file, "").unwrap();
    let own = ringback_jwt::KeyPair::generate().unwrap().private_key;
    let below = file.join("below");
    for (config, expected) in [
        (
            kept(directory.path()).seed(8),
            "it was made with the seed 7, and 8 is given; leave the seed out, or give another \
             directory",
        ),
        (
            kept(directory.path()).credentials("b1b2b3b4", API_SECRET.into()),
            "it was made for the account a1b2c3d4, and b1b2b3b4 is given; leave key and secret of \
             the account out, or give another directory",
        ),
        (
            kept(directory.path()).private_key(own),
            "its first application was made with another private key; leave the private key out, \
             or give another directory",
        ),
        (
            kept(&file),
            "it is a file and no directory; give the path of a directory, or one where none is yet",
        ),
        (
            kept(&below),
            "it cannot be made; make the directory above it writable, or give another path",
        ),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let error = Emulator::start(listener, config).unwrap_err();
        assert!(error.is_config());
        let text = error.to_string();
        assert!(text.ends_with(&format!(" cannot be used: {expected}")), "{text}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_reads_the_keys() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for _ in 0..2 {
        let platform = Platform::start(kept(&path)).await;
        assert_eq!(mode(&path), 0o700);
        for file in ["ringback.lock", "ringback.sqlite", "ringback.sqlite-wal"] {
            assert_eq!(mode(&path.join(file)), 0o600, "{file}");
        }
        platform.emulator.stop().await;
        // As a directory that somebody else made, or a copy that was put back.
        for (name, mode) in [("", 0o755), ("ringback.lock", 0o644), ("ringback.sqlite", 0o644)] {
            let open = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(path.join(name), open).unwrap();
        }
    }
}

#[tokio::test]
async fn a_key_that_was_made_for_a_directory_is_made_once() {
    let directory = tempfile::tempdir().unwrap();
    let start = async || {
        let seed = SeedRequest::new().applications(vec![SeedApplication::new("Keyless")]);
        let config = Config::new().spare_key_pairs(0).start_application(false).directory(seed);
        Platform::start(config.data_dir(directory.path())).await
    };
    let keys = |environment: &Value| {
        let key = |name: &str| environment[name].as_str().unwrap().to_owned();
        (key("application_id"), key("private_key"))
    };
    let one = start().await;
    let first = keys(&serde_json::to_value(&one.environment).unwrap());
    let token = one.token();
    one.emulator.stop().await;
    for _ in 0..2 {
        let again = start().await;
        assert_eq!(keys(&serde_json::to_value(&again.environment).unwrap()), first);
        let request = again.request(Method::GET, "/v1/conversations").bearer_auth(&token);
        assert_eq!(again.send(request).await.status, 200);
        again.control(Method::POST, "/_ringback/reset", None).await;
        let reset = again.control(Method::GET, "/_ringback/environment", None).await;
        assert_eq!(keys(&reset), first);
        again.emulator.stop().await;
    }
}

#[tokio::test]
async fn credentials_of_requests_are_not_kept() {
    let directory = tempfile::tempdir().unwrap();
    let platform = Platform::start(kept(directory.path())).await;
    let credentials = format!("api_key={API_KEY}&api_secret={API_SECRET}");
    let path = format!("/number/buy?country=GB&msisdn={NUMBER}&{credentials}");
    let reply = platform.send(platform.request(Method::POST, &path)).await;
    assert_eq!(reply.json()["error-code"], "200", "{}", reply.text);
    let request = platform
        .request(Method::POST, "/number/update")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("{credentials}&country=GB&msisdn={NUMBER}&voiceCallbackType=tel&voiceCallbackValue={BOB}"));
    let reply = platform.send(request).await;
    assert_eq!(reply.json()["error-code"], "200", "{}", reply.text);
    let pair = ringback_jwt::KeyPair::generate().unwrap();
    let pem = secrecy::ExposeSecret::expose_secret(&pair.private_key);
    let seed = json!({
        "account": {"api_secret": "planted-account-1", "signature_secret": "planted-account-2"},
        "applications": [{"name": "Seeded", "private_key": pem}],
    });
    platform.control(Method::POST, "/_ringback/seed", Some(seed)).await;
    let before = seen(&platform, &[]).await;
    assert!(before.iter().any(|(_, _, text)| text.contains("Seeded")), "{before:?}");
    platform.emulator.stop().await;
    let mut bytes = Vec::new();
    for file in std::fs::read_dir(directory.path()).unwrap() {
        bytes.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    let holds = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(holds("voiceCallbackType=tel") && holds("Seeded"));
    // The account's own is a fact, which a start reads.
    for secret in ["api_secret=", "planted-account", pem.lines().nth(3).unwrap()] {
        assert!(!holds(secret), "{secret}");
    }
    let again = Platform::start(kept(directory.path())).await;
    assert_eq!(seen(&again, &[]).await, before);
    again.emulator.stop().await;
}
