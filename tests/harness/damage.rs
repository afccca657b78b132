//! Damage to what arrives from outside, and the corpus of what once did harm.
//!
//! A target is a function that must not panic whatever bytes it gets. [`fuzz`] gives it every file of
//! `tests/corpus/TARGET` as it is, and then documents and corpus with random damage: few
//! [`rounds`](crate::rounds) on each change, many in a soak, `RINGBACK_SEED` for other damage.
//! What makes it panic is kept in the corpus, so that it is tried again for ever.

use std::{
    fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use crate::{number, root};

/// SplitMix64: the same damage for the same seed, so that a failure can be repeated.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Dice that fall as the seed says.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `sides`; 0 when there are none.
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % sides.max(1) as u64).unwrap_or_default()
    }

    /// One of them; none when there are none.
    pub fn pick<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        let which = self.roll(all.len());
        all.get(which)
    }

    /// One of the documents, damaged.
    pub fn damage_one(&mut self, documents: &[Vec<u8>]) -> Vec<u8> {
        let original = self.pick(documents).cloned().unwrap_or_default();
        self.damage(&original)
    }

    /// Cuts, doubles, overwrites or inserts something, a few times.
    pub fn damage(&mut self, original: &[u8]) -> Vec<u8> {
        const ODD: &[&[u8]] = &[
            b"\"",
            b"{",
            b"}",
            b"[",
            b"]",
            b"null",
            b"-",
            b"1e999",
            b"18446744073709551616",
            b"\\u",
            b"\\ud800",
            b"\xff",
            b"\xe2\x82",
            b"\0",
            b",",
            b":",
            b"%",
            b"%zz",
            b".",
            b"\"action\"",
            b"true",
            b"\xef\xbb\xbf",
        ];
        let mut bytes = original.to_vec();
        for _ in 0..=self.roll(3) {
            let at = self.roll(bytes.len() + 1);
            match self.roll(5) {
                0 => bytes.truncate(at),
                1 => drop(bytes.drain(at..(at + self.roll(9)).min(bytes.len()))),
                2 => drop(bytes.splice(at..at, ODD[self.roll(ODD.len())].iter().copied())),
                3 => {
                    let end = (at + self.roll(40)).min(bytes.len());
                    let piece = bytes[at..end].to_vec();
                    drop(bytes.splice(at..at, piece));
                }
                _ => {
                    let value = u8::try_from(self.roll(256)).unwrap_or_default();
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte = value;
                    }
                }
            }
        }
        bytes
    }
}

/// Tries a target on its corpus as it is, and on documents and corpus with damage.
///
/// # Errors
/// When an input makes it panic: what it said, and where in the corpus the input is kept now. When
/// the corpus cannot be read or written.
pub fn fuzz(
    target: &str,
    rounds: u32,
    documents: &[Vec<u8>],
    check: impl FnMut(&[u8]),
) -> Result<(), String> {
    fuzz_in(&root().join("tests/corpus").join(target), target, rounds, documents, check)
}

fn fuzz_in(
    folder: &Path,
    target: &str,
    rounds: u32,
    documents: &[Vec<u8>],
    mut check: impl FnMut(&[u8]),
) -> Result<(), String> {
    let mut known = corpus(folder)?;
    let mut attempt = |bytes: &[u8]| match catch_unwind(AssertUnwindSafe(|| check(bytes))) {
        Ok(()) => Ok(()),
        Err(payload) => {
            let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
            let kept = keep(folder, bytes)?;
            Err(format!(
                "{target}: {}\nthe input is kept as {}",
                text.unwrap_or_default(),
                kept.display()
            ))
        }
    };
    known.iter().try_for_each(|bytes| attempt(bytes))?;
    known.extend_from_slice(documents);
    let mut dice = Dice::new(digest(target.as_bytes()) ^ u64::from(number("RINGBACK_SEED", 0)));
    (0..rounds).try_for_each(|_| attempt(&dice.damage_one(&known)))
}

/// The inputs that are kept, sorted by name.
fn corpus(folder: &Path) -> Result<Vec<Vec<u8>>, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    let entries = fs::read_dir(folder).map_err(failed)?;
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    if paths.is_empty() {
        return Err(format!("{} is empty", folder.display()));
    }
    paths.iter().map(|path| fs::read(path).map_err(failed)).collect()
}

fn keep(folder: &Path, bytes: &[u8]) -> Result<PathBuf, String> {
    let path = folder.join(format!("{:016x}", digest(bytes)));
    fs::write(&path, bytes).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(path)
}

fn digest(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_is_the_same_for_the_same_seed() {
        let damage = |seed| Dice::new(seed).damage(b"some text that is long enough");
        assert_eq!(damage(7), damage(7));
        assert!((0..9).any(|seed| damage(seed) != damage(7)));
        assert_eq!((Dice::new(1).roll(0), Dice::new(1).pick::<u8>(&[])), (0, None));
    }

    #[test]
    fn what_panics_is_told_and_kept() {
        let folder = std::env::temp_dir().join(format!("ringback-corpus-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        assert!(fuzz_in(&folder, "short", 0, &[], |_| ()).is_err(), "an empty corpus is told");
        fs::write(folder.join("first"), "harmless").unwrap();
        assert_eq!(fuzz_in(&folder, "short", 10, &[], |_| ()), Ok(()));
        let short = |bytes: &[u8]| assert!(bytes.len() <= 12, "too long");
        let failure = fuzz_in(&folder, "short", 500, &[b"twelve bytes".to_vec()], short);
        let text = failure.unwrap_err();
        assert!(text.starts_with("short: too long\nthe input is kept as "), "{text}");
        let kept = corpus(&folder).unwrap();
        assert!(kept.len() == 2 && kept.iter().any(|bytes| bytes.len() > 12));
        // From now on it is tried first, whatever the dice say.
        assert!(fuzz_in(&folder, "short", 0, &[], short).is_err());
        fs::remove_dir_all(&folder).unwrap();
    }
}
