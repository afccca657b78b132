//! Numbers that look like chance and are the same for the same seed.

/// A generator (SplitMix64) that needs no package.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// One that always gives the same numbers for the same seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below this one; zero below zero.
    pub fn below(&mut self, end: u64) -> u64 {
        if end == 0 { 0 } else { self.roll() % end }
    }

    /// True in so many of a thousand cases.
    pub fn often(&mut self, thousandths: u64) -> bool {
        self.below(1000) < thousandths
    }

    /// Another generator, which goes its own way.
    #[must_use]
    pub fn split(&mut self) -> Self {
        Self(self.roll())
    }

    /// Puts them in any order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            let other = self.below(at as u64 + 1);
            items.swap(at, usize::try_from(other).unwrap_or_default());
        }
    }
}
