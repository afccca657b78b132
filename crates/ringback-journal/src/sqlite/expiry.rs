//! Forgetting what is old, a slice with each commit so that nobody waits for long.

use rusqlite::{Connection, OptionalExtension, params};

use super::{failure::Failure, transaction::Last};

/// How many entries one commit looks at.
const SLICE: u32 = 1_000;

/// Something is to be forgotten.
#[derive(Debug)]
pub(super) struct Job {
    /// What came before this goes, in milliseconds since 1970.
    pub(super) before: u64,
    /// Everything up to here was looked at.
    pub(super) after: u64,
    /// Where this slice ends; none when nothing is left.
    pub(super) until: Option<u64>,
    /// How many are forgotten.
    pub(super) count: u64,
    pub(super) answer: tokio::sync::oneshot::Sender<Result<u64, Failure>>,
}

impl Job {
    /// Finds out where the next slice ends: times never go back, so it is a run of positions.
    pub(super) fn look(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        let before = self.before.min(i64::MAX.unsigned_abs());
        self.until = connection
            .prepare_cached(
                "SELECT max(position) FROM (
                     SELECT position, received FROM entries WHERE position > ?1
                     ORDER BY position LIMIT ?2
                 ) WHERE received < ?3",
            )?
            .query_row(params![self.after, SLICE, before], |row| row.get(0))
            .optional()?
            .flatten();
        Ok(())
    }
}

/// Forgets the settled entries of a slice; says how many.
pub(super) fn slice(connection: &Connection, job: &Job, last: Last) -> rusqlite::Result<u64> {
    let Some(until) = job.until else { return Ok(0) };
    let forgotten = connection
        .prepare_cached(
            "DELETE FROM entries WHERE position > ?1 AND position <= ?2 AND NOT EXISTS (
                 SELECT 1 FROM consumers c LEFT JOIN deliveries d
                     ON d.consumer = c.id AND d.position = entries.position
                 WHERE CASE WHEN d.state IS NULL THEN entries.position > c.floor
                            ELSE d.state <> 'done' END
             )",
        )?
        .execute(params![job.after, until])?;
    if forgotten > 0 {
        connection
            .prepare_cached(
                "UPDATE journal SET last = ?1, received = ?2, forgotten = max(forgotten, ?3)",
            )?
            .execute(params![last.position, last.received, until])?;
    }
    Ok(forgotten as u64)
}
