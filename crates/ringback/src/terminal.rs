//! What the terminal can show.

use std::io::IsTerminal as _;

/// What stdout and stderr are, and what may be written there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terminal {
    /// Whether a person reads stdout.
    pub(crate) stdout: bool,
    /// Whether a person reads stderr.
    pub(crate) stderr: bool,
    /// Whether colours are wanted where a person reads.
    color: bool,
    /// Whether only ASCII can be shown.
    pub(crate) ascii: bool,
    /// Columns.
    pub(crate) width: usize,
}

impl Terminal {
    pub(crate) fn detect() -> Self {
        let dumb = variable("TERM").is_some_and(|term| term == "dumb");
        Self {
            stdout: std::io::stdout().is_terminal(),
            stderr: std::io::stderr().is_terminal(),
            color: variable("NO_COLOR").is_none() && !dumb,
            ascii: !speaks_utf8(),
            width: width().filter(|columns| (30..1000).contains(columns)).unwrap_or(100),
        }
    }

    /// Whether stdout takes colours.
    pub(crate) fn stdout_color(&self) -> bool {
        self.stdout && self.color
    }

    /// Whether stderr takes colours.
    pub(crate) fn stderr_color(&self) -> bool {
        self.stderr && self.color
    }
}

/// The columns of the terminal that stderr or stdout is, or as the environment says.
fn width() -> Option<usize> {
    let said = variable("COLUMNS").and_then(|columns| columns.parse().ok());
    said.or_else(|| {
        let size = terminal_size::terminal_size_of(std::io::stderr());
        let size = size.or_else(|| terminal_size::terminal_size_of(std::io::stdout()));
        size.map(|(width, _)| usize::from(width.0))
    })
}

/// Whether the locale is one of UTF-8; without any locale we assume so, as most terminals are.
fn speaks_utf8() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(variable);
    locale.is_none_or(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

/// A variable of the environment, unless it is empty.
#[expect(clippy::disallowed_methods, reason = "the binary is where the environment is read")]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
