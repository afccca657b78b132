//! What has to be known to send a webhook, beside what it says.

use std::sync::Arc;

use bytes::Bytes;
use ringback_exchange::{Attempt, WebhookId};
use ringback_model::{ApplicationId, HttpMethod, LegId};

/// What has to be known to make an attempt, beside the payload, which is kept as JSON only.
#[derive(Clone, Debug)]
pub(crate) struct Envelope {
    pub(crate) id: WebhookId,
    pub(crate) attempt: u32,
    pub(crate) call: Option<LegId>,
    pub(crate) leg: Option<LegId>,
    pub(crate) application: ApplicationId,
    pub(crate) kind: &'static str,
    pub(crate) method: HttpMethod,
    pub(crate) url: Arc<str>,
    pub(crate) signed: bool,
    pub(crate) reply_matters: bool,
    pub(crate) connect_timeout: u32,
    pub(crate) socket_timeout: u32,
}

/// What is needed to send a webhook, and to send it again.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) envelope: Arc<Envelope>,
    pub(crate) json: Bytes,
}

impl From<Attempt> for Sent {
    fn from(attempt: Attempt) -> Self {
        let json = match attempt.payload.to_json() {
            Ok(json) => json.into(),
            Err(error) => {
                tracing::error!(%error, kind = attempt.kind, "a webhook cannot be written");
                Bytes::from_static(b"{}")
            }
        };
        let envelope = Arc::new(Envelope {
            id: attempt.id,
            attempt: attempt.attempt,
            call: attempt.call,
            leg: attempt.leg,
            application: attempt.application,
            kind: attempt.kind,
            method: attempt.method,
            url: attempt.url,
            signed: attempt.signed,
            reply_matters: attempt.reply_matters,
            connect_timeout: attempt.connect_timeout,
            socket_timeout: attempt.socket_timeout,
        });
        Self { envelope, json }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn envelope(method: HttpMethod, url: &str) -> Envelope {
        Envelope {
            id: WebhookId(1),
            attempt: 1,
            call: Some("leg".into()),
            leg: Some("leg".into()),
            application: "aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab".into(),
            kind: "answered",
            method,
            url: url.into(),
            signed: true,
            reply_matters: false,
            connect_timeout: 1000,
            socket_timeout: 5000,
        }
    }
}
