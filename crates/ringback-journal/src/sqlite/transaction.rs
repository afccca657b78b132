//! What one commit writes.

use std::{collections::BTreeSet, sync::Arc};

use rusqlite::{
    Connection, OptionalExtension, ToSql, params,
    types::{ToSqlOutput, ValueRef},
};

use super::{
    expiry::{self, Job},
    ledger::Ledger,
    request::Request,
};
use crate::{Appended, Entry, Position};

/// What is known beside the file.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Last {
    /// The last position that was given.
    pub(super) position: u64,
    /// When its entry came.
    pub(super) received: u64,
}

impl Last {
    /// What the file says.
    pub(super) fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let read =
            |row: &rusqlite::Row<'_>| Ok(Self { position: row.get(0)?, received: row.get(1)? });
        let forgotten = connection.query_row("SELECT last, received FROM journal", [], read)?;
        let newest = connection
            .query_row(
                "SELECT position, received FROM entries ORDER BY position DESC LIMIT 1",
                [],
                read,
            )
            .optional()?
            .unwrap_or_default();
        Ok(Self {
            position: forgotten.position.max(newest.position),
            received: forgotten.received.max(newest.received),
        })
    }

    /// When the next one came: a clock that jumped back must not have it forgotten before its time.
    pub(super) fn not_before(&self, received: u64) -> u64 {
        received.max(self.received).min(i64::MAX.unsigned_abs())
    }
}

/// What a request came to.
#[derive(Debug)]
pub(super) enum Outcome {
    Nothing,
    Appended(Vec<Appended>),
    Consumer { id: i64, floor: u64 },
    Count(u64),
}

/// What a commit settles for one holder.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) ledger: Arc<Ledger>,
    pub(super) positions: BTreeSet<u64>,
    /// Those of them that were given up: their rows stay.
    dead: BTreeSet<u64>,
}

/// A transaction that is being written.
#[derive(Debug)]
pub(super) struct Transaction<'a> {
    pub(super) connection: &'a Connection,
    pub(super) last: Last,
    /// Milliseconds since 1970.
    pub(super) now: u64,
    pub(super) settled: Vec<Settled>,
}

const INSERT: &str = "INSERT INTO entries (position, key, lane, received, about, body)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (key) DO NOTHING";

impl Transaction<'_> {
    pub(super) fn write(&mut self, request: &Request) -> rusqlite::Result<Outcome> {
        match request {
            Request::Append { entries, .. } => self.append(entries).map(Outcome::Appended),
            Request::Consumer { name, .. } => self.consumer(name),
            Request::Begin { ledger, positions, .. } => self.begin(ledger, positions),
            Request::Done { ledger, positions, .. } => {
                let settled = self.settled(ledger);
                settled.positions.extend(positions.iter().map(|position| position.0));
                Ok(Outcome::Nothing)
            }
            Request::Bury { ledger, position, reason, .. } => self.bury(ledger, *position, reason),
            Request::Redrive { consumer, positions, .. } => self.redrive(consumer, positions),
            Request::Probe { .. } => {
                self.connection.prepare_cached("UPDATE journal SET last = last")?.execute([])?;
                Ok(Outcome::Nothing)
            }
            #[cfg(test)]
            Request::Limit(pages) => {
                self.connection.pragma_update(None, "max_page_count", pages)?;
                Ok(Outcome::Nothing)
            }
            #[cfg(test)]
            Request::Break => Err(rusqlite::Error::SqliteFailure(
                rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR_FSYNC),
                None,
            )),
            Request::Expire(_) | Request::Close { .. } => Ok(Outcome::Nothing),
        }
    }

    fn append(&mut self, entries: &[Entry]) -> rusqlite::Result<Vec<Appended>> {
        let mut insert = self.connection.prepare_cached(INSERT)?;
        let mut append = |entry: &Entry| {
            let position = self.last.position + 1;
            let received = self.last.not_before(entry.received);
            let inserted = insert.execute(params![
                position,
                entry.key.0.as_slice(),
                &*entry.lane,
                received,
                &*entry.about,
                Body(&entry.body)
            ])?;
            if inserted == 0 {
                return Ok(Appended::Known);
            }
            self.last = Last { position, received };
            Ok(Appended::New(Position(position)))
        };
        entries.iter().map(&mut append).collect()
    }

    fn consumer(&self, name: &str) -> rusqlite::Result<Outcome> {
        let mut find =
            self.connection.prepare_cached("SELECT id, floor FROM consumers WHERE name = ?1")?;
        let found = find.query_row([name], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        if let Some((id, floor)) = found {
            return Ok(Outcome::Consumer { id, floor });
        }
        // What was forgotten before it came counts as settled.
        let floor: u64 = self.connection.query_row(
            "SELECT coalesce((SELECT min(position) - 1 FROM entries),
                             (SELECT last FROM journal))",
            [],
            |row| row.get(0),
        )?;
        let mut insert = self
            .connection
            .prepare_cached("INSERT INTO consumers (name, floor) VALUES (?1, ?2) RETURNING id")?;
        let id = insert.query_row(params![name, floor], |row| row.get(0))?;
        Ok(Outcome::Consumer { id, floor })
    }

    fn begin(&mut self, ledger: &Arc<Ledger>, positions: &[Position]) -> rusqlite::Result<Outcome> {
        let id = ledger.id;
        let connection = self.connection;
        let settled = self.settled(ledger);
        let mut begin = connection.prepare_cached(
            "INSERT INTO deliveries (consumer, position, state, attempts)
             VALUES (?1, ?2, 'begun', 1)
             ON CONFLICT DO UPDATE SET attempts = attempts + 1",
        )?;
        for Position(position) in positions {
            // What was settled meanwhile must not come to life again.
            if ledger.is_open(*position) && !settled.positions.contains(position) {
                begin.execute(params![id, position])?;
            }
        }
        Ok(Outcome::Nothing)
    }

    fn bury(
        &mut self,
        ledger: &Arc<Ledger>,
        Position(position): Position,
        reason: &str,
    ) -> rusqlite::Result<Outcome> {
        let (connection, now) = (self.connection, self.now);
        let settled = self.settled(ledger);
        if ledger.is_open(position) && settled.positions.insert(position) {
            settled.dead.insert(position);
            connection
                .prepare_cached(
                    "INSERT INTO deliveries (consumer, position, state, attempts, reason, since)
                     VALUES (?1, ?2, 'dead', 0, ?3, ?4)
                     ON CONFLICT DO UPDATE SET state = 'dead', reason = ?3, since = ?4",
                )?
                .execute(params![ledger.id, position, reason, now])?;
        }
        Ok(Outcome::Nothing)
    }

    fn redrive(&self, consumer: &str, positions: &[Position]) -> rusqlite::Result<Outcome> {
        let mut redrive = self.connection.prepare_cached(
            "UPDATE deliveries SET state = 'redriven'
             WHERE consumer = (SELECT id FROM consumers WHERE name = ?1)
               AND position = ?2 AND state = 'dead'",
        )?;
        let mut count = 0;
        for Position(position) in positions {
            count += redrive.execute(params![consumer, position])? as u64;
        }
        Ok(Outcome::Count(count))
    }

    /// Forgets the next slice of what is old, after everything else; says how many.
    pub(super) fn forget(&self, job: &mut Job) -> rusqlite::Result<u64> {
        job.look(self.connection)?;
        expiry::slice(self.connection, job, self.last)
    }

    fn settled(&mut self, ledger: &Arc<Ledger>) -> &mut Settled {
        let known = self.settled.iter().position(|settled| Arc::ptr_eq(&settled.ledger, ledger));
        let index = known.unwrap_or_else(|| {
            let (positions, dead) = Default::default();
            self.settled.push(Settled { ledger: ledger.clone(), positions, dead });
            self.settled.len() - 1
        });
        &mut self.settled[index]
    }

    /// Writes what is settled: a row for what lies above the floor, and the floor itself.
    pub(super) fn settle(&self) -> rusqlite::Result<()> {
        for Settled { ledger, positions, dead } in &self.settled {
            let id = ledger.id;
            let floor = ledger.floor_without(positions);
            let mut read =
                self.connection.prepare_cached("SELECT floor FROM consumers WHERE id = ?1")?;
            let before: u64 = read.query_row([id], |row| row.get(0))?;
            let mut done = self.connection.prepare_cached(
                "INSERT INTO deliveries (consumer, position, state, attempts)
                 VALUES (?1, ?2, 'done', 0) ON CONFLICT DO UPDATE SET state = 'done'",
            )?;
            let mut forget = self
                .connection
                .prepare_cached("DELETE FROM deliveries WHERE consumer = ?1 AND position = ?2")?;
            let finished = positions.iter().filter(|position| !dead.contains(position));
            for position in finished.filter(|position| ledger.is_open(**position)) {
                match *position <= floor {
                    true => forget.execute(params![id, position])?,
                    false => done.execute(params![id, position])?,
                };
            }
            if floor > before {
                self.connection
                    .prepare_cached(
                        "DELETE FROM deliveries WHERE consumer = ?1 AND position > ?2
                         AND position <= ?3 AND state = 'done'",
                    )?
                    .execute(params![id, before, floor])?;
                self.connection
                    .prepare_cached("UPDATE consumers SET floor = ?2 WHERE id = ?1")?
                    .execute(params![id, floor])?;
            }
        }
        Ok(())
    }
}

/// A text where it is one that people can read with `sqlite3`.
struct Body<'a>(&'a [u8]);

impl ToSql for Body<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let is_text = !self.0.contains(&0) && std::str::from_utf8(self.0).is_ok();
        let value = if is_text { ValueRef::Text(self.0) } else { ValueRef::Blob(self.0) };
        Ok(ToSqlOutput::Borrowed(value))
    }
}
