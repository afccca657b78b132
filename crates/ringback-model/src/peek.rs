//! Looking at the top of an object before reading it as a type.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, IntoDeserializer as _, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::{Json, read};

/// The fields of an object, their values unread.
pub(crate) struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Fields<'a> {
    /// Whether any of the rules holds.
    pub(crate) fn hold_any(&self, rules: &[&[(&str, Option<&str>)]]) -> bool {
        rules.iter().any(|rule| self.hold(rule))
    }

    /// Whether each field of the rule is there (and not null), with the text the rule asks for.
    fn hold(&self, rule: &[(&str, Option<&str>)]) -> bool {
        rule.iter().all(|(name, equals)| match (self.get(name), equals) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(raw), Some(equals)) => text(raw).is_some_and(|text| text == *equals),
        })
    }

    fn get(&self, name: &str) -> Option<&'a RawValue> {
        let found = self.0.iter().rev().find(|(key, _)| key == name);
        found.map(|(_, raw)| *raw).filter(|raw| raw.get() != "null")
    }
}

/// Reads the fields of an object.
pub(crate) fn fields<E: Error>(json: &Json) -> Result<Fields<'_>, E> {
    serde_json::from_str(json.as_str()).map_err(|error| E::custom(read::plain(&error)))
}

/// Reads the text under `name` in an object.
pub(crate) fn tag<'a, E: Error>(json: &'a Json, name: &'static str) -> Result<Cow<'a, str>, E> {
    let raw = fields::<E>(json)?.get(name).ok_or_else(|| E::missing_field(name))?;
    text(raw).ok_or_else(|| {
        let wrong = format!("invalid type: {}, expected a string", raw.get());
        E::custom(read::marked(json, raw, name, &wrong))
    })
}

/// Whether a kind is the one of a pattern, a trailing `*` standing for any ending.
pub(crate) fn matches(kind: &str, pattern: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => kind.starts_with(start),
        None => kind == pattern,
    }
}

/// The type of a JSON value.
pub(crate) fn json_type(json: &Json) -> &'static str {
    match json.as_str().as_bytes().first() {
        Some(b'"') => "string",
        Some(b'{') => "object",
        Some(b'[') => "array",
        Some(b't' | b'f') => "boolean",
        Some(b'n') | None => "null",
        Some(_) => "number",
    }
}

fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
    serde_json::from_str::<Text<'_>>(raw.get()).ok().map(|text| text.0)
}

/// The known fields of an object; the others are put aside on the way.
pub(crate) struct Known<'a, A> {
    map: A,
    known: &'a [&'a str],
    other: &'a mut BTreeMap<String, Json>,
}

impl<'a, A> Known<'a, A> {
    pub(crate) fn new(map: A, known: &'a [&'a str], other: &'a mut BTreeMap<String, Json>) -> Self {
        Self { map, known, other }
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Known<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        while let Some(Key(key)) = self.map.next_key()? {
            if self.known.contains(&key.as_ref()) {
                return seed.deserialize(key.into_deserializer()).map(Some);
            }
            self.other.insert(key.into_owned(), self.map.next_value()?);
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}

/// The name of a field, borrowed where it can be.
///
/// Not derived: whoever keeps track of the path has to see that it is text.
struct Key<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Key<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;
        impl<'de> Visitor<'de> for Name {
            type Value = Cow<'de, str>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a field")
            }
            fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Self::Value, E> {
                Ok(Cow::Borrowed(name))
            }
            fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
                Ok(Cow::Owned(name.to_owned()))
            }
        }
        deserializer.deserialize_str(Name).map(Self)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Vec<(Cow<'de, str>, &'de RawValue)>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::with_capacity(16);
                while let Some((Key(key), raw)) = map.next_entry()? {
                    fields.push((key, raw));
                }
                Ok(fields)
            }
        }
        deserializer.deserialize_map(Object).map(Self)
    }
}
