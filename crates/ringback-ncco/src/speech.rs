//! Checks what is to be spoken.

use crate::{
    cap::{Findings, error, warning},
    path::Path,
};

/// So many characters are spoken at most, tags not counted.
const MOST: usize = 1500;

/// The elements of SSML that the platform knows, apart from `speak`.
const TAGS: &[&str] =
    &["break", "emphasis", "lang", "phoneme", "prosody", "say-as", "p", "s", "sub"];

/// Checks the text of a `talk`.
pub(crate) fn check(text: &str, path: &Path<'_>, out: &mut Findings) {
    if text.trim().is_empty() {
        let message = "there is nothing to say";
        out.push(warning("empty-text", path, message).accepted("a text"));
        return;
    }
    let inside = text.trim();
    let ssml = inside.starts_with("<speak");
    // Tags only make a text longer, so most texts need not be looked through.
    let length = if text.len() > MOST { spoken(inside, ssml) } else { 0 };
    if length > MOST {
        let message = format!("the text has {length} characters");
        let accepted = format!("at most {MOST} characters, SSML tags not counted");
        out.push(
            error("too-long", path, message).accepted(accepted).help("make two actions of it"),
        );
    }
    if ssml && !inside.ends_with("</speak>") {
        let message = "the SSML does not end with `</speak>`";
        out.push(warning("unfinished-ssml", path, message).help("close the `<speak>` element"));
    } else if !ssml && let Some(tag) = first_tag(inside) {
        let message = format!("`<{tag}>` is read out as text: SSML has to be all in `<speak>`");
        let help = "write `<speak>…</speak>` around the whole text";
        out.push(warning("ssml-without-speak", path, message).help(help));
    }
}

/// How many characters are left without tags.
fn spoken(text: &str, ssml: bool) -> usize {
    if !ssml {
        return text.chars().count();
    }
    let mut inside_tag = false;
    let mut count = 0;
    for c in text.chars() {
        match c {
            '<' => inside_tag = true,
            '>' if inside_tag => inside_tag = false,
            _ if !inside_tag => count += 1,
            _ => {}
        }
    }
    count
}

/// The first SSML tag in a text.
fn first_tag(text: &str) -> Option<&'static str> {
    text.match_indices('<').find_map(|(at, _)| {
        let rest = text.get(at + 1..)?;
        let rest = rest.strip_prefix('/').unwrap_or(rest);
        if rest.starts_with("speak") {
            return Some("speak");
        }
        TAGS.iter().copied().find(|tag| {
            rest.strip_prefix(tag).is_some_and(|rest| {
                rest.starts_with(['>', '/']) || rest.starts_with(char::is_whitespace)
            })
        })
    })
}
