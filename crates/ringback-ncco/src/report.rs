//! What a check has to say.

use std::fmt;

use ringback_model::ncco::Action;

/// What the platform says about a script it does not understand, in its error webhook.
pub const SYNTAX_ERROR: &str = "Syntax error in NCCO. Invalid value type or action.";

/// What the platform says about an answer in which there is no script.
pub const NOTHING: &str = "no NCCOs available";

/// The outcome of a check.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// The script, when it can be run: no finding but warnings.
    pub actions: Option<Vec<Action>>,
    /// What was found, in the order of the text; at most 100 of each severity.
    pub findings: Vec<Finding>,
    /// How many findings more there were.
    pub omitted: usize,
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What sort of thing it is, in kebab-case, such as `unknown-action`.
    pub code: &'static str,
    /// What is wrong, in one line without a full stop.
    pub message: String,
    /// The action it is in, counted from 0.
    pub action: Option<usize>,
    /// Where it is as a JSON pointer (RFC 6901), such as `/1/endpoint/0/number`; empty for the
    /// whole document.
    pub pointer: String,
    /// Where it is in the text that was checked; none when there was no text.
    pub position: Option<Position>,
    /// What stands there, cut at 80 characters.
    pub seen: Option<String>,
    /// What is accepted there.
    pub accepted: Option<String>,
    /// What was probably meant, or what to do, as a sentence without a full stop.
    pub suggestion: Option<String>,
    /// What the platform itself would have said; none when it would have run the script.
    pub platform: Option<&'static str>,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The platform refuses the whole script, or its documentation forbids it.
    Error,
    /// The script runs, but probably not as was meant.
    Warning,
}

/// A place in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Position {
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
    /// Bytes from the start of the text.
    pub offset: usize,
    /// Length in bytes; 0 for a point, such as the end of the text.
    pub length: usize,
}

impl Report {
    /// Whether the script can be run: nothing in it is an error, and there is something to do.
    #[must_use]
    pub fn is_runnable(&self) -> bool {
        self.actions.is_some()
    }

    /// Whether the platform would take the script: nothing in it is an error.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.first_error().is_none()
    }

    /// Whether there is no script at all: an empty body, an empty list, or something that is
    /// neither. Webhooks during a call may answer so, and the running script then goes on.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.platform() == Some(NOTHING)
    }

    /// The first error of the text.
    #[must_use]
    pub fn first_error(&self) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.severity == Severity::Error)
    }

    /// What the platform itself would have said; none when it would have run the script.
    #[must_use]
    pub fn platform(&self) -> Option<&'static str> {
        self.first_error().and_then(|finding| finding.platform)
    }

    /// How many of the findings are of a severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }
}

impl Severity {
    /// How it is printed.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Finding {
    /// One line: `/1/action (line 3, column 16): "conect" is not an action; did you mean "connect"?`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.pointer.as_str(), self.position) {
            ("", None) => {}
            ("", Some(at)) => write!(f, "line {}, column {}: ", at.line, at.column)?,
            (pointer, None) => write!(f, "{pointer}: ")?,
            (pointer, Some(at)) => {
                write!(f, "{pointer} (line {}, column {}): ", at.line, at.column)?;
            }
        }
        f.write_str(&self.message)?;
        match &self.suggestion {
            Some(suggestion) => write!(f, "; {suggestion}"),
            None => Ok(()),
        }
    }
}
