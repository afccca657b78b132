//! Checks the options of one object against its description.

use ringback_model::Limit;

use crate::{
    address::{NUMBER, dialled, url},
    advice::{did_you_mean, listed, short},
    cap::{Draft, Findings, error, warning},
    endpoints,
    path::Path,
    schema::{Kind, Opt, Shape},
    speech,
    value::Value,
    voices,
};

/// Checks every option, and that the required ones are there.
pub(crate) fn check(shape: &Shape, value: &Value<'_>, path: &Path<'_>, out: &mut Findings) {
    let Value::Object(fields) = value else {
        out.push(wrong(value, path, "an object"));
        return;
    };
    let mut seen = 0_u64;
    for (name, value) in fields {
        if name == shape.tag {
            continue;
        }
        let path = path.key(name);
        let Some((index, option)) = shape.option(name) else {
            unknown(shape, name, &path, out);
            continue;
        };
        if seen & (1 << index) != 0 {
            let message = format!("{} has `{}` twice", shape.noun, option.name);
            out.push(error("repeated-option", &path, message).at_name().help("keep one of them"));
            continue;
        }
        if matches!(value, Value::Null) {
            let message = format!("`{name}` is null, which counts as absent");
            out.push(warning("null-option", &path, message).help("leave it out"));
            continue;
        }
        seen |= 1 << index;
        if let Some(instead) = option.instead {
            let instead = match (option.name, value.as_text().and_then(voices::by_name)) {
                ("voiceName", Some((language, style))) => {
                    format!("use `\"language\": \"{language}\", \"style\": {style}`")
                }
                _ => instead.to_owned(),
            };
            let message = format!("`{name}` is deprecated");
            out.push(warning("deprecated-option", &path, message).at_name().help(instead));
        } else if option.also == Some(name.as_ref()) && name == "ringback" {
            let message = format!("`{name}` is the old name of `{}`", option.name);
            let help = format!("write `{}`", option.name);
            out.push(warning("deprecated-option", &path, message).at_name().help(help));
        }
        one(shape, option, value, &path, out);
    }
    for (index, option) in shape.options.iter().enumerate() {
        if option.required && seen & (1 << index) == 0 {
            let message = format!("{} needs `{}`", shape.noun, option.name);
            out.push(error("missing-option", path, message).accepted(accepted(shape, option)));
        }
    }
}

fn unknown(shape: &Shape, name: &str, path: &Path<'_>, out: &mut Findings) {
    let current = |option: &&Opt| option.instead.is_none();
    let names = || shape.options.iter().filter(current).map(|option| option.name);
    let message = format!("{} has no option `{}`", shape.noun, short(name, 40));
    out.push(
        warning("unknown-option", path, message)
            .at_name()
            .accepted(listed(names()))
            .perhaps(did_you_mean(name, names())),
    );
}

/// The value of an option is of another JSON type.
pub(crate) fn wrong(value: &Value<'_>, path: &Path<'_>, expected: &str) -> Draft {
    let name = path.name().map_or("an element".to_owned(), |name| format!("`{name}`"));
    let message = format!("{name} has to be {expected}, not {}", value.kind());
    error("wrong-type", path, message).accepted(expected)
}

/// What an option takes, in words.
fn accepted(shape: &Shape, option: &Opt) -> String {
    let limit = shape.limit(option.name);
    match option.kind {
        Kind::Text | Kind::Speech | Kind::Name => "a text".to_owned(),
        Kind::Room => ROOM.to_owned(),
        Kind::Loose => "a text or a number".to_owned(),
        Kind::Key => "one of the keys `0` to `9`, `*` and `#`".to_owned(),
        Kind::Bool => "`true` or `false`".to_owned(),
        Kind::Whole => format!("a whole number{}", range(limit)),
        Kind::Decimal | Kind::Clamped => format!("a number{}", range(limit)),
        Kind::Urls => "an array with one http or https URL".to_owned(),
        Kind::Url | Kind::FirstUrl => "an http or https URL".to_owned(),
        Kind::Socket => "a URL that begins with `wss:` or `ws:`".to_owned(),
        Kind::Sip => "a URI that begins with `sip:` or `sips:`".to_owned(),
        Kind::Word(words) | Kind::AnyCase(words) => listed(words.iter().copied()),
        Kind::Words(words) => format!("an array of {}", listed(words.iter().copied())),
        Kind::Texts => "an array of texts".to_owned(),
        Kind::OneText => "an array of one text".to_owned(),
        Kind::Number | Kind::CallerId => NUMBER.to_owned(),
        Kind::Keys => "the keys `0` to `9`, `*` and `#`, and `p` for half a second".to_owned(),
        Kind::Voice | Kind::Ear => "a language tag such as `en-US`".to_owned(),
        Kind::Inner(_) | Kind::Object => "an object".to_owned(),
        Kind::Texted => "an object of texts".to_owned(),
        Kind::Endpoints => "an array with one endpoint".to_owned(),
    }
}

const ROOM: &str = "the id of a conversation, which begins with `CON-`";

fn range(limit: Option<&Limit>) -> String {
    match limit.map(|limit| (limit.minimum, limit.maximum)) {
        Some((Some(least), Some(most))) => format!(" from {least} to {most}"),
        Some((Some(least), None)) => format!(" from {least}"),
        Some((None, Some(most))) => format!(" up to {most}"),
        Some((None, None)) | None => String::new(),
    }
}

/// Checks the value of one option.
fn one(shape: &Shape, option: &Opt, value: &Value<'_>, path: &Path<'_>, out: &mut Findings) {
    let expected = || accepted(shape, option);
    match option.kind {
        Kind::Inner(inner) => check(inner, value, path, out),
        Kind::Endpoints => endpoints::check(value, path, out),
        Kind::Bool => boolean(value, path, out),
        Kind::Whole | Kind::Decimal | Kind::Clamped => number(shape, option, value, path, out),
        Kind::Urls => one_of_list(value, path, out, url),
        Kind::FirstUrl => match value {
            Value::List(_) => one_of_list(value, path, out, url),
            _ => url(value, path, out),
        },
        Kind::Url => url(value, path, out),
        Kind::OneText => one_of_list(value, path, out, |item, path, out| {
            if item.as_text().is_none() {
                out.push(wrong(item, path, "a text"));
            }
        }),
        Kind::Words(words) => {
            if let Value::List(items) = value {
                for (index, item) in items.iter().enumerate() {
                    word(item, words, false, &path.index(index), out);
                }
                if items.is_empty() {
                    let message = format!("`{}` is empty", option.name);
                    out.push(error("empty-option", path, message).accepted(expected()));
                }
            } else {
                bare(value, path, out);
                word(value, words, false, path, out);
            }
        }
        Kind::Texts => match value {
            Value::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    if item.as_text().is_none() {
                        out.push(wrong(item, &path.index(index), "a text"));
                    }
                }
            }
            Value::Text(_) => out.push(wrong(value, path, &expected()).help("put it in brackets")),
            _ => out.push(wrong(value, path, &expected())),
        },
        Kind::Object | Kind::Texted => match value {
            Value::Object(fields) if matches!(option.kind, Kind::Texted) => {
                for (name, item) in fields {
                    if item.as_text().is_none() {
                        out.push(wrong(item, &path.key(name), "a text"));
                    }
                }
            }
            Value::Object(_) => {}
            _ => out.push(wrong(value, path, &expected())),
        },
        Kind::Loose if matches!(value, Value::Whole(_)) => {}
        Kind::Key if matches!(value, Value::Whole(number) if (0.0..=9.0).contains(number)) => {}
        Kind::Word(words) => word(value, words, false, path, out),
        Kind::AnyCase(words) => word(value, words, true, path, out),
        kind => match value.as_text() {
            Some(text) => textual(kind, text, path, out),
            None => {
                let quotes =
                    matches!(value, Value::Whole(_)).then(|| "put it in quotes".to_owned());
                out.push(wrong(value, path, "a text").perhaps(quotes));
            }
        },
    }
}

/// Checks an option that is a text.
fn textual(kind: Kind, text: &str, path: &Path<'_>, out: &mut Findings) {
    let name = path.name().unwrap_or_default();
    match kind {
        Kind::Speech => speech::check(text, path, out),
        Kind::Name | Kind::Room if text.trim().is_empty() => {
            out.push(error("empty-option", path, format!("`{name}` is empty")).accepted("a text"));
        }
        Kind::Room if !text.starts_with("CON-") => {
            let message = format!("`{}` is the id of no conversation", short(text, 40));
            out.push(warning("bad-conversation-id", path, message).accepted(ROOM));
        }
        Kind::Number => dialled(text, path, out),
        Kind::Key if !matches!(text.as_bytes(), [b'0'..=b'9' | b'*' | b'#']) => {
            let message = format!("`{name}` is not one key");
            out.push(error("bad-value", path, message).accepted("`0` to `9`, `*` or `#`"));
        }
        Kind::Keys => {
            let known = |c: char| c.is_ascii_digit() || "*#p".contains(c);
            let keys = "the keys `0` to `9`, `*` and `#`, and `p` for half a second";
            if !text.chars().all(known) {
                let message = format!("`{name}` has something that is not a key");
                out.push(error("bad-value", path, message).accepted(keys));
            } else if text.is_empty() {
                let message = format!("`{name}` is empty: nothing is pressed");
                out.push(warning("empty-option", path, message).accepted(keys));
            }
        }
        Kind::Socket if !text.starts_with("ws:") && !text.starts_with("wss:") => {
            let meant = text.strip_prefix("http").map(|rest| format!("did you mean `ws{rest}`?"));
            let message = format!("`{name}` is not a websocket URL");
            let accepted = "a URL that begins with `wss:` or `ws:`";
            out.push(error("bad-url", path, message).accepted(accepted).perhaps(meant));
        }
        Kind::Sip if !text.starts_with("sip:") && !text.starts_with("sips:") => {
            let message = format!("`{name}` is not a SIP URI");
            let meant =
                text.contains('@').then(|| format!("did you mean `sip:{}`?", short(text, 60)));
            let accepted = "a URI that begins with `sip:` or `sips:`";
            out.push(error("bad-url", path, message).accepted(accepted).perhaps(meant));
        }
        Kind::Voice => language(text, voices::SPOKEN, path, out),
        Kind::Ear => language(text, voices::HEARD, path, out),
        _ => {}
    }
}

fn language(text: &str, known: &[&'static str], path: &Path<'_>, out: &mut Findings) {
    if known.iter().any(|code| code.eq_ignore_ascii_case(text)) {
        return;
    }
    let message = format!("`{}` is no language that is documented", short(text, 40));
    out.push(
        warning("unknown-language", path, message)
            .accepted("a language tag such as `en-US`")
            .perhaps(did_you_mean(text, known.iter().copied())),
    );
}

fn word(
    value: &Value<'_>,
    words: &[&'static str],
    any_case: bool,
    path: &Path<'_>,
    out: &mut Findings,
) {
    let accepted = || listed(words.iter().copied());
    let Some(text) = value.as_text() else {
        out.push(wrong(value, path, "a text").accepted(accepted()));
        return;
    };
    let same = |word: &&str| *word == text || any_case && word.eq_ignore_ascii_case(text);
    if !words.iter().any(same) {
        let message = format!("`{}` is not accepted here", short(text, 40));
        let meant = did_you_mean(text, words.iter().copied());
        out.push(error("bad-value", path, message).accepted(accepted()).perhaps(meant));
    }
}

fn boolean(value: &Value<'_>, path: &Path<'_>, out: &mut Findings) {
    match (value, value.as_bool()) {
        (Value::Bool(_), _) => {}
        (_, Some(meant)) => {
            let name = path.name().unwrap_or_default();
            let message =
                format!("`{name}` is {}, which only counts as `{meant}` here", value.kind());
            let help = format!("write `{meant}` without quotes");
            out.push(
                warning("loose-boolean", path, message).accepted("`true` or `false`").help(help),
            );
        }
        (_, None) => out.push(wrong(value, path, "`true` or `false`")),
    }
}

fn number(shape: &Shape, option: &Opt, value: &Value<'_>, path: &Path<'_>, out: &mut Findings) {
    let expected = || accepted(shape, option);
    let name = option.name;
    let Some(number) = value.as_number() else {
        out.push(wrong(value, path, &expected()));
        return;
    };
    let limit = shape.limit(name);
    let low = limit.and_then(|limit| limit.minimum).is_some_and(|least| number < least);
    let high = limit.and_then(|limit| limit.maximum).is_some_and(|most| number > most);
    if low || high {
        if matches!(option.kind, Kind::Clamped) {
            let bound = limit.and_then(|limit| if low { limit.minimum } else { limit.maximum });
            let bound = bound.unwrap_or(number);
            let message = format!("`{name}` is out of range and becomes {bound}");
            out.push(warning("clamped", path, message).accepted(expected()));
        } else {
            let message = format!("`{name}` is out of range");
            out.push(error("out-of-range", path, message).accepted(expected()));
        }
        return;
    }
    if !matches!(option.kind, Kind::Whole) {
        return;
    }
    let whole = match value {
        Value::Whole(_) => number >= 0.0 && number <= f64::from(u32::MAX),
        Value::Text(text) => text.trim().parse::<u32>().is_ok(),
        _ => false,
    };
    if !whole {
        let message = format!("`{name}` has to be a whole number");
        out.push(error("wrong-type", path, message).accepted(expected()));
    }
}

/// An array of which only the first element counts.
fn one_of_list(
    value: &Value<'_>,
    path: &Path<'_>,
    out: &mut Findings,
    check: impl Fn(&Value<'_>, &Path<'_>, &mut Findings),
) {
    let Value::List(items) = value else {
        if value.as_text().is_some() {
            bare(value, path, out);
        }
        check(value, path, out);
        return;
    };
    for (index, item) in items.iter().enumerate() {
        match index {
            0 => check(item, &path.index(index), out),
            // The others are read over, and have to be readable for that.
            _ if item.as_text().is_none() => out.push(wrong(item, &path.index(index), "a text")),
            _ => {}
        }
    }
    if items.len() > 1 {
        let name = path.name().unwrap_or_default();
        let message = format!("only the first element of `{name}` counts");
        out.push(warning("extra-elements", &path.index(1), message).help("remove the others"));
    }
}

/// One text where an array is documented; taken, but not by the platform for sure.
fn bare(value: &Value<'_>, path: &Path<'_>, out: &mut Findings) {
    let (Some(text), Some(name)) = (value.as_text(), path.name()) else {
        return;
    };
    let message = format!("`{name}` is documented as an array");
    let help = format!("write `[\"{}\"]`", short(text, 60));
    out.push(warning("not-an-array", path, message).help(help));
}
