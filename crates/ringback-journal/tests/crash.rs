//! Killed at random moments under load: nothing that was acknowledged is lost.
//!
//! The child is this binary once more. It appends from many tasks, has a consumer take, begin, do
//! and give up, and says on its output what was acknowledged. `RINGBACK_SOAK_ROUNDS` says how often
//! it is killed and `RINGBACK_SOAK_EVENTS` how many events are acknowledged in all.
//!
//! This does not show that anything is synced: the system keeps what a killed process has written.

#![expect(clippy::unwrap_used, reason = "these are the bodies of tests")]

#[path = "suite/entry.rs"]
mod entry;

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    hash::{BuildHasher as _, Hasher as _, RandomState},
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use entry::{NOON, entry};
use ringback_journal::{Consumer, Journal, Position, Sqlite};

/// Where the child writes.
const FILE: &str = "RINGBACK_CRASH_FILE";
/// The first number that the child appends.
const FIRST: &str = "RINGBACK_CRASH_FIRST";
/// How many tasks append.
const TASKS: u64 = 64;
/// How long a child may take before it is killed.
const PATIENCE: Duration = Duration::from_secs(120);

#[expect(clippy::disallowed_methods, reason = "tests read the environment")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn number(name: &str, otherwise: u64) -> u64 {
    variable(name).map_or(otherwise, |text| text.parse().unwrap())
}

fn random(below: u64) -> u64 {
    RandomState::new().build_hasher().finish() % below.max(1)
}

/// What the parent knows of all children.
#[derive(Debug, Default)]
struct Known {
    /// Numbers whose entries were acknowledged.
    appended: BTreeSet<u64>,
    /// How many attempts were acknowledged, by position.
    begun: BTreeMap<u64, u32>,
    /// Positions that somebody asked to settle.
    asked: BTreeSet<u64>,
    /// Positions whose end was acknowledged.
    settled: BTreeSet<u64>,
}

impl Known {
    fn hear(&mut self, line: &str) {
        // A line that is cut off by the kill says nothing.
        let Some((what, number)) = line.split_once(' ') else { return };
        let Some(number) = number.strip_suffix(';').and_then(|text| text.parse().ok()) else {
            return;
        };
        match what {
            "appended" => drop(self.appended.insert(number)),
            "begun" => *self.begun.entry(number).or_default() += 1,
            "asked" => drop(self.asked.insert(number)),
            "settled" => drop(self.settled.insert(number)),
            _ => {}
        }
    }
}

#[test]
fn killed_at_random_moments_nothing_acknowledged_is_lost() {
    let rounds = number("RINGBACK_SOAK_ROUNDS", 4);
    let events = number("RINGBACK_SOAK_EVENTS", 20_000);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("events.db");
    let mut known = Known::default();
    let mut read = Read::default();
    let mut again = 0;
    let began = Instant::now();
    for round in 1..=rounds {
        run_and_kill(&path, round << 32, events * round / rounds, &mut known);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        again += runtime.block_on(look(&path, &mut known, &mut read));
    }
    // Once more from the beginning.
    let mut read = Read::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let journal = Sqlite::open(&path, || NOON).unwrap();
        read.on(&journal, &known).await;
    });
    let acknowledged = known.appended.len();
    let settled = known.settled.len();
    println!(
        "{rounds} kills, {acknowledged} events acknowledged, 0 lost, 0 twice; {settled} settled, \
         0 handed out after that; {again} attempts repeated; {:.0} s",
        began.elapsed().as_secs_f64()
    );
    assert!(acknowledged as u64 >= events);
}

/// Lets a child work until so many are acknowledged in all, and a little longer.
fn run_and_kill(path: &Path, first: u64, events: u64, known: &mut Known) {
    let mut child = Killed(
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child", "--nocapture", "--test-threads=1"])
            .env(FILE, path)
            .env(FIRST, first.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    let mut lines = BufReader::new(child.0.stdout.take().unwrap());
    let late = Duration::from_micros(random(50_000));
    let began = Instant::now();
    let mut enough = None;
    let mut line = String::new();
    loop {
        line.clear();
        if lines.read_line(&mut line).unwrap() == 0 {
            break;
        }
        known.hear(line.trim_end_matches('\n'));
        if enough.is_none() && known.appended.len() as u64 >= events {
            enough = Some(Instant::now());
        }
        assert!(began.elapsed() < PATIENCE, "the child is too slow");
        if enough.is_some_and(|enough| enough.elapsed() >= late) {
            child.0.kill().unwrap();
        }
    }
    assert!(enough.is_some(), "the child ended of itself");
}

/// A child that does not outlive the test.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// What is in the file, as far as it was read.
#[derive(Debug, Default)]
struct Read {
    last: Position,
    keys: HashSet<[u8; 16]>,
    numbers: BTreeSet<u64>,
}

impl Read {
    /// Reads on: each entry once, and each acknowledged one there.
    async fn on(&mut self, journal: &Sqlite, known: &Known) {
        loop {
            let page = soon(journal.read(self.last, 5_000)).await.unwrap();
            if page.is_empty() {
                break;
            }
            for recorded in page {
                assert!(recorded.position > self.last);
                self.last = recorded.position;
                let number = number_of(&recorded.entry.body);
                assert_eq!(recorded.entry.body, entry(number).body);
                assert!(self.keys.insert(recorded.entry.key.0), "{number} is there twice");
                self.numbers.insert(number);
            }
        }
        let lost: Vec<_> = known.appended.difference(&self.numbers).collect();
        assert!(lost.is_empty(), "{} acknowledged and lost: {lost:?}", lost.len());
    }
}

/// Waits, but not for ever.
async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap()
}

fn number_of(body: &[u8]) -> u64 {
    let text = std::str::from_utf8(body).unwrap();
    text.rsplit(':').next().unwrap().trim_end_matches('}').parse().unwrap()
}

/// Looks whether all is there; says how many attempts will be repeated.
async fn look(path: &Path, known: &mut Known, read: &mut Read) -> usize {
    let journal = Sqlite::open(path, || NOON).unwrap();
    read.on(&journal, known).await;
    let dead: BTreeSet<u64> = soon(journal.dead("handler", Position(0), 1_000_000))
        .await
        .unwrap()
        .iter()
        .map(|dead| dead.recorded.position.0)
        .collect();
    let state = soon(journal.state()).await.unwrap();
    assert_eq!(state.last, read.last);
    assert_eq!(state.entries, read.numbers.len() as u64);
    let (_, mut pending, _) =
        state.consumers.iter().find(|(name, ..)| name == "handler").unwrap().clone();
    let holder = soon(journal.consumer("handler")).await.unwrap();
    let mut handed = BTreeMap::new();
    while pending > 0 {
        let more = soon(holder.next(5_000)).await.unwrap();
        pending -= more.len() as u64;
        let mut finished = Vec::new();
        for more in more {
            let position = more.recorded.position;
            assert!(!known.settled.contains(&position.0), "{position} is handed out after its end");
            assert!(!dead.contains(&position.0), "{position} is dead and handed out");
            let acknowledged = known.begun.get(&position.0).copied().unwrap_or(0);
            let attempts = more.attempts;
            // The last one may have begun unheard.
            let expected = acknowledged..=acknowledged + 1;
            assert!(expected.contains(&attempts), "{position}: {attempts}, not {acknowledged}");
            assert!(handed.insert(position.0, attempts).is_none(), "{position} comes twice");
            if attempts == 0 || attempts > 2 {
                finished.push(position);
            }
        }
        soon(holder.done(finished.clone())).await.unwrap();
        known.asked.extend(finished.iter().map(|position| position.0));
        known.settled.extend(finished.iter().map(|position| position.0));
    }
    // What is neither handed out nor dead, somebody asked to settle.
    for position in known.begun.keys() {
        let is_known = handed.contains_key(position)
            || dead.contains(position)
            || known.asked.contains(position);
        assert!(is_known, "{position} was begun, is not settled and not handed out");
    }
    soon(journal.close()).await.unwrap();
    known.begun.extend(&handed);
    handed.values().filter(|attempts| **attempts > 0).count()
}

/// What the killed process does; a test that passes at once where it was not asked for.
#[test]
fn child() {
    let Some(path) = variable(FILE).map(PathBuf::from) else { return };
    let first = number(FIRST, 0);
    // Ends the line that the test harness has begun.
    say("\n");
    let (said, heard) = channel::<String>();
    thread::spawn(move || {
        while let Ok(line) = heard.recv() {
            say(&heard.try_iter().fold(line, |all, line| all + &line));
        }
    });
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let journal = Arc::new(Sqlite::open(path, || NOON).unwrap());
        let next = Arc::new(AtomicU64::new(first));
        let mut tasks: Vec<_> = (0..TASKS)
            .map(|_| tokio::spawn(append(journal.clone(), next.clone(), first, said.clone())))
            .collect();
        let holder = journal.consumer("handler").await.unwrap();
        tasks.push(tokio::spawn(consume(holder.into(), said)));
        for task in tasks {
            task.await.unwrap();
        }
    });
}

fn say(lines: &str) {
    let mut out = std::io::stdout().lock();
    // The parent may be gone, and then this is killed soon.
    out.write_all(lines.as_bytes()).ok();
    out.flush().ok();
}

async fn append(journal: Arc<Sqlite>, next: Arc<AtomicU64>, first: u64, said: Sender<String>) {
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let mut entries = vec![entry(number)];
        // Now and then a copy of what came shortly before, which may be under way.
        if number.is_multiple_of(5) && number > first + 10 {
            entries.push(entry(number - 1 - random(9)));
        }
        let count = entries.len();
        let appended = journal.append(entries).await.unwrap();
        assert_eq!(appended.len(), count);
        said.send(format!("appended {number};\n")).ok();
    }
}

async fn consume(holder: Arc<dyn Consumer>, said: Sender<String>) {
    loop {
        let handed = holder.next(100).await.unwrap();
        let positions: Vec<_> = handed.iter().map(|handed| handed.recorded.position).collect();
        holder.begin(positions.clone()).await.unwrap();
        let begun = |p: &Position| format!("begun {p};\n");
        said.send(positions.iter().map(begun).collect()).ok();
        let (dead, rest): (Vec<_>, Vec<_>) =
            positions.into_iter().partition(|position| position.0.is_multiple_of(97));
        let (_, done): (Vec<_>, Vec<_>) =
            rest.into_iter().partition(|position| position.0.is_multiple_of(31));
        // Said before it is asked, or a kill between the two would look like a loss.
        say(&done.iter().chain(&dead).map(|p| format!("asked {p};\n")).collect::<String>());
        holder.done(done.clone()).await.unwrap();
        for position in &dead {
            holder.bury(*position, "it is one of 97").await.unwrap();
        }
        let settled = done.iter().chain(&dead).map(|p| format!("settled {p};\n"));
        said.send(settled.collect()).ok();
    }
}
