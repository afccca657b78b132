//! What is kept.

use std::fmt;

use bytes::Bytes;

/// What an entry is known by: two entries with one key are one entry.
///
/// 16 bytes that the writer makes of what makes the entry what it is, by a cryptographic hash or with one.
/// Keys that begin with the time of what they are for are found together and kept faster than those all over.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub [u8; 16]);

impl fmt::Display for Key {
    /// 32 hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({self})")
    }
}

impl std::str::FromStr for Key {
    type Err = NoKey;

    /// Reads 32 hexadecimal digits.
    fn from_str(text: &str) -> Result<Self, NoKey> {
        if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(NoKey);
        }
        u128::from_str_radix(text, 16).map(|bits| Self(bits.to_be_bytes())).map_err(|_| NoKey)
    }
}

/// The text is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key is 32 hexadecimal digits")]
#[non_exhaustive]
pub struct NoKey;

/// Where an entry stands: later ones are greater, no two are equal, and none is used twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(pub u64);

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Something to keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is known by.
    pub key: Key,
    /// What stays together on a cluster: entries of one lane are kept in the order in which they came.
    pub lane: Box<str>,
    /// When it came, in milliseconds since 1970 by the writer's clock.
    pub received: u64,
    /// What the writer wants to remember beside the body; one line of JSON.
    pub about: Box<str>,
    /// The bytes.
    pub body: Bytes,
}

/// What became of an entry that was given to [`Journal::append`](crate::Journal::append).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It is kept now, here.
    New(Position),
    /// One with its key was kept before, so nothing changed.
    Known,
}

/// An entry that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Where it stands.
    pub position: Position,
    /// The entry.
    pub entry: Entry,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_they_are_written() {
        let key = Key([0xa1; 16]);
        assert_eq!(key.to_string().parse(), Ok(key));
        for text in
            ["", "a1", "+1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1", "g1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"]
        {
            assert_eq!(text.parse::<Key>(), Err(NoKey), "{text}");
        }
    }
}
