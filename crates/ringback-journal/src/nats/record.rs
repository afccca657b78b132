//! What is remembered of a partition by a consumer.

use serde::{Deserialize, Serialize};

use crate::{Error, Position};

/// Everything up to the cursor is settled, except what is open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    /// Who has the partition; nobody when empty.
    pub(super) holder: String,
    /// No attempt began after this position, and nothing after it is settled.
    pub(super) cursor: u64,
    /// Positions that are not settled, and how many attempts at each began.
    pub(super) open: Vec<(u64, u32)>,
}

impl Record {
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        // Numbers and a text always are JSON.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// What is remembered of an entry that was given up, or is to be tried again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Grave {
    /// How many attempts began.
    pub(super) attempts: u32,
    /// Why it was given up.
    pub(super) reason: String,
}

impl Grave {
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// It is not in these hands.
pub(super) fn lost(position: Position) -> Error {
    Error::Unavailable {
        code: "journal-lost",
        sentence: format!(
            "entry {position} is not in the hands of this holder; it was settled or released, or \
             another holder has it because this one was not heard of"
        ),
        source: None,
    }
}

/// Somebody else has them.
pub(super) fn gone() -> Error {
    Error::Unavailable {
        code: "journal-lost",
        sentence: "the entries are in the hands of another holder, because this one was not heard \
                   of for a while or is leaving"
            .to_owned(),
        source: None,
    }
}
