//! The called side: it is dialled, rings, answers, or does not.

use std::sync::Arc;

use ringback_model::{
    PhoneNumber, Timestamp,
    ncco::{Connect, ConnectEventType, PhoneEndpoint},
};

use super::arrive::later;
use crate::{
    Exchange, PhoneEvent,
    conversation::{MemberState, What},
    directory::Hook,
    id::{Id, Purpose},
    leg::{By, Dial, Leg, State, Way},
    note::Told,
    phone::{Outcome, PhoneCommand},
    run::Step,
    timer::{Due, Kind},
};

/// Seconds to ring when the action does not say.
const TIMEOUT: u32 = 60;
/// Seconds to talk when the action does not say.
const LIMIT: u32 = 7_200;
/// Milliseconds by which the caller's own answer follows the callee's, as real logs show.
const CALLER_FOLLOWS: i64 = 64;

impl Exchange {
    /// Dials a phone for the script of the leg `by`; answers the new leg.
    pub(crate) fn dial(
        &mut self,
        now: Timestamp,
        by: u64,
        connect: &Connect,
        endpoint: &PhoneEndpoint,
    ) -> Option<u64> {
        let caller = self.legs.get(by)?;
        let (call_key, conversation_key) = (caller.call, caller.conversation);
        let routes = Arc::clone(&self.calls.get(call_key)?.routes);
        let key = self.legs.next();
        let seed = self.settings.seed;
        let conversation = self.conversations.get_mut(conversation_key)?;
        let member = conversation.add(seed, key, false);
        if let Some(member) = conversation.member_mut(member) {
            member.invited = Some(now);
        }
        // Only a number of the account is shown; everything else is `Unknown`.
        let from: Arc<str> =
            match connect.from.as_deref().filter(|from| self.numbers.owned(from).is_some()) {
                Some(from) => from.into(),
                None => Arc::clone(&self.unknown),
            };
        // A plus sign is read over; what is no number then is rejected, as the network does.
        let to: Arc<str> = endpoint.number.strip_prefix('+').unwrap_or(&endpoint.number).into();
        let malformed = PhoneNumber::new(&to).is_err();
        let script = self.phones.engage(&to, key);
        let event_url = connect.event_url.as_ref().and_then(|urls| urls.first());
        let hook = event_url.map(|url| {
            Hook::of_action(url, connect.event_method.as_ref(), routes.event.as_deref())
        });
        let id = Id::derive(seed, Purpose::Leg, key, 0);
        self.leg_ids.insert(id, key);
        self.legs.insert(Leg {
            id,
            call: call_key,
            conversation: conversation_key,
            member,
            way: Way::Outbound,
            from,
            to,
            state: State::Started,
            made: now,
            answered: None,
            ended: None,
            script,
            epoch: 0,
            dial: Some(Dial {
                by,
                timeout: connect.timeout.unwrap_or(TIMEOUT),
                limit: connect.limit.unwrap_or(LIMIT),
                synchronous: connect.event_type == Some(ConnectEventType::Synchronous),
                malformed,
                hook,
            }),
            run: None,
            asking: None,
            sending: false,
        });
        if let Some(call) = self.calls.get_mut(call_key) {
            call.legs.push(key);
        }
        self.note(now, key, Told::Dialled);
        if !malformed {
            script.plan(now, PhoneCommand::Dial, key, 0, &mut self.timers);
            self.ring_until(now, key);
        }
        Some(key)
    }

    /// A leg whose number cannot be one is rejected at once.
    pub(crate) fn reject_malformed(&mut self, now: Timestamp, key: u64) {
        let dial = self.legs.get(key).and_then(|leg| leg.dial.as_ref());
        if dial.is_some_and(|dial| dial.malformed) {
            self.callee_failed(now, key, State::Rejected);
        }
    }

    /// Sets the ring timer; nobody waits for it while a person decides by hand.
    fn ring_until(&mut self, now: Timestamp, key: u64) {
        let Some(leg) = self.legs.get(key) else { return };
        let Some(dial) = &leg.dial else { return };
        let kind = if leg.script.outcome == Outcome::Manual { Kind::Guard } else { Kind::Progress };
        let at = later(now, i64::from(dial.timeout) * 1_000);
        self.timers.set(at, kind, Due::RingTimeout { leg: key });
    }

    /// A phone does something.
    pub(crate) fn phone_event(&mut self, now: Timestamp, key: u64, event: PhoneEvent) {
        let Some(leg) = self.legs.get(key) else { return };
        let (way, state) = (leg.way, leg.state);
        if state.is_over() {
            return;
        }
        let waits = state != State::Answered;
        match (way, event) {
            (Way::Outbound, PhoneEvent::Rings) if state == State::Started => {
                self.note(now, key, Told::Phone(event));
                self.announce(now, key);
                self.become_state(now, key, State::Ringing);
                self.log(key, What::SipRinging, now);
            }
            (Way::Outbound, PhoneEvent::Answers) if waits => {
                self.note(now, key, Told::Phone(event));
                self.callee_answered(now, key);
            }
            (Way::Outbound, PhoneEvent::Declines | PhoneEvent::HangsUp) if waits => {
                self.note(now, key, Told::Phone(PhoneEvent::Declines));
                self.callee_failed(now, key, State::Rejected);
            }
            (Way::Outbound, PhoneEvent::IsBusy) if waits => {
                self.note(now, key, Told::Phone(event));
                self.callee_failed(now, key, State::Busy);
            }
            (Way::Outbound, PhoneEvent::IsUnreachable) if waits => {
                self.note(now, key, Told::Phone(event));
                self.callee_failed(now, key, State::Unanswered);
            }
            (Way::Outbound, PhoneEvent::CannotBeRouted) if waits => {
                self.note(now, key, Told::Phone(event));
                self.callee_failed(now, key, State::Failed);
            }
            (_, PhoneEvent::HangsUp) => {
                self.note(now, key, Told::Phone(event));
                self.party_hangs_up(now, key);
            }
            _ => {}
        }
    }

    /// `started` is told with the ringing, or with the failure when there never was any.
    pub(crate) fn announce(&mut self, now: Timestamp, key: u64) {
        if self.legs.get(key).is_some_and(|leg| leg.state == State::Started) {
            self.become_state(now, key, State::Started);
        }
    }

    fn callee_answered(&mut self, now: Timestamp, key: u64) {
        self.announce(now, key);
        let Some(leg) = self.legs.get(key) else { return };
        let Some(dial) = &leg.dial else { return };
        let (by, limit, script) = (dial.by, dial.limit, leg.script);
        self.joined(now, key);
        let answered = later(now, 7);
        self.become_state(answered, key, State::Answered);
        self.log(key, What::SipAnswered, answered);
        self.log(key, What::MemberJoined, later(now, 3));
        self.log(key, What::MemberMedia, later(now, 4));
        script.plan(now, PhoneCommand::Answered, key, 0, &mut self.timers);
        self.timers.set(
            later(answered, i64::from(limit) * 1_000),
            Kind::Guard,
            Due::Limit { leg: key },
        );
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
        let Some(leg) = self.legs.get(key).filter(|leg| leg.state == State::Ringing) else {
            return;
        };
        let script = leg.script;
        self.joined(now, key);
        let answered = later(now, 6);
        self.note(now, key, Told::Connected);
        self.become_state(answered, key, State::Answered);
        self.log(key, What::SipAnswered, answered);
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
    fn joined(&mut self, now: Timestamp, key: u64) {
        let Some(leg) = self.legs.get(key) else { return };
        let (conversation, place) = (leg.conversation, leg.member);
        let conversation = self.conversations.get_mut(conversation);
        if let Some(member) = conversation.and_then(|conversation| conversation.member_mut(place)) {
            member.state = MemberState::Joined;
            member.joined = Some(now);
        }
    }

    /// A callee does not end up talking; the script of whoever dialled goes on.
    pub(crate) fn callee_failed(&mut self, now: Timestamp, key: u64, state: State) {
        self.announce(now, key);
        let Some(dial) = self.legs.get(key).and_then(|leg| leg.dial.as_ref()) else { return };
        let (by, asks) = (dial.by, dial.synchronous);
        let asked = self.end_leg(now, key, state, By::User, asks);
        if self.step_of(by) == Some(Step::Dialling { leg: key }) {
            self.note(now, by, Told::ActionDone("connect"));
            if asked {
                self.set_step(by, Step::Asking { leg: key });
            } else {
                self.advance(now, by);
            }
        }
    }

    /// It has rung long enough.
    pub(crate) fn ring_timeout(&mut self, now: Timestamp, key: u64) {
        if self
            .legs
            .get(key)
            .is_some_and(|leg| matches!(leg.state, State::Started | State::Ringing))
        {
            self.note_hangup(now, key);
            self.callee_failed(now, key, State::Timeout);
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
