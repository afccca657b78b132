//! The thread that carries the log over into the file, so that the log begins again.
//!
//! SQLite would do that within a commit, and whoever waits for the commit would wait for it too.

use std::{
    fs::File,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::Receiver,
    },
};

use rusqlite::Connection;

use super::{failure::Place, request::Shared};

/// So many pages at a time are carried over: while many are being synced, commits wait for the disk.
const STEP: u64 = 512;
/// From so many pages on the log begins again.
const PAGES: u64 = 16_384;
/// So few pages the writer carries over itself, between two commits: only when nothing is left
/// does the log begin again.
const FEW: u64 = 64;
/// From so many pages on the writer does it itself whatever it costs, so that the log has an end.
const MANY: u64 = 65_536;

/// What the writer and the thread know of the log.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// How many pages it had after the last commit.
    pub(super) pages: AtomicU64,
    /// How many of them are carried over.
    carried: AtomicU64,
    /// How many there were when the thread was told last.
    kicked: AtomicU64,
    is_busy: AtomicBool,
}

/// What is to be done between two commits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Nothing,
    /// Have the thread carry it over.
    Kick,
    /// Carry over the rest.
    Finish,
}

impl Log {
    pub(super) fn step(&self) -> Step {
        let pages = self.pages.load(Ordering::Relaxed);
        if self.is_busy.load(Ordering::Acquire) && pages < MANY {
            return Step::Nothing;
        }
        if pages < self.carried.load(Ordering::Acquire) {
            // With everything carried over SQLite begins the log again by itself.
            self.begin();
        }
        let left = pages.saturating_sub(self.carried.load(Ordering::Acquire));
        if pages >= MANY || pages >= PAGES && left <= FEW {
            return Step::Finish;
        }
        let grown = pages.abs_diff(self.kicked.load(Ordering::Relaxed));
        // A reader in the way is not asked to go with every commit.
        if left < STEP && pages < PAGES || grown < FEW {
            return Step::Nothing;
        }
        self.kicked.store(pages, Ordering::Relaxed);
        self.is_busy.store(true, Ordering::Release);
        Step::Kick
    }

    /// Carries over what can be; a reader in the way only makes it less.
    pub(super) fn carry(&self, connection: &Connection) -> rusqlite::Result<()> {
        let carried =
            connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get::<_, i64>(2));
        // It says -1 when another is at it.
        let known = carried.as_ref().map_or(0, |carried| u64::try_from(*carried).unwrap_or(0));
        self.carried.store(known, Ordering::Release);
        carried.map(drop)
    }

    /// Everything is carried over, so the next commit begins at the beginning.
    pub(super) fn begin_again(&self) {
        self.pages.store(0, Ordering::Relaxed);
        self.begin();
    }

    fn begin(&self) {
        self.kicked.store(0, Ordering::Relaxed);
        self.carried.store(0, Ordering::Release);
    }
}

/// Carries over whenever it is told to.
#[expect(clippy::needless_pass_by_value, reason = "the thread owns what it works with")]
pub(super) fn run(
    connection: Connection,
    log: Arc<Log>,
    place: Arc<Place>,
    shared: Arc<Shared>,
    file: Option<&'static File>,
    kicks: Receiver<()>,
) {
    stand_back();
    while kicks.recv().is_ok() {
        if let Err(error) = log.carry(&connection) {
            shared.failed(place.failure(error));
        }
        // SQLite syncs with the last page alone, so the writer would have to wait for all of them.
        // A disk that fails says so to one who syncs, and maybe to no other.
        if let Some(Err(error)) = file.map(File::sync_data) {
            shared.failed(place.broken(error));
        }
        log.is_busy.store(false, Ordering::Release);
    }
}

/// Leaves the processor to others: nobody waits for this thread, and all wait for the one that writes.
fn stand_back() {
    #[cfg(target_os = "linux")]
    {
        use rustix::{process::setpriority_process, thread::gettid};
        // The thread's own on Linux. Without it everything is the same, only less even.
        setpriority_process(Some(gettid()), 19).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thread_carries_much_and_the_writer_the_rest() {
        let log = Log::default();
        for (pages, carried, expected) in [
            (STEP - 1, 0, Step::Nothing),
            (STEP, 0, Step::Kick),
            (PAGES - 1, PAGES - STEP, Step::Nothing),
            (PAGES - 1, PAGES - STEP - 1, Step::Kick),
            (PAGES, PAGES - FEW - 1, Step::Kick),
            (PAGES, PAGES - FEW, Step::Finish),
            (MANY, 0, Step::Finish),
        ] {
            log.is_busy.store(false, Ordering::Relaxed);
            log.kicked.store(0, Ordering::Relaxed);
            log.pages.store(pages, Ordering::Relaxed);
            log.carried.store(carried, Ordering::Relaxed);
            assert_eq!(log.step(), expected, "{pages} pages, {carried} carried");
        }
        log.pages.store(PAGES, Ordering::Relaxed);
        log.is_busy.store(true, Ordering::Relaxed);
        assert_eq!(log.step(), Step::Nothing, "the thread is at it");
        log.is_busy.store(false, Ordering::Relaxed);
        log.begin_again();
        assert_eq!(log.step(), Step::Nothing);
        // One that SQLite began again by itself.
        log.carried.store(PAGES, Ordering::Relaxed);
        log.pages.store(STEP, Ordering::Relaxed);
        assert_eq!(log.step(), Step::Kick);
        log.is_busy.store(false, Ordering::Relaxed);
        log.pages.store(STEP + FEW - 1, Ordering::Relaxed);
        assert_eq!(log.step(), Step::Nothing, "it was told just now");
    }
}
