//! Legs end, and what their end means for the others.

use ringback_model::Timestamp;

use crate::{
    Effect, Exchange, SocketCommand,
    conversation::{MemberState, What},
    far::Far,
    leg::{By, State, Way},
    note::Told,
    run::Step,
    webhook::Asker,
};

impl Exchange {
    /// A party puts the phone down.
    pub(crate) fn party_hangs_up(&mut self, now: Timestamp, key: u64) {
        self.leg_leaves(now, key, By::User);
    }

    /// A leg leaves its call; whoever is left alone by that leaves too, as the documented matrix says.
    pub(crate) fn leg_leaves(&mut self, now: Timestamp, key: u64, by: By) {
        let Some(leg) = self.legs.get(key).filter(|leg| !leg.state.is_over()) else { return };
        let runs_call = leg.runs_call();
        let conversation = leg.conversation;
        let others = self.others(key);
        // Legs that its script was still dialling go with it, wherever it is by now.
        let dialled: Vec<u64> = self.dialled_in_vain(key);
        let all_go = match self.conversations.get(conversation) {
            Some(room) if room.kept.is_some() => {
                let member =
                    room.members.get(self.legs.get(key).map_or(0, |leg| leg.member) as usize);
                member.and_then(|member| member.more.as_ref()).is_some_and(|more| more.ends_room)
            }
            // Whoever runs the script is the call; else one leg alone is none, unless its script
            // has more to do.
            _ => runs_call || self.is_left_alone(&others),
        };
        let mut leaving = vec![key];
        leaving.extend(dialled.iter().filter(|leg| !others.contains(leg)));
        if all_go {
            leaving.extend(others);
        } else {
            leaving.extend(dialled.iter().filter(|leg| others.contains(leg)));
        }
        leaving.sort_unstable();
        leaving.dedup();
        // Scripts that still wait for one of them, and stay.
        let mut waiting: Vec<u64> = leaving.iter().filter_map(|leg| self.waiter(*leg)).collect();
        waiting.retain(|waiter| !leaving.contains(waiter));
        for leaver in leaving {
            let (by, told) = if leaver == key { (by, false) } else { (By::Platform, true) };
            self.leave_one(now, leaver, by, told);
        }
        for waiter in waiting {
            self.note(now, waiter, Told::ActionDone("connect"));
            self.advance(now, waiter);
        }
        self.end_if_alone(now, conversation);
    }

    /// Ends the last leg of a conversation that a call made for itself, when it has nothing to do.
    pub(crate) fn end_if_alone(&mut self, now: Timestamp, conversation: u64) {
        let Some(all) = self.conversations.get(conversation).filter(|all| all.kept.is_none())
        else {
            return;
        };
        let is_up = |leg: &u64| self.legs.get(*leg).is_some_and(|leg| !leg.state.is_over());
        let last = match all.legs().filter(is_up).take(2).collect::<Vec<_>>()[..] {
            [last] => Some(last),
            _ => None,
        };
        if let Some(last) = last.filter(|last| self.step_of(*last) == Some(Step::Drained)) {
            self.platform_hangs_up(now, last);
        }
    }

    /// The leg whose script waits for another leg: it has not answered, or is not known to be a
    /// person, or still hears a script of its own.
    pub(crate) fn waiter(&self, key: u64) -> Option<u64> {
        let by = self.legs.get(key)?.dialled_by()?;
        (self.step_of(by) == Some(Step::Dialling { leg: key })).then_some(by)
    }

    fn leave_one(&mut self, now: Timestamp, leaver: u64, by: By, told: bool) {
        let Some(leg) = self.legs.get(leaver).filter(|leg| !leg.state.is_over()) else { return };
        let waits = matches!(leg.state, State::Started | State::Ringing);
        let state = match leg.way {
            Way::Outbound if waits => State::Cancelled,
            _ => State::Completed,
        };
        if told {
            self.note_hangup(now, leaver);
        }
        self.announce(now, leaver);
        self.end_leg(now, leaver, state, by, None);
    }

    /// The other legs of a leg's conversation that are up.
    pub(crate) fn others(&self, key: u64) -> Vec<u64> {
        let Some(leg) = self.legs.get(key) else { return Vec::new() };
        let Some(conversation) = self.conversations.get(leg.conversation) else {
            return Vec::new();
        };
        conversation
            .legs()
            .filter(|&other| {
                other != key && self.legs.get(other).is_some_and(|leg| !leg.state.is_over())
            })
            .collect()
    }

    /// Legs that a leg's script dials at the moment.
    fn dialled_in_vain(&self, key: u64) -> Vec<u64> {
        match self.step_of(key) {
            Some(Step::Dialling { leg }) => vec![leg],
            _ => Vec::new(),
        }
    }

    /// Whether a single leg is left that has nothing more to do: with `connect`, that is no call.
    pub(crate) fn is_left_alone(&self, others: &[u64]) -> bool {
        match others {
            [last] => match self.legs.get(*last) {
                Some(leg) => leg.run.is_none() || self.step_of(*last) == Some(Step::Drained),
                None => false,
            },
            _ => false,
        }
    }

    /// The platform ends a leg, and with the leg that runs the script its call.
    pub(crate) fn platform_hangs_up(&mut self, now: Timestamp, key: u64) {
        if self.legs.get(key).is_some_and(|leg| !leg.state.is_over()) {
            self.note_hangup(now, key);
            self.leg_leaves(now, key, By::Platform);
        }
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
        asks: Option<Asker>,
    ) -> bool {
        let Some(leg) = self.legs.get_mut(key) else { return false };
        if !leg.state.may_become(state) {
            return false;
        }
        leg.ended = Some(now);
        leg.epoch += 1;
        leg.run = None;
        leg.beside = None;
        // Nobody waits for its script any more.
        let asking = leg.asking.take();
        let (call, is_app) = (leg.call, matches!(leg.far, Far::App));
        self.phones.release(&leg.phone(), key);
        let socket = (!leg.far.is_phone()).then(|| leg.id());
        if let Some(webhook) = asking {
            self.webhooks.remove(webhook);
        }
        let asked = self.change(now, key, state, by, asks) && asks.is_some();
        if state != State::Completed
            && state != State::Rejected
            && self.settings.completed_after_failure
        {
            // After a failure `completed` is told too; the state keeps the failure.
            self.tell_state(now, now, key, State::Completed, by, None);
        }
        if let Some(leg) = socket {
            self.effects.push(Effect::Socket { leg, command: SocketCommand::Close });
        }
        self.log(key, if is_app { What::RtcHangup } else { What::SipHangup }, now);
        self.member_leaves(now, key);
        self.stop_takes_of(now, key);
        let over = |leg: &u64| self.legs.get(*leg).is_none_or(|leg| leg.state.is_over());
        if self.calls.get(call).is_some_and(|call| call.legs.iter().all(over)) {
            self.call_is_over(now, call);
        }
        asked
    }

    /// The member of a leg leaves its conversation; the last one ends it, or leaves it empty.
    pub(crate) fn member_leaves(&mut self, now: Timestamp, key: u64) {
        let Some(leg) = self.legs.get(key) else { return };
        let (conversation_key, place) = (leg.conversation, leg.member);
        let Some(conversation) = self.conversations.get_mut(conversation_key) else { return };
        let Some(member) =
            conversation.member_mut(place).filter(|member| member.state != MemberState::Left)
        else {
            return;
        };
        member.state = MemberState::Left;
        member.left = Some(now);
        conversation.live = conversation.live.saturating_sub(1);
        let empty = conversation.live == 0;
        let kept = conversation.kept.is_some();
        self.log(key, What::MemberLeft, now);
        if empty {
            self.stop_takes_in(now, conversation_key);
            if kept {
                self.room_is_empty(now, conversation_key);
            } else {
                // The one that a call made for itself is gone with its last leg.
                self.conversations.remove(conversation_key);
            }
        }
    }
}
