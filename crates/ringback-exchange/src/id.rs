//! Ids, derived from the seed and the ordinal of what they belong to.
//!
//! There is no shared generator: what happens in between does not change an id.

use std::{
    collections::HashMap,
    fmt,
    hash::{BuildHasherDefault, Hasher},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A version 4 UUID in 16 bytes; the prefix is added where it is shown.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Id(u128);

/// What an id is for; part of what it is derived from.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    Leg = 1,
    Conversation,
    ConversationName,
    Member,
    User,
    UserName,
    Application,
    Trace,
    Recording,
    File,
    Sound,
    Session,
}

impl Id {
    /// The id with this purpose of the `index`-th thing of the `ordinal`-th owner.
    pub(crate) fn derive(seed: u64, purpose: Purpose, ordinal: u64, index: u64) -> Self {
        let owner = mix(seed ^ mix(ordinal.wrapping_mul(0x9E37_79B9_7F4A_7C15)));
        let low = mix(owner ^ mix(((purpose as u64) << 32) | index));
        let high = mix(low ^ owner.rotate_left(32));
        let random = (u128::from(high) << 64) | u128::from(low);
        let version = random & !(0xF << 76) | (0x4 << 76);
        Self(version & !(0x3 << 62) | (0x2 << 62))
    }

    /// Reads the form with dashes.
    pub(crate) fn from_dashed(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() != 36 || [8, 13, 18, 23].iter().any(|&at| bytes[at] != b'-') {
            return None;
        }
        let mut value = 0u128;
        for (at, &byte) in bytes.iter().enumerate() {
            if ![8, 13, 18, 23].contains(&at) {
                value = value << 4 | u128::from(digit(byte)?);
            }
        }
        Some(Self(value))
    }

    /// Reads the form without dashes, that of legs from the telephone network.
    pub(crate) fn from_simple(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() != 32 {
            return None;
        }
        bytes
            .iter()
            .try_fold(0u128, |value, &byte| Some(value << 4 | u128::from(digit(byte)?)))
            .map(Self)
    }

    /// With dashes, behind a prefix such as `CON-`.
    pub(crate) fn dashed(self, prefix: &str) -> String {
        let digits = self.digits();
        let mut text = String::with_capacity(prefix.len() + 36);
        text.push_str(prefix);
        for (from, to) in [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)] {
            if from > 0 {
                text.push('-');
            }
            text.push_str(str::from_utf8(&digits[from..to]).unwrap_or_default());
        }
        text
    }

    /// 32 digits without dashes, behind a prefix.
    pub(crate) fn simple(self, prefix: &str) -> String {
        let mut text = String::with_capacity(prefix.len() + 32);
        text.push_str(prefix);
        text.push_str(str::from_utf8(&self.digits()).unwrap_or_default());
        text
    }

    fn digits(self) -> [u8; 32] {
        let mut digits = [0; 32];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(self.0.to_be_bytes()) {
            pair.copy_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 0xF)]]);
        }
        digits
    }
}

const HEX: &[u8; 16] = b"0123456789abcdef";

/// A map by id.
pub(crate) type IdMap<T> = HashMap<Id, T, BuildHasherDefault<IdHasher>>;

/// Takes an id for its own hash: its bits are as good as random, and nobody else chooses them.
#[derive(Debug, Default)]
pub(crate) struct IdHasher(u64);

impl Hasher for IdHasher {
    /// Both halves together, because each has bits that are the same in every id.
    fn write_u128(&mut self, id: u128) {
        self.0 = (id as u64) ^ ((id >> 64) as u64);
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.dashed(""))
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_dashed(&text).ok_or_else(|| D::Error::custom("no id"))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.dashed(""))
    }
}

/// The value of a lower-case hexadecimal digit; the platform writes no others.
fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

/// The finalizer of SplitMix64: every bit of the input moves every bit of the output.
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_version_4_uuids_and_read_back() {
        for ordinal in 0..1_000 {
            let id = Id::derive(7, Purpose::Leg, ordinal, 0);
            let dashed = id.dashed("");
            assert_eq!(&dashed[14..15], "4", "{dashed}");
            assert!("89ab".contains(&dashed[19..20]), "{dashed}");
            assert_eq!(Id::from_dashed(&dashed), Some(id));
            assert_eq!(Id::from_simple(&id.simple("")), Some(id));
            assert_eq!(dashed.replace('-', ""), id.simple(""));
        }
    }

    #[test]
    fn ids_differ_by_seed_purpose_ordinal_and_index() {
        let mut seen = std::collections::HashSet::new();
        for seed in 0..4 {
            for ordinal in 0..500 {
                for index in 0..4 {
                    for purpose in [Purpose::Leg, Purpose::Conversation, Purpose::Member] {
                        assert!(seen.insert(Id::derive(seed, purpose, ordinal, index)));
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for text in
            ["", "CON-", "797168e24c19a3c45e74e05b10fef2b", "797168E24C19A3C45E74E05B10FEF2B5"]
        {
            assert_eq!(Id::from_simple(text), None, "{text}");
        }
        for text in [
            "30cecc87-7ac9-4d03-910a-e9d6955826",
            "30cecc877ac94d03910ae9d69558263c",
            "é0cecc87-7ac9-4d03-910a-e9d69558263",
        ] {
            assert_eq!(Id::from_dashed(text), None, "{text}");
        }
    }
}
