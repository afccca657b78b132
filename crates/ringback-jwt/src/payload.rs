//! What `payload_hash` of a signed webhook is made of.

use std::borrow::Cow;

use ring::digest;

/// Lower-case hexadecimal SHA-256 of the body bytes as sent: the `payload_hash` of a POST.
///
/// ```
/// let body = br#"{"conversation_uuid":"CON-11111111-2222-4333-8444-555555555555","status":"answered"}"#;
/// assert_eq!(
///     ringback_jwt::payload_hash(body),
///     "0acbab5f2ed8b4818e7eb42d2834e741a446c129f493c354e48b5c89cf2afcbe",
/// );
/// ```
#[must_use]
pub fn payload_hash(body: &[u8]) -> String {
    hex(sha256(body).as_ref())
}

/// The compact JSON object of a query, whose hash is the `payload_hash` of a GET webhook.
///
/// Parameters keep the order in which they arrived, are decoded, and are always text.
/// Of a repeated parameter the last value stands, where the first one stood; that is not documented.
///
/// ```
/// assert_eq!(ringback_jwt::query_payload("to=44&from=a%20b"), r#"{"to":"44","from":"a b"}"#);
/// ```
#[must_use]
pub fn query_payload(query: &str) -> String {
    let mut pairs: Vec<(Cow<'_, str>, Cow<'_, str>)> = Vec::new();
    for part in query.trim_start_matches('?').split('&').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let (name, value) = (decode(name), decode(value));
        match pairs.iter_mut().find(|(known, _)| *known == name) {
            Some(pair) => pair.1 = value,
            None => pairs.push((name, value)),
        }
    }
    let mut out = String::with_capacity(query.len() + pairs.len() * 4 + 2);
    out.push('{');
    for (index, (name, value)) in pairs.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        push_json(&mut out, name);
        out.push(':');
        push_json(&mut out, value);
    }
    out.push('}');
    out
}

/// The JSON text without the white space between its tokens; every other byte stays.
pub(crate) fn compact(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len());
    let (mut inside, mut escaped) = (false, false);
    for &byte in json {
        if inside || !byte.is_ascii_whitespace() {
            out.push(byte);
        }
        match byte {
            _ if escaped => escaped = false,
            b'\\' if inside => escaped = true,
            b'"' => inside = !inside,
            _ => {}
        }
    }
    out
}

pub(crate) fn sha256(bytes: &[u8]) -> digest::Digest {
    digest::digest(&digest::SHA256, bytes)
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        out.push(char::from(DIGITS[usize::from(byte >> 4)]));
        out.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    out
}

/// Whether the text is the hexadecimal form of the bytes, in lower case as documented.
pub(crate) fn is_hex_of(text: &str, bytes: &[u8]) -> bool {
    let digit = |d: u8| char::from(d).to_digit(16).filter(|_| !d.is_ascii_uppercase());
    text.len() == bytes.len() * 2
        && text.as_bytes().chunks_exact(2).zip(bytes).all(|(pair, byte)| match pair {
            [high, low] => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => high * 16 + low == u32::from(*byte),
                _ => false,
            },
            _ => false,
        })
}

fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains(['+', '%']) {
        return Cow::Borrowed(text);
    }
    let spaced = text.replace('+', " ");
    Cow::Owned(percent_encoding::percent_decode_str(&spaced).decode_utf8_lossy().into_owned())
}

fn push_json(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_query_object() {
        let query = "to=447700900000&from=447700900001&uuid=797168e24c19a3c45e74e05b10fef2b5";
        let object = r#"{"to":"447700900000","from":"447700900001","uuid":"797168e24c19a3c45e74e05b10fef2b5"}"#;
        assert_eq!(query_payload(query), object);
        assert_eq!(
            payload_hash(object.as_bytes()),
            "491d99fd4787fefcaa375a1fac4f01a6df74c57339a75253169998ebb9634d06"
        );
    }

    #[test]
    fn queries() {
        for (query, expected) in [
            ("", "{}"),
            ("?a=1", r#"{"a":"1"}"#),
            ("a", r#"{"a":""}"#),
            ("a=1&&b=2&a=3", r#"{"a":"3","b":"2"}"#),
            ("b=x+y%2Bz&a=%22%0A%5C", r#"{"b":"x y+z","a":"\"\n\\"}"#),
            ("a=%C3%A9%01", "{\"a\":\"é\\u0001\"}"),
            ("a=%ff", "{\"a\":\"\u{fffd}\"}"),
            ("a=b=c", r#"{"a":"b=c"}"#),
        ] {
            assert_eq!(query_payload(query), expected, "{query}");
        }
    }

    #[test]
    fn compact_keeps_strings() {
        for (text, expected) in [
            ("{ \"a b\" : \"c \\\" d\" ,\n \"e\": 1.0 }", "{\"a b\":\"c \\\" d\",\"e\":1.0}"),
            ("", ""),
        ] {
            assert_eq!(compact(text.as_bytes()), expected.as_bytes());
        }
    }

    #[test]
    fn hexadecimal() {
        let bytes = [0, 0x1f, 0xff];
        for (text, expected) in
            [("001fff", true), ("001FFF", false), ("001ff", false), ("00+fff", false), ("", false)]
        {
            assert_eq!(is_hex_of(text, &bytes), expected, "{text}");
        }
    }
}
