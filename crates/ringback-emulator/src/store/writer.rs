//! The thread that writes: many changes with one commit, in their order.

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use tokio::sync::watch;

use super::database::{Change, Database};

/// How long a change that nobody waits for may stay unwritten.
const LATEST: Duration = Duration::from_millis(50);
/// How long after a failure it is tried again, also when nobody asks.
const AGAIN: Duration = Duration::from_millis(500);

/// What the thread is told.
#[derive(Debug)]
pub(super) enum Message {
    /// Write these together, up to the input of this number.
    Write(Vec<Change>, u64),
    /// Somebody waits.
    Flush,
    /// Something happened that cannot be written, so nothing after it can be: why.
    GiveUp(String),
    /// Write what is left, and end.
    Close,
    /// Let the database take so many pages.
    #[cfg(test)]
    Limit(u32),
}

/// How far it is.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress {
    /// The number of the last input that is on the disk.
    pub(super) kept: u64,
    /// Why nothing can be written at the moment, in one sentence.
    pub(super) failure: Option<Arc<str>>,
}

/// Writes until it is told to end; what cannot be written is tried again and nothing overtakes it.
pub(super) fn start(
    database: Database,
    messages: Receiver<Message>,
    progress: watch::Sender<Progress>,
) -> std::io::Result<()> {
    let writer = Writer { database, progress, waiting: Vec::new(), last: 0, given_up: false };
    thread::Builder::new().name("ringback-store".to_owned()).spawn(|| writer.run(messages))?;
    Ok(())
}

struct Writer {
    database: Database,
    progress: watch::Sender<Progress>,
    waiting: Vec<Change>,
    /// The number of the last input among them.
    last: u64,
    given_up: bool,
}

/// Why it writes now, or not yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    Later,
    Now,
    End,
}

impl Writer {
    #[expect(clippy::needless_pass_by_value, reason = "the thread owns its end of the channel")]
    fn run(mut self, messages: Receiver<Message>) {
        let mut due: Option<Instant> = None;
        loop {
            let first = match due {
                None => messages.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(due) => messages.recv_timeout(due.saturating_duration_since(Instant::now())),
            };
            let mut call = match first {
                Ok(message) => self.take(message),
                Err(RecvTimeoutError::Timeout) => Call::Now,
                Err(RecvTimeoutError::Disconnected) => Call::End,
            };
            // Everything that is there shares the commit.
            while call != Call::End
                && let Ok(message) = messages.try_recv()
            {
                call = match (call, self.take(message)) {
                    (_, Call::End) => Call::End,
                    (Call::Now, _) | (_, Call::Now) => Call::Now,
                    (one, _) => one,
                };
            }
            if call == Call::Later {
                due = due.or_else(|| (!self.waiting.is_empty()).then(|| Instant::now() + LATEST));
                continue;
            }
            let written = self.write();
            due = (!written).then(|| Instant::now() + AGAIN);
            if call == Call::End {
                return;
            }
        }
    }

    fn take(&mut self, message: Message) -> Call {
        match message {
            Message::Write(..) if self.given_up => Call::Later,
            Message::Write(changes, last) => {
                self.waiting.extend(changes);
                self.last = last;
                Call::Later
            }
            Message::Flush => Call::Now,
            Message::GiveUp(why) => {
                self.write();
                self.given_up = true;
                self.failed(&why);
                Call::Later
            }
            Message::Close => Call::End,
            #[cfg(test)]
            Message::Limit(pages) => {
                self.database.limit(pages);
                Call::Later
            }
        }
    }

    /// Writes what waits; false when it cannot be.
    fn write(&mut self) -> bool {
        if self.waiting.is_empty() {
            return true;
        }
        match self.database.write(&self.waiting) {
            Ok(()) => {
                self.waiting.clear();
                let kept = self.last;
                self.progress.send_modify(|progress| {
                    if progress.failure.take().is_some() {
                        tracing::info!("the state is written again");
                    }
                    progress.kept = kept;
                });
                true
            }
            Err(error) => {
                self.failed(&error.to_string());
                false
            }
        }
    }

    fn failed(&self, why: &str) {
        let sentence: Arc<str> = format!("the state cannot be written: {why}").into();
        self.progress.send_modify(|progress| {
            if progress.failure.as_ref() != Some(&sentence) {
                tracing::error!(why, "the state cannot be written");
            }
            progress.failure = Some(sentence);
        });
    }
}
