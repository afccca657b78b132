//! What the platform says, read into its types and printed back.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail as tests do")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use ringback_model::{
    Json, Kept, account, applications, beta, event, insight, ncco, numbers, v0_1, v0_2, v0_3, v1,
    webhook,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

/// What is left after reading: the bytes kept, if the type keeps any, and the typed view written anew.
struct Read {
    kept: Option<Vec<u8>>,
    typed: Value,
}

type Reader = fn(&[u8]) -> Result<Read, String>;

fn kept<T: DeserializeOwned + Serialize>(bytes: &[u8]) -> Result<Read, String> {
    let value = Kept::<T>::from_slice(bytes).map_err(|error| error.to_string())?;
    let raw = serde_json::to_vec(&value).unwrap();
    assert_eq!(raw, bytes.trim_ascii(), "within another document it is written as it came");
    Ok(Read {
        kept: Some(value.to_bytes().unwrap().into_owned()),
        typed: serde_json::to_value(&*value).unwrap(),
    })
}

fn typed<T: DeserializeOwned + Serialize>(bytes: &[u8]) -> Result<Read, String> {
    let value: T = ringback_model::read::from_slice(bytes).map_err(|error| error.to_string())?;
    Ok(Read { kept: None, typed: serde_json::to_value(&value).unwrap() })
}

/// Whether the typed view says the same JSON as the document.
#[derive(Clone, Copy, PartialEq)]
enum Same {
    /// It does; nulls count as absent, times have milliseconds.
    Yes,
    /// It says the same in the current spelling.
    Respelt,
}

/// Every fixture but those of `errors`, which `problem.rs` reads.
const FIXTURES: &[(&str, Same, Reader)] = &[
    ("account/balance.json", Same::Yes, typed::<account::Balance>),
    ("applications/created.json", Same::Yes, typed::<applications::Application>),
    ("applications/list.json", Same::Yes, typed::<applications::ApplicationList>),
    ("applications/request-2021.json", Same::Respelt, typed::<applications::ApplicationRequest>),
    ("applications/request-nexmo-cli.json", Same::Yes, typed::<applications::ApplicationRequest>),
    ("applications/request.json", Same::Yes, typed::<applications::ApplicationRequest>),
    ("beta/conversation-list.json", Same::Yes, typed::<beta::ConversationList>),
    ("beta/conversation-two-phones.json", Same::Yes, kept::<beta::Conversation>),
    ("beta/conversation.json", Same::Yes, kept::<beta::Conversation>),
    ("beta/events.json", Same::Yes, typed::<Vec<Kept<beta::Event>>>),
    ("beta/members.json", Same::Yes, typed::<Vec<beta::MemberItem>>),
    ("beta/user-conversations.json", Same::Yes, typed::<Vec<beta::UserConversation>>),
    ("event/bodies.json", Same::Yes, typed::<BTreeMap<String, Json>>),
    ("event/channels.json", Same::Yes, typed::<BTreeMap<String, event::Channel>>),
    ("insight/basic.json", Same::Yes, typed::<insight::Insight>),
    ("ncco/connect-synchronous.json", Same::Yes, typed::<Vec<ncco::Action>>),
    ("ncco/conversation.json", Same::Yes, typed::<Vec<ncco::Action>>),
    ("ncco/input.json", Same::Yes, typed::<Vec<ncco::Action>>),
    ("ncco/tutorial.json", Same::Yes, typed::<Vec<ncco::Action>>),
    ("ncco/wait-transfer.json", Same::Yes, typed::<Vec<ncco::Action>>),
    ("numbers/available.json", Same::Yes, typed::<numbers::AvailableNumbers>),
    ("numbers/empty.json", Same::Yes, typed::<numbers::OwnedNumbers>),
    ("numbers/failed.json", Same::Yes, typed::<numbers::Outcome>),
    ("numbers/owned.json", Same::Yes, typed::<numbers::OwnedNumbers>),
    ("numbers/success.json", Same::Yes, typed::<numbers::Outcome>),
    ("v0_1/conversation-list.json", Same::Respelt, typed::<v0_1::ConversationList>),
    ("v0_1/conversation.json", Same::Respelt, kept::<v0_1::Conversation>),
    ("v0_1/event.json", Same::Respelt, kept::<v0_1::Event>),
    ("v0_1/legs.json", Same::Yes, typed::<v0_1::LegList>),
    ("v0_2/conversation-list.json", Same::Yes, typed::<v0_2::ConversationList>),
    ("v0_2/event-list.json", Same::Yes, typed::<v0_2::EventList>),
    ("v0_2/member-list.json", Same::Yes, typed::<v0_2::MemberList>),
    ("v0_3/conversation.json", Same::Yes, kept::<v0_3::Conversation>),
    ("v0_3/member.json", Same::Yes, kept::<v0_3::Member>),
    ("v1/conversation-list.json", Same::Yes, typed::<v1::ConversationList>),
    ("v1/conversation-request.json", Same::Yes, typed::<v1::ConversationRequest>),
    ("v1/conversation.json", Same::Yes, kept::<v1::Conversation>),
    ("v1/event-list.json", Same::Yes, typed::<v1::EventList>),
    ("v1/member-list.json", Same::Yes, typed::<v1::MemberList>),
    ("v1/member-request.json", Same::Yes, typed::<v1::MemberRequest>),
    ("v1/member-update.json", Same::Yes, typed::<v1::MemberUpdate>),
    ("v1/member.json", Same::Yes, kept::<v1::Member>),
    ("v1/user-conversations.json", Same::Yes, typed::<v1::UserConversationList>),
    ("v1/user-list.json", Same::Yes, typed::<v1::UserList>),
    ("v1/user-sessions.json", Same::Yes, typed::<v1::SessionList>),
    ("v1/user.json", Same::Yes, kept::<v1::User>),
    ("webhook/answer.json", Same::Yes, kept::<webhook::Answer>),
    ("webhook/answered.json", Same::Yes, kept::<webhook::Event>),
    ("webhook/busy.json", Same::Yes, kept::<webhook::Event>),
    ("webhook/completed.json", Same::Yes, kept::<webhook::Event>),
    ("webhook/error.json", Same::Yes, kept::<webhook::Event>),
    ("webhook/failed.json", Same::Yes, kept::<webhook::Event>),
    ("webhook/fallback.json", Same::Yes, kept::<webhook::Event>),
    ("webhook/input-before-2020.json", Same::Yes, kept::<webhook::Event>),
    ("webhook/input-dtmf.json", Same::Yes, kept::<webhook::Event>),
    ("webhook/input-speech.json", Same::Yes, kept::<webhook::Event>),
    ("webhook/machine.json", Same::Yes, kept::<webhook::Event>),
    ("webhook/notify.json", Same::Yes, kept::<webhook::Event>),
    ("webhook/record.json", Same::Yes, kept::<webhook::Event>),
    ("webhook/ringing.json", Same::Yes, kept::<webhook::Event>),
    ("webhook/started-by-app-user.json", Same::Yes, kept::<webhook::Event>),
    ("webhook/transcribed.json", Same::Yes, kept::<webhook::Event>),
    ("webhook/transfer.json", Same::Yes, kept::<webhook::Event>),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures")
}

fn load(name: &str) -> Vec<u8> {
    fs::read(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn parse<T: DeserializeOwned>(name: &str) -> T {
    ringback_model::read::from_slice(&load(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Nulls go, times get milliseconds, numbers are compared as numbers.
fn normal(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, normal(value)))
            .collect(),
        Value::Array(items) => items.into_iter().map(normal).collect(),
        Value::String(text) if text.starts_with("20") && text.ends_with(".00Z") => {
            Value::String(text.replace(".00Z", ".000Z"))
        }
        Value::Number(number) => json!(number.as_f64()),
        other => other,
    }
}

/// Changes every object of a document, the innermost first.
fn each_object(value: &mut Value, change: &mut impl FnMut(&mut serde_json::Map<String, Value>)) {
    match value {
        Value::Object(fields) => {
            fields.values_mut().for_each(|value| each_object(value, change));
            change(fields);
        }
        Value::Array(items) => items.iter_mut().for_each(|value| each_object(value, change)),
        _ => {}
    }
}

#[test]
fn every_fixture_has_its_type() {
    let mut found = BTreeSet::new();
    for area in fs::read_dir(root()).unwrap() {
        let area = area.unwrap();
        let name = area.file_name().into_string().unwrap();
        if name == "errors" || !area.file_type().unwrap().is_dir() {
            continue;
        }
        for file in fs::read_dir(area.path()).unwrap() {
            found.insert(format!("{name}/{}", file.unwrap().file_name().into_string().unwrap()));
        }
    }
    let listed: BTreeSet<_> = FIXTURES.iter().map(|(name, ..)| (*name).to_owned()).collect();
    assert_eq!(found, listed);
}

#[test]
fn fixtures_are_printed_back_equal() {
    for &(name, same, reader) in FIXTURES {
        let bytes = load(name);
        let read = reader(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        if let Some(kept) = read.kept {
            assert_eq!(kept, bytes, "{name}: every byte is kept");
        }
        if same == Same::Yes {
            let written: Value = serde_json::from_slice(&bytes).unwrap();
            assert_eq!(normal(read.typed), normal(written), "{name}");
        }
    }
}

#[test]
fn unknown_fields_survive_at_every_depth() {
    for &(name, _, reader) in FIXTURES {
        let mut value: Value = serde_json::from_slice(&load(name)).unwrap();
        each_object(&mut value, &mut |fields| {
            fields.insert("a_new_field".to_owned(), json!({ "deep": [1.5, "é", null] }));
        });
        let bytes = serde_json::to_vec(&value).unwrap();
        let read = reader(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        if let Some(kept) = read.kept {
            assert_eq!(kept, bytes, "{name}: every byte is kept");
        }
    }
}

#[test]
fn unknown_words_survive() {
    let kinds = ["type", "state", "status", "action", "direction", "region", "http_method"];
    for &(name, same, reader) in FIXTURES {
        let mut value: Value = serde_json::from_slice(&load(name)).unwrap();
        each_object(&mut value, &mut |fields| {
            for (_, word) in fields.iter_mut().filter(|(key, _)| kinds.contains(&key.as_str())) {
                if word.is_string() {
                    *word = json!("brand-new");
                }
            }
        });
        let read = reader(&serde_json::to_vec(&value).unwrap());
        let read = read.unwrap_or_else(|error| panic!("{name}: {error}"));
        if same == Same::Yes {
            assert_eq!(normal(read.typed), normal(value), "{name}");
        }
    }
}

#[test]
fn every_kind_of_event_has_a_body() {
    let bodies: BTreeMap<String, Json> = parse("event/bodies.json");
    let known: BTreeSet<_> = event::EventType::KNOWN.iter().map(event::EventType::as_str).collect();
    assert_eq!(bodies.keys().map(String::as_str).collect::<BTreeSet<_>>(), known);

    for (kind, json) in &bodies {
        let body = event::EventBody::read(kind, json.as_raw()).unwrap();
        assert_eq!(body.kind(), Some(kind.as_str()));
        let written = normal(serde_json::to_value(&body).unwrap());
        assert_eq!(written, normal(serde_json::from_str(json.as_str()).unwrap()), "{kind}");
    }
    for kind in ["custom:order", "brand:new"] {
        let json = Json::parse(r#"{"Some_Key": 1.50, "b": [ ]}"#).unwrap();
        let body = event::EventBody::read(kind, json.as_raw()).unwrap();
        assert_eq!(serde_json::to_string(&body).unwrap(), json.as_str(), "{kind}");
    }
}

#[test]
fn a_broken_body_says_where() {
    let raw = Json::parse(r#"{"channel":{"ring_timeout":{}}}"#).unwrap();
    let error = event::EventBody::read("sip:ringing", raw.as_raw()).unwrap_err();
    assert_eq!(error.path, "channel.ring_timeout");
}

#[test]
fn the_tutorials_conversation_has_its_oddities() {
    let bytes = load("beta/conversation.json");
    let conversation = Kept::<beta::Conversation>::from_slice(&bytes).unwrap();
    assert_eq!(conversation.uuid.as_str(), "CON-bc643220-2542-499a-892e-c982c4150c06");
    assert_eq!(conversation.sequence_number, Some(8));
    let properties = conversation.properties.as_ref().unwrap();
    assert_eq!((properties.ttl, properties.video), (Some(172_800), Some(false)));
    let [alice, bob] = conversation.members.as_deref().unwrap() else { panic!("two members") };

    // The member that came in: named like its user, no invitation, a leg without dashes.
    assert_eq!(alice.name.as_deref(), alice.user_id.as_ref().map(|id| id.as_str()));
    assert_eq!(
        (alice.timestamp.as_ref().unwrap().invited, alice.invited_by.as_ref()),
        (None, None)
    );
    let channel = alice.channel.as_ref().unwrap();
    assert_eq!(channel.id.as_ref().unwrap().as_str(), "797168e24c19a3c45e74e05b10fef2b5");
    assert_eq!((channel.cpa, channel.ring_timeout), (None, None));
    assert_eq!(alice.initiator.as_ref().unwrap().joined.as_ref().unwrap().is_system, Some(true));

    // The member that was dialled: invited by itself, no caller id, joined but initiated as invited.
    assert_eq!(bob.invited_by.as_deref(), bob.user_id.as_ref().map(|id| id.as_str()));
    let channel = bob.channel.as_ref().unwrap();
    assert_eq!(channel.from.as_ref().unwrap().number.as_deref(), Some("Unknown"));
    assert_eq!(channel.to.as_ref().unwrap().number.as_deref(), Some("447700000001"));
    assert_eq!(
        (
            channel.cpa,
            channel.preanswer,
            channel.ring_timeout,
            channel.cpa_time,
            channel.max_length
        ),
        (Some(false), Some(false), Some(60_000), Some(5_000), Some(7_200_000))
    );
    let initiator = bob.initiator.as_ref().unwrap();
    assert!(initiator.invited.is_some() && initiator.joined.is_none());
    assert_eq!(bob.state.as_ref().unwrap().as_str(), "JOINED");
}

#[test]
fn the_typed_conversation_is_written_in_the_order_of_the_sample() {
    let text = String::from_utf8(load("beta/conversation-two-phones.json")).unwrap();
    // Only the ends of the outbound leg stand the other way round there.
    let sample: String = text.split_whitespace().collect();
    let sample = sample
        .replace(r#"{"number":"Unknown","type":"phone"}"#, r#"{"type":"phone","number":"Unknown"}"#)
        .replace(
            r#""leg_ids":["11111111-2222-4333-8444-555555555555"],"to":{"number":"447700900003","type":"phone"}"#,
            r#""to":{"type":"phone","number":"447700900003"},"leg_ids":["11111111-2222-4333-8444-555555555555"]"#,
        );
    let conversation: beta::Conversation = parse("beta/conversation-two-phones.json");
    let written = serde_json::to_string(&conversation).unwrap();
    assert_eq!(written, sample);
}

#[test]
fn other_spellings_are_read() {
    let conversation: v0_1::Conversation = parse("v0_1/conversation.json");
    assert_eq!(conversation.sequence_number, Some(1), "a text in the specification");
    assert_eq!(conversation.timestamp.as_ref().unwrap().updated, None, "null is absent");
    let member = &conversation.members.as_ref().unwrap()[0];
    assert_eq!(member.id.as_ref().unwrap().as_str(), "MEM-63f61863-4a51-4f6b-86e1-46edebio0391");
    assert_eq!(member.state.as_ref().unwrap().as_str(), "JOINED", "lower case there");

    let list: v0_1::ConversationList = parse("v0_1/conversation-list.json");
    assert_eq!(list.count, Some(100));
    let event: v0_1::Event = parse("v0_1/event.json");
    assert_eq!(event.id, 1);

    let channels: BTreeMap<String, event::Channel> = parse("event/channels.json");
    let legs = channels["app"].leg_ids.as_deref().unwrap();
    assert!(
        matches!(legs, [event::LegRef::Text(main), event::LegRef::Object(screen)]
            if main.as_str() != screen.leg_id.as_str()),
        "texts and objects, mixed: {legs:?}"
    );
    assert_eq!(channels["app"].legs.as_ref().unwrap().as_str(), "{}");

    let events: v0_2::EventList = parse("v0_2/event-list.json");
    let body = &events.embedded.data.events[0].body;
    let body = event::EventBody::read("member:invited", body.as_raw()).unwrap();
    let event::EventBody::MemberInvited(body) = body else { panic!("{body:?}") };
    assert_eq!(body.initiator.unwrap().invited.unwrap().is_system, Some(true), "is_system");

    let request: applications::ApplicationRequest = parse("applications/request-2021.json");
    let voice = request.capabilities.unwrap().voice.unwrap();
    let answer = voice.webhooks.unwrap().answer_url.unwrap();
    assert_eq!(answer.connect_timeout, Some(500), "connection_timeout");

    let one: event::InitiatorBy = serde_json::from_str(r#"{"isSystem":1}"#).unwrap();
    assert_eq!(one.is_system, Some(true), "a push dump has 0 and 1");
}

#[test]
fn lists_are_read_in_all_their_envelopes() {
    let event = r#"{"id":1,"type":"text","body":{}}"#;
    for (envelope, about) in [
        (format!("[{event}]"), "a bare array"),
        (format!(r#"{{"_embedded":[{event}]}}"#), "the array itself"),
        (format!(r#"{{"_embedded":{{"events":[{event}]}}}}"#), "by name"),
        (format!(r#"{{"_embedded":{{"data":{{"events":[{event}]}}}}}}"#), "below data"),
    ] {
        let events: Vec<v1::Event> =
            ringback_model::read::list(envelope.as_bytes(), "events").unwrap();
        assert_eq!(events.len(), 1, "{about}");
    }
}

#[test]
fn unknown_capabilities_and_secrets() {
    let list: applications::ApplicationList = parse("applications/list.json");
    let application = &list.embedded.applications[0];
    let capabilities = application.capabilities.as_ref().unwrap();
    assert!(capabilities.other.contains_key("meetings"));
    let shown = format!("{application:?}");
    assert!(!shown.contains("planted"), "a webhook's secret is shown: {shown}");

    let created: applications::Application = parse("applications/created.json");
    let shown = format!("{created:?}");
    assert!(!shown.contains("PRIVATE KEY"), "a private key is shown: {shown}");
    assert!(serde_json::to_string(&created).unwrap().contains("BEGIN PRIVATE KEY"));
}

#[test]
fn the_balance_is_a_number_with_its_digits() {
    let balance: account::Balance = parse("account/balance.json");
    let written = serde_json::to_string(&balance).unwrap();
    assert_eq!(written, r#"{"value":10.17127500,"autoReload":false}"#);
}

#[test]
fn webhooks_are_told_apart() {
    let kinds = [
        ("ringing", "Status"),
        ("answered", "Status"),
        ("completed", "Status"),
        ("failed", "Status"),
        ("busy", "Status"),
        ("started-by-app-user", "Status"),
        ("machine", "Detection"),
        ("transfer", "Transfer"),
        ("input-dtmf", "Input"),
        ("input-speech", "Input"),
        ("input-before-2020", "Input"),
        ("record", "Record"),
        ("transcribed", "Transcribed"),
        ("notify", "Notify"),
        ("error", "Error"),
        ("fallback", "Fallback"),
    ];
    for (name, kind) in kinds {
        let event: webhook::Event = parse(&format!("webhook/{name}.json"));
        let shown = format!("{event:?}");
        assert!(shown.starts_with(kind), "{name} is {shown}");
    }
}
