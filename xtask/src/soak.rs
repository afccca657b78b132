//! `cargo xtask soak`: what takes long and is not needed on each change.
//!
//! Property tests with many cases (`PROPTEST_CASES`), and the loops over damaged input with many
//! rounds (`RINGBACK_SOAK`), optimised.
//! `cargo xtask soak receiver` kills receivers, journals and the power a hundred times each, under
//! load of a million events.

use anyhow::Result;

use crate::{
    steps::{self, Choice},
    suites::Part,
};

/// Runs the long suites.
pub(crate) fn run(choice: &Choice) -> Result<()> {
    steps::run(&[Part::Soak], choice)
}
