//! What a webhook server prints.

use ringback_model::{
    Kept,
    webhook::{Answer, Event},
};
use serde_json::Value;

/// The question of an answer webhook as Python's `pprint` prints the query in Flask.
///
/// One line for each field, sorted; what a terminal would obey is escaped.
#[must_use]
pub fn tutorial_log(answer: &Kept<Answer>) -> String {
    let Ok(Value::Object(fields)) = serde_json::to_value(answer) else {
        return "{}".to_owned();
    };
    let mut lines: Vec<(&String, String)> = fields
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| match value {
            Value::String(text) => (name, quoted(text)),
            other => (name, quoted(&other.to_string())),
        })
        .collect();
    lines.sort();
    let lines: Vec<String> =
        lines.into_iter().map(|(name, value)| format!("   {}: {value}", quoted(name))).collect();
    match lines.is_empty() {
        true => "{}".to_owned(),
        false => format!("{{\n{}\n}}", lines.join(",\n")),
    }
}

/// One short line for the question of an answer webhook: who calls whom, on which leg.
#[must_use]
pub fn answer_log(answer: &Kept<Answer>) -> String {
    line("answer".to_owned(), &serde_json::to_value(answer).unwrap_or_default())
}

/// One short line for an event: what happened, to whom, on which leg.
#[must_use]
pub fn event_log(event: &Event) -> String {
    let value = serde_json::to_value(event).unwrap_or_default();
    let text = |name: &str| value.get(name).and_then(Value::as_str).map(escaped);
    let kind = match event {
        Event::Status(_) | Event::Detection(_) | Event::Transcribed(_) => text("status"),
        Event::Rtc(_) => text("type"),
        Event::Fallback(_) => Some("fallback".to_owned()),
        Event::Transfer(_) => Some("transfer".to_owned()),
        Event::Record(_) => Some("record".to_owned()),
        Event::Notify(_) => Some("notify".to_owned()),
        Event::Input(_) => Some("input".to_owned()),
        Event::Error(_) => Some("error".to_owned()),
        _ => None,
    };
    line(kind.unwrap_or_else(|| "unknown event".to_owned()), &value)
}

/// What it is, with what is known about it behind.
fn line(kind: String, value: &Value) -> String {
    let text = |name: &str| value.get(name).and_then(Value::as_str).map(escaped);
    let mut line = kind;
    let mut push = |part: Option<String>| {
        if let Some(part) = part {
            line.push(' ');
            line.push_str(&part);
        }
    };
    push(text("sub_state"));
    push(text("detail").map(|detail| format!("({detail})")));
    push(text("direction"));
    if let Some(to) = text("to") {
        push(Some(format!("{} -> {to}", text("from").unwrap_or_else(|| "nobody".to_owned()))));
    }
    push(text("reason").map(|reason| format!("\"{reason}\"")));
    push(text("uuid").or_else(|| text("call_uuid")).map(|leg| format!("leg {leg}")));
    push(text("conversation_uuid").or_else(|| text("conversation_id")));
    line
}

/// Text as Python writes it.
fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let text = escaped(text);
    match quote {
        '\'' => format!("'{}'", text.replace('\'', "\\'")),
        _ => format!("\"{text}\""),
    }
}

/// Text without what a terminal would obey or not show.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\'' | '"' => out.push(c),
            c if c.is_ascii_graphic() || c == ' ' => out.push(c),
            c if c.escape_debug().len() == 1 => out.push(c),
            c => match u32::from(c) {
                code @ ..=0xff => out.push_str(&format!("\\x{code:02x}")),
                code @ ..=0xffff => out.push_str(&format!("\\u{code:04x}")),
                code => out.push_str(&format!("\\U{code:08x}")),
            },
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tutorials_log() {
        let query = concat!(
            "to=447700000002&from=447700000001",
            "&conversation_uuid=CON-bc643220-2542-499a-892e-c982c4150c06",
            "&uuid=797168e24c19a3c45e74e05b10fef2b5"
        );
        let answer = Kept::from_slice(&crate::query::json(query).unwrap()).unwrap();
        assert_eq!(
            tutorial_log(&answer),
            "{
   'conversation_uuid': 'CON-bc643220-2542-499a-892e-c982c4150c06',
   'from': '447700000001',
   'to': '447700000002',
   'uuid': '797168e24c19a3c45e74e05b10fef2b5'
}"
        );
    }

    #[test]
    fn an_answer_on_one_line() {
        let query = "from=447700000001&to=447700000002&conversation_uuid=CON-1&uuid=79716&x=%1b%0a";
        let answer = Kept::from_slice(&crate::query::json(query).unwrap()).unwrap();
        assert_eq!(answer_log(&answer), "answer 447700000001 -> 447700000002 leg 79716 CON-1");
    }

    #[test]
    fn quoting() {
        for (text, expected) in [
            ("a", "'a'"),
            ("it's", "\"it's\""),
            ("'\"", "'\\'\"'"),
            ("\u{1b}[31m\n", "'\\x1b[31m\\n'"),
            ("é\u{202e}", "'é\\u202e'"),
            ("\u{e0001}", "'\\U000e0001'"),
        ] {
            assert_eq!(quoted(text), expected);
        }
    }

    #[test]
    fn event_lines() {
        let check = |json: &str, expected: &str| {
            let event: Event = serde_json::from_str(json).unwrap();
            assert_eq!(event_log(&event), expected);
        };
        check(
            r#"{"headers":{},"from":"14845552121","to":"16105553939","uuid":"0A0000000123ABCD1","conversation_uuid":"CON-1","status":"ringing","direction":"inbound","timestamp":"2020-07-01T20:45:34.796Z"}"#,
            "ringing inbound 14845552121 -> 16105553939 leg 0A0000000123ABCD1 CON-1",
        );
        check(
            r#"{"reason":"Syntax error in NCCO. Invalid value type or action.","conversation_uuid":"CON-1"}"#,
            "error \"Syntax error in NCCO. Invalid value type or action.\" CON-1",
        );
        check(r#"{"new":"\u001b[2J"}"#, "unknown event");
    }
}
