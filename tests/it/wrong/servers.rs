//! Webhook servers that hang, close, answer errors, pages, too much, or lead in circles.

use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{
    lab::{Lab, talk},
    server::{Answer, Hook},
};

const PAGE: &str = "<!doctype html><title>Error</title>";

/// A server and what comes of it: how it behaves, how often it is asked, what is told exactly.
const SERVERS: [(&str, usize, &str); 7] = [
    ("hangs", 2, "did not answer within 1000 ms"),
    ("closes", 2, ""),
    ("500", 1, "the application answered HTTP 500; a 2xx with a call script is expected"),
    ("503", 2, "the application answered HTTP 503"),
    ("page", 1, "came as text/html; a call script has to come as application/json"),
    ("much", 1, "the reply is larger than 1048576 bytes"),
    ("circle", 1, "the application answered HTTP 302"),
];

fn misbehave(how: &str, path: &str) -> Answer {
    match how {
        "hangs" => Answer::Hang,
        "500" => Answer::Raw(500, "application/json", b"{}".to_vec()),
        "503" => Answer::Raw(503, "application/json", b"{}".to_vec()),
        "page" => Answer::Raw(200, "text/html", PAGE.as_bytes().to_vec()),
        "much" => Answer::Raw(200, "application/json", vec![b' '; 10_000_000]),
        "circle" => Answer::Redirect(path.to_owned()),
        other => panic!("{other}"),
    }
}

fn number(place: usize) -> String {
    format!("4477009{:05}", 200 + place)
}

/// A server that takes connections and closes them.
async fn closing() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            drop(socket);
        }
    });
    url
}

/// A platform on which each number is linked to an application of its own, one for each behaviour.
async fn lab(answer: impl Fn(&Hook) -> Answer + Send + Sync + 'static, kind: &'static str) -> Lab {
    let closing = closing().await;
    Lab::with(
        &[],
        answer,
        Box::new(move |config, seed| {
            let own = seed["applications"][0].clone();
            for (place, (how, ..)) in SERVERS.iter().enumerate() {
                let mut application = own.clone();
                application["id"] = json!(format!("aaaaaaaa-bbbb-4ccc-8ddd-{:012}", 100 + place));
                application["name"] = json!(how);
                let hooks = &mut application["capabilities"]["voice"]["webhooks"];
                let server = hooks[kind]["address"].as_str().unwrap();
                let (server, path) = server.rsplit_once('/').unwrap();
                let address = match *how {
                    "closes" => format!("{closing}/{path}"),
                    how => format!("{server}/wrong/{how}"),
                };
                hooks[kind]["address"] = json!(address);
                seed["applications"].as_array_mut().unwrap().push(application);
                let linked = json!({"country": "GB", "msisdn": number(place), "application": how});
                seed["numbers"].as_array_mut().unwrap().push(linked);
            }
            config
        }),
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_answer_a_call_ends_and_says_why() {
    let answer = |hook: &Hook| match hook.path.strip_prefix("/wrong/") {
        Some(how) => misbehave(how, &hook.path),
        None => Answer::Json(Value::Null),
    };
    let lab = lab(answer, "answer_url").await;
    let healthy = lab.healthy().await;
    let mut calls = Vec::new();
    for place in 0..SERVERS.len() {
        calls.push(lab.call(&number(place)).await);
    }
    for (call, (how, attempts, exact)) in calls.iter().zip(SERVERS) {
        let shown = lab.wait(call, "completed").await;
        let error = shown["error"].as_str().unwrap_or_else(|| panic!("{how}: {shown:#}"));
        assert!(error.contains(exact) && !error.is_empty(), "{how}: {error}");
        let told = lab.transcript(call).await;
        let last = told.iter().rev().find(|e| e["label"] == "the call cannot go on");
        assert_eq!(last.unwrap()["detail"], error, "{how}");
        let sent = lab.webhooks(call).await;
        let asked = sent.iter().find(|sent| sent["kind"] == "answer").unwrap();
        assert_eq!(asked["attempts"].as_array().unwrap().len(), attempts, "{how}: {asked:#}");
        // Only what came and is no script is told by an event.
        let told: Vec<_> = sent.iter().filter(|sent| sent["kind"] == "error").collect();
        let reasons: Vec<_> = told.iter().map(|sent| &sent["payload"]["reason"]).collect();
        let expected = if how == "page" { vec!["no NCCOs available"] } else { vec![] };
        assert_eq!(reasons, expected, "{how}");
        let kinds: Vec<_> = sent.iter().map(|sent| sent["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds.last(), Some(&"completed"), "{how}: {kinds:?}");
    }
    lab.ends_well(&healthy).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_nobody_takes_stop_no_call() {
    let answer = |hook: &Hook| match hook.path.strip_prefix("/wrong/") {
        Some(how) => misbehave(how, &hook.path),
        None => Answer::Json(json!([talk("One two three")])),
    };
    let lab = lab(answer, "event_url").await;
    let healthy = lab.healthy().await;
    let mut calls = Vec::new();
    for place in 0..SERVERS.len() {
        calls.push(lab.call(&number(place)).await);
    }
    for (call, (how, ..)) in calls.iter().zip(SERVERS) {
        let shown = lab.wait(call, "completed").await;
        assert_eq!(shown["error"], Value::Null, "{how}");
        let told = lab.transcript(call).await;
        let labels: Vec<_> = told.iter().map(|entry| entry["label"].as_str().unwrap()).collect();
        assert!(labels.contains(&"talk begins") && labels.contains(&"the script is done"), "{how}");
    }
    lab.ends_well(&healthy).await;
    // Nothing of it stays behind.
    let calls = lab.control(Method::GET, "/calls", None).await;
    let over = |call: &&Value| call["status"] == "completed";
    assert_eq!(calls["calls"].as_array().unwrap().iter().filter(over).count(), 8);
}
