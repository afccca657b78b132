//! The exchange itself: one state, changed by inputs only.

use ringback_model::{ApplicationId, OperationInfo, Timestamp, control};

use crate::{Deadlines, Input, Note, Output, Request, Settings};

/// A telephone exchange: directory, calls, legs, conversations and running scripts.
#[derive(Debug)]
pub struct Exchange {
    settings: Settings,
}

impl Exchange {
    /// An exchange with stock to buy from, and nothing else.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }

    /// Lets one thing happen at the time `now` of the platform's clock.
    ///
    /// Whatever has fallen due before `now` happens first.
    pub fn handle(&mut self, now: Timestamp, input: Input) -> Output {
        let _ = (now, input, &self.settings);
        Output::default()
    }

    /// When the next things fall due.
    #[must_use]
    pub fn deadlines(&self) -> Deadlines {
        Deadlines::default()
    }

    /// Whether the exchange serves an operation; the rest of the control API is the emulator's own.
    #[must_use]
    pub fn serves(operation: &OperationInfo) -> bool {
        operation.id != "control.GetHealth"
    }

    /// Whether a request makes the platform generate a key pair, which has to come with it.
    #[must_use]
    pub fn needs_key_pair(&self, request: &Request) -> bool {
        request.operation.id == "applications.CreateApplication"
    }

    /// The public key of an application, PEM; none when there is no such application.
    #[must_use]
    pub fn public_key(&self, application: &ApplicationId) -> Option<&str> {
        let _ = application;
        None
    }

    /// Puts a note into words; the sequence number is the caller's to give.
    #[must_use]
    pub fn describe(&self, note: &Note) -> control::TranscriptEntry {
        control::TranscriptEntry::new(0, note.at, control::TranscriptKind::State, String::new())
    }
}
