//! What became of each attempt at a webhook, for those who measure.

use std::{sync::OnceLock, time::Duration};

use bytes::Bytes;
use ringback_exchange::WebhookOutcome;
use ringback_model::LegId;
use tokio::sync::broadcast;

use crate::webhook::envelope::Sent;

/// How many deliveries a listener may be behind before it misses some.
const BEHIND: usize = 65_536;

/// One attempt at a webhook, and what became of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Delivery {
    /// `answer`, `fallback`, or what the event is, such as `ringing`.
    pub kind: &'static str,
    /// The first leg of the call it belongs to; none for events of a conversation.
    pub call: Option<LegId>,
    /// The number of the attempt, from 1.
    pub attempt: u32,
    /// Whether the call waits for the reply.
    pub reply_matters: bool,
    /// The HTTP status of the reply, or one sentence on why there was none.
    pub outcome: Result<u16, String>,
    /// From when the call wanted it sent until the reply was there: waiting for a turn counts.
    pub took: Duration,
    /// What was sent, as JSON.
    pub payload: Bytes,
}

/// Tells of deliveries; the room for them is made when somebody listens first.
#[derive(Debug, Default)]
pub(crate) struct Deliveries(OnceLock<broadcast::Sender<Delivery>>);

impl Deliveries {
    pub(crate) fn listen(&self) -> broadcast::Receiver<Delivery> {
        self.0.get_or_init(|| broadcast::Sender::new(BEHIND)).subscribe()
    }

    pub(crate) fn tell(&self, sent: &Sent, outcome: &WebhookOutcome, took: Duration) {
        let Some(listeners) = self.0.get().filter(|listeners| listeners.receiver_count() > 0)
        else {
            return;
        };
        let envelope = &sent.envelope;
        let outcome = match outcome {
            WebhookOutcome::Reply { status, .. } => Ok(*status),
            WebhookOutcome::Failed { explanation, .. } => Err(explanation.clone()),
        };
        let delivery = Delivery {
            kind: envelope.kind,
            call: envelope.call.clone(),
            attempt: envelope.attempt,
            reply_matters: envelope.reply_matters,
            outcome,
            took,
            payload: sent.json.clone(),
        };
        // Nobody is left: then nobody misses it.
        drop(listeners.send(delivery));
    }
}
