//! WAV: the chunks of a RIFF or RF64 file, of which two count.

/// PCM, and the form that says it in a longer way.
const PCM: u16 = 1;
const EXTENSIBLE: u16 = 0xFFFE;
/// What is written where a length is not known, or stands elsewhere.
const UNKNOWN: u32 = u32::MAX;

struct Format {
    kind: u16,
    rate: u64,
    /// Bytes of one moment, all channels together.
    block: u64,
    bits: u16,
}

/// How long it plays, in milliseconds.
pub(super) fn measure(bytes: &[u8]) -> Result<u64, String> {
    if bytes.get(8..12) != Some(b"WAVE") {
        return Err("it is a RIFF file, and no WAV".to_owned());
    }
    let (mut at, mut format, mut long) = (12, None, None);
    while let (Some(name), Some(size)) = (bytes.get(at..at + 4), u32_at(bytes, at + 4)) {
        let body = at + 8;
        match name {
            // The 64-bit lengths of an RF64 file: of all, of the sound, in samples.
            b"ds64" => long = u64_at(bytes, body + 8),
            b"fmt " => format = Some(read_format(bytes, body, size)?),
            b"data" => {
                let format = format.ok_or("it is a WAV without a format before its sound")?;
                let there = bytes.len().saturating_sub(body) as u64;
                let said = match (size, long) {
                    (UNKNOWN, Some(long)) => long,
                    // A WAV that was written as a stream.
                    (UNKNOWN | 0, None) => there,
                    (size, _) => u64::from(size),
                };
                return length(&format, said.min(there));
            }
            _ => {}
        }
        // Chunks begin at even places.
        at = body.saturating_add(size as usize).saturating_add(size as usize & 1);
    }
    Err("it is a WAV without sound in it".to_owned())
}

fn read_format(bytes: &[u8], at: usize, size: u32) -> Result<Format, String> {
    let read = || {
        let kind = match u16_at(bytes, at)? {
            EXTENSIBLE if size >= 26 => u16_at(bytes, at + 24)?,
            kind => kind,
        };
        Some(Format {
            kind,
            rate: u64::from(u32_at(bytes, at + 4)?),
            block: u64::from(u16_at(bytes, at + 12)?),
            bits: u16_at(bytes, at + 14)?,
        })
    };
    read().ok_or_else(|| "it is a WAV that ends within its header".to_owned())
}

fn length(format: &Format, bytes: u64) -> Result<u64, String> {
    let Format { kind, rate, block, bits } = *format;
    if kind != PCM {
        return Err(format!("it is a WAV with {}, and 16-bit PCM is played", name(kind)));
    }
    if bits != 16 {
        return Err(format!("it is a WAV with {bits}-bit PCM, and 16-bit PCM is played"));
    }
    if rate == 0 || block == 0 {
        return Err("it is a WAV whose header names no rate or no channel".to_owned());
    }
    // All of it was read into memory, so that this cannot overflow.
    Ok((bytes / block).saturating_mul(1000) / rate)
}

fn name(kind: u16) -> String {
    match kind {
        2 => "Microsoft ADPCM".to_owned(),
        3 => "floating-point samples".to_owned(),
        6 => "A-law".to_owned(),
        7 => "mu-law".to_owned(),
        0x11 => "IMA ADPCM".to_owned(),
        0x55 => "MP3 in it".to_owned(),
        other => format!("the unknown coding {other}"),
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at.checked_add(8)?)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(name: &[u8], size: u32, body: &[u8]) -> Vec<u8> {
        [name, &size.to_le_bytes(), body].concat()
    }

    fn own(name: &[u8], body: &[u8]) -> Vec<u8> {
        chunk(name, body.len() as u32, body)
    }

    fn format(kind: u16, channels: u16, rate: u32, bits: u16) -> Vec<u8> {
        let block = channels * bits / 8;
        let mut body = Vec::new();
        body.extend(kind.to_le_bytes());
        body.extend(channels.to_le_bytes());
        body.extend(rate.to_le_bytes());
        body.extend((rate * u32::from(block)).to_le_bytes());
        body.extend(block.to_le_bytes());
        body.extend(bits.to_le_bytes());
        own(b"fmt ", &body)
    }

    fn wav(chunks: &[Vec<u8>]) -> Vec<u8> {
        own(b"RIFF", &[b"WAVE".to_vec(), chunks.concat()].concat())
    }

    #[test]
    fn lengths() {
        let check = |bytes: &[u8], expected: Result<u64, &str>| match (measure(bytes), expected) {
            (Err(why), Err(part)) => assert!(why.contains(part), "{why}"),
            (found, expected) => assert_eq!(found.as_ref().ok(), expected.ok().as_ref()),
        };
        let data = |size: usize| own(b"data", &vec![0; size]);
        // Two bytes a sample: 16,000 bytes are a second of 8 kHz mono.
        check(&wav(&[format(1, 1, 8_000, 16), data(16_000)]), Ok(1_000));
        check(&wav(&[format(1, 1, 16_000, 16), data(16_000)]), Ok(500));
        check(&wav(&[format(1, 2, 44_100, 16), data(176_400)]), Ok(1_000));
        check(&wav(&[format(1, 1, 8_000, 16), data(0)]), Ok(0));
        // Other chunks are skipped, odd ones with a byte of padding.
        let list = own(b"LIST", b"abc");
        check(
            &wav(&[list, vec![0], format(1, 1, 8_000, 16), own(b"fact", &[0; 4]), data(1_600)]),
            Ok(100),
        );
        // Streams do not know their length; a cut file plays as far as it goes.
        for size in [0, u32::MAX, 160_000] {
            let data = chunk(b"data", size, &[0; 1_600]);
            check(&wav(&[format(1, 1, 8_000, 16), data]), Ok(100));
        }
        let long = [0_u64, 1_600, 800].map(u64::to_le_bytes).concat();
        let mut large =
            [own(b"ds64", &long), format(1, 1, 8_000, 16), chunk(b"data", u32::MAX, &[0; 1_700])];
        check(&own(b"RF64", &[b"WAVE".to_vec(), large.concat()].concat()), Ok(100));
        large.swap(0, 1);
        check(&own(b"RF64", &[b"WAVE".to_vec(), large.concat()].concat()), Ok(100));
        // The long form of PCM.
        let mut body = format(EXTENSIBLE, 1, 8_000, 16).split_off(8);
        body.extend([22, 0, 16, 0, 0, 0, 0, 0, 1, 0]);
        body.extend([0; 14]);
        check(&wav(&[own(b"fmt ", &body), data(1_600)]), Ok(100));

        check(&wav(&[format(7, 1, 8_000, 8), data(8)]), Err("mu-law"));
        check(&wav(&[format(1, 1, 8_000, 8), data(8)]), Err("8-bit PCM"));
        check(&wav(&[format(3, 1, 8_000, 32), data(8)]), Err("floating-point"));
        check(&wav(&[format(1, 1, 0, 16), data(8)]), Err("no rate"));
        check(&wav(&[data(8)]), Err("without a format"));
        check(&wav(&[format(1, 1, 8_000, 16)]), Err("without sound"));
        check(&own(b"RIFF", b"AVI LIST"), Err("no WAV"));
        check(&own(b"RIFF", b"WAVEfmt \x10\0\0\0\x01\0"), Err("within its header"));
        check(b"RIFF", Err("no WAV"));
    }
}
