//! Collecting findings, not too many of them.

use crate::{Finding, SYNTAX_ERROR, Severity, path::Path, span::Place};

/// So many findings of a severity are told; the others are counted.
const MOST: usize = 100;

/// The findings so far.
#[derive(Default)]
pub(crate) struct Findings {
    pub(crate) list: Vec<Draft>,
    pub(crate) omitted: usize,
    counts: [usize; 2],
}

impl Findings {
    pub(crate) fn has(&self, severity: Severity) -> bool {
        self.counts[severity as usize] > 0
    }

    /// Takes a finding in, unless there are enough of its severity.
    pub(crate) fn push(&mut self, draft: Draft) {
        let count = &mut self.counts[draft.finding.severity as usize];
        if *count < MOST {
            *count += 1;
            self.list.push(draft);
        } else {
            self.omitted += 1;
        }
    }
}

/// A finding whose position is still to be looked up.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) finding: Finding,
    pub(crate) place: Place,
}

/// The platform refuses this, or its documentation forbids it.
pub(crate) fn error(code: &'static str, path: &Path<'_>, message: impl Into<String>) -> Draft {
    let mut draft = draft(Severity::Error, code, path.pointer(), message.into());
    draft.finding.platform = Some(SYNTAX_ERROR);
    draft
}

/// This probably does not do what was meant.
pub(crate) fn warning(code: &'static str, path: &Path<'_>, message: impl Into<String>) -> Draft {
    draft(Severity::Warning, code, path.pointer(), message.into())
}

/// A finding at a JSON pointer.
pub(crate) fn draft(
    severity: Severity,
    code: &'static str,
    pointer: String,
    message: String,
) -> Draft {
    let action = pointer.split('/').nth(1).and_then(|index| index.parse().ok());
    let finding = Finding {
        severity,
        code,
        message,
        action,
        pointer,
        position: None,
        seen: None,
        accepted: None,
        suggestion: None,
        platform: None,
    };
    Draft { finding, place: Place::Value }
}

impl Draft {
    /// Says what is accepted.
    pub(crate) fn accepted(mut self, accepted: impl Into<String>) -> Self {
        self.finding.accepted = Some(accepted.into());
        self
    }

    /// Says what was meant or what to do.
    pub(crate) fn help(mut self, suggestion: impl Into<String>) -> Self {
        self.finding.suggestion = Some(suggestion.into());
        self
    }

    /// Says what was meant, where that is known.
    pub(crate) fn perhaps(mut self, suggestion: Option<String>) -> Self {
        self.finding.suggestion = suggestion.or(self.finding.suggestion);
        self
    }

    /// Points at the field's name instead of its value.
    pub(crate) fn at_name(mut self) -> Self {
        self.place = Place::Name;
        self
    }

    /// Points at bytes of the text.
    pub(crate) fn at(mut self, bytes: std::ops::Range<usize>) -> Self {
        self.place = Place::Bytes(bytes);
        self
    }

    /// Says what the platform would have said.
    pub(crate) fn platform(mut self, sentence: &'static str) -> Self {
        self.finding.platform = Some(sentence);
        self
    }
}
