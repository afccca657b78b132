//! Things in the order they were made, found by their ordinal.

use std::collections::VecDeque;

/// Things in the order they were made, found by their ordinal in one step.
///
/// Ordinals are never used again, so a late reference to something removed finds nothing.
#[derive(Debug)]
pub(crate) struct Store<T> {
    /// The ordinal of the first slot.
    base: u64,
    slots: VecDeque<Option<Box<T>>>,
}

impl<T> Store<T> {
    pub(crate) fn new() -> Self {
        Self { base: 0, slots: VecDeque::new() }
    }

    /// With what is left, in its order, of so many that were ever made.
    pub(crate) fn kept(left: Vec<(u64, T)>, made: u64) -> Self {
        let base = left.first().map_or(made, |(ordinal, _)| *ordinal);
        let mut slots = VecDeque::new();
        slots.resize_with(usize::try_from(made.saturating_sub(base)).unwrap_or(0), || None);
        for (ordinal, value) in left {
            let place = usize::try_from(ordinal - base).ok();
            if let Some(slot) = place.and_then(|place| slots.get_mut(place)) {
                *slot = Some(Box::new(value));
            }
        }
        Self { base, slots }
    }

    /// The ordinal of what is inserted next.
    pub(crate) fn next(&self) -> u64 {
        self.base + self.slots.len() as u64
    }

    pub(crate) fn insert(&mut self, value: T) -> u64 {
        let ordinal = self.next();
        self.slots.push_back(Some(Box::new(value)));
        ordinal
    }

    pub(crate) fn get(&self, ordinal: u64) -> Option<&T> {
        self.slots.get(usize::try_from(ordinal.checked_sub(self.base)?).ok()?)?.as_deref()
    }

    pub(crate) fn get_mut(&mut self, ordinal: u64) -> Option<&mut T> {
        self.slots.get_mut(usize::try_from(ordinal.checked_sub(self.base)?).ok()?)?.as_deref_mut()
    }

    pub(crate) fn remove(&mut self, ordinal: u64) -> Option<T> {
        let slot = usize::try_from(ordinal.checked_sub(self.base)?).ok()?;
        let value = self.slots.get_mut(slot)?.take();
        while let Some(None) = self.slots.front() {
            self.slots.pop_front();
            self.base += 1;
        }
        value.map(|value| *value)
    }

    /// The ordinal of the oldest that is left.
    pub(crate) fn first_key(&self) -> Option<u64> {
        self.iter().next().map(|(key, _)| key)
    }

    /// All that are left, in the order they were made.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (u64, &T)> {
        let base = self.base;
        self.slots
            .iter()
            .enumerate()
            .filter_map(move |(at, slot)| Some((base + at as u64, slot.as_deref()?)))
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
}
