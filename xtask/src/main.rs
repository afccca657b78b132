//! Code generation, checks and benchmarks.

fn main() {}
