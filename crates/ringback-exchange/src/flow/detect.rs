//! Machine detection: the verdict, the beep, and what they mean for the script.

use std::sync::Arc;

use ringback_model::{
    Json, LegStatus, Timestamp,
    event::{EventType, MachineBody},
    webhook::{self as hooks, BeepState, Event},
};

use super::arrive::later;
use crate::{
    Exchange, Payload,
    detection::{Detection, Mode},
    leg::{By, State},
    note::Told,
    phone::Machine,
    run::Step,
    timer::{Due, Kind},
    webhook::{self, Asker},
};

/// Milliseconds until it is known who has answered; four to five seconds at most are documented.
const VERDICT: i64 = 2_000;
/// Milliseconds of greeting before the beep (approximate).
const GREETING: i64 = 4_000;
/// How sure the platform is, in percent (inferred).
const CONFIDENCE: i64 = 95;

impl Exchange {
    /// Somebody has answered: it is listened for what it is.
    pub(super) fn listen_for_machine(&mut self, now: Timestamp, key: u64) {
        self.timers.set(later(now, VERDICT), Kind::Progress, Due::Verdict { leg: key });
    }

    fn detection_of(&self, key: u64) -> Option<(Detection, Option<u64>, Option<Machine>)> {
        let leg = self.legs.get(key).filter(|leg| leg.state == State::Answered)?;
        let dial = leg.dial.as_ref()?;
        Some((dial.detection?, dial.by, leg.script.machine))
    }

    /// It is known who has answered.
    pub(crate) fn verdict(&mut self, now: Timestamp, key: u64) {
        let Some((detection, by, machine)) = self.detection_of(key) else { return };
        let status = if machine.is_some() { LegStatus::Machine } else { LegStatus::Human };
        if let Some(leg) = self.legs.get_mut(key) {
            leg.machine = machine.is_some();
        }
        self.log_verdict(now, key, detection, &status);
        let hangs_up = machine.is_some() && detection.hangs_up;
        // A reply takes the place of the running script in the asynchronous mode; in the others the
        // script has not begun, or waits for the callee, and a reply does so too (inferred).
        let asker = self.asker_of_verdict(key, by).filter(|_| !hangs_up);
        self.tell_verdict(now, key, status, None, asker);
        if hangs_up {
            self.note_hangup(now, key);
            return self.machine_is_dropped(now, key, by);
        }
        let beep = machine.is_some() && detection.mode != Mode::Verdict && detection.advanced;
        if beep {
            let (wait, heard) = match machine {
                Some(Machine::Beeps) => (GREETING, true),
                _ => (i64::from(detection.beep_timeout) * 1_000, false),
            };
            self.timers.set(later(now, wait), Kind::Progress, Due::Beep { leg: key, heard });
        }
        if detection.holds() && !(beep && detection.mode == Mode::Beep) {
            self.goes_on_after_verdict(now, key, by);
        }
    }

    /// The greeting of a machine is over, or has lasted too long.
    pub(crate) fn beep(&mut self, now: Timestamp, key: u64, heard: bool) {
        let Some((detection, by, _)) = self.detection_of(key) else { return };
        let state = if heard { BeepState::BeepStart } else { BeepState::BeepTimeout };
        let asker = self.asker_of_verdict(key, by);
        self.tell_verdict(now, key, LegStatus::Machine, Some(state), asker);
        if detection.mode == Mode::Beep {
            self.goes_on_after_verdict(now, key, by);
        }
    }

    fn goes_on_after_verdict(&mut self, now: Timestamp, key: u64, by: Option<u64>) {
        // A callee that still hears its own script joins by itself.
        if self.run_mut(key).is_some_and(|run| run.before_joining) {
            return;
        }
        match by {
            Some(by) => self.callee_is_there(now, by, key),
            None if self.step_of(key) == Some(Step::Detecting) => {
                self.first_leg_is_there(now, key);
            }
            None => {}
        }
    }

    /// A machine is hung up on: for a `connect` that is no success, and the script goes on.
    fn machine_is_dropped(&mut self, now: Timestamp, key: u64, by: Option<u64>) {
        let waited = by.filter(|by| self.step_of(*by) == Some(Step::Dialling { leg: key }));
        match waited {
            Some(by) => {
                self.end_leg(now, key, State::Completed, By::Platform, None);
                self.note(now, by, Told::ActionDone("connect"));
                self.advance(now, by);
            }
            None => self.leg_leaves(now, key, By::Platform),
        }
    }

    /// The leg whose script a reply may replace: the one that dialled, or the leg itself.
    fn asker_of_verdict(&self, key: u64, by: Option<u64>) -> Option<Asker> {
        let leg = by.unwrap_or(key);
        let run = self.legs.get(leg)?.run.as_ref()?;
        (run.step != Step::Fetching).then_some(Asker { leg, epoch: None })
    }

    fn tell_verdict(
        &mut self,
        now: Timestamp,
        key: u64,
        status: LegStatus,
        beep: Option<BeepState>,
        asker: Option<Asker>,
    ) {
        let Some(leg) = self.legs.get(key) else { return };
        let Some(conversation) = self.conversation_of(key) else { return };
        let kind = if status == LegStatus::Machine { "machine" } else { "human" };
        let mut event = hooks::Detection::new(status);
        event.from = webhook::from_of(leg).into_value();
        event.to = Some(webhook::to_of(leg));
        event.call_uuid = Some(leg.id());
        event.conversation_uuid = Some(conversation.id());
        event.sub_state = beep;
        event.direction = Some(leg.direction());
        event.timestamp = Some(now);
        self.note(now, key, Told::Detected(kind));
        let payload = Arc::new(Payload::Event(Box::new(Event::Detection(event))));
        self.tell(now, key, kind, payload, asker);
    }

    fn log_verdict(&mut self, now: Timestamp, key: u64, detection: Detection, status: &LegStatus) {
        let Some(leg) = self.legs.get(key) else { return };
        let mut body = MachineBody::new();
        body.channel = Some(crate::rest::view::channel(leg));
        body.kind = Some(status.as_str().to_owned());
        body.confidence = Some(CONFIDENCE);
        let kind =
            if detection.advanced { EventType::SipAmdMachine } else { EventType::SipMachine };
        self.log_body(key, kind, Json::of(&body), now);
    }
}
