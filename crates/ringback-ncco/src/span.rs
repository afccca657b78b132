//! From a JSON pointer back to the bytes of the text.
//!
//! Done only when there is something to report, so the walk reads the text anew.

use std::ops::Range;

use serde_json::value::RawValue;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};

use crate::{Position, path::unescaped, value::Key};

/// What a finding points at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The value at the pointer.
    Value,
    /// The name of the field at the pointer.
    Name,
    /// Bytes of the text.
    Bytes(Range<usize>),
}

/// The bytes of the value, or of the field's name, at a pointer.
pub(crate) fn locate(text: &str, pointer: &str, place: &Place) -> Option<Range<usize>> {
    if let Place::Bytes(range) = place {
        return Some(range.clone());
    }
    let mut raw: &RawValue = serde_json::from_str(text).ok()?;
    let mut name = None;
    for token in pointer.split('/').skip(1) {
        if raw.get().starts_with('[') {
            let items: Vec<&RawValue> = serde_json::from_str(raw.get()).ok()?;
            raw = items.get(token.parse::<usize>().ok()?)?;
            name = None;
        } else {
            let Fields(fields) = serde_json::from_str(raw.get()).ok()?;
            let wanted = unescaped(token);
            let (key, value) = fields.into_iter().rev().find(|(key, _)| {
                serde_json::from_str(key.get()).is_ok_and(|Key(key)| key == wanted)
            })?;
            (raw, name) = (value, Some(key));
        }
    }
    let part = name.filter(|_| *place == Place::Name).unwrap_or(raw).get();
    let start = (part.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
    Some(start..start + part.len())
}

/// Line and column of bytes in a text.
pub(crate) fn position(text: &str, range: &Range<usize>) -> Position {
    let offset = floor(text, range.start);
    let end = floor(text, range.end).max(offset);
    let before = text.get(..offset).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    Position {
        line: before.bytes().filter(|byte| *byte == b'\n').count() + 1,
        column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
        offset,
        length: end - offset,
    }
}

/// The nearest start of a character at or before an offset.
pub(crate) fn floor(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// The fields of an object, names included, as they stand in the text.
struct Fields<'a>(Vec<(&'a RawValue, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Vec<(&'de RawValue, &'de RawValue)>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(fields)
            }
        }
        deserializer.deserialize_map(Object).map(Self)
    }
}
