//! One event and its handler, until it is settled.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher, Hasher},
    panic::AssertUnwindSafe,
    sync::Arc,
    time::Duration,
};

use futures_util::FutureExt;
use ringback_journal::{Backoff, Consumer, Handed, Pending, Position};
use ringback_model::Kept;
use tokio::{
    sync::{Semaphore, watch},
    time::sleep,
};

use super::{
    backlog::Backlog,
    desk::{Desk, Scales},
    keeper::About,
    tally::Tally,
};
use crate::{Delivery, EventHandler};

/// How long to wait before the journal is asked again that could not keep something.
const AGAIN: Duration = Duration::from_millis(200);

/// What every piece of work needs.
#[derive(Debug)]
pub(super) struct Worker {
    pub(super) consumer: Arc<dyn Consumer>,
    /// Where attempts are begun, and done with.
    pub(super) begin: Desk<Position, ()>,
    pub(super) done: Desk<Position, ()>,
    pub(super) handler: EventHandler,
    pub(super) backoff: Backoff,
    /// Handlers that may run at once.
    pub(super) turns: Arc<Semaphore>,
    pub(super) tally: Tally,
    pub(super) backlog: Backlog,
    /// Becomes true when no attempt may begin any more.
    pub(super) stopping: watch::Receiver<bool>,
}

/// An event whose turn it is.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) handed: Handed,
    pub(super) late: bool,
}

impl Worker {
    /// Calls the handler until the event is done or given up; gives it back when everything stops.
    pub(super) async fn run(self: Arc<Self>, job: Job) {
        let position = job.handed.recorded.position;
        let mut attempts = job.handed.attempts;
        loop {
            // Until then it is as small as it was kept.
            let turns = Arc::clone(&self.turns);
            let Ok(turn) = turns.acquire_owned().await else { return self.release(position).await };
            // Read anew for another attempt, which is rare, and not copied for it each time.
            let delivery = match delivery(&job, attempts.saturating_add(1)) {
                Ok(delivery) => delivery,
                Err(error) => {
                    return self.bury(position, &format!("it cannot be read back: {error}")).await;
                }
            };
            match self.begin(position).await {
                Begin::Now => {}
                Begin::Stopping => return self.release(position).await,
                Begin::Lost => return,
            }
            attempts = attempts.saturating_add(1);
            self.tally.again.add(u64::from(attempts > 1));
            let outcome = self.attempt(delivery).await;
            // Until the journal knows, a crash would repeat it: no more of those than there are turns.
            let Err(reason) = outcome else { return self.done(position).await };
            drop(turn);
            self.tally.failed.add(1);
            tracing::error!(
                code = "event-failed",
                delivery = %job.handed.recorded.entry.key,
                attempt = attempts,
                reason,
                "event handler failed"
            );
            let Some(wait) = self.backoff.wait(attempts, drawn()) else {
                return self.bury(position, &reason).await;
            };
            let mut stopping = self.stopping.clone();
            tokio::select! {
                () = sleep(wait) => {}
                () = stopped(&mut stopping) => return self.release(position).await,
            }
        }
    }

    async fn attempt(&self, delivery: Delivery) -> Result<(), String> {
        let outcome = AssertUnwindSafe(async { self.handler.handle(delivery).await });
        match outcome.catch_unwind().await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(reason(&*error)),
            Err(_) => Err("the handler panicked".to_owned()),
        }
    }

    /// Whether the attempt may begin: it is written down before.
    async fn begin(&self, position: Position) -> Begin {
        loop {
            if *self.stopping.borrow() {
                return Begin::Stopping;
            }
            match self.begin.ask(position).await {
                Ok(()) => return Begin::Now,
                Err(error) if is_lost(&error, position) => return Begin::Lost,
                Err(error) => self.refused(&error, "an attempt waits for the journal").await,
            }
        }
    }

    /// The handler is not called again for that, so this does not end before it is written down.
    async fn done(&self, position: Position) {
        while let Err(error) = self.done.ask(position).await {
            if is_lost(&error, position) {
                return;
            }
            self.refused(&error, "an event is done and the journal does not know it").await;
        }
        self.tally.dispatched.add(1);
        self.backlog.add(-1);
    }

    async fn bury(&self, position: Position, reason: &str) {
        self.tally.dead.add(1);
        tracing::error!(code = "event-dead", %position, reason, "an event was given up");
        while let Err(error) = self.consumer.bury(position, reason).await {
            if is_lost(&error, position) {
                return;
            }
            self.refused(&error, "an event is given up and the journal does not know it").await;
        }
        self.backlog.add(-1);
    }

    async fn release(&self, position: Position) {
        if let Err(error) = self.consumer.release(vec![position]).await {
            tracing::warn!(code = error.code(), %error, "an event could not be given back");
        }
    }

    async fn refused(&self, error: &ringback_journal::Error, what: &'static str) {
        tracing::warn!(code = error.code(), %error, "{what}");
        sleep(AGAIN).await;
    }
}

/// What a consumer is told of entries.
type Tell = for<'a> fn(&'a dyn Consumer, Vec<Position>) -> Pending<'a, ()>;

/// Where this is told of many events with one call.
pub(super) fn telling(consumer: &Arc<dyn Consumer>, tell: Tell) -> Desk<Position, ()> {
    let consumer = Arc::clone(consumer);
    let call = move |positions: Vec<Position>| {
        let consumer = Arc::clone(&consumer);
        let told = vec![(); positions.len()];
        Box::pin(async move { tell(&*consumer, positions).await.map(|()| told) }) as Pending<'_, _>
    };
    Desk::start(Scales::LIGHT, call)
}

/// Whether an attempt may begin.
enum Begin {
    Now,
    /// Everything stops.
    Stopping,
    /// The event is in other hands.
    Lost,
}

/// Whether an event is in other hands by now: they have it, with every attempt that began here.
fn is_lost(error: &ringback_journal::Error, position: Position) -> bool {
    let lost = error.is_lost();
    if lost {
        tracing::warn!(code = error.code(), %position, "an event went on to another receiver");
    }
    lost
}

/// Ends when everything stops.
pub(super) async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // Whoever could say so is gone when this fails, which is the same.
    drop(stopping.wait_for(|stopping| *stopping).await);
}

/// An error and what is behind it.
fn reason(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// The event as it was when it came.
fn delivery(job: &Job, attempt: u32) -> Result<Delivery, crate::BoxError> {
    let entry = &job.handed.recorded.entry;
    let about: About = serde_json::from_str(&entry.about)?;
    let event = Kept::from_bytes(entry.body.clone())?;
    let id = Some(entry.key.to_string().into());
    Ok(Delivery { id, attempt, late: job.late, ..Delivery::new(event, about.verification) })
}

/// A number from 0 to 1 that differs from process to process and from call to call.
fn drawn() -> f64 {
    let drawn = RandomState::new().build_hasher().finish() >> 32;
    f64::from(u32::try_from(drawn).unwrap_or(u32::MAX)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use ringback_journal::{Entry, Error, Key, Recorded};

    use super::*;
    use crate::Metrics;

    /// Another holder has everything; remembers what it is asked.
    #[derive(Debug, Default)]
    struct Gone(Mutex<Vec<&'static str>>);

    impl Gone {
        fn asked(&self, word: &'static str) -> Pending<'_, ()> {
            self.0.lock().unwrap().push(word);
            let (code, sentence) = ("journal-lost", "another holder has it".to_owned());
            Box::pin(async move { Err(Error::Unavailable { code, sentence, source: None }) })
        }
    }

    impl Consumer for Gone {
        fn next(&self, _: usize) -> Pending<'_, Vec<Handed>> {
            Box::pin(std::future::pending())
        }
        fn begin(&self, _: Vec<Position>) -> Pending<'_, ()> {
            self.asked("begin")
        }
        fn done(&self, _: Vec<Position>) -> Pending<'_, ()> {
            self.asked("done")
        }
        fn bury(&self, _: Position, _: &str) -> Pending<'_, ()> {
            self.asked("bury")
        }
        fn release(&self, _: Vec<Position>) -> Pending<'_, ()> {
            self.asked("release")
        }
    }

    /// A journal that never answers what is done.
    #[derive(Debug)]
    struct Slow;

    impl Consumer for Slow {
        fn next(&self, _: usize) -> Pending<'_, Vec<Handed>> {
            Box::pin(std::future::pending())
        }
        fn begin(&self, _: Vec<Position>) -> Pending<'_, ()> {
            Box::pin(async { Ok(()) })
        }
        fn done(&self, _: Vec<Position>) -> Pending<'_, ()> {
            Box::pin(std::future::pending())
        }
        fn bury(&self, _: Position, _: &str) -> Pending<'_, ()> {
            Box::pin(async { Ok(()) })
        }
        fn release(&self, _: Vec<Position>) -> Pending<'_, ()> {
            Box::pin(async { Ok(()) })
        }
    }

    /// One handler at a time, and someone who can have everything stopped.
    fn worker(
        consumer: &Arc<dyn Consumer>,
        handler: EventHandler,
    ) -> (Arc<Worker>, watch::Sender<bool>) {
        let tally = Tally::new(&Metrics::new());
        let (stop, stopping) = watch::channel(false);
        let worker = Worker {
            begin: telling(consumer, |consumer, positions| consumer.begin(positions)),
            done: telling(consumer, |consumer, positions| consumer.done(positions)),
            consumer: Arc::clone(consumer),
            handler,
            backoff: Backoff::new(),
            turns: Arc::new(Semaphore::new(1)),
            backlog: Backlog::new(1, &tally.waiting),
            tally,
            stopping,
        };
        (Arc::new(worker), stop)
    }

    fn job() -> Job {
        let entry = Entry {
            key: Key([1; 16]),
            lane: "a".into(),
            received: 0,
            about: r#"{"verification":"off"}"#.into(),
            body: r#"{"uuid":"a","status":"started"}"#.into(),
        };
        let handed = Handed::new(Recorded { position: Position(1), entry }, 0);
        Job { handed, late: false }
    }

    #[tokio::test]
    async fn a_turn_lasts_until_the_journal_knows() {
        let consumer: Arc<dyn Consumer> = Arc::new(Slow);
        let (told, mut telling) = tokio::sync::mpsc::unbounded_channel();
        let handler = EventHandler::from(move |_: Delivery| {
            std::future::ready(told.send(()).map_err(|_| "nobody listens"))
        });
        let (worker, _stop) = worker(&consumer, handler);
        let jobs = [(); 2].map(|()| tokio::spawn(Arc::clone(&worker).run(job())));
        telling.recv().await.unwrap();
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert!(telling.try_recv().is_err(), "a crash now would repeat two handlers and not one");
        assert!(jobs.iter().all(|job| !job.is_finished()));
    }

    #[tokio::test]
    async fn what_is_in_other_hands_is_left_alone() {
        let gone = Arc::new(Gone::default());
        let consumer: Arc<dyn Consumer> = gone.clone();
        let handler = EventHandler::from(async |event: Delivery| {
            assert!(event.late, "it is not ours");
        });
        let (worker, _stop) = worker(&consumer, handler);
        worker.clone().run(job()).await;
        worker.done(Position(1)).await;
        worker.bury(Position(1), "no reason").await;
        assert_eq!(*gone.0.lock().unwrap(), ["begin", "done", "bury"]);
    }
}
