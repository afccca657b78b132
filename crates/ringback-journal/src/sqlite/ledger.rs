//! What a consumer has in its hands: known to the one who hands out, and to the thread that writes.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use crate::{Handed, Position, Recorded};

/// So many entries wait in memory at most for a consumer that keeps up; one that does not has them read for it.
const FRESH: usize = 4_096;
/// So many bytes they have at most, or one entry.
const BYTES: usize = 8 << 20;

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
    /// The last position that is kept.
    last: u64,
    /// What was kept since, without a gap after the cursor: it need not be read again.
    fresh: VecDeque<Recorded>,
    /// How many bytes it has.
    bytes: usize,
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

/// What can be handed out next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// These, which were just kept, and which are handed out now.
    Fresh(Vec<Handed>),
    /// What is in the file.
    Look(Look),
    /// Nothing yet.
    Nothing,
}

/// What is to be looked for in the file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Look {
    /// Those that nobody holds, oldest first.
    pub(super) free: Vec<u64>,
    /// After which position there may be more.
    pub(super) cursor: u64,
    /// Up to which there was something when this was said.
    pub(super) last: u64,
}

impl Ledger {
    /// A book in which nothing above the floor was looked at, with something up to the last position.
    pub(super) fn new(id: i64, floor: u64, last: u64) -> Self {
        let book = Book { cursor: floor, last, ..Book::default() };
        Self { id, book: Mutex::new(book), news: Notify::new() }
    }

    /// What comes next, at most so many.
    pub(super) fn next(&self, limit: usize) -> Next {
        let mut book = self.book();
        if !book.free.is_empty() || book.fresh.is_empty() {
            let free: Vec<u64> = book.free.iter().copied().take(limit).collect();
            return match free.is_empty() && book.cursor >= book.last {
                true => Next::Nothing,
                false => Next::Look(Look { free, cursor: book.cursor, last: book.last }),
            };
        }
        let mut handed = Vec::with_capacity(limit.min(book.fresh.len()));
        while handed.len() < limit
            && let Some(recorded) = book.pop()
        {
            book.open.insert(recorded.position.0, Hold::First);
            book.cursor = recorded.position.0;
            handed.push(Handed::new(recorded, 0));
        }
        Next::Fresh(handed)
    }

    /// Learns that something is kept up to the last of these positions, and was up to the first before; says whether
    /// what is between them can be handed out without reading it again.
    pub(super) fn learns(&self, before: u64, last: u64) -> bool {
        let mut book = self.book();
        book.last = last;
        let seen = book.fresh.back().map_or(book.cursor, |recorded| recorded.position.0);
        seen >= before && book.has_room()
    }

    /// These were kept just now, right after what [`Ledger::learns`] was told of.
    pub(super) fn kept(&self, fresh: Vec<Recorded>) {
        let mut book = self.book();
        for recorded in fresh {
            // What does not fit is read when its turn comes, and what comes after it too.
            if !book.has_room() {
                return;
            }
            // Somebody may have read it meanwhile.
            if recorded.position.0 > book.cursor {
                book.bytes += recorded.entry.body.len();
                book.fresh.push_back(recorded);
            }
        }
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

    /// These come next after the cursor and are handed out now; up to a position, if one is given, there are no others.
    pub(super) fn hand_new(&self, found: impl Iterator<Item = (u64, bool)>, until: Option<u64>) {
        let mut book = self.book();
        for (position, is_redriven) in found {
            let hold = if is_redriven { Hold::Redriven } else { Hold::First };
            book.open.insert(position, hold);
            book.cursor = book.cursor.max(position);
        }
        book.cursor = book.cursor.max(until.unwrap_or_default());
        while book.fresh.front().is_some_and(|fresh| fresh.position.0 <= book.cursor) {
            book.pop();
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

impl Book {
    fn has_room(&self) -> bool {
        self.fresh.len() < FRESH && self.bytes < BYTES
    }

    /// The first of what was just kept.
    fn pop(&mut self) -> Option<Recorded> {
        let recorded = self.fresh.pop_front()?;
        self.bytes -= recorded.entry.body.len();
        Some(recorded)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::{Entry, Key};

    fn floor(ledger: &Ledger, settled: &[u64]) -> u64 {
        ledger.floor_without(&settled.iter().copied().collect())
    }

    fn recorded(position: u64) -> Recorded {
        let (key, lane, about) = (Key([0; 16]), "".into(), "{}".into());
        let entry = Entry { key, lane, received: 0, about, body: Bytes::from_static(b"1234") };
        Recorded { position: Position(position), entry }
    }

    fn handed(position: u64) -> Handed {
        Handed::new(recorded(position), 0)
    }

    fn look(free: &[u64], cursor: u64, last: u64) -> Next {
        Next::Look(Look { free: free.to_vec(), cursor, last })
    }

    #[test]
    fn the_floor_stays_below_what_is_open() {
        let ledger = Ledger::new(1, 4, 9);
        assert_eq!(floor(&ledger, &[]), 4);
        // 6 and 8 were forgotten, or settled before.
        ledger.hand_new([5, 7, 9].map(|position| (position, false)).into_iter(), None);
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
        let ledger = Ledger::new(1, 0, 3);
        ledger.hand_new([(1, false), (2, true), (3, false)].into_iter(), None);
        assert_eq!(floor(&ledger, &[1, 3]), 3);
        ledger.settle(&[1, 2, 3].into());
        ledger.redriven([1, 9].into_iter());
        assert_eq!((floor(&ledger, &[]), ledger.next(9)), (3, look(&[1], 3, 3)));
    }

    #[test]
    fn what_is_released_is_free_until_it_is_handed_out() {
        let ledger = Ledger::new(1, 0, 3);
        ledger.hand_new([(1, false), (2, false)].into_iter(), None);
        assert_eq!(ledger.not_in_hand(&[Position(1), Position(2)]), None);
        ledger.release(&[Position(2), Position(7)]);
        assert_eq!(ledger.next(9), look(&[2], 2, 3));
        assert_eq!(ledger.not_in_hand(&[Position(1), Position(2)]), Some(Position(2)));
        let mut found = vec![handed(2)];
        ledger.hand_free(&[2], &mut found);
        assert_eq!(ledger.next(9), look(&[], 2, 3));
        assert_eq!(ledger.not_in_hand(&[Position(2)]), None);
        ledger.release(&[Position(1), Position(2)]);
        // 1 is settled while it is looked up, and 2 is not found.
        ledger.settle(&[1].into());
        let mut found = vec![handed(1)];
        ledger.hand_free(&[1, 2], &mut found);
        assert_eq!((found, ledger.is_open(2)), (vec![], false));
    }

    #[test]
    fn what_was_just_kept_is_handed_out_without_reading() {
        let ledger = Ledger::new(1, 0, 0);
        assert_eq!(ledger.next(9), Next::Nothing);
        assert!(ledger.learns(0, 3));
        ledger.kept((1..=3).map(recorded).collect());
        assert_eq!(ledger.next(2), Next::Fresh(vec![handed(1), handed(2)]));
        assert_eq!(ledger.not_in_hand(&[Position(1), Position(2)]), None);
        // What was given back comes first.
        ledger.release(&[Position(1)]);
        assert_eq!(ledger.next(9), look(&[1], 2, 3));
        ledger.hand_free(&[1], &mut vec![handed(1)]);
        assert_eq!(ledger.next(9), Next::Fresh(vec![handed(3)]));
        assert_eq!((ledger.next(9), floor(&ledger, &[1, 2])), (Next::Nothing, 2));
    }

    #[test]
    fn what_was_read_is_not_handed_out_again() {
        let ledger = Ledger::new(1, 0, 2);
        assert!(!ledger.learns(2, 3), "1 and 2 were not looked at");
        assert_eq!(ledger.next(9), look(&[], 0, 3));
        // 2 was settled before, and 3 is found as well as 4, which is kept at the same time.
        ledger.hand_new([(1, false)].into_iter(), Some(3));
        assert!(ledger.learns(3, 5));
        ledger.hand_new([(4, false)].into_iter(), None);
        ledger.kept(vec![recorded(4), recorded(5)]);
        assert_eq!(ledger.next(9), Next::Fresh(vec![handed(5)]));
        assert!(ledger.learns(5, 7));
        ledger.kept(vec![recorded(6), recorded(7)]);
        ledger.hand_new([(6, false)].into_iter(), None);
        assert_eq!(ledger.next(9), Next::Fresh(vec![handed(7)]));
    }

    #[test]
    fn what_does_not_fit_is_read() {
        let ledger = Ledger::new(1, 0, 0);
        let last = FRESH as u64 + 2;
        assert!(ledger.learns(0, last));
        ledger.kept((1..=last).map(recorded).collect());
        assert!(!ledger.learns(last, last + 1), "the two in between are to be read first");
        let Next::Fresh(fresh) = ledger.next(usize::MAX) else { panic!("nothing fresh") };
        assert_eq!(fresh.len(), FRESH);
        assert!(!ledger.learns(last + 1, last + 2));
        assert_eq!(ledger.next(9), look(&[], last - 2, last + 2));
    }
}
