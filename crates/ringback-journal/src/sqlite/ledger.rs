//! What a consumer has in its hands: known to the one who hands out, and to the thread that writes.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use crate::{Handed, Position};

/// The book of one holder of a consumer's name.
#[derive(Debug)]
pub(super) struct Ledger {
    /// Its number in the file.
    pub(super) id: i64,
    book: Mutex<Book>,
    /// Something may be there to hand out.
    pub(super) news: Notify,
}

#[derive(Debug, Default)]
struct Book {
    /// Everything up to here was looked at: it is open, or settled.
    cursor: u64,
    /// Looked at and not settled.
    open: BTreeMap<u64, Hold>,
    /// Those of them that nobody holds.
    free: BTreeSet<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hold {
    First,
    /// It was given up once, and has a row of its own: the floor may pass it.
    Redriven,
}

impl Ledger {
    /// A book in which nothing above the floor was looked at.
    pub(super) fn new(id: i64, floor: u64) -> Self {
        let book = Book { cursor: floor, ..Book::default() };
        Self { id, book: Mutex::new(book), news: Notify::new() }
    }

    /// What nobody holds, oldest first and at most so many, and after which position to look on.
    pub(super) fn free(&self, limit: usize) -> (Vec<u64>, u64) {
        let book = self.book();
        (book.free.iter().copied().take(limit).collect(), book.cursor)
    }

    /// Of the free ones that were looked up, these were found: keeps those that are handed out now.
    ///
    /// Somebody may have settled one meanwhile, although he had given it back.
    pub(super) fn hand_free(&self, asked: &[u64], found: &mut Vec<Handed>) {
        let mut book = self.book();
        found.retain(|handed| book.free.contains(&handed.recorded.position.0));
        for position in asked {
            book.free.remove(position);
            // In order, as they were asked for.
            let of = |handed: &Handed| handed.recorded.position.0;
            if found.binary_search_by_key(position, of).is_err() {
                book.open.remove(position);
            }
        }
    }

    /// These come next after the cursor and are handed out now.
    pub(super) fn hand_new(&self, found: impl Iterator<Item = (u64, bool)>) {
        let mut book = self.book();
        for (position, is_redriven) in found {
            let hold = if is_redriven { Hold::Redriven } else { Hold::First };
            book.open.insert(position, hold);
            book.cursor = book.cursor.max(position);
        }
    }

    /// Nobody holds these any more.
    pub(super) fn release(&self, positions: &[Position]) {
        let mut book = self.book();
        for Position(position) in positions {
            if book.open.contains_key(position) {
                book.free.insert(*position);
            }
        }
        drop(book);
        self.news.notify_one();
    }

    /// Somebody wants these tried again; what lies after the cursor is found there anyway.
    pub(super) fn redriven(&self, positions: impl Iterator<Item = u64>) {
        let mut book = self.book();
        let mut any = false;
        for position in positions {
            if position <= book.cursor && !book.open.contains_key(&position) {
                book.open.insert(position, Hold::Redriven);
                book.free.insert(position);
                any = true;
            }
        }
        drop(book);
        if any {
            self.news.notify_one();
        }
    }

    /// The first of these that is not in hand.
    pub(super) fn not_in_hand(&self, positions: &[Position]) -> Option<Position> {
        let book = self.book();
        let in_hand = |p: &u64| book.open.contains_key(p) && !book.free.contains(p);
        positions.iter().copied().find(|Position(position)| !in_hand(position))
    }

    /// Whether it is still to be settled.
    pub(super) fn is_open(&self, position: u64) -> bool {
        self.book().open.contains_key(&position)
    }

    /// Up to where everything is settled once these are.
    pub(super) fn floor_without(&self, settled: &BTreeSet<u64>) -> u64 {
        let book = self.book();
        let mut left = book
            .open
            .iter()
            .filter(|(position, hold)| **hold == Hold::First && !settled.contains(position));
        left.next().map_or(book.cursor, |(position, _)| position - 1)
    }

    /// These are settled.
    pub(super) fn settle(&self, settled: &BTreeSet<u64>) {
        let mut book = self.book();
        for position in settled {
            book.open.remove(position);
            book.free.remove(position);
        }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::{Entry, Key, Recorded};

    fn floor(ledger: &Ledger, settled: &[u64]) -> u64 {
        ledger.floor_without(&settled.iter().copied().collect())
    }

    fn handed(position: u64) -> Handed {
        let (key, lane, about) = (Key([0; 16]), "".into(), "{}".into());
        let entry = Entry { key, lane, received: 0, about, body: Bytes::new() };
        Handed::new(Recorded { position: Position(position), entry }, 0)
    }

    #[test]
    fn the_floor_stays_below_what_is_open() {
        let ledger = Ledger::new(1, 4);
        assert_eq!(floor(&ledger, &[]), 4);
        // 6 and 8 were forgotten, or settled before.
        ledger.hand_new([5, 7, 9].map(|position| (position, false)).into_iter());
        for (settled, expected) in
            [(&[][..], 4), (&[7], 4), (&[5], 6), (&[5, 9], 6), (&[5, 7], 8), (&[5, 7, 9], 9)]
        {
            assert_eq!(floor(&ledger, settled), expected, "{settled:?}");
        }
        ledger.settle(&[5, 7].into());
        assert_eq!(floor(&ledger, &[]), 8);
    }

    #[test]
    fn what_is_tried_again_does_not_hold_the_floor() {
        let ledger = Ledger::new(1, 0);
        ledger.hand_new([(1, false), (2, true), (3, false)].into_iter());
        assert_eq!(floor(&ledger, &[1, 3]), 3);
        ledger.settle(&[1, 2, 3].into());
        ledger.redriven([1, 9].into_iter());
        assert_eq!((floor(&ledger, &[]), ledger.free(9)), (3, (vec![1], 3)));
    }

    #[test]
    fn what_is_released_is_free_until_it_is_handed_out() {
        let ledger = Ledger::new(1, 0);
        ledger.hand_new([(1, false), (2, false)].into_iter());
        assert_eq!(ledger.not_in_hand(&[Position(1), Position(2)]), None);
        ledger.release(&[Position(2), Position(7)]);
        assert_eq!(ledger.free(9), (vec![2], 2));
        assert_eq!(ledger.not_in_hand(&[Position(1), Position(2)]), Some(Position(2)));
        let mut found = vec![handed(2)];
        ledger.hand_free(&[2], &mut found);
        assert_eq!((ledger.free(9).0, ledger.not_in_hand(&[Position(2)])), (vec![], None));
        ledger.release(&[Position(1), Position(2)]);
        // 1 is settled while it is looked up, and 2 is not found.
        ledger.settle(&[1].into());
        let mut found = vec![handed(1)];
        ledger.hand_free(&[1, 2], &mut found);
        assert_eq!((found, ledger.is_open(2)), (vec![], false));
    }
}
