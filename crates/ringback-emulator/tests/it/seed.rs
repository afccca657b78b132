//! What is added to a platform: by the control API, and by a directory at the start.

use reqwest::Method;
use ringback_emulator::Config;
use ringback_jwt::{Claims, Signer};
use ringback_model::control::{SeedAccount, SeedApplication, SeedPhone, SeedRequest};
use serde_json::json;

use crate::harness::{ALICE, API_KEY, API_SECRET, Platform, config, now, private_key};

const ID: &str = "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab";

/// A token of the application, signed with the key of all tests.
fn token() -> String {
    let signer = Signer::from_pem(&private_key()).unwrap();
    signer.mint(&Claims::new(ID), now()).unwrap().expose().to_owned()
}

async fn listed(platform: &Platform, token: &str) -> u16 {
    let request = platform.request(Method::GET, "/v1/conversations").bearer_auth(token);
    platform.send(request).await.status.as_u16()
}

#[tokio::test]
async fn a_seed_brings_applications_with_keys() {
    let platform = Platform::auto().await;
    assert_eq!(listed(&platform, &token()).await, 401);
    let seed = json!({
        "applications": [
            {"id": ID, "name": "Mine", "private_key": private_key()},
            {"name": "Made up"},
        ],
        "phones": [{"number": ALICE, "name": "Alice B", "script": "busy"}],
    });
    platform.control(Method::POST, "/_ringback/seed", Some(seed)).await;
    assert_eq!(listed(&platform, &token()).await, 200);
    let apps = platform.request(Method::GET, "/v2/applications");
    let apps = platform.send(apps.basic_auth(API_KEY, Some(API_SECRET))).await.json();
    let apps = apps["_embedded"]["applications"].as_array().unwrap();
    let key = |name: &str| {
        let app = apps.iter().find(|app| app["name"] == name).unwrap();
        app["keys"]["public_key"].as_str().unwrap().to_owned()
    };
    assert!(key("Made up").contains("BEGIN PUBLIC KEY") && key("Made up") != key("Mine"));
    let phones = platform.get("/_ringback/phones").await.json();
    assert!(phones.to_string().contains("Alice B"), "{phones}");

    for (application, expected) in [
        (json!({"name": "X", "public_key": "none"}), "applications[0].public_key: "),
        (json!({"name": "X", "private_key": "none"}), "applications[0].private_key: "),
    ] {
        let request = platform.request(Method::POST, "/_ringback/seed");
        let reply = platform.send(request.json(&json!({"applications": [application]}))).await;
        assert_eq!(reply.header("ringback-reason"), "key-unusable", "{}", reply.text);
        assert!(reply.header("ringback-hint").contains(expected), "{}", reply.text);
    }
    let request = platform.request(Method::POST, "/_ringback/seed");
    let reply = platform.send(request.json(&json!({"aplications": []}))).await;
    assert_eq!(reply.status, 400, "{}", reply.text);
}

fn directory() -> SeedRequest {
    SeedRequest::new()
        .account(SeedAccount::new().api_key("seedkey1").api_secret("planted-seed-secret"))
        .applications(vec![SeedApplication::new("Mine").id(ID).private_key(private_key().as_str())])
        .phones(vec![SeedPhone::new("447700900001").name("Carol")])
}

#[tokio::test]
async fn a_directory_is_there_from_the_start_and_after_a_reset() {
    let config = Config::new().spare_key_pairs(0).start_application(false).directory(directory());
    let platform = Platform::start(config).await;
    for _ in 0..2 {
        let environment = platform.control(Method::GET, "/_ringback/environment", None).await;
        for (name, expected) in
            [("api_key", "seedkey1"), ("api_secret", "planted-seed-secret"), ("application_id", ID)]
        {
            assert_eq!(environment[name], expected, "{name}");
        }
        assert_eq!(environment["private_key"].as_str().unwrap().trim(), private_key().trim());
        assert_eq!(listed(&platform, &token()).await, 200);
        let phones = platform.get("/_ringback/phones").await.json();
        assert!(phones.to_string().contains("Carol"), "{phones}");
        platform.control(Method::POST, "/_ringback/reset", None).await;
    }
}

#[tokio::test]
async fn a_directory_may_stand_beside_the_usual_application() {
    let platform = Platform::start(config().directory(directory())).await;
    assert_eq!(platform.environment.api_key.as_str(), API_KEY);
    assert_ne!(platform.application(), ID);
    assert_eq!(platform.with_token("/v1/conversations").await.status, 200);
    assert_eq!(listed(&platform, &token()).await, 200);
}
