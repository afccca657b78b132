//! From the journal to the handler, each leg in its order.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    future::pending,
    sync::Arc,
    time::Duration,
};

use ringback_journal::{Consumer, Error, Handed, Journal, Pending, Position};
use tokio::{
    sync::{Mutex, Semaphore, watch},
    task::{AbortHandle, JoinHandle, JoinSet},
    time::{Instant, sleep, sleep_until, timeout},
};

use super::{
    backlog::Backlog,
    facts::Facts,
    order::{Let, Order},
    settings::Journaled,
    tally::Tally,
    work::{Job, Worker, stopped, telling},
};
use crate::EventHandler;

/// How long to wait before a journal is asked again that could not be read.
const AGAIN: Duration = Duration::from_millis(500);
/// How often what is old is forgotten.
const TIDY: Duration = Duration::from_secs(10 * 60);
/// How many events are taken from the journal at a time.
const BATCH: usize = 64;
/// How many of those that were dispatched before a restart are looked at, to know how far their legs were.
const BEFORE: usize = 5_000;

/// Calls the handler for what the journal keeps, and looks after the journal; stops when it is dropped.
pub(crate) struct Dispatcher {
    journal: Arc<dyn Journal>,
    stop: watch::Sender<bool>,
    /// None where another process dispatches, and once it was waited for.
    run: Mutex<Option<JoinHandle<usize>>>,
    tasks: Vec<AbortHandle>,
}

impl Dispatcher {
    /// Spawns what takes events from the journal, when there is a handler for them, and what looks after it.
    pub(crate) fn start(
        settings: &Journaled,
        handler: Option<EventHandler>,
        tally: &Tally,
        backlog: &Backlog,
    ) -> Self {
        let (stop, stopping) = watch::channel(false);
        let mut tasks = vec![
            tokio::spawn(tidy(settings.clone())).abort_handle(),
            tokio::spawn(backlog.clone().count(settings.clone())).abort_handle(),
        ];
        let run = handler.map(|handler| {
            let counting = (tally.clone(), backlog.clone());
            tokio::spawn(run(settings.clone(), handler, counting, stopping))
        });
        tasks.extend(run.as_ref().map(JoinHandle::abort_handle));
        Self { journal: Arc::clone(&settings.journal), stop, run: Mutex::new(run), tasks }
    }

    /// Begins nothing more, waits for the handlers that run, and closes the journal; says how many were cut, at least.
    pub(crate) async fn stop(&self, within: Duration) -> usize {
        self.stop.send_replace(true);
        let end = Instant::now() + within;
        let cut = match self.run.lock().await.take() {
            None => 0,
            Some(mut run) => match timeout(within, &mut run).await {
                Ok(cut) => cut.unwrap_or_default(),
                Err(_) => {
                    run.abort();
                    1
                }
            },
        };
        // Something is always left to make durable what was said.
        let rest = end.duration_since(Instant::now()).max(Duration::from_secs(1));
        match timeout(rest, self.journal.close()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::error!(code = error.code(), %error, "the journal did not close well");
            }
            Err(_) => tracing::error!(code = "journal-slow", "the journal did not close in time"),
        }
        cut
    }
}

impl Drop for Dispatcher {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

impl fmt::Debug for Dispatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dispatcher").field("journal", &self.journal).finish_non_exhaustive()
    }
}

/// Forgets what is older than is promised, now and then.
async fn tidy(settings: Journaled) {
    loop {
        match forget(&settings).await {
            Ok(0) => {}
            Ok(count) => tracing::debug!(count, "old events were forgotten"),
            Err(error) => {
                tracing::warn!(code = error.code(), %error, "old events could not be forgotten");
            }
        }
        sleep(TIDY).await;
    }
}

/// Says how many were forgotten: none before the journal knows for whom they are kept, and so what is still to be done.
async fn forget(settings: &Journaled) -> Result<u64, Error> {
    let state = settings.journal.state().await?;
    if !state.consumers.iter().any(|(name, ..)| **name == *settings.consumer) {
        return Ok(0);
    }
    let remember = u64::try_from(settings.remember.as_millis()).unwrap_or(u64::MAX);
    settings.journal.expire((settings.clock)().saturating_sub(remember)).await
}

async fn run(
    settings: Journaled,
    handler: EventHandler,
    (tally, backlog): (Tally, Backlog),
    mut stopping: watch::Receiver<bool>,
) -> usize {
    let Some(consumer) = consumer(&settings, &mut stopping).await else { return 0 };
    let worker = Worker {
        consumer: Arc::clone(&consumer),
        begin: telling(&consumer, |consumer, positions| consumer.begin(positions)),
        done: telling(&consumer, |consumer, positions| consumer.done(positions)),
        handler,
        backoff: settings.backoff,
        turns: Arc::new(Semaphore::new(settings.at_once)),
        tally,
        backlog,
        stopping: stopping.clone(),
    };
    let mut legs = Legs {
        begun: Instant::now(),
        order: Order::default(),
        lanes: HashMap::new(),
        working: JoinSet::new(),
        outstanding: 0,
        worker: Arc::new(worker),
    };
    legs.remember(&*settings.journal).await;
    // Kept from turn to turn: what is asked anew each time is read anew each time.
    let mut next = None;
    loop {
        let room = settings.window.saturating_sub(legs.outstanding).min(BATCH);
        if next.is_none() && room > 0 {
            next = Some(consumer.next(room));
        }
        let due = legs.order.next_due();
        tokio::select! {
            biased;
            () = stopped(&mut stopping) => break,
            Some(lane) = legs.working.join_next() => {
                legs.is_done(lane.ok());
                // Many end at once, and then there is room for many.
                while let Some(lane) = legs.working.try_join_next() {
                    legs.is_done(lane.ok());
                }
            }
            () = until(due.map(|due| legs.begun + due)) => legs.due(),
            handed = answered(&mut next) => {
                next = None;
                match handed {
                    Ok(handed) => handed.into_iter().for_each(|handed| legs.take(handed)),
                    Err(error) => {
                        tracing::warn!(code = error.code(), %error, "events cannot be read");
                        sleep(AGAIN).await;
                    }
                }
            }
        }
    }
    drop(next);
    legs.stop().await
}

/// The consumer, as soon as the journal gives it; none when everything stops before.
async fn consumer(
    settings: &Journaled,
    stopping: &mut watch::Receiver<bool>,
) -> Option<Arc<dyn Consumer>> {
    loop {
        match settings.journal.consumer(&settings.consumer).await {
            Ok(consumer) => return Some(Arc::from(consumer)),
            Err(error) => {
                tracing::warn!(code = error.code(), %error, "events are not dispatched yet");
            }
        }
        tokio::select! {
            () = sleep(AGAIN) => {}
            () = stopped(stopping) => return None,
        }
    }
}

/// What was asked; nothing ever when nothing was.
async fn answered<T>(asked: &mut Option<Pending<'_, T>>) -> Result<T, Error> {
    match asked {
        Some(asked) => asked.await,
        None => pending().await,
    }
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => pending().await,
    }
}

/// An event and the name of its lane.
struct Taken {
    handed: Handed,
    lane: Arc<str>,
}

/// What is out of the journal and not settled.
struct Legs {
    begun: Instant,
    order: Order<Taken>,
    /// What waits for the handler of its leg to be done; there is a lane while one is at work.
    lanes: HashMap<Arc<str>, VecDeque<Job>>,
    /// Each ends with the name of its lane.
    working: JoinSet<Arc<str>>,
    outstanding: usize,
    worker: Arc<Worker>,
}

impl Legs {
    /// Looks at what was dispatched before, as far as the consumer knows that it was.
    ///
    /// On a cluster that is nothing: events of a leg in the middle of its life then wait for those
    /// that another receiver dispatched, for at most the length of a gap.
    async fn remember(&mut self, journal: &dyn Journal) {
        let floor = self.worker.consumer.floor();
        if floor == Position(0) {
            return;
        }
        let after = Position(floor.0.saturating_sub(BEFORE as u64));
        match journal.read(after, BEFORE).await {
            Ok(before) => {
                for recorded in before.iter().filter(|recorded| recorded.position <= floor) {
                    self.order.seen(&Facts::of(&recorded.entry.body));
                }
            }
            // Then some events wait for others that came before the restart: a little late, and in order.
            Err(error) => tracing::warn!(code = error.code(), %error, "events cannot be read"),
        }
    }

    fn take(&mut self, handed: Handed) {
        self.outstanding += 1;
        let body = handed.recorded.entry.body.clone();
        let facts = Facts::of(&body);
        let lane = facts.leg().unwrap_or(&handed.recorded.entry.lane).into();
        let lets = self.order.put(&facts, Taken { handed, lane }, self.begun.elapsed());
        self.let_through(lets);
    }

    fn due(&mut self) {
        let lets = self.order.due(self.begun.elapsed());
        self.let_through(lets);
    }

    fn let_through(&mut self, lets: Vec<Let<Taken>>) {
        for Let { item: Taken { handed, lane }, late } in lets {
            if late {
                self.worker.tally.late.add(1);
                tracing::warn!(
                    code = "event-late",
                    delivery = %handed.recorded.entry.key,
                    "an event came after a later one of its leg was dispatched"
                );
            }
            let job = Job { handed, late };
            match self.lanes.get_mut(&lane) {
                Some(waiting) => waiting.push_back(job),
                None => {
                    self.lanes.insert(Arc::clone(&lane), VecDeque::new());
                    self.work(lane, job);
                }
            }
        }
    }

    fn work(&mut self, lane: Arc<str>, job: Job) {
        let worker = Arc::clone(&self.worker);
        self.working.spawn(async move {
            worker.run(job).await;
            lane
        });
    }

    /// An event of this lane is settled; none says that its task was cut, which only happens at the end.
    fn is_done(&mut self, lane: Option<Arc<str>>) {
        self.outstanding = self.outstanding.saturating_sub(1);
        let Some(lane) = lane else { return };
        match self.lanes.get_mut(&lane).and_then(VecDeque::pop_front) {
            Some(job) => self.work(lane, job),
            None => drop(self.lanes.remove(&lane)),
        }
    }

    /// Gives back what has not begun, and waits for what has; says how many were cut.
    async fn stop(mut self) -> usize {
        let held = self.order.drain().into_iter().map(|taken| taken.handed);
        let waiting = self.lanes.drain().flat_map(|(_, jobs)| jobs).map(|job| job.handed);
        let back: Vec<Position> =
            held.chain(waiting).map(|handed| handed.recorded.position).collect();
        if let Err(error) = self.worker.consumer.release(back).await {
            tracing::warn!(code = error.code(), %error, "events could not be given back");
        }
        let mut cut = 0;
        while let Some(ended) = self.working.join_next().await {
            cut += usize::from(ended.is_err());
        }
        cut
    }
}
