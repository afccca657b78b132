//! What the REST API shows and refuses.

use ringback_exchange::Caller;
use ringback_model::{
    ApplicationId, ConversationId, HttpMethod, MemberId, Operation, PhoneNumber,
    account::GetBalance,
    applications::{
        ApplicationRequest, Capabilities, CreateApplication, DeleteApplication, GetApplication,
        Keys, ListApplications, UpdateApplication, VoiceCapability, VoiceWebhooks, Webhook,
    },
    beta,
    control::{AnswerPhone, ListPhones, PlaceCallRequest, SetPhone, SetPhoneRequest},
    insight::BasicInsight,
    numbers::{
        BuyNumber, CancelNumber, Feature, ListNumbers, SearchNumbers, UpdateNumber,
        VoiceCallbackType,
    },
    v1,
};
use serde_json::{Value, json};

use crate::world::{ALICE, NUMBER, World, connect_bob};

fn up() -> (World, ConversationId) {
    let mut world = World::new(connect_bob());
    world.call();
    world.run();
    let conversation =
        ConversationId::new(world.last("answer")["conversation_uuid"].as_str().unwrap());
    (world, conversation)
}

fn number(text: &str) -> PhoneNumber {
    PhoneNumber::new(text).unwrap()
}

#[test]
fn v1_shows_the_same_conversation_with_its_own_shapes() {
    let (mut world, id) = up();
    let shown = world.ask(&v1::GetConversation::new(id.clone())).unwrap();
    assert_eq!(
        (&shown["id"], &shown["state"], &shown["sequence_number"]),
        (&json!(id.as_str()), &json!("ACTIVE"), &json!(8))
    );
    assert!(shown.get("members").is_none());
    let members = world.ask(&v1::ListMembers::new(id.clone())).unwrap();
    let members = members["_embedded"]["members"].as_array().unwrap().clone();
    assert_eq!(members.len(), 2);
    assert!(
        members
            .iter()
            .all(|member| member["_embedded"]["user"]["id"].is_string()
                && member["state"] == "JOINED")
    );
    let member = MemberId::new(members[1]["id"].as_str().unwrap());
    let member = world.ask(&v1::GetMember::new(id.clone(), member)).unwrap();
    assert_eq!(member["initiator"], json!({"invited": {"is_system": true}}));
    assert_eq!(member["conversation_id"], id.as_str());
    // The list of events is `_embedded` itself.
    let events = world.ask(&v1::ListEvents::new(id).page_size(3)).unwrap();
    let page = events["_embedded"].as_array().unwrap();
    assert_eq!(
        page.iter().map(|event| event["id"].as_u64().unwrap()).collect::<Vec<_>>(),
        [1, 2, 3]
    );
    assert!(page[0]["_embedded"]["from_member"]["id"].is_string());
    assert!(
        events["_links"]["next"]["href"]
            .as_str()
            .unwrap()
            .starts_with("https://api.nexmo.com/v1/conversations/CON-")
    );
}

#[test]
fn pages_of_events_go_on_until_there_is_no_next_link() {
    let (mut world, id) = up();
    let mut cursor: Option<String> = None;
    let mut seen = Vec::new();
    for _ in 0..10 {
        let mut operation = v1::ListEvents::new(id.clone()).page_size(3);
        operation.cursor = cursor.take();
        let page = world.ask(&operation).unwrap();
        seen.extend(
            page["_embedded"].as_array().unwrap().iter().map(|event| event["id"].as_u64().unwrap()),
        );
        match page["_links"]["next"]["href"].as_str() {
            Some(next) => cursor = Some(next.split("cursor=").nth(1).unwrap().to_owned()),
            None => break,
        }
    }
    assert_eq!(seen, (1..=8).collect::<Vec<_>>());
    let refusal = world.ask(&v1::ListEvents::new(id).cursor("nonsense")).unwrap_err();
    assert_eq!(refusal.details.code, "paginator-builder:error:invalid-cursor");
}

#[test]
fn events_can_be_filtered() {
    let (mut world, id) = up();
    let kinds = |page: &Value| -> Vec<String> {
        page["_embedded"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| event["type"].as_str().unwrap().to_owned())
            .collect()
    };
    let answered = world.ask(&v1::ListEvents::new(id.clone()).event_type("sip:answered")).unwrap();
    assert_eq!(kinds(&answered), ["sip:answered", "sip:answered"]);
    let some = world.ask(&v1::ListEvents::new(id.clone()).start_id("2").end_id("3")).unwrap();
    assert_eq!(kinds(&some), ["sip:ringing", "sip:answered"]);
    let reason = world.ask(&v1::ListEvents::new(id).start_id("two")).unwrap_err().details.invalid
        [0]
    .reason
    .clone();
    assert_eq!(reason, "\"start_id\" must be a number");
}

#[test]
fn a_conversation_of_another_application_is_invisible_but_explained() {
    let (mut world, id) = up();
    let other = Caller::Application { id: ApplicationId::new("another"), user: None };
    let refusal = world.ask_as(other.clone(), &beta::GetConversation::new(id)).unwrap_err();
    assert_eq!(refusal.reason, "conversation-of-another-application");
    let unknown = ConversationId::new("CON-00000000-0000-4000-8000-000000000000");
    let not_there = world.ask_as(other.clone(), &beta::GetConversation::new(unknown)).unwrap_err();
    assert_eq!(not_there.reason, "conversation-unknown");
    // The platform says the same of both.
    let family = beta::GetConversation::INFO.errors;
    assert_eq!(refusal.body(family), not_there.body(family));
    let listed = world.ask_as(other, &v1::ListConversations::new()).unwrap();
    assert_eq!(listed["_embedded"]["conversations"], json!([]));
    assert_eq!(
        world.ask(&v1::ListConversations::new()).unwrap()["_embedded"]["conversations"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert!(refusal.hint().len() <= 200 && refusal.hint().is_ascii());
}

#[test]
fn what_is_not_in_a_conversation_is_refused() {
    let (mut world, id) = up();
    for event in ["0", "9", "x", "18446744073709551616"] {
        let refusal = world.ask(&beta::GetEvent::new(id.clone(), event)).unwrap_err();
        assert_eq!(
            (refusal.status(), &*refusal.details.code),
            (404, "event:error:not-found"),
            "{event}"
        );
    }
    let refusal = world.ask(&beta::GetMember::new(id, MemberId::new("MEM-no"))).unwrap_err();
    assert_eq!(&*refusal.details.code, "conversation:error:member-not-found");
}

#[test]
fn calls_that_cannot_come_in_say_why() {
    let mut world = World::new(connect_bob());
    let reason = |world: &mut World, from: &str, to: &str| {
        world.place_call(PlaceCallRequest::new(from, to)).unwrap_err().reason
    };
    assert_eq!(reason(&mut world, ALICE, "447700900199"), "number-not-rented");
    assert_eq!(reason(&mut world, "+44 7700 900000", NUMBER), "number-malformed");
    assert_eq!(reason(&mut world, ALICE, "0"), "number-malformed");
    world.ask_as(Caller::Account, &UpdateNumber::new("GB", number(NUMBER))).unwrap();
    assert_eq!(reason(&mut world, ALICE, NUMBER), "number-not-linked");
    let tel = UpdateNumber::new("GB", number(NUMBER))
        .voice_callback_type(VoiceCallbackType::Tel)
        .voice_callback_value("447700900001");
    world.ask_as(Caller::Account, &tel).unwrap();
    assert_eq!(reason(&mut world, ALICE, NUMBER), "number-forwards");
    let made = world
        .ask_as(Caller::Account, &CreateApplication::new(ApplicationRequest::new("mute")))
        .unwrap();
    let link = UpdateNumber::new("GB", number(NUMBER)).app_id(made["id"].as_str().unwrap());
    world.ask_as(Caller::Account, &link).unwrap();
    assert_eq!(reason(&mut world, ALICE, NUMBER), "application-without-answer-url");
    let script =
        world.place_call(PlaceCallRequest::new(ALICE, NUMBER).script("dance")).unwrap_err();
    assert_eq!(script.reason, "application-without-answer-url", "the number is looked at first");
}

#[test]
fn numbers_are_searched_bought_linked_and_given_back() {
    let mut world = World::new(connect_bob());
    let linked_to = world.application.clone();
    let account = Caller::Account;
    let search = |features: Vec<Feature>| SearchNumbers::new("gb").features(features).size(100);
    let both = world.ask_as(account.clone(), &search(vec![Feature::Voice, Feature::Sms])).unwrap();
    assert!(both["count"].as_u64().unwrap() >= 10);
    assert!(both["numbers"][0]["cost"].is_string());
    assert_eq!(world.ask_as(account.clone(), &SearchNumbers::new("XX")).unwrap(), json!({}));
    let page = world.ask_as(account.clone(), &SearchNumbers::new("US").size(3).index(2)).unwrap();
    assert_eq!(page["numbers"].as_array().unwrap().len(), 3);

    let wanted = number(both["numbers"][0]["msisdn"].as_str().unwrap());
    let bought = world.ask_as(account.clone(), &BuyNumber::new("GB", wanted.clone())).unwrap();
    assert_eq!(bought, json!({"error-code": "200", "error-code-label": "success"}));
    let again = world.ask_as(account.clone(), &BuyNumber::new("GB", wanted.clone())).unwrap_err();
    assert_eq!((again.status(), again.reason), (420, "number-already-rented"));
    let abroad =
        world.ask_as(account.clone(), &CancelNumber::new("US", wanted.clone())).unwrap_err();
    assert_eq!(abroad.reason, "number-of-another-country");

    let list = |world: &mut World, operation: ListNumbers| {
        world.ask_as(Caller::Account, &operation).unwrap()
    };
    assert_eq!(list(&mut world, ListNumbers::new())["count"], 2);
    assert_eq!(
        list(&mut world, ListNumbers::new().has_application(true))["numbers"][0]["msisdn"],
        NUMBER
    );
    assert_eq!(list(&mut world, ListNumbers::new().pattern("*002").search_pattern(2))["count"], 1);
    let linked = list(&mut world, ListNumbers::new().application_id(linked_to.clone()))["numbers"]
        [0]
    .clone();
    assert_eq!(linked["voiceCallbackType"], "app");
    assert_eq!(linked["app_id"], linked["voiceCallbackValue"]);
    let nowhere = UpdateNumber::new("GB", number(NUMBER)).app_id("nothing");
    assert_eq!(world.ask_as(account.clone(), &nowhere).unwrap_err().reason, "application-unknown");
    let odd = UpdateNumber::new("GB", number(NUMBER))
        .voice_callback_type(VoiceCallbackType::from("zzz"))
        .voice_callback_value("1");
    let odd = world.ask_as(account.clone(), &odd).unwrap_err();
    assert_eq!((odd.status(), odd.reason), (420, "voice-callback-type-unknown"));
    // The deprecated way of linking means the same.
    let id = world.application.to_string();
    let old = UpdateNumber::new("GB", wanted.clone())
        .voice_callback_type(VoiceCallbackType::App)
        .voice_callback_value(id);
    world.ask_as(account.clone(), &old).unwrap();
    assert_eq!(list(&mut world, ListNumbers::new().application_id(linked_to))["count"], 2);
    world.ask_as(account, &CancelNumber::new("GB", wanted)).unwrap();
    assert_eq!(list(&mut world, ListNumbers::new())["count"], 1);
}

#[test]
fn the_private_key_is_shown_once() {
    let mut world = World::new(connect_bob());
    let id = world.application.clone();
    let got = world.ask_as(Caller::Account, &GetApplication::new(id)).unwrap();
    assert!(got["keys"]["private_key"].is_null());
    assert!(got["keys"]["public_key"].as_str().unwrap().starts_with("-----BEGIN PUBLIC KEY-----"));
    assert_eq!(got["capabilities"]["voice"]["webhooks"]["event_url"]["socket_timeout"], 10_000);
    assert_eq!(got["capabilities"]["voice"]["webhooks"]["answer_url"]["connect_timeout"], 1_000);
    let listed = world.ask_as(Caller::Account, &ListApplications::new()).unwrap();
    assert_eq!(
        (&listed["total_items"], &listed["total_pages"], &listed["page"]),
        (&json!(1), &json!(1), &json!(1))
    );
    assert!(listed["_embedded"]["applications"][0]["keys"]["private_key"].is_null());
    let own = Keys::new().public_key("-----BEGIN PUBLIC KEY-----\nown\n-----END PUBLIC KEY-----\n");
    let made = world
        .ask_as(Caller::Account, &CreateApplication::new(ApplicationRequest::new("own").keys(own)))
        .unwrap();
    assert!(made["keys"]["private_key"].is_null());
}

#[test]
fn replacing_an_application_keeps_its_key_and_drops_what_is_left_out() {
    let mut world = World::new(connect_bob());
    let id = world.application.clone();
    let before = world.ask_as(Caller::Account, &GetApplication::new(id.clone())).unwrap();
    let after = world
        .ask_as(
            Caller::Account,
            &UpdateApplication::new(id.clone(), ApplicationRequest::new("renamed")),
        )
        .unwrap();
    assert_eq!(after["keys"]["public_key"], before["keys"]["public_key"]);
    assert_eq!(after["capabilities"], json!({}));
    world.ask_as(Caller::Account, &DeleteApplication::new(id.clone())).unwrap();
    let gone = world.ask_as(Caller::Account, &GetApplication::new(id)).unwrap_err();
    assert_eq!((gone.status(), &*gone.details.code), (404, "not-found"));
    let unlinked = world.ask_as(Caller::Account, &ListNumbers::new()).unwrap();
    assert!(unlinked["numbers"][0].get("app_id").is_none());
}

#[test]
fn an_application_is_checked() {
    let mut world = World::new(connect_bob());
    let create = |webhook: Webhook| {
        let voice = VoiceCapability::new().webhooks(VoiceWebhooks::new().answer_url(webhook));
        CreateApplication::new(
            ApplicationRequest::new("x").capabilities(Capabilities::new().voice(voice)),
        )
    };
    for (webhook, field, reason) in [
        (
            Webhook::new().address("ftp://x"),
            "address",
            "must be a valid URL beginning with http:// or https://",
        ),
        (
            Webhook::new().address("http://x").http_method(HttpMethod::from("PUT")),
            "http_method",
            "must be one of: GET, POST",
        ),
        (
            Webhook::new().address("http://x").connect_timeout(5),
            "connect_timeout",
            "must be between 300 and 1000",
        ),
        (
            Webhook::new().address("http://x").socket_timeout(9_999),
            "socket_timeout",
            "must be between 1000 and 5000",
        ),
    ] {
        let refusal = world.ask_as(Caller::Account, &create(webhook)).unwrap_err();
        let invalid = &refusal.details.invalid[0];
        assert_eq!(invalid.name, format!("capabilities.voice.webhooks.answer_url.{field}"));
        assert_eq!(invalid.reason, reason);
        assert_eq!(refusal.status(), 400);
    }
}

#[test]
fn insight_and_balance_answer_what_the_command_lines_need() {
    let mut world = World::new(connect_bob());
    let balance = world.ask_as(Caller::Account, &GetBalance::new()).unwrap();
    assert!(balance["value"].is_number() && balance["autoReload"] == false);
    let insight = world.ask_as(Caller::Account, &BasicInsight::new("447700900000")).unwrap();
    assert_eq!((&insight["status"], &insight["country_code"]), (&json!(0), &json!("GB")));
    assert_eq!(insight["international_format_number"], "447700900000");
    assert_eq!(insight["national_format_number"], "07700900000");
    let national =
        world.ask_as(Caller::Account, &BasicInsight::new("07700900000").country("GB")).unwrap();
    assert_eq!(national["international_format_number"], "447700900000");
    let nonsense = world.ask_as(Caller::Account, &BasicInsight::new("12")).unwrap();
    assert_ne!(nonsense["status"], 0);
}

#[test]
fn phones_are_set_up_and_answered_by_hand() {
    let mut world = World::new(connect_bob());
    let control = Caller::Control;
    let set = |script: &str| SetPhone::new("447700900777", SetPhoneRequest::new().script(script));
    assert_eq!(world.ask_as(control.clone(), &set("juggle")).unwrap_err().reason, "script-invalid");
    let shown = world.ask_as(control.clone(), &set("no answer")).unwrap();
    assert_eq!(
        (&shown["script"], &shown["state"]),
        (&json!("ring after 1s, no answer"), &json!("idle"))
    );
    assert_eq!(
        world.ask_as(control.clone(), &ListPhones::new()).unwrap()["phones"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    let idle = world.ask_as(control.clone(), &AnswerPhone::new(crate::world::BOB)).unwrap_err();
    assert_eq!(idle.reason, "phone-idle");
    world.set_phone(crate::world::BOB, "Bob", "manual");
    world.call();
    world.run();
    let answered = world.ask_as(control, &AnswerPhone::new(crate::world::BOB)).unwrap();
    assert_eq!(answered["state"], "talking");
    world.run();
    assert_eq!(world.kinds().last().unwrap(), "answered A");
}
