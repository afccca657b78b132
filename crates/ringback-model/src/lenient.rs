//! Readers for fields that the platform or its clients spell in several ways.

use std::{fmt, marker::PhantomData};

use serde::{Deserialize, Deserializer, de, de::DeserializeOwned};

use crate::{Json, Timestamp, read};

/// A type that is read from more than its own JSON form.
pub(crate) trait Lenient: Sized {
    /// What is accepted, as in "expected a number".
    const EXPECTED: &'static str;
    /// Whether empty text is the same as no field.
    const EMPTY_IS_NONE: bool = false;
    fn from_text(text: &str) -> Option<Self>;
    fn from_int(_: i128) -> Option<Self> {
        None
    }
    fn from_float(_: f64) -> Option<Self> {
        None
    }
    fn from_bool(_: bool) -> Option<Self> {
        None
    }
}

macro_rules! whole {
    ($($ty:ty),+) => {$(
        impl Lenient for $ty {
            const EXPECTED: &'static str = "a number or its text";
            fn from_text(text: &str) -> Option<Self> {
                text.trim().parse().ok()
            }
            fn from_int(number: i128) -> Option<Self> {
                number.try_into().ok()
            }
        }
    )+};
}
whole!(i32, i64, u32, u64);

impl Lenient for f64 {
    const EXPECTED: &'static str = "a number or its text";
    fn from_text(text: &str) -> Option<Self> {
        text.trim().parse().ok().filter(|number: &Self| number.is_finite())
    }
    fn from_int(number: i128) -> Option<Self> {
        i32::try_from(number).ok().map(Self::from).or_else(|| number.to_string().parse().ok())
    }
    fn from_float(number: f64) -> Option<Self> {
        Some(number)
    }
}

impl Lenient for bool {
    const EXPECTED: &'static str = "a boolean";
    fn from_text(text: &str) -> Option<Self> {
        boolean(text)
    }
    fn from_int(number: i128) -> Option<Self> {
        match number {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
    fn from_bool(value: bool) -> Option<Self> {
        Some(value)
    }
}

impl Lenient for Timestamp {
    const EXPECTED: &'static str = "a valid ISO 8601 date";
    const EMPTY_IS_NONE: bool = true;
    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Lenient for String {
    const EXPECTED: &'static str = "a string";
    fn from_text(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
    fn from_int(number: i128) -> Option<Self> {
        Some(number.to_string())
    }
    fn from_float(number: f64) -> Option<Self> {
        Some(number.to_string())
    }
    fn from_bool(value: bool) -> Option<Self> {
        Some(value.to_string())
    }
}

/// `true` and `false` in any casing, also as 1 and 0.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" => Some(true),
        "0" => Some(false),
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// A required field.
pub(crate) fn required<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Lenient,
{
    use de::Error as _;
    optional(deserializer)?.ok_or_else(|| {
        D::Error::custom(format_args!("invalid type: null, expected {}", T::EXPECTED))
    })
}

/// A field that may be absent, null or, where that means so, empty.
pub(crate) fn optional<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Lenient,
{
    deserializer.deserialize_any(Scalar(PhantomData))
}

/// The first element of a list, also written as that element alone.
pub(crate) fn first_of_list<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let list = list_of_one::optional(deserializer)?;
    Ok(list.and_then(|list: Vec<T>| list.into_iter().next()))
}

struct Scalar<T>(PhantomData<T>);

impl<T: Lenient> Scalar<T> {
    fn or<E: de::Error>(self, value: Option<T>, seen: de::Unexpected<'_>) -> Result<Option<T>, E> {
        match value {
            Some(value) => Ok(Some(value)),
            None => Err(E::invalid_value(seen, &self)),
        }
    }
}

impl<T: Lenient> de::Visitor<'_> for Scalar<T> {
    type Value = Option<T>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }
    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        if text.is_empty() && T::EMPTY_IS_NONE {
            return Ok(None);
        }
        self.or(T::from_text(text), de::Unexpected::Str(text))
    }
    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
        self.or(T::from_int(number.into()), de::Unexpected::Unsigned(number))
    }
    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
        self.or(T::from_int(number.into()), de::Unexpected::Signed(number))
    }
    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Self::Value, E> {
        self.or(T::from_float(number), de::Unexpected::Float(number))
    }
    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Self::Value, E> {
        self.or(T::from_bool(value), de::Unexpected::Bool(value))
    }
}

/// A list of which only the first element counts, also written as that element alone.
pub(crate) mod list_of_one {
    use super::{Deserialize, DeserializeOwned, Deserializer, Json, read};

    pub(crate) fn required<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
    where
        D: Deserializer<'de>,
        T: DeserializeOwned,
    {
        let json = Json::deserialize(deserializer)?;
        match json.as_str().starts_with('[') {
            true => read::nested(json.as_raw()),
            false => read::nested(json.as_raw()).map(|only| vec![only]),
        }
    }

    pub(crate) fn optional<'de, D, T>(deserializer: D) -> Result<Option<Vec<T>>, D::Error>
    where
        D: Deserializer<'de>,
        T: DeserializeOwned,
    {
        let json = Json::deserialize(deserializer)?;
        match json.as_str() {
            "null" => Ok(None),
            text if text.starts_with('[') => read::nested(json.as_raw()).map(Some),
            _ => read::nested(json.as_raw()).map(|only| Some(vec![only])),
        }
    }
}
