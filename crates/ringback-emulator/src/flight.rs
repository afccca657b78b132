//! What is under way outside of the exchange, and how its end is told.

use std::sync::Arc;

use ringback_exchange::Input;
use tokio::time::Instant;

use crate::{activity::Activity, platform::Platform};

impl Platform {
    /// Runs something until it is done, or given up with all that is in flight.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let cancelled = self.flights().clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = cancelled.cancelled() => {}
                () = work => {}
            }
        });
    }

    /// Tells the exchange how something went, unless a reset has come meanwhile.
    pub(crate) fn report(
        self: &Arc<Self>,
        epoch: u64,
        input: Input,
        ends: impl FnOnce(&mut Activity, Instant),
    ) {
        let mut core = self.core();
        // After a reset everything is numbered anew.
        if core.epoch != epoch {
            return;
        }
        let now = Instant::now();
        ends(&mut core.activity, now);
        let outcome = core.feed(now, input);
        self.follow(&mut core, outcome);
        drop(core);
        self.wake();
    }

    /// Notes what is going on, unless a reset has come meanwhile.
    pub(crate) fn active(&self, epoch: u64, change: impl FnOnce(&mut Activity, Instant)) {
        let mut core = self.core();
        if core.epoch == epoch {
            change(&mut core.activity, Instant::now());
        }
        drop(core);
        self.wake();
    }
}
