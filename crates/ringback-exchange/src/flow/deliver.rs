//! Webhooks go out: which event when, where to, how often.

use std::sync::Arc;

use ringback_model::{HttpMethod, Timestamp};

use super::arrive::later;
use crate::{
    Attempt, Effect, Exchange, Payload, WebhookId,
    directory::Hook,
    leg::{By, State},
    note::Told,
    timer::{Due, Kind},
    webhook::{self, About, Asker, Errand, Outgoing, PASS_AFTER, Pending},
};

impl Exchange {
    /// A leg is in a state: its application is told.
    pub(crate) fn become_state(&mut self, at: Timestamp, key: u64, state: State) {
        self.change(at, key, state, By::Platform, None);
    }

    /// The same, with who ended it; says whether there is anywhere to tell it.
    pub(crate) fn change(
        &mut self,
        at: Timestamp,
        key: u64,
        state: State,
        by: By,
        asks: Option<Asker>,
    ) -> bool {
        let Some(leg) = self.legs.get_mut(key) else { return false };
        leg.state = state;
        if state == State::Answered {
            leg.answered = Some(at);
        }
        self.note(at, key, Told::State(state));
        self.tell_state(at, at, key, state, by, asks)
    }

    /// Tells of a state without changing it.
    pub(crate) fn tell_state(
        &mut self,
        now: Timestamp,
        at: Timestamp,
        key: u64,
        state: State,
        by: By,
        asks: Option<Asker>,
    ) -> bool {
        let Some(leg) = self.legs.get(key) else { return false };
        let Some(conversation) = self.conversations.get(leg.conversation) else { return false };
        let Some(hook) = self.event_hook(key) else { return false };
        let payload = webhook::status(leg, conversation, state, at, by, &self.empty, &self.tariffs);
        let payload = Arc::new(payload);
        self.tell_to(now, key, state.word(), payload, hook, asks)
    }

    /// Where the events of a leg go.
    pub(crate) fn event_hook(&self, key: u64) -> Option<Arc<Hook>> {
        let leg = self.legs.get(key)?;
        if let Some(hook) = leg.dial.as_ref().and_then(|dial| dial.hook.clone()) {
            return Some(hook);
        }
        self.calls.get(leg.call)?.routes.event.clone()
    }

    /// Where transfers and errors of a leg are told: at its call's own address.
    pub(crate) fn call_hook(&self, key: u64) -> Option<Arc<Hook>> {
        self.calls.get(self.legs.get(key)?.call)?.routes.event.clone()
    }

    /// Where the result of an action goes: its own address, or that of the leg's events.
    pub(crate) fn action_hook(
        &self,
        key: u64,
        urls: Option<&Vec<String>>,
        method: Option<&HttpMethod>,
    ) -> Option<Arc<Hook>> {
        let own = self.event_hook(key);
        match urls.and_then(|urls| urls.first()).filter(|url| !url.is_empty()) {
            Some(url) => Some(Hook::of_action(url, method, own.as_deref())),
            None => own,
        }
    }

    /// Queues an event of a leg behind those before it; says whether there is anywhere to send it.
    pub(crate) fn tell(
        &mut self,
        now: Timestamp,
        key: u64,
        kind: &'static str,
        payload: Arc<Payload>,
        asks: Option<Asker>,
    ) -> bool {
        match self.event_hook(key) {
            Some(hook) => self.tell_to(now, key, kind, payload, hook, asks),
            None => false,
        }
    }

    /// The same, to an address of its own.
    pub(crate) fn tell_to(
        &mut self,
        now: Timestamp,
        key: u64,
        kind: &'static str,
        payload: Arc<Payload>,
        hook: Arc<Hook>,
        asks: Option<Asker>,
    ) -> bool {
        let Some(leg) = self.legs.get(key) else { return false };
        let call_key = leg.call;
        let Some(call) = self.calls.get_mut(call_key) else { return false };
        call.outbox.push_back(Outgoing { leg: key, kind, payload, hook, asks });
        self.send_events(now, call_key, false);
        true
    }

    /// Sends the events of a call in the order they came to be.
    ///
    /// Those of one leg go out one after another, always. Those of another leg wait for them too,
    /// for a short while; when `passing`, that while is over.
    fn send_events(&mut self, now: Timestamp, call_key: u64, passing: bool) {
        loop {
            let Some(call) = self.calls.get_mut(call_key) else { return };
            if call.flying > 0 && !passing {
                break;
            }
            let legs = &self.legs;
            let is_free = |event: &Outgoing| legs.get(event.leg).is_some_and(|leg| !leg.sending);
            let Some(place) = call.outbox.iter().position(is_free) else { break };
            let Some(event) = call.outbox.remove(place) else { break };
            call.flying += 1;
            if let Some(leg) = self.legs.get_mut(event.leg) {
                leg.sending = true;
            }
            let errand = event.asks.map_or(Errand::Event, Errand::Question);
            self.set_out(now, About::Leg(event.leg), errand, event.kind, event.payload, event.hook);
        }
        let Some(call) = self.calls.get_mut(call_key) else { return };
        if call.outbox.is_empty() {
            call.pass_at = None;
        } else if call.pass_at.is_none() {
            let at = later(now, PASS_AFTER);
            call.pass_at = Some(at);
            self.timers.set(at, Kind::Progress, Due::Pass { call: call_key, at });
        }
    }

    /// Events have waited long enough for those of other legs.
    pub(crate) fn pass(&mut self, now: Timestamp, call_key: u64) {
        if let Some(call) = self.calls.get_mut(call_key) {
            call.pass_at = None;
            self.send_events(now, call_key, true);
        }
    }

    /// An event has been told, or given up: the next one may go.
    pub(crate) fn told(&mut self, now: Timestamp, webhook: u64) {
        let Some(pending) = self.webhooks.remove(webhook) else { return };
        let key = match pending.about {
            About::Leg(leg) => leg,
            About::Conversation(conversation) => return self.posted(now, conversation),
        };
        let Some(leg) = self.legs.get_mut(key) else { return };
        leg.sending = false;
        let call_key = leg.call;
        if let Some(call) = self.calls.get_mut(call_key) {
            call.flying = call.flying.saturating_sub(1);
            self.send_events(now, call_key, false);
            self.if_all_is_told(call_key);
        }
    }

    /// Begins a webhook.
    pub(crate) fn set_out(
        &mut self,
        now: Timestamp,
        about: About,
        errand: Errand,
        kind: &'static str,
        payload: Arc<Payload>,
        hook: Arc<Hook>,
    ) {
        let pending =
            Pending { about, errand, kind, payload, hook, attempt: 0, tries: 0, fallback: false };
        let webhook = self.webhooks.insert(pending);
        if errand == Errand::Script
            && let Some(leg) = about.leg().and_then(|leg| self.legs.get_mut(leg))
        {
            leg.asking = Some(webhook);
        }
        self.attempt(now, webhook);
    }

    /// Makes the next attempt at a webhook.
    pub(crate) fn attempt(&mut self, now: Timestamp, webhook: u64) {
        let Some(pending) = self.webhooks.get_mut(webhook) else { return };
        pending.attempt += 1;
        pending.tries += 1;
        let leg = pending.about.leg();
        let sender = match pending.about {
            About::Leg(leg) => self.legs.get(leg).and_then(|leg| {
                let call = self.calls.get(leg.call)?;
                let first = self.legs.get(*call.legs.first()?)?;
                Some((Some(first.id()), Some(leg.id()), &call.routes))
            }),
            About::Conversation(conversation) => {
                self.posts.get(&conversation).map(|post| (None, None, &post.routes))
            }
        };
        let Some((call, leg_id, routes)) = sender else {
            // Whom it was about has been forgotten.
            self.webhooks.remove(webhook);
            return;
        };
        let id = WebhookId(webhook + 1);
        let attempt = Attempt {
            id,
            attempt: pending.attempt,
            call,
            leg: leg_id,
            application: routes.application.clone(),
            kind: pending.kind,
            method: pending.hook.method.clone(),
            url: Arc::clone(&pending.hook.url),
            payload: Arc::clone(&pending.payload),
            signed: routes.signed,
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
        if let Some(leg) = leg {
            self.note(now, leg, told);
        }
        self.effects.push(Effect::Webhook(Box::new(attempt)));
    }
}
