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

/// So many entries and attempts share a commit at most, so that nobody waits for long.
const MANY: usize = 8_192;
/// So many bytes share a commit at most.
const BYTES: usize = 16 << 20;
/// So much of the time that a commit takes is waited at most for those who were told of the last
/// one, while they are not half as many: most of them ask again at once, and a commit for few costs nearly as much as
/// one for many. When half of them are there, the others may come for the next.
const GATHER: u32 = 8;
/// How often it is looked who came meanwhile.
const PAUSE: Duration = Duration::from_micros(50);
/// While so many are appended with one commit, attempts that begin or are done wait for the next one: senders come
/// before handlers then.
const BUSY: usize = 16;
/// They wait for so long at most.
const LINGER: Duration = Duration::from_millis(5);

/// What is gathered for a commit.
#[derive(Debug)]
pub(super) struct Round {
    pub(super) batch: Vec<Request>,
    pub(super) load: Load,
    pub(super) closes: Vec<Answer<()>>,
    /// What has to wait for the next commit.
    pub(super) carried: Option<Request>,
    linger: Duration,
}

/// How much a commit is for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Load {
    entries: usize,
    bytes: usize,
    /// Attempts that begin.
    begun: usize,
    /// Those that are done: nobody asks for more because of that alone.
    done: usize,
}

/// What the last commit was like.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    pub(super) load: Load,
    pub(super) took: Duration,
}

impl Round {
    pub(super) fn new() -> Self {
        let (batch, load, closes, carried) = Default::default();
        Self { batch, load, closes, carried, linger: LINGER }
    }

    /// Takes what is there, and waits a moment for those who were told of the last commit.
    pub(super) fn gather(
        &mut self,
        first: Option<Request>,
        requests: &Receiver<Request>,
        pace: Pace,
        jobs: &mut VecDeque<Job>,
    ) {
        self.load = Load::default();
        let begin = Instant::now();
        let mut until = begin + pace.took / GATHER;
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
                next = requests.recv_timeout(self.linger.saturating_sub(begin.elapsed())).ok();
                until = Instant::now() + pace.took / GATHER;
            }
            let few = self.load.asking() < pace.load.asking() / 2;
            while few && next.is_none() && Instant::now() < until {
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
            Request::Begin { positions, .. } => self.begun += positions.len(),
            Request::Done { positions, .. } => self.done += positions.len(),
            _ => {}
        }
    }

    fn is_full(&self) -> bool {
        self.asking() + self.done >= MANY || self.bytes >= BYTES
    }

    /// Those who will most likely ask again.
    fn asking(&self) -> usize {
        self.entries + self.begun
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

    /// What is gathered after a commit of so many entries, by one who would linger for this long.
    fn gathered(
        entries: usize,
        first: Request,
        linger: Duration,
        requests: &Receiver<Request>,
    ) -> Round {
        let pace = Pace { load: Load { entries, ..Load::default() }, took: Duration::ZERO };
        let mut round = Round { linger, ..Round::new() };
        round.gather(Some(first), requests, pace, &mut VecDeque::new());
        round
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn attempts_wait_for_entries_while_there_are_many() {
        let (sender, requests) = channel();
        let round = thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(20));
                sender.send(append()).unwrap();
            });
            gathered(BUSY, done(), LONG, &requests)
        });
        assert!(matches!(round.batch[..], [Request::Done { .. }, Request::Append { .. }]));
    }

    #[test]
    fn nothing_else_lingers() {
        let begin = Instant::now();
        let (_sender, requests) = channel();
        let close = Request::Close { answer: oneshot::channel().0 };
        for (entries, first) in [(BUSY - 1, done()), (BUSY, append()), (BUSY, close)] {
            let Round { batch, closes, .. } = gathered(entries, first, LONG, &requests);
            assert_eq!(batch.len() + closes.len(), 1);
        }
        assert!(begin.elapsed() < LONG);
    }

    #[test]
    fn attempts_do_not_wait_for_ever() {
        let (_sender, requests) = channel();
        let round = gathered(BUSY, done(), Duration::from_millis(1), &requests);
        assert!(matches!(round.batch[..], [Request::Done { .. }]));
    }
}
