//! Time on the automatic clock: long calls, receivers that hang, applications that call back.

use std::sync::{Arc, Mutex, OnceLock};

use reqwest::Method;
use ringback_model::Timestamp;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::{
    lab::{As, BOB, Change, Lab, OWN, connect, request, talk},
    server::{Answer, Hook},
};

const NUMBER: &str = "447700900700";
const SLOW: &str = "447700900701";

fn at(entry: &Value) -> i64 {
    entry["at"].as_str().unwrap().parse::<Timestamp>().unwrap().as_millis()
}

/// A menu of so many rounds: 24 seconds of talk and 6 of waiting for keys that do not come.
fn menu(url: &str, rounds: usize) -> Value {
    let words = "word ".repeat(60);
    let next = format!("{url}/menu/{}", rounds - 1);
    json!([
        talk(words.trim()),
        {"action": "input", "type": ["dtmf"], "dtmf": {"timeOut": 6}, "eventUrl": [next]},
    ])
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_minutes_of_prompts_pass_on_the_platforms_clock() {
    let url = Arc::new(OnceLock::<String>::new());
    let known = Arc::clone(&url);
    let answer = move |hook: &Hook| {
        let rounds = match hook.path.strip_prefix("/menu/") {
            Some(rounds) => rounds.parse().unwrap(),
            None if hook.path == "/answer" => 20,
            None => 0,
        };
        Answer::Json(if rounds == 0 { Value::Null } else { menu(known.get().unwrap(), rounds) })
    };
    let lab = Lab::start(&[NUMBER], answer).await;
    url.set(lab.server.url.clone()).unwrap();
    let call = lab.call(NUMBER).await;
    let shown = lab.wait(&call, "completed").await;
    assert_eq!(shown["error"], Value::Null);
    let told = lab.transcript(&call).await;
    let times = |label: &str| -> Vec<i64> {
        told.iter().filter(|entry| entry["label"] == label).map(at).collect()
    };
    let (begins, ends, inputs) =
        (times("talk begins"), times("talk is done"), times("input is done"));
    assert_eq!((begins.len(), ends.len(), inputs.len()), (20, 20, 20), "{told:#?}");
    for ((begin, end), input) in begins.iter().zip(&ends).zip(&inputs) {
        assert!(end - begin >= 24_000 && input - end >= 6_000, "{begin} {end} {input}");
    }
    assert!(inputs[19] - begins[0] >= 600_000);
    // The application is told the same times.
    let completed = lab.webhooks(&call).await.pop().unwrap();
    assert_eq!(completed["kind"], "completed");
    let duration: i64 = completed["payload"]["duration"].as_str().unwrap().parse().unwrap();
    assert!(duration >= 600, "{completed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_awaited_holds_up_nobody_else() {
    // The answer of one call comes when the other one is over, and not before.
    let over = Arc::new(Notify::new());
    let tell = Arc::clone(&over);
    let answer = move |hook: &Hook| match (&*hook.path, hook.text("to")) {
        ("/answer", SLOW) => {
            let over = Arc::clone(&tell);
            Answer::Later(Box::pin(async move {
                over.notified().await;
                // Whoever asks again is answered too.
                over.notify_one();
                json!([talk("Late")])
            }))
        }
        ("/answer", _) => Answer::Json(json!([talk("Soon")])),
        _ => Answer::Json(Value::Null),
    };
    let patient: Change = Box::new(|config, seed| {
        let webhooks = &mut seed["applications"][0]["capabilities"]["voice"]["webhooks"];
        webhooks["answer_url"]["socket_timeout"] = json!(5000);
        config
    });
    let lab = Lab::with(&[NUMBER, SLOW], answer, patient).await;
    let slow = lab.call(SLOW).await;
    lab.server
        .until("its question", |hook| hook.text("to") == SLOW && hook.path == "/answer")
        .await;
    let call = lab.call(NUMBER).await;
    lab.wait(&call, "completed").await;
    over.notify_one();
    lab.wait(&slow, "completed").await;
    let sequence = |told: &[Value], label: &str| {
        let entry = told.iter().find(|entry| entry["label"] == label);
        entry.unwrap_or_else(|| panic!("no {label}: {told:#?}"))["sequence"].as_u64().unwrap()
    };
    let (slow, quick) = (lab.transcript(&slow).await, lab.transcript(&call).await);
    let asked = sequence(&slow, "GET /answer");
    let began = sequence(&quick, "dials 447700900700");
    let ended = sequence(&quick, "inbound leg completed");
    let answered = sequence(&slow, "200 with the script");
    assert!(asked < began && began < ended && ended < answered, "{slow:#?}\n{quick:#?}");
    sequence(&slow, "talk is done");
}

/// What the application asked from within a handler, and what it was told.
#[derive(Default)]
struct Asked {
    all: Mutex<Vec<(&'static str, u16, Value)>>,
    more: Notify,
}

/// What is asked when, of the call in question: the moment, the method, the path, the body.
fn questions(hook: &Hook) -> Vec<(&'static str, Method, String, Option<Value>)> {
    let (call, room) = (hook.text("uuid"), hook.text("conversation_uuid"));
    let path = format!("/v1/calls/{call}");
    let get = |moment| (moment, Method::GET, path.clone(), None);
    let room = |moment| (moment, Method::GET, format!("/v1/conversations/{room}"), None);
    let update = |moment, body| (moment, Method::PUT, path.clone(), Some(body));
    let speak =
        |moment| (moment, Method::PUT, format!("{path}/talk"), Some(json!({"text": "Hello"})));
    let next = json!({"type": "ncco", "ncco": [talk("Good bye")]});
    let transfer = json!({"action": "transfer", "destination": next});
    let outbound = hook.text("direction") == "outbound";
    match hook.text("status") {
        "" if hook.path == "/answer" => vec![
            get("answer: get"),
            room("answer: room"),
            speak("answer: talk"),
            update("answer: transfer", transfer),
        ],
        "ringing" if outbound => vec![
            get("ringing: get"),
            update("ringing: hangup", json!({"action": "hangup"})),
            get("ringing: get again"),
        ],
        "answered" if !outbound => vec![
            get("answered: get"),
            room("answered: room"),
            speak("answered: talk"),
            update("answered: transfer", transfer),
        ],
        "completed" if !outbound => vec![
            get("completed: get"),
            update("completed: hangup", json!({"action": "hangup"})),
            speak("completed: talk"),
        ],
        _ => vec![],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_that_calls_back_finds_the_call_as_it_is() {
    let asked = Arc::new(Asked::default());
    let url = Arc::new(OnceLock::<String>::new());
    let (notes, known) = (Arc::clone(&asked), Arc::clone(&url));
    let http = ringback_http::client(&ringback_http::Settings::new()).unwrap();
    let answer = move |hook: &Hook| {
        let script = match hook.path.as_str() {
            "/answer" => json!([connect(BOB), {"action": "talk", "text": "a", "loop": 0}]),
            _ => Value::Null,
        };
        let (questions, notes) = (questions(hook), Arc::clone(&notes));
        let (http, url) = (http.clone(), known.get().cloned().unwrap_or_default());
        Answer::Later(Box::pin(async move {
            for (moment, method, path, body) in questions {
                let mut request = request(&http, &url, As::App(OWN), method, &path);
                if let Some(body) = body {
                    request =
                        request.header("content-type", "application/json").body(body.to_string());
                }
                let response = request.send().await.unwrap();
                let status = response.status().as_u16();
                let text = response.text().await.unwrap();
                let json = serde_json::from_str(&text).unwrap_or(Value::Null);
                notes.all.lock().unwrap().push((moment, status, json));
                notes.more.notify_one();
            }
            script
        }))
    };
    let lab = Lab::start(&[NUMBER], answer).await;
    url.set(lab.emulator.url().to_owned()).unwrap();
    let healthy = lab.healthy().await;
    // At real speed, so that nothing happens while the application thinks.
    let never = json!({"script": "ring after 0s, no answer"});
    lab.control(Method::PUT, &format!("/phones/{BOB}"), Some(never)).await;
    lab.control(Method::POST, "/clock/hold", Some(json!({"seconds": 3600}))).await;
    let call = lab.call(NUMBER).await;
    lab.wait(&call, "completed").await;
    let is_last = |(moment, ..): &(&str, u16, Value)| *moment == "completed: talk";
    while !asked.all.lock().unwrap().iter().any(is_last) {
        asked.more.notified().await;
    }
    let asked = asked.all.lock().unwrap().clone();
    let find = |moment: &str| {
        let found = asked.iter().find(|(known, ..)| *known == moment);
        let (_, status, json) = found.unwrap_or_else(|| panic!("no {moment}: {asked:#?}"));
        (*status, json.clone())
    };
    let is = |moment: &str, status: u16| assert_eq!(find(moment).0, status, "{asked:#?}");
    let shows = |moment: &str, state: &str| {
        let (status, json) = find(moment);
        assert_eq!((status, &json["status"]), (200, &json!(state)), "{moment}");
    };
    // Nobody has picked up: the caller hears it ring, and there is nothing to talk to.
    shows("answer: get", "ringing");
    is("answer: room", 200);
    is("answer: talk", 400);
    is("answer: transfer", 400);
    // The callee is hung up on while it rings, and the script goes on.
    shows("ringing: get", "ringing");
    is("ringing: hangup", 204);
    shows("ringing: get again", "cancelled");
    // The next action answers the caller.
    shows("answered: get", "answered");
    is("answered: room", 200);
    is("answered: talk", 200);
    is("answered: transfer", 204);
    shows("completed: get", "completed");
    is("completed: hangup", 404);
    is("completed: talk", 404);
    let shown = lab.control(Method::GET, &format!("/calls/{call}"), None).await;
    assert_eq!(shown["legs"][1]["status"], "cancelled", "{shown}");
    lab.ends_well(&healthy).await;
}
