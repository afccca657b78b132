//! The platform's clock: real, faster by a factor, or skipping quiet time.

use std::{collections::BTreeMap, fmt, str::FromStr, time::Duration};

use ringback_model::Timestamp;
use tokio::time::Instant;

/// How the platform's time passes; HTTP time-outs and token times are always real.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClockMode {
    /// As on the wall.
    #[default]
    Real,
    /// As on the wall while anything is going on; quiet time before the next event is skipped.
    Auto,
    /// So many times as fast, from 1 to 1000.
    Times(u16),
}

impl fmt::Display for ClockMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Real => f.write_str("real"),
            Self::Auto => f.write_str("auto"),
            Self::Times(factor) => write!(f, "x{factor}"),
        }
    }
}

impl FromStr for ClockMode {
    type Err = ClockModeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "real" => Ok(Self::Real),
            "auto" => Ok(Self::Auto),
            _ => text
                .strip_prefix('x')
                .and_then(|factor| factor.parse().ok())
                .filter(|factor| (1..=1000).contains(factor))
                .map(Self::Times)
                .ok_or_else(|| ClockModeError { seen: text.chars().take(40).collect() }),
        }
    }
}

/// A text that is no clock mode.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{seen:?} is no clock: `real`, `auto` or a factor from `x1` to `x1000` is")]
pub struct ClockModeError {
    /// The text seen, cut short.
    pub seen: String,
}

/// Platform time as a function of real time; moves forward only.
#[derive(Debug)]
pub(crate) struct Clock {
    mode: ClockMode,
    /// Microseconds of platform time at `since`.
    at: i64,
    since: Instant,
    leases: BTreeMap<u64, Instant>,
    last_lease: u64,
}

impl Clock {
    pub(crate) fn new(mode: ClockMode, at: Timestamp, since: Instant) -> Self {
        let at = at.as_millis().saturating_mul(1000);
        Self { mode, at, since, leases: BTreeMap::new(), last_lease: 0 }
    }

    pub(crate) fn mode(&self) -> ClockMode {
        self.mode
    }

    /// The platform's time at a real moment; leases that have ended by then are dropped.
    pub(crate) fn now(&mut self, now: Instant) -> Timestamp {
        let passed = now.saturating_duration_since(self.since);
        let held = match self.held_until() {
            Some(until) => until.min(now).saturating_duration_since(self.since),
            None => Duration::ZERO,
        };
        let free = passed.saturating_sub(held).saturating_mul(self.factor());
        self.at = self.at.saturating_add(micros(held.saturating_add(free)));
        self.since = self.since.max(now);
        self.leases.retain(|_, until| *until > now);
        self.read()
    }

    /// The real moment at which the platform's time comes to `due` when nothing is skipped.
    pub(crate) fn when(&self, due: Timestamp) -> Instant {
        let missing = due.as_millis().saturating_mul(1000).saturating_sub(self.at);
        let missing = Duration::from_micros(u64::try_from(missing).unwrap_or_default());
        let held = self.held_until().map(|until| until.saturating_duration_since(self.since));
        let held = held.unwrap_or_default().min(missing);
        let free = missing.saturating_sub(held) / self.factor();
        // A year away is as good as never, and no sum overflows.
        self.since + held.saturating_add(free).min(Duration::from_secs(31_536_000))
    }

    /// Skips to a later time; an earlier one changes nothing.
    pub(crate) fn skip_to(&mut self, to: Timestamp) -> Timestamp {
        self.at = self.at.max(to.as_millis().saturating_mul(1000));
        self.read()
    }

    /// Keeps real speed until the lease ends or is given back.
    pub(crate) fn hold(&mut self, now: Instant, length: Duration) -> u64 {
        self.now(now);
        self.last_lease += 1;
        self.leases.insert(self.last_lease, now + length);
        self.last_lease
    }

    /// Gives a lease back; false when there is none of this number (any more).
    pub(crate) fn release(&mut self, now: Instant, lease: u64) -> bool {
        self.now(now);
        self.leases.remove(&lease).is_some()
    }

    /// When the last lease ends.
    pub(crate) fn held_until(&self) -> Option<Instant> {
        self.leases.values().max().copied()
    }

    pub(crate) fn leases(&self) -> u32 {
        u32::try_from(self.leases.len()).unwrap_or(u32::MAX)
    }

    fn read(&self) -> Timestamp {
        Timestamp::from_millis(self.at.div_euclid(1000))
    }

    fn factor(&self) -> u32 {
        match self.mode {
            ClockMode::Times(factor) => u32::from(factor.max(1)),
            ClockMode::Real | ClockMode::Auto => 1,
        }
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_secs(1_540_459_578);

    fn later(millis: u64) -> Timestamp {
        START.plus(Duration::from_millis(millis))
    }

    #[test]
    fn modes_read_and_print() {
        for text in ["real", "auto", "x1", "x10", "x1000"] {
            assert_eq!(text.parse::<ClockMode>().unwrap().to_string(), text);
        }
        for text in ["", "x", "x0", "x1001", "10", "fast", "x-1"] {
            assert!(text.parse::<ClockMode>().is_err(), "{text}");
        }
    }

    #[test]
    fn time_passes_by_the_factor() {
        let zero = Instant::now();
        for (mode, expected) in
            [(ClockMode::Real, 250), (ClockMode::Auto, 250), (ClockMode::Times(10), 2500)]
        {
            let mut clock = Clock::new(mode, START, zero);
            assert_eq!(clock.now(zero + Duration::from_millis(250)), later(expected));
            // Reading it twice, or late, changes nothing.
            assert_eq!(clock.now(zero), later(expected));
        }
    }

    #[test]
    fn a_lease_keeps_real_speed() {
        let zero = Instant::now();
        let at = |millis| zero + Duration::from_millis(millis);
        let mut clock = Clock::new(ClockMode::Times(10), START, zero);
        let lease = clock.hold(at(100), Duration::from_millis(200));
        assert_eq!(clock.now(at(200)), later(1100));
        // A hundred held milliseconds more, then a hundred free ones.
        assert_eq!(clock.when(later(2200)), at(400));
        assert_eq!(clock.now(at(400)), later(2200));
        assert_eq!(clock.leases(), 0);
        assert!(!clock.release(at(400), lease));
        let lease = clock.hold(at(400), Duration::from_secs(60));
        assert!(clock.release(at(500), lease));
        assert_eq!(clock.now(at(600)), later(3300));
    }

    #[test]
    fn skipping_goes_forward_only() {
        let zero = Instant::now();
        let mut clock = Clock::new(ClockMode::Auto, START, zero);
        assert_eq!(clock.skip_to(later(5000)), later(5000));
        assert_eq!(clock.skip_to(later(10)), later(5000));
        assert_eq!(clock.now(zero + Duration::from_millis(1)), later(5001));
    }

    #[test]
    fn far_deadlines_do_not_overflow() {
        let clock = Clock::new(ClockMode::Real, START, Instant::now());
        assert!(clock.when(Timestamp::MAX) > clock.when(START));
    }
}
