//! The wish to stop.

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How it was wished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Ctrl-C was typed.
    Interrupt,
    /// The process was asked to end.
    Terminate,
}

/// The wishes from the making of this on; one that comes while nobody waits is kept.
#[derive(Debug)]
pub(crate) struct Wishes {
    #[cfg(unix)]
    interrupt: Option<Signal>,
    #[cfg(unix)]
    terminate: Option<Signal>,
    #[cfg(windows)]
    interrupt: Option<tokio::signal::windows::CtrlC>,
}

impl Wishes {
    #[cfg(unix)]
    pub(crate) fn new() -> Self {
        Self {
            interrupt: signal(SignalKind::interrupt()).ok(),
            terminate: signal(SignalKind::terminate()).ok(),
        }
    }

    #[cfg(windows)]
    pub(crate) fn new() -> Self {
        Self { interrupt: tokio::signal::windows::ctrl_c().ok() }
    }

    /// The next wish; dropping this future loses none.
    #[cfg(unix)]
    pub(crate) async fn next(&mut self) -> Wish {
        tokio::select! {
            () = received(&mut self.interrupt) => Wish::Interrupt,
            () = received(&mut self.terminate) => Wish::Terminate,
        }
    }

    /// The next wish; dropping this future loses none.
    #[cfg(windows)]
    pub(crate) async fn next(&mut self) -> Wish {
        if let Some(interrupt) = &mut self.interrupt
            && interrupt.recv().await.is_some()
        {
            return Wish::Interrupt;
        }
        std::future::pending().await
    }
}

/// Ends when Ctrl-C is typed or the process is asked to end.
pub(crate) async fn stop() {
    Wishes::new().next().await;
}

#[cfg(unix)]
async fn received(signal: &mut Option<Signal>) {
    if let Some(signal) = signal
        && signal.recv().await.is_some()
    {
        return;
    }
    std::future::pending::<()>().await;
}

#[cfg(all(test, unix))]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn a_wish_between_two_waits_is_kept() {
        let mut wishes = Wishes::new();
        // Somebody waited, and then did something else.
        assert_eq!(wishes.next().now_or_never(), None);
        let mut other = Wishes::new();
        for (name, expected) in [("INT", Wish::Interrupt), ("TERM", Wish::Terminate)] {
            let id = std::process::id().to_string();
            let sent = std::process::Command::new("kill").args(["-s", name, &id]).status();
            assert!(sent.unwrap().success());
            // By now both could have noticed.
            assert_eq!(other.next().await, expected);
            assert_eq!(wishes.next().now_or_never(), Some(expected));
        }
    }
}
