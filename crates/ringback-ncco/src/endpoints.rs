//! Checks whom a `connect` calls.

use crate::{
    advice::{did_you_mean, listed},
    cap::{Findings, error, warning},
    options::{self, wrong},
    path::Path,
    shapes::ENDPOINTS,
    value::Value,
};

/// The headers of a websocket, written compactly, have at most so many bytes.
const MOST_HEADERS: usize = 512;

/// Checks the value of `endpoint`.
pub(crate) fn check(value: &Value<'_>, path: &Path<'_>, out: &mut Findings) {
    match value {
        Value::List(items) => {
            for (index, item) in items.iter().enumerate() {
                endpoint(item, &path.index(index), out);
            }
            match items.len() {
                1 => {}
                0 => out.push(
                    error("one-endpoint", path, "`endpoint` is empty")
                        .accepted("an array with one endpoint"),
                ),
                more => out.push(
                    error("one-endpoint", path, format!("`endpoint` has {more} elements"))
                        .accepted("an array with one endpoint")
                        .help("use one `connect` for each"),
                ),
            }
        }
        Value::Object(_) => {
            let message = "`endpoint` is documented as an array";
            out.push(warning("not-an-array", path, message).help("put it in brackets"));
            endpoint(value, path, out);
        }
        _ => out.push(wrong(value, path, "an array with one endpoint")),
    }
}

fn endpoint(value: &Value<'_>, path: &Path<'_>, out: &mut Findings) {
    let kinds = || ENDPOINTS.iter().map(|(kind, _)| *kind);
    if value.as_object().is_none() {
        out.push(wrong(value, path, "an object"));
        return;
    }
    let Some(kind) = value.get("type") else {
        out.push(
            error("missing-option", path, "an endpoint needs `type`").accepted(listed(kinds())),
        );
        return;
    };
    let at = path.key("type");
    let Some(kind) = kind.as_text() else {
        out.push(wrong(kind, &at, "a text").accepted(listed(kinds())));
        return;
    };
    let Some((_, shape)) = ENDPOINTS.iter().find(|(name, _)| *name == kind) else {
        let message = format!("`{}` is not a type of endpoint", crate::advice::short(kind, 40));
        let meant = match kind.to_lowercase().as_str() {
            "pstn" | "number" | "tel" | "mobile" => Some("did you mean `phone`?".to_owned()),
            "user" | "client" => Some("did you mean `app`?".to_owned()),
            "ws" | "wss" => Some("did you mean `websocket`?".to_owned()),
            _ => did_you_mean(kind, kinds()),
        };
        out.push(error("unknown-endpoint", &at, message).accepted(listed(kinds())).perhaps(meant));
        return;
    };
    options::check(shape, value, path, out);
    match kind {
        "websocket" => websocket(value, path, out),
        "sip" => sip(value, path, out),
        _ => {}
    }
}

fn websocket(value: &Value<'_>, path: &Path<'_>, out: &mut Findings) {
    if value.get("content-type").is_none() {
        let message = "a `websocket` endpoint needs `content-type`";
        out.push(
            warning("missing-option", path, message)
                .accepted("`audio/l16;rate=16000`, or with the rates 8000 and 24000")
                .help("16000 Hz is taken without it"),
        );
    }
    let size = value.get("headers").map_or(0, size);
    if size > MOST_HEADERS {
        let message = format!("`headers` has {size} bytes");
        let accepted = format!("at most {MOST_HEADERS} bytes as JSON");
        out.push(error("too-long", &path.key("headers"), message).accepted(accepted));
    }
    let Some(authorization) = value.get("authorization") else {
        return;
    };
    let path = path.key("authorization");
    let text = authorization.text("value");
    if authorization.text("type") == Some("custom") && text.is_none_or(str::is_empty) {
        let message = "a `custom` authorization needs `value`";
        out.push(error("missing-option", &path, message).accepted("the header's value"));
    }
    if let Some(text) = text {
        let printable = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if text.len() > 8191 || !printable {
            let message = "`value` cannot stand in a header";
            let accepted = "at most 8191 printable ASCII characters";
            out.push(error("bad-value", &path.key("value"), message).accepted(accepted));
        }
    }
}

/// How many bytes a value has when written compactly, escapes aside.
fn size(value: &Value<'_>) -> usize {
    match value {
        Value::Null => 4,
        Value::Bool(value) => {
            if *value {
                4
            } else {
                5
            }
        }
        Value::Whole(number) | Value::Fraction(number) => number.to_string().len(),
        Value::Text(text) => text.len() + 2,
        Value::List(items) => 1 + items.len().max(1) + items.iter().map(size).sum::<usize>(),
        Value::Object(fields) => {
            let inner: usize =
                fields.iter().map(|(name, value)| name.len() + 3 + size(value)).sum();
            1 + fields.len().max(1) + inner
        }
    }
}

fn sip(value: &Value<'_>, path: &Path<'_>, out: &mut Findings) {
    let [uri, domain, user] = ["uri", "domain", "user"].map(|name| value.get(name).is_some());
    let accepted = "`uri`, or else `domain` and perhaps `user`";
    if uri && (domain || user) {
        let other = if domain { "domain" } else { "user" };
        let message = format!("`uri` and `{other}` exclude each other");
        out.push(
            error("exclusive-options", &path.key(other), message).at_name().accepted(accepted),
        );
    } else if user && !domain {
        let message = "`user` needs `domain`";
        out.push(error("missing-option", &path.key("user"), message).at_name().accepted(accepted));
    } else if !uri && !domain {
        let message = "a `sip` endpoint needs `uri` or `domain`";
        out.push(error("missing-option", path, message).accepted(accepted));
    }
    for name in ["standardHeaders", "standard_headers"] {
        let Some(headers) = value.get(name).and_then(Value::as_object) else {
            continue;
        };
        for (key, _) in headers.iter().filter(|(key, _)| key != "User-to-User") {
            let message =
                format!("`{}` is no standard header that is sent", crate::advice::short(key, 40));
            let at = path.key(name);
            out.push(
                warning("unknown-option", &at.key(key), message)
                    .at_name()
                    .accepted("`User-to-User`")
                    .perhaps(did_you_mean(key, ["User-to-User"])),
            );
        }
    }
}
