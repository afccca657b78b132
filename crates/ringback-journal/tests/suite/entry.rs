//! Something to keep.

use ringback_journal::{Entry, Key};

/// When the first entry came.
pub(crate) const NOON: u64 = 1_795_348_800_000;

/// The entry of a number: each number has a key of its own.
pub(crate) fn entry(number: u64) -> Entry {
    let mut key = [0; 16];
    key[..8].copy_from_slice(&number.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
    key[8..].copy_from_slice(&number.to_be_bytes());
    Entry {
        key: Key(key),
        lane: format!("CON-{}", number % 7).into(),
        received: NOON + number,
        about: format!(r#"{{"number":{number}}}"#).into(),
        body: format!(r#"{{"status":"answered","number":{number}}}"#).into(),
    }
}
