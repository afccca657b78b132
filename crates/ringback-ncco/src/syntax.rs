//! What is wrong with a text that is not JSON, or with JSON that is not a script.

use std::ops::Range;

use crate::{
    NOTHING,
    advice::short,
    cap::{Draft, error},
    path::Path,
    span::floor,
    value::Value,
};

const EXAMPLE: &str =
    "a JSON array of actions, such as `[{\"action\": \"talk\", \"text\": \"Hello\"}]`";

/// An answer that cannot be a script for what it begins with.
pub(crate) fn opening(text: &str) -> Option<Draft> {
    let start = text.len() - text.trim_start().len();
    let rest = text.trim();
    let first = rest.chars().next();
    let line = start..start + rest.lines().next().map_or(0, str::len);
    let found = match first {
        None => nothing("empty-body", "the answer is empty").at(0..0),
        Some('\u{feff}') => {
            error("byte-order-mark", &Path::ROOT, "the text begins with a byte order mark")
                .help("save it as UTF-8 without the mark")
                .at(start..start + 3)
        }
        Some('<') => {
            let lower = rest.get(..floor(rest, 200)).unwrap_or(rest).to_lowercase();
            let html = lower.contains("<!doctype html") || lower.contains("<html");
            let (code, what) = if html { ("html", "an HTML page") } else { ("xml", "XML") };
            let help = match (html, lower.contains("<response")) {
                (true, _) => "this is probably an error page or a login page of the web server",
                (false, true) => "this is a script of another platform: write it as JSON",
                (false, false) => "write it as JSON",
            };
            nothing(code, &format!("the answer is {what}, not a script")).help(help).at(line)
        }
        Some('\'' | '\u{201c}') => return None,
        Some(c)
            if c.is_alphabetic()
                && serde_json::from_str::<serde::de::IgnoredAny>(rest).is_err() =>
        {
            nothing("plain-text", "the answer is plain text, not a script").at(line)
        }
        Some(_) => return None,
    };
    Some(found.accepted(EXAMPLE))
}

/// JSON that is not an array of actions.
pub(crate) fn top(value: &Value<'_>) -> Draft {
    let found = match value {
        Value::List(_) => nothing("empty-script", "the script has no actions"),
        Value::Object(fields) => {
            let found = nothing("not-an-array", "the script is an object, not an array");
            let list = fields.iter().find(|(_, value)| value.as_list().is_some());
            match list {
                Some((name, _)) if value.get("action").is_none() => {
                    let help = format!("return the array in `{}` alone", short(name, 40));
                    found.help(help)
                }
                _ if fields.is_empty() => found,
                _ => found.help("put `[` before it and `]` after it"),
            }
        }
        Value::Text(text) => {
            let found = nothing("double-encoded", "the script is a text, not an array");
            match text.trim_start().starts_with(['[', '{']) {
                true => found
                    .help("it was encoded twice: return the array itself, not its JSON as a text"),
                false => found,
            }
        }
        other => nothing("not-an-array", &format!("the script is {}, not an array", other.kind())),
    };
    found.accepted(EXAMPLE)
}

/// The answer holds no script.
fn nothing(code: &'static str, message: &str) -> Draft {
    error(code, &Path::ROOT, message).platform(NOTHING)
}

/// Bytes that are no text.
pub(crate) fn not_utf8(bytes: &[u8], valid: usize) -> Draft {
    let wide = matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]);
    let message = match bytes.get(valid) {
        Some(byte) => format!("the text is not UTF-8: byte {valid} is 0x{byte:02x}"),
        None => "the text is not UTF-8".to_owned(),
    };
    let help = if wide { "it looks like UTF-16: send UTF-8" } else { "send UTF-8" };
    error("not-utf8", &Path::ROOT, message).help(help)
}

/// A text that `serde_json` could not read.
pub(crate) fn broken(text: &str, fault: &serde_json::Error) -> Draft {
    let at = offset(text, fault);
    let detail = detail(fault);
    let rest = text.get(at..).unwrap_or_default();
    let before = text.get(..at).unwrap_or_default().trim_end();
    let here = at..at + rest.chars().next().map_or(0, char::len_utf8);
    let found = |code, message: &str| error(code, &Path::ROOT, message);
    if fault.is_eof() {
        return unfinished(text);
    }
    if detail.contains("recursion limit") {
        return found("too-deep", "the script is nested too deeply").at(here);
    }
    if detail.contains("control character") {
        let end = text.get(..at).and_then(|text| text.rfind('"')).unwrap_or(at);
        return found("line-break-in-text", "a text goes over the end of the line")
            .help("write `\\n` for a line break, and close the text with `\"`")
            .at(end..line_end(text, end));
    }
    if detail.contains("escape") {
        let start = text.get(..(at + 1).min(text.len())).and_then(|text| text.rfind('\\'));
        return found("bad-escape", "this is not an escape of JSON")
            .help("write `\\\\` for a backslash")
            .at(start.unwrap_or(at)..here.end);
    }
    if detail.contains("trailing characters") {
        return found("text-after-script", "something follows after the script")
            .help("return one array and nothing else")
            .at(at..line_end(text, at));
    }
    if detail.contains("number out of range") || detail.contains("invalid number") {
        let number = found("bad-number-literal", "this is not a number of JSON").at(here);
        return word(text, at, before).unwrap_or(number);
    }
    by_character(text, at, rest, before, here.clone()).unwrap_or_else(|| {
        found("invalid-json", &format!("the text is not JSON: {detail}")).at(here)
    })
}

/// What the character says at which reading stopped.
fn by_character(
    text: &str,
    at: usize,
    rest: &str,
    before: &str,
    here: Range<usize>,
) -> Option<Draft> {
    let found = |code, message: &str| error(code, &Path::ROOT, message);
    let first = rest.chars().next()?;
    let comma = before.ends_with(',').then(|| before.len() - 1..before.len());
    Some(match first {
        ']' | '}' if comma.is_some() => {
            found("trailing-comma", &format!("there is a comma before `{first}`"))
                .help("remove the comma")
                .at(comma.unwrap_or(here))
        }
        ']' | '}' if before.ends_with(':') => {
            found("missing-value", "an option has no value").at(here)
        }
        ']' | '}' => found("wrong-bracket", &format!("`{first}` closes nothing here")).at(here),
        ',' => found("extra-comma", "there is a comma too many").help("remove the comma").at(here),
        '\'' => {
            let python = ["True", "False", "None"].iter().any(|word| text.contains(word))
                || text.trim_start().starts_with("[{'");
            let help = match python {
                true => {
                    "this looks like a Python list made into a text: return `json.dumps(…)` of it"
                }
                false => "use double quotes",
            };
            found("single-quotes", "JSON has no single quotes").help(help).at(here)
        }
        '\u{201c}' | '\u{201d}' | '\u{2018}' | '\u{2019}' => {
            found("curly-quotes", "these are typographic quotes").help("use `\"`").at(here)
        }
        '/' | '#' => found("comment", "JSON has no comments")
            .help("remove the comment")
            .at(at..line_end(text, at)),
        c if c.is_alphanumeric() || c == '_' || c == '$' => word(text, at, before)?,
        '"' | '{' | '['
            if before.ends_with(['"', '}', ']']) || before.ends_with(char::is_alphanumeric) =>
        {
            found("missing-comma", "there is a comma missing before this").help("add `,`").at(here)
        }
        _ => return None,
    })
}

/// A word that is not JSON: `True`, `undefined`, a name without quotes.
fn word(text: &str, at: usize, before: &str) -> Option<Draft> {
    let part = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let before_word = text.get(..at)?.trim_end_matches(part);
    let start = before_word.len();
    let word: String = text.get(start..)?.chars().take_while(|c| part(*c)).collect();
    let bytes = start..start + word.len();
    let found = |code, message: String| error(code, &Path::ROOT, message).at(bytes.clone());
    let shown = short(&word, 40);
    let after = text.get(bytes.end..)?.trim_start();
    let before = if start < at { before_word.trim_end() } else { before };
    if after.starts_with(':') && before.ends_with(['{', ',']) {
        let message = format!("the name `{shown}` has no quotes");
        return Some(found("unquoted-name", message).help(format!("write `\"{shown}\"`")));
    }
    let (code, help) = match word.as_str() {
        "True" | "TRUE" | "False" | "FALSE" => {
            ("python-literal", format!("write `{}`", word.to_lowercase()))
        }
        "None" | "undefined" | "nil" | "NULL" | "Null" => {
            ("python-literal", "leave the option out".to_owned())
        }
        "NaN" | "Infinity" => ("bad-number-literal", "JSON has no such number".to_owned()),
        word if word.starts_with(|c: char| c.is_ascii_digit()) => (
            "bad-number-literal",
            "a number of JSON has no leading zeros or letters; write it in quotes".to_owned(),
        ),
        _ => ("unquoted-text", format!("write `\"{shown}\"`")),
    };
    Some(found(code, format!("`{shown}` is not JSON")).help(help))
}

/// The text ends too early.
fn unfinished(text: &str) -> Draft {
    let mut open: Vec<(usize, char)> = Vec::new();
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(_), '"') => quote = None,
            (Some(_), _) => {}
            (None, '"') => quote = Some(at),
            (None, '[' | '{') => open.push((at, c)),
            (None, ']' | '}') => {
                open.pop();
            }
            (None, _) => {}
        }
    }
    let found = |message: &str| error("unfinished", &Path::ROOT, message);
    match (quote, open.last()) {
        (Some(at), _) => found("the script ends within this text")
            .help("close it with `\"`; or was the answer cut off?")
            .at(at..line_end(text, at)),
        (None, Some((at, bracket))) => {
            let close = if *bracket == '[' { ']' } else { '}' };
            found(&format!("the script ends before this `{bracket}` is closed"))
                .help(format!("add `{close}`; or was the answer cut off?"))
                .at(*at..at + 1)
        }
        (None, None) => found("the script ends too early").at(text.len()..text.len()),
    }
}

/// The byte at which reading stopped.
fn offset(text: &str, fault: &serde_json::Error) -> usize {
    let mut start = 0;
    for _ in 1..fault.line() {
        let rest = text.get(start..).unwrap_or_default();
        start += rest.find('\n').map_or(rest.len(), |at| at + 1);
    }
    floor(text, start + fault.column().saturating_sub(1))
}

/// What `serde_json` says, without the position.
fn detail(fault: &serde_json::Error) -> String {
    let text = fault.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

fn line_end(text: &str, from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    from + rest.lines().next().map_or(0, str::len)
}
