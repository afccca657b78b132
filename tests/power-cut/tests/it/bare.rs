//! The file system itself, below SQLite with nothing around it.
//!
//! What SQLite documents of its settings is found with it: so a loss that the journal had would be
//! found as well, and none is found where there is none.

use std::{
    convert::Infallible,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use ringback_power_cut::{Dice, Disk, Image, Power};
use rusqlite::{Connection, OpenFlags, params};

use crate::setting::{Figures, Setting, cut};

/// How often one database survives before a new one is begun.
const LIVES: u64 = 4;
const FILE: &str = "rows.db";
const TABLE: &str = "CREATE TABLE IF NOT EXISTS rows (number INTEGER PRIMARY KEY, body BLOB)";
const COUNT: &str = "SELECT count(*) FROM rows";

/// Settings of SQLite.
#[derive(Clone, Copy, Debug)]
struct Mode {
    journal: &'static str,
    synchronous: &'static str,
}

/// What is known of one database.
#[derive(Debug, Default)]
struct Known {
    image: Image,
    /// Rows from zero to here were acknowledged.
    acknowledged: u64,
    /// Rows from zero to here were begun, so that there may be as many.
    begun: u64,
}

#[test]
fn with_full_syncs_nothing_is_lost() {
    let figures = run(Mode { journal: "wal", synchronous: "full" }, 20, 4_000);
    assert_eq!(figures.lost, 0);
    assert!(figures.thrown > 0, "there was nothing to lose");
    assert!(figures.acknowledged >= 4_000);
}

#[test]
fn with_syncs_of_the_directory_nothing_is_lost_without_a_log() {
    let figures = run(Mode { journal: "delete", synchronous: "extra" }, 20, 800);
    assert_eq!(figures.lost, 0);
    assert!(figures.thrown > 0, "there was nothing to lose");
}

#[test]
fn without_syncs_losses_are_found() {
    let figures = run(Mode { journal: "wal", synchronous: "off" }, 20, 4_000);
    assert!(figures.lost > 0, "a harness that finds nothing shows nothing");
}

#[test]
fn with_syncs_at_checkpoints_only_losses_are_found() {
    let figures = run(Mode { journal: "wal", synchronous: "normal" }, 20, 4_000);
    assert!(figures.lost > 0, "a harness that finds nothing shows nothing");
}

#[test]
fn a_deletion_that_comes_back_is_found() {
    // SQLite says so of FULL: the deleted journal may be back, and takes the last commit with it.
    let figures = run(Mode { journal: "delete", synchronous: "full" }, 80, 800);
    assert!(figures.lost > 0, "a harness that finds nothing shows nothing");
}

/// Cuts until that was often enough, or something is lost.
fn run(mode: Mode, cuts: u64, rows: u64) -> Figures {
    let name = format!("bare-{}-{}", mode.journal, mode.synchronous);
    let setting = Setting::short(cuts, rows);
    let mut dice = setting.dice(&name);
    let power = Power::new(&name).unwrap();
    let mut figures = Figures::default();
    let mut known = Known::default();
    for round in 0..setting.cuts {
        if round % LIVES == 0 {
            known = Known::default();
        }
        let rows = setting.share(round, figures.acknowledged, &mut dice);
        let before = known.acknowledged;
        // Now and then it fails already while the database is opened.
        let early = dice.often(250).then(|| dice.below(30));
        for early in early.map(Some).into_iter().chain([None]) {
            live(&power, mode, &mut known, rows, early, &mut dice);
            figures.cuts += 1;
            figures.thrown += known.image.thrown();
            figures.lost += known.check();
        }
        figures.acknowledged += known.acknowledged - before;
        if figures.lost > 0 {
            break;
        }
    }
    println!("{name}: {figures}");
    figures
}

/// Opens what is left, writes at least so many rows, and cuts the power.
fn live(
    power: &Power,
    mode: Mode,
    known: &mut Known,
    rows: u64,
    early: Option<u64>,
    dice: &mut Dice,
) {
    let folder = tempfile::tempdir().unwrap();
    known.image.write(folder.path()).unwrap();
    let disk = Arc::new(Disk::new(folder.path(), dice.split()).unwrap());
    power.plug_in(&disk);
    if let Some(changes) = early {
        disk.cut_after(changes);
    }
    let writer = Writer {
        acknowledged: AtomicU64::new(known.acknowledged),
        begun: AtomicU64::new(known.begun),
    };
    let enough = known.acknowledged + rows;
    known.image = thread::scope(|scope| {
        let batches = dice.split();
        // It ends when the power fails, and what it was doing then does not matter.
        let writing = scope.spawn(|| writer.write(disk.folder(), power.name(), mode, batches));
        while writer.acknowledged.load(Ordering::Acquire) < enough && !disk.is_off() {
            assert!(!writing.is_finished(), "{:?}", writing.join());
            thread::sleep(Duration::from_micros(100));
        }
        cut(&disk, dice)
    });
    power.unplug(&disk);
    known.acknowledged = writer.acknowledged.into_inner();
    known.begun = writer.begun.into_inner();
}

#[derive(Debug)]
struct Writer {
    acknowledged: AtomicU64,
    begun: AtomicU64,
}

impl Writer {
    fn write(&self, folder: &Path, vfs: &str, mode: Mode, mut dice: Dice) -> rusqlite::Error {
        let mut write = || -> rusqlite::Result<Infallible> {
            let flags = OpenFlags::default();
            let path = folder.join(FILE);
            let mut connection = Connection::open_with_flags_and_vfs(path, flags, vfs)?;
            connection.pragma_update(None, "journal_mode", mode.journal)?;
            connection.pragma_update(None, "synchronous", mode.synchronous)?;
            // Checkpoints are what is most easily done wrong: many of them.
            connection.pragma_update(None, "wal_autocheckpoint", 100)?;
            connection.execute_batch(TABLE)?;
            let mut next = connection.query_row(COUNT, [], |row| row.get::<_, u64>(0))?;
            loop {
                let end = next + 1 + dice.below(8);
                let transaction = connection.transaction()?;
                self.begun.fetch_max(end, Ordering::AcqRel);
                for row in next..end {
                    transaction
                        .prepare("INSERT INTO rows VALUES (?1, ?2)")?
                        .execute(params![row, body(row)])?;
                }
                transaction.commit()?;
                self.acknowledged.store(end, Ordering::Release);
                next = end;
            }
        };
        match write() {
            Err(error) => error,
        }
    }
}

impl Known {
    /// Says how many rows are lost that were acknowledged.
    fn check(&self) -> u64 {
        match self.read() {
            Ok(there) => {
                assert!(there <= self.begun, "{there} rows, {} begun", self.begun);
                self.acknowledged.saturating_sub(there)
            }
            // Nothing of it can be used.
            Err(error) => {
                println!("what is left cannot be read: {error}");
                self.acknowledged
            }
        }
    }

    /// How many rows there are, from zero and without a gap.
    fn read(&self) -> rusqlite::Result<u64> {
        let folder = tempfile::tempdir().unwrap();
        self.image.write(folder.path()).unwrap();
        let connection = Connection::open(folder.path().join(FILE))?;
        let found: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
        if found != "ok" {
            println!("what is left is damaged: {found}");
            return Ok(0);
        }
        connection.execute_batch(TABLE)?;
        let mut statement = connection.prepare("SELECT number, body FROM rows ORDER BY number")?;
        let mut rows = statement.query([])?;
        let mut there = 0;
        while let Some(row) = rows.next()? {
            if row.get::<_, u64>(0)? != there || row.get::<_, Vec<u8>>(1)? != body(there) {
                break;
            }
            there += 1;
        }
        Ok(there)
    }
}

/// What is in a row: nothing that another row has.
fn body(row: u64) -> Vec<u8> {
    let mut dice = Dice::new(row);
    (0..30 + row % 30).flat_map(|_| dice.roll().to_le_bytes()).collect()
}
