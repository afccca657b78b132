//! How a journal in a file is opened.

use std::{path::Path, time::Duration};

use super::{Sqlite, database::Access};
use crate::Error;

/// How a journal in a file is opened, where the first settings do not fit.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("events.db");
/// use ringback_journal::SqliteSettings;
///
/// let journal = SqliteSettings::new().queue(1_000).open(path, || 1_795_353_600_000)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct SqliteSettings {
    pub(super) queue: usize,
    pub(super) bytes: usize,
    pub(super) busy_timeout: Duration,
    pub(super) vfs: Option<String>,
    pub(super) is_unsynced: bool,
}

impl Default for SqliteSettings {
    fn default() -> Self {
        Self {
            queue: 16_384,
            bytes: 64 << 20,
            busy_timeout: Duration::from_secs(5),
            vfs: None,
            is_unsynced: false,
        }
    }
}

impl SqliteSettings {
    /// The first settings.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many entries may wait until they are durable; 16,384 at first.
    #[must_use]
    pub fn queue(mut self, queue: usize) -> Self {
        self.queue = queue;
        self
    }

    /// How many bytes those may have that wait; 64 MiB at first.
    #[must_use]
    pub fn bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }

    /// How long to wait for another process that writes in the file; 5 s at first.
    #[must_use]
    pub fn busy_timeout(mut self, busy_timeout: Duration) -> Self {
        self.busy_timeout = busy_timeout;
        self
    }

    /// The name of the SQLite file system; for tests that cut the power.
    #[doc(hidden)]
    #[must_use]
    pub fn vfs(mut self, name: &str) -> Self {
        self.vfs = Some(name.to_owned());
        self
    }

    /// Nothing is synced, so that acknowledged does not mean durable; for tests that must fail then.
    #[doc(hidden)]
    #[must_use]
    pub fn unsynced(mut self, unsynced: bool) -> Self {
        self.is_unsynced = unsynced;
        self
    }

    /// Opens the journal in this file, or makes it; the clock tells milliseconds since 1970.
    ///
    /// # Errors
    /// As [`Sqlite::open`].
    pub fn open(
        &self,
        path: impl AsRef<Path>,
        clock: impl Fn() -> u64 + Send + Sync + 'static,
    ) -> Result<Sqlite, Error> {
        Sqlite::start(path.as_ref(), self, Access::Server, Box::new(clock))
    }

    /// Looks into a journal beside the server that writes it.
    ///
    /// # Errors
    /// As [`Sqlite::attach`].
    pub fn attach(&self, path: impl AsRef<Path>) -> Result<Sqlite, Error> {
        Sqlite::start(path.as_ref(), self, Access::Beside, Box::new(|| 0))
    }
}
