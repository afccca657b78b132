//! Legs end, and what their end means for the others.

use std::sync::Arc;

use ringback_model::Timestamp;

use crate::{
    Exchange,
    call::Call,
    conversation::{MemberState, What},
    leg::{By, State, Way},
    note::Told,
    run::Step,
    webhook,
};

impl Exchange {
    /// A party puts the phone down.
    pub(crate) fn party_hangs_up(&mut self, now: Timestamp, key: u64) {
        self.leg_leaves(now, key, By::User);
    }

    /// A leg leaves its call; whoever is left alone by that leaves too, as the documented matrix says.
    pub(crate) fn leg_leaves(&mut self, now: Timestamp, key: u64, by: By) {
        let Some(leg) = self.legs.get(key) else { return };
        let (way, call) = (leg.way, leg.call);
        let others: Vec<u64> = self
            .calls
            .get(call)
            .map(|call| &call.legs[..])
            .unwrap_or_default()
            .iter()
            .copied()
            .filter(|&other| {
                other != key && self.legs.get(other).is_some_and(|leg| !leg.state.is_over())
            })
            .collect();
        // With `connect`, one leg alone is no call any more, unless its script has more to do.
        let all_go = match (way, &others[..]) {
            (Way::Inbound, _) => true,
            (Way::Outbound, [last]) => self.step_of(*last) == Some(Step::Drained),
            (Way::Outbound, _) => false,
        };
        let mut leaving = vec![key];
        if all_go {
            leaving.extend(others);
            leaving.sort_unstable();
        }
        for leaver in leaving {
            let by = if leaver == key { by } else { By::Platform };
            let state = match self.legs.get(leaver).map(|leg| (leg.way, leg.state)) {
                Some((Way::Outbound, State::Started | State::Ringing)) => State::Cancelled,
                _ => State::Completed,
            };
            if by == By::Platform && leaver != key {
                self.note_hangup(now, leaver);
            }
            self.announce(now, leaver);
            self.end_leg(now, leaver, state, by, false);
        }
    }

    /// The platform ends the leg of a script, and so its call.
    pub(crate) fn platform_hangs_up(&mut self, now: Timestamp, key: u64) {
        self.note_hangup(now, key);
        self.leg_leaves(now, key, By::Platform);
    }

    /// The platform puts the phone of a leg down, or stops calling it.
    pub(crate) fn note_hangup(&mut self, now: Timestamp, key: u64) {
        let Some(leg) = self.legs.get(key) else { return };
        let called = leg.way == Way::Outbound && leg.state != State::Answered;
        self.note(now, key, if called { Told::StopsCalling } else { Told::HangsUp });
    }

    /// Ends a leg in `state`; says whether its event asks for the next script.
    pub(crate) fn end_leg(
        &mut self,
        now: Timestamp,
        key: u64,
        state: State,
        by: By,
        asks: bool,
    ) -> bool {
        let Some(leg) = self.legs.get_mut(key) else { return false };
        if !leg.state.may_become(state) {
            return false;
        }
        leg.ended = Some(now);
        leg.epoch += 1;
        leg.run = None;
        // Nobody waits for its script any more.
        let asking = leg.asking.take();
        let (call, conversation, place) = (leg.call, leg.conversation, leg.member);
        if let Some(webhook) = asking {
            self.webhooks.remove(webhook);
        }
        let asked = self.change(now, key, state, by, asks) && asks;
        if state != State::Completed
            && state != State::Rejected
            && self.settings.completed_after_failure
        {
            self.tell_completed(now, key, by);
        }
        if let Some(member) =
            self.conversations.get_mut(conversation).and_then(|c| c.member_mut(place))
        {
            member.state = MemberState::Left;
            member.left = Some(now);
        }
        self.log(key, What::SipHangup, now);
        self.log(key, What::MemberLeft, now);
        let over = |leg: &u64| self.legs.get(*leg).is_none_or(|leg| leg.state.is_over());
        if self.calls.get(call).is_some_and(|call| call.legs.iter().all(over)) {
            self.call_is_over(now, call, conversation);
        }
        asked
    }

    /// After a failure `completed` is told too; the state keeps the failure.
    fn tell_completed(&mut self, now: Timestamp, key: u64, by: By) {
        let Some(leg) = self.legs.get(key) else { return };
        let Some(conversation) = self.conversations.get(leg.conversation) else { return };
        let payload = webhook::status(leg, conversation, State::Completed, now, by, &self.empty);
        self.tell(now, key, "completed", Arc::new(payload), false);
    }

    /// Nobody is left: the conversation that the call made is gone with it.
    fn call_is_over(&mut self, now: Timestamp, key: u64, conversation: u64) {
        let Some(call) = self.calls.get_mut(key).filter(|call| call.ended.is_none()) else {
            return;
        };
        call.ended = Some(now);
        self.conversations.remove(conversation);
        self.live_calls -= 1;
        self.finished.push_back(key);
        // A call stays for as long as there is something left to tell of it.
        for _ in self.settings.finished_calls..self.finished.len() {
            let Some(oldest) = self.finished.pop_front() else { break };
            if self.calls.get(oldest).is_some_and(Call::is_telling) {
                self.finished.push_back(oldest);
            } else {
                self.forget(oldest);
            }
        }
    }

    /// Drops a finished call with its legs.
    fn forget(&mut self, key: u64) {
        let Some(call) = self.calls.remove(key) else { return };
        self.conversation_ids.remove(&call.conversation_id);
        for leg in call.legs {
            if let Some(leg) = self.legs.remove(leg) {
                self.leg_ids.remove(&leg.id);
            }
        }
    }
}
