//! Scripts: fetched, run action by action, replaced, drained.

use std::sync::Arc;

use ringback_model::{
    Timestamp,
    ncco::{Action, Connect, Endpoint, Talk},
};

use super::arrive::later;
use crate::{
    Exchange,
    conversation::What,
    leg::State,
    note::Told,
    run::{Run, Step},
    timer::{Due, Kind},
    webhook,
};

/// Milliseconds a spoken word takes: 150 words a minute (inferred).
const WORD: i64 = 400;

impl Exchange {
    pub(crate) fn step_of(&self, key: u64) -> Option<Step> {
        Some(self.legs.get(key)?.run.as_ref()?.step)
    }

    pub(crate) fn set_step(&mut self, key: u64, step: Step) {
        if let Some(run) = self.run_mut(key) {
            run.step = step;
        }
    }

    fn run_mut(&mut self, key: u64) -> Option<&mut Run> {
        self.legs.get_mut(key)?.run.as_deref_mut()
    }

    /// A script begins on a leg, in place of whatever was left of the one before.
    pub(crate) fn begin(&mut self, now: Timestamp, key: u64, script: Vec<Action>) {
        if let Some(run) = self.run_mut(key) {
            run.replace(script);
            self.advance(now, key);
        }
    }

    /// Runs the next action, and those after it that take no time.
    pub(crate) fn advance(&mut self, now: Timestamp, key: u64) {
        let Some(run) = self.run_mut(key) else { return };
        run.step = Step::Ready;
        run.epoch += 1;
        let Some(action) = run.script.next() else { return self.drained(now, key) };
        if let Err(missing) = ringback_ncco::emulated(&action) {
            return self.give_up(now, key, &missing.sentence);
        }
        match &action {
            Action::Talk(talk) => self.talk(now, key, talk),
            Action::Connect(connect) => self.connect(now, key, connect),
            // `emulated` has let nothing else through.
            _ => self.give_up(now, key, ringback_ncco::EMULATED),
        }
    }

    /// Dials whom the action names; the script waits until they answer or do not.
    fn connect(&mut self, now: Timestamp, key: u64, connect: &Connect) {
        let Some(Endpoint::Phone(endpoint)) = connect.endpoint.first() else { return };
        self.note(now, key, Told::Action("connect"));
        if let Some(leg) = self.dial(now, key, connect, endpoint) {
            self.set_step(key, Step::Dialling { leg });
            self.reject_malformed(now, leg);
        }
    }

    /// A text is spoken; that answers the leg if nothing has before.
    fn talk(&mut self, now: Timestamp, key: u64, talk: &Talk) {
        self.caller_answered(now, key);
        self.note(now, key, Told::Action("talk"));
        let Some(conversation) = self.legs.get(key).map(|leg| leg.conversation) else { return };
        let Some(conversation) = self.conversations.get_mut(conversation) else { return };
        let text = u32::try_from(conversation.texts.len()).unwrap_or(u32::MAX);
        conversation.texts.push(talk.text.as_str().into());
        self.log(key, What::AudioSay(text), now);
        let Some(run) = self.run_mut(key) else { return };
        run.step = Step::Speaking { text };
        let epoch = run.epoch;
        match talk.repeat.unwrap_or(1) {
            // Without an end nothing falls due: the caller or a limit ends it.
            0 => {}
            times => {
                let millis = spoken_millis(&talk.text).saturating_mul(i64::from(times));
                self.timers.set(
                    later(now, millis),
                    Kind::Progress,
                    Due::Spoken { leg: key, epoch },
                );
            }
        }
    }

    /// A text is over.
    pub(crate) fn spoken(&mut self, now: Timestamp, key: u64, epoch: u32) {
        let Some(run) = self.run_mut(key).filter(|run| run.epoch == epoch) else { return };
        if let Step::Speaking { text } = run.step {
            self.log(key, What::AudioSayDone(text), now);
            self.note(now, key, Told::ActionDone("talk"));
            self.advance(now, key);
        }
    }

    /// Nothing is left of a script: a partner keeps the call up, otherwise the platform hangs up.
    fn drained(&mut self, now: Timestamp, key: u64) {
        let Some(leg) = self.legs.get(key) else { return };
        let partner = self.calls.get(leg.call).is_some_and(|call| {
            call.legs.iter().any(|&other| {
                other != key && self.legs.get(other).is_some_and(|leg| leg.state == State::Answered)
            })
        });
        self.note(now, key, Told::ScriptDone);
        if partner {
            self.set_step(key, Step::Drained);
        } else {
            self.platform_hangs_up(now, key);
        }
    }

    /// A call cannot go on: its application is told why, and it ends.
    pub(crate) fn give_up(&mut self, now: Timestamp, key: u64, reason: &str) {
        self.tell_error(now, key, reason);
        self.fault(now, key, reason);
        self.platform_hangs_up(now, key);
    }

    /// Tells the application what is wrong, in the platform's words.
    pub(crate) fn tell_error(&mut self, now: Timestamp, key: u64, reason: &str) {
        let Some(leg) = self.legs.get(key) else { return };
        if let Some(conversation) = self.conversations.get(leg.conversation) {
            let payload = Arc::new(webhook::error(conversation, reason.to_owned(), now));
            self.tell(now, key, "error", payload, false);
        }
    }

    /// Keeps why a call could not go on as wished.
    pub(crate) fn fault(&mut self, now: Timestamp, key: u64, exact: &str) {
        let Some(call) = self.legs.get(key).map(|leg| leg.call) else { return };
        if let Some(call) = self.calls.get_mut(call) {
            call.error = Some(exact.into());
        }
        self.note(now, key, Told::Error(exact.into()));
    }
}

/// How long a text takes to speak, in milliseconds; tags are not spoken.
fn spoken_millis(text: &str) -> i64 {
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
