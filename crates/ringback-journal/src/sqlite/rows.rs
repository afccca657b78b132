//! What is asked of the tables.

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, Row, params, types::Type};

use crate::{Dead, Entry, Handed, Key, Position, Recorded, State};

/// So many bytes are handed out at once, or one entry.
const BYTES: usize = 8 << 20;

/// Entries after a position.
pub(super) fn read(
    connection: &Connection,
    after: u64,
    limit: usize,
) -> rusqlite::Result<Vec<Recorded>> {
    let mut statement = connection.prepare_cached(
        "SELECT position, key, lane, received, about, body FROM entries
         WHERE position > ?1 ORDER BY position LIMIT ?2",
    )?;
    statement.query_map(params![after, limited(limit)], recorded)?.collect()
}

/// What can be handed out.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Of those that nobody holds.
    pub(super) free: Vec<Handed>,
    /// Those after the cursor, and whether each was given up once.
    pub(super) new: Vec<(Handed, bool)>,
    /// Whether those are all that there are.
    pub(super) is_all: bool,
}

/// Looks up the free ones, and as many after the cursor as still fit.
pub(super) fn hand(
    connection: &Connection,
    consumer: i64,
    free: &[u64],
    cursor: u64,
    limit: usize,
) -> rusqlite::Result<Found> {
    let mut found = Found::default();
    let mut bytes = 0;
    // It may have been settled since it was found to be free.
    let mut statement = connection.prepare_cached(
        "SELECT e.position, key, lane, received, about, body, coalesce(attempts, 0)
         FROM entries e JOIN consumers c ON c.id = ?1
         LEFT JOIN deliveries d ON d.consumer = ?1 AND d.position = e.position
         WHERE e.position = ?2
           AND CASE WHEN state IS NULL THEN e.position > floor
                    ELSE state IN ('begun', 'redriven') END",
    )?;
    for position in free {
        let handed = statement
            .query_row(params![consumer, position], |row| {
                Ok(Handed::new(recorded(row)?, row.get(6)?))
            })
            .optional()?;
        bytes += handed.as_ref().map_or(0, |handed| handed.recorded.entry.body.len());
        found.free.extend(handed);
    }
    if found.free.len() >= limit || bytes >= BYTES {
        return Ok(found);
    }
    let mut statement = connection.prepare_cached(
        "SELECT e.position, key, lane, received, about, body, coalesce(attempts, 0),
                coalesce(state = 'redriven', 0)
         FROM entries e LEFT JOIN deliveries d ON d.consumer = ?1 AND d.position = e.position
         WHERE e.position > ?2 AND (state IS NULL OR state IN ('begun', 'redriven'))
         ORDER BY e.position LIMIT ?3",
    )?;
    let left = limit - found.free.len();
    let mut rows = statement.query(params![consumer, cursor, limited(left)])?;
    while let Some(row) = rows.next()? {
        let handed = Handed::new(recorded(row)?, row.get(6)?);
        bytes += handed.recorded.entry.body.len();
        found.new.push((handed, row.get(7)?));
        if bytes >= BYTES {
            return Ok(found);
        }
    }
    found.is_all = found.new.len() < left;
    Ok(found)
}

/// What somebody wants tried again.
pub(super) fn redriven(connection: &Connection, consumer: i64) -> rusqlite::Result<Vec<u64>> {
    let mut statement = connection.prepare_cached(
        "SELECT position FROM deliveries WHERE consumer = ?1 AND state = 'redriven'
         ORDER BY position LIMIT 10000",
    )?;
    statement.query_map([consumer], |row| row.get(0))?.collect()
}

/// What a consumer gave up.
pub(super) fn dead(
    connection: &Connection,
    consumer: &str,
    after: u64,
    limit: usize,
) -> rusqlite::Result<Vec<Dead>> {
    let mut statement = connection.prepare_cached(
        "SELECT e.position, key, lane, received, about, body, attempts, reason, since
         FROM consumers c JOIN deliveries d ON d.consumer = c.id
         JOIN entries e ON e.position = d.position
         WHERE c.name = ?1 AND d.position > ?2 AND state = 'dead'
         ORDER BY d.position LIMIT ?3",
    )?;
    let dead = |row: &Row<'_>| {
        let reason: Option<String> = row.get(7)?;
        let since: Option<u64> = row.get(8)?;
        let reason = reason.unwrap_or_default();
        Ok(Dead::new(recorded(row)?, row.get(6)?, reason, since.unwrap_or_default()))
    };
    statement.query_map(params![consumer, after, limited(limit)], dead)?.collect()
}

/// How it is now.
pub(super) fn state(connection: &Connection) -> rusqlite::Result<State> {
    // All of it as it was at one moment.
    let transaction = connection.unchecked_transaction()?;
    let read = |row: &Row<'_>| Ok((row.get::<_, u64>(0)?, row.get::<_, u64>(1)?));
    let (last, forgotten) = transaction.query_row(
        "SELECT max(last, coalesce((SELECT max(position) FROM entries), 0)), forgotten
         FROM journal",
        [],
        read,
    )?;
    // Only up to what was forgotten can any be missing, and little is left of that: the rest is
    // counted without looking.
    let mut left = transaction
        .prepare_cached("SELECT count(*) FROM entries WHERE position > ?1 AND position <= ?2")?;
    let mut after = |position: u64| -> rusqlite::Result<u64> {
        let left: u64 = left.query_row([position, forgotten], |row| row.get(0))?;
        Ok(left + last.saturating_sub(position.max(forgotten)))
    };
    let mut statement = transaction.prepare_cached(
        "SELECT name, floor,
             (SELECT count(*) FROM deliveries WHERE consumer = id AND state = 'dead'),
             (SELECT count(*) FROM deliveries d WHERE consumer = id AND position > floor
                  AND state IN ('done', 'dead')
                  AND EXISTS (SELECT 1 FROM entries e WHERE e.position = d.position)),
             (SELECT count(*) FROM deliveries WHERE consumer = id AND position <= floor
                  AND state = 'redriven')
         FROM consumers ORDER BY name",
    )?;
    let mut rows = statement.query([])?;
    let mut consumers = Vec::new();
    while let Some(row) = rows.next()? {
        let settled: u64 = row.get(3)?;
        let redriven: u64 = row.get(4)?;
        let pending = after(row.get(1)?)?.saturating_sub(settled) + redriven;
        consumers.push((row.get(0)?, pending, row.get(2)?));
    }
    Ok(State { last: Position(last), entries: after(0)?, consumers })
}

fn recorded(row: &Row<'_>) -> rusqlite::Result<Recorded> {
    let text = |index| row.get_ref(index)?.as_str().map(Box::from).map_err(|_| odd(row, index));
    let key = row.get_ref(1)?.as_blob().ok().and_then(|blob| blob.try_into().ok());
    let body = row.get_ref(5)?.as_bytes().map_err(|_| odd(row, 5))?;
    let entry = Entry {
        key: Key(key.ok_or_else(|| odd(row, 1))?),
        lane: text(2)?,
        received: row.get(3)?,
        about: text(4)?,
        body: Bytes::copy_from_slice(body),
    };
    Ok(Recorded { position: Position(row.get(0)?), entry })
}

fn odd(row: &Row<'_>, index: usize) -> rusqlite::Error {
    let name = row.as_ref().column_name(index).unwrap_or_default().to_owned();
    rusqlite::Error::InvalidColumnType(
        index,
        name,
        row.get_ref(index).map_or(Type::Null, |v| v.data_type()),
    )
}

fn limited(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
