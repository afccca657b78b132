//! A running script.

use std::vec;

use ringback_model::ncco::Action;

/// A script that runs on a leg.
#[derive(Debug)]
pub(crate) struct Run {
    /// What is left of it.
    pub(crate) script: vec::IntoIter<Action>,
    pub(crate) step: Step,
    /// Which step it is; timers of earlier ones are void.
    pub(crate) epoch: u32,
}

/// What a script is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It is being fetched.
    Fetching,
    /// Between two actions.
    Ready,
    /// A text is spoken.
    Speaking {
        /// Its place among the conversation's texts.
        text: u32,
    },
    /// A leg is dialled.
    Dialling {
        /// The leg.
        leg: u64,
    },
    /// The webhook that tells of a leg's failure is asked for the next script.
    Asking {
        /// The leg that failed.
        leg: u64,
    },
    /// Nothing is left of it; a partner keeps the leg up.
    Drained,
}

impl Run {
    pub(crate) fn fetching() -> Self {
        Self { script: Vec::new().into_iter(), step: Step::Fetching, epoch: 0 }
    }

    /// Replaces what is left by another script.
    pub(crate) fn replace(&mut self, script: Vec<Action>) {
        *self = Self { script: script.into_iter(), step: Step::Ready, epoch: self.epoch + 1 };
    }
}
