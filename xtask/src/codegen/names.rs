//! Names and documentation as Rust wants them.

use std::fmt::Write as _;

/// `eventUrl`, `content-type` and `is_system` as a field's name.
pub(crate) fn snake(wire: &str) -> String {
    let mut name = String::new();
    let mut before = '_';
    for c in wire.chars() {
        if c.is_ascii_uppercase() {
            if before.is_ascii_lowercase() || before.is_ascii_digit() {
                name.push('_');
            }
            name.push(c.to_ascii_lowercase());
        } else if c.is_ascii_alphanumeric() {
            name.push(c);
        } else if !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
        before = c;
    }
    name.trim_end_matches('_').to_owned()
}

/// `member:joined` and `detect_beep` as a variant's name.
pub(crate) fn pascal(wire: &str) -> String {
    let mut name = String::new();
    let mut start = true;
    let lower = wire.chars().any(|c| c.is_ascii_lowercase());
    for c in wire.chars() {
        if !c.is_ascii_alphanumeric() {
            start = true;
        } else if start {
            name.push(c.to_ascii_uppercase());
            start = false;
        } else {
            name.push(if lower { c } else { c.to_ascii_lowercase() });
        }
    }
    name
}

/// `event_url` as `eventUrl`.
pub(crate) fn camel(name: &str) -> String {
    let mut camel = String::new();
    let mut upper = false;
    for c in name.chars() {
        match c {
            '_' => upper = true,
            c if upper => {
                camel.push(c.to_ascii_uppercase());
                upper = false;
            }
            c => camel.push(c),
        }
    }
    camel
}

/// Whether text can be the name of a field or variant.
pub(crate) fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic())
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !KEYWORDS.contains(&text)
}

const KEYWORDS: &[&str] = &[
    "Self", "abstract", "as", "async", "await", "become", "box", "break", "const", "continue",
    "crate", "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if",
    "impl", "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub",
    "ref", "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Documentation lines, each behind `lead` (`    ///`), wrapped before column 100.
pub(crate) fn doc(lead: &str, text: &str) -> String {
    let mut out = String::new();
    for paragraph in text.trim().lines() {
        let words = escaped(paragraph.trim_end());
        let mut line = lead.to_owned();
        // What is indented or a list item is left as it is.
        let wrapped = !words.starts_with([' ', '-', '*', '|']);
        for word in words.split(' ') {
            if wrapped && line.len() > lead.len() && line.len() + 1 + word.len() > 99 {
                let _ = writeln!(out, "{line}");
                line = lead.to_owned();
            }
            line.push(' ');
            line.push_str(word);
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out
}

/// Escapes what rustdoc would take for a link or a tag, outside of code.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    let mut code = false;
    let mut url = false;
    for (at, c) in text.char_indices() {
        if c == '`' {
            code = !code;
        }
        let rest = text.get(at..).unwrap_or_default();
        if !code && !url && (rest.starts_with("https://") || rest.starts_with("http://")) {
            out.push('<');
            url = true;
        } else if url && (c == ' ' || c == ',' || c == ')') {
            out.push('>');
            url = false;
        }
        if !code && !url && matches!(c, '[' | ']' | '<' | '>') {
            out.push('\\');
        }
        out.push(c);
    }
    if url {
        // A sentence's full stop is no part of its link.
        match out.strip_suffix('.') {
            Some(start) => out = format!("{start}>."),
            None => out.push('>'),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_rust() {
        let rows = [
            ("eventUrl", "event_url", "EventUrl"),
            ("content-type", "content_type", "ContentType"),
            ("_links", "links", "Links"),
            ("isFromMB", "is_from_mb", "IsFromMB"),
            ("member:joined", "member_joined", "MemberJoined"),
            ("JOINED", "joined", "Joined"),
            ("custom:*", "custom", "Custom"),
            ("mp3", "mp3", "Mp3"),
        ];
        for (wire, field, variant) in rows {
            assert_eq!((snake(wire).as_str(), pascal(wire).as_str()), (field, variant));
        }
        assert_eq!(camel("bargein_time_out"), "bargeinTimeOut");
        assert!(!is_name("type") && !is_name("1st") && !is_name("") && is_name("kind"));
    }

    #[test]
    fn documentation_is_safe_and_wrapped() {
        let text = "See https://example.com/a.\nA [bracket], `[code]` and <tag>.";
        let expected =
            "/// See <https://example.com/a>.\n/// A \\[bracket\\], `[code]` and \\<tag\\>.\n";
        assert_eq!(doc("///", text), expected);
        let long = doc("    ///", &"word ".repeat(40));
        assert!(long.lines().count() > 1 && long.lines().all(|line| line.len() < 100));
    }
}
