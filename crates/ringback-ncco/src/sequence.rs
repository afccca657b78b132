//! Checks what actions ask of those that follow.

use crate::{
    cap::{Findings, error, warning},
    path::Path,
    value::Value,
};

/// Checks the order of the actions.
pub(crate) fn check(actions: &[Value<'_>], out: &mut Findings) {
    barge_in(actions, out);
    never_run(actions, out);
}

/// After a prompt that may be interrupted, the first action that is no prompt has to listen.
fn barge_in(actions: &[Value<'_>], out: &mut Findings) {
    let mut waiting = None;
    for (index, action) in actions.iter().enumerate() {
        match action.text("action") {
            Some("talk" | "stream") => {
                if waiting.is_none() && action.is_true("bargeIn") {
                    waiting = Some(index);
                }
            }
            Some("input") => waiting = None,
            _ => {
                if let Some(prompt) = waiting.take() {
                    unheard(prompt, out);
                }
            }
        }
    }
    if let Some(prompt) = waiting {
        unheard(prompt, out);
    }
}

fn unheard(prompt: usize, out: &mut Findings) {
    let root = Path::ROOT;
    let action = root.index(prompt);
    let message = "`bargeIn` needs an `input` as the next action after the prompts";
    let help = "add an `input` or leave `bargeIn` out";
    out.push(error("missing-input", &action.key("bargeIn"), message).at_name().help(help));
}

/// Some actions never let the next one begin.
fn never_run(actions: &[Value<'_>], out: &mut Findings) {
    for (index, action) in actions.iter().enumerate().take(actions.len().saturating_sub(1)) {
        let name = action.text("action").unwrap_or_default();
        let endless = matches!(name, "talk" | "stream")
            && action.get("loop").and_then(Value::as_number) == Some(0.0)
            && !action.is_true("bargeIn");
        let why = match name {
            "conversation" => "`conversation` ends only when the leg leaves",
            "transfer" => "`transfer` ends the script",
            _ if endless => "a prompt with `\"loop\": 0` never ends",
            _ => continue,
        };
        let root = Path::ROOT;
        let message = format!("this action and those after it never run: {why}");
        out.push(warning("never-runs", &root.index(index + 1), message).help("remove them"));
        return;
    }
}
