//! What is gathered for a commit.

use std::{
    collections::VecDeque,
    sync::mpsc::Receiver,
    thread,
    time::{Duration, Instant},
};

use super::{
    expiry::Job,
    request::{Answer, Request},
};

/// So many entries share a commit at most, so that nobody waits for long.
const ENTRIES: usize = 8_192;
/// So many bytes share a commit at most.
const BYTES: usize = 16 << 20;
/// So much of the time that a commit takes is waited at most for those who were told of the last
/// one, while they are not half as many: most of them ask again at once, and a commit for few costs nearly as much as
/// one for many. When half of them are there, the others may come for the next.
const GATHER: u32 = 8;
/// How often it is looked who came meanwhile.
const PAUSE: Duration = Duration::from_micros(50);
/// While so many are appended with one commit, what only says how far consumers are waits for the next one.
const BUSY: usize = 16;
/// It waits for so long at most.
const LINGER: Duration = Duration::from_millis(5);

/// What is gathered for a commit.
#[derive(Debug, Default)]
pub(super) struct Round {
    pub(super) batch: Vec<Request>,
    pub(super) load: Load,
    pub(super) closes: Vec<Answer<()>>,
    /// What has to wait for the next commit.
    pub(super) carried: Option<Request>,
}

/// How much a commit is for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Load {
    entries: usize,
    bytes: usize,
    /// Attempts that begin, and those that are done.
    attempts: usize,
}

/// What the last commit was like.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    pub(super) load: Load,
    pub(super) took: Duration,
}

impl Round {
    /// Takes what is there, and waits a moment for those who were told of the last commit.
    pub(super) fn gather(
        &mut self,
        first: Option<Request>,
        requests: &Receiver<Request>,
        pace: Pace,
        jobs: &mut VecDeque<Job>,
    ) {
        self.load = Load::default();
        let began = Instant::now();
        let mut next = first;
        while let Some(request) = next.take() {
            match request {
                Request::Close { answer } => self.closes.push(answer),
                Request::Expire(job) => jobs.push_back(job),
                // It reads what those before it settle, so they are committed first.
                Request::Consumer { .. } if !self.batch.is_empty() => {
                    self.carried = Some(request);
                    return;
                }
                request => {
                    self.load.add(&request);
                    self.batch.push(request);
                }
            }
            if self.load.is_full() {
                return;
            }
            next = requests.try_recv().ok();
            if next.is_none() && pace.load.entries >= BUSY && self.may_linger() {
                next = requests.recv_timeout(LINGER.saturating_sub(began.elapsed())).ok();
            }
            let few = self.load.count() < pace.load.count() / 2;
            while few && next.is_none() && began.elapsed() < pace.took / GATHER {
                thread::sleep(PAUSE);
                next = requests.try_recv().ok();
            }
        }
    }

    /// Whether no reply to a sender waits for it, nor anybody's end.
    fn may_linger(&self) -> bool {
        let is =
            |request: &Request| matches!(request, Request::Begin { .. } | Request::Done { .. });
        self.closes.is_empty() && self.batch.iter().all(is)
    }
}

impl Load {
    fn add(&mut self, request: &Request) {
        match request {
            Request::Append { entries, bytes, .. } => {
                self.entries += entries.len();
                self.bytes += bytes;
            }
            Request::Begin { positions, .. } | Request::Done { positions, .. } => {
                self.attempts += positions.len();
            }
            _ => {}
        }
    }

    fn is_full(&self) -> bool {
        self.count() >= ENTRIES || self.bytes >= BYTES
    }

    fn count(&self) -> usize {
        self.entries + self.attempts
    }
}
