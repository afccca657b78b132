//! What can stand in the way of keeping something.

use std::sync::Arc;

type Source = Arc<dyn std::error::Error + Send + Sync>;

/// Why something is not kept, or cannot be read: what was found, and what to do.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// It cannot be used as it is set up: another place, or other settings, are needed.
    #[error("{sentence}")]
    Refused {
        /// A stable code, such as `journal-newer`.
        code: &'static str,
        /// What was found, expected, and what to do.
        sentence: String,
        /// What reported it.
        source: Option<Source>,
    },
    /// It does not work now; the same may work later.
    #[error("{sentence}")]
    Unavailable {
        /// A stable code, such as `journal-full`.
        code: &'static str,
        /// What was found, and what to do.
        sentence: String,
        /// What reported it.
        source: Option<Source>,
    },
    /// More waits already than is allowed.
    #[error("{waiting} entries wait to be kept and no more may; send it again a little later")]
    Busy {
        /// How many wait.
        waiting: usize,
    },
    /// It was closed.
    #[error("the journal is closed")]
    Closed,
}

impl Error {
    /// A stable code: `journal-busy`, `journal-closed`, or that of the variant.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused { code, .. } | Self::Unavailable { code, .. } => code,
            Self::Busy { .. } => "journal-busy",
            Self::Closed => "journal-closed",
        }
    }

    /// Whether there was no room in the queue, so that a little later it may go.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        matches!(self, Self::Busy { .. })
    }

    /// Whether the entries are in other hands by now, so that this holder is to leave them alone.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        matches!(self.code(), "journal-lost" | "journal-not-in-hand")
    }

    /// Whether only other settings help.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        matches!(self, Self::Refused { .. })
    }
}
