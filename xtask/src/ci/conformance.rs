//! Every row of the conformance table that claims something was proved in this run.

use anyhow::{Result, ensure};
use xtask::conformance::{self, Emulated, Results, Table};

use crate::{house::House, steps::Done, test};

/// The page is that of the data, and each claim has tests that passed in the run before.
pub(crate) fn check(house: &House) -> Result<Done> {
    conformance::run(&conformance::Args { check: true })?;
    let table = Table::read(&house.root)?;
    let unproved = table.unproved(&Results::load(&test::kept(house))?);
    ensure!(
        unproved.is_empty(),
        "{} rows of {} were not proved in this run\n{}",
        unproved.len(),
        conformance::DATA,
        unproved.join("\n")
    );
    let claims = table.rows().filter(|row| row.emulated != Emulated::No).count();
    Ok(Done::Green(format!("{claims} of {} rows proved", table.rows().count())))
}
