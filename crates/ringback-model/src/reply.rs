//! Replies that are not JSON.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// A reply of server-sent events: the bytes of the stream, which the caller cuts into events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventStream(pub Bytes);
