//! A receiver that is ready to be served.

use std::{fmt, sync::Arc, time::Duration};

use axum::Router;
use tokio::{net::TcpListener, time::Instant};

use crate::{Limits, Metrics, Stopped, keep::Memory, serve::serve_in_turn, turns::Turns};

/// A receiver: its routes, and the events that wait for their handler.
///
/// The tasks that call the handler end when this and all its routers are dropped and the last event is handled.
pub struct Receiver {
    router: Router,
    memory: Option<Arc<Memory>>,
    #[cfg(feature = "journal")]
    dispatcher: Option<crate::journal::Dispatcher>,
    turns: Option<Turns>,
    limits: Limits,
    metrics: Metrics,
}

impl Receiver {
    pub(crate) fn new(
        router: Router,
        memory: Option<Arc<Memory>>,
        turns: Option<Turns>,
        limits: Limits,
        metrics: Metrics,
    ) -> Self {
        Self {
            router,
            memory,
            #[cfg(feature = "journal")]
            dispatcher: None,
            turns,
            limits,
            metrics,
        }
    }

    #[cfg(feature = "journal")]
    pub(crate) fn dispatcher(mut self, dispatcher: Option<crate::journal::Dispatcher>) -> Self {
        self.dispatcher = dispatcher;
        self
    }

    /// What it counts, and where others may count too.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// The routes, to be served by other means or as part of another router.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// Adds routes, such as one for health, or layers.
    #[must_use]
    pub fn map(mut self, change: impl FnOnce(Router) -> Router) -> Self {
        self.router = change(self.router);
        self
    }

    /// Serves until the future ends, then stops clean: refuses, finishes, handles what waits.
    ///
    /// All of it takes at most [`Limits::stop`], of which open requests get the first half.
    pub async fn serve(self, listener: TcpListener, shutdown: impl Future<Output = ()>) -> Stopped {
        let Self {
            router,
            memory,
            #[cfg(feature = "journal")]
            dispatcher,
            turns,
            limits,
            metrics,
        } = self;
        let mut stopping = None;
        let shutdown = async {
            shutdown.await;
            stopping = Some(Instant::now() + limits.stop);
        };
        let half = Limits { stop: limits.stop / 2, ..limits.clone() };
        let mut stopped = serve_in_turn(listener, router, &half, &metrics, turns, shutdown).await;
        let left = stopping.map_or(Duration::ZERO, |end| end.duration_since(Instant::now()));
        if let Some(memory) = &memory {
            stopped.events_left = memory.drain(left).await;
        }
        #[cfg(feature = "journal")]
        if let Some(dispatcher) = dispatcher {
            stopped.handlers_cut = dispatcher.stop(left).await;
        }
        if stopped.events_left > 0 {
            tracing::error!(
                code = "events-lost",
                count = stopped.events_left,
                "acknowledged events are lost: their handlers were not done in time"
            );
        }
        stopped
    }

    /// Takes no more events, waits for their handlers, and says how many were not done in time.
    ///
    /// For those who serve [`Receiver::router`] themselves.
    /// With a journal it begins nothing more and closes the journal: what waits there stays.
    pub async fn drain(&self, within: Duration) -> usize {
        #[cfg(feature = "journal")]
        if let Some(dispatcher) = &self.dispatcher {
            return dispatcher.stop(within).await;
        }
        match &self.memory {
            Some(memory) => memory.drain(within).await,
            None => 0,
        }
    }
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("router", &self.router)
            .field("memory", &self.memory)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
