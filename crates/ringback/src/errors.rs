//! How a failure is told: one sentence, then what to do about it.

use std::{fmt, io, io::Write as _, process::ExitCode};

use crate::terminal::Terminal;

/// Something failed.
pub(crate) const FAILURE: u8 = 1;
/// The command line is not right.
pub(crate) const USAGE: u8 = 2;
/// The API said no.
pub(crate) const REFUSED: u8 = 3;

/// A failure in words: one sentence, and lines below it with what else is known.
#[derive(Debug)]
pub(crate) struct Complaint {
    exit: u8,
    sentence: String,
    notes: Vec<(&'static str, String)>,
}

impl Complaint {
    /// The exit code is 1.
    pub(crate) fn failure(sentence: impl Into<String>) -> Self {
        Self { exit: FAILURE, sentence: sentence.into(), notes: Vec::new() }
    }

    /// The exit code is 2.
    pub(crate) fn usage(sentence: impl Into<String>) -> Self {
        Self { exit: USAGE, ..Self::failure(sentence) }
    }

    /// The exit code is 3.
    pub(crate) fn refused(sentence: impl Into<String>) -> Self {
        Self { exit: REFUSED, ..Self::failure(sentence) }
    }

    /// Adds a line, such as `fix: mint a new token`.
    pub(crate) fn note(mut self, title: &'static str, text: impl Into<String>) -> Self {
        self.notes.push((title, text.into()));
        self
    }

    /// Adds a line if there is something to say.
    pub(crate) fn note_if(self, title: &'static str, text: Option<impl Into<String>>) -> Self {
        match text {
            Some(text) => self.note(title, text),
            None => self,
        }
    }

    /// Adds what to do.
    pub(crate) fn fix(self, text: impl Into<String>) -> Self {
        self.note("fix", text)
    }
}

impl Complaint {
    /// Whether the API said no.
    pub(crate) fn is_refusal(&self) -> bool {
        self.exit == REFUSED
    }

    /// What to do about it, or else what is known of it.
    pub(crate) fn advice(&self) -> Option<&str> {
        let titled =
            |title| self.notes.iter().find(|(name, _)| *name == title).map(|(_, text)| text);
        titled("fix").or_else(|| titled("hint")).map(String::as_str)
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl std::error::Error for Complaint {}

/// Tells a failure on stderr, and gives the exit code.
///
/// A closed pipe is no failure: whoever read us has read enough.
pub(crate) fn report(error: &anyhow::Error, terminal: &Terminal) -> ExitCode {
    if is_closed_pipe(error) {
        return ExitCode::SUCCESS;
    }
    let mut text = String::new();
    let title = if terminal.stderr_color() { "\x1b[1;31merror\x1b[0m" } else { "error" };
    let mut sentences: Vec<String> = Vec::new();
    for cause in error.chain() {
        let sentence = printable(&cause.to_string(), terminal.ascii);
        // Some errors repeat their cause.
        if sentences.iter().all(|known| !known.contains(&sentence)) {
            sentences.push(sentence);
        }
    }
    text.push_str(&format!("{title}: {}\n", sentences.join(": ")));
    let complaint = error.downcast_ref::<Complaint>();
    for (name, note) in complaint.iter().flat_map(|complaint| &complaint.notes) {
        text.push_str(&format!("  {name}: {}\n", printable(note, terminal.ascii)));
    }
    // When stderr is closed there is nobody to tell.
    drop(io::stderr().write_all(text.as_bytes()));
    ExitCode::from(complaint.map_or(FAILURE, |complaint| complaint.exit))
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    })
}

/// Text without what a terminal would obey, and in ASCII where nothing else can be shown.
pub(crate) fn printable(text: &str, ascii: bool) -> String {
    text.chars()
        .map(|c| match c {
            '\t' | '\n' => ' ',
            c if c.is_control() => '?',
            c if ascii && !c.is_ascii() => '?',
            c => c,
        })
        .collect()
}
