//! The query of a GET webhook as the JSON its POST would have carried.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use serde_json::value::RawValue;

/// Fields that are objects or lists, which a GET carries as JSON text.
const NESTED: [&str; 8] = [
    "_embedded",
    "body",
    "custom_data",
    "dtmf",
    "headers",
    "original_request",
    "payload",
    "speech",
];

/// Fields that are null at times, which a GET carries empty or not at all.
const NULLABLE: [&str; 7] =
    ["start_time", "end_time", "rate", "price", "network", "duration", "sip_code"];

/// The parameters as one compact JSON object in received order; `None` when they are not UTF-8.
///
/// Values stay text, except nested ones, whose JSON text is restored as it stands.
/// Of a repeated parameter the last value stands, where the first one stood.
pub(crate) fn json(query: &str) -> Option<Vec<u8>> {
    let mut fields: Vec<(Cow<'_, str>, Cow<'_, str>)> = Vec::with_capacity(8);
    for part in query.split('&').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let (name, value) = (decode(name)?, decode(value)?);
        match fields.iter_mut().find(|(known, _)| *known == name) {
            Some(field) => field.1 = value,
            None => fields.push((name, value)),
        }
    }
    let mut out = Vec::with_capacity(query.len() + fields.len() * 4 + 2);
    out.push(b'{');
    for (index, (name, value)) in fields.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        serde_json::to_writer(&mut out, name).ok()?;
        out.push(b':');
        match restored(name, value) {
            Some(json) => out.extend_from_slice(json.as_bytes()),
            None => serde_json::to_writer(&mut out, value).ok()?,
        }
    }
    out.push(b'}');
    Some(out)
}

/// The JSON text of a field that is not text.
fn restored<'a>(name: &str, value: &'a str) -> Option<&'a str> {
    if value.is_empty() && NULLABLE.contains(&name) {
        return Some("null");
    }
    let text = value.trim();
    let nested = text.starts_with(['{', '[']) && NESTED.contains(&name);
    (nested && serde_json::from_str::<&RawValue>(text).is_ok()).then_some(text)
}

fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains(['+', '%']) {
        return Some(Cow::Borrowed(text));
    }
    let spaced = text.replace('+', " ");
    Some(Cow::Owned(percent_decode_str(&spaced).decode_utf8().ok()?.into_owned()))
}

#[cfg(test)]
mod tests {
    #[test]
    fn queries() {
        let check = |query: &str, expected: Option<&str>| {
            let json = super::json(query).map(|json| String::from_utf8(json).unwrap());
            assert_eq!(json.as_deref(), expected, "{query}");
        };
        // The shape of a GET input webhook, nested JSON as encoded text.
        check(
            "speech=%7B%22error%22:%22Speech%20was%20not%20enabled%22%7D&dtmf=%7B%22digits%22:%223%22,%22timed_out%22:true%7D&from=14845552121",
            Some(
                r#"{"speech":{"error":"Speech was not enabled"},"dtmf":{"digits":"3","timed_out":true},"from":"14845552121"}"#,
            ),
        );
        check("", Some("{}"));
        check("a&b=&c=x+y%2Bz&a=3", Some(r#"{"a":"3","b":"","c":"x y+z"}"#));
        check("dtmf=3&timed_out=true", Some(r#"{"dtmf":"3","timed_out":"true"}"#));
        check("payload=%7Bbroken", Some(r#"{"payload":"{broken"}"#));
        check("from=%7B%7D", Some(r#"{"from":"{}"}"#));
        check(
            "network=&start_time=&from=",
            Some(r#"{"network":null,"start_time":null,"from":""}"#),
        );
        check("a=%22%0A%5C", Some(r#"{"a":"\"\n\\"}"#));
        check("a=%ff", None);
        check("%fe=1", None);
    }
}
