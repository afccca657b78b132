//! Checks single actions: their name, their options and what these ask of each other.

use crate::{
    address,
    advice::{did_you_mean, listed, short},
    cap::{Findings, error, warning},
    options::{self, wrong},
    path::Path,
    shapes::ACTIONS,
    value::Value,
};

/// Checks one action.
pub(crate) fn check(value: &Value<'_>, path: &Path<'_>, out: &mut Findings) {
    let names = || ACTIONS.iter().map(|(name, _)| *name);
    if value.as_object().is_none() {
        out.push(
            wrong(value, path, "an object")
                .accepted("an action such as `{\"action\": \"talk\", \"text\": \"Hello\"}`"),
        );
        return;
    }
    let Some(name) = value.get("action") else {
        out.push(missing(value, path, listed(names())));
        return;
    };
    let at = path.key("action");
    let Some(name) = name.as_text() else {
        out.push(wrong(name, &at, "a text").accepted(listed(names())));
        return;
    };
    let Some((_, shape)) = ACTIONS.iter().find(|(known, _)| *known == name) else {
        let message = format!("`{}` is not an action", short(name, 40));
        let help = advice(name).or_else(|| did_you_mean(name, names()));
        out.push(error("unknown-action", &at, message).accepted(listed(names())).perhaps(help));
        return;
    };
    if value
        .as_object()
        .is_some_and(|fields| fields.iter().filter(|(key, _)| key == "action").count() > 1)
    {
        let message = "`action` is there twice";
        out.push(error("repeated-option", &at, message).at_name().help("make two actions of it"));
    }
    options::check(shape, value, path, out);
    match name {
        "input" => input(value, path, out),
        "record" => record(value, path, out),
        "conversation" => conversation(value, path, out),
        "connect" => connect(value, path, out),
        "transfer" => mute(value, path, out),
        "notify" | "stream" => url(value, name, path, out),
        _ => {}
    }
}

fn missing(value: &Value<'_>, path: &Path<'_>, accepted: String) -> crate::cap::Draft {
    let fields = value.as_object().unwrap_or_default();
    let close = fields.iter().map(|(key, _)| key.as_ref()).find(|key| {
        matches!(key.to_lowercase().as_str(), "action" | "actions" | "verb" | "command")
            || crate::advice::nearest(key, ["action"]).is_some()
    });
    let help = close.map(|key| format!("write `action` instead of `{}`", short(key, 40)));
    error("missing-action", path, "an action needs `action`").accepted(accepted).perhaps(help)
}

/// What to do instead of an action that does not exist.
fn advice(name: &str) -> Option<String> {
    let text = match name.to_lowercase().as_str() {
        "hangup" | "hang_up" | "hang-up" | "end" | "disconnect" | "exit" => {
            "the call ends by itself when the script has ended: leave this action out"
        }
        "pay" | "payment" => "`pay` was removed from the platform in 2023",
        "say" | "speak" | "tts" | "announce" => "did you mean `talk`?",
        "play" | "audio" => "did you mean `stream`?",
        "dial" | "call" | "forward" | "phone" => "did you mean `connect`?",
        "gather" | "dtmf" | "collect" | "listen" | "asr" => "did you mean `input`?",
        "conference" | "room" | "join" => "did you mean `conversation`?",
        "pause" | "sleep" | "delay" => "did you mean `wait`?",
        "webhook" | "event" => "did you mean `notify`?",
        "redirect" | "goto" => "answer an `input` or `notify` webhook with the next script",
        _ => return None,
    };
    Some(text.to_owned())
}

fn input(value: &Value<'_>, path: &Path<'_>, out: &mut Findings) {
    if value.get("type").is_none() {
        let of = |name: &'static str| value.get(name).map(|_| format!("\"{name}\""));
        let kinds: Vec<String> = [of("dtmf"), of("speech")].into_iter().flatten().collect();
        let kinds = if kinds.is_empty() { "\"dtmf\"".to_owned() } else { kinds.join(", ") };
        let message = "`input` needs `type` since 2021";
        out.push(
            warning("missing-option", path, message).help(format!("add `\"type\": [{kinds}]`")),
        );
    }
    if value.text("mode") == Some("asynchronous") {
        asynchronous(value, path, out);
    }
}

/// An asynchronous `input` sends each key at once: there is nothing to wait for, and no speech.
fn asynchronous(value: &Value<'_>, path: &Path<'_>, out: &mut Findings) {
    let settings = value.get("dtmf").and_then(Value::as_object);
    let old =
        ["timeOut", "maxDigits", "submitOnHash"].iter().find(|name| value.get(name).is_some());
    let message = "an asynchronous `input` takes no `dtmf` settings: each key is sent at once";
    if settings.is_some_and(|settings| !settings.is_empty()) {
        out.push(error("exclusive-options", &path.key("dtmf"), message).help("leave `dtmf` out"));
    } else if let Some(name) = old {
        let help = format!("leave `{name}` out");
        out.push(error("exclusive-options", &path.key(name), message).at_name().help(help));
    }
    let speech = value
        .get("type")
        .and_then(Value::as_list)
        .and_then(|kinds| kinds.iter().position(|kind| kind.as_text() == Some("speech")));
    if let Some(index) = speech {
        let kinds = path.key("type");
        let message = "an asynchronous `input` takes keys only";
        let help = "leave `mode` or `speech` out";
        out.push(error("exclusive-options", &kinds.index(index), message).help(help));
    }
}

fn record(value: &Value<'_>, path: &Path<'_>, out: &mut Findings) {
    let channels = value.get("channels").and_then(Value::as_number).unwrap_or(1.0);
    if channels > 1.0 && value.get("split").is_none() {
        let message = "more than one of `channels` needs `split`";
        let help = "add `\"split\": \"conversation\"`";
        out.push(error("missing-option", &path.key("channels"), message).help(help));
    }
    if channels > 2.0 && value.text("format").is_some_and(|format| format != "wav") {
        let message = "more than two channels are recorded as `wav`";
        out.push(warning("no-effect", &path.key("format"), message).help("write `wav`"));
    }
}

fn conversation(value: &Value<'_>, path: &Path<'_>, out: &mut Findings) {
    mute(value, path, out);
    if value.get("transcription").is_some() && !value.is_true("record") {
        let message = "`transcription` needs `record`";
        let help = "add `\"record\": true`";
        out.push(error("missing-option", &path.key("transcription"), message).at_name().help(help));
    }
}

fn mute(value: &Value<'_>, path: &Path<'_>, out: &mut Findings) {
    // `"mute": false` is what counts anyway, and SDKs write it.
    if value.is_true("mute") && value.get("canSpeak").is_some() {
        let message = "`mute` and `canSpeak` exclude each other";
        let help = "to be heard by nobody, `mute` is enough";
        out.push(error("exclusive-options", &path.key("mute"), message).at_name().help(help));
    }
}

fn connect(value: &Value<'_>, path: &Path<'_>, out: &mut Findings) {
    if value.get("from").is_some() && value.is_true("randomFromNumber") {
        let message = "`from` and `randomFromNumber` exclude each other";
        let help = "keep one of them";
        let at = path.key("randomFromNumber");
        out.push(error("exclusive-options", &at, message).at_name().help(help));
    }
    // A user of a client SDK is shown any text.
    let endpoint =
        value.get("endpoint").map(|list| list.as_list().and_then(<[_]>::first).unwrap_or(list));
    let to_app = endpoint.and_then(|endpoint| endpoint.text("type")) == Some("app");
    if let (Some(from), false) = (value.text("from"), to_app) {
        address::shown(from, &path.key("from"), out);
    }
    if value.get("machineDetection").is_some() && value.get("advancedMachineDetection").is_some() {
        let message = "`advancedMachineDetection` wins over `machineDetection`";
        let at = path.key("machineDetection");
        out.push(warning("no-effect", &at, message).at_name().help("leave it out"));
    }
}

/// A URL that is required cannot be the empty list that stands for none elsewhere.
fn url(value: &Value<'_>, name: &str, path: &Path<'_>, out: &mut Findings) {
    let option = if name == "stream" { "streamUrl" } else { "eventUrl" };
    if value.get(option).and_then(Value::as_list).is_some_and(<[_]>::is_empty) {
        let message = format!("`{option}` is empty");
        let accepted = "an array with one http or https URL";
        out.push(error("empty-option", &path.key(option), message).accepted(accepted));
    }
}
