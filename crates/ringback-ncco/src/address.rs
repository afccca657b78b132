//! Checks URLs and telephone numbers.

use ringback_model::PhoneNumber;

use crate::{
    advice::short,
    cap::{Findings, error, warning},
    options::wrong,
    path::Path,
    value::Value,
};

/// What a telephone number is made of.
pub(crate) const NUMBER: &str = "7 to 15 digits with the country code, without `+`, `00` or spaces";

/// An http or https URL.
pub(crate) fn url(value: &Value<'_>, path: &Path<'_>, out: &mut Findings) {
    let Some(text) = value.as_text() else {
        out.push(wrong(value, path, "a text"));
        return;
    };
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    if rest.is_some_and(|rest| !rest.is_empty() && !text.contains(char::is_whitespace)) {
        return;
    }
    let trimmed = text.trim();
    let meant = if trimmed.contains(char::is_whitespace) {
        None
    } else if trimmed.starts_with("http://") || trimmed.starts_with("https://") {
        Some(trimmed.to_owned())
    } else if trimmed.contains("://") || trimmed.is_empty() || trimmed.starts_with(['/', '.']) {
        None
    } else {
        let local = ["localhost", "127.", "0.0.0.0", "[::1]"];
        let scheme =
            if local.iter().any(|host| trimmed.starts_with(host)) { "http" } else { "https" };
        Some(format!("{scheme}://{trimmed}"))
    };
    let help = match meant {
        Some(meant) if meant.len() > 8 => format!("did you mean `{}`?", short(&meant, 80)),
        _ => "write the whole URL, with `https://` and the host".to_owned(),
    };
    let message = format!("`{}` is not an http or https URL", short(text, 60));
    out.push(error("bad-url", path, message).accepted("an http or https URL").help(help));
}

/// A number that is dialled.
pub(crate) fn dialled(text: &str, path: &Path<'_>, out: &mut Findings) {
    if let Err(found) = PhoneNumber::new(text) {
        let message = format!("`{}` is not a telephone number", short(text, 40));
        let meant = found.suggestion.map(|number| format!("did you mean `{number}`?"));
        out.push(error("bad-number", path, message).accepted(NUMBER).perhaps(meant));
    }
}

/// A number that is shown to the callee, who sees `Unknown` instead of any other text.
pub(crate) fn shown(text: &str, path: &Path<'_>, out: &mut Findings) {
    if let Err(found) = PhoneNumber::new(text) {
        let message = format!("the callee will see `Unknown` instead of `{}`", short(text, 40));
        let meant = found.suggestion.map(|number| format!("did you mean `{number}`?"));
        out.push(warning("bad-caller-id", path, message).accepted(NUMBER).perhaps(meant));
    }
}
