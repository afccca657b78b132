//! How long a run is, and what it draws from.

use std::{collections::hash_map::RandomState, hash::BuildHasher as _, thread, time::Duration};

use ringback_power_cut::{Dice, Disk, Image};

/// What a run is told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    /// How often the power is cut.
    pub(crate) cuts: u64,
    /// How many entries are acknowledged in all, at least.
    pub(crate) events: u64,
    /// What is drawn is the same for the same seed; how threads run is not.
    pub(crate) seed: u64,
}

impl Setting {
    /// The short form, unless the environment says otherwise.
    pub(crate) fn new(cuts: u64, events: u64) -> Self {
        Self {
            cuts: variable("RINGBACK_SOAK_ROUNDS").unwrap_or(cuts),
            events: variable("RINGBACK_SOAK_EVENTS").unwrap_or(events),
            seed: seed(),
        }
    }

    /// The short form whatever the environment says.
    pub(crate) fn short(cuts: u64, events: u64) -> Self {
        Self { cuts, events, seed: seed() }
    }

    /// A generator for this run.
    pub(crate) fn dice(self, name: &str) -> Dice {
        println!("{name}: RINGBACK_SEED={}", self.seed);
        Dice::new(self.seed)
    }

    /// How many are to be acknowledged in this round; the last makes up for what the others missed.
    pub(crate) fn share(self, round: u64, acknowledged: u64, dice: &mut Dice) -> u64 {
        let left = self.events.saturating_sub(acknowledged);
        match self.cuts - round {
            1 => left,
            rounds => dice.below(2 * left / rounds + 1),
        }
    }
}

/// At any time, or between any two changes of files.
pub(crate) fn cut(disk: &Disk, dice: &mut Dice) -> Image {
    if dice.often(500) {
        disk.cut_after(dice.below(60));
        // When nothing more is written, now.
        let _: bool = disk.wait(Duration::from_millis(100));
    } else {
        thread::sleep(Duration::from_micros(dice.below(2_000)));
    }
    disk.cut()
}

fn seed() -> u64 {
    variable("RINGBACK_SEED").unwrap_or_else(|| RandomState::new().hash_one(0) >> 32)
}

fn variable(name: &str) -> Option<u64> {
    let text = std::env::var_os(name)?;
    Some(text.to_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| {
        panic!("{name} is a number, not {}", text.display());
    }))
}

/// What a run saw.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Figures {
    pub(crate) cuts: u64,
    pub(crate) acknowledged: u64,
    pub(crate) lost: u64,
    /// How many were settled by a consumer.
    pub(crate) settled: u64,
    /// How often the file itself was synced: twice or so each time the log is carried over into it.
    pub(crate) carried: u64,
    /// Bytes that were written, not synced, and not there after the cuts.
    pub(crate) thrown: u64,
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { cuts, acknowledged, lost, settled, carried, thrown } = self;
        write!(
            f,
            "{cuts} cuts, {acknowledged} acknowledged, {lost} lost, {thrown} unsynced bytes \
             thrown away; {settled} settled, the file synced {carried} times"
        )
    }
}
