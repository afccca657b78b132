//! The exchange from outside: whole calls, their webhooks and what the REST API shows of them.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod answer;
mod callee;
mod calls;
mod controls;
mod denied;
mod files;
mod lists;
mod order;
mod phones;
mod properties;
mod refusals;
mod rest;
mod scenarios;
mod tutorial;
mod world;
