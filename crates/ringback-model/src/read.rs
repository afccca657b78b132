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
    serde_json::from_slice(bytes).map_err(|error| explain::<T>(bytes, &error))
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

/// The text of an error at `path` within a part.
pub(crate) fn marked(path: &str, message: &str) -> String {
    format!("{MARK}{path}{MARK}{message}")
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
