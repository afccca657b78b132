//! A journal in one SQLite file.

mod carrier;
mod consumer;
mod database;
mod expiry;
mod failure;
mod handle;
mod inner;
mod ledger;
mod lock;
mod reader;
mod request;
mod round;
mod rows;
mod schema;
mod settings;
#[cfg(test)]
mod tests;
mod transaction;
mod worker;
mod writer;

use std::{
    path::Path,
    sync::{Arc, atomic::Ordering},
};

use tokio::sync::oneshot;

pub use self::settings::SqliteSettings;
use self::{
    consumer::{Name, SqliteConsumer},
    database::Access,
    expiry::Job,
    failure::Failure,
    inner::Inner,
    reader::Ask,
    request::Request,
    writer::Clock,
};
use crate::{Appended, Consumer, Dead, Entry, Error, Journal, Pending, Position, Recorded, State};

/// No entry is larger: SQLite would refuse it, and with it those that share its commit.
const MOST: usize = 256 << 20;

/// A journal in one SQLite file, written by one process and one thread of it.
///
/// Calls that run at once share a commit, and each is answered after the sync of its commit.
/// Beside the file stand `-wal` and `-shm`, which belong to it, and `-lock`, which may be deleted
/// when no server runs.
#[derive(Debug)]
pub struct Sqlite {
    inner: Arc<Inner>,
}

impl Sqlite {
    /// Opens the journal in this file, or makes it; the clock tells milliseconds since 1970.
    ///
    /// # Errors
    /// When the file cannot be made or written, holds something else, is damaged, was written by a
    /// newer version, or another server has it open.
    pub fn open(
        path: impl AsRef<Path>,
        clock: impl Fn() -> u64 + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        SqliteSettings::new().open(path, clock)
    }

    /// Looks into a journal beside the server that writes it: reads, and has entries tried again.
    ///
    /// What only the server may do is refused.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn attach(path: impl AsRef<Path>) -> Result<Self, Error> {
        SqliteSettings::new().attach(path)
    }

    fn start(
        path: &Path,
        settings: &SqliteSettings,
        access: Access,
        clock: Clock,
    ) -> Result<Self, Error> {
        Ok(Self { inner: Arc::new(Inner::start(path, settings, access, clock)?) })
    }
}

impl Journal for Sqlite {
    fn append(&self, entries: Vec<Entry>) -> Pending<'_, Vec<Appended>> {
        if let Err(failure) = self.inner.server() {
            return refused(failure);
        }
        if entries.iter().any(|entry| size(entry) > MOST) {
            let sentence = format!(
                "an entry is larger than {} MiB, which is the most a journal takes; send less",
                MOST >> 20
            );
            return refused(Failure::refused("journal-too-large", sentence));
        }
        let bytes = entries.iter().map(size).sum();
        if let Err(busy) = self.inner.admit(entries.len(), bytes) {
            return Box::pin(async move { Err(busy) });
        }
        self.inner.ask(|answer| Request::Append { entries, bytes, answer })
    }

    fn read(&self, Position(after): Position, limit: usize) -> Pending<'_, Vec<Recorded>> {
        self.inner.read(move |connection| rows::read(connection, after, limit))
    }

    fn consumer(&self, name: &str) -> Pending<'_, Box<dyn Consumer>> {
        let taken = self.inner.server().and_then(|()| Name::take(&self.inner.names, name));
        let name = match taken {
            Ok(name) => name,
            Err(failure) => return refused(failure),
        };
        let ledger = self.inner.ask(|answer| Request::Consumer { name: name.name(), answer });
        Box::pin(async move {
            let ledger = ledger.await?;
            // Also those that were to be tried again before the last end.
            let turn = tokio::sync::Mutex::new(());
            self.inner.reader()?.ask(Ask::Look)?;
            let inner = self.inner.clone();
            Ok(Box::new(SqliteConsumer { inner, ledger, name, turn }) as Box<dyn Consumer>)
        })
    }

    fn dead(
        &self,
        consumer: &str,
        Position(after): Position,
        limit: usize,
    ) -> Pending<'_, Vec<Dead>> {
        let consumer = consumer.to_owned();
        self.inner.read(move |connection| rows::dead(connection, &consumer, after, limit))
    }

    fn redrive(&self, consumer: &str, positions: Vec<Position>) -> Pending<'_, u64> {
        let consumer = consumer.to_owned();
        let count = self.inner.ask(|answer| Request::Redrive { consumer, positions, answer });
        Box::pin(async move {
            let count = count.await?;
            self.inner.reader()?.ask(Ask::Look)?;
            Ok(count)
        })
    }

    fn expire(&self, before: u64) -> Pending<'_, u64> {
        if let Err(failure) = self.inner.server() {
            return refused(failure);
        }
        self.inner
            .ask(|answer| Request::Expire(Job { before, after: 0, until: None, count: 0, answer }))
    }

    fn state(&self) -> Pending<'_, State> {
        Box::pin(async move {
            if self.inner.shared.trouble().is_some() {
                // It may be over by now.
                self.inner.ask(|answer| Request::Probe { answer }).await?;
            }
            self.inner.read(rows::state).await
        })
    }

    fn close(&self) -> Pending<'_, ()> {
        if self.inner.is_closed.swap(true, Ordering::AcqRel) {
            return Box::pin(async { Ok(()) });
        }
        let (answer, written) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        self.inner.writer.tell(Request::Close { answer });
        self.inner.reader.tell(Ask::End(end));
        Box::pin(async move {
            let written = written.await.map_err(|_| Error::Closed)?;
            drop(ended.await);
            Ok(written?)
        })
    }
}

fn refused<'a, T: 'a>(failure: Failure) -> Pending<'a, T> {
    Box::pin(async move { Err(failure.into()) })
}

/// What an entry takes of the queue, about.
fn size(entry: &Entry) -> usize {
    entry.body.len() + entry.about.len() + entry.lane.len()
}
