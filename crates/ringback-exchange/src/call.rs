//! A call: a first leg and whatever it brings about.

use std::{collections::VecDeque, sync::Arc};

use ringback_model::Timestamp;

use crate::{directory::Routes, id::Id, webhook::Outgoing};

/// A call: a first leg and whatever it brings about.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) routes: Arc<Routes>,
    /// Its legs in the order they were made; the first runs the script.
    pub(crate) legs: Vec<u64>,
    /// The ids of the conversations it made, for those who ask after they are gone; never empty.
    pub(crate) conversations: Vec<Id>,
    /// Why it could not go on as wished.
    pub(crate) error: Option<Box<str>>,
    pub(crate) ended: Option<Timestamp>,
    /// Whether it is among those that may be forgotten.
    pub(crate) finished: bool,
    /// Events that wait for those before them.
    pub(crate) outbox: VecDeque<Outgoing>,
    /// How many of its recordings are still to be told of.
    pub(crate) takes: u32,
    /// How many events are on their way.
    pub(crate) flying: usize,
    /// The deadline at which waiting events pass those on their way; none when none waits.
    pub(crate) pass_at: Option<Timestamp>,
}

impl Call {
    pub(crate) fn new(routes: Arc<Routes>, conversation_id: Id) -> Self {
        Self {
            routes,
            legs: Vec::with_capacity(2),
            conversations: vec![conversation_id],
            error: None,
            ended: None,
            finished: false,
            outbox: VecDeque::new(),
            takes: 0,
            flying: 0,
            pass_at: None,
        }
    }

    /// The conversation that it began in.
    pub(crate) fn first_conversation(&self) -> Option<Id> {
        self.conversations.first().copied()
    }

    /// The place of a conversation among those that it made or came into.
    pub(crate) fn place_of(&mut self, conversation: Id) -> u16 {
        // The last one is the one that most is told of.
        let known = self.conversations.iter().rposition(|known| *known == conversation);
        let place = known.unwrap_or_else(|| {
            self.conversations.push(conversation);
            self.conversations.len() - 1
        });
        u16::try_from(place).unwrap_or(u16::MAX)
    }

    /// Whether there is something left to tell of it.
    pub(crate) fn is_telling(&self) -> bool {
        self.flying > 0 || self.takes > 0 || !self.outbox.is_empty()
    }
}
