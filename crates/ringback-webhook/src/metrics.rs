//! What is counted, and the text that Prometheus reads.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU64},
    },
    time::Duration,
};

use prometheus_client::{
    encoding::text::encode,
    metrics::{counter, family::Family, gauge, histogram::Histogram},
    registry::Registry,
};

/// From a millisecond to the longest that the platform waits.
const BUCKETS: [f64; 13] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Everything that is counted in one process, or in one part of it.
///
/// It is cheap to clone, and all clones are the same.
/// Others may count beside the receiver: what is registered twice by one name is one metric.
///
/// ```
/// let metrics = ringback_webhook::Metrics::new();
/// let retried = metrics.counters("events_retried", "Events handed on again", &["target"]);
/// retried.of(&["app"]).add(1);
/// assert!(metrics.text().contains("ringback_events_retried_total{target=\"app\"} 1\n"));
/// ```
#[derive(Clone)]
pub struct Metrics(Arc<Mutex<Registered>>);

struct Registered {
    registry: Registry,
    known: BTreeMap<&'static str, Known>,
}

#[derive(Clone)]
enum Known {
    Counter(Counter),
    Counters(Counters),
    Gauge(Gauge),
    Timers(Timers),
}

type Labels = Vec<(&'static str, &'static str)>;

impl Metrics {
    /// The type of [`Metrics::text`], for the header `Content-Type`.
    pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    /// Nothing counted yet.
    #[must_use]
    pub fn new() -> Self {
        let registry = Registry::with_prefix("ringback");
        Self(Arc::new(Mutex::new(Registered { registry, known: BTreeMap::new() })))
    }

    /// A counter, whose name is written `ringback_NAME_total`; the help has no full stop, which is added.
    #[must_use]
    pub fn counter(&self, name: &'static str, help: &'static str) -> Counter {
        self.known(
            name,
            || Known::Counter(Counter::default()),
            |known| match known {
                Known::Counter(counter) => Some(counter.clone()),
                Known::Counters(_) | Known::Gauge(_) | Known::Timers(_) => None,
            },
            |registry, counter| registry.register(name, help, counter.0.clone()),
        )
        .unwrap_or_default()
    }

    /// Counters of one name, told apart by labels.
    #[must_use]
    pub fn counters(
        &self,
        name: &'static str,
        help: &'static str,
        labels: &[&'static str],
    ) -> Counters {
        let new = || Counters { labels: labels.into(), family: Family::default() };
        self.known(
            name,
            || Known::Counters(new()),
            |known| match known {
                Known::Counters(counters) => Some(counters.clone()),
                Known::Counter(_) | Known::Gauge(_) | Known::Timers(_) => None,
            },
            |registry, counters| registry.register(name, help, counters.family.clone()),
        )
        .unwrap_or_else(new)
    }

    /// A level that rises and falls, whose name is written `ringback_NAME`.
    #[must_use]
    pub fn gauge(&self, name: &'static str, help: &'static str) -> Gauge {
        self.known(
            name,
            || Known::Gauge(Gauge::default()),
            |known| match known {
                Known::Gauge(gauge) => Some(gauge.clone()),
                Known::Counter(_) | Known::Counters(_) | Known::Timers(_) => None,
            },
            |registry, gauge| registry.register(name, help, gauge.0.clone()),
        )
        .unwrap_or_default()
    }

    /// Histograms of seconds, told apart by labels; the name should end with `_seconds`.
    #[must_use]
    pub fn timers(
        &self,
        name: &'static str,
        help: &'static str,
        labels: &[&'static str],
    ) -> Timers {
        let new = || Timers {
            labels: labels.into(),
            family: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
        };
        self.known(
            name,
            || Known::Timers(new()),
            |known| match known {
                Known::Timers(timers) => Some(timers.clone()),
                Known::Counter(_) | Known::Counters(_) | Known::Gauge(_) => None,
            },
            |registry, timers| registry.register(name, help, timers.family.clone()),
        )
        .unwrap_or_else(new)
    }

    /// Everything in the text format of OpenMetrics, which Prometheus reads.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        let registered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Writing to a string does not fail.
        if let Err(error) = encode(&mut text, &registered.registry) {
            tracing::error!(code = "metrics-text", %error, "the metrics cannot be written");
        }
        text
    }

    /// The metric of this name, registered when it is new; none when the name is of another kind.
    fn known<T>(
        &self,
        name: &'static str,
        new: impl FnOnce() -> Known,
        kind: impl Fn(&Known) -> Option<T>,
        register: impl FnOnce(&mut Registry, &T),
    ) -> Option<T> {
        let mut registered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let there = registered.known.get(name).map(&kind);
        match there {
            Some(Some(metric)) => Some(metric),
            Some(None) => {
                // What is counted there is not shown; it is a mistake in a program, and no reason to stop.
                tracing::error!(code = "metric-kind", name, "one name for metrics of two kinds");
                None
            }
            None => {
                let known = new();
                let metric = kind(&known);
                if let Some(metric) = &metric {
                    register(&mut registered.registry, metric);
                    registered.known.insert(name, known);
                }
                metric
            }
        }
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let registered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        f.debug_set().entries(registered.known.keys()).finish()
    }
}

/// Something that is counted.
#[derive(Clone, Debug, Default)]
pub struct Counter(counter::Counter<u64, AtomicU64>);

impl Counter {
    /// Counts so many more.
    pub fn add(&self, count: u64) {
        self.0.inc_by(count);
    }

    /// How many there were.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.get()
    }
}

/// Counters of one name, told apart by labels.
#[derive(Clone, Debug)]
pub struct Counters {
    labels: Arc<[&'static str]>,
    family: Family<Labels, counter::Counter<u64, AtomicU64>>,
}

impl Counters {
    /// The counter with these values of the labels, in their order.
    ///
    /// They are not texts of requests, so that nobody outside can make their number grow.
    #[must_use]
    pub fn of(&self, values: &[&'static str]) -> Counter {
        Counter(self.family.get_or_create_owned(&labels(&self.labels, values)))
    }
}

/// A level that rises and falls.
#[derive(Clone, Debug, Default)]
pub struct Gauge(gauge::Gauge<i64, AtomicI64>);

impl Gauge {
    /// Changes the level by so much.
    pub fn add(&self, change: i64) {
        self.0.inc_by(change);
    }

    /// Sets the level.
    pub fn set(&self, level: i64) {
        self.0.set(level);
    }

    /// The level.
    #[must_use]
    pub fn get(&self) -> i64 {
        self.0.get()
    }
}

/// Histograms of seconds of one name, told apart by labels.
#[derive(Clone, Debug)]
pub struct Timers {
    labels: Arc<[&'static str]>,
    family: Family<Labels, Histogram>,
}

impl Timers {
    /// The histogram with these values of the labels, in their order.
    #[must_use]
    pub fn of(&self, values: &[&'static str]) -> Timer {
        Timer(self.family.get_or_create_owned(&labels(&self.labels, values)))
    }
}

/// How long something takes.
#[derive(Clone, Debug)]
pub struct Timer(Histogram);

impl Timer {
    /// Counts one that took so long.
    pub fn observe(&self, time: Duration) {
        self.0.observe(time.as_secs_f64());
    }
}

fn labels(names: &[&'static str], values: &[&'static str]) -> Labels {
    names.iter().copied().zip(values.iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_is_one_metric() {
        let metrics = Metrics::new();
        let first = metrics.counters("refused", "Requests refused", &["kind", "reason"]);
        let again = metrics.counters("refused", "Requests refused", &["kind", "reason"]);
        first.of(&["event", "unsigned"]).add(1);
        again.of(&["event", "unsigned"]).add(2);
        assert_eq!(first.of(&["event", "unsigned"]).get(), 3);
        // Another kind of the same name counts for itself, and breaks nothing.
        metrics.gauge("refused", "A mistake").set(9);
        metrics.gauge("waiting", "Events that wait").add(-2);
        metrics
            .timers("request_seconds", "How long", &["kind"])
            .of(&["event"])
            .observe(Duration::from_secs(2));
        metrics.counter("stops", "Stops").add(1);
        let text = metrics.text();
        for line in [
            "# HELP ringback_refused Requests refused.\n",
            "# TYPE ringback_refused counter\n",
            "ringback_refused_total{kind=\"event\",reason=\"unsigned\"} 3\n",
            "ringback_waiting -2\n",
            "ringback_request_seconds_bucket{le=\"1.0\",kind=\"event\"} 0\n",
            "ringback_request_seconds_bucket{le=\"2.5\",kind=\"event\"} 1\n",
            "ringback_request_seconds_count{kind=\"event\"} 1\n",
            "ringback_stops_total 1\n",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
        assert!(text.ends_with("# EOF\n"), "{text}");
        assert_eq!(text.matches("# TYPE ringback_refused ").count(), 1);
    }
}
