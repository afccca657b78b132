//! A running script.

use std::{sync::Arc, vec};

use ringback_model::{Timestamp, ncco::Action};

use crate::directory::Hook;

/// A script that runs on a leg.
#[derive(Debug)]
pub(crate) struct Run {
    /// What is left of it.
    pub(crate) script: vec::IntoIter<Action>,
    pub(crate) step: Step,
    /// Which step it is; timers of earlier ones are void.
    pub(crate) epoch: u32,
    /// A prompt asked for it: keys and speech end this and the following prompts, up to an input.
    pub(crate) barge_in: bool,
    /// Whether it is what a callee hears before it joins.
    pub(crate) before_joining: bool,
    /// What was pressed or said while prompts could be interrupted, and what an input collects.
    pub(crate) heard: Option<Box<Heard>>,
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
    /// A sound is fetched, then played.
    Playing {
        /// The number of the sound.
        sound: u64,
        /// How often it is played; 0 is for ever.
        times: u32,
    },
    /// Keys or speech are collected.
    Collecting,
    /// The script waits for the end of a recording.
    Recording {
        /// The recording.
        take: u64,
    },
    /// Time passes.
    Waiting,
    /// A leg is dialled.
    Dialling {
        /// The leg.
        leg: u64,
    },
    /// A webhook is asked for the next script.
    Asking,
    /// The leg is in a named conversation until it leaves.
    InRoom,
    /// The script begins when it is known who has answered.
    Detecting,
    /// Nothing is left of it; a partner keeps the leg up.
    Drained,
}

/// What was pressed and said.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// Keys in the order they were pressed.
    pub(crate) keys: String,
    /// What is being said, or was.
    pub(crate) speech: Option<Spoken>,
    /// What the running input listens for.
    pub(crate) input: Option<Listening>,
}

impl Heard {
    pub(crate) fn is_something(&self) -> bool {
        !self.keys.is_empty() || self.speech.is_some()
    }
}

/// Something that was said.
#[derive(Clone, Debug)]
pub(crate) struct Spoken {
    pub(crate) text: Box<str>,
    pub(crate) ends: Timestamp,
}

/// What an input listens for.
#[derive(Debug)]
pub(crate) struct Listening {
    pub(crate) keys: Option<KeyRules>,
    pub(crate) speech: Option<SpeechRules>,
    /// Whether speech was asked for; a key ends listening for it.
    pub(crate) wanted_speech: bool,
    /// Where the result goes; none when there is no address at all.
    pub(crate) hook: Option<Arc<Hook>>,
}

/// How keys are collected.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyRules {
    /// Milliseconds without a key that end the input.
    pub(crate) timeout: i64,
    pub(crate) max: usize,
    pub(crate) submit_on_hash: bool,
}

/// How speech is recognised, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SpeechRules {
    pub(crate) start_timeout: i64,
    pub(crate) silence: i64,
    pub(crate) max: i64,
    pub(crate) keeps_audio: bool,
}

impl Run {
    pub(crate) fn fetching() -> Self {
        Self::at(Step::Fetching)
    }

    /// A run that has no script yet.
    pub(crate) fn at(step: Step) -> Self {
        Self {
            script: Vec::new().into_iter(),
            step,
            epoch: 0,
            barge_in: false,
            before_joining: false,
            heard: None,
        }
    }

    /// Replaces what is left by another script.
    pub(crate) fn replace(&mut self, script: Vec<Action>) {
        *self = Self {
            script: script.into_iter(),
            epoch: self.epoch + 1,
            before_joining: self.before_joining,
            ..Self::at(Step::Ready)
        };
    }

    pub(crate) fn heard(&mut self) -> &mut Heard {
        self.heard.get_or_insert_default()
    }
}
