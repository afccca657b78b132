//! The suite of every backend, over a file.

#![expect(clippy::unwrap_used, reason = "a store that cannot be opened fails its test")]

#[macro_use]
mod suite;

use std::sync::Arc;

use ringback_journal::{Journal, Sqlite};
use suite::{NOON, Store};

struct File(tempfile::TempDir);

impl Store for File {
    async fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    async fn open(&self) -> Arc<dyn Journal> {
        Arc::new(Sqlite::open(self.0.path().join("events.db"), || NOON).unwrap())
    }
}

suite!(File);
