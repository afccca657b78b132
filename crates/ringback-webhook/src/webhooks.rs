//! Putting a receiver together.

use std::{collections::BTreeSet, fmt, sync::Arc, time::Duration};

use axum::{Router, routing::any};
use ringback_jwt::WebhookVerifier;
use secrecy::SecretString;

#[cfg(feature = "journal")]
use crate::journal::{Backlog, Dispatcher, Journaled, Keeper, Tally};
use crate::{
    Answerer, Error, EventHandler, Gate, Keep, Limits, Metrics, Network, Receiver, Script,
    answer::{self, Answering},
    event::{self, Eventing},
    keep::Memory,
    meters::{Meters, Watch},
    turns::Turns,
};

/// The platform waits 5,000 ms for a script; this leaves 800 ms for the way.
const DEADLINE: Duration = Duration::from_millis(4200);

/// Puts a receiver together: who may send, who answers, who is told.
pub struct Webhooks {
    clock: Box<dyn Fn() -> i64 + Send + Sync>,
    secrets: Vec<SecretString>,
    strict: bool,
    api_key: Option<String>,
    application_id: Option<String>,
    limits: Limits,
    answerer: Option<Answerer>,
    deadline: Duration,
    safe: Option<Script>,
    handler: Option<EventHandler>,
    keeper: Option<Arc<dyn Keep>>,
    #[cfg(feature = "journal")]
    journaled: Option<Journaled>,
    answer_route: String,
    event_route: String,
    metrics: Metrics,
    proxies: Vec<Network>,
}

impl Webhooks {
    /// A receiver without handlers that verifies nothing.
    ///
    /// The clock tells the seconds since 1970, for the age of signatures.
    pub fn new(clock: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self {
            clock: Box::new(clock),
            secrets: Vec::new(),
            strict: false,
            api_key: None,
            application_id: None,
            limits: Limits::default(),
            answerer: None,
            deadline: DEADLINE,
            safe: None,
            handler: None,
            keeper: None,
            #[cfg(feature = "journal")]
            journaled: None,
            answer_route: "/webhooks/answer".to_owned(),
            event_route: "/webhooks/event".to_owned(),
            metrics: Metrics::new(),
            proxies: Vec::new(),
        }
    }

    /// Verifies what is signed with this signature secret; several may be given while they are rotated.
    #[must_use]
    pub fn secret(mut self, secret: SecretString) -> Self {
        self.secrets.push(secret);
        self
    }

    /// Whether unsigned webhooks and GETs whose query is not signed are refused; not at first.
    #[must_use]
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// Accepts only signed webhooks of this account.
    #[must_use]
    pub fn api_key(mut self, api_key: impl Into<String>) -> Self {
        self.api_key = Some(api_key.into());
        self
    }

    /// Accepts only signed webhooks of this application, or of none.
    #[must_use]
    pub fn application_id(mut self, id: impl Into<String>) -> Self {
        self.application_id = Some(id.into());
        self
    }

    /// What a request may cost.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Who answers the answer webhook.
    #[must_use]
    pub fn answer(mut self, answerer: impl Into<Answerer>) -> Self {
        self.answerer = Some(answerer.into());
        self
    }

    /// How long the answer may take before the safe script is sent; 4.2 s at first.
    ///
    /// Keep it below the `socket_timeout` of the application, 5 s unless configured.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// What callers hear when the handler is late, fails or panics.
    ///
    /// Without it the answer is 503: the platform asks once more, then its fallback URL, then hangs up.
    #[must_use]
    pub fn safe(mut self, script: Script) -> Self {
        self.safe = Some(script);
        self
    }

    /// Who is told of events, after they were acknowledged; they wait in memory until then.
    #[must_use]
    pub fn event(mut self, handler: impl Into<EventHandler>) -> Self {
        self.handler = Some(handler.into());
        self
    }

    /// Who keeps events before they are acknowledged; it is used instead of a handler.
    #[must_use]
    pub fn keep(mut self, keeper: impl Keep) -> Self {
        self.keeper = Some(Arc::new(keeper));
        self
    }

    /// Keeps events in a journal before they are acknowledged, and gives them to the handler from there.
    ///
    /// Without a handler they are kept, for another process to dispatch.
    #[cfg(feature = "journal")]
    #[must_use]
    pub fn journal(mut self, journaled: Journaled) -> Self {
        self.journaled = Some(journaled);
        self
    }

    /// The paths of both routes; `/webhooks/answer` and `/webhooks/event` at first.
    #[must_use]
    pub fn routes(mut self, answer: impl Into<String>, event: impl Into<String>) -> Self {
        (self.answer_route, self.event_route) = (answer.into(), event.into());
        self
    }

    /// Where the receiver counts what it does; metrics of its own at first.
    #[must_use]
    pub fn metrics(mut self, metrics: &Metrics) -> Self {
        self.metrics = metrics.clone();
        self
    }

    /// Believes `X-Forwarded-For` and `X-Forwarded-Proto` of proxies at these addresses.
    ///
    /// They are only shown in the log: nothing is decided by them.
    #[must_use]
    pub fn trust_proxy(mut self, network: Network) -> Self {
        self.proxies.push(network);
        self
    }

    /// Starts the tasks that call the event handler, and gives the receiver.
    ///
    /// Must be called within a Tokio runtime when there is an event handler or a journal.
    ///
    /// # Errors
    /// When a secret is empty, strict mode has none, there is no handler, or a route is none.
    pub fn start(self) -> Result<Receiver, Error> {
        self.check()?;
        let limits = self.limits.clone();
        #[cfg(feature = "journal")]
        let (journal, dispatcher) = self.by_journal();
        #[cfg(not(feature = "journal"))]
        let journal = None;
        let keeper = journal.or(self.keeper.clone());
        let memory = match (&keeper, &self.handler) {
            (None, Some(handler)) => Some(Arc::new(Memory::start(limits.events, handler))),
            _ => None,
        };
        let keeper = keeper.or(memory.clone().map(|memory| memory as Arc<dyn Keep>));
        let (answer_route, event_route) = (self.answer_route.clone(), self.event_route.clone());
        let (deadline, safe, answerer) = (self.deadline, self.safe.clone(), self.answerer.clone());
        let (metrics, meters) = (self.metrics.clone(), Meters::new(&self.metrics));
        let proxies: Arc<[Network]> = self.proxies.as_slice().into();
        let watch = |kind| Watch::new(kind, &meters, Arc::clone(&proxies));
        let gate = self.gate()?;
        let mut router = Router::new();
        if let Some(answerer) = answerer {
            let (gate, meters, watch) = (gate.clone(), meters.clone(), watch("answer"));
            let answering = Answering { gate, answerer, deadline, safe, meters, watch };
            let route = any(answer::route).with_state(Arc::new(answering));
            router = router.route(&answer_route, route);
        }
        let mut turns = None;
        if let Some(keeper) = keeper {
            let (own, watch) = (Turns::new(&event_route), watch("event"));
            turns = Some(own.clone());
            let eventing = Eventing { gate, keeper, turns: own, watch };
            let route = any(event::route).with_state(Arc::new(eventing));
            router = router.route(&event_route, route);
        }
        let receiver = Receiver::new(router, memory, turns, limits, metrics);
        #[cfg(feature = "journal")]
        let receiver = receiver.dispatcher(dispatcher);
        Ok(receiver)
    }

    /// What keeps events in the journal and what gives them to the handler, if there is a journal.
    #[cfg(feature = "journal")]
    fn by_journal(&self) -> (Option<Arc<dyn Keep>>, Option<Dispatcher>) {
        let Some(journaled) = &self.journaled else { return (None, None) };
        let tally = Tally::new(&self.metrics);
        let backlog = Backlog::new(journaled.backlog, &tally.waiting);
        let keeper = Keeper::start(journaled, &tally, &backlog);
        let dispatcher = Dispatcher::start(journaled, self.handler.clone(), &tally, &backlog);
        (Some(Arc::new(keeper)), Some(dispatcher))
    }

    fn gate(self) -> Result<Gate, Error> {
        if self.secrets.is_empty() {
            return Ok(Gate::open().limits(self.limits));
        }
        let mut verifier = WebhookVerifier::new(&self.secrets).map_err(Error::Secret)?;
        if let Some(api_key) = self.api_key {
            verifier = verifier.api_key(api_key);
        }
        if let Some(id) = self.application_id {
            verifier = verifier.application_id(id);
        }
        Ok(Gate::new(verifier, self.clock).strict(self.strict).limits(self.limits))
    }

    fn check(&self) -> Result<(), Error> {
        if self.strict && self.secrets.is_empty() {
            return Err(Error::StrictWithoutSecret);
        }
        let mut routes = BTreeSet::new();
        let answer = self.answerer.as_ref().map(|_| &self.answer_route);
        let event = self.handler.is_some() || self.keeper.is_some();
        #[cfg(feature = "journal")]
        let event = event || self.journaled.is_some();
        for route in answer.into_iter().chain(event.then_some(&self.event_route)) {
            // The router would take these as patterns, or panic.
            let plain = route.starts_with('/') && !route.contains(['{', '}', '?', '#', ' ']);
            if !plain || route.contains("/:") || route.contains("/*") {
                return Err(Error::Route(route.clone()));
            }
            if !routes.insert(route) {
                return Err(Error::SameRoute(route.clone()));
            }
        }
        match routes.is_empty() {
            true => Err(Error::NoHandler),
            false => Ok(()),
        }
    }
}

impl fmt::Debug for Webhooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhooks")
            .field("secrets", &self.secrets.len())
            .field("strict", &self.strict)
            .field("limits", &self.limits)
            .field("answerer", &self.answerer)
            .field("deadline", &self.deadline)
            .field("routes", &[&self.answer_route, &self.event_route])
            .finish_non_exhaustive()
    }
}
