//! One subject for each lane, and a few partitions of all lanes.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// How many partitions there are: the most holders of one consumer that have work at once.
///
/// It is part of the subjects, so that it can never change in a stream that exists.
pub(super) const PARTITIONS: u8 = 16;

/// What may stand in a token of a subject as it is.
const TOKEN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');
/// What a header cannot carry, or a reader would trim.
const HEADER: &AsciiSet = &percent_encoding::CONTROLS.add(b'%');
/// Longer ones are cut: a subject has to fit into one line of the protocol.
const LONGEST: usize = 160;

/// Which partition a lane belongs to.
pub(super) fn partition(lane: &str) -> u8 {
    let hash = hash(lane);
    // All bits take part, and the remainder fits.
    ((hash ^ (hash >> 32)) % u64::from(PARTITIONS)) as u8
}

/// A token of a subject that stands for this text, and for no other.
pub(super) fn token(text: &str) -> String {
    let plain = utf8_percent_encode(text, TOKEN).to_string();
    if plain.is_empty() {
        "%".to_owned()
    } else if plain.len() > LONGEST {
        // Two long ones that share a token would share a subject: that harms nothing.
        format!("{}%%{:016x}", plain.get(..LONGEST).unwrap_or_default(), hash(text))
    } else {
        plain
    }
}

/// Whether the token that stands for this text does not say all of it.
pub(super) fn is_cut(text: &str) -> bool {
    utf8_percent_encode(text, TOKEN).map(str::len).sum::<usize>() > LONGEST
}

/// The text of a token that was not cut.
pub(super) fn text(token: &str) -> String {
    percent_decode_str(if token == "%" { "" } else { token }).decode_utf8_lossy().into_owned()
}

/// A text as the value of a header.
pub(super) fn to_header(text: &str) -> String {
    let mut value = utf8_percent_encode(text, HEADER).to_string();
    if value.starts_with(' ') {
        value.replace_range(..1, "%20");
    }
    if value.ends_with(' ') {
        value.truncate(value.len() - 1);
        value.push_str("%20");
    }
    value
}

/// The text of a header's value.
pub(super) fn of_header(value: &str) -> Box<str> {
    percent_decode_str(value).decode_utf8_lossy().into()
}

/// FNV-1a: the same everywhere and for ever.
pub(super) fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_are_safe_tokens() {
        let check = |lane: &str, expected: &str| {
            assert_eq!(token(lane), expected);
            assert_eq!(text(expected), lane);
        };
        check("CON-aaaa", "CON-aaaa");
        check("", "%");
        check("a.b *>", "a%2Eb%20%2A%3E");
        check("é%", "%C3%A9%25");
        let long = token(&"x".repeat(500));
        assert_eq!(long.len(), LONGEST + 18);
        assert_ne!(long, token(&"x".repeat(501)));
        assert!(is_cut(&"x".repeat(161)) && is_cut(&"é".repeat(27)));
        assert!(!is_cut(&"x".repeat(160)) && !is_cut(&"é".repeat(26)) && !is_cut(""));
    }

    #[test]
    fn headers_carry_every_text() {
        for text in ["", " ", " a ", "{\"a\": \"é 100%\"}", "a\r\nb\t%0D", "  "] {
            let value = to_header(text);
            assert_eq!(&*of_header(&value), text, "{value:?}");
            assert!(!value.contains(['\r', '\n']) && value.trim() == value, "{value:?}");
        }
    }

    #[test]
    fn partitions_are_fixed_and_even() {
        assert_eq!([partition(""), partition("CON-1"), partition("CON-2")], [1, 14, 7]);
        let mut counts = [0; PARTITIONS as usize];
        for nth in 0..16_000 {
            counts[usize::from(partition(&format!("CON-{nth}")))] += 1;
        }
        assert!(counts.iter().all(|count| (700..1300).contains(count)), "{counts:?}");
    }
}
