//! What all parts of a running emulator share, and what drives the exchange.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ringback_exchange::{Answer, Attempt, Input, Refusal};
use ringback_jwt::Verifier;
use ringback_model::{ApplicationId, Timestamp, control};
use tokio::{
    sync::{Notify, broadcast, watch},
    time::Instant,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    core::{Core, Next, Outcome},
    credentials::Credentials,
    delivery::Deliveries,
    doors::Secure,
    edge::{Traces, WallClock},
    fetch::{self, Fetcher},
    history::Entry,
    http::{gate::Gate, limits::Limits, refusals::Refusals},
    keys::KeyPool,
    socket::{self, Sockets},
    start::{self, Readiness, StartState},
    store::{Lost, Store},
    webhook::{envelope::Sent, sender::Sender},
};

/// How many entries a listener may be behind before it is cut off.
const BEHIND: usize = 1_024;

/// How many verifiers are kept; each is made again when it is needed.
const VERIFIERS: usize = 1_000;

/// What all parts of a running emulator share.
pub(crate) struct Platform {
    pub(crate) url: String,
    /// Where https is served, when it is.
    pub(crate) https: Option<Secure>,
    pub(crate) wall: WallClock,
    pub(crate) traces: Traces,
    pub(crate) credentials: Credentials,
    pub(crate) gate: Gate,
    /// The limits of requests, when they hold.
    pub(crate) limits: Option<Limits>,
    pub(crate) refusals: Mutex<Refusals>,
    pub(crate) keys: KeyPool,
    pub(crate) start: StartState,
    /// The application that is there from the start, as soon as it is.
    pub(crate) ready: watch::Sender<Readiness>,
    pub(crate) stop: CancellationToken,
    pub(crate) tasks: TaskTracker,
    pub(crate) live: broadcast::Sender<Arc<Entry>>,
    pub(crate) sender: Sender,
    pub(crate) deliveries: Deliveries,
    pub(crate) fetcher: Fetcher,
    pub(crate) sockets: Sockets,
    /// Where the state is kept, when it is.
    pub(crate) store: Option<Store>,
    core: Mutex<Core>,
    wake: Notify,
    /// Cancels what has been under way since the last reset.
    flights: Mutex<CancellationToken>,
    verifiers: Mutex<HashMap<ApplicationId, (String, Arc<Verifier>)>>,
}

/// The parts that a platform is made of.
pub(crate) struct Parts {
    pub(crate) url: String,
    /// Where https is served, when it is.
    pub(crate) https: Option<Secure>,
    pub(crate) wall: WallClock,
    pub(crate) traces: Traces,
    pub(crate) credentials: Credentials,
    pub(crate) gate: Gate,
    pub(crate) limits: Option<Limits>,
    pub(crate) keys: KeyPool,
    pub(crate) start: StartState,
    pub(crate) sender: Sender,
    pub(crate) fetcher: Fetcher,
    pub(crate) sockets: Sockets,
    pub(crate) store: Option<Store>,
    pub(crate) core: Core,
}

impl Platform {
    pub(crate) fn new(parts: Parts) -> Arc<Self> {
        let Parts { url, https, wall, traces, credentials, gate, keys, start, .. } = parts;
        let Parts { limits, sender, fetcher, sockets, store, core, .. } = parts;
        let stop = CancellationToken::new();
        Arc::new(Self {
            url,
            https,
            wall,
            traces,
            credentials,
            gate,
            limits,
            refusals: Mutex::default(),
            keys,
            start,
            ready: watch::Sender::new(Readiness::Making),
            flights: Mutex::default(),
            stop,
            tasks: TaskTracker::new(),
            live: broadcast::Sender::new(BEHIND),
            sender,
            deliveries: Deliveries::default(),
            fetcher,
            sockets,
            store,
            core: Mutex::new(core),
            wake: Notify::new(),
            verifiers: Mutex::default(),
        })
    }

    /// The state; never kept over an `await`.
    pub(crate) fn core(&self) -> MutexGuard<'_, Core> {
        // A panic elsewhere does not make the state wrong: every change is one call.
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets one thing happen, and does what follows from it.
    pub(crate) fn feed(self: &Arc<Self>, input: Input) -> Option<Result<Answer, Refusal>> {
        let mut core = self.core();
        let outcome = core.feed(Instant::now(), input);
        let reply = self.follow(&mut core, outcome);
        self.call_driver(core);
        reply
    }

    /// Does what an outcome asks for; all of it begins while the state is locked, so in order.
    pub(crate) fn follow(
        self: &Arc<Self>,
        core: &mut Core,
        outcome: Outcome,
    ) -> Option<Result<Answer, Refusal>> {
        if let Some(number) = outcome.told_after {
            self.publish(core, number);
        }
        for attempt in outcome.attempts {
            self.send(core, attempt);
        }
        for fetch in outcome.fetches {
            fetch::begin(self, core.epoch, &fetch);
        }
        for (leg, command) in outcome.sockets {
            socket::command(self, core.epoch, leg, command);
        }
        outcome.reply
    }

    /// Says of what was under way when an earlier emulator ended that it came to nothing.
    pub(crate) fn give_up(self: &Arc<Self>, lost: Lost) {
        let mut core = self.core();
        let now = Instant::now();
        let at = core.clock.now(now);
        for input in lost.inputs(&mut core, at) {
            let outcome = core.feed(now, input);
            self.follow(&mut core, outcome);
        }
    }

    /// Waits until everything that has happened so far is kept; at once when nothing is.
    ///
    /// # Errors
    /// One sentence that says why it is not.
    pub(crate) async fn kept(&self) -> Result<(), Arc<str>> {
        let Some(store) = &self.store else { return Ok(()) };
        let number = self.core().last_input();
        store.kept(number).await
    }

    /// Why nothing can be kept at the moment, in one sentence.
    pub(crate) fn cannot_keep(&self) -> Option<Arc<str>> {
        self.store.as_ref()?.failure()
    }

    /// Tells those who listen what happened after a number; puts it into words only for them.
    pub(crate) fn publish(&self, core: &Core, number: u64) {
        if self.live.receiver_count() > 0 {
            for entry in core.since(number) {
                // Nobody is left: then nobody misses it.
                drop(self.live.send(Arc::new(Entry::new(entry))));
            }
        }
    }

    /// Notes something that the exchange does not tell, such as a refusal.
    pub(crate) fn note(&self, core: &mut Core, entry: control::TranscriptEntry) {
        let before = core.history.last();
        core.history.entry(&core.exchange, entry);
        self.publish(core, before);
    }

    /// The platform's time now.
    pub(crate) fn now(&self) -> Timestamp {
        self.core().clock.now(Instant::now())
    }

    /// Tells the driver that something changed.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Gives the state back, and calls the driver when that has something to do sooner.
    fn call_driver(&self, mut core: MutexGuard<'_, Core>) {
        let calls = core.calls_driver();
        drop(core);
        if calls {
            self.wake.notify_one();
        }
    }

    fn send(self: &Arc<Self>, core: &mut Core, attempt: Attempt) {
        let sent = Sent::from(attempt);
        let target = self.sender.known_target(&sent.envelope.url);
        core.webhooks.begin(sent.clone(), Arc::clone(&target.shown), self.wall.now());
        let (epoch, number) = (core.epoch, core.last_input());
        let cancelled = self.flights().clone();
        let platform = Arc::clone(self);
        self.tasks.spawn(async move {
            tokio::select! {
                () = cancelled.cancelled() => {}
                () = platform.deliver(epoch, number, &sent) => {}
            }
        });
    }

    async fn deliver(self: &Arc<Self>, epoch: u64, number: u64, sent: &Sent) {
        let wanted = Instant::now();
        // Nobody is told of what another start might not know.
        if let Some(store) = &self.store
            && !store.kept_at_last(number).await
        {
            return;
        }
        let envelope = &sent.envelope;
        let sending = self.sender.send(envelope, &sent.json).await;
        self.deliveries.tell(sent, &sending.outcome, wanted.elapsed());
        tracing::debug!(
            webhook = envelope.id.0,
            attempt = envelope.attempt,
            kind = envelope.kind,
            millis = sending.millis,
            outcome = describe(&sending.outcome),
            "webhook"
        );
        let mut core = self.core();
        // After a reset the numbers of the webhooks begin anew.
        if core.epoch != epoch {
            return;
        }
        let now = Instant::now();
        let (id, attempt) = (envelope.id, envelope.attempt);
        core.webhooks.end(id.0, attempt, &sending);
        core.activity.webhook_ends((id, attempt), now);
        let input = Input::Webhook { id, attempt, outcome: sending.outcome };
        let outcome = core.feed(now, input);
        self.follow(&mut core, outcome);
        self.call_driver(core);
    }

    /// Lets time pass until the emulator stops.
    pub(crate) async fn drive(self: Arc<Self>) {
        loop {
            let next = {
                let mut core = self.core();
                let (outcome, next) = core.tick(Instant::now());
                self.follow(&mut core, outcome);
                core.planned = next;
                next
            };
            match next {
                Next::At(at) if at <= Instant::now() => tokio::task::yield_now().await,
                Next::At(at) => tokio::select! {
                    () = tokio::time::sleep_until(at) => {}
                    () = self.wake.notified() => {}
                    () = self.stop.cancelled() => return,
                },
                Next::Wait => tokio::select! {
                    () = self.wake.notified() => {}
                    () = self.stop.cancelled() => return,
                },
            }
            if self.stop.is_cancelled() {
                return;
            }
        }
    }

    /// Moves the clock on; what falls due meanwhile happens in order, with its webhooks.
    pub(crate) async fn advance(self: &Arc<Self>, by: Duration) {
        let target = self.now().plus(by);
        loop {
            let (next, now) = {
                let mut core = self.core();
                let now = Instant::now();
                let (outcome, next) = core.step(now, target);
                self.follow(&mut core, outcome);
                (next, now)
            };
            let Some(next) = next else { break };
            match next {
                Next::At(at) if at <= now => tokio::task::yield_now().await,
                // A reply may come at any moment; asking every millisecond needs no wake-up call.
                Next::At(_) | Next::Wait => tokio::time::sleep(Duration::from_millis(1)).await,
            }
        }
        self.wake.notify_one();
    }

    /// Back to the state of the start.
    pub(crate) fn reset(self: &Arc<Self>) {
        let pair = self.ready.borrow().application().map(|ready| ready.key_pair());
        let pair = pair.filter(|_| self.start.application);
        let mut core = self.core();
        self.cut_flights();
        core.together(|core| {
            let before = core.history.last();
            core.reset(Instant::now());
            self.publish(core, before);
            start::apply(self, core);
            if let Some(pair) = pair {
                let made = self.start.application(self, core, pair);
                self.ready.send_replace(Readiness::of(made));
            }
            self.plant(core);
        });
        drop(core);
        self.wake.notify_one();
    }

    /// Waits until the application of the start is there, or cannot be.
    pub(crate) async fn wait_until_ready(&self) {
        let mut ready = self.ready.subscribe();
        // The sender lives as long as the platform.
        drop(ready.wait_for(|ready| !matches!(ready, Readiness::Making)).await);
    }

    /// A verifier for the tokens of an application; none when there is no such application, and
    /// an error when its key cannot be used.
    pub(crate) fn verifier(
        &self,
        application: &ApplicationId,
    ) -> Option<Result<Arc<Verifier>, ringback_jwt::Error>> {
        let public_key = self.core().exchange.public_key(application)?.to_owned();
        let mut verifiers = self.verifiers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, verifier)) = verifiers.get(application)
            && *known == public_key
        {
            return Some(Ok(Arc::clone(verifier)));
        }
        let verifier = match Verifier::new(&public_key) {
            Ok(verifier) => Arc::new(verifier),
            Err(error) => return Some(Err(error)),
        };
        if verifiers.len() >= VERIFIERS {
            verifiers.clear();
        }
        verifiers.insert(application.clone(), (public_key, Arc::clone(&verifier)));
        Some(Ok(verifier))
    }

    /// Gives up all that is in flight.
    pub(crate) fn cut_flights(&self) {
        std::mem::take(&mut *self.flights()).cancel();
        self.sockets.forget();
    }

    pub(crate) fn flights(&self) -> MutexGuard<'_, CancellationToken> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn describe(outcome: &ringback_exchange::WebhookOutcome) -> String {
    match outcome {
        ringback_exchange::WebhookOutcome::Reply { status, .. } => status.to_string(),
        ringback_exchange::WebhookOutcome::Failed { explanation, .. } => explanation.clone(),
    }
}
