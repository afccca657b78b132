//! What a transcript tells of a call.

use ringback_model::{ConversationId, LegId, Timestamp, control};

/// Something that happened; [`Exchange::describe`](crate::Exchange::describe) puts it into words.
#[derive(Clone, Debug)]
pub struct Note {
    /// When, by the platform's clock.
    pub at: Timestamp,
}
