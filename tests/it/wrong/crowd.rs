//! More legs than a conversation takes.

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    lab::{As, Lab, OWN},
    server::{Answer, Hook},
};

const NUMBER: &str = "447700900600";
const FULL: &str = "The conversation crowd has 50 legs already; no more can join";

fn serve(hook: &Hook) -> Answer {
    match hook.path.as_str() {
        "/answer" => Answer::Json(json!([{"action": "conversation", "name": "crowd"}])),
        _ => Answer::Json(Value::Null),
    }
}

fn count(lab: &Lab, is: impl Fn(&Hook) -> bool) -> usize {
    lab.server.hooks().into_iter().filter(is).count()
}

fn moved(hook: &Hook) -> bool {
    hook.text("type") == "transfer"
}

fn refused(hook: &Hook) -> bool {
    hook.text("reason") == FULL
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fifty_first_is_told_and_the_others_stay() {
    let lab = Lab::start(&[NUMBER], serve).await;
    let healthy = lab.healthy().await;
    let mut calls = Vec::new();
    for _ in 0..53 {
        calls.push(lab.call(NUMBER).await);
    }
    let all = |_: &Hook| count(&lab, moved) == 50 && count(&lab, refused) == 3;
    lab.server.until("50 in it and 3 outside", all).await;
    let mut inside = Vec::new();
    for call in &calls {
        let left_out = lab.server.hooks().iter().any(|h| moved(h) && h.text("uuid") == call);
        if left_out {
            inside.push(call.clone());
            continue;
        }
        let shown = lab.wait(call, "completed").await;
        assert_eq!(shown["error"], FULL);
        let told = lab.transcript(call).await;
        assert!(told.iter().any(|e| e["kind"] == "error" && e["detail"] == FULL), "{told:#?}");
    }
    assert_eq!(inside.len(), 50);
    let room = lab.server.until("transfer", moved).await;
    let members =
        format!("/v1/conversations/{}/members?page_size=100", room.text("conversation_uuid_to"));
    let joined = async || {
        let members = lab.good(As::App(OWN), Method::GET, &members, None).await;
        let members = members["_embedded"]["members"].as_array().unwrap().clone();
        members
            .iter()
            .filter(|m| m["state"].as_str().unwrap().eq_ignore_ascii_case("joined"))
            .count()
    };
    assert_eq!(joined().await, 50);
    // Where one leaves, another may come.
    let leaves = &inside[7];
    lab.control(Method::POST, &format!("/calls/{leaves}/hangup"), None).await;
    lab.wait(leaves, "completed").await;
    let comes = lab.call(NUMBER).await;
    lab.server.until("its transfer", |hook| moved(hook) && hook.text("uuid") == comes).await;
    assert_eq!(joined().await, 50);
    let shown = lab.control(Method::GET, &format!("/calls/{comes}"), None).await;
    assert_eq!((&shown["status"], &shown["error"]), (&json!("answered"), &Value::Null));
    lab.ends_well(&healthy).await;
}
