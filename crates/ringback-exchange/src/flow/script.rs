//! Scripts: fetched, run action by action, replaced, drained.

use std::sync::Arc;

use ringback_model::{
    Json, Timestamp,
    event::EventType,
    ncco::{Action, Notify, Wait},
    webhook::{self as hooks, Event},
};

use super::arrive::later;
use crate::{
    Exchange, Payload,
    conversation::Conversation,
    leg::State,
    note::Told,
    run::{Run, Step},
    timer::{Due, Kind},
    webhook,
};

/// What a script does after an action has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// The action takes time, or has ended the script.
    Waits,
    /// The next action begins at once.
    GoesOn,
}

impl Exchange {
    pub(crate) fn step_of(&self, key: u64) -> Option<Step> {
        Some(self.legs.get(key)?.run.as_ref()?.step)
    }

    pub(crate) fn set_step(&mut self, key: u64, step: Step) {
        if let Some(run) = self.run_mut(key) {
            run.step = step;
        }
    }

    pub(crate) fn run_mut(&mut self, key: u64) -> Option<&mut Run> {
        self.legs.get_mut(key)?.run.as_deref_mut()
    }

    /// Waits at a step for so many milliseconds; none is for ever.
    pub(crate) fn wait_at(&mut self, now: Timestamp, key: u64, step: Step, millis: Option<i64>) {
        let Some(run) = self.run_mut(key) else { return };
        run.step = step;
        let epoch = run.epoch;
        if let Some(millis) = millis {
            self.timers.set(later(now, millis), Kind::Progress, Due::Step { leg: key, epoch });
        }
    }

    /// A script begins on a leg, in place of whatever was left of the one before.
    pub(crate) fn begin(&mut self, now: Timestamp, key: u64, script: Vec<Action>) {
        self.abort_action(now, key);
        if let Some(run) = self.run_mut(key) {
            run.replace(script);
            self.advance(now, key);
        }
    }

    /// Runs the next action, and those after it that take no time.
    pub(crate) fn advance(&mut self, now: Timestamp, key: u64) {
        loop {
            let Some(run) = self.run_mut(key) else { return };
            run.step = Step::Ready;
            run.epoch += 1;
            let Some(action) = run.script.next() else { return self.drained(now, key) };
            let typed = run.heard.as_ref().is_some_and(|heard| heard.is_something());
            let then = match &action {
                // What is barged in on is not played, up to the input.
                Action::Talk(_) | Action::Stream(_) if run.barge_in && typed => Then::GoesOn,
                Action::Talk(talk) => self.talk(now, key, talk),
                Action::Stream(stream) => self.stream(now, key, stream),
                Action::Input(input) => self.input(now, key, input),
                Action::Record(record) => self.record(now, key, record),
                Action::Conversation(conversation) => self.enter_room(now, key, conversation),
                Action::Connect(connect) => self.connect(now, key, connect),
                Action::Notify(notify) => self.notify(now, key, notify),
                Action::Wait(wait) => self.wait(now, key, wait),
                Action::Transfer(transfer) => self.transfer_all(now, key, transfer),
                // The check lets nothing else through.
                _ => return self.give_up(now, key, ringback_ncco::SYNTAX_ERROR),
            };
            if then == Then::Waits {
                return;
            }
        }
    }

    /// A payload goes to the application, which may answer with the next script.
    fn notify(&mut self, now: Timestamp, key: u64, notify: &Notify) -> Then {
        self.note(now, key, Told::Action("notify"));
        let Some(hook) =
            self.action_hook(key, Some(&notify.event_url), notify.event_method.as_ref())
        else {
            return Then::GoesOn;
        };
        let Some(conversation) = self.conversation_of(key) else { return Then::Waits };
        let mut event = hooks::Notify::new(webhook::compact(&notify.payload));
        event.conversation_uuid = Some(conversation.id());
        event.timestamp = Some(now);
        let payload = Arc::new(Payload::Event(Box::new(Event::Notify(event))));
        self.set_step(key, Step::Asking);
        let asker = self.asker_at(key);
        self.tell_to(now, key, "notify", payload, hook, asker);
        Then::Waits
    }

    /// Time passes; that answers the leg if nothing has before (inferred).
    fn wait(&mut self, now: Timestamp, key: u64, wait: &Wait) -> Then {
        const DEFAULT: f64 = 10.0;
        self.caller_answered(now, key);
        self.note(now, key, Told::Action("wait"));
        let seconds = wait.timeout.as_ref().and_then(|timeout| timeout.as_str().parse().ok());
        // Values outside are moved to the nearest bound.
        let seconds: f64 = seconds.unwrap_or(DEFAULT).clamp(0.1, 7_200.0);
        #[expect(clippy::cast_possible_truncation, reason = "7,200 seconds at most")]
        let millis = (seconds * 1_000.0).round() as i64;
        self.wait_at(now, key, Step::Waiting, Some(millis));
        Then::Waits
    }

    /// The step of a script has lasted long enough.
    pub(crate) fn step_is_over(&mut self, now: Timestamp, key: u64) {
        match self.step_of(key) {
            Some(Step::Speaking { text }) => self.spoken(now, key, text),
            Some(Step::Playing { sound, .. }) => self.played(now, key, sound),
            Some(Step::Collecting) => self.input_is_over(now, key),
            Some(Step::Waiting) => {
                self.note(now, key, Told::ActionDone("wait"));
                self.advance(now, key);
            }
            _ => {}
        }
    }

    /// What a script is at is cut short, because another script takes its place.
    pub(crate) fn abort_action(&mut self, now: Timestamp, key: u64) {
        match self.step_of(key) {
            Some(Step::Speaking { text }) => self.stop_speaking(now, key, text),
            Some(Step::Playing { sound, .. }) => self.stop_playing(now, key, sound),
            Some(Step::Recording { take }) => self.stop_take(now, take),
            _ => {}
        }
    }

    /// Nothing is left of a script: a partner keeps the call up, otherwise the platform hangs up.
    fn drained(&mut self, now: Timestamp, key: u64) {
        let Some(leg) = self.legs.get(key) else { return };
        let before_joining = leg.run.as_ref().is_some_and(|run| run.before_joining);
        self.note(now, key, Told::ScriptDone);
        if before_joining {
            return self.callee_joins(now, key);
        }
        let partner = self
            .others(key)
            .iter()
            .any(|other| self.legs.get(*other).is_some_and(|leg| leg.state == State::Answered));
        if partner {
            self.set_step(key, Step::Drained);
        } else {
            self.platform_hangs_up(now, key);
        }
    }

    /// A call cannot go on: its application is told why, and it ends.
    pub(crate) fn give_up(&mut self, now: Timestamp, key: u64, reason: &str) {
        self.tell_error(now, key, reason);
        self.fault(now, key, reason);
        self.platform_hangs_up(now, key);
    }

    /// Tells the application what is wrong, in the platform's words.
    pub(crate) fn tell_error(&mut self, now: Timestamp, key: u64, reason: &str) {
        if let Some(conversation) = self.conversation_of(key) {
            let payload = Arc::new(webhook::error(conversation, reason.to_owned(), now));
            if let Some(hook) = self.call_hook(key) {
                self.tell_to(now, key, "error", payload, hook, None);
            }
        }
    }

    /// Keeps why a call could not go on as wished.
    pub(crate) fn fault(&mut self, now: Timestamp, key: u64, exact: &str) {
        let Some(call) = self.legs.get(key).map(|leg| leg.call) else { return };
        if let Some(call) = self.calls.get_mut(call) {
            call.error = Some(exact.into());
        }
        self.note(now, key, Told::Error(exact.into()));
    }

    pub(crate) fn conversation_of(&self, key: u64) -> Option<&Conversation> {
        self.conversations.get(self.legs.get(key)?.conversation)
    }

    /// Appends an entry with a body of its own to the log of a leg's conversation.
    pub(crate) fn log_body(
        &mut self,
        key: u64,
        kind: EventType,
        body: serde_json::Result<Json>,
        at: Timestamp,
    ) {
        let Ok(body) = body else { return };
        let Some(leg) = self.legs.get(key) else { return };
        let Some(conversation) = self.conversations.get_mut(leg.conversation) else { return };
        let what = conversation.keep(kind, body);
        self.log(key, what, at);
    }
}
