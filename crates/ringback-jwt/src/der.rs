//! As much of DER as RSA keys need: reading a nested value, and wrapping one.

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OBJECT: u8 = 0x06;
pub(crate) const SEQUENCE: u8 = 0x30;

/// `1.2.840.113549.1.1.1`, the content of the object identifier.
pub(crate) const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const NULL: &[u8] = &[0x05, 0x00];

/// Takes the content of the next value off `input`, if it has this tag.
pub(crate) fn take<'a>(input: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    let (&found, rest) = input.split_first()?;
    if found != tag {
        return None;
    }
    let (&first, mut rest) = rest.split_first()?;
    let length = if first < 0x80 {
        usize::from(first)
    } else {
        let count = usize::from(first & 0x7f);
        if count == 0 || count > 4 {
            return None;
        }
        let (bytes, after) = rest.split_at_checked(count)?;
        rest = after;
        bytes.iter().fold(0_usize, |sum, byte| (sum << 8) | usize::from(*byte))
    };
    let (content, rest) = rest.split_at_checked(length)?;
    *input = rest;
    Some(content)
}

/// Writes one value around the parts.
pub(crate) fn wrap(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let bytes = length.to_be_bytes();
    let digits = bytes.iter().position(|byte| *byte != 0).map_or(&bytes[..0], |at| &bytes[at..]);
    let mut out = Vec::with_capacity(length + 6);
    out.push(tag);
    match digits {
        [] => out.push(0),
        [short] if *short < 0x80 => out.push(*short),
        long => {
            out.push(0x80 | long.len() as u8);
            out.extend_from_slice(long);
        }
    }
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}

/// The SubjectPublicKeyInfo around a PKCS#1 public key.
pub(crate) fn public_key_info(pkcs1: &[u8]) -> Vec<u8> {
    let algorithm = wrap(SEQUENCE, &[&wrap(OBJECT, &[RSA_ENCRYPTION]), NULL]);
    wrap(SEQUENCE, &[&algorithm, &wrap(BIT_STRING, &[&[0], pkcs1])])
}

/// The length in bits of the number that these big-endian bytes are.
pub(crate) fn bits(number: &[u8]) -> usize {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let Some(first) = number.get(zeros) else { return 0 };
    (number.len() - zeros) * 8 - first.leading_zeros() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrapped_can_be_taken() {
        for length in [0, 1, 127, 128, 255, 256, 70_000] {
            let content = vec![7; length];
            let wrapped = wrap(OCTET_STRING, &[&content]);
            let mut input = wrapped.as_slice();
            assert_eq!(take(&mut input, OCTET_STRING), Some(content.as_slice()), "{length}");
            assert!(input.is_empty());
        }
    }

    #[test]
    fn broken_lengths_are_refused() {
        for input in [&[][..], &[4], &[4, 1], &[4, 0x80], &[4, 0x85, 0, 0, 0, 0, 1, 1], &[2, 0]] {
            assert_eq!(take(&mut &*input, OCTET_STRING), None, "{input:?}");
        }
    }

    #[test]
    fn bits_of_numbers() {
        for (number, expected) in
            [(&[][..], 0), (&[0, 0], 0), (&[1], 1), (&[0, 0x80], 8), (&[1, 0], 9)]
        {
            assert_eq!(bits(number), expected);
        }
    }
}
