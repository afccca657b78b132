//! Keys and speech of the parties: who is to hear them.

use std::sync::Arc;

use ringback_model::{
    Json, Timestamp,
    event::{DtmfBody, EventType},
};

use super::arrive::later;
use crate::{
    Doing, Effect, Exchange, SocketCommand,
    far::Far,
    leg::State,
    note::Told,
    run::{Spoken, Step},
};

/// Milliseconds for which a key is held; the documentation of websockets has 260.
const HELD: i64 = 260;

impl Exchange {
    /// Whoever holds the phone of a leg does what its script says.
    pub(crate) fn deed(&mut self, now: Timestamp, key: u64, place: u16) {
        let Some(leg) = self.legs.get(key) else { return };
        let script = Arc::clone(&leg.script);
        let Some(deed) = script.deeds.get(usize::from(place)) else { return };
        match &deed.what {
            Doing::Press(keys) => self.press(now, key, keys),
            Doing::Say(text) => self.say(now, key, text),
        }
        // What comes next without a time is for the same question, if that still listens.
        self.ask_phone(now, key);
    }

    /// A party presses keys.
    pub(crate) fn press(&mut self, now: Timestamp, key: u64, keys: &str) {
        if !self.legs.get(key).is_some_and(|leg| leg.state == State::Answered) {
            return;
        }
        self.note(now, key, Told::Pressed(keys.into()));
        for digit in keys.chars().filter(|c| matches!(c, '0'..='9' | '*' | '#')) {
            self.press_one(now, key, digit);
        }
    }

    fn press_one(&mut self, now: Timestamp, key: u64, digit: char) {
        let Some(leg) = self.legs.get(key).filter(|leg| leg.state == State::Answered) else {
            return;
        };
        let listener = leg.beside.as_ref().and_then(|beside| beside.keys.clone());
        let mut body = DtmfBody::new();
        body.digits = Some(digit.to_string());
        body.method = Some("in".to_owned());
        body.duration = Some(HELD);
        body.channel = Some(crate::rest::view::channel(leg));
        self.log_body(key, EventType::AudioDtmf, Json::of(&body), now);
        self.tell_sockets(key, digit);
        if let Some(hook) = listener {
            self.tell_key(now, key, hook, digit);
        }
        if self.key_ends_take(now, key, digit) {
            return;
        }
        match self.step_of(key) {
            Some(Step::Collecting) => self.collect(now, key, digit),
            Some(Step::Speaking { .. } | Step::Playing { .. }) => {
                let Some(run) = self.run_mut(key).filter(|run| run.barge_in) else { return };
                run.heard().keys.push(digit);
                self.barged_in(now, key);
            }
            _ => {}
        }
    }

    /// Every websocket in the conversation is told of every key.
    fn tell_sockets(&mut self, key: u64, digit: char) {
        for other in self.others(key) {
            let Some(leg) = self.legs.get(other) else { continue };
            if matches!(leg.far, Far::Websocket(_)) && leg.state == State::Answered {
                let text =
                    format!(r#"{{"event":"websocket:dtmf","digit":"{digit}","duration":{HELD}}}"#);
                let command = SocketCommand::Send(text);
                self.effects.push(Effect::Socket { leg: leg.id(), command });
            }
        }
    }

    /// A party says something.
    pub(crate) fn say(&mut self, now: Timestamp, key: u64, text: &str) {
        if !self.legs.get(key).is_some_and(|leg| leg.state == State::Answered) {
            return;
        }
        self.note(now, key, Told::Said(text.into()));
        let millis = super::prompt::spoken_millis(text);
        let said = Spoken { text: text.into(), ends: later(now, millis) };
        self.recordings_hear(now, key, text, millis);
        match self.step_of(key) {
            Some(Step::Collecting) => self.hear(now, key, said),
            Some(Step::Speaking { .. } | Step::Playing { .. }) => {
                let Some(run) = self.run_mut(key).filter(|run| run.barge_in) else { return };
                run.heard().speech = Some(said);
                self.barged_in(now, key);
            }
            _ => {}
        }
    }

    /// The platform presses keys towards a party; `p` is a pause of half a second.
    pub(crate) fn send_keys(&mut self, now: Timestamp, key: u64, keys: &str) {
        let Some(leg) = self.legs.get(key) else { return };
        let mut body = DtmfBody::new();
        body.digits = Some(keys.to_owned());
        body.method = Some("out".to_owned());
        body.channel = Some(crate::rest::view::channel(leg));
        self.log_body(key, EventType::AudioDtmf, Json::of(&body), now);
        self.note(now, key, Told::SendsKeys(keys.into()));
    }
}
