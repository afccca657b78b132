//! Replies that are not JSON, or say nothing.

use bytes::Bytes;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer, de::IgnoredAny, ser::SerializeMap as _,
};

/// A reply of server-sent events: the bytes of the stream, which the caller cuts into events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventStream(pub Bytes);

/// A success that says nothing: written as `{}`, read from whatever is there.
///
/// Generations up to v0.3 answer deletions so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Nothing;

impl Serialize for Nothing {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_map(Some(0))?.end()
    }
}

impl<'de> Deserialize<'de> for Nothing {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}
