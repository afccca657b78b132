//! The exchange with its clock and its records: one thing under one lock.

use std::time::Duration;

use ringback_exchange::{
    Answer, Attempt, Deadlines, Effect, Exchange, Fetch, Input, Refusal, Settings, SnapshotError,
    SocketCommand,
};
use ringback_model::{LegId, Timestamp, control};
use tokio::time::Instant;

use crate::{
    ClockMode, activity::Activity, clock::Clock, history::History, store::Journal,
    webhook::log::WebhookLog,
};

/// All that changes, together.
///
/// It is guarded by a mutex that is never held over an `await`: the exchange computes for
/// microseconds and waits for nothing, a caller gets its reply without a detour over a queue that
/// could fill up, and what happened is numbered in the order in which it happened.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) exchange: Exchange,
    pub(crate) clock: Clock,
    pub(crate) activity: Activity,
    pub(crate) history: History,
    pub(crate) webhooks: WebhookLog,
    /// Counts the resets: what belongs to an earlier one is dropped.
    pub(crate) epoch: u64,
    /// Where inputs are kept, when they are.
    pub(crate) journal: Option<Journal>,
    /// What the driver does next, so that it is called only when it has to do something sooner.
    pub(crate) planned: Next,
    settings: Settings,
}

/// What has to be done outside of the lock.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) reply: Option<Result<Answer, Refusal>>,
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) fetches: Vec<Fetch>,
    pub(crate) sockets: Vec<(LegId, SocketCommand)>,
    /// The number of the last entry of the history before those that it made, if it made any.
    pub(crate) told_after: Option<u64>,
}

/// What the driver does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing until something happens.
    Wait,
    /// Look again at this moment, or when something happens.
    At(Instant),
}

impl Core {
    pub(crate) fn new(settings: Settings, mode: ClockMode, wall: Timestamp, now: Instant) -> Self {
        Self {
            exchange: Exchange::new(settings.clone()),
            clock: Clock::new(mode, wall, now),
            activity: Activity::new(now),
            history: History::new(settings.finished_calls),
            webhooks: WebhookLog::default(),
            epoch: 0,
            journal: None,
            planned: Next::Wait,
            settings,
        }
    }

    /// Takes over the state of an exchange that was at rest.
    pub(crate) fn restore(&mut self, state: &[u8]) -> Result<(), SnapshotError> {
        self.exchange = Exchange::restore(self.settings.clone(), state)?;
        Ok(())
    }

    /// Lets one thing happen now.
    pub(crate) fn feed(&mut self, now: Instant, input: Input) -> Outcome {
        let at = self.clock.now(now);
        self.feed_at(at, now, input)
    }

    fn feed_at(&mut self, at: Timestamp, now: Instant, input: Input) -> Outcome {
        let draft = self.journal.is_some().then(|| Journal::draft(&input));
        let before = self.history.last();
        let output = self.exchange.handle(at, input);
        if let (Some(journal), Some(draft)) = (&mut self.journal, draft) {
            journal.append(draft, at, before, !output.effects.is_empty());
        }
        let mut outcome = Outcome { reply: output.reply, ..Outcome::default() };
        for effect in output.effects {
            match effect {
                Effect::Webhook(attempt) => {
                    let key = (attempt.id, attempt.attempt);
                    self.activity.webhook_begins(key, attempt.reply_matters, now);
                    outcome.attempts.push(*attempt);
                }
                Effect::Fetch(fetch) => {
                    self.activity.errand_begins(now);
                    outcome.fetches.push(*fetch);
                }
                Effect::Socket { leg, command } => {
                    if matches!(command, SocketCommand::Open(_)) {
                        self.activity.errand_begins(now);
                    }
                    outcome.sockets.push((leg, command));
                }
                Effect::Note(note) => {
                    self.history.note(&self.exchange, note);
                    outcome.told_after = Some(before);
                }
                other => tracing::warn!(?other, "the exchange wants something that is not known"),
            }
        }
        self.keep_state(at);
        outcome
    }

    /// Keeps the state itself, now and then, so that what led to it need not be.
    fn keep_state(&mut self, at: Timestamp) {
        if let Some(journal) = self.journal.as_mut().filter(|journal| journal.wants_snapshot()) {
            match self.exchange.snapshot() {
                Some(state) => journal.snapshot(state, at, self.history.last()),
                None => journal.no_snapshot_yet(),
            }
        }
    }

    /// Does several things that are kept together, or not at all.
    pub(crate) fn together<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let holds = self.journal.as_mut().is_some_and(Journal::hold);
        let done = work(self);
        if let Some(journal) = self.journal.as_mut().filter(|_| holds) {
            journal.release();
        }
        done
    }

    /// The number of the last input that has to be kept; 0 when none has.
    pub(crate) fn last_input(&self) -> u64 {
        self.journal.as_ref().map_or(0, Journal::last)
    }

    /// Lets happen what is due, and skips quiet time when the clock may.
    pub(crate) fn tick(&mut self, now: Instant) -> (Outcome, Next) {
        let at = self.clock.now(now);
        let due = self.exchange.deadlines();
        if due.any.is_some_and(|due| due <= at) {
            return (self.feed_at(at, now, Input::Time), Next::At(now));
        }
        if let Some(progress) = due.progress.filter(|_| self.may_skip(now)) {
            let at = self.clock.skip_to(progress);
            self.activity.moved(now);
            return (self.feed_at(at, now, Input::Time), Next::At(now));
        }
        (Outcome::default(), self.next(due))
    }

    /// One step of moving the clock on to `target`; done when the second is none.
    pub(crate) fn step(&mut self, now: Instant, target: Timestamp) -> (Outcome, Option<Next>) {
        let at = self.clock.now(now);
        let due = self.exchange.deadlines().any.filter(|due| *due <= target.max(at));
        let settled = self.activity.settled_from();
        if due.is_none_or(|due| due > at) {
            // What is in flight belongs before what falls due later, and may make something due.
            match settled {
                None => return (Outcome::default(), Some(Next::Wait)),
                Some(settled) if settled > now => {
                    return (Outcome::default(), Some(Next::At(settled)));
                }
                Some(_) => {}
            }
        }
        self.activity.moved(now);
        match due {
            Some(due) => {
                let at = self.clock.skip_to(due);
                (self.feed_at(at, now, Input::Time), Some(Next::At(now)))
            }
            None => {
                self.clock.skip_to(target);
                (Outcome::default(), None)
            }
        }
    }

    /// Back to an exchange that nothing has happened to.
    pub(crate) fn reset(&mut self, now: Instant) {
        self.epoch += 1;
        if let Some(journal) = &mut self.journal {
            journal.clear(self.history.last());
        }
        self.exchange = Exchange::new(self.settings.clone());
        self.webhooks = WebhookLog::default();
        self.activity.forget_flights();
        self.activity.moved(now);
        self.history.clear();
        let at = self.clock.now(now);
        let entry = control::TranscriptEntry::new(0, at, control::TranscriptKind::State, "reset");
        self.history.entry(&self.exchange, entry);
    }

    /// The entries after a number.
    pub(crate) fn since(&self, number: u64) -> Vec<control::TranscriptEntry> {
        self.history.since(&self.exchange, number)
    }

    /// The transcript of a call, when it has one.
    pub(crate) fn transcript(&self, call: &LegId) -> Option<Vec<control::TranscriptEntry>> {
        self.history.transcript(&self.exchange, call)
    }

    /// Whether there is something to do before the driver means to look again; it has to be called
    /// then.
    pub(crate) fn calls_driver(&mut self) -> bool {
        let next = self.next(self.exchange.deadlines());
        let sooner = match (next, self.planned) {
            (Next::Wait, _) => false,
            (Next::At(_), Next::Wait) => true,
            (Next::At(next), Next::At(planned)) => next < planned,
        };
        if sooner {
            self.planned = next;
        }
        sooner
    }

    fn may_skip(&self, now: Instant) -> bool {
        self.clock.mode() == ClockMode::Auto
            && self.clock.leases() == 0
            && self.activity.quiet_from().is_some_and(|quiet| quiet <= now)
    }

    fn next(&self, due: Deadlines) -> Next {
        let mut next = due.any.map(|due| self.clock.when(due));
        if self.clock.mode() == ClockMode::Auto && due.progress.is_some() {
            let quiet = self.activity.quiet_from();
            let skip = match self.clock.held_until() {
                Some(until) => quiet.map(|quiet| quiet.max(until)),
                None => quiet,
            };
            next = [next, skip].into_iter().flatten().min();
        }
        match next {
            // Timers have a resolution of a millisecond; looking a moment late costs nothing.
            Some(at) => Next::At(at + Duration::from_micros(1)),
            None => Next::Wait,
        }
    }
}
