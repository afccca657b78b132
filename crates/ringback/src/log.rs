//! What the parts say while they run, on stderr.

use tracing_subscriber::{EnvFilter, fmt};

use crate::terminal::Terminal;

/// Shows warnings; `-v` shows more, and `RUST_LOG` decides when it is set.
pub(crate) fn start(verbose: u8, terminal: &Terminal) {
    let usual = match verbose {
        0 => "warn",
        1 => "info",
        2 => "debug",
        _ => "trace",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(usual));
    let subscriber = fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(terminal.stderr_color())
        .with_target(false)
        .compact();
    // Another subscriber is as good.
    drop(subscriber.try_init());
}
