#![doc = include_str!("../README.md")]

mod error;
mod explain;
mod proxy;
mod settings;
mod tls;

pub use error::Error;
pub use explain::{explain, is_connect, is_timeout, is_tls};
pub use settings::{Proxies, Settings, Trust, Versions, client};
