//! Virtual phones: the port that a leg talks to, and the scripts behind it.

mod script;

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
};

use ringback_model::Timestamp;

pub(crate) use script::are_keys;
pub use script::{Deed, Doing, Machine, Outcome, Script, ScriptError};

use crate::{
    PhoneEvent,
    exchange::GIVE_UP_EPOCH,
    timer::{Due, Kind, Timers},
};

/// What the platform tells a phone; the other way round it is a [`PhoneEvent`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PhoneCommand {
    /// Somebody calls you.
    Dial,
    /// You call somebody; this is how it goes on.
    Dialled,
    /// Your call has been answered, or you have answered.
    Answered,
}

/// A phone that somebody has set up.
#[derive(Clone, Debug)]
pub(crate) struct Phone {
    pub(crate) name: Option<Arc<str>>,
    pub(crate) script: Arc<Script>,
}

/// The phones that have been set up, by address; every other address has a phone with the default script.
///
/// The address is a number, `app:NAME`, a SIP URI or `vbc:EXTENSION`.
#[derive(Debug)]
pub(crate) struct Phones {
    set_up: BTreeMap<Arc<str>, Phone>,
    default: Arc<Script>,
    /// The legs that are up, by address, the oldest first.
    busy: HashMap<Arc<str>, VecDeque<u64>>,
}

impl Phones {
    pub(crate) fn new(default: Script) -> Self {
        Self { set_up: BTreeMap::new(), default: Arc::new(default), busy: HashMap::new() }
    }

    /// How a phone behaves that nobody has set up.
    pub(crate) fn default_script(&self) -> &Arc<Script> {
        &self.default
    }

    pub(crate) fn get(&self, number: &str) -> Option<&Phone> {
        self.set_up.get(number)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Phone)> {
        self.set_up.iter()
    }

    pub(crate) fn set(&mut self, number: &str) -> &mut Phone {
        let script = Arc::clone(&self.default);
        self.set_up.entry(number.into()).or_insert(Phone { name: None, script })
    }

    /// A phone is busy with a leg from now on; answers how it behaves.
    pub(crate) fn engage(&mut self, number: &str, leg: u64) -> Arc<Script> {
        match self.busy.get_mut(number) {
            Some(legs) => legs.push_back(leg),
            None => {
                self.busy.insert(number.into(), VecDeque::from([leg]));
            }
        }
        Arc::clone(self.get(number).map_or(&self.default, |phone| &phone.script))
    }

    /// A leg is over, and its phone busy with it no more.
    pub(crate) fn release(&mut self, number: &str, leg: u64) {
        let Some(legs) = self.busy.get_mut(number) else { return };
        if legs.front() == Some(&leg) {
            legs.pop_front();
        } else if let Ok(place) = legs.binary_search(&leg) {
            legs.remove(place);
        }
        if legs.is_empty() {
            self.busy.remove(number);
        }
    }

    /// The legs that a phone is busy with, the oldest first.
    pub(crate) fn legs(&self, number: &str) -> impl DoubleEndedIterator<Item = u64> {
        self.busy.get(number).into_iter().flatten().copied()
    }
}

impl Script {
    /// Plans what a virtual phone does about a command.
    ///
    /// `epoch` marks the plan: when the leg has moved on to another, what is left of it is dropped.
    pub(crate) fn plan(
        &self,
        now: Timestamp,
        command: PhoneCommand,
        leg: u64,
        epoch: u32,
        timers: &mut Timers,
    ) {
        let mut after = |millis: u32, event| {
            let at = Timestamp::from_millis(now.as_millis() + i64::from(millis));
            timers.set(at, Kind::Progress, Due::phone(leg, event, epoch));
        };
        match command {
            PhoneCommand::Dial => {
                let outcome = match self.outcome {
                    Outcome::Answers(at) => Some((at, PhoneEvent::Answers)),
                    Outcome::Declines(at) => Some((at, PhoneEvent::Declines)),
                    Outcome::IsBusy(at) => Some((at, PhoneEvent::IsBusy)),
                    Outcome::IsUnreachable(at) => Some((at, PhoneEvent::IsUnreachable)),
                    Outcome::CannotBeRouted(at) => Some((at, PhoneEvent::CannotBeRouted)),
                    Outcome::NoAnswer | Outcome::Manual => None,
                };
                if let Some(rings) =
                    self.rings.filter(|rings| outcome.is_none_or(|(at, _)| *rings <= at))
                {
                    after(rings, PhoneEvent::Rings);
                }
                if let Some((at, event)) = outcome {
                    after(at, event);
                }
            }
            PhoneCommand::Dialled => {
                if let Some(at) = self.gives_up {
                    let at = Timestamp::from_millis(now.as_millis() + i64::from(at));
                    timers.set(
                        at,
                        Kind::Progress,
                        Due::phone(leg, PhoneEvent::HangsUp, GIVE_UP_EPOCH),
                    );
                }
            }
            PhoneCommand::Answered => {
                if let Some(at) = self.hangs_up {
                    after(at, PhoneEvent::HangsUp);
                }
                for (place, deed) in self.deeds.iter().enumerate() {
                    if let (Some(millis), Ok(place)) = (deed.after, u16::try_from(place)) {
                        let at = Timestamp::from_millis(now.as_millis() + i64::from(millis));
                        timers.set(at, Kind::Progress, Due::Deed { leg, place, epoch });
                    }
                }
            }
        }
    }
}
