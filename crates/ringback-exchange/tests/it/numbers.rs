//! Numbers for rent, rented numbers, and prices.

use bytes::Bytes;
use ringback_exchange::{Caller, Exchange, Input, Refusal, Request, Settings};
use ringback_model::{
    ApiKey, Operation, PhoneNumber, Timestamp,
    account::{GetBalance, GetPhonePricing, GetPricing, PricedKind},
    control::{Seed, SeedRequest},
    numbers::{
        BuyNumber, CancelNumber, Feature, ListNumbers, NumberType, SearchNumbers, UpdateNumber,
    },
};
use serde_json::{Value, json};

use crate::world::{NUMBER, START, World, connect_bob};

const OTHER: &str = "5b2d1c8e-94bd-4c3b-9d63-9e7a4ad0a1f5";

fn exchange() -> Exchange {
    Exchange::new(Settings::new(1, ApiKey::new("abcd1234")))
}

fn number(text: &str) -> PhoneNumber {
    PhoneNumber::new(text).unwrap()
}

fn ask<O: Operation>(exchange: &mut Exchange, operation: &O) -> Result<Value, Refusal> {
    let parts = operation.encode().unwrap();
    let request = Request { caller: Caller::Account, operation: O::INFO, parts, key_pair: None };
    let output = exchange.handle(Timestamp::from_millis(START), Input::Request(request));
    output.reply.unwrap().map(|answer| match &answer.body[..] {
        [] => Value::Null,
        body => serde_json::from_slice(body).unwrap(),
    })
}

#[test]
fn numbers_are_for_rent_in_several_countries() {
    let mut exchange = exchange();
    for (country, prefix) in [
        ("GB", "44"),
        ("US", "1"),
        ("CA", "1"),
        ("DE", "49"),
        ("FR", "33"),
        ("ES", "34"),
        ("SE", "46"),
        ("NL", "31"),
        ("AU", "61"),
    ] {
        let shown = ask(&mut exchange, &SearchNumbers::new(country).size(100)).unwrap();
        let rows = shown["numbers"].as_array().unwrap();
        assert_eq!(shown["count"], rows.len());
        for row in rows {
            assert_eq!(row["country"], country);
            assert!(row["msisdn"].as_str().unwrap().starts_with(prefix), "{row}");
            assert!(row["cost"].is_string() && row["initialPrice"].is_string(), "{row}");
        }
        let mobiles = SearchNumbers::new(country).kind(NumberType::MobileLvn).size(100);
        let both = mobiles.features(vec![Feature::Voice, Feature::Sms]);
        assert!(ask(&mut exchange, &both).unwrap()["count"].as_u64().unwrap() >= 10, "{country}");
    }
}

#[test]
fn numbers_are_searched_by_what_they_are() {
    let mut exchange = exchange();
    let gb = || SearchNumbers::new("GB");
    let features = |list: &[&str]| list.iter().map(|name| Feature::from(*name)).collect::<Vec<_>>();
    for (search, count) in [
        (gb().kind(NumberType::LandlineTollFree), 5),
        (gb().kind(NumberType::Landline), 5),
        (gb().pattern("44770090011"), 10),
        (gb().pattern("44770090011").search_pattern(0), 10),
        (gb().pattern("90011").search_pattern(0), 0),
        (gb().pattern("90011").search_pattern(1), 10),
        (gb().pattern("0119").search_pattern(2), 1),
        (gb().pattern("*0119").search_pattern(2), 1),
        (SearchNumbers::new("us").features(features(&["SMS", "VOICE", "MMS"])), 20),
        (SearchNumbers::new("US").features(features(&["SMS", "MMS", "VOICE"])), 20),
        (SearchNumbers::new("US").features(features(&["mms"])), 20),
        (SearchNumbers::new("US").features(features(&["VOICE"])), 30),
        (SearchNumbers::new("IE").features(features(&["SMS"])), 0),
        (SearchNumbers::new("XX"), 0),
    ] {
        let shown = ask(&mut exchange, &search).unwrap();
        match count {
            0 => assert_eq!(shown, json!({}), "{search:?}"),
            count => assert_eq!(shown["count"], count, "{search:?}"),
        }
    }
    let page = |size, index| SearchNumbers::new("US").size(size).index(index);
    for (size, index, expected) in [(10, 1, 10), (10, 3, 10), (100, 1, 30), (7, 5, 2), (10, 4, 0)] {
        let shown = ask(&mut exchange, &page(size, index)).unwrap();
        assert_eq!(shown["numbers"].as_array().unwrap().len(), expected, "{size} {index}");
        assert_eq!(shown["count"], 30);
    }
    for wrong in [
        page(0, 1),
        page(101, 1),
        page(10, 0),
        gb().search_pattern(3),
        SearchNumbers::new("GBR"),
        SearchNumbers::new("4"),
    ] {
        let refusal = ask(&mut exchange, &wrong).unwrap_err();
        assert_eq!((refusal.status(), refusal.reason), (420, "parameter-invalid"), "{wrong:?}");
        assert_eq!(refusal.details.code.as_ref(), "420");
    }
}

#[test]
fn an_update_sets_the_whole_record_of_a_number() {
    let mut world = World::new(connect_bob());
    let id = world.application.to_string();
    let row = |world: &mut World| {
        let list = ListNumbers::new().pattern(NUMBER);
        world.ask_as(Caller::Account, &list).unwrap()["numbers"][0].clone()
    };
    let base = json!({"country": "GB", "msisdn": NUMBER, "type": "mobile-lvn",
        "features": ["SMS", "VOICE"]});
    for (form, more) in [
        (format!("app_id={id}"), json!({"app_id": id, "voiceCallbackType": "app", "voiceCallbackValue": id})),
        (format!("voiceCallbackType=app&voiceCallbackValue={id}"), json!({"app_id": id, "voiceCallbackType": "app", "voiceCallbackValue": id})),
        (format!("app_id={id}&voiceCallbackType=tel&voiceCallbackValue=447700900001"), json!({"app_id": id, "voiceCallbackType": "tel", "voiceCallbackValue": "447700900001"})),
        ("voiceCallbackType=sip&voiceCallbackValue=sip%3Aa%40b.example&voiceStatusCallback=https%3A%2F%2Fx.test".to_owned(), json!({"voiceCallbackType": "sip", "voiceCallbackValue": "sip:a@b.example", "voiceStatusCallbackUrl": "https://x.test"})),
        ("voiceCallbackType=vxml&voiceCallbackValue=https%3A%2F%2Fx.test".to_owned(), json!({"voiceCallbackType": "vxml", "voiceCallbackValue": "https://x.test"})),
        ("moHttpUrl=https%3A%2F%2Fx.test&moSmppSysType=inbound".to_owned(), json!({"moHttpUrl": "https://x.test"})),
        ("moHttpUrl=".to_owned(), json!({})),
        (format!("messagesCallbackType=app&messagesCallbackValue={id}"), json!({"messagesCallbackType": "app", "messagesCallbackValue": id})),
        (String::new(), json!({})),
    ] {
        let mut parts = UpdateNumber::new("GB", number(NUMBER)).encode().unwrap();
        parts.body = Bytes::from(format!("country=GB&msisdn={NUMBER}&{form}"));
        let request =
            Request { caller: Caller::Account, operation: UpdateNumber::INFO, parts, key_pair: None };
        let reply = world.exchange.handle(world.now, Input::Request(request)).reply.unwrap();
        let outcome: Value = serde_json::from_slice(&reply.unwrap().body).unwrap();
        assert_eq!(outcome, json!({"error-code": "200", "error-code-label": "success"}));
        let mut expected = base.clone();
        expected.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!(row(&mut world), expected, "{form}");
    }
    let update = || UpdateNumber::new("GB", number(NUMBER));
    for (wrong, reason) in [
        (
            update().voice_callback_type("sip").voice_callback_value("b.example"),
            "voice-callback-value-invalid",
        ),
        (
            update().voice_callback_type("tel").voice_callback_value("+447700900001"),
            "voice-callback-value-invalid",
        ),
        (
            update().voice_callback_type("fax").voice_callback_value("1"),
            "voice-callback-type-unknown",
        ),
        (update().voice_callback_type("tel"), "voice-callback-value-missing"),
        (update().mo_http_url("x.test"), "parameter-invalid"),
        (update().app_id(OTHER), "application-unknown"),
        (UpdateNumber::new("US", number(NUMBER)), "number-of-another-country"),
        (UpdateNumber::new("GB", number("447700900100")), "number-not-available"),
    ] {
        let refusal = world.ask_as(Caller::Account, &wrong).unwrap_err();
        assert_eq!((refusal.status(), refusal.reason), (420, reason), "{wrong:?}");
        assert_eq!(row(&mut world), base, "nothing has changed");
    }
    let sub = BuyNumber::new("GB", number("447700900100")).target_api_key("other");
    assert_eq!(world.ask_as(Caller::Account, &sub).unwrap_err().reason, "subaccount-unknown");
    let absent = CancelNumber::new("GB", number("447700900999"));
    assert_eq!(world.ask_as(Caller::Account, &absent).unwrap_err().status(), 420);
}

#[test]
fn prices_are_what_the_command_lines_ask_for() {
    let mut exchange = exchange();
    let phone = |kind, phone| GetPhonePricing::new(kind, number(phone));
    let sms = ask(&mut exchange, &phone(PricedKind::Sms, "447700900000")).unwrap();
    assert_eq!(
        sms,
        json!({"price": "0.03330000", "phone": "447700900000", "network": "23433", "country-code": "GB"})
    );
    let voice = ask(&mut exchange, &phone(PricedKind::Voice, "447700900000")).unwrap();
    assert_eq!(voice["price"], "0.10000000");
    let country = ask(&mut exchange, &GetPricing::new("de")).unwrap();
    assert_eq!((&country["mt"], &country["prefix"]), (&json!("0.03330000"), &json!("49")));
    assert_eq!(country["networks"][0]["mtPrice"], "0.03330000");
    assert_eq!(ask(&mut exchange, &GetPricing::new("XX")).unwrap_err().status(), 420);
    assert_eq!(
        ask(&mut exchange, &phone(PricedKind::Sms, "99999999999")).unwrap_err().status(),
        420
    );
    let tariffs = json!({"account": {"balance": 3.5}, "tariffs": [
        {"rate": "0.02", "network": "X"}, {"direction": "inbound", "prefix": "4477", "rate": "0.5"},
        {"direction": "outbound", "prefix": "4477", "rate": 0.0125, "network": "23410"}]});
    for _ in 0..2 {
        let body: SeedRequest = serde_json::from_value(tariffs.clone()).unwrap();
        ask(&mut exchange, &Seed::new(body)).unwrap();
        for (number, price, network) in
            [("447700900000", "0.01250000", "23410"), ("4915112345678", "0.02000000", "X")]
        {
            let voice = ask(&mut exchange, &phone(PricedKind::Voice, number)).unwrap();
            assert_eq!((&voice["price"], &voice["network"]), (&json!(price), &json!(network)));
        }
    }
    assert_eq!(ask(&mut exchange, &GetBalance::new()).unwrap()["value"], 3.5);
}
