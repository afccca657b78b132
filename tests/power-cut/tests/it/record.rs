//! What was asked of a journal, and what it answered.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use ringback_journal::{Appended, Position};

/// What is known of one journal over all its rounds, by those who use it at once.
#[derive(Debug, Default)]
pub(crate) struct Record {
    known: Mutex<Known>,
    /// How many entries were acknowledged.
    acknowledged: AtomicU64,
}

/// What is known of it.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Numbers below this one were sent.
    pub(crate) sent: u64,
    /// The numbers that were acknowledged, with the position where it is known.
    pub(crate) kept: BTreeMap<u64, Option<u64>>,
    /// The numbers that were sent and got no answer, or an error.
    again: Vec<u64>,
    /// Attempts that began, by position.
    pub(crate) attempts: Asked,
    pub(crate) done: Asked,
    pub(crate) buried: Asked,
    /// What an answer itself showed to be wrong.
    pub(crate) wrong: Vec<String>,
}

/// How often something was asked for at a position.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    asked: BTreeMap<u64, u32>,
    answered: BTreeMap<u64, u32>,
}

impl Asked {
    pub(crate) fn ask(&mut self, positions: &[Position]) {
        positions.iter().for_each(|position| *self.asked.entry(position.0).or_default() += 1);
    }

    pub(crate) fn answer(&mut self, positions: &[Position]) {
        positions.iter().for_each(|position| *self.answered.entry(position.0).or_default() += 1);
    }

    /// How often it was asked for.
    pub(crate) fn asked(&self, position: u64) -> u32 {
        self.asked.get(&position).copied().unwrap_or_default()
    }

    /// How often that was acknowledged.
    pub(crate) fn answered(&self, position: u64) -> u32 {
        self.answered.get(&position).copied().unwrap_or_default()
    }

    /// At how many positions it was acknowledged.
    pub(crate) fn count(&self) -> u64 {
        self.answered.len() as u64
    }

    /// Where it was acknowledged.
    pub(crate) fn all_answered(&self) -> BTreeSet<u64> {
        self.answered.keys().copied().collect()
    }
}

impl Record {
    pub(crate) fn acknowledged(&self) -> u64 {
        self.acknowledged.load(Ordering::Acquire)
    }

    /// How many entries a consumer settled.
    pub(crate) fn settled(&self) -> u64 {
        let known = self.known();
        known.done.count() + known.buried.count()
    }

    pub(crate) fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Numbers to send next: those that got no answer first, as a sender does.
    pub(crate) fn next(&self, count: u64) -> Vec<u64> {
        let mut known = self.known();
        let from = known.again.len().saturating_sub(usize::try_from(count).unwrap_or_default());
        let mut numbers = known.again.split_off(from);
        let new = count - numbers.len() as u64;
        numbers.extend(known.sent..known.sent + new);
        known.sent += new;
        numbers
    }

    /// These got no answer, or an error.
    pub(crate) fn unanswered(&self, numbers: Vec<u64>) {
        let mut known = self.known();
        let Known { kept, again, .. } = &mut *known;
        again.extend(numbers.into_iter().filter(|number| !kept.contains_key(number)));
    }

    /// These were acknowledged.
    pub(crate) fn answered(&self, numbers: &[u64], answers: &[Appended]) {
        let mut known = self.known();
        if numbers.len() != answers.len() {
            known.wrong.push(format!("{} answers to {} entries", answers.len(), numbers.len()));
        }
        for (number, answer) in numbers.iter().zip(answers) {
            let position = match answer {
                Appended::New(position) => Some(position.0),
                Appended::Known => None,
            };
            match known.kept.get(number).copied() {
                Some(before) if position.is_some() => {
                    known.wrong.push(format!("{number} is new at {answer:?}, after {before:?}"));
                }
                Some(_) => {}
                None => {
                    known.kept.insert(*number, position);
                    self.acknowledged.fetch_add(1, Ordering::AcqRel);
                }
            }
        }
    }
}
