//! What the parts say while they run, on stderr.

use std::io::{self, Write};

use ringback_model::PhoneNumber;
use tracing_subscriber::{EnvFilter, fmt};

use crate::terminal::Terminal;

/// How a server writes its log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// One line of text for each entry
    Text,
    /// One JSON object for each entry
    Json,
}

/// Shows warnings; `-v` shows more, and `RUST_LOG` decides when it is set.
pub(crate) fn start(verbose: u8, terminal: &Terminal) {
    let subscriber = fmt()
        .with_env_filter(filter(verbose))
        .with_writer(io::stderr)
        .with_ansi(terminal.stderr_color())
        .with_target(false)
        .compact();
    // Another subscriber is as good.
    drop(subscriber.try_init());
}

/// A log to be kept: without colours, and with the telephone numbers in it masked.
///
/// It begins at what `-v` shows otherwise.
pub(crate) fn start_masked(format: Format, verbose: u8) {
    let subscriber = fmt()
        .with_env_filter(filter(verbose.saturating_add(1)))
        .with_writer(move || Masked { format, to: io::stderr() })
        .with_ansi(false)
        .with_target(false);
    drop(match format {
        Format::Text => subscriber.compact().try_init(),
        Format::Json => subscriber.json().flatten_event(true).with_span_list(false).try_init(),
    });
}

fn filter(verbose: u8) -> EnvFilter {
    let usual = match verbose {
        0 => "warn",
        1 => "info",
        2 => "debug",
        _ => "trace",
    };
    EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(usual))
}

/// Masks what is written; each write is a whole entry.
struct Masked<W> {
    format: Format,
    to: W,
}

impl<W: Write> Write for Masked<W> {
    fn write(&mut self, entry: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(entry);
        let text = match self.format {
            Format::Text => PhoneNumber::mask_in(&text),
            Format::Json => mask_texts(&text),
        };
        self.to.write_all(text.as_bytes())?;
        Ok(entry.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Masks within the texts of a JSON document; its numbers are counts and times, and must stay numbers.
fn mask_texts(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut rest = json;
    while let Some((before, after)) = rest.split_once('"') {
        let mut escaped = false;
        let end = after.char_indices().find(|(_, c)| {
            let end = *c == '"' && !escaped;
            escaped = *c == '\\' && !escaped;
            end
        });
        let (text, behind) = after.split_at(end.map_or(after.len(), |(at, _)| at));
        out.extend([before, "\"", &PhoneNumber::mask_in(text)]);
        out.push_str(if behind.is_empty() { "" } else { "\"" });
        rest = behind.get(1..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_masked_in_either_format() {
        for (format, entry, expected) in [
            (
                Format::Text,
                "INFO ringing 447700000001 -> 447700000002 leg 797168\n",
                "INFO ringing ********0001 -> ********0002 leg 797168\n",
            ),
            (
                Format::Json,
                r#"{"at":1700000000,"to":"447700000001","a\"b":"c\\","d":"say \"447700000002\""}"#,
                r#"{"at":1700000000,"to":"********0001","a\"b":"c\\","d":"say \"********0002\""}"#,
            ),
            (Format::Json, r#"{"cut":"447700000001"#, r#"{"cut":"********0001"#),
        ] {
            let mut written = Vec::new();
            Masked { format, to: &mut written }.write_all(entry.as_bytes()).unwrap();
            assert_eq!(String::from_utf8(written).unwrap(), expected);
        }
    }
}
