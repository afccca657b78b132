//! How a virtual phone behaves, written as people would say it.

use std::{fmt, str::FromStr};

/// How a virtual phone behaves: `ring after 1s, answer after 3s, press 1#, hang up after 10s`.
///
/// `ring`, `answer`, `voicemail`, `decline`, `busy`, `unreachable` and `give up` count from when it
/// was dialled (or dials); `hang up`, `press` and `say` count from the answer. A `press` or `say`
/// without a time waits until a call script listens, and comes a second after that.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Script {
    /// Milliseconds until it rings; none when it never says that it does.
    pub rings: Option<u32>,
    /// What comes of the ringing.
    pub outcome: Outcome,
    /// Milliseconds from the answer until it hangs up; none when it stays.
    pub hangs_up: Option<u32>,
    /// As a caller: milliseconds until it gives up when nobody answers.
    pub gives_up: Option<u32>,
    /// Whether a machine answers, and whether its greeting ends with a beep.
    pub machine: Option<Machine>,
    /// What is pressed and said, in this order.
    pub deeds: Vec<Deed>,
}

/// A machine that answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Machine {
    /// Its greeting ends with a beep.
    Beeps,
    /// There is no beep.
    Silent,
}

/// Something that whoever holds the phone does during a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed {
    /// Milliseconds from the answer; none when it is done once a call script listens.
    pub after: Option<u32>,
    /// What is done.
    pub what: Doing,
}

/// What whoever holds the phone does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Doing {
    /// Keys are pressed: `0` to `9`, `*` and `#`.
    Press(String),
    /// Something is said.
    Say(String),
}

/// What comes of the ringing, and after how many milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It is picked up.
    Answers(u32),
    /// The call is refused.
    Declines(u32),
    /// It is engaged.
    IsBusy(u32),
    /// It cannot be reached.
    IsUnreachable(u32),
    /// There is no way to it.
    CannotBeRouted(u32),
    /// It rings until the caller or the platform gives up.
    NoAnswer,
    /// Somebody decides later, by hand.
    Manual,
}

const RING: u32 = 1_000;
const ANSWER: u32 = 3_000;

impl Default for Script {
    /// Rings after a second, is picked up after three, and stays.
    fn default() -> Self {
        Self {
            rings: Some(RING),
            outcome: Outcome::Answers(ANSWER),
            hangs_up: None,
            gives_up: None,
            machine: None,
            deeds: Vec::new(),
        }
    }
}

/// What a script cannot mean.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a phone cannot do {step:?}: {expected}")]
#[non_exhaustive]
pub struct ScriptError {
    /// The step that was not understood.
    pub step: String,
    /// What would have been.
    pub expected: &'static str,
}

const STEPS: &str = "steps are `ring after 1s`, `answer after 3s`, `voicemail`, `voicemail without beep`, \
     `press 1#`, `press 1 after 5s`, `say \"sales\"`, `hang up after 10s`, `give up after 5s`, `busy`, \
     `decline`, `no answer`, `unreachable`, `unroutable` and `manual`, with commas between them";
const TIMES: &str = "times are written like `3s`, `500ms`, `2m` or `1.5 s`";
const KEYS: &str = "keys are 0 to 9, * and #, such as `press 1#`";
const SPEECH: &str = "what is said stands in quotation marks: `say \"sales\"`";

impl FromStr for Script {
    type Err = ScriptError;

    fn from_str(text: &str) -> Result<Self, ScriptError> {
        let mut rings = None;
        let mut outcome = None;
        let (mut hangs_up, mut gives_up) = (None, None);
        let (mut machine, mut deeds) = (None, Vec::new());
        for step in steps(text) {
            if let Some(deed) = deed(step)? {
                deeds.push(deed);
                continue;
            }
            let (verb, time) = split_time(step)?;
            match verb.as_str() {
                "ring" | "rings" => rings = Some(time.unwrap_or(RING)),
                "answer" | "answers" => outcome = Some(Outcome::Answers(time.unwrap_or(ANSWER))),
                "voicemail" | "voicemail without beep" => {
                    outcome = Some(Outcome::Answers(time.unwrap_or(ANSWER)));
                    let beeps = verb == "voicemail";
                    machine = Some(if beeps { Machine::Beeps } else { Machine::Silent });
                }
                "decline" | "declines" => outcome = Some(Outcome::Declines(time.unwrap_or(ANSWER))),
                "busy" => outcome = Some(Outcome::IsBusy(time.unwrap_or(RING))),
                "unreachable" => outcome = Some(Outcome::IsUnreachable(time.unwrap_or(ANSWER))),
                "unroutable" => outcome = Some(Outcome::CannotBeRouted(time.unwrap_or(RING))),
                "no answer" => outcome = Some(Outcome::NoAnswer),
                "manual" => outcome = Some(Outcome::Manual),
                "hang up" | "hangup" | "hangs up" => hangs_up = Some(time.unwrap_or(0)),
                "give up" | "gives up" => gives_up = Some(time.unwrap_or(0)),
                "stay" | "stays" => hangs_up = None,
                _ => return Err(ScriptError { step: cut(step), expected: STEPS }),
            }
        }
        let outcome = outcome.unwrap_or(Outcome::Answers(ANSWER));
        let rings = match outcome {
            // A phone that is engaged or out of reach does not ring.
            Outcome::IsBusy(_) | Outcome::IsUnreachable(_) | Outcome::CannotBeRouted(_) => rings,
            Outcome::Answers(at) | Outcome::Declines(at) => Some(rings.unwrap_or(RING.min(at))),
            Outcome::NoAnswer | Outcome::Manual => Some(rings.unwrap_or(RING)),
        };
        Ok(Self { rings, outcome, hangs_up, gives_up, machine, deeds })
    }
}

/// The steps of a script; what stands in quotation marks is not cut.
fn steps(text: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |c| {
        quoted ^= c == '"';
        !quoted && matches!(c, ',' | ';' | '\n')
    })
    .map(str::trim)
    .filter(|step| !step.is_empty())
}

/// Reads `press 1# after 5s`, `after 5s say "sales"` and the like; none when it is no such step.
fn deed(step: &str) -> Result<Option<Deed>, ScriptError> {
    let wrong = |expected| ScriptError { step: cut(step), expected };
    if let Some((before, rest)) = step.split_once('"') {
        let (said, behind) = rest.rsplit_once('"').ok_or_else(|| wrong(SPEECH))?;
        let (verb, after) = split_time(&format!("{before} {behind}"))?;
        if !matches!(verb.as_str(), "say" | "says") || said.trim().is_empty() {
            return Err(wrong(SPEECH));
        }
        return Ok(Some(Deed { after, what: Doing::Say(said.trim().to_owned()) }));
    }
    let (verb, after) = split_time(step)?;
    match verb.split_once(' ') {
        Some(("press" | "presses", keys)) => {
            let keys: String = keys.chars().filter(|c| *c != ' ').collect();
            if !are_keys(&keys) {
                return Err(wrong(KEYS));
            }
            Ok(Some(Deed { after, what: Doing::Press(keys) }))
        }
        Some(("say" | "says", _)) => Err(wrong(SPEECH)),
        _ if matches!(verb.as_str(), "press" | "presses") => Err(wrong(KEYS)),
        _ => Ok(None),
    }
}

/// Whether a text consists of keys that a phone has.
pub(crate) fn are_keys(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| matches!(c, '0'..='9' | '*' | '#'))
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(rings) = self.rings {
            write!(f, "ring after {}, ", Span(rings))?;
        }
        match (self.outcome, self.machine) {
            (Outcome::Answers(at), Some(Machine::Beeps)) => {
                write!(f, "voicemail after {}", Span(at))?;
            }
            (Outcome::Answers(at), Some(Machine::Silent)) => {
                write!(f, "voicemail without beep after {}", Span(at))?;
            }
            (outcome, _) => write!(f, "{outcome}")?,
        }
        for deed in &self.deeds {
            match &deed.what {
                Doing::Press(keys) => write!(f, ", press {keys}")?,
                Doing::Say(text) => write!(f, ", say \"{text}\"")?,
            }
            if let Some(after) = deed.after {
                write!(f, " after {}", Span(after))?;
            }
        }
        if let Some(at) = self.hangs_up {
            write!(f, ", hang up after {}", Span(at))?;
        }
        if let Some(at) = self.gives_up {
            write!(f, ", give up after {}", Span(at))?;
        }
        Ok(())
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answers(at) => write!(f, "answer after {}", Span(*at)),
            Self::Declines(at) => write!(f, "decline after {}", Span(*at)),
            Self::IsBusy(at) => write!(f, "busy after {}", Span(*at)),
            Self::IsUnreachable(at) => write!(f, "unreachable after {}", Span(*at)),
            Self::CannotBeRouted(at) => write!(f, "unroutable after {}", Span(*at)),
            Self::NoAnswer => f.write_str("no answer"),
            Self::Manual => f.write_str("manual"),
        }
    }
}

/// Milliseconds, as a person writes them.
struct Span(u32);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_multiple_of(1_000) {
            write!(f, "{}s", self.0 / 1_000)
        } else {
            write!(f, "{}ms", self.0)
        }
    }
}

/// Splits `answer after 3s`, `after 3s answer` or `answer` into the verb and its milliseconds.
fn split_time(step: &str) -> Result<(String, Option<u32>), ScriptError> {
    let mut verb = Vec::new();
    let mut time = None;
    let words: Vec<String> = step.split_whitespace().map(str::to_lowercase).collect();
    let mut rest = words.iter().map(String::as_str).peekable();
    while let Some(word) = rest.next() {
        if !matches!(word, "after" | "at" | "in") {
            verb.push(word);
            continue;
        }
        let wrong = || ScriptError { step: cut(step), expected: TIMES };
        let amount = rest.next().ok_or_else(wrong)?;
        let (number, unit) = match amount.find(|c: char| !c.is_ascii_digit() && c != '.') {
            Some(at) => amount.split_at(at),
            None => match rest.peek() {
                Some(&("ms" | "s" | "sec" | "second" | "seconds" | "m" | "min" | "minutes")) => {
                    (amount, rest.next().unwrap_or("s"))
                }
                _ => (amount, "s"),
            },
        };
        let unit = match unit {
            "ms" => 1.0,
            "s" | "sec" | "second" | "seconds" => 1_000.0,
            "m" | "min" | "minutes" => 60_000.0,
            _ => return Err(wrong()),
        };
        let millis = number.parse::<f64>().map_err(|_| wrong())? * unit;
        if !(0.0..=86_400_000.0).contains(&millis) {
            return Err(ScriptError { step: cut(step), expected: "times are at most a day" });
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within a day")]
        {
            time = Some(millis.round() as u32);
        }
    }
    Ok((verb.join(" "), time))
}

fn cut(step: &str) -> String {
    step.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, canonical: &str) {
        let script: Script = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(script.to_string(), canonical, "{text}");
        assert_eq!(canonical.parse::<Script>().unwrap(), script, "{canonical}");
    }

    #[test]
    fn scripts_read_as_people_write_them() {
        check("", "ring after 1s, answer after 3s");
        check(
            "answer after 3 s, hang up after 10 s",
            "ring after 1s, answer after 3s, hang up after 10s",
        );
        check("after 3s answer", "ring after 1s, answer after 3s");
        check("Ring after 500ms; Answer after 1.5s", "ring after 500ms, answer after 1500ms");
        check("answer at 0", "ring after 0s, answer after 0s");
        check("busy", "busy after 1s");
        check("decline after 2s", "ring after 1s, decline after 2s");
        check("no answer", "ring after 1s, no answer");
        check("unreachable", "unreachable after 3s");
        check("unroutable after 0s", "unroutable after 0s");
        check("manual", "ring after 1s, manual");
        check("give up after 5s", "ring after 1s, answer after 3s, give up after 5s");
        check("voicemail", "ring after 1s, voicemail after 3s");
        check("voicemail without beep after 2s", "ring after 1s, voicemail without beep after 2s");
        check("press 1#", "ring after 1s, answer after 3s, press 1#");
        check("after 5s press 1 2", "ring after 1s, answer after 3s, press 12 after 5s");
        check(
            "answer after 0s, say \"two, please\", say \"now\" after 9s",
            "ring after 0s, answer after 0s, say \"two, please\", say \"now\" after 9s",
        );
    }

    #[test]
    fn what_a_phone_cannot_do_is_named() {
        for (text, step) in [
            ("dance", "dance"),
            ("answer after", "answer after"),
            ("answer after soon", "answer after soon"),
            ("busy, hang up after 3 parsecs", "hang up after 3 parsecs"),
            ("answer after 9999999s", "answer after 9999999s"),
            ("press", "press"),
            ("press A", "press A"),
            ("say sales", "say sales"),
            ("say \"sales", "say \"sales"),
        ] {
            assert_eq!(text.parse::<Script>().unwrap_err().step, step);
        }
    }
}
