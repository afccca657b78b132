//! The log of webhooks, and sending one again.

use reqwest::Method;

use crate::harness::{App, Platform};

#[tokio::test]
async fn webhooks_are_kept_with_their_replies_and_sent_again() {
    let platform = Platform::auto().await;
    let mut app = App::connecting().await;
    platform.connect(&app).await;
    let call = platform.call().await;
    let hooks = app.wait_for("answered inbound", 1).await;
    let id = call["id"].as_str().unwrap();
    let path = format!("/_ringback/webhooks?call={id}");
    let kept = platform.get(&path).await.json();
    let kept = kept["webhooks"].as_array().unwrap();
    assert_eq!(kept.len(), hooks.len());
    let answer = kept.iter().find(|hook| hook["kind"] == "answer").unwrap();
    assert_eq!((&answer["method"], &answer["call"]), (&"GET".into(), &id.into()));
    assert_eq!(answer["payload"]["uuid"], id);
    let attempt = &answer["attempts"][0];
    assert_eq!((&attempt["attempt"], &attempt["status"]), (&1.into(), &200.into()));
    assert_eq!(attempt["content_type"], "application/json");
    assert!(attempt["reply"].as_str().unwrap().contains("\"connect\""));
    assert!(attempt["milliseconds"].is_u64() && attempt["sent"].is_string());

    // The newest so many, and not just any number of them.
    let newest = platform.get(&format!("{path}&limit=2")).await.json();
    assert_eq!(newest["webhooks"].as_array().unwrap(), &kept[kept.len() - 2..]);
    for limit in ["0", "1001", "all"] {
        let reply = platform.get(&format!("{path}&limit={limit}")).await;
        assert_eq!(reply.status, 400, "{limit}: {}", reply.text);
    }
    platform.call().await;
    for (query, expected) in [("", 2), ("?limit=1000", 2), ("?limit=1", 1)] {
        let calls = platform.get(&format!("/_ringback/calls{query}")).await.json();
        let calls = calls["calls"].as_array().unwrap();
        assert_eq!(calls.len(), expected, "{query}");
        assert_ne!(calls[expected - 1]["id"], id, "{query}");
    }
    let replay = format!("/_ringback/webhooks/{}/replay", answer["id"]);
    let replayed = platform.control(Method::POST, &replay, None).await;
    let attempts = replayed["attempts"].as_array().unwrap();
    assert_eq!((attempts.len(), &attempts[1]["replay"]), (2, &true.into()));
    let hooks = app.wait_for("answer", 2).await;
    let answers: Vec<_> = hooks.iter().filter(|hook| hook.name() == "answer").collect();
    assert_eq!(answers[0].query, answers[1].query);
    assert_ne!(answers[0].token, answers[1].token);
    // Its reply changes nothing: there is still one call with two legs.
    let call = platform.get(&format!("/_ringback/calls/{id}")).await.json();
    assert_eq!(call["legs"].as_array().unwrap().len(), 2);

    for path in ["/_ringback/webhooks/9999", "/_ringback/webhooks/9999/replay"] {
        let method = if path.ends_with("replay") { Method::POST } else { Method::GET };
        let reply = platform.send(platform.request(method, path)).await;
        assert_eq!(reply.header("ringback-reason"), "webhook-unknown", "{path}");
    }
}

#[tokio::test]
async fn an_answer_address_where_nobody_listens_ends_the_call() {
    let platform = Platform::auto().await;
    let mut app = App::connecting().await;
    platform.connect(&app).await;
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = nobody.local_addr().unwrap();
    drop(nobody);
    let path = format!("/v2/applications/{}", platform.application());
    let body = serde_json::json!({"name": "Test", "capabilities": {"voice": {"webhooks": {
        "answer_url": {"address": format!("http://{address}/answer"), "http_method": "GET"},
        "event_url": {"address": format!("{}/webhooks/event", app.url), "http_method": "POST"},
    }}}});
    let request = platform
        .request(Method::PUT, &path)
        .basic_auth(crate::harness::API_KEY, Some(crate::harness::API_SECRET))
        .json(&body);
    assert_eq!(platform.send(request).await.status, 200);
    let call = platform.call().await;
    app.wait_for("completed inbound", 1).await;
    let path = format!("/_ringback/webhooks?call={}", call["id"].as_str().unwrap());
    let kept = platform.get(&path).await.json();
    let answer = kept["webhooks"].as_array().unwrap();
    let answer = answer.iter().find(|hook| hook["kind"] == "answer").unwrap();
    let attempts = answer["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 2);
    assert!(attempts[0]["failure"].as_str().unwrap().contains("nothing listens"));
}
