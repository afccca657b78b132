//! What the ends of webhooks bring about: scripts, second attempts, the fallback address.

use std::sync::Arc;

use bytes::Bytes;
use ringback_model::{Timestamp, ncco::Action};
use ringback_ncco::{Finding, NOTHING, Report, Severity};

use super::arrive::later;
use crate::{
    Exchange, WebhookId, WebhookOutcome,
    note::Told,
    run::Step,
    timer::{Due, Kind},
    webhook::{self, About, Asker, Errand, RETRY_AFTER, TRIES},
};

/// What a transcript says of a reply that should have been a script.
const NO_SCRIPT: &str = "that is no script";

/// What a reply amounts to.
enum Verdict {
    /// It came; here is the body.
    Good(Bytes),
    /// Not at once; perhaps at the next try.
    TryAgain(String),
    /// It will not be better at the next try.
    Bad(String),
    /// It came, but cannot be a script.
    NoScript(String),
}

impl Exchange {
    /// An attempt has ended; late ends of abandoned attempts find nothing.
    pub(crate) fn webhook_ended(
        &mut self,
        now: Timestamp,
        id: WebhookId,
        attempt: u32,
        outcome: WebhookOutcome,
    ) {
        let Some(key) = id.0.checked_sub(1) else { return };
        let Some(pending) = self.webhooks.get(key).filter(|pending| pending.attempt == attempt)
        else {
            return;
        };
        let (about, kind, tries) = (pending.about, pending.kind, pending.tries);
        let errand = match pending.errand {
            // Who wanted to know how to go on may be gone.
            Errand::Question(asker) if !self.waits(asker) => Errand::Event,
            errand => errand,
        };
        let is_script = matches!(errand, Errand::Script | Errand::Transfer);
        let verdict = match outcome {
            WebhookOutcome::Reply { status, content_type, body } => {
                self.note_about(now, about, Told::Reply { id, kind, status });
                // An event may be answered with anything; what looks like a script is held to be one.
                let is_script = is_script
                    || (errand != Errand::Event && body.trim_ascii_start().starts_with(b"[{"));
                judge(status, content_type.as_deref(), body, is_script)
            }
            WebhookOutcome::Failed { failure, explanation } => {
                let why = explanation.as_str().into();
                self.note_about(now, about, Told::NoReply { id, kind, why });
                if webhook::is_retriable(failure) {
                    Verdict::TryAgain(explanation)
                } else {
                    Verdict::Bad(explanation)
                }
            }
        };
        match (verdict, errand, about) {
            (Verdict::TryAgain(_), _, _) if tries < TRIES => {
                let due = Due::Retry { webhook: key };
                self.timers.set(later(now, RETRY_AFTER), Kind::Progress, due);
            }
            (_, Errand::Event, _) | (_, _, About::Conversation(_)) => self.told(now, key),
            (Verdict::Good(body), Errand::Script | Errand::Transfer, About::Leg(leg)) => {
                self.script_came(now, key, leg, &body);
            }
            (Verdict::NoScript(why), Errand::Script | Errand::Transfer, About::Leg(leg)) => {
                self.no_script(now, key, leg, NOTHING, &why);
            }
            (
                Verdict::TryAgain(why) | Verdict::Bad(why),
                Errand::Script | Errand::Transfer,
                About::Leg(leg),
            ) => {
                if !self.ask_fallback(now, key, &why) {
                    self.no_way_on(now, key, leg, &why);
                }
            }
            (Verdict::Good(body), Errand::Question(asker), About::Leg(leg)) => {
                self.answer(now, key, leg, asker, &body);
            }
            (
                Verdict::TryAgain(why) | Verdict::Bad(why) | Verdict::NoScript(why),
                Errand::Question(asker),
                About::Leg(leg),
            ) => {
                self.note(now, leg, Told::Trouble("no usable reply", why.as_str().into()));
                // A question that nobody waits for is asked once.
                if asker.epoch.is_none() || !self.ask_fallback(now, key, &why) {
                    self.go_on(now, key, asker, None);
                }
            }
        }
    }

    fn note_about(&mut self, now: Timestamp, about: About, told: Told) {
        if let Some(leg) = about.leg() {
            self.note(now, leg, told);
        }
    }

    /// A script has arrived: the first of a leg, or one that replaces the running one.
    fn script_came(&mut self, now: Timestamp, key: u64, leg: u64, body: &Bytes) {
        match script_of(body) {
            Ok(script) => {
                let pending = self.webhooks.remove(key);
                if pending.is_some_and(|pending| pending.errand == Errand::Transfer) {
                    return self.transfer(now, leg, script);
                }
                if let Some(leg) = self.legs.get_mut(leg) {
                    leg.asking = None;
                }
                self.begin(now, leg, script);
            }
            Err(report) => {
                let platform = report.platform().unwrap_or(NOTHING);
                self.no_script(now, key, leg, platform, &exactly(&report));
            }
        }
    }

    /// What arrived is no script: the application is told, and the fallback address asked.
    fn no_script(&mut self, now: Timestamp, key: u64, leg: u64, platform: &str, exact: &str) {
        self.tell_error(now, leg, platform);
        self.note(now, leg, Told::Trouble(NO_SCRIPT, exact.into()));
        if !self.ask_fallback(now, key, platform) {
            self.no_way_on(now, key, leg, exact);
        }
    }

    /// There is no script to be had.
    ///
    /// Without its first script a call ends; a callee without its own is dropped, and its `connect`
    /// has failed; a transfer does not take place, and the call goes on as it was (inferred).
    fn no_way_on(&mut self, now: Timestamp, key: u64, leg: u64, exact: &str) {
        let pending = self.webhooks.remove(key);
        if pending.is_some_and(|pending| pending.errand == Errand::Transfer) {
            return self.note(now, leg, Told::Trouble(NO_SCRIPT, exact.into()));
        }
        if self.legs.get(leg).is_some_and(|leg| leg.dialled_by().is_some()) {
            self.note(now, leg, Told::Trouble(NO_SCRIPT, exact.into()));
        } else {
            self.fault(now, leg, exact);
        }
        self.platform_hangs_up(now, leg);
    }

    /// A question was answered: with a script, with nothing, or with something broken.
    fn answer(&mut self, now: Timestamp, key: u64, leg: u64, asker: Asker, body: &Bytes) {
        match script_of(body) {
            Ok(script) => self.go_on(now, key, asker, Some(script)),
            Err(report) if report.is_nothing() => {
                // Most replies to events are nothing, and meant so.
                if is_meant_as_script(body) {
                    self.note(now, leg, Told::Trouble(NO_SCRIPT, exactly(&report).into()));
                }
                self.go_on(now, key, asker, None);
            }
            Err(report) => {
                let platform = report.platform().unwrap_or(NOTHING);
                self.tell_error(now, leg, platform);
                self.note(now, leg, Told::Trouble(NO_SCRIPT, exactly(&report).into()));
                if asker.epoch.is_none() || !self.ask_fallback(now, key, platform) {
                    self.go_on(now, key, asker, None);
                }
            }
        }
    }

    /// Whether a script can still be replaced by the reply that somebody asked for.
    fn waits(&self, asker: Asker) -> bool {
        let run = self.legs.get(asker.leg).and_then(|leg| leg.run.as_ref());
        run.is_some_and(|run| match asker.epoch {
            Some(epoch) => run.step == Step::Asking && run.epoch == epoch,
            None => true,
        })
    }

    /// The script that waited for a reply goes on: with another one, or with its next action.
    fn go_on(&mut self, now: Timestamp, key: u64, asker: Asker, script: Option<Vec<Action>>) {
        let waits = self.waits(asker);
        self.told(now, key);
        match script {
            _ if !waits => {}
            Some(script) => self.begin(now, asker.leg, script),
            None if asker.epoch.is_some() => self.advance(now, asker.leg),
            None => {}
        }
    }

    /// Turns a webhook to the fallback address; false when there is none, or it is there already.
    fn ask_fallback(&mut self, now: Timestamp, key: u64, why: &str) -> bool {
        let Some(pending) = self.webhooks.get(key) else { return false };
        let Some(leg) = pending.about.leg().and_then(|leg| self.legs.get(leg)) else {
            return false;
        };
        let Some(fallback) = self.calls.get(leg.call).and_then(|call| call.routes.fallback.clone())
        else {
            return false;
        };
        let Some(pending) = self.webhooks.get_mut(key).filter(|pending| !pending.fallback) else {
            return false;
        };
        pending.payload = Arc::new(webhook::for_fallback(&pending.payload, &pending.hook, why));
        pending.hook = fallback;
        pending.kind = "fallback";
        pending.fallback = true;
        pending.tries = 0;
        self.attempt(now, key);
        true
    }
}

/// Whether something that is no script was to be one: an action without its array, or a script that
/// was encoded twice.
fn is_meant_as_script(body: &[u8]) -> bool {
    match serde_json::from_slice(body) {
        Ok(serde_json::Value::Object(fields)) => fields.contains_key("action"),
        Ok(serde_json::Value::String(text)) => text.contains("\"action\""),
        _ => false,
    }
}

/// Why a script cannot be run, in one sentence.
pub(crate) fn exactly(report: &Report) -> String {
    report.first_error().map_or_else(|| NOTHING.to_owned(), ToString::to_string)
}

/// The script in a body.
///
/// A malformed number in a `connect` is no error of the script: the platform rejects that leg.
pub(crate) fn script_of(body: &[u8]) -> Result<Vec<Action>, Report> {
    ringback_ncco::parse(body).or_else(|report| {
        let mut errors = report.findings.iter().filter(|found| found.severity == Severity::Error);
        // Such a leg is refused on its own, and the script goes on.
        let of_a_leg = |found: &Finding| {
            (found.code == "bad-number" && found.pointer.ends_with("/number"))
                || found.pointer.ends_with("/endpoint/0/content-type")
                || found.pointer.ends_with("/endpoint/0/headers")
        };
        if errors.all(of_a_leg) {
            ringback_model::read::from_slice(body).map_err(|_| report)
        } else {
            Err(report)
        }
    })
}

/// What a reply amounts to; a script has to come as JSON or plain text.
fn judge(status: u16, content_type: Option<&str>, body: Bytes, is_script: bool) -> Verdict {
    if !(200..300).contains(&status) {
        let why =
            format!("the application answered HTTP {status}; a 2xx with a call script is expected");
        return if webhook::is_retriable_status(status) {
            Verdict::TryAgain(why)
        } else {
            Verdict::Bad(why)
        };
    }
    let kind = content_type
        .unwrap_or("application/json")
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    if is_script && kind != "application/json" && kind != "text/plain" && !kind.ends_with("+json") {
        let why = format!(
            "the answer came as {kind}; a call script has to come as application/json (or text/plain)"
        );
        return Verdict::NoScript(why);
    }
    Verdict::Good(body)
}
