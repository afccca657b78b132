//! What is left after the power was cut, compared with what was acknowledged.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    path::Path,
    time::Duration,
};

use ringback_journal::{Consumer, Handed, Journal, Position, Sqlite, SqliteSettings};
use ringback_power_cut::Image;
use rusqlite::Connection;
use tokio::time;

use crate::{
    entries,
    load::{CONSUMER, reason},
    record::{Known, Record},
};

/// The file of the journal.
pub(crate) const FILE: &str = "events.db";
/// The time of day, always, in milliseconds since 1970.
pub(crate) const NOW: u64 = 1_795_353_600_000;
/// How long something may take that is there.
const LATEST: Duration = Duration::from_secs(30);

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Left {
    /// How many entries are not there that were acknowledged.
    pub(crate) lost: u64,
    /// What else is wrong.
    pub(crate) wrong: Vec<String>,
    /// The number of each entry by position.
    there: BTreeMap<u64, u64>,
}

/// Opens what is left as any other file, and compares.
pub(crate) async fn check(image: &Image, record: &Record) -> Left {
    let folder = tempfile::tempdir().unwrap();
    image.write(folder.path()).unwrap();
    let path = folder.path().join(FILE);
    let mut left = Left::default();
    // What is written into this copy need not last.
    match SqliteSettings::new().unsynced(true).open(&path, || NOW) {
        Ok(journal) => {
            left.entries(&journal).await;
            left.compare(&record.known());
            left.consumer(&journal, record).await;
            if let Err(error) = journal.close().await {
                left.wrong.push(format!("it cannot be closed: {error}"));
            }
            drop(journal);
            left.integrity(&path);
        }
        Err(error) => {
            left.wrong.push(format!("it cannot be opened: {error}"));
            left.lost = record.known().kept.len() as u64;
        }
    }
    left.wrong.append(&mut record.known().wrong);
    left
}

impl Left {
    /// Reads all of it.
    async fn entries(&mut self, journal: &Sqlite) {
        let mut seen = BTreeSet::new();
        let mut last = Position::default();
        loop {
            let Some(page) = self.answer("it cannot be read", journal.read(last, 1000)).await
            else {
                return;
            };
            for recorded in &page {
                let Position(position) = recorded.position;
                match entries::number(&recorded.entry) {
                    Some(number) if !seen.insert(number) => {
                        self.wrong.push(format!("{number} is there twice, at {position} too"));
                    }
                    Some(number) => {
                        self.there.insert(position, number);
                    }
                    None => self.wrong.push(format!("nobody sent what is at {position}")),
                }
                if recorded.position <= last {
                    self.wrong.push(format!("{position} comes after {last}"));
                }
                last = recorded.position;
            }
            if page.is_empty() {
                return;
            }
        }
    }

    fn compare(&mut self, known: &Known) {
        let by_number: BTreeMap<_, _> =
            self.there.iter().map(|(at, number)| (*number, *at)).collect();
        for (number, position) in &known.kept {
            match (by_number.get(number), position) {
                (None, _) => self.lost += 1,
                (Some(at), Some(position)) if at != position => {
                    self.wrong.push(format!("{number} was kept at {position} and is at {at}"));
                }
                _ => {}
            }
        }
        if let Some((number, _)) = by_number.range(known.sent..).next() {
            self.wrong.push(format!("{number} is there and was never sent"));
        }
    }

    /// What the consumer is handed is what is not settled.
    async fn consumer(&mut self, journal: &Sqlite, record: &Record) {
        let Some(consumer) =
            self.answer("the consumer is not there", journal.consumer(CONSUMER)).await
        else {
            return;
        };
        let Some(state) = self.answer("it has no state", journal.state()).await else { return };
        let own = state.consumers.iter().find(|(name, ..)| name == CONSUMER);
        let Some((_, open, given_up)) = own else {
            self.wrong.push("the state does not name the consumer".to_owned());
            return;
        };
        let handed = self.drain(&*consumer, *open).await;
        let most = usize::try_from(given_up + 1).unwrap_or(usize::MAX);
        let dead = journal.dead(CONSUMER, Position::default(), most);
        let Some(dead) = self.answer("the dead cannot be read", dead).await else { return };
        let mut buried = BTreeSet::new();
        let known = record.known();
        for dead in &dead {
            let position = dead.recorded.position;
            buried.insert(position.0);
            if known.buried.asked(position.0) == 0 || dead.reason != reason(position) {
                self.wrong.push(format!("{position} is given up: {}", dead.reason));
            }
        }
        for position in known.buried.all_answered().difference(&buried) {
            self.wrong.push(format!("{position} was given up and is not"));
        }
        for handed in handed.values() {
            self.handed(handed, &known);
        }
        // What is not handed out is settled, and somebody wanted that.
        for position in self.there.keys() {
            let is_open = handed.contains_key(position);
            let settled = known.done.asked(*position) > 0 || buried.contains(position);
            if !is_open && !settled {
                self.wrong.push(format!("{position} counts as settled and is not"));
            }
        }
    }

    /// Everything that is to be settled.
    async fn drain(&mut self, consumer: &dyn Consumer, open: u64) -> BTreeMap<u64, Handed> {
        let mut handed = BTreeMap::new();
        while (handed.len() as u64) < open {
            let next = self.answer("the next is not handed out", consumer.next(1000)).await;
            let Some(next) = next else { break };
            for next in next {
                let Position(position) = next.recorded.position;
                if handed.insert(position, next).is_some() {
                    self.wrong.push(format!("{position} was handed out twice"));
                    return handed;
                }
            }
        }
        // More than it said itself may not be there.
        if let Ok(Ok(more)) = time::timeout(Duration::from_millis(5), consumer.next(1)).await {
            self.wrong.push(format!("{open} are open, and there is {more:?}"));
        }
        handed
    }

    fn handed(&mut self, handed: &Handed, known: &Known) {
        let Position(position) = handed.recorded.position;
        if known.done.answered(position) > 0 {
            self.wrong.push(format!("{position} was done and is handed out again"));
        }
        if known.buried.answered(position) > 0 {
            self.wrong.push(format!("{position} was given up and is handed out again"));
        }
        let number = entries::number(&handed.recorded.entry);
        if self.there.get(&position).copied() != number {
            self.wrong.push(format!("{position} is handed out as {number:?}"));
        }
        let (least, most) = (known.attempts.answered(position), known.attempts.asked(position));
        if !(least..=most).contains(&handed.attempts) {
            let attempts = handed.attempts;
            self.wrong.push(format!("{position}: {attempts} attempts, not {least} to {most}"));
        }
    }

    /// What SQLite itself says.
    fn integrity(&mut self, path: &Path) {
        let ask = || -> rusqlite::Result<String> {
            Connection::open(path)?.query_row("PRAGMA integrity_check", [], |row| row.get(0))
        };
        match ask() {
            Ok(found) if found == "ok" => {}
            found => self.wrong.push(format!("integrity: {found:?}")),
        }
    }

    async fn answer<T>(
        &mut self,
        what: &str,
        answer: impl Future<Output = Result<T, ringback_journal::Error>>,
    ) -> Option<T> {
        match time::timeout(LATEST, answer).await {
            Ok(Ok(answer)) => return Some(answer),
            Ok(Err(error)) => self.wrong.push(format!("{what}: {error}")),
            Err(_) => self.wrong.push(format!("{what} within {LATEST:?}")),
        }
        None
    }
}
