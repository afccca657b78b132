//! The `ringback` command line.

fn main() {}
