//! Seeds: taken in as a whole, or refused with the place of what is wrong.

use ringback_exchange::{Caller, Exchange, Refusal};
use ringback_model::{
    ApplicationId, Operation as _, PhoneNumber,
    account::GetBalance,
    applications::{GetApplication, ListApplications},
    control::{ListPhones, PlaceCallRequest, Seed, SeedRequest},
    numbers::{BuyNumber, CancelNumber, ListNumbers, SearchNumbers},
};
use serde_json::{Value, json};

use crate::world::{ALICE, BOB, NUMBER, World, connect_bob};

const ID: &str = "78d335fa-323d-4114-9c3d-d6f0d48968cf";
const OTHER: &str = "5b2d1c8e-94bd-4c3b-9d63-9e7a4ad0a1f5";
const KEY: &str = "-----BEGIN PUBLIC KEY-----\n…\n-----END PUBLIC KEY-----\n";

fn plant(world: &mut World, seed: &Value) -> Result<Value, Refusal> {
    let body: SeedRequest = serde_json::from_value(seed.clone()).unwrap();
    world.ask_as(Caller::Control, &Seed::new(body))
}

/// An application with its own id, key and answer URL.
fn application(id: &str, name: &str) -> Value {
    json!({"id": id, "name": name, "public_key": KEY, "capabilities": {"voice": {"webhooks": {
        "answer_url": {"address": "http://app.test/webhooks/answer"},
        "event_url": {"address": "http://app.test/webhooks/event"}}}}})
}

/// Everything that shows what a platform has.
fn all(world: &mut World) -> Vec<Value> {
    let account = Caller::Account;
    vec![
        world.ask_as(account.clone(), &ListApplications::new().page_size(100)).unwrap(),
        world.ask_as(account.clone(), &ListNumbers::new().size(100)).unwrap(),
        world.ask_as(account.clone(), &SearchNumbers::new("GB").size(100)).unwrap(),
        world.ask_as(account, &GetBalance::new()).unwrap(),
        world.ask_as(Caller::Control, &ListPhones::new()).unwrap(),
    ]
}

#[test]
fn a_seed_is_taken_in_as_a_whole() {
    let mut world = World::new(connect_bob());
    let seed = json!({
        "account": {"api_key": "abcd1234", "api_secret": "s3cretS3cret", "balance": "12.34"},
        "applications": [application(ID, "ivr"), {"name": "nameless", "public_key": KEY}],
        "numbers": [
            {"country": "GB", "msisdn": "447700900123", "application": "ivr"},
            {"country": "gb", "msisdn": "447700900456", "application": ID, "type": "landline",
             "features": ["VOICE", "voice"], "cost": "2.5"},
            {"country": "SE", "msisdn": "46701740699"}],
        "users": [{"application": "ivr", "name": "alice", "display_name": "Alice",
                   "id": "USR-63f61863-4a51-4f6b-86e1-46edebcf9356"},
                  {"application": ID, "name": "bob"}],
        "phones": [{"number": "447700900001", "name": "Alice", "script": "busy"},
                   {"number": "app:alice", "script": "ring after 1s, answer after 2s"},
                   {"number": "vbc:111"}, {"number": "sip:a@b.example", "name": "desk"}],
        "tariffs": [{"rate": "0.5", "direction": "inbound"}]});
    // The same seed twice leaves what it left once, but for what has no id of its own.
    for times in 1..=2 {
        plant(&mut world, &seed).unwrap();
        let got = world.ask_as(Caller::Account, &GetApplication::new(ID)).unwrap();
        assert_eq!((&got["name"], &got["keys"]), (&json!("ivr"), &json!({"public_key": KEY})));
        assert_eq!(world.exchange.public_key(&ApplicationId::new(ID)), Some(KEY));
        let hook = &got["capabilities"]["voice"]["webhooks"]["event_url"];
        assert_eq!(
            (&hook["http_method"], &hook["socket_timeout"]),
            (&json!("POST"), &json!(10_000))
        );
        let listed = world.ask_as(Caller::Account, &ListApplications::new()).unwrap();
        assert_eq!(listed["total_items"], 2 + times);
        let linked = ListNumbers::new().application_id(ID);
        let linked = world.ask_as(Caller::Account, &linked).unwrap();
        assert_eq!(linked["count"], 2);
        assert_eq!(
            linked["numbers"][1],
            json!({"country": "GB", "msisdn": "447700900456",
            "type": "landline", "features": ["VOICE"], "app_id": ID, "voiceCallbackType": "app",
            "voiceCallbackValue": ID})
        );
        let free = ListNumbers::new().pattern("46").has_application(false);
        assert_eq!(world.ask_as(Caller::Account, &free).unwrap()["count"], 1);
        let balance = world.ask_as(Caller::Account, &GetBalance::new()).unwrap();
        assert_eq!(balance, json!({"value": 12.34, "autoReload": false}));
        let phones = world.ask_as(Caller::Control, &ListPhones::new()).unwrap();
        let phone = |address: &str| {
            let all = phones["phones"].as_array().unwrap();
            all.iter().find(|phone| phone["number"] == address).unwrap().clone()
        };
        assert_eq!(phone("447700900001")["name"], "Alice");
        assert_eq!(phone("app:alice")["script"], "ring after 1s, answer after 2s");
        assert_eq!(phone("sip:a@b.example")["name"], "desk");
        assert_eq!(phone("vbc:111")["state"], "idle");
    }
    // A call goes where the seed says, and costs what it says.
    world.place_call(PlaceCallRequest::new(ALICE, "447700900123")).unwrap();
    world.run();
    world.run_for(60_000);
    assert_eq!(world.sent[0].application, ApplicationId::new(ID));
    assert_eq!(world.exchange.live_calls(), 1);
}

#[test]
fn what_a_seed_leaves_out_stays_as_it_is() {
    let mut world = World::new(connect_bob());
    plant(&mut world, &json!({"phones": [{"number": BOB, "name": "Bobby"}]})).unwrap();
    let phones = world.ask_as(Caller::Control, &ListPhones::new()).unwrap();
    let bob = phones["phones"].as_array().unwrap().iter().find(|phone| phone["number"] == BOB);
    let bob = bob.unwrap();
    assert_eq!(
        (&bob["name"], &bob["script"]),
        (&json!("Bobby"), &json!("ring after 1s, answer after 3s"))
    );
    // A rented number keeps its link, and an application its key.
    let before = all(&mut world);
    plant(&mut world, &json!({"numbers": [{"country": "GB", "msisdn": NUMBER}]})).unwrap();
    assert_eq!(all(&mut world), before);
    let id = world.application.to_string();
    plant(&mut world, &json!({"applications": [{"id": id, "name": "renamed"}]})).unwrap();
    let got = world.ask_as(Caller::Account, &GetApplication::new(id)).unwrap();
    assert_eq!((&got["name"], &got["capabilities"]), (&json!("renamed"), &json!({})));
    assert!(got["keys"]["public_key"].is_string());
}

#[test]
fn a_rented_number_that_came_by_a_seed_can_be_given_back_and_rented_again() {
    let mut world = World::new(connect_bob());
    let msisdn = PhoneNumber::new("421900000001").unwrap();
    let seed = json!({"numbers": [{"country": "SK", "msisdn": msisdn.as_str(), "cost": "7"}]});
    plant(&mut world, &seed).unwrap();
    let back = CancelNumber::new("SK", msisdn.clone());
    world.ask_as(Caller::Account, &back).unwrap();
    let found = world.ask_as(Caller::Account, &SearchNumbers::new("SK")).unwrap();
    assert_eq!((&found["count"], &found["numbers"][0]["cost"]), (&json!(1), &json!("7")));
    world.ask_as(Caller::Account, &BuyNumber::new("SK", msisdn)).unwrap();
}

/// Faulty seeds, with the reason and the place of each.
fn faulty() -> Vec<(Value, &'static str, &'static str)> {
    let app = || application(ID, "ivr");
    let with = |more: Value| {
        let mut seed = json!({"applications": [app()]});
        seed.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        seed
    };
    let number = |more: Value| {
        let mut number = json!({"country": "GB", "msisdn": "447700900123"});
        number.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"numbers": [number]})
    };
    vec![
        (json!({"account": {"api_key": "other"}}), "account-key-fixed", "/account/api_key"),
        (json!({"account": {"balance": "much"}}), "amount-malformed", "/account/balance"),
        (
            json!({"applications": [{"name": "a"}]}),
            "public-key-missing",
            "/applications/0/public_key",
        ),
        (
            json!({"applications": [{"name": "a", "private_key": "-----BEGIN PRIVATE KEY-----"}]}),
            "public-key-missing",
            "/applications/0/public_key",
        ),
        (
            json!({"applications": [{"name": "a", "public_key": "ssh-rsa AAAA"}]}),
            "application-invalid",
            "/applications/0/public_key",
        ),
        (
            json!({"applications": [{"name": " ", "public_key": KEY}]}),
            "application-invalid",
            "/applications/0/name",
        ),
        (
            json!({"applications": [app(), {"id": "mine", "name": "a", "public_key": KEY}]}),
            "application-id-malformed",
            "/applications/1/id",
        ),
        (json!({"applications": [app(), app()]}), "application-twice", "/applications/1/id"),
        (
            json!({"applications": [{"name": "a", "public_key": KEY, "capabilities": {"voice": {"region": "moon"}}}]}),
            "application-invalid",
            "/applications/0/capabilities/voice/region",
        ),
        (number(json!({"application": "nobody"})), "application-unknown", "/numbers/0/application"),
        (
            json!({"applications": [app(), application(OTHER, "ivr")], "numbers": [{"country": "GB", "msisdn": "447700900123", "application": "ivr"}]}),
            "application-ambiguous",
            "/numbers/0/application",
        ),
        (number(json!({"msisdn": "+447700900123"})), "number-malformed", "/numbers/0/msisdn"),
        (number(json!({"country": "ZZ"})), "country-unknown", "/numbers/0/country"),
        (number(json!({"country": "US"})), "number-of-another-country", "/numbers/0/country"),
        (number(json!({"type": "pager"})), "number-type-unknown", "/numbers/0/type"),
        (number(json!({"features": ["FAX"]})), "feature-unknown", "/numbers/0/features"),
        (number(json!({"features": []})), "feature-missing", "/numbers/0/features"),
        (number(json!({"cost": "-1"})), "amount-malformed", "/numbers/0/cost"),
        (
            json!({"applications": [app(), application(OTHER, "shop")], "numbers": [
            {"country": "GB", "msisdn": "447700900123", "application": "ivr"},
            {"country": "GB", "msisdn": "447700900123", "application": "shop"}]}),
            "number-twice",
            "/numbers/1/msisdn",
        ),
        (
            with(json!({"numbers": [{"country": "GB", "msisdn": NUMBER, "application": "ivr"}]})),
            "number-linked-elsewhere",
            "/numbers/0/application",
        ),
        (
            with(json!({"users": [{"name": "alice"}]})),
            "application-missing",
            "/users/0/application",
        ),
        (
            with(json!({"users": [{"application": "ivr", "name": "me"}]})),
            "user-name-reserved",
            "/users/0/name",
        ),
        (
            with(
                json!({"users": [{"application": "ivr", "name": "a"}, {"application": ID, "name": "a"}]}),
            ),
            "user-twice",
            "/users/1/name",
        ),
        (
            with(json!({"users": [{"application": "ivr", "name": "a", "id": "a"}]})),
            "user-id-malformed",
            "/users/0/id",
        ),
        (
            with(json!({"users": [
            {"application": "ivr", "name": "a", "id": "USR-63f61863-4a51-4f6b-86e1-46edebcf9356"},
            {"application": "ivr", "name": "b", "id": "USR-63f61863-4a51-4f6b-86e1-46edebcf9356"}]})),
            "user-id-taken",
            "/users/1/id",
        ),
        (
            json!({"phones": [{"number": "0044 7700 900001"}]}),
            "phone-malformed",
            "/phones/0/number",
        ),
        (json!({"phones": [{"number": "app:"}]}), "phone-malformed", "/phones/0/number"),
        (json!({"phones": [{"number": BOB}, {"number": BOB}]}), "phone-twice", "/phones/1/number"),
        (
            json!({"phones": [{"number": BOB, "script": "juggle"}]}),
            "script-invalid",
            "/phones/0/script",
        ),
        (json!({"tariffs": [{"rate": "free"}]}), "amount-malformed", "/tariffs/0/rate"),
        (
            json!({"tariffs": [{"rate": "1", "prefix": "+44"}]}),
            "prefix-malformed",
            "/tariffs/0/prefix",
        ),
        (
            json!({"tariffs": [{"rate": "1", "direction": "sideways"}]}),
            "direction-unknown",
            "/tariffs/0/direction",
        ),
        (json!({"tariffs": [{"rate": "1"}, {"rate": "2"}]}), "tariff-twice", "/tariffs/1"),
    ]
}

#[test]
fn a_faulty_seed_changes_nothing_and_says_where_it_is_faulty() {
    let mut world = World::new(connect_bob());
    let before = all(&mut world);
    for (faulty, reason, path) in faulty() {
        // Whatever else is in it is right.
        let mut seed = json!({
            "account": {"balance": "1"}, "phones": [{"number": "447700900777", "script": "busy"}],
            "applications": [application(OTHER, "other")],
            "numbers": [{"country": "GB", "msisdn": "447700900555", "application": "Conversation App"}]});
        seed.as_object_mut().unwrap().extend(faulty.as_object().unwrap().clone());
        let refusal = plant(&mut world, &seed).unwrap_err();
        assert_eq!((refusal.status(), refusal.reason), (400, reason), "{faulty}: {refusal:?}");
        assert_eq!(refusal.checked, format!("{path} of the seed"), "{faulty}");
        assert!(refusal.seen.starts_with(&format!("{path}: ")), "{refusal:?}");
        assert!(!refusal.expected.is_empty() && !refusal.fix.is_empty(), "{refusal:?}");
        assert_eq!(all(&mut world), before, "{faulty}");
    }
}

#[test]
fn two_applications_with_one_number_are_told_apart() {
    let mut world = World::new(connect_bob());
    let linked =
        |application| json!({"country": "GB", "msisdn": NUMBER, "application": application});
    let seed = json!({"applications": [application(ID, "ivr")], "numbers": [linked("ivr")]});
    let refusal = plant(&mut world, &seed).unwrap_err();
    let other = world.application.clone();
    assert_eq!(
        refusal.seen,
        format!(
            "/numbers/0/application: {NUMBER} is linked to {other} already, and the seed says {ID}"
        )
    );
    let seed = json!({"applications": [application(ID, "ivr")],
        "numbers": [linked("ivr"), linked("Conversation App")]});
    // The first of the two is looked at first.
    assert_eq!(plant(&mut world, &seed).unwrap_err().reason, "number-linked-elsewhere");
    assert_eq!(Seed::INFO.id, "control.Seed");
}

#[test]
fn what_a_seed_made_is_there_after_a_restart() {
    let mut world = World::new(connect_bob());
    let seed = json!({
        "applications": [application(ID, "ivr")],
        "numbers": [
            {"country": "GB", "msisdn": "447700900123", "application": "ivr"},
            {"country": "GB", "msisdn": "447700900456", "application": ID, "type": "landline",
             "features": ["VOICE"], "cost": "2.5"},
            {"country": "GB", "msisdn": "447700900457", "cost": "7.25"}]});
    plant(&mut world, &seed).unwrap();
    // One that is given back is for rent as the seed described it.
    let number = PhoneNumber::new("447700900457").unwrap();
    world.ask_as(Caller::Account, &CancelNumber::new("GB", number)).unwrap();
    let before = all(&mut world);
    assert!(before[2].to_string().contains("7.25"), "{}", before[2]);
    let state = world.exchange.snapshot().unwrap();
    world.exchange = Exchange::restore(world.exchange.settings().clone(), &state).unwrap();
    assert_eq!(all(&mut world), before);
    assert_eq!(world.exchange.snapshot().unwrap(), state);
}

#[test]
fn a_state_of_another_version_is_refused() {
    let settings = World::new(connect_bob()).exchange.settings().clone();
    for version in [0, 1, 3] {
        let state = json!({"version": version}).to_string();
        let error = Exchange::restore(settings.clone(), state.as_bytes()).unwrap_err();
        let words =
            format!("the state is written in version {version}, and version 2 is read here");
        assert_eq!(error.to_string(), words);
    }
}
