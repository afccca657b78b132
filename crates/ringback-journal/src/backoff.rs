//! How long to wait before the next attempt.

use std::time::Duration;

/// Waits that double, with full jitter: anything from nothing up to the doubled wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Backoff {
    /// The longest wait after the first attempt; 0.5 s at first.
    pub first: Duration,
    /// The longest wait after any attempt; 30 s at first.
    pub most: Duration,
    /// How many attempts there are before an entry is given up; 10 at first.
    pub attempts: u32,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { first: Duration::from_millis(500), most: Duration::from_secs(30), attempts: 10 }
    }
}

impl Backoff {
    /// The first setting.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The longest wait after the first attempt.
    #[must_use]
    pub fn first(mut self, first: Duration) -> Self {
        self.first = first;
        self
    }

    /// The longest wait after any attempt.
    #[must_use]
    pub fn most(mut self, most: Duration) -> Self {
        self.most = most;
        self
    }

    /// How many attempts there are; at least one.
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// How long to wait after so many attempts, by a number drawn from 0 to 1; none to give up.
    #[must_use]
    pub fn wait(&self, attempts: u32, drawn: f64) -> Option<Duration> {
        if attempts >= self.attempts.max(1) {
            return None;
        }
        let doubled = 1_u32.checked_shl(attempts.saturating_sub(1)).unwrap_or(u32::MAX);
        let ceiling = self.first.saturating_mul(doubled).min(self.most);
        Some(ceiling.mul_f64(if drawn.is_finite() { drawn.clamp(0.0, 1.0) } else { 1.0 }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_end() {
        let backoff =
            Backoff::new().first(Duration::from_secs(1)).most(Duration::from_secs(5)).attempts(6);
        let seconds: Vec<_> = (1..=7)
            .map(|attempts| backoff.wait(attempts, 1.0).map(|wait| wait.as_secs()))
            .collect();
        assert_eq!(seconds, [Some(1), Some(2), Some(4), Some(5), Some(5), None, None]);
        assert_eq!(backoff.wait(1, 0.0), Some(Duration::ZERO));
        assert_eq!(backoff.wait(1, 0.5), Some(Duration::from_millis(500)));
        assert_eq!(
            Backoff::new().attempts(u32::MAX).wait(1_000, f64::NAN),
            Some(Backoff::new().most)
        );
    }
}
