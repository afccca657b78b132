//! One binary: the whole system over real sockets, and the rules of the house.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper of a test may stop it")]

mod arrows;
mod conformance;
mod damage;
mod dependency;
mod docs;
mod fresh;
mod lines;
mod order;
mod parity;
mod readme;
mod secrets;
mod voice;
mod wrong;
