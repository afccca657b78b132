//! Error bodies: reading whichever of a dozen shapes arrives, and writing each as the platform does.
//!
//! ```
//! use ringback_model::problem::Problem;
//!
//! let body = br#"{"code":"conversation:error:not-found","description":"Conversation does not exist, or you do not have access."}"#;
//! let problem = Problem::read(404, body);
//! assert_eq!(problem.code.as_deref(), Some("conversation:error:not-found"));
//! assert_eq!(problem.summary(), "Conversation does not exist, or you do not have access.");
//! ```

use serde_json::{Map, Value};

pub mod known;
mod write;

pub use write::{Details, body};

/// The longest text of a foreign body that a summary repeats, in characters.
const LONGEST: usize = 300;

/// What an error body says, whichever shape it has.
///
/// Reading never fails: what is not understood is [`Shape::Unknown`] with its text in `detail`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The HTTP status it came with.
    pub status: u16,
    /// Which of the platform's shapes it has.
    pub shape: Shape,
    /// The field `type` as text: an address, a word such as `BAD_REQUEST`, or digits.
    pub kind: Option<String>,
    /// What a program compares: `conversation:error:not-found`, `unauthorized`, `420`.
    ///
    /// Where a body has no code of its own it is the fragment of the address in `type`.
    pub code: Option<String>,
    /// A few words, as they came.
    pub title: Option<String>,
    /// A sentence, as it came.
    pub detail: Option<String>,
    /// The platform's trace id.
    pub instance: Option<String>,
    /// Which parameters are at fault.
    pub invalid: Vec<InvalidParameter>,
}

/// A parameter at fault.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InvalidParameter {
    /// Its name, dotted where it is nested; empty where the body does not say.
    pub name: String,
    /// What is wrong with it.
    pub reason: String,
}

impl InvalidParameter {
    /// A parameter and what is wrong with it.
    pub fn new(name: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { name: name.into(), reason: reason.into() }
    }
}

/// The shapes of error bodies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Shape {
    /// `type` (an address), `title`, `detail`, `instance`: Applications, secrets and newer products.
    Problem,
    /// `title`, `type`, `code`, `detail`, `instance`: Conversation v0.3 and v1, Users.
    ConversationProblem,
    /// The same without `code`, as Users v1 was captured; the code is taken from `type`.
    CodelessConversationProblem,
    /// `code`, `description`: Conversation up to v0.2 and its socket.
    CodeDescription,
    /// `error-code`, `error-code-label`: `rest.nexmo.com`; on success too.
    ErrorCodeLabel,
    /// `type` (a word), `error_title`: Voice v1 and other older products.
    ErrorTitle,
    /// `type` (a number), `title`, `invalid_parameters`: the validation of Voice v1.
    LegacyValidation,
    /// `messages` with a status each: the SMS API, with HTTP 200.
    Messages,
    /// `title`, `detail` without `type`: Verify v2.
    Untyped,
    /// `{"Error": "…"}` or the text `Error: …`: gateways.
    Gateway,
    /// `reason`, `hint`: the control API of the emulator.
    Control,
    /// No body.
    Empty,
    /// None of these.
    Unknown,
}

impl Problem {
    /// Reads any error body.
    #[must_use]
    pub fn read(status: u16, body: &[u8]) -> Self {
        let mut problem = Self {
            status,
            shape: Shape::Empty,
            kind: None,
            code: None,
            title: None,
            detail: None,
            instance: None,
            invalid: Vec::new(),
        };
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii();
        if body.is_empty() {
            return problem;
        }
        match serde_json::from_slice(body) {
            Ok(Value::Object(fields)) => problem.read_object(&fields, body),
            _ => problem.read_text(body),
        }
        problem
    }

    /// Whether this is a failure at all: bodies with `error-code` and those of the SMS API come
    /// with HTTP 200 on success and on failure.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        self.status >= 400
            || match self.shape {
                Shape::ErrorCodeLabel => self.code.as_deref() != Some("200"),
                Shape::Messages => self.code.as_deref() != Some("0"),
                _ => false,
            }
    }

    /// One sentence for a person; control characters never stand in it.
    #[must_use]
    pub fn summary(&self) -> String {
        let title = self.title.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let detail = self.detail.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let mut text = match (title, detail) {
            _ if self.shape == Shape::Unknown
                && detail.is_some_and(|text| text.starts_with('<')) =>
            {
                format!("status {} with HTML instead of JSON", self.status)
            }
            (Some(title), Some(detail)) => format!("{}: {detail}", title.trim_end_matches('.')),
            (Some(text), None) | (None, Some(text)) => text.to_owned(),
            (None, None) => match &self.code {
                Some(code) => code.clone(),
                None => self.unexplained(),
            },
        };
        if !self.invalid.is_empty() {
            let reasons: Vec<_> = self.invalid.iter().map(InvalidParameter::summary).collect();
            text = format!("{} ({})", text.trim_end_matches('.'), reasons.join("; "));
        }
        let text = printable(&text);
        if text.trim().is_empty() { self.unexplained() } else { text }
    }

    fn unexplained(&self) -> String {
        format!("status {} without an explanation", self.status)
    }

    fn read_object(&mut self, fields: &Map<String, Value>, body: &[u8]) {
        let text = |name: &str| fields.get(name).and_then(plain);
        self.kind = text("type");
        self.code = text("code");
        self.title = text("title");
        self.detail = text("detail");
        self.instance = text("instance").or_else(|| text("request_id"));
        self.invalid = fields.get("invalid_parameters").map(invalid).unwrap_or_default();
        let described = self.code.is_some() || self.kind.is_some();

        if let Some(code) = text("error-code") {
            self.shape = Shape::ErrorCodeLabel;
            self.code = Some(code);
            self.detail = text("error-code-label");
        } else if let (Some(description), true) = (text("description"), described) {
            self.shape = Shape::CodeDescription;
            self.code = self.code.take().or_else(|| self.kind.clone());
            self.detail = Some(description);
            if let Some(reason) = text("error") {
                let name = quoted(&reason).unwrap_or_default().to_owned();
                self.invalid.push(InvalidParameter { name, reason });
            }
        } else if let Some(title) = text("error_title") {
            self.shape = Shape::ErrorTitle;
            self.code = self.code.take().or_else(|| self.kind.clone());
            self.title = Some(title);
        } else if let (Some(reason), Some(hint)) = (text("reason"), text("hint")) {
            self.shape = Shape::Control;
            self.code = Some(reason);
            self.detail = Some(hint);
        } else if let Some(messages) = fields.get("messages").and_then(Value::as_array) {
            self.shape = Shape::Messages;
            self.read_messages(messages);
        } else if fields.get("type").is_some_and(Value::is_number) {
            self.shape = Shape::LegacyValidation;
        } else if self.code.as_deref().is_some_and(|code| code.contains(':')) {
            self.shape = Shape::ConversationProblem;
        } else if let Some(kind) = &self.kind {
            let fragment = kind.split_once('#').map(|(_, fragment)| fragment.to_owned());
            self.shape = match kind.contains("/api/conversation#") {
                true if self.code.is_none() => Shape::CodelessConversationProblem,
                true => Shape::ConversationProblem,
                false => Shape::Problem,
            };
            self.code = self.code.take().or(fragment);
        } else if self.title.is_some() {
            self.shape = Shape::Untyped;
        } else if let Some(error) = text("Error") {
            self.shape = Shape::Gateway;
            self.detail = Some(error);
        } else {
            self.shape = Shape::Unknown;
            self.detail =
                self.detail.take().or_else(|| Some(String::from_utf8_lossy(body).into_owned()));
        }
    }

    fn read_messages(&mut self, messages: &[Value]) {
        let status = |message: &Value| message.get("status").and_then(plain);
        let failed =
            messages.iter().find(|message| status(message).is_some_and(|text| text != "0"));
        if let Some(message) = failed.or_else(|| messages.first()) {
            self.code = status(message);
            self.detail = message.get("error-text").and_then(plain);
        }
    }

    fn read_text(&mut self, body: &[u8]) {
        let text = String::from_utf8_lossy(body);
        let (shape, detail) = match text.strip_prefix("Error:") {
            Some(rest) => (Shape::Gateway, rest.trim()),
            None => (Shape::Unknown, &*text),
        };
        self.shape = shape;
        self.detail = Some(detail.to_owned());
    }
}

impl InvalidParameter {
    /// The reason, with the name before it unless the reason names it already.
    fn summary(&self) -> String {
        match self.name.is_empty() || self.reason.contains(&self.name) {
            true => self.reason.clone(),
            false => format!("{}: {}", self.name, self.reason),
        }
    }
}

/// Text, or a number's text.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// `invalid_parameters`: a list or a single one, named by `name` or `parameter`, explained by
/// `reason` or `message`.
fn invalid(value: &Value) -> Vec<InvalidParameter> {
    let one = |value: &Value| {
        if let Some(reason) = plain(value) {
            return Some(InvalidParameter::new("", reason));
        }
        let field =
            |names: [&str; 2]| names.iter().find_map(|name| value.get(name).and_then(plain));
        let name = field(["name", "parameter"]);
        let reason = field(["reason", "message"]);
        (name.is_some() || reason.is_some())
            .then(|| InvalidParameter::new(name.unwrap_or_default(), reason.unwrap_or_default()))
    };
    match value {
        Value::Array(items) => items.iter().filter_map(one).collect(),
        other => one(other).into_iter().collect(),
    }
}

/// The name in the first pair of double quotes.
fn quoted(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once('"')?;
    rest.split_once('"').map(|(name, _)| name)
}

/// One line without control characters, cut to a sensible length.
fn printable(text: &str) -> String {
    let words: Vec<_> = text
        .split(|letter: char| letter.is_control() || letter.is_whitespace())
        .filter(|word| !word.is_empty())
        .collect();
    let line = words.join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}
