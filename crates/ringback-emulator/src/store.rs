//! What happened, kept in a directory, so that it is there again after the emulator has ended.
//!
//! The exchange is a function of its inputs: what is kept is each input with its time, in order,
//! and now and then the state of an exchange that is at rest.

mod database;
mod identity;
mod replay;
mod rights;
mod secrets;
mod wire;
mod writer;

use std::sync::{
    Arc,
    mpsc::{self, Sender},
};

use ringback_exchange::{Input, Request};
use ringback_model::{Timestamp, control::SeedRequest};
use tokio::sync::watch;

use crate::start::Ready;
use database::{Change, Database, Row, Snapshot};
pub(crate) use identity::open;
pub(crate) use replay::{Lost, replay};
use wire::Rules;
use writer::{Message, Progress};

/// After how many inputs the state is kept, and what led to it is forgotten.
const INPUTS: u64 = 5_000;
/// The same in bytes of inputs.
const BYTES: usize = 16 * 1024 * 1024;

/// Where inputs go: a part of the core, so that they are kept in the order in which they happen.
#[derive(Debug)]
pub(crate) struct Journal {
    messages: Sender<Message>,
    /// The number of the last input.
    last: u64,
    /// What is to be written together, while something is done that is not to be halved.
    held: Option<Vec<Change>>,
    /// The rules that hold while this emulator runs.
    rules: Rules,
    /// The platform's time of the last input, in milliseconds.
    at: i64,
    /// How many inputs, and bytes of them, there are since the last snapshot.
    since: (u64, usize),
    /// The input before which a snapshot is not tried again.
    patience: u64,
    /// After how many inputs there is a snapshot.
    pub(crate) inputs: u64,
}

/// An input before it happens, as it is written.
pub(crate) enum Draft {
    /// It changes nothing.
    Nothing,
    Text(String),
    /// It cannot be written: why.
    Impossible(String),
}

impl Journal {
    /// Writes an input down, before it is handed to the exchange.
    pub(crate) fn draft(input: &Input) -> Draft {
        let changes_nothing = match input {
            Input::Time => true,
            Input::Request(Request { operation, .. }) => operation.method == http::Method::GET,
            _ => false,
        };
        if changes_nothing {
            return Draft::Nothing;
        }
        match wire::write(input) {
            Ok(text) => Draft::Text(text),
            Err(error) => Draft::Impossible(error.to_string()),
        }
    }

    /// Keeps an input that has happened; `entries` is the number of the last entry before it.
    ///
    /// What changes nothing is kept as time when something fell due with it.
    pub(crate) fn append(&mut self, draft: Draft, at: Timestamp, entries: u64, had_effects: bool) {
        let input = match draft {
            Draft::Text(input) => input,
            Draft::Nothing if had_effects => wire::write_time(),
            Draft::Nothing => return,
            Draft::Impossible(why) => return self.send(Message::GiveUp(why)),
        };
        self.at = at.as_millis();
        self.keep(input, entries);
    }

    /// Keeps the rules that hold from here on.
    fn rules(&mut self, entries: u64) {
        self.keep(wire::write_rules(self.rules.clone()), entries);
    }

    fn keep(&mut self, input: String, entries: u64) {
        self.last += 1;
        self.since = (self.since.0 + 1, self.since.1 + input.len());
        let row = Row { number: self.last, at: self.at, entries, input };
        self.write(Change::Row(row));
    }

    /// Everything until `release` is written together; false when that is so already.
    pub(crate) fn hold(&mut self) -> bool {
        let holds = self.held.is_none();
        self.held.get_or_insert_default();
        holds
    }

    pub(crate) fn release(&mut self) {
        if let Some(held) = self.held.take().filter(|held| !held.is_empty()) {
            self.send(Message::Write(held, self.last));
        }
    }

    /// Forgets everything that happened.
    pub(crate) fn clear(&mut self, entries: u64) {
        self.since = (0, 0);
        self.write(Change::Clear(self.last + 1));
        self.rules(entries);
    }

    /// Keeps the application of the start, whose private key is given out again.
    pub(crate) fn application(&mut self, ready: &Ready) {
        self.write(Change::Fact(identity::APPLICATION, identity::application_text(ready)));
    }

    /// Keeps what is planted at the start, with the keys that were made for it.
    pub(crate) fn directory(&mut self, directory: &SeedRequest) {
        self.write(Change::Fact(identity::DIRECTORY, identity::directory_text(directory)));
    }

    /// Whether it is time for a snapshot.
    pub(crate) fn wants_snapshot(&self) -> bool {
        (self.since.0 >= self.inputs || self.since.1 >= BYTES) && self.last >= self.patience
    }

    /// There is something that no snapshot holds: it is tried again some inputs later.
    pub(crate) fn no_snapshot_yet(&mut self) {
        self.patience = self.last + self.inputs / 10;
    }

    /// Keeps the state after the last input.
    pub(crate) fn snapshot(&mut self, state: Vec<u8>, at: Timestamp, entries: u64) {
        self.since = (0, 0);
        let snapshot = Snapshot { number: self.last, at: at.as_millis(), entries, state };
        self.write(Change::Snapshot(snapshot));
        // What led to it is forgotten one day, and with it the rules.
        self.rules(entries);
    }

    /// The number of the last input.
    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    fn write(&mut self, change: Change) {
        match &mut self.held {
            Some(held) => held.push(change),
            None => self.send(Message::Write(vec![change], self.last)),
        }
    }

    fn send(&self, message: Message) {
        // Without a writer the emulator has stopped, and those who wait are told so.
        drop(self.messages.send(message));
    }
}

/// The other end: who has to know that something is kept asks here.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    messages: Sender<Message>,
    progress: watch::Receiver<Progress>,
}

impl Store {
    /// Starts to write after what is there already.
    fn start(
        database: Database,
        last: u64,
        since: (u64, usize),
        rules: Rules,
    ) -> std::io::Result<(Self, Journal)> {
        let (messages, received) = mpsc::channel();
        let (tell, progress) = watch::channel(Progress { kept: last, failure: None });
        writer::start(database, received, tell)?;
        let journal = Journal {
            messages: messages.clone(),
            last,
            held: None,
            rules,
            at: i64::MIN,
            since,
            patience: 0,
            inputs: INPUTS,
        };
        Ok((Self { messages, progress }, journal))
    }

    /// Why nothing can be kept at the moment, in one sentence.
    pub(crate) fn failure(&self) -> Option<Arc<str>> {
        self.progress.borrow().failure.clone()
    }

    /// Waits until the input of this number is kept.
    ///
    /// # Errors
    /// One sentence that says why it is not.
    pub(crate) async fn kept(&self, number: u64) -> Result<(), Arc<str>> {
        let settled = |progress: &Progress| progress.kept >= number || progress.failure.is_some();
        match self.settled(settled).await {
            Some(progress) if progress.kept >= number => Ok(()),
            Some(Progress { failure: Some(failure), .. }) => Err(failure),
            _ => Err("the emulator has been stopped".into()),
        }
    }

    /// Waits until the input of this number is kept, however long that takes; false at the end.
    pub(crate) async fn kept_at_last(&self, number: u64) -> bool {
        self.settled(|progress| progress.kept >= number).await.is_some()
    }

    /// Waits until everything is written, and lets others have the directory.
    pub(crate) async fn close(&self) {
        self.end();
        // It never comes to that: what comes is the end of the writer.
        self.settled(|_| false).await;
    }

    /// The same without waiting.
    pub(crate) fn end(&self) {
        drop(self.messages.send(Message::Close));
    }

    async fn settled(&self, is_settled: impl FnMut(&Progress) -> bool) -> Option<Progress> {
        let mut is_settled = is_settled;
        {
            let progress = self.progress.borrow();
            if is_settled(&progress) {
                return Some(progress.clone());
            }
        }
        drop(self.messages.send(Message::Flush));
        let mut progress = self.progress.clone();
        progress.wait_for(is_settled).await.ok().map(|progress| progress.clone())
    }
}

#[cfg(test)]
mod tests;
