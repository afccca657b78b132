//! MP3: frames of MPEG-1, 2 and 2.5 Layer III, after an ID3v2 tag and before other tags.

/// How far the first frame may be from where it should be.
const LEAD: usize = 64 * 1024;

/// The header of a frame, as far as its length goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Frame {
    /// Bytes, header included.
    size: usize,
    /// Samples of one channel.
    samples: u64,
    rate: u64,
    /// Where the first frame may hold a table in place of sound: `Xing` or `Info`.
    table: usize,
}

impl Frame {
    fn read(bytes: &[u8], at: usize) -> Option<Self> {
        const FIRST: [u64; 14] = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
        const SECOND: [u64; 14] = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
        const RATES: [u64; 3] = [44_100, 48_000, 32_000];
        let &[0xFF, second, third, fourth] = bytes.get(at..at.checked_add(4)?)? else {
            return None;
        };
        // Eleven bits of sync, and Layer III.
        if second & 0xE0 != 0xE0 || (second >> 1) & 3 != 1 {
            return None;
        }
        let (is_first, part) = match (second >> 3) & 3 {
            3 => (true, 1),
            2 => (false, 2),
            0 => (false, 4),
            _ => return None,
        };
        let rates = if is_first { FIRST } else { SECOND };
        let bitrate = rates.get(usize::from(third >> 4).checked_sub(1)?)? * 1000;
        let rate = RATES.get(usize::from((third >> 2) & 3))? / part;
        let samples = if is_first { 1152 } else { 576 };
        let padding = u64::from((third >> 1) & 1);
        let size = usize::try_from(samples / 8 * bitrate / rate + padding).ok()?;
        let is_mono = fourth >> 6 == 3;
        let side = match (is_first, is_mono) {
            (true, false) => 32,
            (true, true) | (false, false) => 17,
            (false, true) => 9,
        };
        (size > 4).then_some(Self { size, samples, rate, table: at + 4 + side })
    }

    /// How many frames the table in the first frame says there are, that one not among them.
    fn counted(&self, bytes: &[u8], at: usize) -> Option<u64> {
        let number = |at: usize| {
            let number = u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?);
            Some(u64::from(number))
        };
        let name = bytes.get(self.table..self.table + 4)?;
        if matches!(name, b"Xing" | b"Info") {
            let has_count = number(self.table + 4)? & 1 == 1;
            return has_count.then(|| number(self.table + 8)).flatten();
        }
        (bytes.get(at + 36..at + 40)? == b"VBRI").then(|| number(at + 36 + 14)).flatten()
    }
}

/// Whether it looks like MP3.
pub(super) fn begins(bytes: &[u8]) -> bool {
    bytes.starts_with(b"ID3") || Frame::read(bytes, 0).is_some()
}

/// How long it plays, in milliseconds.
pub(super) fn measure(bytes: &[u8]) -> Result<u64, String> {
    let begin = after_tags(bytes);
    let found = (begin..bytes.len().min(begin.saturating_add(LEAD)))
        .find_map(|at| Some((at, first(bytes, at)?)));
    let Some((mut at, frame)) = found else {
        return Err("it looks like an MP3, but there is no frame of Layer III in it".to_owned());
    };
    if let Some(count) = frame.counted(bytes, at) {
        return Ok(count.saturating_mul(frame.samples).saturating_mul(1000) / frame.rate);
    }
    let mut nanoseconds = 0_u64;
    let mut skipped = 0;
    while at < bytes.len() {
        match Frame::read(bytes, at) {
            Some(frame) => {
                nanoseconds += frame.samples * 1_000_000_000 / frame.rate;
                at += frame.size;
                skipped = 0;
            }
            // Tags at the end, or a damaged place to get over.
            None if skipped < LEAD && bytes.get(at..at + 3) != Some(b"TAG") => {
                at += 1;
                skipped += 1;
            }
            None => break,
        }
    }
    Ok((nanoseconds + 500_000) / 1_000_000)
}

/// A frame that another one, or the end, follows: two bytes alone may be anything.
fn first(bytes: &[u8], at: usize) -> Option<Frame> {
    let frame = Frame::read(bytes, at)?;
    let next = at + frame.size;
    let is_last = bytes.len() <= next || bytes.get(next..next + 3) == Some(b"TAG");
    (is_last || Frame::read(bytes, next).is_some()).then_some(frame)
}

/// Where the ID3v2 tags at the beginning end.
fn after_tags(bytes: &[u8]) -> usize {
    let mut at = 0_usize;
    while let Some(&[b'I', b'D', b'3', _, _, flags, a, b, c, d]) = bytes.get(at..at + 10) {
        let size = [a, b, c, d].iter().fold(0, |sum, byte| sum << 7 | usize::from(byte & 0x7F));
        let footer = if flags & 0x10 == 0 { 0 } else { 10 };
        at += 10 + size + footer;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    /// MPEG-2, 16 kHz, 32 kbit/s, mono: 144 bytes of 36 ms.
    const SLOW: [u8; 4] = [0xFF, 0xF3, 0x48, 0xC4];
    /// MPEG-1, 44.1 kHz, 128 kbit/s, joint stereo: 417 bytes of 26.12 ms.
    const CD: [u8; 4] = [0xFF, 0xFB, 0x90, 0x44];
    /// MPEG-2.5, 8 kHz, 8 kbit/s, mono: 72 bytes of 72 ms.
    const PHONE: [u8; 4] = [0xFF, 0xE3, 0x18, 0xC4];

    fn frame(header: [u8; 4], size: usize) -> Vec<u8> {
        let mut frame = vec![0; size];
        frame[..4].copy_from_slice(&header);
        frame
    }

    fn check(bytes: &[u8], expected: Option<u64>) {
        assert!(begins(bytes));
        assert_eq!(measure(bytes).ok(), expected, "{:?}", bytes.get(..8));
    }

    #[test]
    fn frames_are_counted() {
        check(&frame(SLOW, 144).repeat(10), Some(360));
        check(&frame(CD, 417).repeat(100), Some(2612));
        check(&frame(PHONE, 72).repeat(3), Some(216));
        // Padding is a byte more, and both may alternate.
        let padded = frame([0xFF, 0xFB, 0x92, 0x44], 418);
        check(&[frame(CD, 417), padded].concat().repeat(50), Some(2612));
        check(&frame(SLOW, 144), Some(36));
    }

    #[test]
    fn tags_are_no_sound() {
        let sound = frame(SLOW, 144).repeat(10);
        let id3 = |flags: u8, size: [u8; 4]| [b"ID3\x03\0".as_slice(), &[flags], &size].concat();
        // The size has seven bits a byte: 0x0102 is 130.
        check(&[id3(0, [0, 0, 1, 2]), vec![0xFF; 130], sound.clone()].concat(), Some(360));
        check(&[id3(0x10, [0, 0, 0, 4]), vec![0; 14], sound.clone()].concat(), Some(360));
        check(&[id3(0, [0, 0, 0, 1]), vec![0; 200], sound.clone()].concat(), Some(360));
        check(&[sound.clone(), b"TAG".to_vec(), vec![0xFF; 125]].concat(), Some(360));
        // A damaged place in the middle is got over.
        check(&[sound.clone(), vec![0; 99], sound].concat(), Some(720));
        check(&id3(0, [0, 0, 0, 0]), None);
        check(&[id3(0, [0x7F; 4]), vec![0; 99]].concat(), None);
        check(&[id3(0, [0; 4]), b"<html>not found</html>".to_vec()].concat(), None);
    }

    #[test]
    fn a_table_counts_the_frames() {
        let table = |header: [u8; 4], size: usize, at: usize, name: &[u8], rest: &[u8]| {
            let mut first = frame(header, size);
            first[at..at + name.len()].copy_from_slice(name);
            first[at + name.len()..at + name.len() + rest.len()].copy_from_slice(rest);
            [first, frame(header, size)].concat()
        };
        let count = [0, 0, 0, 1, 0, 0, 0, 50];
        check(&table(CD, 417, 36, b"Xing", &count), Some(1306));
        check(&table(SLOW, 144, 13, b"Info", &count), Some(1800));
        // A table without the count.
        check(&table(SLOW, 144, 13, b"Info", &[0, 0, 0, 2, 0, 0, 0, 50]), Some(72));
        let mut rest = [0; 14];
        rest[10..].copy_from_slice(&[0, 0, 0, 100]);
        check(&table(CD, 417, 36, b"VBRI", &rest), Some(2612));
    }

    #[test]
    fn anything_is_read_without_harm() {
        let mut bytes = frame(SLOW, 144).repeat(3);
        for cut in 0..bytes.len() {
            let _any = super::super::measure(&bytes[..cut]);
        }
        for at in 0..bytes.len() {
            bytes[at] ^= 0xA5;
            let _any = super::super::measure(&bytes);
        }
    }
}
