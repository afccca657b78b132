//! What the exchange runs today. The one place that knows.

use ringback_model::ncco::{Action, Connect, Endpoint};

use crate::{
    Severity,
    cap::{Findings, draft},
    path::Path,
};

/// What the exchange runs, for people.
pub const EMULATED: &str = "`talk`, and `connect` to a `phone` endpoint with `from`, `timeout`, \
                            `limit`, `eventType`, `eventUrl`, `eventMethod` and `ringbackTone`";

/// A valid part of a script that the exchange does not run yet.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotEmulated {
    /// The action, endpoint or option, such as `record` or `connect to sip`.
    pub what: String,
    /// Where it is within the action, as a JSON pointer.
    pub pointer: &'static str,
    /// One sentence without a full stop that says so.
    pub sentence: String,
}

/// Whether the exchange runs an action.
///
/// # Errors
/// The first part of the action that it does not run.
pub fn emulated(action: &Action) -> Result<(), NotEmulated> {
    match action {
        Action::Talk(_) => Ok(()),
        Action::Connect(connect) => dialled(connect),
        other => Err(not(other.kind().unwrap_or("an unknown action"), "")),
    }
}

/// Options that the exchange takes and that change nothing, with their pointers in the action.
#[must_use]
pub fn without_effect(action: &Action) -> Vec<(&'static str, &'static str)> {
    let Action::Connect(Connect { endpoint, .. }) = action else {
        return Vec::new();
    };
    let Some(Endpoint::Phone(phone)) = endpoint.first() else {
        return Vec::new();
    };
    let mut found = Vec::new();
    if phone.dtmf_answer.is_some() {
        found.push(("dtmfAnswer", "/endpoint/0/dtmfAnswer"));
    }
    if phone.shaken.is_some() {
        found.push(("shaken", "/endpoint/0/shaken"));
    }
    found
}

fn dialled(connect: &Connect) -> Result<(), NotEmulated> {
    match connect.endpoint.first() {
        Some(Endpoint::Phone(phone)) => {
            if phone.on_answer.is_some() {
                return Err(not("onAnswer", "/endpoint/0/onAnswer"));
            }
        }
        Some(endpoint) => {
            let kind = endpoint.kind().unwrap_or("an unknown endpoint");
            return Err(not(&format!("connect to {kind}"), "/endpoint/0/type"));
        }
        None => return Err(not("connect to nobody", "/endpoint")),
    }
    if connect.advanced_machine_detection.is_some() {
        return Err(not("advancedMachineDetection", "/advancedMachineDetection"));
    }
    if connect.machine_detection.is_some() {
        return Err(not("machineDetection", "/machineDetection"));
    }
    if connect.random_from_number == Some(true) {
        return Err(not("randomFromNumber", "/randomFromNumber"));
    }
    Ok(())
}

fn not(what: &str, pointer: &'static str) -> NotEmulated {
    let sentence = format!("`{what}` is valid, but not emulated yet");
    NotEmulated { what: what.to_owned(), pointer, sentence }
}

/// Reports what of an action is not run, or is without effect.
pub(crate) fn report(index: usize, action: &Action, out: &mut Findings) {
    if let Err(found) = emulated(action) {
        let pointer = if found.pointer.is_empty() { "/action" } else { found.pointer };
        let pointer = format!("/{index}{pointer}");
        let finding = draft(Severity::NotEmulated, "not-emulated", pointer, found.sentence);
        out.push(finding.accepted(EMULATED));
    }
    for (name, inner) in without_effect(action) {
        let pointer = Path::ROOT.index(index).pointer() + inner;
        let message = format!("`{name}` has no effect in the emulator");
        out.push(draft(Severity::Warning, "no-effect", pointer, message));
    }
}
