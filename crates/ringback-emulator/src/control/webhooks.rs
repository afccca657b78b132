//! Looking at webhooks, and sending one again.

use std::sync::Arc;

use axum::response::Response;
use http::StatusCode;
use ringback_exchange::Refusal;
use ringback_model::{
    control::{GetWebhook, ListWebhooks, ReplayWebhook, Webhooks},
    operation::RequestParts,
};
use tokio::time::Instant;

use super::{decode, unknown};
use crate::{
    http::reply,
    platform::{Platform, millis_since},
};

pub(super) fn list(platform: &Arc<Platform>, parts: &RequestParts) -> Result<Response, Refusal> {
    let call = decode::<ListWebhooks>(parts)?.call;
    let webhooks = platform.core().webhooks.list(call.as_ref());
    Ok(reply::value(StatusCode::OK, &Webhooks::new(webhooks)))
}

pub(super) fn get(platform: &Arc<Platform>, parts: &RequestParts) -> Result<Response, Refusal> {
    let id = decode::<GetWebhook>(parts)?.webhook_id;
    match platform.core().webhooks.get(id) {
        Some(webhook) => Ok(reply::value(StatusCode::OK, webhook)),
        None => Err(no_webhook(id)),
    }
}

/// Sends a webhook again, with a new token; what comes back is shown and changes nothing.
pub(super) async fn replay(
    platform: &Arc<Platform>,
    parts: &RequestParts,
) -> Result<Response, Refusal> {
    let id = decode::<ReplayWebhook>(parts)?.webhook_id;
    let sent = platform.core().webhooks.sent(id).ok_or_else(|| no_webhook(id))?;
    let url = platform.sender.target(&sent.attempt.url);
    let url = url.map_or_else(|| sent.attempt.url.as_ref().to_owned(), |url| url.to_string());
    let (wall, begun) = (platform.wall.now(), Instant::now());
    let outcome = platform.sender.send(&sent.attempt, &sent.json).await;
    let millis = millis_since(begun);
    let webhook = platform.core().webhooks.replayed(id, &url, wall, millis, &outcome);
    match webhook {
        Some(webhook) => Ok(reply::value(StatusCode::OK, &webhook)),
        None => Err(no_webhook(id)),
    }
}

fn no_webhook(id: u64) -> Refusal {
    unknown("webhook-unknown", "webhook", &id.to_string(), "/_ringback/webhooks")
}
