//! Those who are handed what is in the file.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    Inner,
    failure::Failure,
    ledger::{Ledger, Look, Next},
    reader::{self, Ask},
    request::Request,
    rows,
    worker::Worker,
};
use crate::{Consumer, Error, Handed, Pending, Position};

/// The one holder of a consumer's name.
#[derive(Debug)]
pub(super) struct SqliteConsumer {
    pub(super) inner: Arc<Inner>,
    pub(super) ledger: Arc<Ledger>,
    pub(super) name: Name,
    /// One hand-out at a time.
    pub(super) turn: tokio::sync::Mutex<()>,
}

impl SqliteConsumer {
    /// Reads what can be handed out, and hands it out.
    async fn look(
        &self,
        reader: &Worker<Ask>,
        look: Look,
        limit: usize,
    ) -> Result<Vec<Handed>, Error> {
        let (id, Look { free, cursor, last }) = (self.ledger.id, look);
        let asked = free.clone();
        let question = move |connection: &_| rows::hand(connection, id, &free, cursor, limit);
        let mut found = reader::ask(reader, self.inner.place.clone(), question).await?;
        // From here to the return nothing waits, so none is lost when the future is dropped.
        let position = |handed: &Handed| handed.recorded.position.0;
        self.ledger.hand_free(&asked, &mut found.free);
        let new = found.new.iter().map(|(handed, redriven)| (position(handed), *redriven));
        self.ledger.hand_new(new, found.is_all.then_some(last));
        let mut handed = found.free;
        handed.extend(found.new.into_iter().map(|(handed, _)| handed));
        Ok(handed)
    }
}

impl Consumer for SqliteConsumer {
    fn floor(&self) -> Position {
        Position(self.ledger.floor_without(&BTreeSet::new()))
    }

    fn next(&self, limit: usize) -> Pending<'_, Vec<Handed>> {
        Box::pin(async move {
            let limit = limit.max(1);
            let _turn = self.turn.lock().await;
            loop {
                let reader = self.inner.reader()?;
                match self.ledger.next(limit) {
                    Next::Fresh(handed) => return Ok(handed),
                    Next::Look(look) => {
                        let handed = self.look(reader, look, limit).await?;
                        if !handed.is_empty() {
                            return Ok(handed);
                        }
                    }
                    Next::Nothing => self.ledger.news.notified().await,
                }
            }
        })
    }

    fn begin(&self, positions: Vec<Position>) -> Pending<'_, ()> {
        if let Some(position) = self.ledger.not_in_hand(&positions) {
            let sentence = format!(
                "the entry at {position} is not in the hands of this holder of {}, so no attempt \
                 may begin; take what next() hands out",
                self.name.name
            );
            let failure = Failure::refused("journal-not-in-hand", sentence);
            return Box::pin(async move { Err(failure.into()) });
        }
        let ledger = self.ledger.clone();
        self.inner.ask(|answer| Request::Begin { ledger, positions, answer })
    }

    fn done(&self, positions: Vec<Position>) -> Pending<'_, ()> {
        let ledger = self.ledger.clone();
        self.inner.ask(|answer| Request::Done { ledger, positions, answer })
    }

    fn bury(&self, position: Position, reason: &str) -> Pending<'_, ()> {
        let (ledger, reason) = (self.ledger.clone(), reason.to_owned());
        self.inner.ask(|answer| Request::Bury { ledger, position, reason, answer })
    }

    fn release(&self, positions: Vec<Position>) -> Pending<'_, ()> {
        let released = self.inner.writer().map(|_| self.ledger.release(&positions));
        Box::pin(async move { released })
    }
}

/// The names that are held in this process.
pub(super) type Names = Arc<Mutex<BTreeSet<String>>>;

/// A name that is held until this is dropped.
#[derive(Debug)]
pub(super) struct Name {
    names: Names,
    name: String,
}

impl Name {
    pub(super) fn take(names: &Names, name: &str) -> Result<Self, Failure> {
        let is_free = names.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned());
        match is_free {
            true => Ok(Self { names: names.clone(), name: name.to_owned() }),
            false => Err(Failure::unavailable(
                "journal-consumer-held",
                format!(
                    "the consumer {name} is held in this process already; drop the other one, or \
                     choose another name"
                ),
            )),
        }
    }
}

impl Name {
    pub(super) fn name(&self) -> String {
        self.name.clone()
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.name);
    }
}
