//! What the journal and its consumers share.

use std::{
    collections::VecDeque,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{
    SqliteSettings,
    carrier::{self, Log},
    consumer::Names,
    database::{self, Access},
    failure::{Failure, Place},
    handle,
    lock::Lock,
    reader::{self, Ask},
    request::{Answer, Request, Shared},
    round::Pace,
    transaction::Last,
    worker::Worker,
    writer::{Clock, Writer},
};
use crate::{Error, Pending};

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) place: Arc<Place>,
    pub(super) settings: SqliteSettings,
    pub(super) access: Access,
    pub(super) shared: Arc<Shared>,
    pub(super) names: Names,
    pub(super) is_closed: AtomicBool,
    pub(super) writer: Worker<Request>,
    pub(super) reader: Worker<Ask>,
}

impl Inner {
    pub(super) fn start(
        path: &Path,
        settings: &SqliteSettings,
        access: Access,
        clock: Clock,
    ) -> Result<Self, Failure> {
        // Of a relative path, SQLite and the lock could mean different files later.
        let path = std::path::absolute(path).map_err(|error| {
            let sentence = format!("{} is no path of a file; give another one", path.display());
            Failure::refused("journal-no-file", sentence).caused(error)
        })?;
        let place = Arc::new(Place(path));
        database::find(&place, settings, access)?;
        let lock = match access {
            Access::Server => Some(Lock::take(&place)?),
            Access::Beside => None,
        };
        let failed = |error| place.failure(error);
        let connect = || database::connect(&place.0, settings, access).map_err(failed);
        let mut connection = connect()?;
        database::prepare(&mut connection, &place, access)?;
        let log = Arc::new(Log::default());
        let counted = log.clone();
        let count = move |_: &mut _, pages: i32| {
            counted.pages.store(pages.unsigned_abs().into(), Ordering::Relaxed);
            Ok(())
        };
        connection.wal_hook(Some(count)).map_err(failed)?;
        let last = Last::read(&connection).map_err(failed)?;
        let shared = Arc::new(Shared::default());
        shared.last.store(last.position, Ordering::Release);

        let reading = connect()?;
        reading.pragma_update(None, "query_only", true).map_err(failed)?;
        let carrying = connect()?;
        let spawned = |error: std::io::Error| {
            let sentence = "the system starts no more threads; let this process have some";
            Failure::unavailable("journal-failed", sentence).caused(error)
        };
        let (log_too, place_too, shared_too) = (log.clone(), place.clone(), shared.clone());
        // Another file system of SQLite has files of its own.
        let is_synced = settings.vfs.is_none() && !settings.is_unsynced;
        let file = is_synced.then(|| handle::kept_open(&place.0)).flatten();
        let carrier = Worker::start("ringback-carrier", move |kicks| {
            carrier::run(carrying, log_too, place_too, shared_too, file, kicks);
        })
        .map_err(spawned)?;
        let writer = Writer {
            connection,
            place: place.clone(),
            shared: shared.clone(),
            clock,
            last,
            now: 0,
            log,
            carrier,
            lock,
            jobs: VecDeque::new(),
            pace: Pace::default(),
        };
        let reader_shared = shared.clone();
        Ok(Self {
            place,
            settings: settings.clone(),
            access,
            shared,
            names: Names::default(),
            is_closed: AtomicBool::new(false),
            writer: Worker::start("ringback-writer", |requests| writer.run(requests))
                .map_err(spawned)?,
            reader: Worker::start("ringback-reader", |asks| {
                reader::run(reading, reader_shared, asks);
            })
            .map_err(spawned)?,
        })
    }

    /// The thread that writes, unless it was closed.
    pub(super) fn writer(&self) -> Result<&Worker<Request>, Error> {
        match self.is_closed.load(Ordering::Acquire) {
            true => Err(Error::Closed),
            false => Ok(&self.writer),
        }
    }

    /// The thread that reads, unless it was closed.
    pub(super) fn reader(&self) -> Result<&Worker<Ask>, Error> {
        match self.is_closed.load(Ordering::Acquire) {
            true => Err(Error::Closed),
            false => Ok(&self.reader),
        }
    }

    /// Asks the writer now, and waits for its answer when that is awaited.
    pub(super) fn ask<T: Send + 'static>(
        &self,
        request: impl FnOnce(Answer<T>) -> Request,
    ) -> Pending<'_, T> {
        let (answer, answered) = oneshot::channel();
        let sent = self.writer().and_then(|writer| writer.ask(request(answer)));
        Box::pin(async move {
            sent?;
            Ok(answered.await.map_err(|_| Error::Closed)??)
        })
    }

    pub(super) fn read<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Pending<'_, T> {
        Box::pin(async move { reader::ask(self.reader()?, self.place.clone(), question).await })
    }

    /// Refuses what only the server may do.
    pub(super) fn server(&self) -> Result<(), Failure> {
        match self.access {
            Access::Server => Ok(()),
            Access::Beside => Err(Failure::refused(
                "journal-attached",
                format!(
                    "{} was opened to look into it beside its server; open it as a server to write",
                    self.place
                ),
            )),
        }
    }

    /// Finds room in the queue.
    pub(super) fn admit(&self, entries: usize, bytes: usize) -> Result<(), Error> {
        let Shared { entries: waiting, bytes: waiting_bytes, .. } = &*self.shared;
        let before = waiting.fetch_add(entries, Ordering::AcqRel);
        let bytes_before = waiting_bytes.fetch_add(bytes, Ordering::AcqRel);
        // What is too much alone goes when nothing else waits, or it would never go.
        let fits = before + entries <= self.settings.queue
            && bytes_before.saturating_add(bytes) <= self.settings.bytes;
        if before == 0 || fits {
            return Ok(());
        }
        waiting.fetch_sub(entries, Ordering::AcqRel);
        waiting_bytes.fetch_sub(bytes, Ordering::AcqRel);
        Err(Error::Busy { waiting: before })
    }
}
