//! What the ends of webhooks bring about: scripts, second attempts, the fallback address.

use std::sync::Arc;

use bytes::Bytes;
use ringback_model::{Timestamp, ncco::Action};
use ringback_ncco::{NOTHING, Report, Severity};

use super::arrive::later;
use crate::{
    Exchange, WebhookId, WebhookOutcome,
    note::Told,
    run::Step,
    timer::{Due, Kind},
    webhook::{self, Errand, RETRY_AFTER, TRIES},
};

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
        let (leg, kind, tries) = (pending.leg, pending.kind, pending.tries);
        let errand = match pending.errand {
            // Who wanted to know how to go on may be gone.
            Errand::Question if self.asker(leg).is_none() => Errand::Event,
            errand => errand,
        };
        let verdict = match outcome {
            WebhookOutcome::Reply { status, content_type, body } => {
                self.note(now, leg, Told::Reply { id, kind, status });
                judge(status, content_type.as_deref(), body, errand == Errand::Script)
            }
            WebhookOutcome::Failed { failure, explanation } => {
                self.note(now, leg, Told::NoReply { id, kind, why: explanation.as_str().into() });
                if webhook::is_retriable(failure) {
                    Verdict::TryAgain(explanation)
                } else {
                    Verdict::Bad(explanation)
                }
            }
        };
        match (verdict, errand) {
            (Verdict::TryAgain(_), _) if tries < TRIES => {
                let due = Due::Retry { webhook: key };
                self.timers.set(later(now, RETRY_AFTER), Kind::Progress, due);
            }
            (_, Errand::Event) => self.told(now, key),
            (Verdict::Good(body), Errand::Script) => self.first_script(now, key, leg, &body),
            (Verdict::NoScript(why), Errand::Script) => {
                self.no_script(now, key, leg, NOTHING, &why);
            }
            (Verdict::TryAgain(why) | Verdict::Bad(why), Errand::Script) => {
                if !self.ask_fallback(now, key, &why) {
                    self.no_way_on(now, leg, &why);
                }
            }
            (Verdict::Good(body), Errand::Question) => self.answer(now, key, leg, &body),
            (_, Errand::Question) if self.ask_fallback(now, key, "no usable reply") => {}
            (_, Errand::Question) => self.go_on(now, key, leg, None),
        }
    }

    /// The first script of a leg has arrived.
    fn first_script(&mut self, now: Timestamp, key: u64, leg: u64, body: &Bytes) {
        match script_of(body) {
            Ok(script) => {
                self.webhooks.remove(key);
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
        self.note(now, leg, Told::Trouble(exact.into()));
        if !self.ask_fallback(now, key, platform) {
            self.no_way_on(now, leg, exact);
        }
    }

    /// There is no first script to be had: the call ends.
    fn no_way_on(&mut self, now: Timestamp, leg: u64, exact: &str) {
        self.fault(now, leg, exact);
        self.platform_hangs_up(now, leg);
    }

    /// The event of a failure was answered: with a script, with nothing, or with something broken.
    fn answer(&mut self, now: Timestamp, key: u64, failed: u64, body: &Bytes) {
        match script_of(body) {
            Ok(script) => self.go_on(now, key, failed, Some(script)),
            Err(report) if report.is_nothing() => self.go_on(now, key, failed, None),
            Err(report) => {
                let platform = report.platform().unwrap_or(NOTHING);
                self.tell_error(now, failed, platform);
                self.note(now, failed, Told::Trouble(exactly(&report).into()));
                if !self.ask_fallback(now, key, platform) {
                    self.go_on(now, key, failed, None);
                }
            }
        }
    }

    /// The leg whose script waits for the reply to the failure of `failed`.
    fn asker(&self, failed: u64) -> Option<u64> {
        let by = self.legs.get(failed)?.dial.as_ref()?.by;
        (self.step_of(by) == Some(Step::Asking { leg: failed })).then_some(by)
    }

    /// The script that waited for a reply goes on: with another one, or with its next action.
    fn go_on(&mut self, now: Timestamp, key: u64, failed: u64, script: Option<Vec<Action>>) {
        let asker = self.asker(failed);
        self.told(now, key);
        match (asker, script) {
            (Some(by), Some(script)) => self.begin(now, by, script),
            (Some(by), None) => self.advance(now, by),
            (None, _) => {}
        }
    }

    /// Turns a webhook to the fallback address; false when there is none, or it is there already.
    fn ask_fallback(&mut self, now: Timestamp, key: u64, why: &str) -> bool {
        let Some(pending) = self.webhooks.get(key) else { return false };
        let Some(leg) = self.legs.get(pending.leg) else { return false };
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

/// Why a script cannot be run, in one sentence.
fn exactly(report: &Report) -> String {
    report.reason().map_or_else(|| NOTHING.to_owned(), ToString::to_string)
}

/// The script in a body.
///
/// One that is valid runs up to the first action that is not emulated yet, and is told so there.
/// A malformed number in a `connect` is no error of the script: the platform rejects that leg.
fn script_of(body: &[u8]) -> Result<Vec<Action>, Report> {
    ringback_ncco::parse(body).or_else(|report| {
        let mut errors = report.findings.iter().filter(|found| found.severity == Severity::Error);
        if errors.all(|found| found.code == "bad-number" && found.pointer.ends_with("/number")) {
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
