//! The platform dials: for a `connect`, or for the Voice API.

use std::sync::Arc;

use ringback_model::{PhoneNumber, Timestamp};

use super::arrive::later;
use crate::{
    Effect, Exchange, SocketCommand, SocketOpening,
    conversation::UserName,
    detection::Detection,
    directory::Hook,
    far::{Far, Websocket},
    id::{Id, Purpose},
    leg::{By, Dial, Leg, State, Way},
    note::Told,
    phone::{Outcome, PhoneCommand},
    run::Run,
    timer::{Due, Kind},
};

/// Whom the platform dials, and how.
#[derive(Debug)]
pub(crate) struct Dialling {
    /// The leg whose script dials; none for the Voice API.
    pub(crate) by: Option<u64>,
    pub(crate) call: u64,
    pub(crate) conversation: u64,
    pub(crate) from: Arc<str>,
    pub(crate) to: Arc<str>,
    pub(crate) far: Far,
    /// Seconds to ring.
    pub(crate) timeout: u32,
    /// Seconds to talk.
    pub(crate) limit: u32,
    pub(crate) synchronous: bool,
    pub(crate) hook: Option<Arc<Hook>>,
    pub(crate) detection: Option<Detection>,
    pub(crate) on_answer: Option<Arc<Hook>>,
    pub(crate) keys: Option<Box<str>>,
    /// The digits that were asked for as the caller's, where they are not shown.
    pub(crate) asked_from: Option<Box<str>>,
    pub(crate) run: Option<Box<Run>>,
}

impl Exchange {
    /// Dials; answers the new leg. What cannot be dialled at all fails in [`Self::refuse_at_once`].
    pub(crate) fn dial(&mut self, now: Timestamp, dialling: Dialling) -> Option<u64> {
        let key = self.legs.next();
        let seed = self.settings.seed;
        // A plus sign is read over; what is no number then is rejected, as the network does.
        let to: Arc<str> = match (&dialling.far, dialling.to.strip_prefix('+')) {
            (Far::Phone, Some(number)) => number.into(),
            _ => dialling.to,
        };
        let malformed = matches!(dialling.far, Far::Phone) && PhoneNumber::new(&to).is_err();
        let user = match &dialling.far {
            Far::App => UserName::Given(Arc::clone(&to)),
            _ => UserName::Voice(Id::derive(seed, Purpose::UserName, key, 0)),
        };
        let conversation = self.conversations.get_mut(dialling.conversation)?;
        let member = conversation.add(seed, key, user, 0);
        if let Some(member) = conversation.member_mut(member) {
            member.invited = Some(now);
        }
        let script = self.phones.engage(&dialling.far.address(&to), key);
        let id = Id::derive(seed, Purpose::Leg, key, 0);
        self.leg_ids.insert(id, key);
        let is_phone = dialling.far.is_phone();
        self.add_leg(Leg {
            id,
            call: dialling.call,
            conversation: dialling.conversation,
            member,
            way: Way::Outbound,
            far: dialling.far,
            from: dialling.from,
            to,
            state: State::Started,
            made: now,
            answered: None,
            ended: None,
            script: Arc::clone(&script),
            epoch: 0,
            dial: Some(Box::new(Dial {
                by: dialling.by,
                timeout: dialling.timeout,
                limit: dialling.limit,
                synchronous: dialling.synchronous,
                malformed,
                announced: false,
                hook: dialling.hook,
                detection: dialling.detection,
                on_answer: dialling.on_answer,
                keys: dialling.keys,
                asked_from: dialling.asked_from,
            })),
            run: dialling.run,
            asking: None,
            sending: false,
            muted: false,
            earmuffed: false,
            machine: false,
            asked: 0,
            beside: None,
        });
        if let Some(call) = self.calls.get_mut(dialling.call) {
            call.legs.push(key);
        }
        self.note(now, key, Told::Dialled);
        match (is_phone, malformed) {
            (true, false) => {
                script.plan(now, PhoneCommand::Dial, key, 0, &mut self.timers);
                self.ring_until(now, key);
            }
            (true, true) => {}
            (false, _) => self.open_socket(now, key),
        }
        Some(key)
    }

    /// What cannot be dialled at all: a number that cannot be one, a sound format that nobody speaks.
    ///
    /// Says whether the failure's event asks for the next script; none when dialling goes on.
    pub(crate) fn refuse_at_once(&mut self, now: Timestamp, key: u64) -> Option<bool> {
        let leg = self.legs.get(key)?;
        let state = match &leg.far {
            Far::Phone if leg.dial.as_ref().is_some_and(|dial| dial.malformed) => State::Rejected,
            Far::Websocket(socket) if socket.fault().is_some() => State::Failed,
            _ => return None,
        };
        Some(self.dialled_leg_fails(now, key, state, By::Platform))
    }

    /// Sets the ring timer; nobody waits for it while a person decides by hand.
    fn ring_until(&mut self, now: Timestamp, key: u64) {
        let Some(leg) = self.legs.get(key) else { return };
        let Some(dial) = &leg.dial else { return };
        let kind = if leg.script.outcome == Outcome::Manual { Kind::Guard } else { Kind::Progress };
        let at = later(now, i64::from(dial.timeout) * 1_000);
        self.timers.set(at, kind, Due::RingTimeout { leg: key });
    }

    /// A websocket is connected to; it is told as started before that.
    fn open_socket(&mut self, now: Timestamp, key: u64) {
        self.announce(now, key);
        let Some(leg) = self.legs.get(key) else { return };
        let (Far::Websocket(socket), Some(dial)) = (&leg.far, &leg.dial) else { return };
        let (Some(rate), None) = (socket.rate, socket.fault()) else { return };
        let Some(application) =
            self.calls.get(leg.call).map(|call| call.routes.application.clone())
        else {
            return;
        };
        let command = SocketCommand::Open(Box::new(SocketOpening {
            application,
            uri: Arc::clone(&leg.to),
            rate,
            greeting: socket.greeting(),
            authorization: socket.authorization.clone(),
            timeout: u64::from(dial.timeout) * 1_000,
        }));
        self.effects.push(Effect::Socket { leg: leg.id(), command });
    }
}

impl Websocket {
    /// Why it cannot be dialled; the sentence is shown to people.
    pub(crate) fn fault(&self) -> Option<String> {
        const LONGEST: usize = 512;
        let headers = self.headers.as_ref().map_or(0, |headers| headers.as_str().len());
        if self.rate.is_none() {
            Some(format!(
                "the websocket's content-type is {:?}; audio/l16;rate=8000, 16000 or 24000 is expected",
                self.content_type
            ))
        } else if headers > LONGEST {
            Some(format!("the websocket's headers are {headers} bytes; {LONGEST} are allowed"))
        } else {
            None
        }
    }

    /// The first text frame: the custom headers flattened beside the platform's own two fields.
    fn greeting(&self) -> String {
        let mut greeting = serde_json::Map::new();
        greeting.insert("event".to_owned(), "websocket:connected".into());
        greeting.insert("content-type".to_owned(), self.content_type.as_ref().into());
        let headers = self.headers.as_ref().map_or("{}", |headers| headers.as_str());
        if let Ok(headers) = serde_json::from_str::<serde_json::Map<_, _>>(headers) {
            for (name, value) in headers {
                // The platform's own two win (inferred).
                greeting.entry(name).or_insert(value);
            }
        }
        serde_json::Value::Object(greeting).to_string()
    }
}
