//! Telephone numbers: open when read, checked when we write them, masked when printed for us.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, de};

/// A telephone number as the platform writes it: E.164 digits without `+` or `00`.
///
/// Reading takes any text (the platform itself writes `Unknown` for a caller it does not know);
/// [`PhoneNumber::new`] refuses what the platform would not take.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct PhoneNumber(Box<str>);

/// A text that is no number the platform would take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{seen:?} is not a phone number: expected 7 to 15 digits with the country code, without +, 00 or spaces{}", .suggestion.as_ref().map(|number| format!(" (did you mean {number}?)")).unwrap_or_default())]
pub struct PhoneNumberError {
    /// The text seen, cut short.
    pub seen: String,
    /// The number that was probably meant.
    pub suggestion: Option<String>,
}

impl PhoneNumber {
    /// A number to be written.
    ///
    /// # Errors
    /// When it is not 7 to 15 digits that begin with a country code; the error suggests the
    /// number without what does not belong there.
    pub fn new(text: &str) -> Result<Self, PhoneNumberError> {
        if is_e164(text) {
            return Ok(Self(text.into()));
        }
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let punctuation = |c: char| c.is_ascii_digit() || " +-./()\u{a0}".contains(c);
        let cleaned = digits.strip_prefix("00").unwrap_or(&digits);
        let meant = text.chars().all(punctuation) && is_e164(cleaned);
        Err(PhoneNumberError {
            seen: text.chars().take(40).collect(),
            suggestion: meant.then(|| cleaned.to_owned()),
        })
    }

    /// A number as it came from outside, unchecked.
    #[must_use]
    pub fn from_wire(text: &str) -> Self {
        Self(text.into())
    }

    /// The text used on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is a number the platform would take.
    #[must_use]
    pub fn is_e164(&self) -> bool {
        is_e164(&self.0)
    }

    /// The number for logs: all but the last 4 characters are stars.
    #[must_use]
    pub fn masked(&self) -> String {
        let hidden = self.0.chars().count().saturating_sub(4);
        self.0.chars().enumerate().map(|(at, c)| if at < hidden { '*' } else { c }).collect()
    }

    /// A text for people in which all but the last four digits of every telephone number are starred.
    ///
    /// A number is seven to fifteen digits with nothing alphanumeric or a dash beside them, so that
    /// parts of ids and of times stay readable.
    #[must_use]
    pub fn mask_in(text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut before = None;
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let run = digits.max(c.len_utf8());
            let after = rest.get(run..).and_then(|rest| rest.chars().next());
            let joined = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
            let alone = !before.is_some_and(joined) && !after.is_some_and(joined);
            let piece = rest.get(..run).unwrap_or_default();
            if (7..=15).contains(&digits) && alone {
                let hidden = digits - 4;
                out.extend(std::iter::repeat_n('*', hidden));
                out.push_str(piece.get(hidden..).unwrap_or_default());
            } else {
                out.push_str(piece);
            }
            before = piece.chars().next_back();
            rest = rest.get(run..).unwrap_or_default();
        }
        out
    }
}

fn is_e164(text: &str) -> bool {
    (7..=15).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && !text.starts_with('0')
}

impl FromStr for PhoneNumber {
    type Err = PhoneNumberError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text)
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl<'de> Deserialize<'de> for PhoneNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = PhoneNumber;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<PhoneNumber, E> {
                Ok(PhoneNumber(text.into()))
            }
            // Some clients send the digits as a JSON number.
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<PhoneNumber, E> {
                Ok(PhoneNumber(number.to_string().into()))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(input: &str, expected: Result<&str, Option<&str>>) {
        let seen = PhoneNumber::new(input);
        match expected {
            Ok(number) => assert_eq!(seen.unwrap().as_str(), number),
            Err(suggestion) => {
                let error = seen.unwrap_err();
                assert_eq!(error.suggestion.as_deref(), suggestion, "{error}");
            }
        }
    }

    #[test]
    fn takes_what_the_platform_takes() {
        check("447700000002", Ok("447700000002"));
        check("1234567", Ok("1234567"));
        check("+44 7700 000002", Err(Some("447700000002")));
        check("0044-7700-000002", Err(Some("447700000002")));
        check("(44) 7700.000002", Err(Some("447700000002")));
        check("123456", Err(None));
        check("1234567890123456", Err(None));
        check("07700000002", Err(None));
        check("", Err(None));
        check("Unknown", Err(None));
    }

    #[test]
    fn says_what_was_seen_and_expected() {
        assert_eq!(
            PhoneNumber::new("+447700000002").unwrap_err().to_string(),
            "\"+447700000002\" is not a phone number: expected 7 to 15 digits with the country \
             code, without +, 00 or spaces (did you mean 447700000002?)"
        );
    }

    #[test]
    fn masks_itself() {
        let number = PhoneNumber::from_wire("447700000002");
        assert_eq!(format!("{number:?} {number}"), "********0002 447700000002");
    }

    #[test]
    fn reads_anything() {
        for (json, text) in [("\"Unknown\"", "Unknown"), ("447700000002", "447700000002")] {
            assert_eq!(serde_json::from_str::<PhoneNumber>(json).unwrap().as_str(), text);
        }
    }

    #[test]
    fn telephone_numbers_are_masked_and_nothing_else() {
        for (text, expected) in [
            ("/_ringback/phones/447700000001/answer", "/_ringback/phones/********0001/answer"),
            ("`447700000001` and 4477000", "`********0001` and ***7000"),
            (
                "CON-11111111-2222-4333-8444-555555555555",
                "CON-11111111-2222-4333-8444-555555555555",
            ),
            ("797168e24c19a3c45e74e05b10fef2b5", "797168e24c19a3c45e74e05b10fef2b5"),
            ("exp was 2018-10-25T09:26:18Z, ü 123456", "exp was 2018-10-25T09:26:18Z, ü 123456"),
            ("", ""),
        ] {
            assert_eq!(PhoneNumber::mask_in(text), expected);
        }
    }
}
