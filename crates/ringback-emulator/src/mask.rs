//! Texts for people: telephone numbers and secrets in addresses masked, other secrets only as
//! length and hash prefix.

use std::fmt::Write as _;

use ring::digest;
use ringback_model::PhoneNumber;

/// The text with all but the last four digits of every telephone number starred.
pub(crate) fn numbers(text: &str) -> String {
    PhoneNumber::mask_in(text)
}

/// The text with the passwords of every address in it starred, and the values of those query
/// parameters that are named like a secret.
pub(crate) fn addresses(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        out.push_str(before);
        out.push_str("://");
        let outside = |c: char| c.is_whitespace() || "\"'`<>\\".contains(c);
        let (address, after) = after.split_at(after.find(outside).unwrap_or(after.len()));
        let (whole, fragment) = address.split_at(address.find('#').unwrap_or(address.len()));
        let (place, query) = whole.split_at(whole.find('?').unwrap_or(whole.len()));
        let (authority, path) = place.split_at(place.find('/').unwrap_or(place.len()));
        match authority.rsplit_once('@') {
            // A user without a password may be a token.
            Some((user, host)) => match user.split_once(':') {
                Some((user, _)) => out.extend([user, ":***@", host]),
                None => out.extend(["***@", host]),
            },
            None => out.push_str(authority),
        }
        out.push_str(path);
        for pair in query.split_inclusive('&') {
            let end = if pair.ends_with('&') { "&" } else { "" };
            match pair.split_once('=') {
                Some((name, _)) if is_secret(name.trim_start_matches('?')) => {
                    out.extend([name, "=***", end]);
                }
                _ => out.push_str(pair),
            }
        }
        out.push_str(fragment);
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Whether a query parameter is named like a secret.
fn is_secret(name: &str) -> bool {
    const PARTS: [&str; 9] =
        ["secret", "token", "passw", "pwd", "apikey", "api_key", "api-key", "oauth", "credential"];
    let name = name.to_ascii_lowercase();
    PARTS.iter().any(|part| name.contains(part))
        || matches!(name.as_str(), "key" | "pass" | "pw" | "sig" | "signature" | "jwt" | "auth")
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
    fn secrets_in_addresses_are_masked_and_nothing_else() {
        for (text, expected) in [
            ("http://user:pw@h/a?x=1", "http://user:***@h/a?x=1"),
            ("GET https://t0ken@h:8080/, attempt 2", "GET https://***@h:8080/, attempt 2"),
            ("http://u:p@q@h", "http://u:***@h"),
            ("http://h/a?x=1&token=s&y=2#f", "http://h/a?x=1&token=***&y=2#f"),
            ("http://h?API_SECRET=s", "http://h?API_SECRET=***"),
            ("http://h/a@b?author=x&auth=y&to=a@b", "http://h/a@b?author=x&auth=***&to=a@b"),
            (r#"{"url":"http://u:p@h/","at":"a@b"}"#, r#"{"url":"http://u:***@h/","at":"a@b"}"#),
            ("http://a:1@h and http://b:2@h", "http://a:***@h and http://b:***@h"),
            ("a://", "a://"),
            ("no address: a@b?token=1", "no address: a@b?token=1"),
        ] {
            assert_eq!(addresses(text), expected);
        }
    }

    #[test]
    fn secrets_are_length_and_hash_prefix() {
        // The SHA-256 of `test` is published in many places.
        assert_eq!(secret("test"), "4 characters, sha256 9f86d081");
    }
}
