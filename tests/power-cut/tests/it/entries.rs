//! Entries that are known by a number, so that one that is found says what it has to be.

use bytes::Bytes;
use ringback_journal::{Entry, Key};
use ringback_power_cut::Dice;

/// The entry of a number.
pub(crate) fn entry(number: u64) -> Entry {
    let mut dice = Dice::new(number);
    let mut key = [0; 16];
    // As a hash is: keys that follow each other are not beside each other.
    key[..8].copy_from_slice(&dice.roll().to_be_bytes());
    key[8..].copy_from_slice(&number.to_be_bytes());
    let words = dice.below(60) * if number.is_multiple_of(50) { 20 } else { 1 };
    let mut body = Vec::new();
    for _ in 0..words {
        // Texts and blobs are kept in different ways, and some take more than a page.
        match number % 2 {
            0 => body.extend_from_slice(&dice.roll().to_le_bytes()),
            _ => body.extend_from_slice(dice.roll().to_string().as_bytes()),
        }
    }
    Entry {
        key: Key(key),
        lane: format!("CON-{}", dice.below(500)).into(),
        received: number,
        about: format!("{{\"number\":{number}}}").into(),
        body: Bytes::from(body),
    }
}

/// The number of an entry, when it is one of ours as it was sent.
pub(crate) fn number(found: &Entry) -> Option<u64> {
    let number = u64::from_be_bytes(found.key.0[8..].try_into().ok()?);
    let Entry { key, lane, received: _, about, body } = entry(number);
    let same = (key, &lane, &about, &body) == (found.key, &found.lane, &found.about, &found.body);
    same.then_some(number)
}
