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

#[cfg(test)]
mod tests {
    use std::sync::{Arc, mpsc::channel};

    use tokio::sync::oneshot;

    use super::{super::ledger::Ledger, *};
    use crate::{Entry, Key, Position};

    fn done() -> Request {
        let (ledger, positions) = (Arc::new(Ledger::new(1, 0, 0)), vec![Position(1)]);
        Request::Done { ledger, positions, answer: oneshot::channel().0 }
    }

    fn append() -> Request {
        let (lane, about) = Default::default();
        let body = "{}".into();
        let entry = Entry { key: Key([0; 16]), lane, received: 0, about, body };
        Request::Append { entries: vec![entry], bytes: 2, answer: oneshot::channel().0 }
    }

    /// What is gathered after a commit of so many entries, when something is appended only once somebody waits for it.
    fn gathered(entries: usize, first: Request) -> Round {
        let (sender, requests) = channel();
        let pace = Pace { load: Load { entries, ..Load::default() }, took: Duration::ZERO };
        let mut round = Round::default();
        thread::scope(|scope| {
            scope.spawn(move || {
                thread::sleep(LINGER / 5);
                drop(sender.send(append()));
            });
            round.gather(Some(first), &requests, pace, &mut VecDeque::new());
        });
        round
    }

    #[test]
    fn progress_waits_for_entries_while_there_are_many() {
        let together = gathered(BUSY, done());
        assert!(matches!(together.batch[..], [Request::Done { .. }, Request::Append { .. }]));
        let alone = gathered(BUSY - 1, done());
        assert!(matches!(alone.batch[..], [Request::Done { .. }]));
    }

    #[test]
    fn what_a_sender_waits_for_never_lingers() {
        let alone = gathered(BUSY, append());
        assert!(matches!(alone.batch[..], [Request::Append { .. }]));
        let closing = gathered(BUSY, Request::Close { answer: oneshot::channel().0 });
        assert!(closing.batch.is_empty() && closing.closes.len() == 1);
    }

    #[test]
    fn progress_does_not_wait_for_ever() {
        let (_sender, requests) = channel();
        let load = Load { entries: BUSY, ..Load::default() };
        let mut round = Round::default();
        let pace = Pace { load, took: Duration::ZERO };
        round.gather(Some(done()), &requests, pace, &mut VecDeque::new());
        assert!(matches!(round.batch[..], [Request::Done { .. }]));
    }
}
