//! Counts deliveries as they come.

use std::{collections::BTreeMap, time::Duration};

use hdrhistogram::Histogram;
use ringback_emulator::Delivery;
use ringback_model::LegId;

use crate::{
    Error,
    report::{Latencies, Trouble},
};

/// The longest latency that is told apart, in microseconds: two minutes.
const LONGEST: u64 = 120_000_000;
/// How many kinds of trouble are told apart.
const TROUBLES: usize = 50;

/// The latencies of one kind of webhook.
#[derive(Debug)]
pub(crate) struct Tally {
    micros: Histogram<u64>,
    worst: Option<(Duration, Option<LegId>)>,
}

impl Tally {
    pub(crate) fn new() -> Result<Self, Error> {
        let micros = Histogram::new_with_bounds(1, LONGEST, 3);
        let micros = micros.map_err(|error| Error::Counting(error.to_string()))?;
        Ok(Self { micros, worst: None })
    }

    pub(crate) fn add(&mut self, took: Duration, call: Option<&LegId>) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(LONGEST).clamp(1, LONGEST);
        self.micros.saturating_record(micros);
        if self.worst.as_ref().is_none_or(|(worst, _)| took > *worst) {
            self.worst = Some((took, call.cloned()));
        }
    }

    pub(crate) fn latencies(&self) -> Latencies {
        #[expect(clippy::cast_precision_loss, reason = "two minutes at most")]
        let at = |quantile| self.micros.value_at_quantile(quantile) as f64 / 1_000.0;
        let (worst, call) = match &self.worst {
            Some((took, call)) => (took.as_secs_f64() * 1_000.0, call.clone()),
            None => (0.0, None),
        };
        Latencies {
            count: self.micros.len(),
            p50: at(0.5),
            p99: at(0.99),
            p999: at(0.999),
            worst,
            worst_call: call,
        }
    }
}

/// What went wrong, by kind of webhook and sentence.
#[derive(Debug, Default)]
pub(crate) struct Troubles {
    seen: BTreeMap<(String, String), Trouble>,
}

impl Troubles {
    pub(crate) fn add(&mut self, kind: &str, what: String, call: Option<&LegId>) {
        let key = (kind.to_owned(), what);
        if let Some(trouble) = self.seen.get_mut(&key) {
            trouble.count += 1;
            return;
        }
        // What differs each time must not fill the memory.
        let key = if self.seen.len() < TROUBLES {
            key
        } else {
            (kind.to_owned(), "something else".to_owned())
        };
        let (kind, what) = key.clone();
        let trouble =
            self.seen.entry(key).or_insert(Trouble { kind, what, count: 0, call: call.cloned() });
        trouble.count += 1;
    }

    /// Counts a delivery that was not taken as it should be.
    pub(crate) fn judge(&mut self, delivery: &Delivery) -> bool {
        let call = delivery.call.as_ref();
        match &delivery.outcome {
            Ok(status) if (200..300).contains(status) => return true,
            Ok(status) => self.add(delivery.kind, format!("HTTP {status}"), call),
            Err(why) => self.add(delivery.kind, why.clone(), call),
        }
        false
    }

    pub(crate) fn list(self) -> Vec<Trouble> {
        let mut all: Vec<Trouble> = self.seen.into_values().collect();
        all.sort_by_key(|trouble| std::cmp::Reverse(trouble.count));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_what_was_counted() {
        let mut tally = Tally::new().unwrap();
        for millis in 1..=1_000 {
            tally.add(Duration::from_millis(millis), Some(&LegId::new(format!("leg-{millis}"))));
        }
        let shown = tally.latencies();
        assert_eq!(shown.count, 1_000);
        for (seen, expected) in [(shown.p50, 500.0), (shown.p99, 990.0), (shown.p999, 999.0)] {
            assert!((seen - expected).abs() <= expected / 500.0, "{seen} {expected}");
        }
        assert_eq!(shown.worst_call, Some(LegId::new("leg-1000")));
    }

    #[test]
    fn troubles_are_told_apart_up_to_a_number() {
        let mut troubles = Troubles::default();
        for number in 0..80 {
            troubles.add("answered", format!("reason {number}"), None);
            troubles.add("answered", "often".to_owned(), None);
        }
        let list = troubles.list();
        assert_eq!((list[0].what.as_str(), list[0].count), ("often", 80));
        assert!(list.len() <= TROUBLES + 1);
        assert_eq!(list.iter().map(|trouble| trouble.count).sum::<u64>(), 160);
    }
}
