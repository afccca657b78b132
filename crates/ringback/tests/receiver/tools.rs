//! Looking into a journal beside the receiver that writes it.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::{
    application::Application,
    process::{Receiver, run},
    sender::{LIFE, Sender},
};

fn parsed(args: &[&str]) -> Value {
    let (code, out, error) = run(args);
    assert_eq!(code, 0, "{args:?}: {error}");
    serde_json::from_str(&out).unwrap()
}

fn count(list: &Value) -> usize {
    list.as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_is_listed_shown_and_redriven_while_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.db");
    let journal = format!("sqlite:{}", file.display());
    let at = ["--journal", journal.as_str()];
    let with = |args: &[&str]| parsed(&[&["journal"], args, &at[..]].concat());
    let application = Application::start().await;
    let receiver = Receiver::start(&journal, application.address, &["--attempts", "2"]).await;
    let sender = Sender::default();
    for status in LIFE {
        sender.insist(&[receiver.address], "good", status).await;
    }
    sender.insist(&[receiver.address], "bad", "started").await;

    assert_eq!(count(&with(&["list"])), 5);
    assert_eq!(count(&with(&["list", "--leg", "good"])), 4);
    assert_eq!(count(&with(&["list", "--conversation", "CON-bad"])), 1);
    assert_eq!(count(&with(&["list", "--kind", "ringing"])), 1);
    assert_eq!(count(&with(&["list", "--number", "+44 7700 000001"])), 5);
    assert_eq!(count(&with(&["list", "--limit", "3"])), 3);
    assert_eq!(count(&with(&["list", "--until", "2018-01-01T00:00:00Z"])), 0);
    let shown = with(&["show", "2"]);
    assert_eq!(
        (&shown["kind"], &shown["leg"], &shown["verification"], &shown["event"]["status"]),
        (&json!("ringing"), &json!("good"), &json!("signed"), &json!("ringing"))
    );
    assert_eq!(with(&["show", shown["delivery"].as_str().unwrap()]), shown);

    let patience = Instant::now() + Duration::from_secs(20);
    let dead = loop {
        let dead = with(&["list", "--dead"]);
        if count(&dead) == 1 {
            break dead[0].clone();
        }
        assert!(Instant::now() < patience, "{dead}");
        sleep(Duration::from_millis(100)).await;
    };
    assert_eq!((&dead["leg"], &dead["given_up"]["attempts"]), (&json!("bad"), &json!(2)));
    let reason = dead["given_up"]["reason"].as_str().unwrap();
    assert!(reason.contains("the application answered 500"), "{reason}");
    let (code, _, said) = run(&[&["journal", "redrive", "--all"], &at[..]].concat());
    assert_eq!((code, said.trim_end()), (0, "1 dispatched again"));
    let attempts = loop {
        let handed = application.by_event().remove("bad started").unwrap();
        if handed.len() == 3 {
            break handed.iter().map(|handed| handed.attempt).collect::<Vec<_>>();
        }
        assert!(Instant::now() < patience, "{handed:?}");
        sleep(Duration::from_millis(100)).await;
    };
    assert_eq!(attempts, [1, 2, 3]);

    let refuses = |args: &[&str], expected: &str| {
        let (code, out, error) = run(args);
        assert_eq!((code, out.as_str()), (1, ""), "{error}");
        assert!(error.contains(expected), "{args:?}: {error}");
    };
    refuses(&[&["journal", "redrive", "1"], &at[..]].concat(), "event 1 was not given up");
    refuses(&[&["journal", "show", "99"], &at[..]].concat(), "no such event in the journal");
    refuses(&["journal", "list", "--journal", "sqlite:/nonexistent/x.db"], "no journal at");
    let second = [&["serve", "--talk", "hello", "--listen", "127.0.0.1:0"], &at[..]].concat();
    refuses(&second, "another server keeps its events");
    let (code, _, error) = run(&["journal", "list", "--journal", "events.db"]);
    assert!(code == 2 && error.contains("sqlite:FILE"), "{error}");
    assert!(receiver.stop().await);
}
