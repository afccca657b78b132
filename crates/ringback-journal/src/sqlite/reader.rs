//! The thread that reads beside the one that writes.

use std::{
    fmt,
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{
    failure::{Failure, Place},
    request::Shared,
    rows,
    worker::Worker,
};
use crate::Error;

/// How often it is looked whether another process wants something tried again.
const LOOK: Duration = Duration::from_millis(500);

type Job = Box<dyn FnOnce(&Connection) + Send>;

/// What the thread is asked.
pub(super) enum Ask {
    Job(Job),
    /// Look now for what somebody wants tried again.
    Look,
    /// Close the file, and say so.
    End(oneshot::Sender<()>),
}

impl fmt::Debug for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ask")
    }
}

/// Asks the thread, and waits for its answer.
pub(super) async fn ask<T: Send + 'static>(
    reader: &Worker<Ask>,
    place: Arc<Place>,
    question: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
) -> Result<T, Error> {
    let (answer, answered) = oneshot::channel::<Result<T, Failure>>();
    let job = Box::new(move |connection: &Connection| {
        drop(answer.send(question(connection).map_err(|error| place.failure(error))));
    });
    reader.ask(Ask::Job(job))?;
    Ok(answered.await.map_err(|_| Error::Closed)??)
}

/// Answers until it is told to end, or until nobody is left who could ask.
#[expect(clippy::needless_pass_by_value, reason = "the thread owns what it works with")]
pub(super) fn run(connection: Connection, shared: Arc<Shared>, asks: Receiver<Ask>) {
    let mut looked = Instant::now();
    loop {
        let ask = match shared.has_ledgers() {
            true => asks.recv_timeout(LOOK.saturating_sub(looked.elapsed())),
            false => asks.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        let is_due = match ask {
            Ok(Ask::Job(job)) => {
                job(&connection);
                looked.elapsed() >= LOOK
            }
            Ok(Ask::Look) | Err(RecvTimeoutError::Timeout) => true,
            Ok(Ask::End(answer)) => {
                drop(connection);
                // Whoever asked may have gone.
                answer.send(()).ok();
                return;
            }
            Err(RecvTimeoutError::Disconnected) => return,
        };
        if is_due {
            looked = Instant::now();
            for ledger in shared.ledgers() {
                // What cannot be read now is looked for again a little later.
                if let Ok(redriven) = rows::redriven(&connection, ledger.id) {
                    ledger.redriven(redriven.into_iter());
                }
            }
        }
    }
}
