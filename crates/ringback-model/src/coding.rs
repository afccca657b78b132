//! Writing an operation into the parts of a request, and reading it back from them.

use std::{borrow::Cow, fmt::Write as _};

use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    operation::{EncodeError, Encoding, Fault, FaultPlace, OperationInfo, RequestParts},
    parameter::Parameter,
    read,
};

/// All but the characters that RFC 3986 calls unreserved.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// The same, and the two that are common in values and harmless in a query.
const QUERY: &AsciiSet = &SEGMENT.remove(b',').remove(b':');

/// How deep the JSON of a body may be nested.
///
/// Values that are kept as raw text are read without a limit, and those who read them later have one.
const DEEPEST: usize = 100;

/// Writes an operation, parameter by parameter.
pub(crate) struct Encoder {
    info: &'static OperationInfo,
    path: Vec<(&'static str, String)>,
    query: String,
    form: String,
    body: Option<Vec<u8>>,
    error: Option<EncodeError>,
}

impl Encoder {
    pub(crate) fn new(info: &'static OperationInfo) -> Self {
        let (query, form) = (String::new(), String::new());
        Self { info, path: Vec::new(), query, form, body: None, error: None }
    }

    pub(crate) fn path(mut self, name: &'static str, value: &impl Parameter) -> Self {
        let text = value.to_text();
        if matches!(text.as_ref(), "" | "." | "..") {
            let value = text.into_owned();
            self.error.get_or_insert(EncodeError::Path { name, value });
        } else {
            self.path.push((name, utf8_percent_encode(&text, SEGMENT).to_string()));
        }
        self
    }

    pub(crate) fn query<'a, T: Parameter + 'a>(
        mut self,
        name: &'static str,
        value: impl Into<Option<&'a T>>,
    ) -> Self {
        push(&mut self.query, name, value.into());
        self
    }

    pub(crate) fn form<'a, T: Parameter + 'a>(
        mut self,
        name: &'static str,
        value: impl Into<Option<&'a T>>,
    ) -> Self {
        push(&mut self.form, name, value.into());
        self
    }

    pub(crate) fn body<'a, T: Serialize + 'a>(mut self, value: impl Into<Option<&'a T>>) -> Self {
        match value.into().map(serde_json::to_vec).transpose() {
            Ok(bytes) => self.body = bytes,
            Err(error) => {
                self.error.get_or_insert(EncodeError::Body(error));
            }
        }
        self
    }

    pub(crate) fn finish(self) -> Result<RequestParts, EncodeError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let mut path = String::with_capacity(self.info.path.len() + 40);
        for segment in self.info.path.split('/').skip(1) {
            path.push('/');
            let value = parameter_name(segment)
                .and_then(|name| self.path.iter().find(|(known, _)| *known == name));
            path.push_str(value.map_or(segment, |(_, value)| value));
        }
        let (content_type, body) = match self.info.encoding {
            Encoding::Form => (Some("application/x-www-form-urlencoded"), self.form.into()),
            Encoding::Json | Encoding::None => {
                (self.body.as_ref().map(|_| "application/json"), self.body.unwrap_or_default())
            }
        };
        Ok(RequestParts {
            method: self.info.method.clone(),
            path,
            query: (!self.query.is_empty()).then_some(self.query),
            content_type: content_type.map(str::to_owned),
            body: Bytes::from(body),
        })
    }
}

fn push<T: Parameter>(text: &mut String, name: &str, value: Option<&T>) {
    let Some(value) = value else { return };
    if !text.is_empty() {
        text.push('&');
    }
    let value = value.to_text();
    let name = utf8_percent_encode(name, QUERY);
    // Writing to a string does not fail.
    let _ = write!(text, "{name}={}", utf8_percent_encode(&value, QUERY));
}

fn parameter_name(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

/// Reads an operation, parameter by parameter.
pub(crate) struct Decoder<'a> {
    info: &'static OperationInfo,
    parts: &'a RequestParts,
    query: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    form: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

impl<'a> Decoder<'a> {
    pub(crate) fn new(info: &'static OperationInfo, parts: &'a RequestParts) -> Self {
        let query = pairs(parts.query.as_deref().unwrap_or_default());
        let form = match info.encoding {
            // A form is a form under any content type; some clients label it as JSON.
            Encoding::Form => pairs(std::str::from_utf8(&parts.body).unwrap_or_default()),
            Encoding::Json | Encoding::None => Vec::new(),
        };
        Self { info, parts, query, form }
    }

    pub(crate) fn path<T: Parameter>(&self, name: &'static str) -> Result<T, Fault> {
        let mut actual = self.parts.path.trim_end_matches('/').split('/');
        let mut found = None;
        for segment in self.info.path.split('/') {
            let text = actual.next();
            if parameter_name(segment) == Some(name) {
                found = text;
            }
        }
        let text = found
            .and_then(|text| percent_decode_str(text).decode_utf8().ok())
            .filter(|text| !text.is_empty())
            .ok_or_else(|| empty(FaultPlace::Path, name))?;
        value(FaultPlace::Path, name, &text)
    }

    pub(crate) fn query<T: Parameter>(&self, name: &'static str) -> Result<T, Fault> {
        let found = self.query_opt(name)?;
        found.ok_or_else(|| missing(FaultPlace::Query, name))
    }

    pub(crate) fn query_opt<T: Parameter>(&self, name: &'static str) -> Result<Option<T>, Fault> {
        found(FaultPlace::Query, name, &self.query)
    }

    pub(crate) fn form<T: Parameter>(&self, name: &'static str) -> Result<T, Fault> {
        let found = self.form_opt(name)?;
        found.ok_or_else(|| missing(FaultPlace::Form, name))
    }

    pub(crate) fn form_opt<T: Parameter>(&self, name: &'static str) -> Result<Option<T>, Fault> {
        // Old tools send the parameters of a POST in the query.
        match found(FaultPlace::Form, name, &self.form)? {
            Some(value) => Ok(Some(value)),
            None => found(FaultPlace::Query, name, &self.query),
        }
    }

    pub(crate) fn body<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        if self.has_no_body() {
            return Err(not_json("the body is empty".to_owned(), "JSON".to_owned()));
        }
        if is_deeper(&self.parts.body, DEEPEST) {
            return Err(not_json(
                format!("the body is nested deeper than {DEEPEST} levels"),
                format!("JSON of at most {DEEPEST} levels"),
            ));
        }
        read::from_slice(&self.parts.body).map_err(Fault::from)
    }

    fn has_no_body(&self) -> bool {
        self.parts.body.iter().all(u8::is_ascii_whitespace)
    }

    pub(crate) fn body_opt<T: DeserializeOwned>(&self) -> Result<Option<T>, Fault> {
        if self.has_no_body() {
            return Ok(None);
        }
        self.body().map(Some)
    }
}

/// The pairs of a query or a form, in order; what cannot be decoded is read with replacements.
fn pairs(text: &str) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
    let decoded = |text| match decoded(text) {
        Cow::Borrowed(text) => percent_decode_str(text).decode_utf8_lossy(),
        Cow::Owned(text) => percent_decode_str(&text).decode_utf8_lossy().into_owned().into(),
    };
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect()
}

fn decoded(text: &str) -> Cow<'_, str> {
    if text.contains('+') { text.replace('+', " ").into() } else { text.into() }
}

fn found<T: Parameter>(
    place: FaultPlace,
    name: &'static str,
    pairs: &[(Cow<'_, str>, Cow<'_, str>)],
) -> Result<Option<T>, Fault> {
    let mut all = pairs.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_ref());
    let text = match T::LIST {
        true => all.collect::<Vec<_>>().join(","),
        false => match all.next_back() {
            Some(last) => last.to_owned(),
            None => return Ok(None),
        },
    };
    if text.is_empty() && T::EMPTY_IS_NONE {
        return Ok(None);
    }
    value(place, name, &text).map(Some)
}

fn value<T: Parameter>(place: FaultPlace, name: &str, text: &str) -> Result<T, Fault> {
    T::from_text(text).map_err(|expected| Fault {
        place,
        name: name.to_owned(),
        reason: format!("\"{name}\" must be {}", expected.0),
        seen: if T::SECRET { String::new() } else { text.chars().take(80).collect() },
        expected: expected.accepted().to_owned(),
    })
}

fn not_json(reason: String, expected: String) -> Fault {
    let (name, seen) = (String::new(), String::new());
    Fault { place: FaultPlace::Json, name, reason, seen, expected }
}

/// Whether lists and objects are nested deeper than `limit`; brackets within texts do not count.
fn is_deeper(json: &[u8], limit: usize) -> bool {
    if json.len() <= limit {
        return false;
    }
    let (mut depth, mut in_text) = (0_usize, false);
    let mut bytes = json.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => in_text = !in_text,
            b'\\' if in_text => {
                bytes.next();
            }
            b'[' | b'{' if !in_text => {
                depth += 1;
                if depth > limit {
                    return true;
                }
            }
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

fn missing(place: FaultPlace, name: &str) -> Fault {
    Fault {
        place,
        name: name.to_owned(),
        reason: format!("\"{name}\" is required"),
        seen: String::new(),
        expected: "a value".to_owned(),
    }
}

fn empty(place: FaultPlace, name: &str) -> Fault {
    let reason = format!("\"{name}\" is not allowed to be empty");
    Fault { reason, ..missing(place, name) }
}

#[cfg(test)]
mod tests;
