#![doc = include_str!("../README.md")]

mod lanes;
mod row;
mod svg;
mod text;

mod canvas;
mod layout;

pub use svg::svg;
pub use text::{Ladder, TextOptions, text};
