//! Webhooks: sent in order, tried again, given to the fallback address, and what their replies do.

use std::sync::Arc;

use bytes::Bytes;
use ringback_model::{Timestamp, ncco::Action};
use ringback_ncco::Report;

use super::arrive::later;
use crate::{
    Attempt, Effect, Exchange, Payload, WebhookId, WebhookOutcome,
    directory::Hook,
    leg::{By, State},
    note::Told,
    run::Step,
    timer::{Due, Kind},
    webhook::{self, Errand, Outgoing, Pending, RETRY_AFTER, TRIES},
};

/// What the platform says of a reply that is no script at all.
const NO_SCRIPT: &str = "no NCCOs available";

/// What a reply amounts to.
enum Verdict {
    /// It came; here is the body.
    Good(Bytes),
    /// Not at once; perhaps at the next try.
    TryAgain(String),
    /// It will not be better at the next try.
    Bad(String),
    /// It came, but cannot be a script.
    NoScript(String),
}

impl Exchange {
    /// A leg is in a state: its application is told.
    pub(crate) fn become_state(&mut self, at: Timestamp, key: u64, state: State) {
        self.change(at, key, state, By::Platform, false);
    }

    /// The same, with who ended it; says whether there is anywhere to tell it.
    pub(crate) fn change(
        &mut self,
        at: Timestamp,
        key: u64,
        state: State,
        by: By,
        asks: bool,
    ) -> bool {
        let Some(leg) = self.legs.get_mut(key) else { return false };
        leg.state = state;
        if state == State::Answered {
            leg.answered = Some(at);
        }
        self.note(at, key, Told::State(state));
        let Some(leg) = self.legs.get(key) else { return false };
        let Some(conversation) = self.conversations.get(leg.conversation) else { return false };
        if self.event_hook(key).is_none() {
            return false;
        }
        let payload = Arc::new(webhook::status(leg, conversation, state, at, by, &self.empty));
        self.tell(at, key, state.word(), payload, asks)
    }

    /// Where the events of a leg go.
    fn event_hook(&self, key: u64) -> Option<Arc<Hook>> {
        let leg = self.legs.get(key)?;
        if let Some(hook) = leg.dial.as_ref().and_then(|dial| dial.hook.clone()) {
            return Some(hook);
        }
        self.calls.get(leg.call)?.routes.event.clone()
    }

    /// Queues an event of a leg behind those before it; says whether there is anywhere to send it.
    pub(crate) fn tell(
        &mut self,
        now: Timestamp,
        key: u64,
        kind: &'static str,
        payload: Arc<Payload>,
        asks: bool,
    ) -> bool {
        let Some(hook) = self.event_hook(key) else { return false };
        let Some(leg) = self.legs.get_mut(key) else { return false };
        leg.outbox.push_back(Outgoing { kind, payload, hook, asks });
        self.next_event(now, key);
        true
    }

    /// Sends the next event of a leg, unless one is on its way.
    fn next_event(&mut self, now: Timestamp, key: u64) {
        let Some(leg) = self.legs.get_mut(key).filter(|leg| !leg.sending) else { return };
        let Some(outgoing) = leg.outbox.pop_front() else { return };
        leg.sending = true;
        let errand = if outgoing.asks { Errand::Question } else { Errand::Event };
        self.set_out(now, key, errand, outgoing.kind, outgoing.payload, outgoing.hook);
    }

    /// Begins a webhook.
    pub(crate) fn set_out(
        &mut self,
        now: Timestamp,
        key: u64,
        errand: Errand,
        kind: &'static str,
        payload: Arc<Payload>,
        hook: Arc<Hook>,
    ) {
        let pending = Pending {
            leg: key,
            errand,
            kind,
            payload,
            hook,
            attempt: 0,
            tries: 0,
            fallback: false,
        };
        let webhook = self.webhooks.insert(pending);
        self.attempt(now, webhook);
    }

    /// Makes the next attempt at a webhook.
    pub(crate) fn attempt(&mut self, now: Timestamp, webhook: u64) {
        let Some(pending) = self.webhooks.get_mut(webhook) else { return };
        pending.attempt += 1;
        pending.tries += 1;
        let Some(leg) = self.legs.get(pending.leg) else { return };
        let Some(call) = self.calls.get(leg.call) else { return };
        let Some(first) = call.legs.first().and_then(|first| self.legs.get(*first)) else { return };
        let id = WebhookId(webhook + 1);
        let attempt = Attempt {
            id,
            attempt: pending.attempt,
            call: first.id(),
            leg: leg.id(),
            application: call.routes.application.clone(),
            kind: pending.kind,
            method: pending.hook.method.clone(),
            url: Arc::clone(&pending.hook.url),
            payload: Arc::clone(&pending.payload),
            signed: call.routes.signed,
            reply_matters: pending.errand != Errand::Event,
            connect_timeout: pending.hook.connect_timeout,
            socket_timeout: pending.hook.socket_timeout,
        };
        let told = Told::Sent {
            id,
            kind: pending.kind,
            hook: Arc::clone(&pending.hook),
            attempt: pending.attempt,
        };
        let key = pending.leg;
        self.note(now, key, told);
        self.effects.push(Effect::Webhook(Box::new(attempt)));
    }

    /// An attempt has ended.
    pub(crate) fn webhook_ended(
        &mut self,
        now: Timestamp,
        id: WebhookId,
        attempt: u32,
        outcome: WebhookOutcome,
    ) {
        let Some(key) = id.0.checked_sub(1) else { return };
        let Some(pending) = self.webhooks.get(key).filter(|pending| pending.attempt == attempt)
        else {
            return;
        };
        let (leg, kind) = (pending.leg, pending.kind);
        let verdict = match outcome {
            WebhookOutcome::Reply { status, content_type, body } => {
                self.note(now, leg, Told::Reply { id, kind, status });
                judge(
                    status,
                    content_type.as_deref(),
                    body,
                    pending_is_script(self.webhooks.get(key)),
                )
            }
            WebhookOutcome::Failed { failure, explanation } => {
                self.note(now, leg, Told::NoReply { id, kind, why: explanation.as_str().into() });
                if webhook::is_retriable(failure) {
                    Verdict::TryAgain(explanation)
                } else {
                    Verdict::Bad(explanation)
                }
            }
        };
        let Some(pending) = self.webhooks.get(key) else { return };
        match (verdict, pending.errand) {
            (Verdict::TryAgain(_), _) if pending.tries < TRIES => {
                self.timers.set(
                    later(now, RETRY_AFTER),
                    Kind::Progress,
                    Due::Retry { webhook: key },
                );
            }
            (Verdict::Good(_), Errand::Event) | (_, Errand::Event) => self.told(now, key),
            (Verdict::NoScript(why), Errand::Script) => {
                self.no_script(now, key, leg, NO_SCRIPT, &why);
            }
            (Verdict::Good(body), Errand::Script) => self.first_script(now, key, leg, &body),
            (Verdict::TryAgain(why) | Verdict::Bad(why), Errand::Script) => {
                if !self.ask_fallback(now, key, &why) {
                    self.webhooks.remove(key);
                    self.fault(now, leg, &why);
                    self.platform_hangs_up(now, leg);
                }
            }
            (Verdict::Good(body), Errand::Question) => {
                let script = script_of(&body).ok();
                self.answered_question(now, key, leg, script);
            }
            (
                Verdict::TryAgain(why) | Verdict::Bad(why) | Verdict::NoScript(why),
                Errand::Question,
            ) => {
                if !self.ask_fallback(now, key, &why) {
                    self.answered_question(now, key, leg, None);
                }
            }
        }
    }

    /// An event has been told, or given up: the next one of its leg may go.
    fn told(&mut self, now: Timestamp, key: u64) {
        let Some(pending) = self.webhooks.remove(key) else { return };
        if let Some(leg) = self.legs.get_mut(pending.leg) {
            leg.sending = false;
        }
        self.next_event(now, pending.leg);
    }

    /// The first script of a leg has arrived.
    fn first_script(&mut self, now: Timestamp, key: u64, leg: u64, body: &Bytes) {
        match script_of(body) {
            Ok(script) => {
                self.webhooks.remove(key);
                self.begin(now, leg, script);
            }
            Err(report) => {
                let platform = report.platform().unwrap_or(NO_SCRIPT);
                let exact =
                    report.reason().map_or_else(|| NO_SCRIPT.to_owned(), ToString::to_string);
                self.no_script(now, key, leg, platform, &exact);
            }
        }
    }

    /// What arrived is no script: the application is told, and the fallback address asked.
    fn no_script(&mut self, now: Timestamp, key: u64, leg: u64, platform: &str, exact: &str) {
        self.complain(now, leg, platform, exact);
        if !self.ask_fallback(now, key, platform) {
            self.webhooks.remove(key);
            self.platform_hangs_up(now, leg);
        }
    }

    /// The failure of a callee has been told, and the reply says how to go on: a script, or nothing.
    fn answered_question(
        &mut self,
        now: Timestamp,
        key: u64,
        failed: u64,
        script: Option<Vec<Action>>,
    ) {
        self.told(now, key);
        let Some(by) = self.legs.get(failed).and_then(|leg| leg.dial.as_ref()).map(|dial| dial.by)
        else {
            return;
        };
        if self.step_of(by) != Some(Step::Asking { leg: failed }) {
            return;
        }
        match script {
            Some(script) => self.begin(now, by, script),
            None => self.advance(now, by),
        }
    }

    /// Turns a webhook to the fallback address; false when there is none, or it is there already.
    fn ask_fallback(&mut self, now: Timestamp, key: u64, why: &str) -> bool {
        let Some(pending) = self.webhooks.get(key) else { return false };
        let Some(leg) = self.legs.get(pending.leg) else { return false };
        let Some(fallback) = self.calls.get(leg.call).and_then(|call| call.routes.fallback.clone())
        else {
            return false;
        };
        let Some(pending) = self.webhooks.get_mut(key).filter(|pending| !pending.fallback) else {
            return false;
        };
        pending.payload = Arc::new(webhook::for_fallback(&pending.payload, &pending.hook, why));
        pending.hook = fallback;
        pending.kind = "fallback";
        pending.fallback = true;
        pending.tries = 0;
        self.attempt(now, key);
        true
    }
}

fn pending_is_script(pending: Option<&Pending>) -> bool {
    pending.is_some_and(|pending| pending.errand == Errand::Script)
}

/// The script in a body.
///
/// One that is valid runs up to the first action that is not emulated yet, and is told so there.
fn script_of(body: &[u8]) -> Result<Vec<Action>, Report> {
    ringback_ncco::parse(body).or_else(|report| match ringback_model::read::from_slice(body) {
        Ok(script) if report.is_valid() => Ok(script),
        _ => Err(report),
    })
}

/// What a reply amounts to; a script has to come as JSON or plain text.
fn judge(status: u16, content_type: Option<&str>, body: Bytes, is_script: bool) -> Verdict {
    if !(200..300).contains(&status) {
        let why =
            format!("the application answered HTTP {status}; a 2xx with a call script is expected");
        return if webhook::is_retriable_status(status) {
            Verdict::TryAgain(why)
        } else {
            Verdict::Bad(why)
        };
    }
    let kind = content_type
        .unwrap_or("application/json")
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    if is_script && kind != "application/json" && kind != "text/plain" && !kind.ends_with("+json") {
        let why = format!(
            "the answer came as {kind}; a call script has to come as application/json (or text/plain)"
        );
        return Verdict::NoScript(why);
    }
    Verdict::Good(body)
}
