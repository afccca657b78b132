//! What can go wrong when a script is written.

use crate::Report;

/// Why a script was not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The script has faults; the report says which.
    #[error("the call script is faulty: {}", .0.first_error().map_or("", |finding| &finding.message))]
    Faulty(Report),
    /// The script cannot be written as JSON.
    #[error("the call script cannot be written as JSON")]
    Unwritable(#[from] serde_json::Error),
}

impl Error {
    /// What was found, when the script has faults.
    #[must_use]
    pub fn report(&self) -> Option<&Report> {
        match self {
            Self::Faulty(report) => Some(report),
            Self::Unwritable(_) => None,
        }
    }
}
