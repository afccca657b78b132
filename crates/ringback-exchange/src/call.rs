//! A call: a first leg and whatever it brings about.

use std::sync::Arc;

use ringback_model::Timestamp;

use crate::{directory::Routes, id::Id};

/// A call: a first leg and whatever it brings about.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) routes: Arc<Routes>,
    /// Its legs in the order they were made; the first runs the script.
    pub(crate) legs: Vec<u64>,
    /// The conversation's id, for those who ask after it is gone.
    pub(crate) conversation_id: Id,
    /// Why it could not go on as wished.
    pub(crate) error: Option<Box<str>>,
    pub(crate) ended: Option<Timestamp>,
}
