//! What the Voice API does to the sound of a leg: muting, and what it plays.

use ringback_model::{
    Json, Timestamp,
    event::{AudioPlayBody, EventType},
};

use super::{
    arrive::later,
    prompt::{repeated, spoken_millis},
};
use crate::{
    Effect, Exchange, SocketCommand,
    conversation::What,
    far::Far,
    leg::{Medium, Player, State},
    note::Told,
    timer::{Due, Kind},
};

impl Exchange {
    /// Others hear a leg no more, or again.
    pub(crate) fn set_muted(&mut self, now: Timestamp, key: u64, muted: bool) {
        let Some(leg) = self.legs.get_mut(key) else { return };
        if std::mem::replace(&mut leg.muted, muted) != muted {
            self.log(key, if muted { What::MuteOn } else { What::MuteOff }, now);
            self.note(now, key, Told::Media(if muted { "muted" } else { "unmuted" }));
        }
    }

    /// A leg hears others no more, or again; a websocket is sent nothing meanwhile.
    pub(crate) fn set_earmuffed(&mut self, now: Timestamp, key: u64, earmuffed: bool) {
        let Some(leg) = self.legs.get_mut(key) else { return };
        if std::mem::replace(&mut leg.earmuffed, earmuffed) == earmuffed {
            return;
        }
        if let Far::Websocket(socket) = &leg.far
            && leg.state == State::Answered
        {
            let active = !earmuffed;
            let update = format!(
                r#"{{"event":"websocket:media:update","method":"update","active":{active},"content-type":"{}"}}"#,
                socket.content_type
            );
            let id = leg.id();
            for command in [SocketCommand::Send(update), SocketCommand::Hear(active)] {
                self.effects.push(Effect::Socket { leg: id.clone(), command });
            }
        }
        self.log(key, if earmuffed { What::EarmuffOn } else { What::EarmuffOff }, now);
        self.note(now, key, Told::Media(if earmuffed { "earmuffed" } else { "unearmuffed" }));
    }

    /// A text is spoken to a leg, beside its script; whatever was played before stops.
    pub(crate) fn speak_to(&mut self, now: Timestamp, key: u64, text: &str, times: u32) {
        let mut body = ringback_model::event::AudioSayBody::new();
        body.text = Some(text.to_owned());
        body.loop_count = Some(i64::from(times));
        self.speak(now, key, text, times, Json::of(&body));
    }

    /// A text is spoken to a leg, and told in the log in these words.
    pub(crate) fn speak(
        &mut self,
        now: Timestamp,
        key: u64,
        text: &str,
        times: u32,
        body: serde_json::Result<Json>,
    ) {
        self.stop_player(now, key, None);
        self.sounds += 1;
        let sound = self.sounds;
        let Some(leg) = self.legs.get_mut(key) else { return };
        leg.beside().player = Some(Player { sound, medium: Medium::Talk, times });
        self.log_body(key, EventType::AudioSay, body, now);
        self.note(now, key, Told::Media("is spoken to"));
        self.player_ends_in(now, key, sound, repeated(spoken_millis(text), times));
    }

    /// A sound is played to a leg, beside its script; whatever was played before stops.
    pub(crate) fn play_to(&mut self, now: Timestamp, key: u64, url: &str, times: u32) {
        let mut body = AudioPlayBody::new();
        body.stream_url = Some(vec![url.to_owned()]);
        body.loop_count = Some(i64::from(times));
        self.play(now, key, url, times, Json::of(&body));
    }

    /// A sound is played to a leg, and told in the log in these words.
    pub(crate) fn play(
        &mut self,
        now: Timestamp,
        key: u64,
        url: &str,
        times: u32,
        body: serde_json::Result<Json>,
    ) {
        self.stop_player(now, key, None);
        let Some(sound) = self.fetch(key, url) else { return };
        let Some(leg) = self.legs.get_mut(key) else { return };
        leg.beside().player = Some(Player { sound, medium: Medium::Stream, times });
        self.log_body(key, EventType::AudioPlay, body, now);
        self.note(now, key, Told::Media("is played a sound"));
    }

    fn player_of(&self, key: u64) -> Option<Player> {
        self.legs.get(key)?.beside.as_ref()?.player
    }

    fn player_ends_in(&mut self, now: Timestamp, key: u64, sound: u64, millis: Option<i64>) {
        if let Some(millis) = millis {
            let due = Due::Played { leg: key, sound };
            self.timers.set(later(now, millis), Kind::Progress, due);
        }
    }

    /// The sound for a leg has been fetched, or cannot be played.
    pub(super) fn player_sound_came(
        &mut self,
        now: Timestamp,
        key: u64,
        sound: u64,
        outcome: Result<u64, String>,
    ) {
        let Some(player) = self.player_of(key).filter(|player| player.sound == sound) else {
            return;
        };
        match outcome {
            Ok(millis) => {
                let millis = i64::try_from(millis).unwrap_or(i64::MAX);
                self.player_ends_in(now, key, sound, repeated(millis, player.times));
            }
            Err(why) => {
                self.tell_error(now, key, &why);
                self.note(now, key, Told::Trouble("a sound cannot be played", why.into()));
                self.player_done(now, key, sound);
            }
        }
    }

    /// Whether what is played to a leg is still this.
    pub(crate) fn plays(&self, key: u64, sound: u64) -> bool {
        self.player_of(key).is_some_and(|player| player.sound == sound)
    }

    /// What was played to a leg is over.
    pub(crate) fn player_done(&mut self, now: Timestamp, key: u64, sound: u64) {
        let Some(player) = self.player_of(key).filter(|player| player.sound == sound) else {
            return;
        };
        if let Some(leg) = self.legs.get_mut(key) {
            leg.beside().player = None;
        }
        let (say, play) = (EventType::AudioSayDone, EventType::AudioPlayDone);
        self.log_player(now, key, player, say, play);
    }

    /// Stops what is played to a leg; of one kind only, when a kind is given.
    pub(crate) fn stop_player(&mut self, now: Timestamp, key: u64, medium: Option<Medium>) {
        let Some(player) = self
            .player_of(key)
            .filter(|player| medium.is_none_or(|medium| medium == player.medium))
        else {
            return;
        };
        self.fetching.remove(&player.sound);
        if let Some(leg) = self.legs.get_mut(key) {
            leg.beside().player = None;
        }
        let (say, play) = (EventType::AudioSayStop, EventType::AudioPlayStop);
        self.log_player(now, key, player, say, play);
    }

    fn log_player(
        &mut self,
        now: Timestamp,
        key: u64,
        player: Player,
        say: EventType,
        play: EventType,
    ) {
        match player.medium {
            Medium::Stream => self.play_ends(now, key, play, player.sound),
            Medium::Talk => {
                let mut body = ringback_model::event::SayRefBody::new();
                body.say_id = Some(self.sound_id(player.sound).dashed(""));
                self.log_body(key, say, Json::of(&body), now);
            }
        }
    }
}
