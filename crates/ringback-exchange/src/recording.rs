//! Recordings: what is recorded, and the file that comes of it.

use std::sync::Arc;

use ringback_model::{ApplicationId, ConversationId, RecordingId, Timestamp, ncco::RecordFormat};

use serde::{Deserialize, Serialize};

use crate::{Recording, directory::Hook, id::Id};

/// A recording, while it runs and afterwards.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Take {
    pub(crate) id: Id,
    /// What stands in its address; not the recording's own id.
    pub(crate) file: Id,
    /// What stands in the address of its transcript.
    pub(crate) transcript: Id,
    pub(crate) application: ApplicationId,
    /// The conversation's ordinal, and its id for when it is gone.
    pub(crate) conversation: u64,
    pub(crate) conversation_id: Id,
    /// The leg whose script records; none when a conversation is recorded.
    pub(crate) leg: Option<u64>,
    /// A leg that its events are told for.
    pub(crate) teller: Option<u64>,
    /// Where its events go; nowhere any more once it is over and kept.
    #[serde(skip)]
    pub(crate) hook: Option<Arc<Hook>>,
    pub(crate) format: RecordFormat,
    pub(crate) channels: u32,
    pub(crate) started: Timestamp,
    pub(crate) ended: Option<Timestamp>,
    /// The key that ends it.
    pub(crate) end_key: Option<char>,
    /// Milliseconds of silence that end it.
    pub(crate) silence: Option<i64>,
    /// Counts what is heard: a deadline of an earlier silence is void.
    pub(crate) epoch: u32,
    /// Where the transcript is announced, when there is to be one.
    pub(crate) transcription: Option<Transcript>,
    /// What was said meanwhile: milliseconds from its start, how long, and the words.
    pub(crate) said: Vec<(i64, i64, Box<str>)>,
}

/// A transcript that is wanted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Transcript {
    /// Where it is announced; none when there is no address at all, or when that is long past.
    #[serde(skip)]
    pub(crate) hook: Option<Arc<Hook>>,
}

impl Take {
    pub(crate) fn id(&self) -> RecordingId {
        RecordingId::new(self.id.dashed(""))
    }

    pub(crate) fn conversation_id(&self) -> ConversationId {
        ConversationId::new(self.conversation_id.dashed("CON-"))
    }

    pub(crate) fn millis(&self, now: Timestamp) -> u64 {
        let ended = self.ended.unwrap_or(now);
        u64::try_from(ended.as_millis() - self.started.as_millis()).unwrap_or(0)
    }

    /// What the file holds.
    pub(crate) fn sound(&self, now: Timestamp) -> Recording {
        Recording { format: self.format.clone(), channels: self.channels, millis: self.millis(now) }
    }
}
