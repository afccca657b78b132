//! What `cargo xtask` does, as functions that tests can call.

pub mod codegen;
pub mod conformance;
pub mod shape;
