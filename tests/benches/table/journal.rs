//! Appends that are durable when they are answered.

use std::{
    fs::{File, OpenOptions},
    io::{Seek as _, SeekFrom, Write as _},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use futures_util::{FutureExt as _, StreamExt as _, stream::FuturesUnordered};
use ringback_journal::{Entry, Journal as _, Key, Sqlite, SqliteSettings};
use ringback_tests::measure::{Goal, Line, Pair, median};
use rusqlite::{Connection, params};
use tokio::{runtime::Runtime, sync::oneshot};

/// How many appends wait at once.
const FLIGHT: usize = 512;
const ROUNDS: usize = 9;
const TURN: Duration = Duration::from_secs(1);
/// How much room the raw file has; it begins again at its end.
const ROOM: u64 = 256 << 20;

/// Many at once against a raw file and against SQLite alone; one at a time against a sync.
pub(crate) fn appends() {
    let bench = Bench::start();
    let raw = Raw::start(&bench.directory.path().join("raw"));
    let mut bare = Bare::open(&bench.directory.path().join("bare.db"));
    let sync = bench.sync_seconds();
    let limit = format!(
        "; the disk's limit was {:.0} syncs/s × {FLIGHT} = {:.0}/s",
        1.0 / sync,
        FLIGHT as f64 / sync
    );
    let what = format!("durable appends, {FLIGHT} in flight{limit}");
    let line = Line {
        name: "journal-appends",
        what: &what,
        against: "a raw preallocated file with fdatasync and the same group commit",
        goal: Goal::AtLeast(0.25),
    };
    let pair = Pair::of(ROUNDS, || bench.flood(), || bench.flood_raw(&raw));
    line.print(pair.speed(), "x", &pair);
    let line = Line {
        name: "journal-appends-bare",
        what: "the same",
        against: "SQLite group commit with nothing around it, 512 entries each",
        goal: Goal::AtLeast(0.85),
    };
    let pair = Pair::of(ROUNDS, || bench.flood(), || bare.flood(&bench.next));
    line.print(pair.speed(), "x", &pair);
    let line = Line {
        name: "journal-append-one",
        what: "one append at a time: commits per sync",
        against: "fdatasync of a written page of a preallocated file beside it",
        goal: Goal::AtLeast(0.4),
    };
    let pair = Pair::of(ROUNDS, || bench.one_at_a_time(), || bench.sync_seconds());
    line.print(pair.speed(), "x", &pair);
}

/// What an append takes when half as many come as can be kept, against one sync.
pub(crate) fn latency() {
    let bench = Bench::start();
    let full = median((0..3).map(|_| bench.flood()).collect());
    let (mut middle, mut late) = (Pair::default(), Pair::default());
    for _ in 0..ROUNDS {
        let (p50, p99) = bench.paced(full * 2.0);
        let sync = bench.sync_seconds();
        middle.ours.push(p50);
        late.ours.push(p99);
        middle.theirs.push(sync);
        late.theirs.push(sync);
    }
    let what = format!("append at half load ({:.0}/s), half of them answered", 0.5 / full);
    let line = Line {
        name: "journal-latency-p50",
        what: &what,
        against: "the median of one fdatasync of this disk, measured beside it",
        goal: Goal::AtMost(3.0),
    };
    line.print(middle.cost(), "x", &middle);
    let line = Line {
        name: "journal-latency-p99",
        what: "the same, 99 of 100 answered",
        goal: Goal::AtMost(10.0),
        ..line
    };
    line.print(late.cost(), "x", &late);
}

struct Bench {
    directory: tempfile::TempDir,
    runtime: Runtime,
    journal: Arc<Sqlite>,
    /// No key is used twice.
    next: Arc<AtomicU64>,
    page: File,
}

impl Bench {
    fn start() -> Self {
        let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        // Whatever the disk does, nothing is refused.
        let settings = SqliteSettings::new().queue(usize::MAX).bytes(usize::MAX);
        let journal = settings.open(directory.path().join("events.db"), || 0).unwrap();
        let page = preallocated(&directory.path().join("page"), 1 << 20);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_time()
            .build()
            .unwrap();
        Self { directory, runtime, journal: journal.into(), next: Arc::default(), page }
    }

    /// Seconds per append, many in flight.
    fn flood(&self) -> f64 {
        let (journal, next) = (self.journal.clone(), self.next.clone());
        self.runtime.block_on(flood(FLIGHT, move || {
            let (journal, next) = (journal.clone(), next.clone());
            async move {
                let entry = entry(next.fetch_add(1, Ordering::Relaxed));
                journal.append(vec![entry]).await.unwrap();
            }
        }))
    }

    fn flood_raw(&self, raw: &Raw) -> f64 {
        let (sender, next) = (raw.0.clone(), self.next.clone());
        self.runtime.block_on(flood(FLIGHT, move || {
            let entry = entry(next.fetch_add(1, Ordering::Relaxed));
            let (answer, answered) = oneshot::channel();
            sender.send((entry, answer)).unwrap();
            async move { answered.await.unwrap() }
        }))
    }

    /// Seconds per append, one after the other.
    fn one_at_a_time(&self) -> f64 {
        let begin = Instant::now();
        let mut count = 0;
        self.runtime.block_on(async {
            while begin.elapsed() < TURN {
                let entry = entry(self.next.fetch_add(1, Ordering::Relaxed));
                self.journal.append(vec![entry]).await.unwrap();
                count += 1;
            }
        });
        begin.elapsed().as_secs_f64() / f64::from(count)
    }

    /// The median of a write and sync of one page, in seconds.
    fn sync_seconds(&self) -> f64 {
        let begin = Instant::now();
        let mut seconds = Vec::new();
        while begin.elapsed() < TURN / 2 {
            let began = Instant::now();
            write_at(&self.page, &[1; 4_096], 0);
            self.page.sync_data().unwrap();
            seconds.push(began.elapsed().as_secs_f64());
        }
        median(seconds)
    }

    /// What half and 99 of 100 appends take when one comes so often, whatever became of the others.
    ///
    /// They come as evenly as a thread does that sleeps for some microseconds, and count from when they should.
    fn paced(&self, every: f64) -> (f64, f64) {
        let mut seconds = Vec::new();
        self.runtime.block_on(async {
            let mut waiting = FuturesUnordered::new();
            let (begin, mut due) = (Instant::now(), 0.0);
            while due < TURN.as_secs_f64() {
                while due < begin.elapsed().as_secs_f64() {
                    let began = begin + Duration::from_secs_f64(due);
                    due += every;
                    let entry = entry(self.next.fetch_add(1, Ordering::Relaxed));
                    let appended = self.journal.append(vec![entry]);
                    waiting.push(async move {
                        appended.await.unwrap();
                        began.elapsed().as_secs_f64()
                    });
                }
                while let Some(Some(took)) = waiting.next().now_or_never() {
                    seconds.push(took);
                }
                // Answers are given to those who let others have their turn.
                tokio::task::yield_now().await;
                thread::sleep(Duration::from_micros(20));
            }
            seconds.extend(waiting.collect::<Vec<_>>().await);
        });
        seconds.sort_by(f64::total_cmp);
        (seconds[seconds.len() / 2], seconds[seconds.len() * 99 / 100])
    }
}

/// Seconds per call, so many in flight for a turn.
async fn flood<F: Future<Output = ()> + Send + 'static>(
    flight: usize,
    call: impl Fn() -> F + Clone + Send + 'static,
) -> f64 {
    let begin = Instant::now();
    let tasks: Vec<_> = (0..flight)
        .map(|_| {
            let call = call.clone();
            tokio::spawn(async move {
                let mut count = 0_u32;
                while begin.elapsed() < TURN {
                    call().await;
                    count += 1;
                }
                count
            })
        })
        .collect();
    let mut count = 0;
    for task in tasks {
        count += task.await.unwrap();
    }
    begin.elapsed().as_secs_f64() / f64::from(count)
}

/// A file that is written and synced for many at once, as the journal does it.
struct Raw(Sender<Waiting>);

type Waiting = (Entry, oneshot::Sender<()>);

impl Raw {
    fn start(path: &Path) -> Self {
        let file = preallocated(path, ROOM);
        let (sender, receiver) = channel();
        thread::spawn(move || Self::run(&file, &receiver));
        Self(sender)
    }

    fn run(file: &File, waiting: &Receiver<Waiting>) {
        let (mut bytes, mut answers) = (Vec::new(), Vec::new());
        let (mut at, mut last, mut took) = (0, 0, Duration::ZERO);
        while let Ok(first) = waiting.recv() {
            let until = Instant::now() + took / 8;
            let mut next = Some(first);
            while let Some((entry, answer)) = next.take() {
                bytes.extend_from_slice(&entry.key.0);
                bytes.extend_from_slice(entry.lane.as_bytes());
                bytes.extend_from_slice(&entry.received.to_be_bytes());
                bytes.extend_from_slice(entry.about.as_bytes());
                bytes.extend_from_slice(&entry.body);
                answers.push(answer);
                next = waiting.try_recv().ok();
                while next.is_none() && answers.len() < last && Instant::now() < until {
                    thread::sleep(Duration::from_micros(50));
                    next = waiting.try_recv().ok();
                }
            }
            let began = Instant::now();
            if at + bytes.len() as u64 > ROOM {
                at = 0;
            }
            write_at(file, &bytes, at);
            file.sync_data().unwrap();
            at += bytes.len() as u64;
            last = answers.len();
            answers.drain(..).for_each(|answer| answer.send(()).unwrap_or_default());
            bytes.clear();
            took = began.elapsed();
        }
    }
}

/// The tables of the journal, written by one thread with nothing around it.
struct Bare(Connection);

impl Bare {
    fn open(path: &Path) -> Self {
        drop(Sqlite::open(path, || 0).unwrap());
        let connection = Connection::open(path).unwrap();
        connection
            .execute_batch(
                "PRAGMA synchronous = full; PRAGMA cache_size = -32768;
                 PRAGMA wal_autocheckpoint = 4096",
            )
            .unwrap();
        Self(connection)
    }

    /// Seconds per entry.
    fn flood(&mut self, next: &AtomicU64) -> f64 {
        let begin = Instant::now();
        let mut count = 0_u32;
        while begin.elapsed() < TURN {
            let transaction = self.0.transaction().unwrap();
            {
                let mut insert = transaction
                    .prepare_cached(
                        "INSERT INTO entries (position, key, lane, received, about, body)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (key) DO NOTHING",
                    )
                    .unwrap();
                for _ in 0..FLIGHT {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Entry { key, lane, received, about, body } = entry(number);
                    let body = std::str::from_utf8(&body).unwrap();
                    let row = params![number, key.0.as_slice(), &*lane, received, &*about, body];
                    insert.execute(row).unwrap();
                    count += 1;
                }
            }
            transaction.commit().unwrap();
        }
        begin.elapsed().as_secs_f64() / f64::from(count)
    }
}

/// A file with room on the disk, so that a sync of it is one of data alone.
fn preallocated(path: &Path, room: u64) -> File {
    let file = OpenOptions::new().create_new(true).read(true).write(true).open(path).unwrap();
    let zeros = vec![0; 1 << 20];
    for megabyte in 0..room >> 20 {
        write_at(&file, &zeros, megabyte << 20);
    }
    file.sync_all().unwrap();
    file
}

fn write_at(mut file: &File, bytes: &[u8], at: u64) {
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(bytes).unwrap();
}

/// An event of the usual size, with a key as events have it: a time and a hash.
fn entry(number: u64) -> Entry {
    let mixed = |number: u64| {
        let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed ^ (mixed >> 31)
    };
    let mut key = [0; 16];
    // Thirty-two events in each millisecond.
    let time = 1_795_348_800_000 + number / 32;
    key[..6].copy_from_slice(&time.to_be_bytes()[2..]);
    key[6..14].copy_from_slice(&mixed(number).to_be_bytes());
    let body = format!(
        r#"{{"from":"447700900000","to":"447700900001","uuid":"aaaaaaaabbbb4ccc8ddd{number:012x}","conversation_uuid":"CON-aaaaaaaa-bbbb-4ccc-8ddd-{number:012x}","status":"answered","direction":"outbound","timestamp":"2026-11-22T12:00:00.000Z","network":"GB-FIXED","start_time":null,"rate":"0.01270000"}}"#
    );
    Entry {
        key: Key(key),
        lane: format!("CON-aaaaaaaa-bbbb-4ccc-8ddd-{number:012x}").into(),
        received: 1_795_348_800_000,
        about: r#"{"kind":"event","method":"POST","application":"aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab"}"#
            .into(),
        body: body.into(),
    }
}
