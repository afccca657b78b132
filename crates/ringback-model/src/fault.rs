//! What the platform would say about JSON that does not fit.

use crate::{
    ReadError,
    operation::{Fault, FaultPlace},
};

impl From<ReadError> for Fault {
    /// Words a reading error as the platform's validator does: `"page_size" must be a number`.
    fn from(error: ReadError) -> Self {
        let ReadError { path, line, column, message, .. } = &error;
        if error.is_syntax() {
            return Self {
                place: FaultPlace::Json,
                name: String::new(),
                reason: format!("the body is not JSON: {message} at line {line} column {column}"),
                seen: String::new(),
                expected: "JSON".to_owned(),
            };
        }
        let verdict = Verdict::of(message);
        // A field that is missing or unknown is not on the path of the object it belongs to.
        let mut name = path.clone();
        if let Some(field) = verdict.field
            && last(path) != Some(field)
        {
            name = if path.is_empty() { field.to_owned() } else { format!("{path}.{field}") };
        }
        let label = last(&name).unwrap_or("value");
        let reason = format!("\"{label}\" {}", verdict.reason);
        let seen = verdict.seen.chars().take(80).collect();
        Self { place: FaultPlace::Body, reason, seen, expected: verdict.expected, name }
    }
}

struct Verdict<'a> {
    reason: String,
    field: Option<&'a str>,
    seen: &'a str,
    expected: String,
}

impl<'a> Verdict<'a> {
    /// Takes serde's sentence apart; its forms are part of serde's interface to formats.
    fn of(message: &'a str) -> Self {
        if let Some(field) = quoted(message, "missing field `") {
            let reason = "is required".to_owned();
            return Self { reason, field: Some(field), seen: "", expected: "a value".to_owned() };
        }
        if let Some(field) = quoted(message, "unknown field `") {
            let known = message.split_once("expected ").map_or("no such field", |(_, known)| known);
            let reason = "is not allowed".to_owned();
            return Self { reason, field: Some(field), seen: field, expected: known.to_owned() };
        }
        if message.starts_with("invalid length") && message.contains("expected struct") {
            // A list where an object belongs.
            let (reason, expected) = ("must be of type object".to_owned(), "object".to_owned());
            return Self { reason, field: None, seen: "a list", expected };
        }
        let wrong =
            message.strip_prefix("invalid type: ").or(message.strip_prefix("invalid value: "));
        if let Some((seen, expected)) = wrong.and_then(|rest| rest.rsplit_once(", expected ")) {
            let (verb, expected) = worded(expected);
            let reason = format!("must be {verb}{expected}");
            return Self { reason, field: None, seen, expected: expected.to_owned() };
        }
        Self {
            reason: format!("is not valid: {message}"),
            field: None,
            seen: "",
            expected: String::new(),
        }
    }
}

/// What serde expected, in the validator's words.
fn worded(expected: &str) -> (&'static str, &str) {
    match expected {
        "i8"
        | "i16"
        | "i32"
        | "i64"
        | "isize"
        | "u8"
        | "u16"
        | "u32"
        | "u64"
        | "usize"
        | "f32"
        | "f64"
        | "a number or its text" => ("", "a number"),
        "a string" | "a borrowed string" => ("", "a string"),
        "a boolean" => ("", "a boolean"),
        "a sequence" => ("", "an array"),
        "a map" | "an object" => ("of type ", "object"),
        other if other.starts_with("struct ") => ("of type ", "object"),
        other => ("", other),
    }
}

fn quoted<'a>(message: &'a str, start: &str) -> Option<&'a str> {
    message.strip_prefix(start)?.split('`').next()
}

/// The last name on a path.
fn last(path: &str) -> Option<&str> {
    let name = path.rsplit('.').next()?;
    (!name.is_empty()).then_some(name)
}
