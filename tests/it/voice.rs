//! Calls through the whole system, held against published samples as raw JSON.

use ringback_model::{
    beta::{GetConversation, ListEvents},
    control::{HangUpCall, ListWebhooks},
};
use ringback_tests::{BOB, Platform, root};
use serde_json::Value;
use xtask::shape;

#[tokio::test]
async fn the_tutorials_call_gives_the_published_conversation() {
    let mut platform = Platform::start().await.unwrap();
    let alice = platform.call().await.unwrap();
    let events = platform.events_until(&alice, "answered").await.unwrap();
    let conversation = events[0]["conversation_uuid"].as_str().unwrap().to_owned();

    let seen = platform.json(&GetConversation::new(conversation.as_str())).await.unwrap();
    let sample = fixture("beta/conversation.json");
    assert_eq!(shape::differences(&sample, &seen), [""; 0], "{seen:#}");
    for at in [
        "/sequence_number",
        "/numbers",
        "/properties",
        "/members/0/state",
        "/members/0/channel/from",
        "/members/0/initiator",
        "/members/1/state",
        "/members/1/channel/from",
        "/members/1/channel/cpa",
        "/members/1/channel/ring_timeout",
        "/members/1/channel/max_length",
        "/members/1/initiator",
    ] {
        assert_eq!(seen.pointer(at), sample.pointer(at), "{at}");
    }
    assert_eq!(seen["members"][0]["channel"]["id"], alice.as_str());
    assert_eq!(alice.len(), 32, "an inbound leg has no dashes: {alice}");
    assert_eq!(seen["members"][1]["channel"]["to"]["number"], BOB);

    let seen = platform.json(&ListEvents::new(conversation.as_str())).await.unwrap();
    let sample = fixture("beta/events.json");
    assert_eq!(types(&seen), types(&sample));
    assert_eq!(shape::differences(&sample, &seen), [""; 0], "{seen:#}");
}

#[tokio::test]
async fn webhooks_go_out_in_the_documented_order_and_the_conversation_ends_with_the_call() {
    let mut platform = Platform::start().await.unwrap();
    let alice = platform.call().await.unwrap();
    let events = platform.events_until(&alice, "answered").await.unwrap();
    let conversation = events[0]["conversation_uuid"].as_str().unwrap().to_owned();
    platform.client.send(&HangUpCall::new(alice.as_str())).await.unwrap();
    platform.events_until(&alice, "completed").await.unwrap();

    let seen = platform.json(&ListWebhooks::new()).await.unwrap();
    let list = seen["webhooks"].as_array().unwrap();
    let sent: Vec<_> = list
        .iter()
        .map(|webhook| {
            let side = if webhook["leg"] == alice.as_str() { "A" } else { "B" };
            format!("{} {side}", webhook["kind"].as_str().unwrap_or_default())
        })
        .collect();
    let documented = [
        "started A",
        "ringing A",
        "answer A",
        "started B",
        "ringing B",
        "answered B",
        "answered A",
        "completed A",
        "completed B",
    ];
    assert_eq!(sent, documented);

    let error = platform.client.send(&GetConversation::new(conversation.as_str())).await;
    assert!(error.unwrap_err().is_not_found());
}

fn types(events: &Value) -> Vec<(u64, &str)> {
    let events = events.as_array().unwrap();
    events.iter().map(|e| (e["id"].as_u64().unwrap(), e["type"].as_str().unwrap())).collect()
}

fn fixture(path: &str) -> Value {
    let path = root().join("tests/fixtures").join(path);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}
