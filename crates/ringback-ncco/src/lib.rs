#![doc = include_str!("../README.md")]

mod check;
mod effect;
mod error;
mod render;
mod report;
mod script;

mod actions;
mod address;
mod advice;
mod cap;
mod endpoints;
mod options;
mod path;
mod schema;
mod sequence;
mod shapes;
mod span;
mod speech;
mod syntax;
mod value;
mod voices;

pub use check::{check, check_actions, check_bytes, check_value, parse};
pub use effect::without_effect;
pub use error::Error;
pub use render::Style;
pub use report::{Finding, NOTHING, Position, Report, SYNTAX_ERROR, Severity};
pub use script::{Script, connect};
