//! Texts for logs: telephone numbers masked, secrets only as length and hash prefix.

use std::fmt::Write as _;

use ring::digest;

/// The text with all but the last four digits of every telephone number starred.
///
/// A number is seven to fifteen digits with nothing alphanumeric or a dash beside them, so that
/// parts of ids and of times stay readable.
pub(crate) fn numbers(text: &str) -> String {
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

/// What may be said of a secret: `32 characters, sha256 9f86d081`.
pub(crate) fn secret(text: &str) -> String {
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    let mut prefix = String::with_capacity(8);
    for byte in hash.as_ref().iter().take(4) {
        // Writing to a string does not fail.
        let _ = write!(prefix, "{byte:02x}");
    }
    format!("{} characters, sha256 {prefix}", text.chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert_eq!(numbers(text), expected);
        }
    }

    #[test]
    fn secrets_are_length_and_hash_prefix() {
        // The SHA-256 of `test` is published in many places.
        assert_eq!(secret("test"), "4 characters, sha256 9f86d081");
    }
}
