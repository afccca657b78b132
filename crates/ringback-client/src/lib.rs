#![doc = include_str!("../README.md")]

mod answer;
mod client;
mod credentials;
mod error;
mod exchange;
mod hosts;
mod pages;
mod retries;

pub use answer::{Answer, Open};
pub use client::Client;
pub use credentials::Credentials;
pub use error::{Error, Failure, Transport, Undecodable};
pub use retries::Retries;
