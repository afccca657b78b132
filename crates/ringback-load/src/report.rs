//! What came of a load.

use ringback_model::LegId;
use serde::Serialize;

use crate::Thresholds;

/// What came of a load; all times are milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// Calls a second that were asked for.
    pub rate: f64,
    /// Calls a second that were placed.
    pub placed_rate: f64,
    /// Calls that were placed.
    pub placed: u64,
    /// Calls that could not be placed.
    pub refused: u64,
    /// The most that a call was placed too late: large figures mean that this machine was too slow.
    pub latest_start: f64,
    /// The most calls that were up at once.
    pub most_alive: usize,
    /// Calls that were still up when the time to drain was over.
    pub still_alive: usize,
    /// The answer webhooks.
    pub answers: Latencies,
    /// All other webhooks.
    pub events: Latencies,
    /// Replies that were right but slow.
    pub slow: u64,
    /// Replies that were none, or not a 2xx.
    pub wrong: u64,
    /// Errors that the platform told the application of, such as a broken script.
    pub script_errors: u64,
    /// Deliveries that were not counted because there were too many.
    pub missed: u64,
    /// What went wrong, the most frequent first.
    pub troubles: Vec<Trouble>,
}

/// How long replies took, from when the call wanted the webhook sent.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Latencies {
    /// How many there were.
    pub count: u64,
    /// Half of them took at most so long.
    pub p50: f64,
    /// 99 of 100.
    pub p99: f64,
    /// 999 of 1,000.
    pub p999: f64,
    /// The longest.
    pub worst: f64,
    /// The call of the longest, by its first leg.
    pub worst_call: Option<LegId>,
}

/// Something that went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Trouble {
    /// The kind of webhook, or `call`.
    pub kind: String,
    /// What it was, in one sentence.
    pub what: String,
    /// How often.
    pub count: u64,
    /// The first call that it happened to.
    pub call: Option<LegId>,
}

impl Report {
    /// Wrong replies, script errors, calls that could not be placed or did not end, and deliveries
    /// that were not counted, because each of those may have been wrong.
    #[must_use]
    pub fn errors(&self) -> u64 {
        self.wrong + self.script_errors + self.refused + self.still_alive as u64 + self.missed
    }

    /// Each threshold that is exceeded, in one sentence; none is good.
    ///
    /// What never came was not in time: a threshold for answers or events asks for at least one.
    #[must_use]
    pub fn exceeds(&self, thresholds: &Thresholds) -> Vec<String> {
        let mut found = Vec::new();
        let mut late = |name: &str, seen: &Latencies, most: Option<f64>| match most {
            Some(most) if seen.count == 0 => {
                found.push(format!("there were no {name}; {most} ms are allowed for them"));
            }
            Some(most) if seen.p99 > most => found.push(format!(
                "99 of 100 {name} took up to {:.1} ms; {most} ms are allowed",
                seen.p99
            )),
            _ => {}
        };
        late("answers", &self.answers, thresholds.answer_p99);
        late("events", &self.events, thresholds.event_p99);
        if let Some(most) = thresholds.errors.filter(|most| self.errors() > *most) {
            found.push(format!("there were {} errors; {most} are allowed", self.errors()));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds() {
        let seen = |count, p99| Latencies { count, p99, ..Latencies::default() };
        let good =
            || Report { answers: seen(100, 20.0), events: seen(9, 5.0), ..Report::default() };
        let asked = Thresholds::default().answer_p99(Some(20.0)).event_p99(Some(5.0));
        let asked = asked.errors(Some(1));
        let check = |report: Report, expected: &[&str]| {
            assert_eq!(report.exceeds(&asked), expected);
            assert!(report.exceeds(&Thresholds::default()).is_empty());
        };
        check(good(), &[]);
        check(
            Report { answers: seen(100, 20.5), ..good() },
            &["99 of 100 answers took up to 20.5 ms; 20 ms are allowed"],
        );
        check(
            Report { answers: seen(0, 0.0), ..good() },
            &["there were no answers; 20 ms are allowed for them"],
        );
        check(
            Report { events: seen(0, 0.0), ..good() },
            &["there were no events; 5 ms are allowed for them"],
        );
        check(Report { missed: 1, ..good() }, &[]);
        check(Report { missed: 1, wrong: 1, ..good() }, &["there were 2 errors; 1 are allowed"]);
    }
}
