//! Writing error bodies as each family of the platform spells them.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

use super::{InvalidParameter, known};
use crate::operation::ErrorFamily;

/// What an error body is to say; the family decides how.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Details {
    /// The HTTP status.
    pub status: u16,
    /// The code: a conversation code, the fragment of an address, digits, or a word.
    ///
    /// A fragment with a product before it (`application#list-validation`) keeps the product.
    pub code: Cow<'static, str>,
    /// The field `type` where it is not the one that follows from the code.
    pub kind: Option<String>,
    /// A few words, in the casing and with the full stop of its family.
    pub title: Cow<'static, str>,
    /// A sentence; empty leaves it out.
    pub detail: Cow<'static, str>,
    /// The trace id; empty leaves it out.
    pub instance: String,
    /// The parameters at fault.
    pub invalid: Vec<InvalidParameter>,
}

impl Details {
    /// A status and a code without any text.
    pub fn new(status: u16, code: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            code: code.into(),
            kind: None,
            title: Cow::Borrowed(""),
            detail: Cow::Borrowed(""),
            instance: String::new(),
            invalid: Vec::new(),
        }
    }

    /// Sets the field `type`, such as the address on another documentation host.
    #[must_use]
    pub fn kind(mut self, kind: impl Into<String>) -> Self {
        self.kind = Some(kind.into());
        self
    }

    /// Sets the title.
    #[must_use]
    pub fn title(mut self, title: impl Into<Cow<'static, str>>) -> Self {
        self.title = title.into();
        self
    }

    /// Sets the sentence.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = detail.into();
        self
    }

    /// Sets the trace id.
    #[must_use]
    pub fn instance(mut self, instance: impl Into<String>) -> Self {
        self.instance = instance.into();
        self
    }

    /// Adds a parameter at fault.
    #[must_use]
    pub fn invalid(mut self, name: impl Into<String>, reason: impl Into<String>) -> Self {
        self.invalid.push(InvalidParameter::new(name, reason));
        self
    }

    /// The word of the older Voice bodies for the status.
    fn word(&self) -> &str {
        match (self.status, &*self.code) {
            (_, code) if known::is_word(code) => code,
            (401, _) => "UNAUTHORIZED",
            (403, _) => "FORBIDDEN",
            (404, _) => "NOT_FOUND",
            (405, _) => "METHOD_NOT_ALLOWED",
            (status, _) if status >= 500 => "INTERNAL_SERVER_ERROR",
            _ => "BAD_REQUEST",
        }
    }

    /// The title of the older Voice bodies: that of the row, without a full stop.
    fn word_title(&self) -> &str {
        match (self.title.trim_end_matches('.'), self.word()) {
            ("", "UNAUTHORIZED") => "Unauthorized",
            ("", "FORBIDDEN") => "Forbidden",
            ("", "NOT_FOUND") => "Not Found",
            ("", "METHOD_NOT_ALLOWED") => "Method Not Allowed",
            ("", "INTERNAL_SERVER_ERROR") => "Internal Server Error",
            ("", _) => "Bad Request",
            (title, _) => title,
        }
    }
}

/// Writes an error body with the keys, their order and the spelling of a family.
///
/// Voice answers three ways: throttling as a problem, parameters at fault with a numeric `type`,
/// and everything else with `type` and `error_title`.
#[must_use]
pub fn body(family: ErrorFamily, details: &Details) -> Vec<u8> {
    let fields = match family {
        ErrorFamily::Problem => problem(details),
        ErrorFamily::ConversationProblem => conversation(details),
        ErrorFamily::CodeDescription => description(details),
        ErrorFamily::ErrorCodeLabel => label(details),
        ErrorFamily::Voice => match details.status {
            429 => problem(details),
            _ if !details.invalid.is_empty() => validation(details),
            _ => vec![
                ("type", Field::Text(details.word())),
                ("error_title", Field::Text(details.word_title())),
            ],
        },
        ErrorFamily::Control => {
            vec![("reason", Field::Text(&details.code)), ("hint", Field::Text(&details.detail))]
        }
    };
    // Text and numbers in a list: there is nothing in it that JSON cannot hold.
    serde_json::to_vec(&Object(fields)).unwrap_or_default()
}

/// Keys in the order in which they are written.
type Fields<'a> = Vec<(&'static str, Field<'a>)>;

fn problem(details: &Details) -> Fields<'_> {
    let kind = details.kind.clone().unwrap_or_else(|| match &*details.code {
        "" => "https://developer.nexmo.com/api-errors".to_owned(),
        code if code.contains('#') => format!("https://developer.nexmo.com/api-errors/{code}"),
        code => format!("https://developer.nexmo.com/api-errors#{code}"),
    });
    let mut fields = vec![("type", Field::Owned(kind)), ("title", Field::Text(&details.title))];
    optional(&mut fields, "detail", &details.detail);
    optional(&mut fields, "instance", &details.instance);
    parameters(&mut fields, details);
    fields
}

fn conversation(details: &Details) -> Fields<'_> {
    let kind = details.kind.clone().unwrap_or_else(|| {
        format!("https://developer.nexmo.com/api/conversation#{}", details.code)
    });
    let mut fields = vec![
        ("title", Field::Text(&details.title)),
        ("type", Field::Owned(kind)),
        ("code", Field::Text(&details.code)),
    ];
    optional(&mut fields, "detail", &details.detail);
    optional(&mut fields, "instance", &details.instance);
    parameters(&mut fields, details);
    fields
}

fn description(details: &Details) -> Fields<'_> {
    let mut fields =
        vec![("code", Field::Text(&details.code)), ("description", Field::Text(&details.detail))];
    if let Some(first) = details.invalid.first() {
        fields.push(("error", Field::Text(&first.reason)));
    }
    fields
}

fn label(details: &Details) -> Fields<'_> {
    vec![
        ("error-code", Field::Text(&details.code)),
        ("error-code-label", Field::Text(&details.detail)),
    ]
}

fn validation(details: &Details) -> Fields<'_> {
    vec![
        ("type", Field::Status(details.status)),
        ("title", Field::Text(details.word_title())),
        ("invalid_parameters", Field::ReasonFirst(&details.invalid)),
    ]
}

fn optional<'a>(fields: &mut Fields<'a>, name: &'static str, text: &'a str) {
    if !text.is_empty() {
        fields.push((name, Field::Text(text)));
    }
}

fn parameters<'a>(fields: &mut Fields<'a>, details: &'a Details) {
    if !details.invalid.is_empty() {
        fields.push(("invalid_parameters", Field::NameFirst(&details.invalid)));
    }
}

/// A JSON object that keeps the order of its keys.
struct Object<'a>(Fields<'a>);

enum Field<'a> {
    Text(&'a str),
    Owned(String),
    Status(u16),
    NameFirst(&'a [InvalidParameter]),
    ReasonFirst(&'a [InvalidParameter]),
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, field)| (name, field)))
    }
}

impl Serialize for Field<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let pairs = |one: &InvalidParameter, names: [&'static str; 2]| {
            Object(names.map(|name| (name, Field::Owned(part(one, name).to_owned()))).into())
        };
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Owned(text) => serializer.serialize_str(text),
            Self::Status(status) => serializer.serialize_u16(*status),
            Self::NameFirst(list) => {
                serializer.collect_seq(list.iter().map(|one| pairs(one, ["name", "reason"])))
            }
            Self::ReasonFirst(list) => {
                serializer.collect_seq(list.iter().map(|one| pairs(one, ["reason", "name"])))
            }
        }
    }
}

fn part<'a>(parameter: &'a InvalidParameter, name: &str) -> &'a str {
    match name {
        "name" => &parameter.name,
        _ => &parameter.reason,
    }
}
