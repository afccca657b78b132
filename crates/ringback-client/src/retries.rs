//! Whether and when a request is sent again.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, header::RETRY_AFTER};
use jiff::Timestamp;
use ringback_model::operation::Retry;

/// How often a request is sent, and how long is waited in between.
///
/// What may be sent again is said by each operation: those that may always are repeated after
/// 429, 502, 503, 504 and broken connections, the others only when they certainly did not take
/// effect, which is after 429 or when no connection came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retries {
    /// How often a request is sent at most, the first time included; three at first.
    pub attempts: u32,
    /// The longest wait before the second time; it doubles with each further one. 300 ms at first.
    pub base: Duration,
    /// The longest wait that is chosen here; five seconds at first.
    pub longest: Duration,
    /// The longest wait that a server's `Retry-After` gets; thirty seconds at first.
    pub longest_asked: Duration,
}

impl Default for Retries {
    fn default() -> Self {
        Self {
            attempts: 3,
            base: Duration::from_millis(300),
            longest: Duration::from_secs(5),
            longest_asked: Duration::from_secs(30),
        }
    }
}

impl Retries {
    /// The policy to begin with.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends everything once.
    #[must_use]
    pub fn never() -> Self {
        Self { attempts: 1, ..Self::default() }
    }

    /// How often a request is sent at most, the first time included.
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// The longest wait before the second time.
    #[must_use]
    pub fn base(mut self, base: Duration) -> Self {
        self.base = base;
        self
    }

    /// How long to wait before attempt `made + 1`, or none to give up.
    ///
    /// `random` is between 0 and 1; the wait is anything up to the limit (full jitter), so that
    /// many clients that failed together do not come back together.
    pub(crate) fn wait(
        &self,
        rule: Retry,
        outcome: Outcome,
        made: u32,
        asked: Option<Duration>,
        random: f64,
    ) -> Option<Duration> {
        if made >= self.attempts || !outcome.may_repeat(rule) {
            return None;
        }
        if let Some(asked) = asked {
            return Some(asked.min(self.longest_asked));
        }
        let limit = self.base.saturating_mul(1 << made.saturating_sub(1).min(16)).min(self.longest);
        Some(limit.mul_f64(random.clamp(0.0, 1.0)))
    }
}

/// How an attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// An answer with this status.
    Status(u16),
    /// No connection came about.
    NotSent,
    /// The connection broke after something was sent.
    Broken,
    /// The answer took too long.
    Slow,
}

impl Outcome {
    pub(crate) fn may_repeat(self, rule: Retry) -> bool {
        match (self, rule) {
            (Self::NotSent | Self::Status(429), _) => true,
            (Self::Broken | Self::Status(502..=504), Retry::Always) => true,
            (Self::Broken | Self::Status(_), _) | (Self::Slow, _) => false,
        }
    }
}

/// The wait a server asks for, in seconds or until a date.
pub(crate) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER).map(HeaderValue::to_str)?.ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    Some(Duration::try_from(date.duration_since(now)).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_again() {
        let check = |outcome, always: bool, not_sent: bool| {
            let retries = Retries::new();
            for (rule, expected) in [(Retry::Always, always), (Retry::NotSent, not_sent)] {
                let wait = retries.wait(rule, outcome, 1, None, 0.5);
                assert_eq!(wait.is_some(), expected, "{outcome:?} {rule:?}");
            }
        };
        check(Outcome::Status(429), true, true);
        check(Outcome::Status(502), true, false);
        check(Outcome::Status(503), true, false);
        check(Outcome::Status(504), true, false);
        check(Outcome::Status(500), false, false);
        check(Outcome::Status(501), false, false);
        check(Outcome::Status(404), false, false);
        check(Outcome::Status(302), false, false);
        check(Outcome::NotSent, true, true);
        check(Outcome::Broken, true, false);
        check(Outcome::Slow, false, false);
    }

    #[test]
    fn how_long_is_waited() {
        let ms = Duration::from_millis;
        let check = |made, asked, random, expected| {
            let retries = Retries::new().attempts(100);
            let wait = retries.wait(Retry::Always, Outcome::NotSent, made, asked, random);
            assert_eq!(wait, expected, "{made} {asked:?} {random}");
        };
        check(1, None, 0.0, Some(ms(0)));
        check(1, None, 1.0, Some(ms(300)));
        check(2, None, 0.5, Some(ms(300)));
        check(3, None, 1.0, Some(ms(1200)));
        check(9, None, 1.0, Some(ms(5000)));
        check(99, None, 7.0, Some(ms(5000)));
        check(1, Some(ms(2000)), 0.0, Some(ms(2000)));
        check(1, Some(ms(90_000)), 0.0, Some(ms(30_000)));
        check(100, Some(ms(1)), 0.0, None);
        assert_eq!(Retries::never().wait(Retry::Always, Outcome::NotSent, 1, None, 0.0), None);
    }

    #[test]
    fn what_servers_ask_for() {
        let now = "1994-11-06T08:49:30Z".parse().unwrap();
        let check = |text: &'static str, expected: Option<u64>| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(text))]);
            assert_eq!(retry_after(&headers, now), expected.map(Duration::from_secs), "{text}");
        };
        check("120", Some(120));
        check("0", Some(0));
        check("Sun, 06 Nov 1994 08:49:37 GMT", Some(7));
        check("Sun, 06 Nov 1994 08:49:00 GMT", Some(0));
        check("soon", None);
        check("-1", None);
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }
}
