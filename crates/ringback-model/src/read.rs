//! Reading JSON with errors that say where.
//!
//! Unions and kept values read a part of the document on their own.
//! An error in such a part carries its path in its text, between two marks;
//! [`from_slice`] takes it out again and puts the whole path together.
//! All of that happens only after something went wrong.

use std::fmt::{self, Display};

use serde::{
    Deserialize,
    de::{DeserializeOwned, Error},
};
use serde_json::value::RawValue;
use serde_path_to_error::{Path, Segment};

use crate::Json;

/// Encloses a path at the start of an error text; it does not show when printed.
const MARK: char = '\u{2063}';

/// Why JSON could not be read, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadError {
    /// The path from the document's root, such as `[1].endpoint[0].number`; empty for the root.
    pub path: String,
    /// The line, counted from 1; 0 when it is not known.
    pub line: usize,
    /// The column in bytes, counted from 1; 0 when it is not known.
    pub column: usize,
    /// What is wrong, in one line.
    pub message: String,
    syntax: bool,
}

impl ReadError {
    /// Whether the text is not JSON at all, as opposed to JSON of another shape.
    #[must_use]
    pub fn is_syntax(&self) -> bool {
        self.syntax
    }
}

impl Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "`{}`: ", self.path)?;
        }
        f.write_str(&self.message)?;
        match self.line {
            0 => Ok(()),
            line => write!(f, " at line {line} column {}", self.column),
        }
    }
}

impl std::error::Error for ReadError {}

/// Reads JSON bytes as a type.
///
/// # Errors
/// When the bytes are not JSON or do not fit the type.
pub fn from_slice<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ReadError> {
    // Text is looked at once for whether it is UTF-8, bytes again for each string in them.
    match std::str::from_utf8(bytes) {
        Ok(text) => serde_json::from_str(text),
        Err(_) => serde_json::from_slice(bytes),
    }
    .map_err(|error| explain::<T>(bytes, &error))
}

/// Reads a list in any of the envelopes that lists come in: a bare array, `_embedded` as the
/// array, `_embedded.<key>` or `_embedded.data.<key>`.
///
/// # Errors
/// When there is no such list, or an item does not fit the type.
pub fn list<T: DeserializeOwned>(bytes: &[u8], key: &str) -> Result<Vec<T>, ReadError> {
    let document: &RawValue =
        serde_json::from_slice(bytes).map_err(|error| explain::<&RawValue>(bytes, &error))?;
    let routes: [&[&str]; 4] =
        [&[], &["_embedded"], &["_embedded", key], &["_embedded", "data", key]];
    let mut found = None;
    for route in routes {
        let mut raw = Some(document);
        for name in route {
            raw = raw.and_then(|raw| member(raw, name));
        }
        if let Some(raw) = raw.filter(|raw| raw.get().starts_with('[')) {
            found = Some((raw, route.join(".")));
            break;
        }
    }
    let Some((raw, route)) = found else {
        let message = format!("expected a list, or one at `_embedded.{key}`");
        return Err(ReadError { path: String::new(), line: 1, column: 1, message, syntax: false });
    };
    from_slice(raw.get().as_bytes()).map_err(|mut error: ReadError| {
        (error.line, error.column) = place(bytes, raw, error.line, error.column);
        error.path = joined(&route, &error.path);
        error
    })
}

/// Reads a part of a document; an error carries its path within the part.
pub(crate) fn nested<'a, T: Deserialize<'a>, E: Error>(raw: &'a RawValue) -> Result<T, E> {
    serde_json::from_str(raw.get()).map_err(|error| {
        let error = explain::<T>(raw.get().as_bytes(), &error);
        E::custom(format_args!("{MARK}{}{MARK}{}", error.path, Unmarked(&error)))
    })
}

/// The text of an error at the end of `raw`, which is at `path` within `json`.
pub(crate) fn marked(json: &Json, raw: &RawValue, path: &str, message: &str) -> String {
    let (line, column) = place(json.as_str().as_bytes(), raw, 1, raw.get().len());
    format!("{MARK}{path}{MARK}{message} at line {line} column {column}")
}

/// The text of an error without its position.
pub(crate) fn plain(error: &serde_json::Error) -> String {
    let mut text = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    if text.ends_with(&position) {
        text.truncate(text.len() - position.len());
    }
    text
}

/// Message and position, without the path.
struct Unmarked<'a>(&'a ReadError);

impl Display for Unmarked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ReadError { line, column, message, .. } = self.0;
        write!(f, "{message} at line {line} column {column}")
    }
}

/// Reads again, slowly, to find out where it went wrong.
#[cold]
fn explain<'de, T: Deserialize<'de>>(bytes: &'de [u8], error: &serde_json::Error) -> ReadError {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let outcome = serde_path_to_error::deserialize::<_, T>(&mut deserializer);
    let (path, error) = match &outcome {
        Err(found) => (Some(found.path()), found.inner()),
        // What follows the value is at fault.
        Ok(_) => (None, error),
    };
    let text = plain(error);
    let (mut line, mut column) = (error.line(), error.column());
    let mut whole = path.map(shown).unwrap_or_default();
    let mut message = text.as_str();
    let marked = text.strip_prefix(MARK).and_then(|rest| rest.split_once(MARK));
    if let Some((inner, rest)) = marked {
        message = rest;
        let part = path.and_then(|path| part(bytes, path));
        if let (Some(part), true) = (part, line != 0) {
            (line, column) = place(bytes, part, line, column);
        }
        whole = joined(&whole, inner);
    }
    let syntax = error.is_syntax() || error.is_eof();
    ReadError { path: whole, line, column, message: message.to_owned(), syntax }
}

/// Writes a path as `[1].endpoint[0].number`.
fn shown(path: &Path) -> String {
    let mut text = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => text.push_str(&format!("[{index}]")),
            Segment::Map { key } if key.starts_with("$serde_json") => {}
            Segment::Map { key } => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.extend(key.chars().filter(|c| *c != MARK));
            }
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    text
}

fn joined(outer: &str, inner: &str) -> String {
    let dot = !outer.is_empty() && !inner.is_empty() && !inner.starts_with('[');
    format!("{outer}{}{inner}", if dot { "." } else { "" })
}

/// The part of the document at a path.
fn part<'a>(bytes: &'a [u8], path: &Path) -> Option<&'a RawValue> {
    let mut raw: &RawValue = serde_json::from_slice(bytes).ok()?;
    for segment in path {
        raw = match segment {
            Segment::Seq { index } => {
                let items: Vec<&RawValue> = serde_json::from_str(raw.get()).ok()?;
                items.get(*index).copied()?
            }
            Segment::Map { key } if key.starts_with("$serde_json") => raw,
            Segment::Map { key } => member(raw, key)?,
            Segment::Enum { .. } | Segment::Unknown => raw,
        };
    }
    Some(raw)
}

fn member<'a>(raw: &'a RawValue, name: &str) -> Option<&'a RawValue> {
    let fields: std::collections::HashMap<std::borrow::Cow<'_, str>, &'a RawValue> =
        serde_json::from_str(raw.get()).ok()?;
    fields.get(name).copied()
}

/// A position within a part, as one within the whole document.
fn place(bytes: &[u8], part: &RawValue, line: usize, column: usize) -> (usize, usize) {
    let offset = (part.get().as_ptr() as usize).saturating_sub(bytes.as_ptr() as usize);
    let before = bytes.get(..offset).unwrap_or_default();
    let lines = before.iter().filter(|byte| **byte == b'\n').count();
    let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let column = if line == 1 { offset - line_start + column } else { column };
    (lines + line, column)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::{Kept, event, ncco, webhook};

    #[track_caller]
    fn check<T: DeserializeOwned + fmt::Debug>(json: &str, path: &str, at: (usize, usize)) {
        let error = from_slice::<T>(json.as_bytes()).unwrap_err();
        assert_eq!((error.path.as_str(), (error.line, error.column)), (path, at), "{error}");
        assert!(!error.to_string().contains(MARK), "{error:?}");
    }

    type Script = Vec<ncco::Action>;

    #[test]
    fn errors_have_their_whole_path_and_position() {
        check::<Script>(r#"[{"action":"talk","text":5}]"#, "[0].text", (1, 26));
        check::<Script>(
            "[\n {\"action\":\"talk\",\"text\":\"a\"},\n {\"action\":\"connect\",\n  \"endpoint\":[\n   \
             {\"type\":\"phone\",\"number\":{}}]}]",
            "[1].endpoint[0].number",
            (5, 28),
        );
        check::<Kept<Script>>(r#" [{"action":"talk"}]"#, "[0]", (1, 19));
        check::<Vec<Kept<Script>>>(r#"[[{"action":"talk","text":[]}]]"#, "[0][0].text", (1, 26));
        check::<Script>(r#"[{"text":"a"}]"#, "[0]", (1, 14));
        check::<Script>(r#"[{"action":7}]"#, "[0].action", (1, 12));
        check::<Script>(r#"["talk"]"#, "[0]", (1, 8));
        check::<Script>("[", "", (1, 1));
        check::<Script>("[] 1", "", (1, 4));
    }

    #[test]
    fn errors_keep_their_path_from_a_value() {
        let value = json!([{ "action": "connect", "endpoint": { "type": "sip", "uri": 1 } }]);
        let error = serde_json::from_value::<Script>(value).unwrap_err().to_string();
        assert!(error.contains("endpoint.uri"), "{error}");
    }

    #[test]
    fn syntax_is_told_from_shape() {
        assert!(from_slice::<Script>(b"[").unwrap_err().is_syntax());
        assert!(from_slice::<Script>(b"<html>").unwrap_err().is_syntax());
        assert!(!from_slice::<Script>(b"{}").unwrap_err().is_syntax());
    }

    #[test]
    fn a_bare_element_is_a_list_of_one() {
        let script: Script =
            from_slice(br#"[{"action":"stream","streamUrl":"https://example.com/a.mp3"}]"#)
                .unwrap();
        let [ncco::Action::Stream(stream)] = script.as_slice() else { panic!("{script:?}") };
        assert_eq!(stream.stream_url, ["https://example.com/a.mp3"]);
    }

    #[test]
    fn unknown_kinds_are_kept_as_they_came() {
        let text = r#"[{"b":1.50, "action":"dance",  "a":[1e400]}]"#;
        let script: Script = from_slice(text.as_bytes()).unwrap();
        assert!(matches!(script.as_slice(), [ncco::Action::Unknown(_)]));
        assert_eq!(serde_json::to_string(&script).unwrap(), text);
        assert_eq!(script[0].kind(), None);
    }

    #[test]
    fn lists_without_a_list_say_so() {
        let error = list::<Value>(b"{}", "users").unwrap_err();
        assert_eq!(error.message, "expected a list, or one at `_embedded.users`");
        let document = br#"{"_embedded":{"users":[{"id":"a"},{"id":2}]}}"#;
        #[derive(Debug, Deserialize)]
        struct User {
            #[expect(dead_code, reason = "only read")]
            id: String,
        }
        let error = list::<User>(document, "users").unwrap_err();
        assert_eq!((error.path.as_str(), error.column), ("_embedded.users[1].id", 41));
    }

    /// Any JSON, three levels deep.
    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(".{0,6}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    fn tagged(value: &mut Value, tag: &str, kind: &str) {
        if let Value::Object(fields) = value {
            fields.insert(tag.to_owned(), kind.into());
        }
    }

    proptest! {
        #[test]
        fn any_object_with_a_tag_prints_and_reads_equal(
            fields in prop::collection::btree_map(".{0,6}", any_json(), 0..5),
            kind in prop_oneof![Just("talk"), Just("phone"), Just("brand-new")],
        ) {
            let mut value = Value::Object(fields.into_iter().collect());
            tagged(&mut value, "action", kind);
            let text = value.to_string();
            if let Ok(action) = from_slice::<ncco::Action>(text.as_bytes()) {
                let written = serde_json::to_string(&action).unwrap();
                let again: ncco::Action = from_slice(written.as_bytes()).unwrap();
                prop_assert_eq!(&again, &action);
                if kind != "talk" {
                    prop_assert_eq!(written, text);
                }
            }
        }

        #[test]
        fn kept_values_give_their_bytes_back(
            fields in prop::collection::btree_map("[a-z_]{1,6}", any_json(), 0..5),
        ) {
            let mut value = Value::Object(fields.into_iter().collect());
            tagged(&mut value, "reason", "because");
            let text = value.to_string();
            if let Ok(event) = Kept::<webhook::Event>::from_slice(text.as_bytes()) {
                prop_assert_eq!(event.as_bytes(), Some(text.as_bytes()));
                let list = serde_json::to_string(&[&event]).unwrap();
                prop_assert_eq!(&list, &format!("[{text}]"));
                let again: Vec<Kept<webhook::Event>> = from_slice(list.as_bytes()).unwrap();
                prop_assert_eq!(&again[0], &event);
                prop_assert_eq!(again[0].as_bytes(), Some(text.as_bytes()));
            }
        }

        #[test]
        fn reading_never_panics(text in ".{0,40}") {
            drop(from_slice::<Script>(text.as_bytes()));
            drop(from_slice::<event::Channel>(text.as_bytes()));
            drop(Json::parse(&text));
        }
    }
}
