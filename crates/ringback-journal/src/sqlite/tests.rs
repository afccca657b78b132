//! What can go wrong, each with its code and a sentence that says what to do.

use std::{fs, path::Path, process::Command, sync::Arc, time::Duration};

use rusqlite::Connection;
use tokio::{sync::oneshot, time::timeout};

use super::{Sqlite, SqliteSettings, request::Request};
use crate::{Appended, Entry, Error, Journal, Key, Position};

const NOW: u64 = 1_795_348_800_000;

fn entry(number: u64) -> Entry {
    Entry {
        key: Key((u128::from(number) << 64 | u128::from(number)).to_be_bytes()),
        lane: "CON-1".into(),
        received: NOW + number,
        about: "{}".into(),
        body: vec![b'x'; 1_000].into(),
    }
}

fn open(path: &Path) -> Result<Sqlite, Error> {
    Sqlite::open(path, || NOW)
}

fn journal() -> (tempfile::TempDir, Sqlite) {
    let directory = tempfile::tempdir().unwrap();
    let journal = open(&directory.path().join("events.db")).unwrap();
    (directory, journal)
}

async fn append(journal: &Sqlite, number: u64) -> Result<Vec<Appended>, Error> {
    timeout(Duration::from_secs(20), journal.append(vec![entry(number)])).await.unwrap()
}

fn tell(journal: &Sqlite, request: Request) {
    journal.inner.writer().unwrap().ask(request).unwrap();
}

/// The error has this code, and its sentence holds this.
fn check<T>(result: Result<T, Error>, code: &str, part: &str) {
    let error = result.map(drop).unwrap_err();
    let sentence = error.to_string();
    assert_eq!(error.code(), code, "{sentence}");
    assert!(sentence.contains(part), "{part:?} is not in: {sentence}");
    assert!(!sentence.contains('\n') && !sentence.ends_with('.'), "{sentence}");
}

#[test]
fn what_is_no_journal_is_refused_with_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    check(open(directory.path()), "journal-no-file", "is a directory");
    check(open(&at("none/events.db")), "journal-no-directory", "make ");
    check(Sqlite::attach(at("none.db")), "journal-missing", "there is no journal");
    assert!(!at("none.db").exists());

    fs::write(at("text.db"), "no database, and longer than the header of one".repeat(9)).unwrap();
    check(open(&at("text.db")), "journal-corrupt", "is no SQLite database");

    let other = Connection::open(at("other.db")).unwrap();
    other.execute_batch("CREATE TABLE people (name TEXT)").unwrap();
    check(open(&at("other.db")), "journal-foreign", "something else");
    check(Sqlite::attach(at("other.db")), "journal-foreign", "something else");
    let other = Connection::open(at("marked.db")).unwrap();
    other.execute_batch("PRAGMA application_id = 77").unwrap();
    check(open(&at("marked.db")), "journal-foreign", "something else");

    drop(open(&at("newer.db")).unwrap());
    Connection::open(at("newer.db")).unwrap().execute_batch("PRAGMA user_version = 9").unwrap();
    check(open(&at("newer.db")), "journal-newer", "version 9");
    check(Sqlite::attach(at("newer.db")), "journal-newer", "version 9");

    drop(open(&at("cut.db")).unwrap());
    Connection::open(at("cut.db")).unwrap().execute_batch("DROP TABLE entries").unwrap();
    check(open(&at("cut.db")), "journal-corrupt", "put back a copy");
}

#[tokio::test]
async fn a_damaged_file_is_not_written_any_more() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("events.db");
    let journal = open(&path).unwrap();
    for number in 0..200 {
        append(&journal, number).await.unwrap();
    }
    journal.close().await.unwrap();
    drop(journal);
    let mut bytes = fs::read(&path).unwrap();
    bytes[2 * 4096..].fill(0xA5);
    fs::write(&path, bytes).unwrap();
    let journal = match open(&path) {
        Err(error) => return check(Err::<(), _>(error), "journal-corrupt", "damaged"),
        Ok(journal) => journal,
    };
    check(append(&journal, 900).await, "journal-corrupt", "damaged");
    check(append(&journal, 901).await, "journal-corrupt", "damaged");
    check(journal.state().await, "journal-corrupt", "damaged");
    check(journal.read(Position(0), 1_000).await, "journal-corrupt", "damaged");
}

#[cfg(unix)]
#[test]
fn what_may_not_be_written_is_said() {
    use std::os::unix::fs::PermissionsExt as _;

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("events.db");
    drop(open(&path).unwrap());
    for name in ["events.db", "events.db-lock"] {
        let mode = fs::metadata(directory.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name} is for its owner alone");
    }
    // Whoever is root may write everything, so that there is nothing to see.
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    if fs::OpenOptions::new().write(true).open(&path).is_err() {
        check(open(&path), "journal-permission", "let the user of this process");
    }
}

#[tokio::test]
async fn a_second_server_is_refused_and_tools_are_not() {
    let (directory, journal) = journal();
    let path = directory.path().join("events.db");
    check(open(&path), "journal-held", "stop that one");
    append(&journal, 1).await.unwrap();
    let tool = Sqlite::attach(&path).unwrap();
    assert_eq!(tool.read(Position(0), 10).await.unwrap().len(), 1);
    assert_eq!(tool.state().await.unwrap().entries, 1);
    check(append(&tool, 2).await, "journal-attached", "open it as a server");
    check(tool.expire(NOW).await, "journal-attached", "open it as a server");
    check(tool.consumer("tool").await, "journal-attached", "open it as a server");
    tool.close().await.unwrap();
    journal.close().await.unwrap();
    drop(open(&path).unwrap());
}

#[tokio::test]
async fn what_a_tool_wants_tried_again_is_noticed_within_a_second() {
    let (directory, journal) = journal();
    let holder = journal.consumer("handler").await.unwrap();
    append(&journal, 1).await.unwrap();
    append(&journal, 2).await.unwrap();
    let handed = holder.next(2).await.unwrap();
    let positions: Vec<_> = handed.iter().map(|handed| handed.recorded.position).collect();
    holder.begin(positions.clone()).await.unwrap();
    holder.done(vec![positions[1]]).await.unwrap();
    holder.bury(positions[0], "no").await.unwrap();
    let tool = Sqlite::attach(directory.path().join("events.db")).unwrap();
    let waiting = timeout(Duration::from_secs(1), holder.next(1));
    let (count, handed) = tokio::join!(tool.redrive("handler", vec![positions[0]]), waiting);
    assert_eq!(count.unwrap(), 1);
    let handed = handed.expect("within a second").unwrap();
    assert_eq!((handed[0].recorded.position, handed[0].attempts), (positions[0], 1));
}

#[tokio::test]
async fn a_full_disk_refuses_reads_on_and_recovers() {
    let (_directory, journal) = journal();
    let mut number = 0;
    append(&journal, number).await.unwrap();
    tell(&journal, Request::Limit(30));
    let error = loop {
        number += 1;
        match append(&journal, number).await {
            Ok(_) => assert!(number < 1_000),
            Err(error) => break error,
        }
    };
    check(Err::<(), _>(error), "journal-full", "make room");
    check(append(&journal, number).await, "journal-full", "make room");
    let kept = journal.read(Position(0), 1_000).await.unwrap();
    assert_eq!(kept.len() as u64, number);
    tell(&journal, Request::Limit(10_000));
    // What was refused is new, and the positions go on where they were.
    let appended = append(&journal, number).await.unwrap();
    assert_eq!(appended, [Appended::New(Position(number + 1))]);
    assert_eq!(journal.state().await.unwrap().entries, number + 1);
}

#[tokio::test]
async fn another_writer_is_waited_for_and_then_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("events.db");
    let settings = SqliteSettings::new().busy_timeout(Duration::from_millis(100));
    let journal = settings.open(&path, || NOW).unwrap();
    append(&journal, 1).await.unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    check(append(&journal, 2).await, "journal-locked", "another process writes");
    check(journal.state().await, "journal-locked", "another process writes");
    assert_eq!(journal.read(Position(0), 10).await.unwrap().len(), 1);
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(journal.state().await.unwrap().entries, 1);
    assert_eq!(append(&journal, 2).await.unwrap(), [Appended::New(Position(2))]);
}

#[tokio::test]
async fn after_a_failed_sync_nothing_is_acknowledged_until_it_is_opened_anew() {
    let (directory, journal) = journal();
    append(&journal, 1).await.unwrap();
    let holder = journal.consumer("handler").await.unwrap();
    let handed = holder.next(1).await.unwrap();
    tell(&journal, Request::Break);
    for number in 2..5 {
        check(append(&journal, number).await, "journal-broken", "start again");
    }
    check(holder.done(vec![handed[0].recorded.position]).await, "journal-broken", "start again");
    check(journal.state().await, "journal-broken", "start again");
    assert_eq!(journal.read(Position(0), 10).await.unwrap().len(), 1);
    journal.close().await.unwrap();
    drop((holder, journal));
    let journal = open(&directory.path().join("events.db")).unwrap();
    assert!(matches!(append(&journal, 2).await.unwrap()[..], [Appended::New(_)]));
    assert_eq!(journal.state().await.unwrap().entries, 2);
}

#[tokio::test]
async fn a_full_queue_says_so_and_takes_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("events.db");
    let settings = SqliteSettings::new().queue(10).bytes(5_500);
    let journal = settings.open(&path, || NOW).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let waiting: Vec<_> = (0..5).map(|number| journal.append(vec![entry(number)])).collect();
    let busy = append(&journal, 6).await.unwrap_err();
    assert!(busy.is_busy() && busy.to_string().contains("5 entries wait"), "{busy}");
    other.execute_batch("ROLLBACK").unwrap();
    for append in waiting {
        append.await.unwrap();
    }
    append(&journal, 6).await.unwrap();
    // What is too much for the queue goes alone.
    let many = journal.append((10..40).map(entry).collect()).await.unwrap();
    assert_eq!(many.len(), 30);
}

#[tokio::test]
async fn a_clock_that_jumps_back_has_nothing_forgotten_early() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("events.db");
    let now = Arc::new(std::sync::atomic::AtomicU64::new(NOW));
    let clock = now.clone();
    let tell_time = move || clock.load(std::sync::atomic::Ordering::Relaxed);
    let journal = Sqlite::open(&path, tell_time.clone()).unwrap();
    append(&journal, 1_000).await.unwrap();
    drop(journal);
    let journal = Sqlite::open(&path, tell_time).unwrap();
    append(&journal, 1).await.unwrap();
    let times: Vec<_> = journal.read(Position(0), 9).await.unwrap();
    let times: Vec<_> = times.iter().map(|recorded| recorded.entry.received).collect();
    assert_eq!(times, [NOW + 1_000, NOW + 1_000]);
    assert_eq!(journal.expire(NOW + 500).await.unwrap(), 0);
    let holder = journal.consumer("handler").await.unwrap();
    let mut since = Vec::new();
    for handed in holder.next(2).await.unwrap() {
        holder.bury(handed.recorded.position, "no").await.unwrap();
        now.store(NOW - 5_000, std::sync::atomic::Ordering::Relaxed);
        since = journal.dead("handler", Position(0), 9).await.unwrap();
    }
    assert_eq!(since.iter().map(|dead| dead.since).collect::<Vec<_>>(), [NOW, NOW]);
}

#[tokio::test]
async fn much_is_forgotten_in_slices() {
    let (_directory, journal) = journal();
    let appended = journal.append((0..3_500).map(entry).collect()).await.unwrap();
    assert_eq!(appended.len(), 3_500);
    let (count, _) = tokio::join!(journal.expire(NOW + 3_000), append(&journal, 9_000));
    assert_eq!(count.unwrap(), 3_000);
    let state = journal.state().await.unwrap();
    assert_eq!((state.last, state.entries), (Position(3_501), 501));
}

#[tokio::test]
async fn a_dropped_answer_is_kept_all_the_same() {
    let (_directory, journal) = journal();
    drop(journal.append(vec![entry(1)]));
    assert_eq!(append(&journal, 1).await.unwrap(), [Appended::Known]);
}

#[tokio::test]
async fn people_read_it_with_sqlite3() {
    let (directory, journal) = journal();
    append(&journal, 1).await.unwrap();
    let path = directory.path().join("events.db");
    let look = Connection::open(&path).unwrap();
    let shown: String = look
        .query_row("SELECT typeof(body) || ' ' || hex(key) FROM entries", [], |row| row.get(0))
        .unwrap();
    assert_eq!(shown, format!("text {}", entry(1).key));
    let tables: String = look
        .query_row("SELECT group_concat(sql) FROM sqlite_schema", [], |row| row.get(0))
        .unwrap();
    for says in ["-- What is kept.", "-- dead: it was given up", "-- Those who are handed"] {
        assert!(tables.contains(says), "{says}");
    }
    // The shell itself, where there is one.
    if let Ok(shell) = Command::new("sqlite3").arg(&path).arg("SELECT body FROM entries").output() {
        assert!(shell.stdout.starts_with(b"xxx"), "{shell:?}");
    }
}

#[tokio::test]
async fn a_probe_tells_what_can_be_written() {
    let (_directory, journal) = journal();
    let (answer, answered) = oneshot::channel();
    tell(&journal, Request::Probe { answer });
    assert!(answered.await.unwrap().is_ok());
}
