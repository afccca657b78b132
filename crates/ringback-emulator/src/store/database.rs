//! The file: what is in it, and how it is told from other files.

use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
};

use rusqlite::{Connection, ErrorCode, OptionalExtension, params};

use super::{rights, wire};
use crate::Error;

/// The database in the directory.
const FILE: &str = "ringback.sqlite";
/// Who holds this file's lock keeps his state in the directory.
const LOCK: &str = "ringback.lock";
/// What the names of both begin with.
const PREFIX: &str = "ringback.";
/// Marks the database as ours: `RBEM`.
const APPLICATION: i32 = 0x5242_454D;
/// The version of the tables.
const TABLES: i32 = 1;
/// How many snapshots are kept: the older is begun from, so that what happened lately is told again.
const SNAPSHOTS: u32 = 2;

const SCHEMA: &str = "
    CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE inputs (
        number INTEGER PRIMARY KEY,
        version INTEGER NOT NULL,
        at INTEGER NOT NULL,
        entries INTEGER NOT NULL,
        input TEXT NOT NULL
    ) STRICT;
    CREATE TABLE snapshots (
        number INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        entries INTEGER NOT NULL,
        state BLOB NOT NULL
    ) STRICT;
";

/// One input and what has to be known to repeat it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// Counted from 1, without gaps.
    pub(crate) number: u64,
    /// The platform's time, in milliseconds.
    pub(crate) at: i64,
    /// The number of the last entry of the history before it.
    pub(crate) entries: u64,
    pub(crate) input: String,
}

/// The state after an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Snapshot {
    /// The number of that input.
    pub(crate) number: u64,
    pub(crate) at: i64,
    pub(crate) entries: u64,
    pub(crate) state: Vec<u8>,
}

/// What is written at once, or not at all.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// Forget everything that happened; the next input has this number.
    Clear(u64),
    Row(Row),
    Fact(&'static str, String),
    Snapshot(Snapshot),
}

/// All that was there.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) snapshot: Option<Snapshot>,
    /// What happened since.
    pub(crate) rows: Vec<Row>,
    /// The number of the last input.
    pub(crate) last: u64,
    /// The number of the newest snapshot.
    pub(crate) newest: u64,
}

/// An open database, locked against other emulators.
#[derive(Debug)]
pub(crate) struct Database {
    connection: Connection,
    directory: PathBuf,
    _lock: File,
}

impl Database {
    /// Opens the database of a directory, or makes both.
    pub(crate) fn open(directory: &Path) -> Result<Self, Error> {
        if directory.exists() && !directory.is_dir() {
            let fix = "give the path of a directory, or one where none is yet";
            return Err(unusable(directory, "it is a file and no directory", fix));
        }
        rights::make_directory(directory).map_err(|error| {
            let fix = "make the directory above it writable, or give another path";
            caused(directory, "it cannot be made", fix, error)
        })?;
        let lock = lock(directory)?;
        // There are keys in them. SQLite gives the files that it makes the rights of the first one.
        // A directory that others use too keeps its rights; those of the files are enough.
        if rights::holds_only(directory, PREFIX) {
            owner_only(directory, directory)?;
        }
        let file = directory.join(FILE);
        drop(rights::open_file(&file).map_err(|error| {
            caused(directory, "ringback.sqlite cannot be written there", WRITABLE, error)
        })?);
        for suffix in ["", "-wal", "-shm", "-journal"] {
            owner_only(directory, &directory.join(format!("{FILE}{suffix}")))?;
        }
        owner_only(directory, &directory.join(LOCK))?;
        let mut connection = Connection::open(&file).map_err(|error| broken(directory, error))?;
        prepare(&mut connection, directory)?;
        Ok(Self { connection, directory: directory.to_owned(), _lock: lock })
    }

    /// A fact, when it is there.
    pub(crate) fn fact(&self, name: &str) -> Result<Option<String>, Error> {
        self.connection
            .query_row("SELECT value FROM facts WHERE name = ?1", [name], |row| row.get(0))
            .optional()
            .map_err(|error| self.broken(error))
    }

    /// Everything that is needed to begin where the last emulator ended.
    pub(crate) fn read(&self) -> Result<Found, Error> {
        let snapshots = self.snapshots().map_err(|error| self.broken(error))?;
        let newest = snapshots.last().map_or(0, |snapshot| snapshot.number);
        // While there is one only, everything before it is there too.
        let base = match snapshots.len() >= SNAPSHOTS as usize {
            true => snapshots.into_iter().next(),
            false => None,
        };
        let first = match &base {
            Some(snapshot) => snapshot.number + 1,
            None => self.fact("first")?.and_then(|text| text.parse().ok()).unwrap_or(1),
        };
        let rows = self.rows(first)?;
        let last = rows.last().map_or(first - 1, |row| row.number);
        Ok(Found { snapshot: base, rows, last, newest })
    }

    fn snapshots(&self) -> rusqlite::Result<Vec<Snapshot>> {
        let mut statement = self
            .connection
            .prepare("SELECT number, at, entries, state FROM snapshots ORDER BY number")?;
        let read = |row: &rusqlite::Row<'_>| {
            Ok(Snapshot {
                number: row.get(0)?,
                at: row.get(1)?,
                entries: row.get(2)?,
                state: row.get(3)?,
            })
        };
        statement.query_map([], read)?.collect()
    }

    fn rows(&self, first: u64) -> Result<Vec<Row>, Error> {
        let mut statement = self
            .connection
            .prepare(
                "SELECT number, version, at, entries, input FROM inputs
                 WHERE number >= ?1 ORDER BY number",
            )
            .map_err(|error| self.broken(error))?;
        let mut found = statement.query([first]).map_err(|error| self.broken(error))?;
        let mut rows = Vec::new();
        while let Some(row) = found.next().map_err(|error| self.broken(error))? {
            let expected = first + rows.len() as u64;
            let (row, version) = read_row(row).map_err(|error| self.broken(error))?;
            if row.number != expected {
                let problem = format!("input {expected} is missing before input {}", row.number);
                return Err(unusable(&self.directory, problem, RESTORE));
            }
            if version != wire::VERSION {
                let problem = format!(
                    "input {} is written in version {version}, and this emulator reads version {}",
                    row.number,
                    wire::VERSION
                );
                return Err(unusable(&self.directory, problem, OTHER_VERSION));
            }
            rows.push(row);
        }
        Ok(rows)
    }

    /// Writes all of it, so that it is there after the power fails; or nothing.
    pub(crate) fn write(&mut self, changes: &[Change]) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        for change in changes {
            match change {
                Change::Clear(first) => {
                    transaction.execute_batch(
                        "DELETE FROM inputs; DELETE FROM snapshots;
                         DELETE FROM facts WHERE name = 'application';",
                    )?;
                    set_fact(&transaction, "first", &first.to_string())?;
                }
                Change::Row(row) => {
                    transaction
                        .prepare("INSERT INTO inputs VALUES (?1, ?2, ?3, ?4, ?5)")?
                        .execute(params![
                            row.number,
                            wire::VERSION,
                            row.at,
                            row.entries,
                            row.input
                        ])?;
                }
                Change::Fact(name, value) => set_fact(&transaction, name, value)?,
                Change::Snapshot(snapshot) => add_snapshot(&transaction, snapshot)?,
            }
        }
        transaction.commit()
    }

    /// Says that something in it cannot be used.
    pub(crate) fn unusable(&self, problem: String, fix: &'static str) -> Error {
        unusable(&self.directory, problem, fix)
    }

    /// Says that something in it cannot be read.
    pub(crate) fn unreadable(
        &self,
        problem: String,
        error: impl std::error::Error + Send + Sync + 'static,
    ) -> Error {
        caused(&self.directory, problem, OTHER_VERSION, error)
    }

    pub(super) fn broken(&self, error: rusqlite::Error) -> Error {
        broken(&self.directory, error)
    }

    /// Lets the database take so many pages and no more, as a full disk does.
    #[cfg(test)]
    pub(super) fn limit(&self, pages: u32) {
        self.connection.pragma_update(None, "max_page_count", pages).unwrap();
    }
}

const WRITABLE: &str = "make the directory writable, or give another one";
const RESTORE: &str =
    "put back a copy of the directory, or move ringback.sqlite* away to begin anew";
const OTHER_VERSION: &str =
    "start the version of ringback that wrote it, or give another directory to begin anew";

fn lock(directory: &Path) -> Result<File, Error> {
    let path = directory.join(LOCK);
    let lock = rights::open_file(&path)
        .map_err(|error| caused(directory, "nothing can be written there", WRITABLE, error))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(unusable(
            directory,
            "another emulator keeps its state there at the moment",
            "stop the other one, or give another directory",
        )),
        Err(TryLockError::Error(error)) => {
            let fix = "give a directory on a local disk";
            Err(caused(directory, "the file system has no locks", fix, error))
        }
    }
}

/// Takes from others the right to read it.
fn owner_only(directory: &Path, path: &Path) -> Result<(), Error> {
    rights::tighten(path).map_err(|error| {
        let fix = "let its owner start the emulator, or give another directory";
        caused(directory, "others may read it, and that cannot be changed", fix, error)
    })
}

/// Makes sure that the database is ours and whole, and that a commit is on the disk.
fn prepare(connection: &mut Connection, directory: &Path) -> Result<(), Error> {
    let read = |connection: &Connection| -> rusqlite::Result<(i32, i32, u32)> {
        let pragma = |name| connection.pragma_query_value(None, name, |row| row.get(0));
        let (application, version) = (pragma("application_id")?, pragma("user_version")?);
        let tables =
            connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        Ok((application, version, tables))
    };
    let (application, version, tables) = read(connection).map_err(|e| broken(directory, e))?;
    if application != APPLICATION && (application != 0 || tables != 0) {
        let fix = "give another directory";
        let problem = "ringback.sqlite there is a database of something else";
        return Err(unusable(directory, problem, fix));
    }
    if application == APPLICATION && version != TABLES {
        let problem = format!(
            "its tables are of version {version}, and this emulator reads version {TABLES}"
        );
        return Err(unusable(directory, problem, OTHER_VERSION));
    }
    set_up(connection, application == 0).map_err(|error| broken(directory, error))?;
    let check = |row: &rusqlite::Row<'_>| row.get::<_, String>(0);
    let found = connection
        .query_row("PRAGMA quick_check(1)", [], check)
        .map_err(|error| broken(directory, error))?;
    match found.as_str() {
        "ok" => Ok(()),
        _ => Err(unusable(directory, format!("ringback.sqlite is damaged: {found}"), RESTORE)),
    }
}

fn set_up(connection: &mut Connection, is_new: bool) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    if !is_new {
        return Ok(());
    }
    let transaction = connection.transaction()?;
    transaction.execute_batch(SCHEMA)?;
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", TABLES)?;
    transaction.commit()
}

fn read_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<(Row, u32)> {
    let version = row.get(1)?;
    let row =
        Row { number: row.get(0)?, at: row.get(2)?, entries: row.get(3)?, input: row.get(4)? };
    Ok((row, version))
}

fn set_fact(connection: &Connection, name: &str, value: &str) -> rusqlite::Result<()> {
    connection.execute("INSERT OR REPLACE INTO facts VALUES (?1, ?2)", [name, value])?;
    Ok(())
}

fn add_snapshot(connection: &Connection, snapshot: &Snapshot) -> rusqlite::Result<()> {
    connection.execute(
        "INSERT INTO snapshots VALUES (?1, ?2, ?3, ?4)",
        params![snapshot.number, snapshot.at, snapshot.entries, snapshot.state],
    )?;
    connection.execute(
        "DELETE FROM snapshots WHERE number NOT IN
         (SELECT number FROM snapshots ORDER BY number DESC LIMIT ?1)",
        [SNAPSHOTS],
    )?;
    connection.execute(
        "DELETE FROM inputs WHERE number <= (SELECT min(number) FROM snapshots)
         AND (SELECT count(*) FROM snapshots) >= ?1",
        [SNAPSHOTS],
    )?;
    Ok(())
}

fn broken(directory: &Path, error: rusqlite::Error) -> Error {
    let (problem, fix) = match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => ("ringback.sqlite there is no database", RESTORE),
        Some(ErrorCode::DatabaseCorrupt) => ("ringback.sqlite is damaged", RESTORE),
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            ("ringback.sqlite cannot be written there", WRITABLE)
        }
        Some(ErrorCode::DiskFull) => ("the disk is full", "make room, or give another directory"),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => (
            "another program is writing to ringback.sqlite",
            "close the other program, and start again",
        ),
        _ => ("ringback.sqlite cannot be read", RESTORE),
    };
    caused(directory, problem, fix, error)
}

fn unusable(directory: &Path, problem: impl Into<String>, fix: &'static str) -> Error {
    Error::DataDir { path: directory.to_owned(), problem: problem.into(), fix, cause: None }
}

fn caused(
    directory: &Path,
    problem: impl Into<String>,
    fix: &'static str,
    error: impl std::error::Error + Send + Sync + 'static,
) -> Error {
    let cause: Option<Box<dyn std::error::Error + Send + Sync>> = Some(Box::new(error));
    Error::DataDir { path: directory.to_owned(), problem: problem.into(), fix, cause }
}
