//! Why a REST call is refused, in full.

use ringback_model::{operation::ErrorFamily, problem};

/// Why a REST call is refused: what the platform says, and what it does not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What the platform answers.
    pub details: problem::Details,
    /// A stable code, such as `conversation-of-another-application`.
    pub reason: &'static str,
    /// What was checked.
    pub checked: String,
    /// What was seen; secrets only as length and hash prefix.
    pub seen: String,
    /// What was expected.
    pub expected: String,
    /// What to do.
    pub fix: String,
}

impl Refusal {
    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.details.status
    }

    /// One ASCII sentence of at most 200 bytes, for a header.
    #[must_use]
    pub fn hint(&self) -> String {
        let mut hint = String::with_capacity(200);
        for part in [&self.seen, &self.fix] {
            if part.is_empty() {
                continue;
            }
            if !hint.is_empty() {
                hint.push_str("; ");
            }
            hint.extend(part.chars().map(|c| if (' '..='~').contains(&c) { c } else { '?' }));
        }
        hint.truncate(200);
        hint
    }

    /// The body in the shape of an error family.
    #[must_use]
    pub fn body(&self, family: ErrorFamily) -> Vec<u8> {
        problem::body(family, &self.details)
    }
}
