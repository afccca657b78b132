//! Many who append, and one consumer, until the power fails or it is enough.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use ringback_journal::{Consumer, Error, Handed, Journal, Pending, Position};
use ringback_power_cut::{Dice, Disk};
use tokio::{task::JoinSet, time};

use crate::{entries::entry, record::Record};

/// How many append at once.
const APPENDERS: usize = 64;
/// How long after the power failed an answer may take.
const LATEST: Duration = Duration::from_secs(10);
/// The consumer's name.
pub(crate) const CONSUMER: &str = "dispatch";

/// What all of them use.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) record: Arc<Record>,
    pub(crate) disk: Arc<Disk>,
    /// Nothing more is to be begun.
    pub(crate) is_over: Arc<AtomicBool>,
}

impl Load {
    /// Starts all of them.
    pub(crate) fn start(&self, dice: &mut Dice) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        for _ in 0..APPENDERS {
            tasks.spawn(self.clone().append(dice.split()));
        }
        tasks.spawn(self.clone().consume(dice.split()));
        tasks
    }

    async fn append(self, mut dice: Dice) {
        while !self.is_over() {
            let numbers = match dice.below(40) {
                // A copy of what is kept already.
                0 => self.copies(&mut dice),
                1 => self.record.next(20),
                count => self.record.next(1 + count % 3),
            };
            let entries = numbers.iter().map(|number| entry(*number)).collect();
            match self.answer(self.journal.append(entries)).await {
                Ok(answers) => self.record.answered(&numbers, &answers),
                Err(_) => {
                    self.record.unanswered(numbers);
                    time::sleep(Duration::from_millis(1)).await;
                }
            }
        }
    }

    fn copies(&self, dice: &mut Dice) -> Vec<u64> {
        let known = self.record.known();
        let any = dice.below(known.sent);
        known.kept.range(any..).take(3).map(|(number, _)| *number).collect()
    }

    async fn consume(self, mut dice: Dice) {
        let Ok(consumer) = self.answer(self.journal.consumer(CONSUMER)).await else { return };
        while !self.is_over() {
            // Whether the rest of it works does not matter: the record has what was acknowledged.
            if self.settle(&*consumer, &mut dice).await.is_err() {
                time::sleep(Duration::from_millis(1)).await;
            }
        }
    }

    /// Is handed some, and settles most of them.
    async fn settle(&self, consumer: &dyn Consumer, dice: &mut Dice) -> Result<(), Error> {
        let limit = usize::try_from(1 + dice.below(1500)).unwrap_or(1);
        let handed = self.next(consumer, limit).await?;
        let positions: Vec<_> = handed.iter().map(|handed| handed.recorded.position).collect();
        self.record.known().attempts.ask(&positions);
        self.answer(consumer.begin(positions.clone())).await?;
        self.record.known().attempts.answer(&positions);
        let (mut done, mut given_back, mut buried) = (Vec::new(), Vec::new(), Vec::new());
        for position in positions {
            match dice.below(1000) {
                0..2 => buried.push(position),
                2..30 => given_back.push(position),
                // Held until the end, and handed out again when it is opened again.
                30..34 => {}
                _ => done.push(position),
            }
        }
        self.answer(consumer.release(given_back)).await?;
        self.record.known().done.ask(&done);
        self.answer(consumer.done(done.clone())).await?;
        self.record.known().done.answer(&done);
        for position in buried {
            self.record.known().buried.ask(&[position]);
            self.answer(consumer.bury(position, &reason(position))).await?;
            self.record.known().buried.answer(&[position]);
        }
        Ok(())
    }

    /// What is handed out next; nothing may come once the power is off.
    async fn next(&self, consumer: &dyn Consumer, limit: usize) -> Result<Vec<Handed>, Error> {
        let mut next = consumer.next(limit);
        loop {
            match time::timeout(Duration::from_millis(20), &mut next).await {
                Ok(handed) => return handed,
                Err(_) if self.is_over() => return Err(Error::Closed),
                Err(_) => {}
            }
        }
    }

    fn is_over(&self) -> bool {
        self.disk.is_off() || self.is_over.load(Ordering::Acquire)
    }

    /// An answer: yes or no, also when the power is off.
    async fn answer<T>(&self, mut answer: Pending<'_, T>) -> Result<T, Error> {
        loop {
            match time::timeout(LATEST, &mut answer).await {
                Ok(answer) => return answer,
                Err(_) if self.disk.is_off() => {
                    self.record.known().wrong.push("neither yes nor no is answered".to_owned());
                    return Err(Error::Closed);
                }
                // A machine that is busy with other things is slow, and not wrong.
                Err(_) => {}
            }
        }
    }
}

/// Why a position was given up.
pub(crate) fn reason(position: Position) -> String {
    format!("{position} was one too many")
}
