//! A broken call script, wherever in a call's life it comes.

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    lab::{As, BOB, BUSY, Lab, OWN, connect, talk},
    server::{Answer, Hook},
};

/// The platform's sentence about a script that is one, but wrong.
const SYNTAX: &str = "Syntax error in NCCO. Invalid value type or action.";
/// The platform's sentence about what is no script.
const NOTHING: &str = "no NCCOs available";

/// What comes in place of a script: the answer, the platform's sentence, and what is told exactly.
fn broken() -> Vec<(&'static str, Answer, &'static str, &'static str)> {
    let text = |text: &str| Answer::Raw(200, "application/json", text.as_bytes().to_vec());
    vec![
        ("action", Answer::Json(json!([{"action": "tlak", "text": "a"}])), SYNTAX, "/0/action"),
        ("value", Answer::Json(json!([{"action": "talk", "text": 1}])), SYNTAX, "/0/text"),
        ("later", Answer::Json(json!([talk("a"), {"action": "stream"}])), SYNTAX, "/1"),
        ("object", Answer::Json(json!({"action": "talk"})), NOTHING, "an object, not an array"),
        ("html", text("<!doctype html><p>Sorry"), NOTHING, "an HTML page"),
        ("plain", text("Hello"), NOTHING, "plain text"),
    ]
}

fn one(name: &str) -> Answer {
    let all = broken().into_iter();
    all.map(|(known, answer, ..)| (known, answer)).find(|(known, _)| *known == name).unwrap().1
}

/// The script that asks for the broken one, and goes on behind it.
fn asking(place: &str, url: &str) -> Value {
    let hook = json!([url]);
    let first = match place {
        "input" => {
            json!({"action": "input", "type": ["dtmf"], "dtmf": {"timeOut": 1}, "eventUrl": hook})
        }
        "notify" => json!({"action": "notify", "payload": {"a": 1}, "eventUrl": hook}),
        "connect" => {
            let mut connect = connect(BUSY);
            (connect["eventType"], connect["eventUrl"]) = (json!("synchronous"), hook);
            connect
        }
        "onAnswer" => {
            let mut connect = connect(BOB);
            connect["endpoint"][0]["onAnswer"] = json!({"url": url});
            connect
        }
        other => panic!("{other}"),
    };
    json!([first, talk("Go on")])
}

/// The place that a script is asked for from, and what is wrong with it: both stand in the number.
const PLACES: [&str; 5] = ["answer", "input", "notify", "connect", "onAnswer"];

fn numbers() -> Vec<(String, &'static str, &'static str)> {
    let mut numbers = Vec::new();
    for place in PLACES {
        for (name, ..) in broken() {
            numbers.push((format!("4477009{:05}", 100 + numbers.len()), place, name));
        }
    }
    numbers
}

fn serve(hook: &Hook) -> Answer {
    // The address of a broken script says which; the answer webhook is told by the number.
    if let Some(name) = hook.path.strip_prefix("/broken/") {
        // Status events of a synchronous connect go there too.
        let asks = hook.text("status").is_empty() || hook.text("status") == "busy";
        return if asks { one(name) } else { Answer::Json(Value::Null) };
    }
    if hook.path != "/answer" {
        return Answer::Json(Value::Null);
    }
    let (_, place, name) =
        numbers().into_iter().find(|(number, ..)| number == hook.text("to")).unwrap();
    match place {
        "answer" => one(name),
        place => Answer::Json(asking(place, &format!("http://app.example/broken/{name}"))),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_told_exactly_and_the_call_goes_on_where_it_can() {
    let numbers = numbers();
    let listed: Vec<&str> = numbers.iter().map(|(number, ..)| number.as_str()).collect();
    let lab = mapped(&listed).await;
    let healthy = lab.healthy().await;
    let mut calls = Vec::new();
    for number in &listed {
        calls.push(lab.call(number).await);
    }
    for (call, (_, place, name)) in calls.iter().zip(&numbers) {
        let (_, _, sentence, exact) =
            broken().into_iter().find(|(known, ..)| known == name).unwrap();
        let shown = lab.wait(call, "completed").await;
        let told = lab.transcript(call).await;
        let about = format!("{place} {name}: {told:#?}");
        let mut errors = told.iter().filter(|entry| entry["label"] == "that is no script");
        let sent = lab.webhooks(call).await;
        let event = sent.iter().find(|sent| sent["kind"] == "error");
        // To reply nothing to an event is right, and most pages and texts are meant so; what looks
        // like a script is told all the same, though the platform has no words for it.
        let is_question = ["input", "notify", "connect"].contains(place);
        let is_nothing = is_question && sentence == NOTHING;
        assert_eq!(event.is_none(), is_nothing, "{about}");
        if !is_nothing || *name == "object" {
            let error = errors.next().expect(&about);
            assert!(error["detail"].as_str().unwrap().contains(exact), "{about}");
        }
        if let Some(event) = event {
            assert_eq!(event["payload"]["reason"], sentence, "{about}");
        }
        let goes_on = told.iter().any(|entry| entry["label"] == "talk begins");
        assert_eq!(goes_on, *place != "answer", "{about}");
        // Without its first script a call cannot go on, and says so.
        let why = shown["error"].as_str().unwrap_or_default();
        assert_eq!(why.contains(exact), *place == "answer", "{about}");
    }
    lab.ends_well(&healthy).await;
}

async fn mapped(numbers: &[&str]) -> Lab {
    // Scripts name an address before the port of the server is known.
    let server = std::sync::Arc::new(std::sync::OnceLock::<String>::new());
    let known = std::sync::Arc::clone(&server);
    let answer = move |hook: &Hook| match serve(hook) {
        Answer::Json(script) => {
            let url = known.get().map_or("", String::as_str);
            let text = script.to_string().replace("http://app.example", url);
            Answer::Json(serde_json::from_str(&text).unwrap())
        }
        other => other,
    };
    let lab = Lab::start(numbers, answer).await;
    server.set(lab.server.url.clone()).unwrap();
    lab
}

/// A call that is talked to without end.
async fn talked_to(lab: &Lab) -> String {
    let call = lab.call("447700900100").await;
    lab.wait(&call, "answered").await;
    call
}

fn endless(hook: &Hook) -> Answer {
    match hook.path.strip_prefix("/broken/") {
        Some(name) => one(name),
        None if hook.path == "/answer" => {
            Answer::Json(json!([{"action": "talk", "text": "Hello", "loop": 0}]))
        }
        None => Answer::Json(Value::Null),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_to_it_does_not_take_place() {
    let lab = Lab::start(&["447700900100"], endless).await;
    let healthy = lab.healthy().await;
    let call = talked_to(&lab).await;
    let path = format!("/v1/calls/{call}");
    let before = lab.good(As::App(OWN), Method::GET, &path, None).await;
    for (count, (name, _, sentence, exact)) in broken().into_iter().enumerate() {
        let destination =
            json!({"type": "ncco", "url": [format!("{}/broken/{name}", lab.server.url)]});
        let body = json!({"action": "transfer", "destination": destination});
        // What is there is not known yet.
        let reply = lab.send(As::App(OWN), Method::PUT, &path, Some(body)).await;
        assert_eq!((reply.status, reply.text.as_str()), (204, ""), "{name}");
        let errors = |hooks: Vec<Hook>| -> Vec<Value> {
            let reasons = hooks.into_iter().map(|hook| hook.said["reason"].clone());
            reasons.filter(|reason| !reason.is_null()).collect()
        };
        lab.server.until(name, |_| errors(lab.server.hooks()).len() > count).await;
        assert_eq!(errors(lab.server.hooks())[count], sentence, "{name}");
        let told = lab.transcript(&call).await;
        let exactly = |entry: &&Value| entry["detail"].as_str().is_some_and(|d| d.contains(exact));
        assert!(told.iter().filter(|e| e["kind"] == "error").any(|e| exactly(&e)), "{name}");
    }
    for (ncco, place) in [
        (json!([{"action": "tlak"}]), "/destination/ncco/0/action"),
        (json!([talk("a"), {"action": "stream"}]), "/destination/ncco/1"),
    ] {
        let destination = json!({"type": "ncco", "ncco": ncco});
        let body = json!({"action": "transfer", "destination": destination});
        let reply = lab.send(As::App(OWN), Method::PUT, &path, Some(body)).await;
        let platform = json!({"type": 400, "title": "Bad Request", "invalid_parameters": [
            {"reason": SYNTAX, "name": "ncco"},
        ]});
        lab.explains(&reply, (400, platform), "ncco-invalid", place).await;
    }
    // It is where it was, and can still be transferred.
    let after = lab.good(As::App(OWN), Method::GET, &path, None).await;
    assert_eq!(before, after);
    let destination = json!({"type": "ncco", "ncco": [talk("Good bye")]});
    let body = json!({"action": "transfer", "destination": destination});
    lab.good(As::App(OWN), Method::PUT, &path, Some(body)).await;
    let shown = lab.wait(&call, "completed").await;
    assert_eq!(shown["error"], Value::Null, "{shown}");
    lab.ends_well(&healthy).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_not_made_with_it() {
    let lab = Lab::start(&["447700900100"], endless).await;
    let healthy = lab.healthy().await;
    let to = json!([{"type": "phone", "number": BOB}]);
    let from = json!({"type": "phone", "number": "447700900100"});
    let body = json!({"to": to, "from": from, "ncco": [{"action": "tlak"}]});
    let reply = lab.send(As::App(OWN), Method::POST, "/v1/calls", Some(body)).await;
    let platform = json!({"type": 400, "title": "Bad Request", "invalid_parameters": [
        {"reason": SYNTAX, "name": "ncco"},
    ]});
    lab.explains(&reply, (400, platform), "ncco-invalid", "/ncco/0/action").await;
    let calls = lab.control(Method::GET, "/calls", None).await;
    assert_eq!(calls["calls"].as_array().unwrap().len(), 1, "only the healthy one");
    lab.ends_well(&healthy).await;
}
