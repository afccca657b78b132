//! The file: how it is opened, and how it is told from other files.

use std::{fs::OpenOptions, io::ErrorKind, path::Path};

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::{
    SqliteSettings,
    failure::{Failure, Place},
    lock::private,
    schema,
};

/// What the journal is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// To be the one who writes it.
    Server,
    /// To look into it beside the server.
    Beside,
}

/// So much of the file the writer keeps in memory; SQLite takes what is negative as KiB.
const CACHE: i32 = -32 * 1024;

/// Makes sure that the file can be what is wanted, and makes it when it may be made.
pub(super) fn find(
    place: &Place,
    settings: &SqliteSettings,
    access: Access,
) -> Result<(), Failure> {
    let path = &place.0;
    if path.is_dir() {
        let sentence = format!("{place} is a directory; give the path of a file in it");
        return Err(Failure::refused("journal-no-file", sentence));
    }
    if access == Access::Beside {
        return match path.exists() {
            true => Ok(()),
            false => Err(Failure::refused(
                "journal-missing",
                format!("there is no journal at {place}; give the path that the server was given"),
            )),
        };
    }
    if let Some(directory) = path.parent()
        && !directory.is_dir()
    {
        let sentence = format!(
            "the directory of {place} is not there; make {}, or give another path",
            directory.display()
        );
        return Err(Failure::refused("journal-no-directory", sentence));
    }
    if settings.vfs.is_some() {
        return Ok(());
    }
    let mut options = OpenOptions::new();
    // One that is there is not opened: closing it would take away the locks of those who have it open in this process.
    private(options.write(true).create_new(true));
    let made = match options.open(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        made => made.map(drop),
    };
    made.map_err(|error| {
        let failure = match error.kind() {
            ErrorKind::StorageFull => Failure::unavailable(
                "journal-full",
                format!("the disk of {place} is full, so it cannot be made; make room on it"),
            ),
            _ => Failure::refused("journal-permission", place.unwritable()),
        };
        failure.caused(error)
    })
}

/// A connection to the file.
pub(super) fn connect(
    path: &Path,
    settings: &SqliteSettings,
    access: Access,
) -> rusqlite::Result<Connection> {
    // Each connection is used by one thread.
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if access == Access::Server {
        flags |= OpenFlags::SQLITE_OPEN_CREATE;
    }
    let connection = match &settings.vfs {
        Some(vfs) => Connection::open_with_flags_and_vfs(path, flags, vfs.as_str()),
        None => Connection::open_with_flags(path, flags),
    }?;
    connection.busy_timeout(settings.busy_timeout)?;
    connection.set_prepared_statement_cache_capacity(64);
    // The one who carries the log over syncs too, and so does the last one who closes.
    let synchronous = if settings.is_unsynced { "off" } else { "full" };
    connection.pragma_update(None, "synchronous", synchronous)?;
    Ok(connection)
}

/// Makes sure that the file is ours and of our version, and makes its tables.
pub(super) fn prepare(
    connection: &mut Connection,
    place: &Place,
    access: Access,
) -> Result<(), Failure> {
    let failed = |error| place.failure(error);
    // SQLite opens for reading what it may not write.
    if connection.is_readonly("main").map_err(failed)? {
        return Err(Failure::refused("journal-permission", place.unwritable()));
    }
    if !is_ours(connection, place, access)? {
        // Read again with the file locked: two may make it at once.
        connection.pragma_update(None, "journal_mode", "wal").map_err(failed)?;
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        if !is_ours(&transaction, place, access)? {
            let make = || -> rusqlite::Result<()> {
                transaction.execute_batch(schema::TABLES)?;
                transaction.pragma_update(None, "application_id", schema::APPLICATION)?;
                transaction.pragma_update(None, "user_version", schema::VERSION)
            };
            make().map_err(failed)?;
        }
        transaction.commit().map_err(failed)?;
    }
    let set_up = || -> rusqlite::Result<()> {
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "cache_size", CACHE)
    };
    set_up().map_err(failed)
}

/// Whether the tables are there; false when there is nothing at all.
fn is_ours(connection: &Connection, place: &Place, access: Access) -> Result<bool, Failure> {
    let read = || -> rusqlite::Result<_> {
        let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
        let mut statement = connection
            .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")?;
        let tables: rusqlite::Result<Vec<String>> =
            statement.query_map([], |row| row.get(0))?.collect();
        Ok((pragma("application_id")?, pragma("user_version")?, tables?))
    };
    let (application, version, tables) = read().map_err(|error| place.failure(error))?;
    if application == 0 && tables.is_empty() {
        return match access {
            Access::Server => Ok(false),
            Access::Beside => Err(Failure::refused(
                "journal-missing",
                format!("there is no journal in {place}; give the path that the server was given"),
            )),
        };
    }
    if application != schema::APPLICATION {
        let sentence = format!(
            "{place} is a database of something else; give the path of a journal, or of a file \
             that is not there yet"
        );
        return Err(Failure::refused("journal-foreign", sentence));
    }
    if version > schema::VERSION {
        let sentence = format!(
            "{place} was written by a newer ringback: its tables are of version {version}, and \
             this one knows version {}; start the newer ringback, or give another path",
            schema::VERSION
        );
        return Err(Failure::refused("journal-newer", sentence));
    }
    if version != schema::VERSION
        || schema::NAMES.iter().any(|name| !tables.iter().any(|t| t == name))
    {
        let sentence = format!(
            "{place} is marked as a journal, but its tables are not those of one; put back a copy \
             of it, or give another path"
        );
        return Err(Failure::refused("journal-corrupt", sentence));
    }
    Ok(true)
}
