//! What a script collects: keys and speech, and the webhook that tells of them.

use std::sync::Arc;

use ringback_model::{
    Decimal, Json, Nullable, Timestamp,
    event::{AsrBody, AsrResult, AsrWord, EventType},
    ncco::{Input, InputMode, InputType},
    webhook::{self as hooks, Dtmf, DtmfResult, Event, Speech, SpeechEnd, SpeechResult},
};

use super::script::Then;
use crate::{
    Exchange, Payload,
    directory::Hook,
    id::{Id, Purpose},
    note::Told,
    run::{Heard, KeyRules, Listening, SpeechRules, Spoken, Step},
    timer::{Due, Kind},
    webhook,
};

/// What stands in place of results when speech was not asked for, as captured.
const NO_SPEECH: &str = "Speech was not enabled";
/// How sure the platform is of what a virtual phone says (inferred; a sample has 0.9405097).
const CONFIDENCE: &str = "0.9405097";
/// Milliseconds after which whoever holds a phone does what its script has ready for a question.
const REACTION: i64 = 1_000;
/// The most keys that an input collects.
const MOST_KEYS: u32 = 20;

/// Why an input is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Enough keys, or the hash key.
    Keys,
    /// No key for long enough.
    KeyTimeout,
    /// Silence after speech.
    Silence,
    /// Speech for too long.
    LongSpeech,
    /// Nobody spoke.
    NoSpeech,
}

impl Exchange {
    /// Keys or speech are collected; the script waits, or goes on and hears of each key.
    pub(super) fn input(&mut self, now: Timestamp, key: u64, input: &Input) -> Then {
        self.caller_answered(now, key);
        self.note(now, key, Told::Action("input"));
        let hook = self.action_hook(key, input.event_url.as_ref(), input.event_method.as_ref());
        if input.mode == Some(InputMode::Asynchronous) {
            if let (Some(hook), Some(leg)) = (hook, self.legs.get_mut(key)) {
                // Always by POST, whatever the action or the application says.
                leg.beside().keys = Some(hook.by_post());
            }
            if let Some(run) = self.run_mut(key) {
                run.barge_in = false;
            }
            return Then::GoesOn;
        }
        let listening = Listening { hook, ..rules(input) };
        let speech_first = listening.speech;
        let keys = listening.keys;
        let Some(run) = self.run_mut(key) else { return Then::Waits };
        run.barge_in = false;
        let heard = run.heard();
        heard.input = Some(listening);
        let typed = std::mem::take(&mut heard.keys);
        let said = heard.speech.take();
        // With speech the timer of the keys runs from the first key only (inferred).
        let millis = match (keys, speech_first) {
            (_, Some(speech)) => speech.start_timeout,
            (Some(keys), None) => keys.timeout,
            (None, None) => 0,
        };
        self.wait_at(now, key, Step::Collecting, Some(millis));
        if let Some(said) = said.filter(|_| speech_first.is_some()) {
            self.hear(now, key, said);
        }
        // What is left once the input is over is not for the next one.
        let left = self.run_mut(key).map(|run| run.script.len());
        for digit in typed.chars() {
            if self.run_mut(key).map(|run| run.script.len()) == left {
                self.collect(now, key, digit);
            }
        }
        self.ask_phone(now, key);
        Then::Waits
    }

    /// A script listens: whoever holds the phone does what its own script has ready for that.
    pub(super) fn ask_phone(&mut self, now: Timestamp, key: u64) {
        let Some(leg) = self.legs.get_mut(key) else { return };
        if !matches!(
            leg.run.as_ref().map(|run| run.step),
            Some(Step::Collecting | Step::Recording { .. })
        ) {
            return;
        }
        let mut ready =
            leg.script.deeds.iter().enumerate().filter(|(_, deed)| deed.after.is_none());
        let Some((place, _)) = ready.nth(usize::from(leg.asked)) else { return };
        leg.asked += 1;
        let (epoch, place) = (leg.epoch, u16::try_from(place).unwrap_or(u16::MAX));
        let at = super::arrive::later(now, REACTION);
        self.timers.set(at, Kind::Progress, Due::Deed { leg: key, place, epoch });
    }

    fn heard_mut(&mut self, key: u64) -> Option<&mut Heard> {
        self.run_mut(key)?.heard.as_deref_mut()
    }

    /// A key for a running input.
    pub(super) fn collect(&mut self, now: Timestamp, key: u64, digit: char) {
        if self.step_of(key) != Some(Step::Collecting) {
            return;
        }
        let Some(heard) = self.heard_mut(key) else { return };
        let Some(rules) = heard.input.as_ref().and_then(|input| input.keys) else { return };
        // A key ends listening for speech.
        if let Some(input) = heard.input.as_mut() {
            input.speech = None;
        }
        heard.speech = None;
        if digit == '#' && rules.submit_on_hash {
            return self.input_ends(now, key, End::Keys);
        }
        heard.keys.push(digit);
        if heard.keys.chars().count() >= rules.max {
            return self.input_ends(now, key, End::Keys);
        }
        self.next_epoch(key);
        self.wait_at(now, key, Step::Collecting, Some(rules.timeout));
    }

    /// Something is said to a running input.
    pub(super) fn hear(&mut self, now: Timestamp, key: u64, said: Spoken) {
        let Some(heard) = self.heard_mut(key) else { return };
        let Some(rules) = heard.input.as_ref().and_then(|input| input.speech) else { return };
        let left = (said.ends.as_millis() - now.as_millis()).max(0);
        heard.speech = Some(said);
        self.next_epoch(key);
        self.wait_at(now, key, Step::Collecting, Some((left + rules.silence).min(rules.max)));
    }

    /// Voids the timers of what a step has waited for so far.
    fn next_epoch(&mut self, key: u64) {
        if let Some(run) = self.run_mut(key) {
            run.epoch += 1;
        }
    }

    /// The time of an input is over.
    pub(super) fn input_is_over(&mut self, now: Timestamp, key: u64) {
        let Some(heard) = self.heard_mut(key) else { return };
        let Some(input) = &heard.input else { return };
        let end = match (&heard.speech, input.speech) {
            (Some(said), _) if said.ends > now => End::LongSpeech,
            (Some(_), _) => End::Silence,
            (None, Some(_)) => End::NoSpeech,
            (None, None) => End::KeyTimeout,
        };
        self.input_ends(now, key, end);
    }

    fn input_ends(&mut self, now: Timestamp, key: u64, end: End) {
        let Some(heard) = self.run_mut(key).and_then(|run| run.heard.take()) else { return };
        let Heard { keys, speech, input: Some(input) } = *heard else { return };
        self.note(now, key, Told::ActionDone("input"));
        let by_keys = matches!(end, End::Keys | End::KeyTimeout);
        let mut dtmf = DtmfResult::new();
        dtmf.digits = if by_keys { Nullable::Value(keys) } else { Nullable::Null };
        dtmf.timed_out = Some(end == End::KeyTimeout);
        let mut shown = Speech::new();
        let spoken = speech.filter(|_| !by_keys);
        match (&input.speech, by_keys) {
            // Keys ended it: there are no results, and no word on why, if speech was asked for.
            (_, true) if input.wanted_speech => shown.results = Some(Vec::new()),
            (None, _) => shown.error = Some(NO_SPEECH.to_owned()),
            (Some(rules), _) => {
                let results = spoken.iter().map(|said| {
                    let mut result = SpeechResult::new();
                    result.text = Some(said.text.to_string());
                    result.confidence = Some(Decimal::new(CONFIDENCE));
                    result
                });
                shown.results = Some(results.collect());
                shown.timeout_reason = Some(match end {
                    End::LongSpeech => SpeechEnd::MaxDuration,
                    End::NoSpeech => SpeechEnd::StartTimeout,
                    _ => SpeechEnd::EndOnSilenceTimeout,
                });
                if rules.keeps_audio
                    && let Some(said) = &spoken
                {
                    let began = began(now, said);
                    shown.recording_url = self.keep_speech(now, key, began);
                }
            }
        }
        if let Some(said) = &spoken {
            self.log_asr(now, key, said, &shown);
        }
        let Some(hook) = input.hook else { return self.advance(now, key) };
        self.set_step(key, Step::Asking);
        let asker = self.asker_at(key);
        if let Some(payload) = self.input_event(now, key, dtmf, shown) {
            self.tell_to(now, key, "input", payload, hook, asker);
        }
    }

    /// Each key of an asynchronous input is told at once.
    pub(super) fn tell_key(&mut self, now: Timestamp, key: u64, hook: Arc<Hook>, digit: char) {
        let mut dtmf = DtmfResult::new();
        dtmf.digits = Nullable::Value(digit.to_string());
        dtmf.timed_out = Some(false);
        let mut speech = Speech::new();
        speech.error = Some(NO_SPEECH.to_owned());
        if let Some(payload) = self.input_event(now, key, dtmf, speech) {
            self.tell_to(now, key, "input", payload, hook, None);
        }
    }

    fn input_event(
        &self,
        now: Timestamp,
        key: u64,
        dtmf: DtmfResult,
        speech: Speech,
    ) -> Option<Arc<Payload>> {
        let leg = self.legs.get(key)?;
        let mut event = hooks::Input::new();
        event.speech = Some(speech);
        event.dtmf = Some(Dtmf::Object(dtmf));
        event.from = webhook::from_of(leg).into_value();
        event.to = Some(webhook::to_of(leg));
        event.uuid = Some(leg.id());
        event.conversation_uuid = Some(self.conversation_of(key)?.id());
        event.timestamp = Some(now);
        Some(Arc::new(Payload::Event(Box::new(Event::Input(event)))))
    }

    fn log_asr(&mut self, now: Timestamp, key: u64, said: &Spoken, shown: &Speech) {
        let Some(leg) = self.legs.get(key) else { return };
        let words = said.text.split_whitespace().map(|word| {
            let mut heard = AsrWord::new();
            heard.word = Some(word.to_owned());
            heard.confidence = Some(Decimal::new(CONFIDENCE));
            heard
        });
        let mut result = AsrResult::new();
        result.results = Some(words.collect());
        result.call_id = Some(leg.id());
        let asr = Id::derive(self.settings.seed, Purpose::Sound, key, u64::from(leg.asked) + 1);
        result.asr_id = Some(asr.dashed(""));
        result.timeout_reason =
            shown.timeout_reason.as_ref().map(|reason| reason.as_str().to_owned());
        let mut body = AsrBody::new();
        body.channel = Some(crate::rest::view::channel(leg));
        body.asr = Some(result);
        self.log_body(key, EventType::AudioAsrDone, Json::of(&body), now);
    }
}

/// When something began to be said.
fn began(now: Timestamp, said: &Spoken) -> Timestamp {
    let began = said.ends.as_millis() - super::prompt::spoken_millis(&said.text);
    Timestamp::from_millis(began.min(now.as_millis()))
}

/// What an action asks to listen for, with the documented defaults.
fn rules(input: &Input) -> Listening {
    let kinds = input.kinds.as_deref().unwrap_or_default();
    // Before 2021 the kinds followed from what was said about them, and keys were meant without.
    let speech = kinds.contains(&InputType::Speech) || (kinds.is_empty() && input.speech.is_some());
    let keys = kinds.contains(&InputType::Dtmf)
        || (kinds.is_empty() && (input.dtmf.is_some() || input.speech.is_none()));
    let dtmf = input.dtmf.as_ref();
    let keys = keys.then(|| KeyRules {
        timeout: i64::from(dtmf.and_then(|dtmf| dtmf.time_out).or(input.time_out).unwrap_or(3))
            * 1_000,
        max: match dtmf.and_then(|dtmf| dtmf.max_digits).or(input.max_digits).unwrap_or(4) {
            0 => MOST_KEYS as usize,
            max => max.min(MOST_KEYS) as usize,
        },
        submit_on_hash: dtmf
            .and_then(|dtmf| dtmf.submit_on_hash)
            .or(input.submit_on_hash)
            .unwrap_or(false),
    });
    let settings = input.speech.as_ref();
    let speech = speech.then(|| SpeechRules {
        start_timeout: i64::from(settings.and_then(|s| s.start_timeout).unwrap_or(10)) * 1_000,
        silence: settings
            .and_then(|s| s.end_on_silence.as_ref())
            .and_then(|seconds| seconds.as_str().parse::<f64>().ok())
            .map_or(2_000, |seconds| {
                #[expect(clippy::cast_possible_truncation, reason = "ten seconds at most")]
                let millis = (seconds.clamp(0.4, 10.0) * 1_000.0).round() as i64;
                millis
            }),
        max: i64::from(settings.and_then(|s| s.max_duration).unwrap_or(60)) * 1_000,
        keeps_audio: settings.and_then(|s| s.save_audio).unwrap_or(false),
    });
    Listening { wanted_speech: speech.is_some(), keys, speech, hook: None }
}
