//! Numbers that look like chance and are the same for the same seed.

use fastrand::Rng;

/// A generator in the words of these tests.
#[derive(Clone, Debug)]
pub struct Dice(Rng);

impl Dice {
    /// One that always gives the same numbers for the same seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Rng::with_seed(seed))
    }

    /// Any number.
    pub fn roll(&mut self) -> u64 {
        self.0.u64(..)
    }

    /// A number below this one; zero below zero.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0.u64(..end.max(1))
    }

    /// True in so many of a thousand cases.
    pub fn often(&mut self, thousandths: u64) -> bool {
        self.below(1000) < thousandths
    }

    /// Another generator, which goes its own way.
    #[must_use]
    pub fn split(&mut self) -> Self {
        Self(self.0.fork())
    }

    /// Puts them in any order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        self.0.shuffle(items);
    }
}
