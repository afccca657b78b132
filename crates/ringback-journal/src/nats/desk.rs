//! What a holder has before it: entries that are ready, and those in hands. Pure.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use tokio::sync::Mutex;

use super::record::Record;
use crate::{Handed, Position, Recorded};

/// All partitions of a holder.
#[derive(Debug, Default)]
pub(super) struct Desk {
    parts: BTreeMap<u8, Part>,
    /// Positions that may be handed out, and their partitions.
    ready: BTreeMap<u64, u8>,
    /// Positions that are handed out, and their partitions.
    hands: BTreeMap<u64, u8>,
}

/// A partition that this holder has.
#[derive(Debug)]
struct Part {
    saved: Arc<Mutex<Saved>>,
    items: BTreeMap<u64, Item>,
    cursor: u64,
    /// Changes so far; what is saved is a version of these.
    version: u64,
    /// It is to be given to somebody else, so nothing more of it is handed out.
    leaving: bool,
    reader: Option<Stopping>,
}

/// What the cluster remembers of a partition.
#[derive(Debug)]
pub(super) struct Saved {
    /// What the next write replaces.
    pub(super) revision: u64,
    /// Which changes are in it.
    pub(super) version: u64,
}

/// An entry that is not settled.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// The entry.
    pub(super) recorded: Recorded,
    /// How many attempts began.
    pub(super) attempts: u32,
}

/// A task that ends when this is dropped.
#[derive(Debug)]
pub(super) struct Stopping(pub(super) tokio::task::JoinHandle<()>);

impl Drop for Stopping {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A partition and the changes of it that have to be saved.
pub(super) type Change = (u8, u64);

impl Desk {
    /// Takes a partition over.
    pub(super) fn add(&mut self, part: u8, revision: u64, cursor: u64, open: Vec<Item>) {
        let mut items = BTreeMap::new();
        for item in open {
            let position = item.recorded.position.0;
            self.ready.insert(position, part);
            items.insert(position, item);
        }
        let saved = Arc::new(Mutex::new(Saved { revision, version: 0 }));
        let new = Part { saved, items, cursor, version: 0, leaving: false, reader: None };
        self.parts.insert(part, new);
    }

    /// The task that reads for a partition; it ends with it.
    pub(super) fn read_by(&mut self, part: u8, reader: Stopping) {
        if let Some(part) = self.parts.get_mut(&part) {
            part.reader = Some(reader);
        }
    }

    /// Gives a partition up; what is in hands of it is lost to them.
    pub(super) fn remove(&mut self, part: u8) {
        self.parts.remove(&part);
        self.ready.retain(|_, of| *of != part);
        self.hands.retain(|_, of| *of != part);
    }

    /// The partitions there are, and how many entries of each are in hands.
    pub(super) fn parts(&self) -> BTreeMap<u8, usize> {
        let mut parts: BTreeMap<u8, usize> = self.parts.keys().map(|part| (*part, 0)).collect();
        for part in self.hands.values() {
            *parts.entry(*part).or_default() += 1;
        }
        parts
    }

    /// Hands out nothing more of a partition.
    pub(super) fn leave(&mut self, part: u8) {
        if let Some(leaving) = self.parts.get_mut(&part) {
            leaving.leaving = true;
            self.ready.retain(|_, of| *of != part);
        }
    }

    /// The partitions that are being left and of which nothing is in hands.
    pub(super) fn left(&self) -> Vec<u8> {
        let held: BTreeSet<_> = self.hands.values().collect();
        let left = self.parts.iter().filter(|(part, of)| of.leaving && !held.contains(part));
        left.map(|(part, _)| *part).collect()
    }

    /// How many partitions are being left.
    pub(super) fn leaving(&self) -> usize {
        self.parts.values().filter(|part| part.leaving).count()
    }

    /// How many more entries of a partition may come.
    pub(super) fn room(&self, part: u8, window: usize) -> usize {
        self.parts.get(&part).map_or(0, |part| window.saturating_sub(part.items.len()))
    }

    /// An entry came, or comes back.
    pub(super) fn arrive(&mut self, part: u8, item: Item) {
        let Some(of) = self.parts.get_mut(&part) else { return };
        let position = item.recorded.position.0;
        if of.items.insert(position, item).is_none() && !of.leaving {
            self.ready.insert(position, part);
        }
    }

    /// An entry that is tried again, but is not to be handed out before that is saved.
    pub(super) fn park(&mut self, part: u8, item: Item) -> Option<Change> {
        let of = self.parts.get_mut(&part)?;
        of.items.insert(item.recorded.position.0, item);
        of.version += 1;
        Some((part, of.version))
    }

    /// It may be handed out.
    pub(super) fn unpark(&mut self, part: u8, position: u64) {
        if self.parts.get(&part).is_some_and(|of| !of.leaving && of.items.contains_key(&position)) {
            self.ready.insert(position, part);
        }
    }

    /// Whether an entry is there and not settled, and whether it is in hands.
    pub(super) fn holds(&self, part: u8, position: u64) -> (bool, bool) {
        let there = self.parts.get(&part).is_some_and(|of| of.items.contains_key(&position));
        (there, self.hands.contains_key(&position))
    }

    /// Hands out what is ready, oldest first.
    pub(super) fn take(&mut self, limit: usize) -> Vec<Handed> {
        let mut handed = Vec::new();
        while handed.len() < limit.max(1) {
            let Some((position, part)) = self.ready.pop_first() else { break };
            let item = self.parts.get(&part).and_then(|of| of.items.get(&position));
            let Some(item) = item else { continue };
            handed.push(Handed::new(item.recorded.clone(), item.attempts));
            self.hands.insert(position, part);
        }
        handed
    }

    /// Takes entries back that were not settled.
    pub(super) fn release(&mut self, positions: &[Position]) {
        for position in positions {
            if let Some(part) = self.hands.remove(&position.0) {
                self.unpark(part, position.0);
            }
        }
    }

    /// Takes those out that are not in hands.
    pub(super) fn not_in_hands(&self, positions: &mut Vec<Position>) -> Vec<Position> {
        positions.extract_if(.., |position| !self.hands.contains_key(&position.0)).collect()
    }

    /// Counts an attempt more, or one less, at each; the first that is not in hands where one is not.
    pub(super) fn count(
        &mut self,
        positions: &[Position],
        by: i64,
    ) -> Result<Vec<Change>, Position> {
        self.check(positions)?;
        Ok(self.change(positions, |of, position| {
            if let Some(item) = of.items.get_mut(&position) {
                let attempts = (i64::from(item.attempts) + by).max(0);
                item.attempts = u32::try_from(attempts).unwrap_or(u32::MAX);
            }
        }))
    }

    /// These are settled; what they were comes back, for when that cannot be saved.
    pub(super) fn settle(
        &mut self,
        positions: &[Position],
    ) -> Result<(Vec<Change>, Vec<Item>), Position> {
        self.check(positions)?;
        let mut settled = Vec::new();
        let changes = self.change(positions, |of, position| {
            settled.extend(of.items.remove(&position));
        });
        for position in positions {
            self.hands.remove(&position.0);
        }
        Ok((changes, settled))
    }

    /// Undoes [`settle`](Self::settle): they are in hands again.
    pub(super) fn unsettle(&mut self, part_of: impl Fn(&Item) -> u8, settled: Vec<Item>) {
        for item in settled {
            let (part, position) = (part_of(&item), item.recorded.position.0);
            if let Some(of) = self.parts.get_mut(&part) {
                of.items.insert(position, item);
                of.version += 1;
                self.hands.insert(position, part);
            }
        }
    }

    /// How many attempts at one in hands began.
    pub(super) fn attempts(&self, position: Position) -> Option<(u8, u32)> {
        let part = *self.hands.get(&position.0)?;
        Some((part, self.parts.get(&part)?.items.get(&position.0)?.attempts))
    }

    /// What is to be saved of a partition, and which changes are in it.
    pub(super) fn record(&self, part: u8, holder: &str) -> Option<(Record, u64)> {
        let of = self.parts.get(&part)?;
        let open = of.items.range(..=of.cursor).map(|(at, item)| (*at, item.attempts)).collect();
        let record = Record { holder: holder.to_owned(), cursor: of.cursor, open };
        Some((record, of.version))
    }

    /// What is saved of a partition.
    pub(super) fn saved(&self, part: u8) -> Option<Arc<Mutex<Saved>>> {
        Some(Arc::clone(&self.parts.get(&part)?.saved))
    }

    fn check(&self, positions: &[Position]) -> Result<(), Position> {
        let lost = positions.iter().find(|position| !self.hands.contains_key(&position.0));
        lost.map_or(Ok(()), |position| Err(*position))
    }

    fn change(
        &mut self,
        positions: &[Position],
        mut each: impl FnMut(&mut Part, u64),
    ) -> Vec<Change> {
        let mut changed = BTreeSet::new();
        for position in positions {
            let Some(part) = self.hands.get(&position.0) else { continue };
            let Some(of) = self.parts.get_mut(part) else { continue };
            of.cursor = of.cursor.max(position.0);
            each(of, position.0);
            changed.insert(*part);
        }
        let version = |part| {
            let of: &mut Part = self.parts.get_mut(&part)?;
            of.version += 1;
            Some((part, of.version))
        };
        changed.into_iter().filter_map(version).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Entry, Key};

    fn item(position: u64, attempts: u32) -> Item {
        let entry = Entry {
            key: Key([0; 16]),
            lane: "a".into(),
            received: 0,
            about: "{}".into(),
            body: bytes::Bytes::new(),
        };
        Item { recorded: Recorded { position: Position(position), entry }, attempts }
    }

    fn taken(desk: &mut Desk, limit: usize) -> Vec<(u64, u32)> {
        let handed = desk.take(limit);
        handed.into_iter().map(|one| (one.recorded.position.0, one.attempts)).collect()
    }

    #[test]
    fn what_is_saved_says_what_is_not_settled() {
        let mut desk = Desk::default();
        desk.add(3, 7, 10, vec![item(4, 2)]);
        for position in [11, 12, 13] {
            desk.arrive(3, item(position, 0));
        }
        assert_eq!(taken(&mut desk, 3), [(4, 2), (11, 0), (12, 0)]);
        let record =
            |desk: &Desk| desk.record(3, "me").map(|(record, _)| (record.cursor, record.open));
        assert_eq!(record(&desk), Some((10, vec![(4, 2)])));
        let changes = desk.count(&[Position(12)], 1);
        assert_eq!(changes, Ok(vec![(3, 1)]));
        assert_eq!(record(&desk), Some((12, vec![(4, 2), (11, 0), (12, 1)])));
        let (changes, settled) = desk.settle(&[Position(4), Position(12)]).unwrap();
        assert_eq!((changes, settled.len()), (vec![(3, 2)], 2));
        assert_eq!(record(&desk), Some((12, vec![(11, 0)])));
        assert_eq!(desk.settle(&[Position(4)]).map(drop), Err(Position(4)));
        desk.release(&[Position(11), Position(12)]);
        assert_eq!(taken(&mut desk, 9), [(11, 0), (13, 0)]);
        desk.unsettle(|_| 3, settled);
        assert_eq!(desk.attempts(Position(12)), Some((3, 1)));
    }

    #[test]
    fn a_partition_is_left_when_nothing_of_it_is_in_hands() {
        let mut desk = Desk::default();
        desk.add(1, 1, 0, Vec::new());
        desk.arrive(1, item(1, 0));
        desk.arrive(1, item(2, 0));
        assert_eq!(taken(&mut desk, 1), [(1, 0)]);
        desk.leave(1);
        assert!(desk.left().is_empty() && desk.take(1).is_empty());
        desk.release(&[Position(1)]);
        assert_eq!(desk.left(), [1]);
        assert!(desk.take(1).is_empty());
        desk.remove(1);
        assert!(desk.parts().is_empty() && desk.count(&[Position(1)], 1).is_err());
    }
}
