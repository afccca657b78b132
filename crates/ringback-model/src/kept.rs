//! A typed view of JSON together with the bytes it was read from.

use std::{borrow::Cow, ops::Deref};

use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};
use serde_json::value::RawValue;

use crate::{ReadError, read};

/// A value and the exact bytes it was read from: unknown fields, key order and spelling survive.
///
/// Writing it gives the bytes back. Two are equal when their values are.
#[derive(Clone, Debug)]
pub struct Kept<T> {
    value: T,
    bytes: Option<Bytes>,
}

impl<T> Kept<T> {
    /// A value that was not read from anywhere; writing it writes the value.
    pub fn new(value: T) -> Self {
        Self { value, bytes: None }
    }

    /// The bytes it was read from, if it was.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        self.bytes.as_deref()
    }

    /// The value alone.
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T: DeserializeOwned> Kept<T> {
    /// Reads the value and copies the bytes.
    ///
    /// # Errors
    /// When the bytes are not JSON or do not fit the type.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, ReadError> {
        let value = read::from_slice(bytes)?;
        Ok(Self { value, bytes: Some(Bytes::copy_from_slice(bytes)) })
    }

    /// Reads the value and keeps the bytes, without a copy.
    ///
    /// # Errors
    /// When the bytes are not JSON or do not fit the type.
    pub fn from_bytes(bytes: Bytes) -> Result<Self, ReadError> {
        let value = read::from_slice(&bytes)?;
        Ok(Self { value, bytes: Some(bytes) })
    }
}

impl<T: Serialize> Kept<T> {
    /// The bytes it was read from, or the value written as JSON.
    ///
    /// # Errors
    /// When the value cannot be written as JSON.
    pub fn to_bytes(&self) -> Result<Cow<'_, [u8]>, serde_json::Error> {
        match &self.bytes {
            Some(bytes) => Ok(Cow::Borrowed(bytes)),
            None => serde_json::to_vec(&self.value).map(Cow::Owned),
        }
    }
}

impl<T> Deref for Kept<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> From<T> for Kept<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: PartialEq> PartialEq for Kept<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Serialize> Serialize for Kept<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.bytes {
            Some(bytes) => serde_json::from_slice::<&RawValue>(bytes)
                .map_err(serde::ser::Error::custom)?
                .serialize(serializer),
            None => self.value.serialize(serializer),
        }
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Kept<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let value = read::nested(&raw)?;
        let text: Box<str> = raw.into();
        Ok(Self { value, bytes: Some(Bytes::from(text.into_boxed_bytes())) })
    }
}
