//! A command that runs within ours, and ends when ours shall end.

use std::{io, process::ExitStatus, time::Duration};

use tokio::{
    process::{Child, Command},
    time::{Instant, sleep_until},
};

use crate::{
    output::note,
    signals::{Wish, Wishes},
};

/// How long it may take to end when it is asked to.
const GRACE: Duration = Duration::from_secs(5);

/// How long one may wait for a command that may have been interrupted together with us.
///
/// Many take the second interrupt for the wish to drop everything.
const SHARED: Duration = Duration::from_secs(2);

/// A running command; dropping it kills the command.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    wishes: Wishes,
    senders: Senders,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> io::Result<Self> {
        // Before it runs, so that no signal is lost.
        let senders = Senders::new()?;
        let wishes = Wishes::new();
        let child = command.kill_on_drop(true).spawn()?;
        Ok(Self { child, wishes, senders })
    }

    /// Waits until the command has ended, and passes signals on to it.
    ///
    /// One that does not end when it is asked to is killed after a while.
    pub(crate) async fn end(mut self) -> io::Result<ExitStatus> {
        let (mut interrupt_at, mut kill_at) = (None, None);
        loop {
            tokio::select! {
                status = self.child.wait() => return status,
                wish = self.wishes.next() => match wish {
                    Wish::Terminate => {
                        self.pass_on(Wish::Terminate);
                        kill_at.get_or_insert_with(|| Instant::now() + GRACE);
                    }
                    // A process may have sent it to our whole group, or to us alone.
                    Wish::Interrupt if self.senders.any() => {
                        interrupt_at.get_or_insert_with(|| Instant::now() + SHARED);
                    }
                    // The terminal tells the command itself; whether it ends then is up to it.
                    Wish::Interrupt => {}
                },
                () = until(interrupt_at) => {
                    interrupt_at = None;
                    self.pass_on(Wish::Interrupt);
                }
                () = until(kill_at) => {
                    kill_at = None;
                    let seconds = GRACE.as_secs();
                    // It is killed whether or not somebody reads that.
                    drop(note(&format!("warning: the command has not ended in {seconds} s, so it is killed")));
                    self.child.start_kill()?;
                }
            }
        }
    }

    #[cfg(unix)]
    fn pass_on(&self, wish: Wish) {
        use rustix::process::{Pid, Signal, kill_process};
        let signal = match wish {
            Wish::Interrupt => Signal::INT,
            Wish::Terminate => Signal::TERM,
        };
        // It has an id until it was waited for.
        let id = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(Err(error)) = id.map(|id| kill_process(id, signal)) {
            // Such as of a command that runs as another user; whether or not somebody reads that.
            drop(note(&format!("warning: the command cannot be told to end: {error}")));
        }
    }

    #[cfg(not(unix))]
    fn pass_on(&self, _: Wish) {}
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// Knows of interrupts whether a process sent them; those that are typed come from the terminal.
#[cfg(unix)]
#[derive(Debug)]
struct Senders(signal_hook::iterator::SignalsInfo<signal_hook::iterator::exfiltrator::WithOrigin>);

#[cfg(unix)]
impl Senders {
    fn new() -> io::Result<Self> {
        signal_hook::iterator::SignalsInfo::new([signal_hook::consts::SIGINT]).map(Self)
    }

    /// Whether a process sent any of the interrupts since this was asked last.
    fn any(&mut self) -> bool {
        self.0.pending().filter(|origin| origin.process.is_some()).count() > 0
    }
}

#[cfg(not(unix))]
#[derive(Debug)]
struct Senders;

#[cfg(not(unix))]
impl Senders {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    fn any(&mut self) -> bool {
        false
    }
}
