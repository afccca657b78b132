//! Why a load cannot be run.

/// Why a load cannot be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The plan means nothing.
    #[error("the plan cannot be run: {0}")]
    Plan(&'static str),
    /// No call could be placed at all.
    #[error("no call could be placed: {0}")]
    NoCalls(String),
    /// What was delivered is not known, so nothing can be said of it.
    #[error("what was delivered cannot be counted: {0}")]
    Counting(String),
}
