//! Calls that are sent together, each entry once.

use std::collections::{HashMap, hash_map};

use tokio::time::Instant;

use super::append::{Call, Caller};
use crate::{Appended, Entry, Error};

/// What a courier carries.
#[derive(Debug)]
pub(super) struct Parcel {
    entries: Vec<Entry>,
    calls: Vec<Addressed>,
    /// Nothing of it is sent after this.
    pub(super) end: Instant,
}

/// Which answers a caller is to have.
#[derive(Debug)]
struct Addressed {
    caller: Caller,
    places: Vec<Place>,
}

/// Which answer, and whether it is that to a copy.
#[derive(Clone, Copy, Debug)]
struct Place {
    nth: usize,
    is_copy: bool,
}

impl Parcel {
    /// Packs these calls; of entries with one key the first is sent, and the others are its copies.
    pub(super) fn of(calls: impl IntoIterator<Item = Call>) -> Self {
        let (mut entries, mut known) = (Vec::new(), HashMap::new());
        let mut end = Instant::now();
        let mut place = |entry: Entry| match known.entry(entry.key) {
            hash_map::Entry::Occupied(first) => Place { nth: *first.get(), is_copy: true },
            hash_map::Entry::Vacant(first) => {
                let nth = *first.insert(entries.len());
                entries.push(entry);
                Place { nth, is_copy: false }
            }
        };
        let calls = calls.into_iter().map(|call| {
            end = end.max(call.end);
            let places = call.entries.into_iter().map(&mut place).collect();
            Addressed { caller: call.caller, places }
        });
        let calls = calls.collect();
        Self { entries, calls, end }
    }

    /// What is sent.
    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Gives each caller the answers to what it asked, or the first error among them.
    pub(super) fn tell(self, answers: &[Result<Appended, Error>]) {
        for Addressed { caller, places } in self.calls {
            caller.tell(places.iter().map(|place| place.of(answers)).collect());
        }
    }
}

impl Place {
    fn of(self, answers: &[Result<Appended, Error>]) -> Result<Appended, Error> {
        match answers.get(self.nth).ok_or(Error::Closed)? {
            Ok(_) if self.is_copy => Ok(Appended::Known),
            Ok(answer) => Ok(*answer),
            Err(error) => Err(error.clone()),
        }
    }
}
