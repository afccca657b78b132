//! What the platform would say about JSON that does not fit.

use crate::{
    ReadError, guess,
    operation::{Fault, FaultPlace},
};

impl Fault {
    /// What is wrong, in one sentence for people: `size` must be a number, but it is "ten".
    ///
    /// Unlike [`reason`](Self::reason), which has the platform's words, it names the whole path and
    /// the value that was seen.
    #[must_use]
    pub fn sentence(&self) -> String {
        let label = [self.name.as_str(), last(&self.name).unwrap_or("value")].into_iter().find_map(
            |label| self.reason.strip_prefix('"')?.strip_prefix(label)?.strip_prefix("\" "),
        );
        let Some(rest) = label else { return self.reason.clone() };
        let mut sentence = match self.name.as_str() {
            "" => format!("the body {rest}"),
            name => format!("`{name}` {rest}"),
        };
        if !self.seen.is_empty() {
            sentence.push_str(", but it is ");
            match self.place {
                // There it is told what kind of value it is.
                FaultPlace::Body | FaultPlace::Json => sentence.push_str(&self.seen),
                FaultPlace::Path | FaultPlace::Query | FaultPlace::Form => {
                    sentence.push_str(&format!("{:?}", self.seen));
                }
            }
        }
        sentence
    }

    /// What to do about it, such as `send a number`, or which field was probably meant.
    #[must_use]
    pub fn remedy(&self) -> String {
        if let Some(meant) = self.meant() {
            return format!("did you mean `{meant}`?");
        }
        match self.expected.as_str() {
            "" => "correct it".to_owned(),
            expected => format!("send {expected}"),
        }
    }
}

impl Fault {
    /// The known field that an unknown one was probably meant to be.
    fn meant(&self) -> Option<&str> {
        let known = self.expected.strip_prefix(NO_FIELDS_BUT)?;
        let known: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
        guess::nearest(last(&self.name)?, &known)
    }
}

/// How the fields that are known are told.
const NO_FIELDS_BUT: &str = "no fields but ";

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
    fn new(reason: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { reason: reason.into(), field: None, seen: "", expected: expected.into() }
    }

    /// Takes serde's sentence apart; its forms are part of serde's interface to formats.
    fn of(message: &'a str) -> Self {
        if let Some(field) = quoted(message, "missing field `") {
            return Self { field: Some(field), ..Self::new("is required", "a value") };
        }
        if let Some(field) = quoted(message, "duplicate field `") {
            let verdict = Self::new("must not be there twice", "each field once");
            return Self { field: Some(field), ..verdict };
        }
        if let Some(field) = quoted(message, "unknown field `") {
            let known = match message.split_once("expected ") {
                Some((_, known)) => {
                    let known = known.strip_prefix("one of ").unwrap_or(known);
                    format!("{NO_FIELDS_BUT}{}", known.replace("` or `", "` and `"))
                }
                None => "no fields".to_owned(),
            };
            return Self { field: Some(field), ..Self::new("is not allowed", known) };
        }
        if message.starts_with("invalid length") && message.contains("expected struct") {
            // A list where an object belongs.
            return Self { seen: "a list", ..Self::new("must be of type object", "an object") };
        }
        let wrong =
            message.strip_prefix("invalid type: ").or(message.strip_prefix("invalid value: "));
        if let Some((seen, expected)) = wrong.and_then(|rest| rest.rsplit_once(", expected ")) {
            let (reason, accepted) = match is_number(expected).then(|| misfit(seen)).flatten() {
                Some((reason, accepted)) => (reason, accepted),
                None => worded(expected),
            };
            let seen = match seen {
                "map" => "an object",
                "sequence" => "a list",
                other => other,
            };
            return Self { seen, ..Self::new(format!("must be {reason}"), accepted) };
        }
        Self::new(format!("is not valid: {message}"), "")
    }
}

fn is_number(expected: &str) -> bool {
    worded(expected).0 == "a number"
}

/// What is wrong with a number that is one: the validator's words, and what is accepted.
fn misfit(seen: &str) -> Option<(&'static str, &'static str)> {
    const TOO_LARGE: (&str, &str) = ("a safe number", "a number that is not that large");
    let between = |start, end| seen.strip_prefix(start)?.strip_suffix(end);
    if let Some(number) = between("floating point `", "`").and_then(|text| text.parse::<f64>().ok())
    {
        let whole = number.fract() == 0.0;
        return Some(if whole { TOO_LARGE } else { ("an integer", "an integer") });
    }
    let text = between("integer `", "`").or_else(|| between("string \"", "\""))?;
    match text.trim().parse::<i128>().ok()? {
        // Only numbers without a sign refuse these.
        number if (i128::from(i32::MIN)..0).contains(&number) => Some(NEGATIVE),
        number if number > i128::from(i32::MAX) => Some(TOO_LARGE),
        _ => None,
    }
}

/// A number below zero where none can be: the validator's words, and what is accepted.
pub(crate) const NEGATIVE: (&str, &str) =
    ("greater than or equal to 0", "a number that is at least 0");

/// What serde expected: in the validator's words after `must be`, and as what is accepted.
fn worded(expected: &str) -> (&str, &str) {
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
        | "a number or its text" => ("a number", "a number"),
        "a string" | "a borrowed string" => ("a string", "a string"),
        "a boolean" => ("a boolean", "a boolean"),
        "a sequence" => ("an array", "a list"),
        "a map" | "an object" => ("of type object", "an object"),
        other if other.starts_with("struct ") => ("of type object", "an object"),
        other => (other, other),
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
