//! A call comes in: the leg is made, its conversation, and the application is asked.

use std::sync::Arc;

use ringback_model::{PhoneNumber, Timestamp, numbers::VoiceCallbackType};

use crate::{
    Exchange, Incoming, Refusal,
    call::Call,
    conversation::{Conversation, MemberState, UserName, What},
    directory::Routes,
    far::Far,
    id::{Id, Purpose},
    leg::{Leg, State, Way},
    note::Told,
    phone::{PhoneCommand, Script},
    refusal,
    run::Run,
    timer::{Due, Kind},
    webhook::{self, About, Errand},
};

/// Milliseconds from the first signal until the conversation is there, as real logs show.
const CONVERSATION_MADE: i64 = 8;
/// Milliseconds from the first signal until the caller is in it and the application is asked.
const ARRIVAL: i64 = 213;

impl Exchange {
    /// A phone dials one of the platform's numbers; answers the first leg of the call.
    pub(crate) fn incoming(&mut self, now: Timestamp, incoming: &Incoming) -> Result<u64, Refusal> {
        let (far, from) = Far::checked("from", &incoming.from)?;
        let to = phone_number("to", &incoming.to)?;
        let routes = self.routes_of(&to)?;
        let script = match &incoming.script {
            Some(text) => Some(Arc::new(
                text.parse::<Script>().map_err(|error| refusal::phone_script(text, &error))?,
            )),
            None => None,
        };
        let ordinal = self.legs.next();
        let own = self.phones.engage(&far.address(&from), ordinal);
        let script = script.unwrap_or(own);

        let seed = self.settings.seed;
        let mut conversation = Conversation::transient(
            Id::derive(seed, Purpose::Conversation, ordinal, 0),
            Id::derive(seed, Purpose::ConversationName, ordinal, 0),
            Arc::clone(&routes),
            later(now, CONVERSATION_MADE),
        );
        let is_app = matches!(far, Far::App);
        let user = match far {
            Far::App => UserName::Given(Arc::clone(&from)),
            _ => UserName::Id,
        };
        let member = conversation.add(seed, ordinal, user, 0);
        let conversation_id = conversation.id;
        let conversation = self.conversations.insert(conversation);
        self.conversation_ids.insert(conversation_id, conversation);
        let call = self.calls.insert(Call::new(routes, conversation_id));
        if let Some(call) = self.calls.get_mut(call) {
            call.legs.push(ordinal);
        }

        let id = Id::derive(seed, Purpose::Leg, ordinal, 0);
        self.leg_ids.insert(id, ordinal);
        self.add_leg(Leg {
            id,
            call,
            conversation,
            member,
            way: Way::Inbound,
            far,
            from,
            to: to.into(),
            state: State::Started,
            made: now,
            answered: None,
            ended: None,
            script: Arc::clone(&script),
            epoch: 0,
            dial: None,
            run: Some(Box::new(Run::fetching())),
            asking: None,
            sending: false,
            muted: false,
            earmuffed: false,
            machine: false,
            asked: 0,
            beside: None,
        });
        self.live_calls += 1;

        self.note(now, ordinal, Told::Dials);
        // Both carry the time of the first signal.
        self.become_state(now, ordinal, State::Started);
        if is_app {
            // Calls of users are not told as ringing, as real logs show.
            if let Some(leg) = self.legs.get_mut(ordinal) {
                leg.state = State::Ringing;
            }
        } else {
            self.become_state(now, ordinal, State::Ringing);
        }
        script.plan(now, PhoneCommand::Dialled, ordinal, 0, &mut self.timers);
        self.timers.set(later(now, ARRIVAL), Kind::Progress, Due::Arrived { leg: ordinal });
        Ok(ordinal)
    }

    /// Where calls to a number are answered.
    fn routes_of(&self, to: &str) -> Result<Arc<Routes>, Refusal> {
        let Some(owned) = self.numbers.owned(to) else {
            return Err(refusal::number_not_rented(
                to,
                self.numbers.in_stock(to).map(|number| number.country),
            ));
        };
        if let Some((kind @ (VoiceCallbackType::Sip | VoiceCallbackType::Tel), value)) =
            &owned.voice
        {
            return Err(refusal::number_forwards(to, kind.as_str(), value));
        }
        let application = owned
            .application
            .as_ref()
            .and_then(|id| self.applications.get(id))
            .ok_or_else(|| refusal::number_not_linked(to))?;
        if application.routes.answer.is_none() {
            return Err(refusal::no_answer_url(to, &application.id));
        }
        Ok(Arc::clone(&application.routes))
    }

    /// The caller is in its conversation: the application is asked what to do.
    pub(crate) fn arrived(&mut self, now: Timestamp, key: u64) {
        let Some(leg) = self.legs.get(key) else { return };
        let (conversation_key, place, call) = (leg.conversation, leg.member, leg.call);
        let Some(conversation) = self.conversations.get_mut(conversation_key) else { return };
        if let Some(member) = conversation.member_mut(place) {
            member.state = MemberState::Joined;
            member.joined = Some(now);
        }
        self.log(key, What::MemberJoined, later(now, 3));
        let Some(hook) = self.calls.get(call).and_then(|call| call.routes.answer.clone()) else {
            return;
        };
        let (Some(leg), Some(conversation)) =
            (self.legs.get(key), self.conversations.get(conversation_key))
        else {
            return;
        };
        let payload = Arc::new(webhook::answer(leg, conversation, &self.settings.region_url));
        self.set_out(now, About::Leg(key), Errand::Script, "answer", payload, hook);
    }
}

pub(crate) fn later(at: Timestamp, millis: i64) -> Timestamp {
    Timestamp::from_millis(at.as_millis().saturating_add(millis))
}

fn phone_number(name: &'static str, text: &str) -> Result<String, Refusal> {
    match PhoneNumber::new(text) {
        Ok(number) => Ok(number.as_str().to_owned()),
        Err(error) => Err(refusal::malformed_number(name, text, &error)),
    }
}
