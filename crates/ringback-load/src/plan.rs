//! What is to be done: which calls, how many a second, for how long.

use std::time::Duration;

use serde::Deserialize;

use crate::Error;

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Plan {
    /// Calls a second, above 0 and at most 100,000.
    pub rate: f64,
    /// For how long calls are placed.
    pub duration: Duration,
    /// The kinds of calls; each comes as often as its weight says, in turn.
    pub kinds: Vec<Kind>,
    /// How long calls that are up at the end may take to end.
    pub drain: Duration,
    /// From when on a reply is slow.
    pub slow: Duration,
}

/// One kind of call.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Kind {
    /// Who calls: a number, or `app:NAME`.
    pub from: String,
    /// The number that is called; it has to be linked to an application.
    pub to: String,
    /// How the caller behaves, such as `press 1 after 2s, hang up after 10s`.
    #[serde(default)]
    pub script: Option<String>,
    /// How many of these for each of the others; 1 unless said.
    #[serde(default = "one")]
    pub weight: u32,
}

/// What must hold; whatever is none is not asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Thresholds {
    /// Milliseconds within which 99 of 100 answers have to be there.
    pub answer_p99: Option<f64>,
    /// Milliseconds within which 99 of 100 events have to be taken.
    pub event_p99: Option<f64>,
    /// How many errors there may be, as [`Report::errors`](crate::Report::errors) counts them.
    pub errors: Option<u64>,
}

impl Plan {
    /// So many calls a second for so long; a minute to drain, and a second is slow.
    #[must_use]
    pub fn new(rate: f64, duration: Duration, kinds: Vec<Kind>) -> Self {
        let second = Duration::from_secs(1);
        Self { rate, duration, kinds, drain: 60 * second, slow: second }
    }

    /// Sets how long calls that are up at the end may take to end.
    #[must_use]
    pub fn drain(mut self, drain: Duration) -> Self {
        self.drain = drain;
        self
    }

    /// Sets from when on a reply is slow.
    #[must_use]
    pub fn slow(mut self, slow: Duration) -> Self {
        self.slow = slow;
        self
    }

    /// How many calls it comes to.
    ///
    /// # Errors
    /// [`Error::Plan`] says what about it means nothing.
    pub fn calls(&self) -> Result<u64, Error> {
        if !(self.rate > 0.0 && self.rate <= 100_000.0) {
            return Err(Error::Plan(
                "the rate has to be above 0 and at most 100,000 calls a second",
            ));
        }
        if self.kinds.iter().all(|kind| kind.weight == 0) {
            return Err(Error::Plan("there is no kind of call with a weight above 0"));
        }
        let calls = (self.rate * self.duration.as_secs_f64()).round();
        if !(1.0..=100_000_000.0).contains(&calls) {
            return Err(Error::Plan("rate and duration have to come to 1 to 100,000,000 calls"));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked above"
        )]
        Ok(calls as u64)
    }

    /// When a call is placed, counted from the start.
    pub(crate) fn due(&self, call: u64) -> Duration {
        #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
        Duration::from_secs_f64(call as f64 / self.rate)
    }

    /// Which kind a call is of.
    pub(crate) fn kind(&self, call: u64) -> Option<&Kind> {
        let all: u64 = self.kinds.iter().map(|kind| u64::from(kind.weight)).sum();
        let mut place = call.checked_rem(all)?;
        self.kinds.iter().find(|kind| match place.checked_sub(u64::from(kind.weight)) {
            Some(left) => {
                place = left;
                false
            }
            None => true,
        })
    }
}

impl Kind {
    /// A caller that behaves as its phone is set up.
    #[must_use]
    pub fn new(from: impl Into<String>, to: impl Into<String>) -> Self {
        Self { from: from.into(), to: to.into(), script: None, weight: 1 }
    }

    /// Sets how the caller behaves.
    #[must_use]
    pub fn script(mut self, script: impl Into<String>) -> Self {
        self.script = Some(script.into());
        self
    }
}

impl Thresholds {
    /// Asks that 99 of 100 answers are there within so many milliseconds.
    #[must_use]
    pub fn answer_p99(mut self, millis: Option<f64>) -> Self {
        self.answer_p99 = millis;
        self
    }

    /// Asks that 99 of 100 events are taken within so many milliseconds.
    #[must_use]
    pub fn event_p99(mut self, millis: Option<f64>) -> Self {
        self.event_p99 = millis;
        self
    }

    /// Allows so many errors.
    #[must_use]
    pub fn errors(mut self, errors: Option<u64>) -> Self {
        self.errors = errors;
        self
    }
}

fn one() -> u32 {
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_come_in_turn_by_their_weights() {
        let mut often = Kind::new("1", "a");
        often.weight = 2;
        let never = Kind { weight: 0, ..Kind::new("1", "b") };
        let plan = Plan::new(10.0, Duration::from_secs(1), vec![often, never, Kind::new("1", "c")]);
        let kinds: String = (0..6).map(|call| plan.kind(call).unwrap().to.clone()).collect();
        assert_eq!((kinds.as_str(), plan.calls()), ("aacaac", Ok(10)));
        assert_eq!(plan.due(5), Duration::from_millis(500));
    }

    #[test]
    fn a_plan_that_means_nothing_is_explained() {
        let kinds = || vec![Kind::new("1", "a")];
        let second = Duration::from_secs(1);
        for (plan, word) in [
            (Plan::new(0.0, second, kinds()), "rate"),
            (Plan::new(f64::NAN, second, kinds()), "rate"),
            (Plan::new(1.0, second, Vec::new()), "kind"),
            (Plan::new(1.0, Duration::from_millis(10), kinds()), "duration"),
        ] {
            let error = plan.calls().unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
    }
}
