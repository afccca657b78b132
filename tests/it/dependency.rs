//! The emulator as a dependency of tests: side by side, reset, seeded, mapped, bounded.

use std::collections::BTreeSet;

use reqwest::Method;
use ringback_emulator::{Config, Mapping};
use ringback_jwt::{Claims, KeyPair, Signer};
use ringback_model::control::{PlaceCall, PlaceCallRequest};
use serde_json::{Value, json};

use crate::wrong::{
    lab::{ALICE, As, BOB, Change, Lab, OTHER_NUMBER, OWN, connect, now, private_key, talk},
    server::{Answer, Hook, Server},
};

const NUMBER: &str = "447700900800";

/// An application that talks to whoever calls.
fn talks(hook: &Hook) -> Answer {
    Answer::Json(match hook.path.as_str() {
        "/answer" => json!([talk("One two three")]),
        _ => Value::Null,
    })
}

async fn calls(lab: &Lab) -> Vec<Value> {
    lab.control(Method::GET, "/calls", None).await["calls"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn many_platforms_side_by_side_share_nothing() {
    let mut labs = Vec::new();
    for _ in 0..16 {
        labs.push(Lab::start(&[NUMBER], talks).await);
    }
    let urls: BTreeSet<_> = labs.iter().map(|lab| lab.emulator.url().to_owned()).collect();
    assert_eq!(urls.len(), 16);
    // Each has a call that is up, and as many others as its place says.
    let mut up = Vec::new();
    for lab in &labs {
        up.push(lab.healthy().await);
    }
    // The same seed and the same inputs: the same ids, on each platform its own.
    assert_eq!(up.iter().collect::<BTreeSet<_>>().len(), 1);
    for (place, lab) in labs.iter().enumerate() {
        for _ in 0..place {
            let call = lab.call(NUMBER).await;
            lab.wait(&call, "completed").await;
        }
    }
    for (place, (lab, call)) in labs.iter().zip(&up).enumerate() {
        assert_eq!(calls(lab).await.len(), place + 1);
        let answers = lab.server.hooks().iter().filter(|hook| hook.path == "/answer").count();
        assert_eq!(answers, place);
        lab.ends_well(call).await;
    }
    // One is reset, and one is gone: the others do not notice.
    labs[0].control(Method::POST, "/reset", None).await;
    drop(labs.swap_remove(5));
    assert_eq!(calls(&labs[0]).await.len(), 0);
    assert_eq!(calls(&labs[1]).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_between_two_tests_leaves_nothing_behind() {
    let lab = Lab::start(&[NUMBER], talks).await;
    let mut seen = Vec::new();
    for _ in 0..2 {
        let up = lab.healthy().await;
        let call = lab.call(NUMBER).await;
        lab.wait(&call, "completed").await;
        // What a test changes is gone with it.
        let busy = json!({"script": "busy"});
        lab.control(Method::PUT, &format!("/phones/{BOB}"), Some(busy)).await;
        lab.good(As::App(OWN), Method::POST, "/v1/users", Some(json!({"name": "bob"}))).await;
        let path = format!("/number/cancel?country=GB&msisdn={NUMBER}");
        lab.good(As::Account, Method::POST, &path, None).await;
        lab.send(As::Nobody, Method::GET, "/_ringback/nothing", None).await;
        let leases = lab.control(Method::POST, "/clock/hold", None).await;
        assert!(leases["lease"].is_u64(), "{leases}");
        seen.push((up, call));
        lab.control(Method::POST, "/reset", None).await;
        for list in ["calls", "webhooks", "recordings"] {
            let kept = lab.control(Method::GET, &format!("/{list}"), None).await;
            assert_eq!(kept[list], json!([]), "{list}");
        }
        let users = lab.good(As::App(OWN), Method::GET, "/v1/users", None).await;
        assert_eq!(users["_embedded"]["users"], json!([]));
        let numbers = lab.good(As::Account, Method::GET, "/account/numbers", None).await;
        // One is always there to be linked.
        assert_eq!(numbers["count"], 3, "{numbers}");
        let phones = lab.control(Method::GET, "/phones", None).await;
        let mut phones = phones["phones"].as_array().unwrap().iter();
        let bob = phones.find(|phone| phone["number"] == BOB).unwrap();
        assert_eq!(bob["script"], "ring after 1s, answer after 3s");
    }
    assert_eq!(seen[0], seen[1], "the same seed and the same inputs give the same ids");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_has_the_id_and_the_key_of_the_seed() {
    const MINE: &str = "bbbbbbbb-cccc-4ddd-8eee-000000000001";
    let public = Signer::from_pem(&private_key()).unwrap().public_key_pem();
    let seed = json!({"name": "Mine", "id": MINE, "public_key": public});
    let change: Change = Box::new(move |config, all| {
        all["applications"].as_array_mut().unwrap().push(seed);
        config
    });
    let lab = Lab::with(&[NUMBER], talks, change).await;
    let path = format!("/v2/applications/{MINE}");
    let shown = lab.good(As::Account, Method::GET, &path, None).await;
    assert_eq!(shown["keys"]["public_key"].as_str().map(str::trim), Some(public_key().trim()));
    // The private key stays with its owner.
    assert!(shown["keys"].get("private_key").is_none(), "{shown}");
    lab.good(As::App(MINE), Method::GET, "/v1/conversations", None).await;
    // Another key does not open it.
    let other = KeyPair::generate().unwrap();
    let signer =
        Signer::from_pem(secrecy::ExposeSecret::expose_secret(&other.private_key)).unwrap();
    let token = signer.mint(&Claims::new(MINE), now()).unwrap();
    let reply = lab.send(As::Token(token.expose()), Method::GET, "/v1/conversations", None).await;
    let code = "system:error:invalid-token";
    let platform = json!({
        "title": "Unauthorized.", "code": code,
        "type": format!("https://developer.nexmo.com/api/conversation#{code}"),
        "detail": "You did not provide a valid token. Please provide a valid token.",
    });
    lab.explains(&reply, (401, platform), reply.header("ringback-reason"), "signature").await;
}

fn public_key() -> String {
    Signer::from_pem(&private_key()).unwrap().public_key_pem()
}

#[tokio::test(flavor = "multi_thread")]
async fn public_addresses_lead_to_a_server_of_this_machine() {
    // What the application says it is, and where it really is.
    let local = Server::start(|hook: &Hook| {
        Answer::Json(match hook.path.as_str() {
            "/mine/hooks/answer" => json!([
                {"action": "notify", "payload": {}, "eventUrl": ["https://demo.example/notify"]},
                talk("Hello"),
            ]),
            _ => Value::Null,
        })
    })
    .await;
    let mapping = Mapping::parse(&format!("https://demo.example={}/mine", local.url)).unwrap();
    let change: Change = Box::new(|config: Config, seed| {
        let webhooks = &mut seed["applications"][0]["capabilities"]["voice"]["webhooks"];
        for (kind, name) in [("answer_url", "answer"), ("event_url", "event")] {
            webhooks[kind]["address"] = json!(format!("https://demo.example/hooks/{name}"));
        }
        config.map(mapping)
    });
    let lab = Lab::with(&[NUMBER], talks, change).await;
    let call = lab.call(NUMBER).await;
    let shown = lab.wait(&call, "completed").await;
    assert_eq!(shown["error"], Value::Null);
    local.until("completed", |hook| hook.text("status") == "completed").await;
    let paths: BTreeSet<_> = local.hooks().into_iter().map(|hook| hook.path).collect();
    let expected = ["/mine/hooks/answer", "/mine/hooks/event", "/mine/notify"];
    assert_eq!(paths.iter().map(String::as_str).collect::<Vec<_>>(), expected);
    assert!(lab.server.hooks().is_empty());
    // The application's own addresses are what is shown.
    for sent in lab.webhooks(&call).await {
        assert!(sent["url"].as_str().unwrap().starts_with("https://demo.example/"), "{sent}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn finished_calls_are_forgotten_beyond_what_was_asked_for() {
    // Without events, so that three thousand calls do not take long.
    let change: Change = Box::new(|mut config, seed| {
        let voice = &mut seed["applications"][0]["capabilities"]["voice"]["webhooks"];
        voice.as_object_mut().unwrap().remove("event_url");
        config.finished_calls = 100;
        config
    });
    let lab = Lab::with(&[NUMBER], |_| Answer::Json(json!([])), change).await;
    let healthy = lab.healthy().await;
    let mut first = None;
    for _ in 0..60 {
        let mut batch = Vec::new();
        for _ in 0..50 {
            let place = PlaceCall::new(PlaceCallRequest::new(ALICE, NUMBER));
            batch.push(lab.emulator.control(&place).unwrap().id.as_str().to_owned());
        }
        for call in &batch {
            lab.wait(call, "completed").await;
        }
        first = first.or_else(|| batch.into_iter().next());
    }
    let over = calls(&lab).await.into_iter().filter(|call| call["status"] == "completed").count();
    assert_eq!(over, 100);
    let listed =
        lab.good(As::App(OWN), Method::GET, "/v1/calls?page_size=100&status=completed", None).await;
    assert_eq!(listed["count"], 100, "{listed}");
    let first = first.unwrap();
    for path in [format!("/calls/{first}"), format!("/calls/{first}/transcript")] {
        let reply = lab.send(As::Nobody, Method::GET, &format!("/_ringback{path}"), None).await;
        assert_eq!((reply.status, reply.header("ringback-reason")), (404, "call-unknown"));
    }
    // One that is up is never among those that are forgotten.
    assert_eq!(lab.emulator.live_calls(), 1);
    lab.ends_well(&healthy).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_calls_cost_is_what_the_seed_says() {
    let change: Change = Box::new(|config, seed| {
        seed["tariffs"] = json!([
            {"direction": "outbound", "prefix": "4477", "rate": "0.06", "network": "23410"},
            {"direction": "outbound", "rate": "9.99"},
            {"direction": "inbound", "rate": "0.01270000", "network": "GB-FIXED"},
        ]);
        config
    });
    let answer = |hook: &Hook| {
        Answer::Json(match hook.path.as_str() {
            "/answer" => json!([connect(BOB)]),
            _ => Value::Null,
        })
    };
    let lab = Lab::with(&[NUMBER], answer, change).await;
    let script = json!({"script": "ring after 1s, answer after 3s, hang up after 30s"});
    lab.control(Method::PUT, &format!("/phones/{BOB}"), Some(script)).await;
    let call = lab.call(NUMBER).await;
    lab.wait(&call, "completed").await;
    for (direction, rate, hundred_millionths, network) in [
        ("outbound", "0.06000000", 6_000_000, "23410"),
        ("inbound", "0.01270000", 1_270_000, "GB-FIXED"),
    ] {
        let is =
            |hook: &Hook| hook.text("status") == "completed" && hook.text("direction") == direction;
        let said = lab.server.until(direction, is).await.said;
        assert_eq!((&said["rate"], &said["network"]), (&json!(rate), &json!(network)), "{said}");
        let seconds: u64 = said["duration"].as_str().unwrap().parse().unwrap();
        assert!(seconds >= 30, "{said}");
        // Euros with eight decimals, rounded.
        let price = (hundred_millionths * seconds + 30) / 60;
        let price = format!("{}.{:08}", price / 100_000_000, price % 100_000_000);
        assert_eq!(said["price"], price.as_str(), "{said}");
        // The Voice API says the same.
        let path = format!("/v1/calls/{}", said["uuid"].as_str().unwrap());
        let shown = lab.good(As::App(OWN), Method::GET, &path, None).await;
        for name in ["rate", "price", "duration", "network"] {
            assert_eq!(shown[name], said[name], "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_waits_for_a_call_and_is_told_when_it_cannot_come() {
    let lab = Lab::start(&[NUMBER], talks).await;
    let call = lab.call(NUMBER).await;
    let wait = async |query: &str| {
        let path = format!("/_ringback/calls/{call}/wait?{query}");
        lab.send(As::Nobody, Method::GET, &path, None).await
    };
    let reply = wait("status=completed&within=60").await;
    assert_eq!((reply.status, &reply.json()["status"]), (200, &json!("completed")));
    for (query, status, reason) in [
        ("status=answered&within=0", 200, ""),
        ("status=busy&within=600", 408, "status-not-reached"),
        ("status=answered&within=6000", 400, "out-of-range"),
    ] {
        let reply = wait(query).await;
        assert_eq!((reply.status, reply.header("ringback-reason")), (status, reason), "{query}");
    }
    // A page of another origin is kept out, unless the REST API is opened to all.
    let change: Change = Box::new(|config, _| config.cors(true));
    let open = Lab::with(&[NUMBER], talks, change).await;
    for (lab, path, status) in
        [(&lab, "/v1/calls", 403), (&open, "/v1/calls", 200), (&open, "/_ringback/calls", 403)]
    {
        let request = lab.request(As::App(OWN), Method::GET, path);
        let reply = lab.reply(request.header("origin", "https://app.example")).await;
        let allowed = if status == 200 { "https://app.example" } else { "" };
        assert_eq!((reply.status, reply.header("access-control-allow-origin")), (status, allowed));
    }
    let up = open.call(OTHER_NUMBER).await;
    open.wait(&up, "answered").await;
}
