//! What a disk still has after the power was cut.

use std::{collections::BTreeMap, fmt, fs, io, path::Path};

use crate::Dice;

/// A disk writes this much at once or not at all.
const SECTOR: u64 = 512;

/// A change of a file that was not synced.
#[derive(Debug)]
pub(crate) enum Change {
    Write { at: u64, bytes: Vec<u8> },
    Length(u64),
}

impl Change {
    /// Makes the change.
    pub(crate) fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Write { at, bytes } => put(content, *at, bytes),
            Self::Length(length) => content.resize(place(*length), 0),
        }
    }
}

/// How much of what was not synced there is, drawn for each cut anew: always the same mixture
/// would leave out the extremes, which are what disks really do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mixture {
    /// How many of a thousand changes are there.
    kept: u64,
    /// How many of a thousand writes are there only in part.
    torn: u64,
    /// Whether a later change may be there under an earlier one.
    shuffled: bool,
}

impl Mixture {
    pub(crate) fn draw(dice: &mut Dice) -> Self {
        let kept = match dice.below(6) {
            0 => 0,
            1 => 1000,
            _ => dice.below(1001),
        };
        let torn = if dice.often(500) { dice.below(1001) } else { 0 };
        Self { kept, torn, shuffled: dice.often(500) }
    }

    /// Whether one change of the directory is there.
    pub(crate) fn keeps(self, dice: &mut Dice) -> bool {
        dice.often(self.kept)
    }

    /// Makes some of the changes; gives how many written bytes are not there.
    pub(crate) fn apply<'a>(
        self,
        content: &mut Vec<u8>,
        changes: impl Iterator<Item = &'a Change>,
        dice: &mut Dice,
    ) -> u64 {
        let mut changes: Vec<_> = changes.collect();
        if self.shuffled {
            dice.shuffle(&mut changes);
        }
        let mut thrown = 0;
        for change in changes {
            match change {
                _ if !dice.often(self.kept) => {
                    if let Change::Write { bytes, .. } = change {
                        thrown += bytes.len() as u64;
                    }
                }
                Change::Write { at, bytes } if dice.often(self.torn) => {
                    thrown += tear(content, *at, bytes, dice);
                }
                whole => whole.apply(content),
            }
        }
        thrown
    }
}

/// Writes some of the sectors; gives how many bytes are not there.
fn tear(content: &mut Vec<u8>, mut at: u64, mut bytes: &[u8], dice: &mut Dice) -> u64 {
    let mut thrown = 0;
    while !bytes.is_empty() {
        let length = bytes.len().min(place(SECTOR - at % SECTOR));
        let (sector, rest) = bytes.split_at(length);
        if dice.often(500) {
            put(content, at, sector);
        } else {
            thrown += sector.len() as u64;
        }
        at += sector.len() as u64;
        bytes = rest;
    }
    thrown
}

fn put(content: &mut Vec<u8>, at: u64, bytes: &[u8]) {
    let start = place(at);
    let end = start + bytes.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    content[start..end].copy_from_slice(bytes);
}

/// A place in memory; SQLite asks for none beyond.
fn place(at: u64) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}

/// The files of a disk after the power was cut.
#[derive(Clone, Default)]
pub struct Image {
    /// Their contents by name.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    /// How many bytes were written, not synced, and are not there.
    pub(crate) thrown: u64,
}

impl Image {
    /// How many bytes were written, not synced, and are not there.
    #[must_use]
    pub fn thrown(&self) -> u64 {
        self.thrown
    }

    /// Puts the files into a directory.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        self.files.iter().try_for_each(|(name, content)| fs::write(folder.join(name), content))
    }
}

impl fmt::Debug for Image {
    /// Names and lengths: nobody reads the contents.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lengths = self.files.iter().map(|(name, content)| (name, content.len()));
        f.debug_map().entries(lengths).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_is_torn_between_sectors() {
        let mut dice = Dice::new(7);
        let mut torn = 0;
        for _ in 0..100 {
            let mut content = vec![b'a'; 2048];
            let thrown = tear(&mut content, 500, &[b'b'; 1000], &mut dice);
            assert!(content[..500].iter().chain(&content[1500..]).all(|byte| *byte == b'a'));
            for sector in [500..512, 512..1024, 1024..1500] {
                assert!(content[sector.clone()].iter().all(|byte| *byte == content[sector.start]));
            }
            let there = content.iter().filter(|byte| **byte == b'b').count() as u64;
            assert_eq!(there + thrown, 1000);
            torn += u64::from(there != 0 && thrown != 0);
        }
        assert!(torn > 50, "{torn} of 100");
    }

    #[test]
    fn a_write_beyond_the_end_leaves_zeros_before_it() {
        let mut content = vec![1];
        Change::Write { at: 3, bytes: vec![2] }.apply(&mut content);
        assert_eq!(content, [1, 0, 0, 2]);
        Change::Length(2).apply(&mut content);
        assert_eq!(content, [1, 0]);
    }
}
