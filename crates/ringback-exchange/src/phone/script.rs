//! How a virtual phone behaves, written as people would say it.

use std::{fmt, str::FromStr};

/// How a virtual phone behaves: `ring after 1s, answer after 3s, hang up after 10s`.
///
/// `ring`, `answer`, `decline`, `busy`, `unreachable` and `give up` count from when it was dialled
/// (or dials); `hang up` counts from the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

const STEPS: &str = "steps are `ring after 1s`, `answer after 3s`, `hang up after 10s`, `give up after 5s`, \
     `busy`, `decline`, `no answer`, `unreachable`, `unroutable` and `manual`, with commas between them";
const TIMES: &str = "times are written like `3s`, `500ms`, `2m` or `1.5 s`";

impl FromStr for Script {
    type Err = ScriptError;

    fn from_str(text: &str) -> Result<Self, ScriptError> {
        let mut rings = None;
        let mut outcome = None;
        let (mut hangs_up, mut gives_up) = (None, None);
        for step in text.split([',', ';', '\n']).map(str::trim).filter(|step| !step.is_empty()) {
            let (verb, time) = split_time(step)?;
            match verb.as_str() {
                "ring" | "rings" => rings = Some(time.unwrap_or(RING)),
                "answer" | "answers" => outcome = Some(Outcome::Answers(time.unwrap_or(ANSWER))),
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
        Ok(Self { rings, outcome, hangs_up, gives_up })
    }
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(rings) = self.rings {
            write!(f, "ring after {}, ", Span(rings))?;
        }
        match self.outcome {
            Outcome::Answers(at) => write!(f, "answer after {}", Span(at))?,
            Outcome::Declines(at) => write!(f, "decline after {}", Span(at))?,
            Outcome::IsBusy(at) => write!(f, "busy after {}", Span(at))?,
            Outcome::IsUnreachable(at) => write!(f, "unreachable after {}", Span(at))?,
            Outcome::CannotBeRouted(at) => write!(f, "unroutable after {}", Span(at))?,
            Outcome::NoAnswer => f.write_str("no answer")?,
            Outcome::Manual => f.write_str("manual")?,
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
    }

    #[test]
    fn what_a_phone_cannot_do_is_named() {
        for (text, step) in [
            ("dance", "dance"),
            ("answer after", "answer after"),
            ("answer after soon", "answer after soon"),
            ("busy, hang up after 3 parsecs", "hang up after 3 parsecs"),
            ("answer after 9999999s", "answer after 9999999s"),
        ] {
            assert_eq!(text.parse::<Script>().unwrap_err().step, step);
        }
    }
}
