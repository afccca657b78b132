//! The thread that writes: many requests with one commit, in their order.

use std::{
    collections::VecDeque,
    fmt, mem,
    sync::{
        Arc,
        atomic::Ordering,
        mpsc::{Receiver, TryRecvError},
    },
    time::Instant,
};

use rusqlite::Connection;

use super::{
    carrier::{Log, Step},
    expiry::Job,
    failure::{Failure, Place},
    ledger::Ledger,
    lock::Lock,
    request::{Request, Shared},
    round::{Pace, Round},
    transaction::{Last, Outcome, Transaction},
    worker::Worker,
};
use crate::Recorded;

pub(super) type Clock = Box<dyn Fn() -> u64 + Send + Sync>;

pub(super) struct Writer {
    pub(super) connection: Connection,
    pub(super) place: Arc<Place>,
    pub(super) shared: Arc<Shared>,
    pub(super) clock: Clock,
    pub(super) last: Last,
    /// The latest time that was seen.
    pub(super) now: u64,
    pub(super) log: Arc<Log>,
    pub(super) carrier: Worker<()>,
    pub(super) lock: Option<Lock>,
    pub(super) jobs: VecDeque<Job>,
    pub(super) pace: Pace,
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("place", &self.place).finish_non_exhaustive()
    }
}

impl Writer {
    /// Writes until it is told to end, or until nobody is left who could ask.
    #[expect(clippy::needless_pass_by_value, reason = "the thread owns its end of the channel")]
    pub(super) fn run(mut self, requests: Receiver<Request>) {
        let mut round = Round::new();
        while let Some(first) = self.first(&mut round, &requests) {
            round.gather(first, &requests, self.pace, &mut self.jobs);
            let began = Instant::now();
            let done = self.commit(&mut round.batch);
            self.pace = match done {
                Ok(()) => Pace { load: round.load, took: began.elapsed() },
                Err(_) => Pace::default(),
            };
            if !round.closes.is_empty() {
                return self.close(round, &requests, done);
            }
            self.carry_over();
        }
    }

    /// What the next commit begins with; none when nobody is left who could ask.
    #[expect(clippy::option_option, reason = "a commit may be for what is to be forgotten alone")]
    fn first(&self, round: &mut Round, requests: &Receiver<Request>) -> Option<Option<Request>> {
        if let Some(carried) = round.carried.take() {
            return Some(Some(carried));
        }
        if self.jobs.is_empty() {
            return requests.recv().ok().map(Some);
        }
        match requests.try_recv() {
            Ok(request) => Some(Some(request)),
            Err(TryRecvError::Empty) => Some(None),
            Err(TryRecvError::Disconnected) => None,
        }
    }

    /// Writes what waits, and tells everybody what became of it.
    fn commit(&mut self, batch: &mut Vec<Request>) -> Result<(), Failure> {
        let mut job = self.jobs.pop_front();
        if batch.is_empty() && job.is_none() {
            return Ok(());
        }
        let before = self.last;
        let result = match self.shared.broken() {
            Some(broken) => Err(broken.clone()),
            None => self.attempt(batch, job.as_mut()),
        };
        let result = result.map(|(outcomes, forgotten)| {
            if self.last.position > before.position {
                self.hand_on(before, batch, &outcomes);
            }
            for (request, outcome) in batch.drain(..).zip(outcomes) {
                request.tell(&self.shared, outcome);
            }
            if let Some(mut job) = job.take() {
                job.count += forgotten;
                match job.until {
                    Some(until) => {
                        job.after = until;
                        self.jobs.push_back(job);
                    }
                    None => drop(job.answer.send(Ok(job.count))),
                }
            }
        });
        if let Err(failure) = &result {
            for request in batch.drain(..) {
                request.refuse(&self.shared, failure.clone());
            }
            if let Some(job) = job {
                drop(job.answer.send(Err(failure.clone())));
            }
        }
        result
    }

    /// Writes it durably, or not at all.
    fn attempt(
        &mut self,
        batch: &[Request],
        job: Option<&mut Job>,
    ) -> Result<(Vec<Outcome>, u64), Failure> {
        self.now = self.now.max((self.clock)());
        let mut transaction = Transaction {
            connection: &self.connection,
            last: self.last,
            now: self.now,
            settled: Vec::new(),
        };
        match write(&mut transaction, batch, job) {
            Ok(written) => {
                let Transaction { last, settled, .. } = transaction;
                for settled in settled {
                    settled.ledger.settle(&settled.positions);
                }
                self.last = last;
                self.shared.last.store(last.position, Ordering::Release);
                self.shared.worked();
                Ok(written)
            }
            Err(error) => {
                drop(transaction);
                let mut failure = self.place.failure(error);
                // Whatever is left of it; SQLite has undone some failures itself.
                if !self.connection.is_autocommit()
                    && let Err(error) = self.connection.execute_batch("ROLLBACK")
                {
                    failure = self.place.broken(error);
                }
                self.shared.failed(failure.clone());
                Err(failure)
            }
        }
    }

    /// Hands what is kept now to those who had everything before it, and tells the others that there is something.
    fn hand_on(&self, before: Last, batch: &mut [Request], outcomes: &[Outcome]) {
        let ledgers = self.shared.ledgers();
        let learns = |ledger: &&Arc<Ledger>| ledger.learns(before.position, self.last.position);
        let following: Vec<_> = ledgers.iter().filter(learns).collect();
        if let Some((one, others)) = following.split_first() {
            let kept =
                batch.iter_mut().zip(outcomes).flat_map(|(request, outcome)| request.kept(outcome));
            let mut last = before;
            let fresh: Vec<Recorded> = kept
                .map(|mut recorded| {
                    recorded.entry.received = last.not_before(recorded.entry.received);
                    last.received = recorded.entry.received;
                    recorded
                })
                .collect();
            others.iter().for_each(|ledger| ledger.kept(fresh.clone()));
            one.kept(fresh);
        }
        ledgers.iter().for_each(|ledger| ledger.news.notify_one());
    }

    /// Carries the log over into the file when it is long.
    fn carry_over(&self) {
        match self.log.step() {
            Step::Nothing => {}
            Step::Kick => self.carrier.tell(()),
            Step::Finish => match self.log.carry(&self.connection) {
                Ok(()) => self.log.begin_again(),
                Err(error) => self.shared.failed(self.place.failure(error)),
            },
        }
    }

    /// Writes what came before the end, and lets go of the file.
    fn close(mut self, round: Round, requests: &Receiver<Request>, done: Result<(), Failure>) {
        let Round { mut batch, mut closes, carried, .. } = round;
        batch.extend(carried);
        while let Ok(request) = requests.try_recv() {
            match request {
                Request::Close { answer } => closes.push(answer),
                Request::Expire(job) => self.jobs.push_back(job),
                request => batch.push(request),
            }
        }
        let done = done.and(self.commit(&mut batch));
        // The rest is forgotten the next time somebody asks.
        for job in mem::take(&mut self.jobs) {
            drop(job.answer.send(Ok(job.count)));
        }
        let Self { connection, carrier, lock, shared, .. } = self;
        drop((carrier, connection, lock));
        shared.ledgers().iter().for_each(|ledger| ledger.news.notify_one());
        for answer in closes {
            drop(answer.send(done.clone()));
        }
    }
}

fn write(
    transaction: &mut Transaction<'_>,
    batch: &[Request],
    job: Option<&mut Job>,
) -> rusqlite::Result<(Vec<Outcome>, u64)> {
    let connection = transaction.connection;
    connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    let outcomes: rusqlite::Result<Vec<_>> =
        batch.iter().map(|request| transaction.write(request)).collect();
    let outcomes = outcomes?;
    transaction.settle()?;
    let forgotten = match job {
        Some(job) => transaction.forget(job)?,
        None => 0,
    };
    connection.prepare_cached("COMMIT")?.execute([])?;
    Ok((outcomes, forgotten))
}
