//! Where real time and random numbers come in.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use ring::rand::{SecureRandom, SystemRandom};
use ringback_model::Timestamp;

use crate::Error;

/// The clock on the wall, for token times, signatures and logs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WallClock {
    read: fn() -> Timestamp,
}

impl WallClock {
    pub(crate) fn system() -> Self {
        Self { read: system_time }
    }

    pub(crate) fn now(self) -> Timestamp {
        (self.read)()
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where the emulator reads real time")]
fn system_time() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Ids of requests: 32 hexadecimal digits, one system call for all of them.
#[derive(Debug)]
pub(crate) struct Traces {
    prefix: u64,
    next: AtomicU64,
}

impl Traces {
    pub(crate) fn new() -> Result<Self, Error> {
        Ok(Self { prefix: random_u64()?, next: AtomicU64::new(random_u64()?) })
    }

    pub(crate) fn next(&self) -> String {
        format!("{:016x}{:016x}", self.prefix, self.next.fetch_add(1, Ordering::Relaxed))
    }
}

pub(crate) fn random_u64() -> Result<u64, Error> {
    let mut bytes = [0; 8];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Error::Random)?;
    Ok(u64::from_be_bytes(bytes))
}

/// Random lower-case letters and digits; the first is a letter.
pub(crate) fn random_text(length: usize) -> Result<String, Error> {
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let mut bytes = vec![0; length * 2];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Error::Random)?;
    let letter = |(index, pair): (usize, &[u8])| {
        let number = pair.iter().fold(0_usize, |sum, byte| sum * 256 + usize::from(*byte));
        let range = if index == 0 { 26 } else { LETTERS.len() };
        char::from(LETTERS.get(number % range).copied().unwrap_or(b'a'))
    };
    Ok(bytes.chunks_exact(2).enumerate().map(letter).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_texts_are_texts() {
        let text = random_text(32).unwrap();
        assert_eq!(text.len(), 32);
        assert!(text.starts_with(|c: char| c.is_ascii_lowercase()));
        assert!(text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()));
        assert_ne!(text, random_text(32).unwrap());
    }

    #[test]
    fn traces_are_32_hexadecimal_digits_and_differ() {
        let traces = Traces::new().unwrap();
        let (one, two) = (traces.next(), traces.next());
        assert!(one.len() == 32 && one.chars().all(|c| c.is_ascii_hexdigit()), "{one}");
        assert_ne!(one, two);
    }
}
