//! What is wrong with a cluster, and the sentence about it.

use std::time::{Duration, Instant};

use ringback_journal::{Error, Journal as _, Nats, NatsSettings};

use crate::{
    servers::{self, Servers, say},
    suite::{all, append, entries, soon},
};

/// It does not start, with this code and these words.
async fn refused(servers: &Servers, settings: NatsSettings, code: &str, words: &[&str]) {
    let error = soon(Nats::connect(&servers.addresses(), settings)).await.unwrap_err();
    assert!(error.is_refused(), "{error:?}");
    said(&error, code, words);
}

fn said(error: &Error, code: &str, words: &[&str]) {
    let (text, all) = (error.to_string(), format!("{error:?}"));
    assert_eq!(error.code(), code, "{text}");
    for word in words {
        assert!(text.contains(word), "{word:?} is not in {text:?}");
    }
    assert!(!all.contains("secret"), "{all}");
    say(&format!("{code}: {text}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strict_mode_refuses_where_acknowledged_does_not_mean_durable() {
    if servers::missing() {
        return;
    }
    let always = "sync_interval: always";
    let servers =
        Servers::start_with(3, |nth| if nth == 2 { String::new() } else { always.into() }).await;
    let (code, plain) = ("journal-unsafe", NatsSettings::new());
    let late = ["the server s2 syncs its files every 120s", "sync_interval: always", "restart"];
    refused(&servers, plain.clone().monitors(servers.monitors()), code, &late).await;
    refused(&servers, plain.clone().system(&servers.system()), code, &late).await;
    refused(&servers, plain.clone(), code, &["s0, s1, s2", "cannot be seen", "http_port"]).await;
    let some = plain.clone().monitors(&servers.monitors()[..2]);
    refused(&servers, some, code, &["whether s2 syncs", "every server"]).await;
    // A login that is none of the system account sees nothing.
    let wrong = plain.clone().system(&servers.addresses());
    refused(&servers, wrong, code, &["cannot be seen"]).await;
    let none = plain.clone().monitors(["http://me:secret@127.0.0.1:1"]);
    refused(&servers, none, code, &["http://127.0.0.1:1", "nothing useful answers"]).await;
    let few = plain.clone().stream("FEW").replicas(1).monitors(servers.monitors());
    refused(&servers, few.clone(), code, &["FEW is kept on 1 server", "--replicas 3"]).await;

    let relaxed = Nats::connect(&servers.addresses(), few.relaxed(true)).await.unwrap();
    let given_up = relaxed.given_up().join("\n");
    assert!(given_up.contains("FEW is kept") && given_up.contains("s2 syncs"), "{given_up}");
    append(&relaxed, [1]).await;
    assert!(!format!("{relaxed:?}").contains("secret"));
    let settings = plain.system(&servers.system());
    assert!(!format!("{settings:?}").contains("secret"), "{settings:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_alone_is_refused() {
    if servers::missing() {
        return;
    }
    let servers = Servers::start(1).await;
    let words = ["this NATS server is alone", "3 servers"];
    refused(&servers, servers.settings(), "journal-unsafe", &words).await;
    let one = servers.settings().replicas(1).relaxed(true);
    let journal = Nats::connect(&servers.addresses(), one).await.unwrap();
    assert_eq!(journal.given_up().len(), 2, "{:?}", journal.given_up());
    append(&journal, [1]).await;
    let login = servers.addresses().replace("planted-secret", "wrong-secret");
    let error = soon(Nats::connect(&login, servers.settings())).await.unwrap_err();
    said(&error, "journal-login", &["127.0.0.1:", "do not accept the login"]);
    streams_of_others(&servers).await;
}

/// Takes entries until there is no room, says so, and has lost none.
async fn fills(journal: &Nats) {
    let mut kept = 300;
    let error = loop {
        match soon(journal.append(entries(kept + 1..=kept + 100))).await {
            Ok(_) => kept += 100,
            Err(error) => break error,
        }
    };
    said(&error, "journal-full", &["no room", "max_file_store"]);
    let read = all(journal, 256).await;
    let read: Vec<_> =
        read.into_iter().map(|recorded| recorded.entry).take(kept as usize).collect();
    assert_eq!(read, entries(1..=kept));
}

async fn streams_of_others(servers: &Servers) {
    let context = servers.bare().await.unwrap();
    let check = async |name: &str, change: serde_json::Value, words: &[&str]| {
        let mut config = serde_json::json!({
            "name": name, "subjects": [format!("{}.*.*", name.to_lowercase())],
            "storage": "file", "retention": "limits", "discard": "new", "num_replicas": 1,
            "duplicate_window": 259_200_000_000_000_u64, "allow_direct": true,
        });
        let fields = change.as_object().unwrap().clone();
        config.as_object_mut().unwrap().extend(fields);
        let made: serde_json::Value =
            context.request(format!("STREAM.CREATE.{name}"), &config).await.unwrap();
        assert!(made.get("error").is_none(), "{made}");
        let settings = servers.settings().stream(name).replicas(1).relaxed(true);
        if words.is_empty() {
            let journal = Nats::connect(&servers.addresses(), settings).await.unwrap();
            append(&journal, 1..=300).await;
            if change.get("max_bytes").is_some() {
                fills(&journal).await;
            }
        } else {
            let words = [words, &[name, "set up for something else"]].concat();
            refused(servers, settings, "journal-foreign", &words).await;
        }
    };
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    check("GOOD", json("{}"), &[]).await;
    check("FULL", json(r#"{"max_bytes": 1000000}"#), &[]).await;
    let batches = r#"{"max_bytes": 1000000, "allow_atomic": true}"#;
    check("BATCHES", json(batches), &[]).await;
    check("ORDERS", json(r#"{"subjects": ["orders.>"]}"#), &["orders.>"]).await;
    check("MEMORY", json(r#"{"storage": "memory"}"#), &["kept in memory"]).await;
    let old = r#"{"max_bytes": 1000000, "discard": "old"}"#;
    check("OLD", json(old), &["throw old entries away", "max_bytes"]).await;
    check("SHORT", json(r#"{"duplicate_window": 120000000000}"#), &["120s", "259200s"]).await;
    let age = r#"{"max_age": 3600000000000, "duplicate_window": 3600000000000}"#;
    check("AGE", json(age), &["max_age", "3600s"]).await;
    check("WORK", json(r#"{"retention": "workqueue"}"#), &["its retention is"]).await;
    check("SILENT", json(r#"{"no_ack": true}"#), &["no_ack"]).await;
    check("INDIRECT", json(r#"{"allow_direct": false}"#), &["allow_direct"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_is_gone_is_said_and_comes_back() {
    if servers::missing() {
        return;
    }
    let nowhere = "nats://me:planted-secret@127.0.0.1:1,127.0.0.1:2";
    let error = soon(Nats::connect(nowhere, NatsSettings::new())).await.unwrap_err();
    said(&error, "journal-unreachable", &["127.0.0.1:1, 127.0.0.1:2", "no NATS server answers"]);

    let mut servers = Servers::start(3).await;
    let settings = servers.settings().timeout(Duration::from_secs(2));
    let journal = Nats::connect(&servers.addresses(), settings).await.unwrap();
    append(&journal, [1]).await;
    // One alone is no majority: nothing is acknowledged.
    servers.kill(0);
    servers.kill(1);
    let error = soon(journal.append(entries([2]))).await.unwrap_err();
    assert!(!error.is_refused() && !error.is_busy(), "{error:?}");
    said(&error, "journal-unreachable", &[]);
    servers.kill(2);
    let error = soon(journal.append(entries([3]))).await.unwrap_err();
    said(&error, "journal-unreachable", &[]);
    assert_eq!(soon(journal.state()).await.unwrap_err().code(), "journal-unreachable");
    for nth in 0..3 {
        servers.run(nth);
    }
    let begin = Instant::now();
    while soon(journal.append(entries([4]))).await.is_err() {
        assert!(begin.elapsed() < Duration::from_secs(30), "it does not come back");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    say(&format!("appends go on {:.1?} after three servers were started again", begin.elapsed()));
    let kept = all(&journal, 10).await;
    assert!(kept.iter().any(|recorded| recorded.entry == crate::suite::entry(1)));
}
