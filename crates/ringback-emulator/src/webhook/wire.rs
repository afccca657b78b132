//! The bytes of a webhook: a POST with compact JSON, or a GET with the fields in its query.

use std::fmt;

use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use ringback_model::HttpMethod;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;
use url::Url;

/// What stays as it is in a query: as captured, `:` and `,` too.
const QUERY: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':').remove(b',');

/// A webhook as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wire {
    pub(crate) url: Url,
    /// The JSON of a POST; a GET has none.
    pub(crate) body: Option<Bytes>,
}

impl Wire {
    /// Puts a JSON object on the wire; whatever is not `GET` is a POST.
    pub(crate) fn new(method: &HttpMethod, mut url: Url, json: &Bytes) -> Self {
        if !matches!(method, HttpMethod::Get) {
            return Self { url, body: Some(json.clone()) };
        }
        let query = query(json);
        let query = match url.query().filter(|own| !own.is_empty()) {
            Some(own) => format!("{own}&{query}"),
            None => query,
        };
        url.set_query(Some(&query));
        Self { url, body: None }
    }
}

/// The fields of an object as query parameters in their order: texts as they are, nested values as
/// JSON text, nulls left out.
fn query(json: &[u8]) -> String {
    let Fields(fields) = serde_json::from_slice(json).unwrap_or_default();
    let mut query = String::with_capacity(json.len() * 2);
    for (name, value) in fields {
        let raw = value.get();
        if raw == "null" {
            continue;
        }
        let text = match raw.starts_with('"') {
            true => serde_json::from_str(raw).unwrap_or_default(),
            false => raw.to_owned(),
        };
        if !query.is_empty() {
            query.push('&');
        }
        query.extend(utf8_percent_encode(&name, QUERY));
        query.push('=');
        query.extend(utf8_percent_encode(&text, QUERY));
    }
    query
}

/// An object's fields in the order they came.
#[derive(Default)]
struct Fields(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_get_carries_the_fields_in_its_query() {
        let check = |url: &str, json: &str, expected: &str| {
            let json = Bytes::copy_from_slice(json.as_bytes());
            let wire = Wire::new(&HttpMethod::Get, Url::parse(url).unwrap(), &json);
            assert_eq!((wire.url.as_str(), wire.body), (expected, None));
        };
        // The captured form of an input webhook.
        check(
            "http://127.0.0.1:3000/input",
            r#"{"speech":{"error":"Speech was not enabled"},"dtmf":{"digits":"3","timed_out":true},"from":"14845552121","timestamp":"2020-07-29T19:20:33.015Z"}"#,
            "http://127.0.0.1:3000/input?speech=%7B%22error%22:%22Speech%20was%20not%20enabled%22%7D&dtmf=%7B%22digits%22:%223%22,%22timed_out%22:true%7D&from=14845552121&timestamp=2020-07-29T19:20:33.015Z",
        );
        check(
            "http://h/answer?tenant=1",
            r#"{"to":"44&x=é+","size":18990,"rate":null}"#,
            "http://h/answer?tenant=1&to=44%26x%3D%C3%A9%2B&size=18990",
        );
        check("http://h/answer?", "{}", "http://h/answer?");
    }

    #[test]
    fn a_post_carries_the_bytes_it_was_given() {
        let json = Bytes::from_static(br#"{"status":"answered","rate":null}"#);
        let url = Url::parse("http://h/event?x=1").unwrap();
        let wire = Wire::new(&HttpMethod::Post, url.clone(), &json);
        assert_eq!(wire, Wire { url, body: Some(json) });
    }
}
