#![doc = include_str!("../README.md")]

mod run;

mod error;
mod plan;
mod report;
mod tally;

pub use error::Error;
pub use plan::{Kind, Plan, Thresholds};
pub use report::{Latencies, Report, Trouble};
pub use run::{Progress, run};
