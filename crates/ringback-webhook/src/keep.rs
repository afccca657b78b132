//! Where an event is before it is acknowledged.

use std::{
    borrow::Cow,
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use futures_util::FutureExt;
use serde::Deserialize;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError, mpsc},
    time::timeout,
};

use crate::{BoxError, Delivery, EventHandler};

/// Keeps an event before it is acknowledged: the platform is told 2xx only after `Ok`.
///
/// What the event handlers of [`Webhooks::event`](crate::Webhooks::event) see waits in memory, bounded.
/// Another keeper may make it durable first; giving it to a handler is then its own matter.
pub trait Keep: Send + Sync + 'static {
    /// Keeps the event.
    ///
    /// # Errors
    /// When it is not kept; the platform is told 503 then, and tries once more.
    fn keep(
        &self,
        delivery: Delivery,
    ) -> Pin<Box<dyn Future<Output = Result<(), NotKept>> + Send + '_>>;
}

/// Why an event is not kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotKept {
    /// There is no room now.
    #[error("there is no room for another event")]
    Full,
    /// The receiver is stopping.
    #[error("the receiver is stopping")]
    Stopping,
    /// The keeper failed.
    #[error("the keeper failed")]
    Failed(#[source] BoxError),
    /// The journal cannot keep it now.
    #[cfg(feature = "journal")]
    #[error("the journal does not keep it")]
    Journal(#[source] ringback_journal::Error),
}

impl NotKept {
    /// A stable code: `events-full`, `events-stopping`, `events-failed`, or that of the journal's error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Full => "events-full",
            Self::Stopping => "events-stopping",
            Self::Failed(_) => "events-failed",
            #[cfg(feature = "journal")]
            Self::Journal(error) => error.code(),
        }
    }
}

/// Handlers run side by side, and one after the other for events of one leg.
const LANES: usize = 16;

/// Events in memory: bounded, in order of arrival per leg, lost with the process.
pub(crate) struct Memory {
    capacity: u32,
    room: Arc<Semaphore>,
    lanes: Vec<mpsc::UnboundedSender<Waiting>>,
}

/// An event and the room it takes until its handler is done.
struct Waiting {
    delivery: Delivery,
    _room: OwnedSemaphorePermit,
}

impl Memory {
    /// Spawns the tasks that call the handler; they end when this is dropped and everything is done.
    pub(crate) fn start(capacity: usize, handler: &EventHandler) -> Self {
        let capacity = u32::try_from(capacity.clamp(1, Semaphore::MAX_PERMITS)).unwrap_or(u32::MAX);
        let room = Arc::new(Semaphore::new(usize::try_from(capacity).unwrap_or(1)));
        let lane = || {
            let (sender, waiting) = mpsc::unbounded_channel();
            tokio::spawn(dispatch(waiting, handler.clone()));
            sender
        };
        Self { capacity, room, lanes: std::iter::repeat_with(lane).take(LANES).collect() }
    }

    pub(crate) fn put(&self, delivery: Delivery) -> Result<(), NotKept> {
        let room = Arc::clone(&self.room).try_acquire_owned().map_err(|error| match error {
            TryAcquireError::Closed => NotKept::Stopping,
            TryAcquireError::NoPermits => NotKept::Full,
        })?;
        let lane = self.lanes.get(lane_of(delivery.json())).ok_or(NotKept::Stopping)?;
        lane.send(Waiting { delivery, _room: room }).map_err(|_| NotKept::Stopping)
    }

    /// Takes no more events, waits for those that are here, and says how many were left in the end.
    pub(crate) async fn drain(&self, within: Duration) -> usize {
        // Nobody else waits for room, so all of it is free when the last handler is done.
        let all = timeout(within, self.room.acquire_many(self.capacity)).await;
        let taken = usize::try_from(self.capacity).unwrap_or(usize::MAX);
        let left = match &all {
            Ok(_) => 0,
            Err(_) => taken.saturating_sub(self.room.available_permits()),
        };
        self.room.close();
        left
    }
}

impl Keep for Memory {
    fn keep(
        &self,
        delivery: Delivery,
    ) -> Pin<Box<dyn Future<Output = Result<(), NotKept>> + Send + '_>> {
        Box::pin(std::future::ready(self.put(delivery)))
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}

async fn dispatch(mut waiting: mpsc::UnboundedReceiver<Waiting>, handler: EventHandler) {
    while let Some(Waiting { delivery, _room }) = waiting.recv().await {
        let outcome = std::panic::AssertUnwindSafe(async { handler.handle(delivery).await });
        match outcome.catch_unwind().await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::error!(code = "event-failed", error = &*error, "event handler failed");
            }
            Err(_) => tracing::error!(code = "event-panicked", "event handler panicked"),
        }
    }
}

/// Events of one leg share a lane, so do those of one conversation that name no leg.
fn lane_of(json: &[u8]) -> usize {
    #[derive(Default, Deserialize)]
    struct Key<'a> {
        #[serde(borrow, default)]
        uuid: Option<Cow<'a, str>>,
        #[serde(borrow, default)]
        call_uuid: Option<Cow<'a, str>>,
        #[serde(borrow, default)]
        conversation_uuid: Option<Cow<'a, str>>,
    }
    let key: Key<'_> = serde_json::from_slice(json).unwrap_or_default();
    let mut hasher = DefaultHasher::new();
    key.uuid.or(key.call_uuid).or(key.conversation_uuid).hash(&mut hasher);
    let lanes = u64::try_from(LANES).unwrap_or(1);
    usize::try_from(hasher.finish() % lanes).unwrap_or(0)
}
