//! How long a sound plays, read from its bytes alone: WAV by its header, MP3 by its frames.

mod mp3;
mod wav;

/// How long a sound plays, in milliseconds.
///
/// # Errors
/// When it is no sound that the platform plays: a clause that says what it is, such as
/// `it is a web page`.
pub(crate) fn measure(bytes: &[u8]) -> Result<u64, String> {
    let begins = |start: &[u8]| bytes.starts_with(start);
    if begins(b"RIFF") || begins(b"RF64") {
        return wav::measure(bytes);
    }
    if mp3::begins(bytes) {
        return mp3::measure(bytes);
    }
    let text = bytes.trim_ascii_start();
    Err(match text.first() {
        None => "it is empty".to_owned(),
        Some(b'<') => "it is a web page or another document".to_owned(),
        Some(b'{' | b'[') => "it is JSON".to_owned(),
        _ if begins(b"OggS") => not_played("an Ogg file"),
        _ if begins(b"fLaC") => not_played("a FLAC file"),
        _ if begins(b"RIFX") => not_played("a big-endian WAV file"),
        _ if bytes.get(4..8) == Some(b"ftyp") => not_played("an MP4 or M4A file"),
        _ if is_adts(bytes) => not_played("an AAC file"),
        Some(_) => not_played("neither"),
    })
}

fn not_played(what: &str) -> String {
    format!("MP3 and WAV with 16-bit PCM are played, and it is {what}")
}

/// AAC looks like MP3 but for the bits of the layer.
fn is_adts(bytes: &[u8]) -> bool {
    matches!(bytes, [0xFF, second, ..] if second & 0xF6 == 0xF0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_sound_says_what_it_is() {
        for (bytes, expected) in [
            (b"".as_slice(), "empty"),
            (b"  \n", "empty"),
            (b"\n<!doctype html><html>", "web page"),
            (b"{\"error\":1}", "JSON"),
            (b"OggS\0\x02", "Ogg"),
            (b"fLaC\0\0\0\x22", "FLAC"),
            (b"\0\0\0\x20ftypM4A ", "M4A"),
            (&[0xFF, 0xF1, 0x50, 0x80, 0, 0], "AAC"),
            (b"just text", "neither"),
        ] {
            let why = measure(bytes).unwrap_err();
            assert!(why.contains(expected), "{why}");
        }
    }
}
