//! What an event is known by, since the platform gives it no id, and what it stays together with.

use std::borrow::Cow;

use ring::digest::{SHA256, digest};
use ringback_journal::Key;
use ringback_model::Timestamp;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// Stands before what is hashed, so that another rule can never make the same keys.
const RULE: &[u8] = b"ringback event 2\n";
/// How many bytes of a key are the time at which the event happened.
const TIME: usize = 6;
/// Deeper parts are hashed as they are spelled.
const DEPTH: usize = 64;
/// What the platform adds when it asks the fallback URL.
const FALLBACK: [&str; 2] = ["original_request", "reason"];
/// What stays together is named by the first of these that is there, as in [`Facts`](super::facts::Facts), which says
/// nothing of an event that repeats a field.
const LANE: [&str; 5] =
    ["conversation_uuid", "conversation_uuid_from", "conversation_id", "uuid", "call_uuid"];

/// What is read of an event before it is kept.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) key: Key,
    /// Its conversation, or its leg; empty when it names none.
    pub(crate) lane: Box<str>,
}

/// Reads an event, from its JSON: the body, or the restored query.
///
/// Its key begins with the milliseconds of the event's own `timestamp`, so that an index of keys grows at its end and not
/// all over; the rest is a hash of the whole event.
/// Two spellings of one event have one key: order of fields, white space and escapes of texts do not matter.
/// Nor do the fields that a fallback request has beside those of the event.
/// Numbers count as they are spelled, because no two of them are equal for sure.
pub(crate) fn of(json: &[u8]) -> Known {
    let mut plain = Vec::with_capacity(json.len() + 128);
    plain.extend_from_slice(RULE);
    let (mut time, mut lane) = ([0; TIME], Box::default());
    match std::str::from_utf8(json).map(serde_json::from_str) {
        Ok(Ok(Fields(fields))) => {
            time = happened(&fields);
            lane = together(&fields);
            whole(&mut plain, fields);
        }
        _ => match serde_json::from_slice::<&RawValue>(json) {
            Ok(value) => part(&mut plain, value, 0),
            Err(_) => plain.extend_from_slice(json),
        },
    }
    let mut key = [0; 16];
    let hash = digest(&SHA256, &plain);
    for (to, from) in key.iter_mut().zip(time.iter().chain(hash.as_ref())) {
        *to = *from;
    }
    Known { key: Key(key), lane }
}

/// What it stays together with, by what it says itself.
fn together(fields: &[(Cow<'_, str>, &RawValue)]) -> Box<str> {
    let said = |name| fields.iter().find(|(field, _)| field == name);
    let text = |name| match serde_json::from_str::<Name<'_>>(said(name)?.1.get()) {
        Ok(Name(text)) if !text.is_empty() => Some(text),
        _ => None,
    };
    LANE.into_iter().find_map(text).map(Into::into).unwrap_or_default()
}

/// When the event happened, by what it says itself; zero when it does not.
fn happened(fields: &[(Cow<'_, str>, &RawValue)]) -> [u8; TIME] {
    let said = fields.iter().find(|(name, _)| name == "timestamp");
    let time = said.and_then(|(_, value)| serde_json::from_str::<Timestamp>(value.get()).ok());
    let millis = time.map_or(0, |time| u64::try_from(time.as_millis()).unwrap_or(0));
    let mut bytes = [0; TIME];
    // The first two of the eight are zero until the year 10889.
    for (to, from) in bytes.iter_mut().zip(millis.to_be_bytes().iter().skip(2)) {
        *to = *from;
    }
    bytes
}

/// The event itself, without what a fallback request adds.
fn whole(plain: &mut Vec<u8>, mut fields: Vec<(Cow<'_, str>, &RawValue)>) {
    if fields.iter().any(|(name, _)| name == FALLBACK[0]) {
        fields.retain(|(name, _)| !FALLBACK.contains(&name.as_ref()));
    }
    object(plain, fields, 0);
}

fn part(plain: &mut Vec<u8>, value: &RawValue, depth: usize) {
    let text = value.get();
    match text.as_bytes().first() {
        Some(b'{') if depth < DEPTH => match serde_json::from_str(text) {
            Ok(Fields(fields)) => object(plain, fields, depth),
            Err(_) => plain.extend_from_slice(text.as_bytes()),
        },
        Some(b'[') if depth < DEPTH => match serde_json::from_str::<Vec<&RawValue>>(text) {
            Ok(items) => {
                plain.push(b'[');
                for item in items {
                    part(plain, item, depth + 1);
                    plain.push(b',');
                }
                plain.push(b']');
            }
            Err(_) => plain.extend_from_slice(text.as_bytes()),
        },
        Some(b'"') => match serde_json::from_str::<Name<'_>>(text) {
            Ok(Name(text)) => string(plain, &text),
            Err(_) => plain.extend_from_slice(text.as_bytes()),
        },
        _ => plain.extend_from_slice(text.as_bytes()),
    }
}

fn object(plain: &mut Vec<u8>, mut fields: Vec<(Cow<'_, str>, &RawValue)>, depth: usize) {
    // Stable: of a repeated field every value counts, in its order.
    fields.sort_by(|(one, _), (other, _)| one.cmp(other));
    plain.push(b'{');
    for (name, value) in fields {
        string(plain, &name);
        part(plain, value, depth + 1);
    }
    plain.push(b'}');
}

/// A text with its length before it, so that none can look like something else.
fn string(plain: &mut Vec<u8>, text: &str) {
    plain.push(b'"');
    // Nothing fails that is written into memory; formatting it would take several times as long.
    drop(serde_json::to_writer(&mut *plain, &text.len()));
    plain.push(b':');
    plain.extend_from_slice(text.as_bytes());
}

/// The fields of an object, all of them, in their order.
struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Fields<'de>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::with_capacity(16);
                while let Some(Name(name)) = map.next_key()? {
                    fields.push((name, map.next_value()?));
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

/// The name of a field, or a text; borrowed when it has no escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use ringback_journal::Key;

    use super::super::facts::Facts;

    fn of(json: &[u8]) -> Key {
        super::of(json).key
    }

    /// The captured `answered` event of the reference (`webhooks.md` §3.1).
    const ANSWERED: &str = r#"{"start_time":null,"headers":{},"rate":null,"from":"14845552121","to":"16105553939","uuid":"0A0000000123ABCD1","conversation_uuid":"CON-2541d01c","status":"answered","direction":"inbound","network":null,"timestamp":"2020-07-01T20:45:35.084Z"}"#;

    #[test]
    fn one_event_has_one_key_however_it_is_spelled() {
        let same = |other: &str| {
            assert_eq!(of(ANSWERED.as_bytes()), of(other.as_bytes()), "{other}");
        };
        let mut fields: Vec<&str> = ANSWERED
            .trim_matches(['{', '}'])
            .split(",\"")
            .map(|part| part.trim_start_matches('"'))
            .collect();
        fields.reverse();
        same(&format!("{{ \"{} }}", fields.join(" ,\n\t\"")));
        same(&ANSWERED.replace("inbound", "\\u0069nbound"));
        // What a request to the fallback URL has beside the event.
        same(&ANSWERED.replacen(
            '{',
            r#"{"reason":"Connection closed.","original_request":{"url":"https://a.example/e","type":"event"},"#,
            1,
        ));
    }

    #[test]
    fn two_events_have_two_keys() {
        let differs = |other: &str| {
            assert_ne!(of(ANSWERED.as_bytes()), of(other.as_bytes()), "{other}");
        };
        differs(&ANSWERED.replace("35.084", "35.085"));
        differs(&ANSWERED.replace("\"headers\":{}", "\"headers\":[]"));
        differs(&ANSWERED.replace("\"rate\":null", "\"rate\":\"null\""));
        differs(&ANSWERED.replacen('{', r#"{"reason":"Connection closed.","#, 1));
        differs(&ANSWERED.replacen('{', r#"{"uuid":"another","#, 1));
        assert_ne!(of(b"[1,2]"), of(b"[12]"));
        assert_ne!(of(br#"{"a":"b"}"#), of(br#"{"a":"b","":""}"#));
        assert_ne!(of(br#"{"a":["b","c"]}"#), of(br#"{"a":["b,c"]}"#));
        // The reason of an error event is its own.
        assert_ne!(of(br#"{"reason":"a"}"#), of(br#"{"reason":"b"}"#));
    }

    #[test]
    fn keys_do_not_change_from_one_version_to_the_next() {
        // 2020-07-01T20:45:35.084Z is 0x0173_0C20_ADEC milliseconds after 1970 began.
        assert_eq!(of(ANSWERED.as_bytes()).to_string(), "01730c20adec7ceb1d4ed90c3e85ee04");
    }

    #[test]
    fn what_stays_together_is_told_from_the_same_fields() {
        for json in [
            ANSWERED,
            r#"{"uuid":"a","conversation_uuid_from":"b","conversation_uuid_to":"c"}"#,
            r#"{"conversation_id":"\u0062","conversation_uuid":""}"#,
            r#"{"call_uuid":"a","uuid":null,"conversation_uuid":7}"#,
            r#"{"status":"started"}"#,
            "[]",
            "nothing",
        ] {
            let facts = Facts::of(json.as_bytes());
            let lane = super::of(json.as_bytes()).lane;
            assert_eq!(*lane, *facts.conversation().unwrap_or_default(), "{json}");
        }
        assert_eq!(*super::of(br#"{"uuid":"a","uuid":"b"}"#).lane, *"a");
    }

    #[test]
    fn keys_stand_in_the_order_of_their_times() {
        let later = ANSWERED.replace("20:45:35.084", "20:45:35.085");
        assert!(of(ANSWERED.as_bytes()) < of(later.as_bytes()));
        for timestamp in ["", "yesterday", "1969-12-31T23:59:59.999Z"] {
            let key = of(ANSWERED.replace("2020-07-01T20:45:35.084Z", timestamp).as_bytes());
            assert_eq!(key.0[..6], [0; 6], "{timestamp}");
        }
    }

    #[test]
    fn whatever_arrives_has_a_key() {
        let deep = "[".repeat(200) + &"]".repeat(200);
        for text in ["", "{", "null", "\"", &deep, "{\"a\":1,}"] {
            assert_eq!(of(text.as_bytes()), of(text.as_bytes()));
        }
    }
}
