//! Legs change their conversation.

use std::sync::Arc;

use ringback_model::{
    Json, Timestamp,
    event::{EventType, RtcTransferBody},
    ncco::Action,
    webhook::{self as hooks, Event},
};

use super::arrive::later;
use crate::{
    Exchange, Payload,
    conversation::{Conversation, MemberState, What},
    id::{Id, Purpose},
    run::{Run, Step},
    timer::{Due, Kind},
};

/// Milliseconds for which a partner that was left alone may still be transferred too.
const ALONE: i64 = 1_000;

impl Exchange {
    /// Another script begins on a leg, in a conversation of its own.
    pub(crate) fn transfer(&mut self, now: Timestamp, key: u64, script: Vec<Action>) {
        let Some(leg) = self.legs.get(key).filter(|leg| !leg.state.is_over()) else { return };
        let (old, call) = (leg.conversation, leg.call);
        let waits_for_it =
            leg.dialled_by().filter(|by| self.step_of(*by) == Some(Step::Dialling { leg: key }));
        self.abort_action(now, key);
        let Some(routes) = self.conversations.get(old).map(|old| Arc::clone(&old.application))
        else {
            return;
        };
        let next = self.conversations.next();
        let derive = |purpose| Id::derive(self.settings.seed, purpose, next, 1);
        let (id, name) = (derive(Purpose::Conversation), derive(Purpose::ConversationName));
        self.conversations.insert(Conversation::transient(id, name, routes, now));
        self.conversation_ids.insert(id, next);
        if let Some(call) = self.calls.get_mut(call) {
            call.conversations.push(id);
        }
        let left: Vec<u64> = self.others(key);
        self.move_leg(now, key, next);
        if let Some(leg) = self.legs.get_mut(key) {
            // Timers and questions of the old script must find nothing in the new one.
            let epoch = leg.run.as_ref().map_or(0, |run| run.epoch);
            leg.run = Some(Box::new(Run { epoch, ..Run::at(Step::Ready) }));
            if let Some(asking) = leg.asking.take() {
                self.webhooks.remove(asking);
            }
        }
        self.begin(now, key, script);
        if let Some(by) = waits_for_it {
            self.advance(now, by);
        }
        self.drop_left_alone(now, old, &left);
    }

    /// A partner that a `connect` had brought in is no call alone (inferred), unless it is
    /// transferred too, within a second: that is how two legs are joined elsewhere.
    pub(super) fn drop_left_alone(&mut self, now: Timestamp, old: u64, left: &[u64]) {
        let transient = self.conversations.get(old).is_some_and(|old| old.kept.is_none());
        if let [last] = left
            && transient
            && self.is_left_alone(left)
        {
            let due = Due::LeftAlone { leg: *last, conversation: old };
            self.timers.set(later(now, ALONE), Kind::Progress, due);
        }
    }

    /// Whether a leg is alone in the conversation in which it was left.
    pub(crate) fn is_alone_in(&self, key: u64, conversation: u64) -> bool {
        self.legs
            .get(key)
            .is_some_and(|leg| !leg.state.is_over() && leg.conversation == conversation)
            && self.others(key).is_empty()
            && self.is_left_alone(&[key])
    }

    /// A leg leaves its conversation for another one.
    pub(crate) fn move_leg(&mut self, now: Timestamp, key: u64, to: u64) {
        let Some(leg) = self.legs.get(key) else { return };
        let (from, place) = (leg.conversation, leg.member);
        if from == to {
            return;
        }
        let Some(old) = self.conversations.get(from) else { return };
        let Some(member) = old.members.get(place as usize) else { return };
        let (user, name, was, old_id) =
            (member.user, member.user_name.clone(), member.id(), old.id());
        self.member_leaves(now, key);
        // A member that comes again is a new one (inferred).
        let again = self.moves + 1;
        self.moves = again;
        let seed = self.settings.seed;
        let Some(new) = self.conversations.get_mut(to) else { return };
        let new_id = new.id();
        let place = new.add(seed, key, name, again);
        if let Some(member) = new.member_mut(place) {
            member.user = user;
            member.state = MemberState::Joined;
            member.joined = Some(now);
        }
        let Some(leg) = self.legs.get_mut(key) else { return };
        (leg.conversation, leg.member) = (to, place);
        (leg.muted, leg.earmuffed) = (false, false);
        let Some(leg) = self.legs.get(key) else { return };
        let mut event = hooks::Transfer::new();
        event.conversation_uuid_from = Some(old_id.clone());
        event.conversation_uuid_to = Some(new_id);
        event.uuid = Some(leg.id());
        event.kind = Some("transfer".to_owned());
        event.timestamp = Some(now);
        let mut body = RtcTransferBody::new();
        body.was_member = Some(was);
        body.user_id = Some(ringback_model::UserId::new(user.dashed("USR-")));
        body.transferred_from = Some(old_id);
        body.channel = Some(crate::rest::view::channel(leg));
        self.log(key, What::MemberJoined, now);
        self.log(key, What::MemberMedia, now);
        self.log_body(key, EventType::RtcTransfer, Json::of(&body), now);
        let payload = Arc::new(Payload::Event(Box::new(Event::Transfer(event))));
        if let Some(hook) = self.call_hook(key) {
            self.tell_to(now, key, "transfer", payload, hook, None);
        }
    }
}
