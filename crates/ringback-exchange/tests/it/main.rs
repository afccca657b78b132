//! The exchange from outside: whole calls, their webhooks and what the REST API shows of them.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod answer;
mod callee;
mod calls;
mod controls;
mod conversations;
mod crowd;
mod denied;
mod details;
mod directory;
mod files;
mod forgetting;
mod ladders;
mod lists;
mod numbers;
mod order;
mod phones;
mod properties;
mod refusals;
mod rest;
mod scenarios;
mod seeds;
mod tutorial;
mod world;
