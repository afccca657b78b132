//! Things in the order they were made, found by their ordinal.

use std::{
    collections::{BTreeMap, VecDeque},
    ops::Range,
};

/// Things in the order they were made, found by their ordinal in one step.
///
/// Ordinals are never used again, so a late reference to something removed finds nothing.
#[derive(Debug)]
pub(crate) struct Store<T> {
    /// What is left of long ago: all before the first slot.
    old: BTreeMap<u64, Box<T>>,
    /// The ordinal of the first slot.
    base: u64,
    /// The first slot is never empty.
    slots: VecDeque<Option<Box<T>>>,
    /// How many slots are not empty.
    full: usize,
}

/// There is one full slot among so many, or few slots: else what is old makes room.
const SPARSE: usize = 8;
/// So many slots are few.
const FEW: usize = 1_024;

impl<T> Store<T> {
    pub(crate) fn new() -> Self {
        Self { old: BTreeMap::new(), base: 0, slots: VecDeque::new(), full: 0 }
    }

    /// With what is left of so many that were ever made.
    pub(crate) fn kept(left: Vec<(u64, T)>, made: u64) -> Self {
        let base = left.iter().map(|(ordinal, _)| ordinal + 1).fold(made, u64::max);
        let old = left.into_iter().map(|(ordinal, value)| (ordinal, Box::new(value))).collect();
        Self { old, base, ..Self::new() }
    }

    /// The ordinal of what is inserted next.
    pub(crate) fn next(&self) -> u64 {
        self.base + self.slots.len() as u64
    }

    pub(crate) fn insert(&mut self, value: T) -> u64 {
        let ordinal = self.next();
        self.slots.push_back(Some(Box::new(value)));
        self.full += 1;
        self.make_room();
        ordinal
    }

    pub(crate) fn get(&self, ordinal: u64) -> Option<&T> {
        match ordinal.checked_sub(self.base) {
            Some(place) => self.slots.get(usize::try_from(place).ok()?)?.as_deref(),
            None => self.old.get(&ordinal).map(|value| &**value),
        }
    }

    pub(crate) fn get_mut(&mut self, ordinal: u64) -> Option<&mut T> {
        match ordinal.checked_sub(self.base) {
            Some(place) => self.slots.get_mut(usize::try_from(place).ok()?)?.as_deref_mut(),
            None => self.old.get_mut(&ordinal).map(|value| &mut **value),
        }
    }

    pub(crate) fn remove(&mut self, ordinal: u64) -> Option<T> {
        let Some(place) = ordinal.checked_sub(self.base) else {
            return self.old.remove(&ordinal).map(|value| *value);
        };
        let value = self.slots.get_mut(usize::try_from(place).ok()?)?.take()?;
        self.full -= 1;
        self.drop_empty();
        Some(*value)
    }

    fn drop_empty(&mut self) {
        while let Some(None) = self.slots.front() {
            self.slots.pop_front();
            self.base += 1;
        }
    }

    /// One that stays for long must not hold the slots of all that came and went after it.
    fn make_room(&mut self) {
        while self.slots.len() > SPARSE * self.full + FEW {
            if let Some(Some(value)) = self.slots.pop_front() {
                self.old.insert(self.base, value);
                self.full -= 1;
            }
            self.base += 1;
            self.drop_empty();
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.full == 0 && self.old.is_empty()
    }

    /// All that are left, in the order they were made.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (u64, &T)> {
        self.range(0..u64::MAX)
    }

    /// Those that are left of some ordinals, in the order they were made.
    pub(crate) fn range(&self, keys: Range<u64>) -> impl DoubleEndedIterator<Item = (u64, &T)> {
        let end = keys.end.max(keys.start);
        let old = self.old.range(keys.start..end).map(|(key, value)| (*key, &**value));
        let place = |key: u64| {
            let place = usize::try_from(key.saturating_sub(self.base));
            place.unwrap_or(usize::MAX).min(self.slots.len())
        };
        let (from, to) = (place(keys.start), place(end));
        let first = self.base + from as u64;
        let slots = self.slots.range(from..to).enumerate();
        old.chain(slots.filter_map(move |(at, slot)| Some((first + at as u64, slot.as_deref()?))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_removed_is_not_found_again() {
        let mut store = Store::new();
        let keys: Vec<_> = (0..4).map(|n| store.insert(n)).collect();
        assert_eq!(keys, [0, 1, 2, 3]);
        assert_eq!(store.remove(0), Some(0));
        assert_eq!(store.remove(0), None);
        assert_eq!(store.remove(2), Some(2));
        assert_eq!(
            (store.get(0), store.get(1), store.get(2), store.get(3)),
            (None, Some(&1), None, Some(&3))
        );
        assert_eq!(store.insert(9), 4);
        assert_eq!(
            store.iter().map(|(key, value)| (key, *value)).collect::<Vec<_>>(),
            [(1, 1), (3, 3), (4, 9)]
        );
        assert_eq!(store.get(77), None);
    }
    #[test]
    fn one_that_stays_holds_no_place_for_those_that_went() {
        let mut store = Store::new();
        store.insert(0);
        for n in 1..100_000 {
            store.insert(n);
            if n > 10 {
                store.remove(n - 5);
            }
        }
        assert!(store.slots.len() < 2 * FEW, "{}", store.slots.len());
        let left: Vec<_> = (0..6).chain(99_995..100_000).collect();
        let keys = |range: Range<u64>| store.range(range).map(|(key, _)| key).collect::<Vec<_>>();
        assert_eq!(keys(0..u64::MAX), left);
        assert_eq!(keys(3..99_997), [3, 4, 5, 99_995, 99_996]);
        assert_eq!((keys(100..100), keys(50..60)), (vec![], vec![]));
        assert_eq!(store.range(0..99_997).next_back(), Some((99_996, &99_996)));
        assert_eq!(store.next(), 100_000);
        for key in left {
            assert_eq!(store.get(key), Some(&key));
            assert_eq!(store.get_mut(key).copied(), Some(key));
            assert_eq!((store.remove(key), store.get(key)), (Some(key), None));
        }
        assert!(store.is_empty());
        assert_eq!(store.insert(1), 100_000);
    }

    #[test]
    fn what_is_kept_has_its_ordinal_and_what_is_made_next_another() {
        let mut store = Store::kept(vec![(3, 'a'), (1_000_000_000, 'b')], 2_000_000_000);
        assert_eq!((store.get(3), store.get(4), store.next()), (Some(&'a'), None, 2_000_000_000));
        assert_eq!(store.insert('c'), 2_000_000_000);
        let all: Vec<_> = store.iter().map(|(_, value)| *value).collect();
        assert_eq!(all, ['a', 'b', 'c']);
    }
}
