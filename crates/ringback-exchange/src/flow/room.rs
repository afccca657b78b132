//! Named conversations: legs come in, hear each other or wait, and leave.

use std::sync::Arc;

use ringback_model::{
    ApplicationId, ConversationId, Json, Timestamp,
    event::{AudioPlayBody, EventType},
    ncco::{Conversation as Enter, Transfer},
};

use super::{arrive::later, record::Order, script::Then};
use crate::{
    Exchange,
    conversation::{Conversation, Kept, More, NOBODY, Name},
    directory::Routes,
    id::{Id, Purpose},
    leg::State,
    note::Told,
    run::Step,
    timer::{Due, Kind},
};

/// How many legs a named conversation takes.
pub(super) const MOST_LEGS: u32 = 50;

impl Exchange {
    /// A leg goes into a named conversation, and stays there until it leaves.
    pub(super) fn enter_room(&mut self, now: Timestamp, key: u64, enter: &Enter) -> Then {
        self.caller_answered(now, key);
        self.note(now, key, Told::Action("conversation"));
        let Some((old, call)) = self.legs.get(key).map(|leg| (leg.conversation, leg.call)) else {
            return Then::Waits;
        };
        let Some(routes) = self.calls.get(call).map(|call| Arc::clone(&call.routes)) else {
            return Then::Waits;
        };
        let room = self.room_named(now, &routes, &enter.name);
        let is_full = |room: &Conversation| room.live >= MOST_LEGS;
        if old != room && self.conversations.get(room).is_some_and(is_full) {
            let reason = format!(
                "The conversation {} has {MOST_LEGS} legs already; no more can join",
                enter.name
            );
            self.give_up(now, key, &reason);
            return Then::Waits;
        }
        let left = self.others(key);
        self.move_leg(now, key, room);
        self.drop_left_alone(now, old, &left);
        let was_started = self.room_mut(room).is_some_and(|kept| kept.started);
        let starts = enter.start_on_enter.unwrap_or(true);
        let music = enter.music_on_hold_url.as_ref().and_then(|urls| urls.first());
        let more = More {
            ends_room: enter.end_on_exit.unwrap_or(false),
            hold_music: music.filter(|_| !starts && !was_started).map(|url| url.as_str().into()),
            can_speak: enter.can_speak.clone(),
            can_hear: enter.can_hear.clone(),
            ..More::default()
        };
        if let Some(member) = self.member_mut(key) {
            member.more = Some(Box::new(more));
        }
        if enter.mute == Some(true) {
            self.set_muted(now, key, true);
        }
        self.set_step(key, Step::InRoom);
        if starts && !was_started {
            self.room_starts(now, room);
        } else if !was_started {
            self.hold_music(now, key);
        }
        let started = self.room_mut(room).is_some_and(|kept| kept.started);
        if enter.record == Some(true) && started {
            self.record_room(now, room, key, enter);
        } else if enter.record == Some(true) {
            self.rooms_to_record.insert(room, (key, Box::new(enter.clone())));
        }
        Then::Waits
    }

    /// The conversation of an application with a name; the same name is the same conversation.
    pub(crate) fn room_named(&mut self, now: Timestamp, routes: &Arc<Routes>, name: &str) -> u64 {
        let wanted = (routes.application.clone(), name.to_owned());
        if let Some(room) = self.names.get(&wanted) {
            return *room;
        }
        let key = self.conversations.next();
        let id = Id::derive(self.settings.seed, Purpose::Conversation, key, 1);
        let mut conversation = Conversation::transient(id, id, Arc::clone(routes), now);
        conversation.name = Name::Given(name.into());
        conversation.kept = Some(Box::new(Kept::default()));
        self.conversation_ids.insert(id, key);
        self.names.insert(wanted, key);
        self.conversations.insert(conversation)
    }

    pub(crate) fn room_mut(&mut self, room: u64) -> Option<&mut Kept> {
        self.conversations.get_mut(room)?.kept.as_deref_mut()
    }

    fn member_mut(&mut self, key: u64) -> Option<&mut crate::conversation::Member> {
        let (conversation, place) = self.legs.get(key).map(|leg| (leg.conversation, leg.member))?;
        self.conversations.get_mut(conversation)?.member_mut(place)
    }

    /// Somebody has come who starts it: waiting is over, and a recording that waited begins.
    fn room_starts(&mut self, now: Timestamp, room: u64) {
        let Some(kept) = self.room_mut(room) else { return };
        kept.started = true;
        let waiting: Vec<u64> =
            self.conversations.get(room).map(|room| room.legs().collect()).unwrap_or_default();
        for leg in waiting {
            let music = self.member_mut(leg).and_then(|member| member.more.as_mut());
            if music.is_some_and(|more| more.hold_music.take().is_some()) {
                self.play_ends(now, leg, EventType::AudioPlayStop, leg);
            }
        }
        if let Some((leg, enter)) = self.rooms_to_record.remove(&room) {
            self.record_room(now, room, leg, &enter);
        }
    }

    /// Music until it starts.
    fn hold_music(&mut self, now: Timestamp, key: u64) {
        let member = self.member_mut(key).and_then(|member| member.more.as_ref());
        let Some(url) = member.and_then(|more| more.hold_music.clone()) else { return };
        let mut body = AudioPlayBody::new();
        body.stream_url = Some(vec![url.to_string()]);
        body.loop_count = Some(0);
        self.log_body(key, EventType::AudioPlay, Json::of(&body), now);
        self.note(now, key, Told::HearsTone(url.into()));
    }

    fn record_room(&mut self, now: Timestamp, room: u64, key: u64, enter: &Enter) {
        let running = self
            .running_in(room)
            .into_iter()
            .any(|take| self.takes.get(take).is_some_and(|take| take.leg.is_none()));
        if running {
            return;
        }
        let order = Order {
            conversation: room,
            leg: None,
            teller: Some(key),
            hook: self.action_hook(key, enter.event_url.as_ref(), enter.event_method.as_ref()),
            format: None,
            channels: None,
            split: false,
            timeout: None,
            end_key: None,
            silence: None,
            transcription: enter.transcription.as_ref().map(|how| self.transcript(key, how)),
        };
        self.begin_take(now, order);
    }

    /// The last leg has left one that outlives its calls: it waits for others, up to its time to live.
    pub(crate) fn room_is_empty(&mut self, now: Timestamp, room: u64) {
        self.rooms_to_record.remove(&room);
        let Some(conversation) = self.conversations.get_mut(room) else { return };
        let default = conversation.application.conversations_ttl;
        let Some(kept) = conversation.kept.as_deref_mut() else { return };
        kept.started = false;
        kept.epoch += 1;
        let (ttl, epoch) = (kept.ttl.unwrap_or(default), kept.epoch);
        let at = later(now, ttl.saturating_mul(1_000));
        self.timers.set(at, Kind::Guard, Due::Expired { conversation: room, epoch });
    }

    /// A conversation has been empty for long enough.
    pub(crate) fn room_expires(&mut self, room: u64) {
        self.remove_conversation(room);
    }

    /// Removes a conversation that no leg is in.
    pub(crate) fn remove_conversation(&mut self, key: u64) {
        let Some(conversation) = self.conversations.remove(key) else { return };
        self.conversation_ids.remove(&conversation.id);
        if let Name::Given(name) = &conversation.name {
            let named = (conversation.application.application.clone(), name.to_string());
            self.names.remove(&named);
        }
    }

    /// All legs of a leg's conversation go to another one, whose own script keeps control.
    pub(super) fn transfer_all(&mut self, now: Timestamp, key: u64, transfer: &Transfer) -> Then {
        self.caller_answered(now, key);
        self.note(now, key, Told::Action("transfer"));
        let Some(leg) = self.legs.get(key) else { return Then::Waits };
        let (from, call) = (leg.conversation, leg.call);
        let application = self.calls.get(call).map(|call| call.routes.application.clone());
        let Some(to) = self.conversation_for(application.as_ref(), &transfer.conversation_id)
        else {
            let id: String = transfer.conversation_id.as_str().chars().take(60).collect();
            self.give_up(now, key, &format!("The conversation {id} does not exist"));
            return Then::Waits;
        };
        if from == to {
            self.note(now, key, Told::ActionDone("transfer"));
            return Then::GoesOn;
        }
        let legs: Vec<u64> =
            self.conversations.get(from).map(|c| c.legs().collect()).unwrap_or_default();
        let (move_on, ringing): (Vec<u64>, Vec<u64>) = legs
            .into_iter()
            .partition(|leg| self.legs.get(*leg).is_some_and(|leg| leg.state == State::Answered));
        let there = self.conversations.get(to).map_or(0, |to| to.live as usize);
        if there + move_on.len() > MOST_LEGS as usize {
            let id = &transfer.conversation_id;
            self.give_up(now, key, &format!("The conversation {id} takes {MOST_LEGS} legs"));
            return Then::Waits;
        }
        // Who has not answered cannot be moved (inferred).
        for leg in ringing {
            self.platform_hangs_up(now, leg);
        }
        for leg in move_on {
            self.abort_action(now, leg);
            self.move_leg(now, leg, to);
            if let Some(leg) = self.legs.get_mut(leg) {
                leg.run = None;
            }
            if let Some(member) = self.member_mut(leg) {
                let more = member.more();
                more.can_speak.clone_from(&transfer.can_speak);
                more.can_hear.clone_from(&transfer.can_hear);
            }
            if transfer.mute == Some(true) {
                self.set_muted(now, leg, true);
            }
        }
        Then::Waits
    }

    /// A conversation of an application, by its id.
    fn conversation_for(
        &self,
        application: Option<&ApplicationId>,
        id: &ConversationId,
    ) -> Option<u64> {
        let id = id.as_str().strip_prefix("CON-").and_then(Id::from_dashed)?;
        let key = *self.conversation_ids.get(&id)?;
        let conversation = self.conversations.get(key)?;
        (Some(&conversation.application.application) == application).then_some(key)
    }

    /// Appends something to a conversation's log that no member is behind.
    pub(crate) fn log_of_platform(
        &mut self,
        key: u64,
        kind: EventType,
        body: serde_json::Result<Json>,
        at: Timestamp,
    ) {
        let Ok(body) = body else { return };
        let Some(conversation) = self.conversations.get_mut(key) else { return };
        let what = conversation.keep(kind, body);
        conversation.append(what, NOBODY, at);
        self.post(at, key);
    }
}
