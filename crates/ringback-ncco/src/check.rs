//! The check itself: read, walk, read as types, and only then look up positions.

use ringback_model::{ncco::Action, read};
use serde::Serialize;

use crate::{
    Report, SYNTAX_ERROR, Severity, actions,
    advice::short,
    cap::{Draft, Findings, draft},
    effect,
    path::{Path, escaped},
    sequence,
    span::{Place, locate, position},
    syntax,
    value::Value,
};

/// A script that can be run, or else the report that says why not.
///
/// For a right and simple script this costs a few microseconds: nothing is looked up in the text
/// unless there is something to report. Warnings are lost; [`check_bytes`] tells them.
///
/// # Errors
/// The whole report, when the script is faulty.
pub fn parse(body: &[u8]) -> Result<Vec<Action>, Report> {
    let mut report = check_bytes(body);
    report.actions.take().ok_or(report)
}

/// Checks the text of a script.
#[must_use]
pub fn check(text: &str) -> Report {
    let mut out = Findings::default();
    let actions = examine(text, &mut out);
    let Findings { list, omitted, .. } = out;
    let mut findings: Vec<_> = list.into_iter().map(|draft| placed(text, draft)).collect();
    findings.sort_by_key(|finding| finding.position.map(|position| position.offset));
    Report { actions, findings, omitted }
}

/// Checks the bytes of a script, such as the body of an answer webhook's reply.
#[must_use]
pub fn check_bytes(bytes: &[u8]) -> Report {
    match std::str::from_utf8(bytes) {
        Ok(text) => check(text),
        Err(error) => {
            let valid = error.valid_up_to();
            let text = String::from_utf8_lossy(bytes);
            // The first replacement character stands where the bytes stop being text.
            let found = syntax::not_utf8(bytes, valid).at(valid..valid + 3);
            Report { actions: None, findings: vec![placed(&text, found)], omitted: 0 }
        }
    }
}

/// Checks a script that is a JSON value already; its findings have pointers but no positions.
#[must_use]
pub fn check_value(value: &serde_json::Value) -> Report {
    check_written(value)
}

/// Checks actions; the findings have pointers but no positions.
#[must_use]
pub fn check_actions(actions: &[Action]) -> Report {
    check_written(actions)
}

fn check_written(value: &(impl Serialize + ?Sized)) -> Report {
    let mut report = match serde_json::to_string(value) {
        Ok(text) => check(&text),
        Err(error) => {
            let mut found = draft(
                Severity::Error,
                "invalid-json",
                String::new(),
                format!("the script cannot be written as JSON: {error}"),
            );
            found.finding.platform = Some(SYNTAX_ERROR);
            Report { actions: None, findings: vec![found.finding], omitted: 0 }
        }
    };
    for finding in &mut report.findings {
        finding.position = None;
    }
    report
}

/// Finds everything that is to be found; the actions when they can be run.
fn examine(text: &str, out: &mut Findings) -> Option<Vec<Action>> {
    let value: Value<'_> = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(error) => {
            out.push(syntax::opening(text).unwrap_or_else(|| syntax::broken(text, &error)));
            return None;
        }
    };
    let Some(items) = value.as_list().filter(|items| !items.is_empty()) else {
        out.push(syntax::top(&value));
        return None;
    };
    for (index, action) in items.iter().enumerate() {
        actions::check(action, &Path::ROOT.index(index), out);
    }
    sequence::check(items, out);
    if out.has(Severity::Error) {
        return None;
    }
    let actions: Vec<Action> = match read::from_slice(text.as_bytes()) {
        Ok(actions) => actions,
        Err(error) => {
            let mut found =
                draft(Severity::Error, "wrong-type", pointer(&error.path), error.message);
            found.finding.platform = Some(SYNTAX_ERROR);
            out.push(found);
            return None;
        }
    };
    for (index, action) in actions.iter().enumerate() {
        effect::report(index, action, out);
    }
    Some(actions)
}

/// Adds where a finding is in the text, and what stands there.
fn placed(text: &str, draft: Draft) -> crate::Finding {
    let Draft { mut finding, place } = draft;
    let bytes = match &place {
        Place::Bytes(bytes) => Some(bytes.clone()),
        place => locate(text, &finding.pointer, place),
    };
    if let Some(bytes) = bytes {
        let position = position(text, &bytes);
        let seen = text.get(position.offset..position.offset + position.length);
        let secret = finding.pointer.ends_with("/authorization/value");
        finding.seen = seen.filter(|seen| !seen.is_empty()).map(|seen| match secret {
            true => format!("a secret of {} bytes", seen.len()),
            false => short(seen, 80),
        });
        finding.position = Some(position);
    }
    finding
}

/// A path such as `[1].endpoint[0].number` as a JSON pointer.
fn pointer(path: &str) -> String {
    let mut pointer = String::new();
    for token in path.split(['.', '[']).map(|token| token.trim_end_matches(']')) {
        if !token.is_empty() {
            pointer.push('/');
            pointer.push_str(&escaped(token));
        }
    }
    pointer
}
