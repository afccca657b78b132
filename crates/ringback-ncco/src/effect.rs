//! What an exchange takes and does nothing about. The one place that knows.

use ringback_model::ncco::{Action, Endpoint};

use crate::{
    Severity,
    cap::{Findings, draft},
    path::Path,
};

/// Options that Ringback's exchange takes and that change nothing, with their pointers in the
/// action.
///
/// A signature of the caller's identity (`shaken`) is neither checked nor handed on, and
/// transcripts have no sentiment in them.
#[must_use]
pub fn without_effect(action: &Action) -> Vec<(&'static str, &'static str)> {
    let mut found = Vec::new();
    match action {
        Action::Connect(connect) => {
            if let Some(Endpoint::Phone(phone)) = connect.endpoint.first()
                && phone.shaken.is_some()
            {
                found.push(("shaken", "/endpoint/0/shaken"));
            }
        }
        Action::Record(record) => {
            let transcription = record.transcription.as_ref();
            if transcription
                .is_some_and(|transcription| transcription.sentiment_analysis == Some(true))
            {
                found.push(SENTIMENT);
            }
        }
        Action::Conversation(conversation) => {
            let transcription = conversation.transcription.as_ref();
            if transcription
                .is_some_and(|transcription| transcription.sentiment_analysis == Some(true))
            {
                found.push(SENTIMENT);
            }
        }
        _ => {}
    }
    found
}

const SENTIMENT: (&str, &str) = ("sentimentAnalysis", "/transcription/sentimentAnalysis");

/// Warns of what is without effect in an action.
pub(crate) fn report(index: usize, action: &Action, out: &mut Findings) {
    for (name, inner) in without_effect(action) {
        let pointer = Path::ROOT.index(index).pointer() + inner;
        let message = format!("`{name}` has no effect in the emulator");
        out.push(draft(Severity::Warning, "no-effect", pointer, message));
    }
}
