//! Webhooks on their way out.

pub(crate) mod envelope;
pub(crate) mod log;
pub(crate) mod sender;
pub(crate) mod wire;
