//! What a script lets its party hear: texts and sounds, and how keys and speech end them.

use ringback_model::{
    Json, Timestamp,
    event::{AudioPlayBody, EventType, PlayRefBody},
    ncco::{Stream, Talk},
};

use super::script::Then;
use crate::{
    Effect, Exchange, Fetch, FetchId,
    conversation::What,
    id::{Id, Purpose},
    note::Told,
    run::Step,
};

/// Milliseconds a spoken word takes: 150 words a minute (inferred).
const WORD: i64 = 400;

impl Exchange {
    /// A text is spoken; that answers the leg if nothing has before.
    pub(super) fn talk(&mut self, now: Timestamp, key: u64, talk: &Talk) -> Then {
        self.caller_answered(now, key);
        self.note(now, key, Told::Action("talk"));
        self.barge_in(key, talk.barge_in);
        let Some(conversation) = self.legs.get(key).map(|leg| leg.conversation) else {
            return Then::Waits;
        };
        let Some(conversation) = self.conversations.get_mut(conversation) else {
            return Then::Waits;
        };
        let text = u32::try_from(conversation.texts.len()).unwrap_or(u32::MAX);
        conversation.texts.push(talk.text.as_str().into());
        self.log(key, What::AudioSay(text), now);
        let millis = repeated(spoken_millis(&talk.text), talk.repeat.unwrap_or(1));
        self.wait_at(now, key, Step::Speaking { text }, millis);
        Then::Waits
    }

    /// A text is over.
    pub(super) fn spoken(&mut self, now: Timestamp, key: u64, text: u32) {
        self.log(key, What::AudioSayDone(text), now);
        self.note(now, key, Told::ActionDone("talk"));
        self.advance(now, key);
    }

    pub(super) fn stop_speaking(&mut self, now: Timestamp, key: u64, text: u32) {
        self.log(key, What::AudioSayStop(text), now);
        self.note(now, key, Told::ActionDone("talk"));
    }

    /// A sound is fetched and played.
    pub(super) fn stream(&mut self, now: Timestamp, key: u64, stream: &Stream) -> Then {
        self.caller_answered(now, key);
        self.note(now, key, Told::Action("stream"));
        self.barge_in(key, stream.barge_in);
        let Some(url) = stream.stream_url.first() else { return Then::GoesOn };
        let Some(sound) = self.fetch(key, url) else { return Then::Waits };
        let times = stream.repeat.unwrap_or(1);
        let mut body = AudioPlayBody::new();
        body.stream_url = Some(vec![url.clone()]);
        body.loop_count = Some(i64::from(times));
        self.log_body(key, EventType::AudioPlay, Json::of(&body), now);
        self.set_step(key, Step::Playing { sound, times });
        Then::Waits
    }

    /// Has a sound fetched for a leg; answers its number.
    pub(crate) fn fetch(&mut self, key: u64, url: &str) -> Option<u64> {
        let leg = self.legs.get(key)?.id();
        self.sounds += 1;
        let sound = self.sounds;
        self.fetching.insert(sound, key);
        self.effects.push(Effect::Fetch(Box::new(Fetch {
            id: FetchId(sound),
            leg,
            url: url.into(),
        })));
        Some(sound)
    }

    /// A sound has been fetched and measured, or cannot be played.
    pub(crate) fn sound_came(&mut self, now: Timestamp, sound: u64, outcome: Result<u64, String>) {
        let Some(key) = self.fetching.remove(&sound) else { return };
        let millis = outcome.as_ref().ok().and_then(|millis| i64::try_from(*millis).ok());
        match self.step_of(key) {
            Some(step @ Step::Playing { sound: playing, times }) if playing == sound => {
                if let Err(why) = outcome {
                    // The script goes on without it (inferred).
                    self.tell_error(now, key, &why);
                    self.note(now, key, Told::Trouble("a sound cannot be played", why.into()));
                    self.play_ends(now, key, EventType::AudioPlayDone, sound);
                    return self.advance(now, key);
                }
                let millis = millis.and_then(|millis| repeated(millis, times));
                self.wait_at(now, key, step, millis);
            }
            _ => self.player_sound_came(now, key, sound, outcome),
        }
    }

    /// A sound is over.
    pub(super) fn played(&mut self, now: Timestamp, key: u64, sound: u64) {
        self.play_ends(now, key, EventType::AudioPlayDone, sound);
        self.note(now, key, Told::ActionDone("stream"));
        self.advance(now, key);
    }

    pub(super) fn stop_playing(&mut self, now: Timestamp, key: u64, sound: u64) {
        self.fetching.remove(&sound);
        self.play_ends(now, key, EventType::AudioPlayStop, sound);
        self.note(now, key, Told::ActionDone("stream"));
    }

    pub(crate) fn play_ends(&mut self, now: Timestamp, key: u64, kind: EventType, sound: u64) {
        let mut body = PlayRefBody::new();
        body.play_id = Some(self.sound_id(sound).dashed(""));
        self.log_body(key, kind, Json::of(&body), now);
    }

    /// The id of a text or a sound that plays.
    pub(crate) fn sound_id(&self, sound: u64) -> Id {
        Id::derive(self.settings.seed, Purpose::Sound, sound, 0)
    }

    /// Once asked for, barge-in stays until an input is reached.
    fn barge_in(&mut self, key: u64, wanted: Option<bool>) {
        if let Some(run) = self.run_mut(key) {
            run.barge_in |= wanted == Some(true);
        }
    }

    /// Keys or speech end a prompt that may be barged in on; says whether they did.
    pub(super) fn barged_in(&mut self, now: Timestamp, key: u64) -> bool {
        if !self.run_mut(key).is_some_and(|run| run.barge_in) {
            return false;
        }
        match self.step_of(key) {
            Some(Step::Speaking { text }) => self.stop_speaking(now, key, text),
            Some(Step::Playing { sound, .. }) => self.stop_playing(now, key, sound),
            _ => return false,
        }
        self.advance(now, key);
        true
    }
}

/// How long something lasts that is repeated; 0 times is for ever.
pub(crate) fn repeated(millis: i64, times: u32) -> Option<i64> {
    (times > 0).then(|| millis.saturating_mul(i64::from(times)))
}

/// How long a text takes to speak, in milliseconds; tags are not spoken.
pub(crate) fn spoken_millis(text: &str) -> i64 {
    let mut words = 0;
    let (mut in_tag, mut in_word) = (false, false);
    for c in text.chars() {
        match c {
            '<' => in_tag = true,
            '>' => in_tag = false,
            _ if in_tag => {}
            _ => {
                let blank = c.is_whitespace();
                if !blank && !in_word {
                    words += 1;
                }
                in_word = !blank;
                continue;
            }
        }
        in_word = false;
    }
    words.max(1) * WORD
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speaking_takes_time_by_the_word() {
        for (text, words) in [
            ("", 1),
            ("Hello", 1),
            ("You are listening to a test", 6),
            ("<speak>Hi <break time='1s'/> there</speak>", 2),
        ] {
            assert_eq!(spoken_millis(text), words * WORD, "{text}");
        }
    }
}
