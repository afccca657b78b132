//! Addresses of sounds behind which there is none.

use std::sync::{Arc, OnceLock};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{
    lab::{As, Lab, OWN, talk},
    server::{Answer, Hook},
};

/// What is at an address, and what is told of it.
const SOUNDS: [(&str, &str); 6] = [
    ("page.mp3", "text/html"),
    ("missing.mp3", "its server answers with status 404"),
    ("notes.mp3", "text/plain"),
    ("empty.wav", "audio/x-wav"),
    ("circle.mp3", "its server redirects more than 5 times"),
    ("dead.mp3", "cannot be played: "),
];

fn serve(hook: &Hook) -> Answer {
    let raw = |status, kind, body: &str| Answer::Raw(status, kind, body.as_bytes().to_vec());
    match hook.path.as_str() {
        "/page.mp3" => raw(200, "text/html", "<!doctype html><title>Files</title>"),
        "/missing.mp3" => raw(404, "text/plain", "not found"),
        "/notes.mp3" => raw(200, "text/plain", "This was to become a sound one day."),
        "/empty.wav" => raw(200, "audio/x-wav", ""),
        "/circle.mp3" => Answer::Redirect("/circle.mp3".to_owned()),
        _ => Answer::Json(Value::Null),
    }
}

/// An address that nobody listens at.
async fn dead() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}/dead.mp3", listener.local_addr().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn they_are_passed_over_and_explained() {
    let dead = dead().await;
    let numbers: Vec<String> = (300..306).map(|place| format!("4477009{place:05}")).collect();
    let listed: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let server = Arc::new(OnceLock::<String>::new());
    let known = Arc::clone(&server);
    let (to, at) = (numbers.clone(), dead.clone());
    let answer = move |hook: &Hook| {
        let place = to.iter().position(|number| number == hook.text("to"));
        let Some(place) = place.filter(|_| hook.path == "/answer") else { return serve(hook) };
        let (name, _) = SOUNDS[place];
        let url = match name {
            "dead.mp3" => at.clone(),
            name => format!("{}/{name}", known.get().unwrap()),
        };
        Answer::Json(json!([{"action": "stream", "streamUrl": [url]}, talk("Behind it")]))
    };
    let lab = Lab::start(&listed, answer).await;
    server.set(lab.server.url.clone()).unwrap();
    let healthy = lab.healthy().await;
    let mut calls = Vec::new();
    for number in &listed {
        calls.push(lab.call(number).await);
    }
    for (call, (name, exact)) in calls.iter().zip(SOUNDS) {
        lab.wait(call, "completed").await;
        let sent = lab.webhooks(call).await;
        let error = sent.iter().find(|sent| sent["kind"] == "error");
        let error = error.unwrap_or_else(|| panic!("{name}: {sent:#?}"));
        let reason = error["payload"]["reason"].as_str().unwrap();
        assert!(reason.contains(name) && reason.contains(exact), "{name}: {reason}");
        let told = lab.transcript(call).await;
        let place = |is: &dyn Fn(&Value) -> bool| told.iter().position(is);
        let noted = place(&|entry| entry["kind"] == "error" && entry["detail"] == reason);
        let talks = place(&|entry| entry["label"] == "talk begins");
        assert!(noted.is_some() && noted < talks, "{name}: {told:#?}");
    }

    // The same beside a script, by REST.
    let own = lab.call(&numbers[0]).await;
    lab.wait(&own, "completed").await;
    let create = json!({
        "to": [{"type": "phone", "number": super::lab::BOB}],
        "from": {"type": "phone", "number": numbers[0]},
        "ncco": [{"action": "talk", "text": "Hello", "loop": 0}],
    });
    let made = lab.good(As::App(OWN), Method::POST, "/v1/calls", Some(create)).await;
    let call = made["uuid"].as_str().unwrap();
    lab.wait(call, "answered").await;
    let path = format!("/v1/calls/{call}/stream");
    let url = format!("{}/notes.mp3", lab.server.url);
    lab.good(As::App(OWN), Method::PUT, &path, Some(json!({"stream_url": [url]}))).await;
    let before = numbers.len() + 1;
    let is_error = |hook: &&Hook| !hook.text("reason").is_empty();
    lab.server
        .until("error event", |_| lab.server.hooks().iter().filter(is_error).count() > before)
        .await;
    let shown = lab.good(As::App(OWN), Method::GET, &format!("/v1/calls/{call}"), None).await;
    assert_eq!(shown["status"], "answered");
    lab.ends_well(&healthy).await;
}
