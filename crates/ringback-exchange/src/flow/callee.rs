//! The called side: it rings, answers, or does not.

use std::sync::Arc;

use ringback_model::Timestamp;

use super::arrive::later;
use crate::{
    Exchange, PhoneEvent,
    conversation::{MemberState, What},
    far::Far,
    leg::{By, State, Way},
    note::Told,
    phone::PhoneCommand,
    run::{Run, Step},
    timer::{Due, Kind},
    webhook::{self, About, Asker, Errand},
};

/// Milliseconds by which the caller's own answer follows the callee's, as real logs show.
const CALLER_FOLLOWS: i64 = 64;

impl Exchange {
    /// A phone does something.
    pub(crate) fn phone_event(&mut self, now: Timestamp, key: u64, event: PhoneEvent) {
        let Some(leg) = self.legs.get(key) else { return };
        let (way, state) = (leg.way, leg.state);
        if state.is_over() || !leg.far.is_phone() {
            return;
        }
        let waits = state != State::Answered;
        let fails = match event {
            PhoneEvent::Declines | PhoneEvent::HangsUp => Some(State::Rejected),
            PhoneEvent::IsBusy => Some(State::Busy),
            PhoneEvent::IsUnreachable => Some(State::Unanswered),
            PhoneEvent::CannotBeRouted => Some(State::Failed),
            PhoneEvent::Rings | PhoneEvent::Answers => None,
        };
        match (way, event, fails) {
            (Way::Outbound, PhoneEvent::Rings, _) if state == State::Started => {
                self.note(now, key, Told::Phone(event));
                // Users of client SDKs are told as started only once they answer, as real logs show.
                if !matches!(leg_far(self, key), Some(Far::App)) {
                    self.announce(now, key);
                    self.become_state(now, key, State::Ringing);
                    self.log(key, What::SipRinging, now);
                }
            }
            (Way::Outbound, PhoneEvent::Answers, _) if waits => {
                self.note(now, key, Told::Phone(event));
                self.callee_answered(now, key);
            }
            (Way::Outbound, _, Some(state)) if waits => {
                let event = if event == PhoneEvent::HangsUp { PhoneEvent::Declines } else { event };
                self.note(now, key, Told::Phone(event));
                // Where there is no way, no party has done anything.
                let by = if state == State::Failed { By::Platform } else { By::User };
                self.callee_failed(now, key, state, by);
            }
            (_, PhoneEvent::HangsUp, _) => {
                self.note(now, key, Told::Phone(event));
                self.party_hangs_up(now, key);
            }
            _ => {}
        }
    }

    /// `started` is told with the ringing, or with the failure when there never was any.
    pub(crate) fn announce(&mut self, now: Timestamp, key: u64) {
        let Some(dial) = self.legs.get_mut(key).and_then(|leg| leg.dial.as_mut()) else { return };
        if !std::mem::replace(&mut dial.announced, true) {
            self.become_state(now, key, State::Started);
        }
    }

    /// Somebody answers whom the platform dialled.
    pub(crate) fn callee_answered(&mut self, now: Timestamp, key: u64) {
        self.announce(now, key);
        let Some(leg) = self.legs.get(key) else { return };
        let Some(dial) = &leg.dial else { return };
        let (by, limit, script) = (dial.by, dial.limit, Arc::clone(&leg.script));
        let (detection, on_answer, keys) =
            (dial.detection, dial.on_answer.clone(), dial.keys.clone());
        // A user's leg is answered at the moment at which it is told as started.
        let is_app = matches!(leg.far, Far::App);
        let answered = if is_app { now } else { later(now, 7) };
        if on_answer.is_none() {
            self.member_joins(now, key);
        }
        self.become_state(answered, key, State::Answered);
        self.log(key, if is_app { What::RtcAnswered } else { What::SipAnswered }, answered);
        if on_answer.is_none() {
            self.log(key, What::MemberJoined, later(now, 3));
            self.log(key, What::MemberMedia, later(now, 4));
        }
        script.plan(now, PhoneCommand::Answered, key, 0, &mut self.timers);
        self.timers.set(
            later(answered, i64::from(limit) * 1_000),
            Kind::Guard,
            Due::Limit { leg: key },
        );
        if let Some(keys) = keys {
            self.send_keys(now, key, &keys);
        }
        let holds = detection.is_some_and(|detection| detection.holds());
        if detection.is_some() {
            self.listen_for_machine(now, key);
        }
        if let Some(hook) = on_answer {
            self.ask_callee_script(now, key, hook);
        } else if !holds {
            match by {
                Some(by) => self.callee_is_there(now, by, key),
                None => self.first_leg_is_there(now, key),
            }
        } else if by.is_none() {
            self.set_step(key, Step::Detecting);
        }
    }

    /// The callee hears a script of its own before it joins.
    fn ask_callee_script(&mut self, now: Timestamp, key: u64, hook: Arc<crate::directory::Hook>) {
        let Some(leg) = self.legs.get_mut(key) else { return };
        let mut run = Run::fetching();
        run.before_joining = true;
        leg.run = Some(Box::new(run));
        let Some(leg) = self.legs.get(key) else { return };
        let Some(conversation) = self.conversations.get(leg.conversation) else { return };
        let payload = Arc::new(webhook::answer(leg, conversation, &self.settings.region_url));
        self.set_out(now, About::Leg(key), Errand::Script, "answer", payload, hook);
    }

    /// The callee has heard its own script: it joins whoever had it dialled.
    pub(crate) fn callee_joins(&mut self, now: Timestamp, key: u64) {
        let Some(leg) = self.legs.get_mut(key) else { return };
        leg.run = None;
        let Some(by) = leg.dialled_by() else { return };
        self.member_joins(now, key);
        self.log(key, What::MemberJoined, later(now, 3));
        self.log(key, What::MemberMedia, later(now, 4));
        self.callee_is_there(now, by, key);
    }

    /// A callee can talk: its caller is answered if it was not, and its script goes on.
    pub(crate) fn callee_is_there(&mut self, now: Timestamp, by: u64, key: u64) {
        if self.legs.get(by).is_some_and(|caller| caller.state == State::Ringing) {
            self.timers.set(
                later(now, CALLER_FOLLOWS),
                Kind::Progress,
                Due::CallerAnswered { leg: by },
            );
        } else {
            self.connected(now, by, key);
        }
    }

    /// The inbound leg is answered: because somebody answered for it, or because its script speaks.
    pub(crate) fn caller_answered(&mut self, now: Timestamp, key: u64) {
        let Some(leg) =
            self.legs.get(key).filter(|leg| leg.state == State::Ringing && leg.way == Way::Inbound)
        else {
            return;
        };
        let script = Arc::clone(&leg.script);
        let is_app = matches!(leg.far, Far::App);
        self.member_joins(now, key);
        let answered = later(now, 6);
        self.note(now, key, Told::Connected);
        self.become_state(answered, key, State::Answered);
        self.log(key, if is_app { What::RtcAnswered } else { What::SipAnswered }, answered);
        self.log(key, What::MemberJoined, later(now, 3));
        self.log(key, What::MemberMedia, later(now, 3));
        script.plan(now, PhoneCommand::Answered, key, 0, &mut self.timers);
    }

    /// Somebody whom the script of `by` dialled has answered: the script goes on while they talk.
    pub(crate) fn connected(&mut self, now: Timestamp, by: u64, answered: u64) {
        if self.step_of(by) == Some(Step::Dialling { leg: answered }) {
            self.note(now, by, Told::ActionDone("connect"));
            self.advance(now, by);
        }
    }

    /// The member of a leg joins, for the first time or once more.
    pub(crate) fn member_joins(&mut self, now: Timestamp, key: u64) {
        let Some(leg) = self.legs.get(key) else { return };
        let (conversation, place) = (leg.conversation, leg.member);
        let conversation = self.conversations.get_mut(conversation);
        if let Some(member) = conversation.and_then(|conversation| conversation.member_mut(place)) {
            member.state = MemberState::Joined;
            member.joined = Some(now);
        }
    }

    /// A callee does not end up talking; the script of whoever dialled goes on.
    pub(crate) fn callee_failed(&mut self, now: Timestamp, key: u64, state: State, by: By) {
        let Some(leg) = self.legs.get(key) else { return };
        let (caller, conversation) = (leg.dialled_by(), leg.conversation);
        let waited = caller.filter(|by| self.step_of(*by) == Some(Step::Dialling { leg: key }));
        let asked = self.dialled_leg_fails(now, key, state, by);
        if let Some(by) = waited {
            self.note(now, by, Told::ActionDone("connect"));
            if asked {
                self.set_step(by, Step::Asking);
            } else {
                self.advance(now, by);
            }
        }
        self.end_if_alone(now, conversation);
    }

    /// Ends a leg that was dialled in vain; says whether its event asks for the next script.
    pub(crate) fn dialled_leg_fails(
        &mut self,
        now: Timestamp,
        key: u64,
        state: State,
        by: By,
    ) -> bool {
        self.announce(now, key);
        let Some(dial) = self.legs.get(key).and_then(|leg| leg.dial.as_ref()) else { return false };
        let asker = dial.by.filter(|_| dial.synchronous).and_then(|by| self.asker_at(by));
        self.end_leg(now, key, state, by, asker)
    }

    /// Whose script a reply may replace while it is at its present step.
    pub(crate) fn asker_at(&self, key: u64) -> Option<Asker> {
        let run = self.legs.get(key)?.run.as_ref()?;
        Some(Asker { leg: key, epoch: Some(run.epoch) })
    }

    /// It has rung long enough.
    pub(crate) fn ring_timeout(&mut self, now: Timestamp, key: u64) {
        if self
            .legs
            .get(key)
            .is_some_and(|leg| matches!(leg.state, State::Started | State::Ringing))
        {
            self.note_hangup(now, key);
            // Not to answer is the party's doing.
            self.callee_failed(now, key, State::Timeout, By::User);
        }
    }

    /// It has been talked long enough.
    pub(crate) fn limit_reached(&mut self, now: Timestamp, key: u64) {
        if self.legs.get(key).is_some_and(|leg| leg.state == State::Answered) {
            self.note_hangup(now, key);
            self.leg_leaves(now, key, By::Platform);
        }
    }
}

fn leg_far(exchange: &Exchange, key: u64) -> Option<&Far> {
    exchange.legs.get(key).map(|leg| &leg.far)
}
