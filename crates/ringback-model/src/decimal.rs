//! Numbers whose digits matter.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use serde_json::value::RawValue;

use crate::{Json, read};

/// A number as its exact text, such as the price `0.00052500`.
///
/// Reads a JSON string or a JSON number, and writes what it read: each in its own form.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Decimal {
    text: Box<str>,
    bare: bool,
}

impl Decimal {
    /// Written as a JSON string.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self { text: text.into(), bare: false }
    }

    /// Written as a bare JSON number; none when the text is not a JSON number.
    #[must_use]
    pub fn number(text: &str) -> Option<Self> {
        let first = text.bytes().next()?;
        let bare = (first == b'-' || first.is_ascii_digit())
            && Json::parse(text).is_ok_and(|json| json.as_str() == text);
        bare.then(|| Self { text: text.into(), bare })
    }

    /// The digits as they came.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The nearest floating point number, where it is one.
    #[must_use]
    pub fn to_f64(&self) -> Option<f64> {
        self.text.parse().ok()
    }
}

impl From<&str> for Decimal {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Decimal {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !self.bare {
            return serializer.serialize_str(&self.text);
        }
        let raw: &RawValue = serde_json::from_str(&self.text).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Json::deserialize(deserializer)?;
        let text = json.as_str();
        if text.starts_with('"') {
            return read::nested::<Cow<'_, str>, _>(json.as_raw())
                .map(|text| Self::new(text.into_owned()));
        }
        Self::number(text).ok_or_else(|| {
            D::Error::custom(format_args!("invalid type: {text}, expected a number or its text"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, expected: Option<&str>) {
        let seen = serde_json::from_str::<Decimal>(json);
        assert_eq!(seen.as_ref().ok().map(Decimal::as_str), expected, "{json}");
        if let Ok(seen) = seen {
            assert_eq!(serde_json::to_string(&seen).unwrap(), json);
        }
    }

    #[test]
    fn keeps_digits_and_form() {
        check("\"0.00052500\"", Some("0.00052500"));
        check("0.00052500", Some("0.00052500"));
        check("-1e400", Some("-1e400"));
        check("\"free\"", Some("free"));
        check("true", None);
        check("null", None);
        check("[1]", None);
    }
}
