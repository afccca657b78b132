//! Looking at webhooks, and sending one again.

use std::{ops::RangeInclusive, sync::Arc};

use axum::response::Response;
use http::StatusCode;
use ringback_exchange::Refusal;
use ringback_model::{
    control::{GetWebhook, ListWebhooks, ReplayWebhook, Webhooks},
    operation::RequestParts,
};

use super::{decode, out_of_range, unknown};
use crate::{http::reply, platform::Platform, webhook::log::Record};

/// How many webhooks can be asked for at once.
const LIMIT: RangeInclusive<u32> = 1..=1_000;

pub(super) fn list(platform: &Arc<Platform>, parts: &RequestParts) -> Result<Response, Refusal> {
    let ListWebhooks { call, limit, .. } = decode::<ListWebhooks>(parts)?;
    if let Some(limit) = limit.filter(|limit| !LIMIT.contains(limit)) {
        let (least, most) = LIMIT.into_inner();
        return Err(out_of_range("limit", limit.to_string(), &format!("{least} to {most}")));
    }
    let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
    // Under the lock only what is small is copied.
    let records = platform.core().webhooks.list(call.as_ref(), limit);
    let webhooks = records.iter().map(Record::view).collect();
    Ok(reply::value(StatusCode::OK, &Webhooks::new(webhooks)))
}

pub(super) fn get(platform: &Arc<Platform>, parts: &RequestParts) -> Result<Response, Refusal> {
    let id = decode::<GetWebhook>(parts)?.webhook_id;
    let record = platform.core().webhooks.get(id).cloned().ok_or_else(|| no_webhook(id))?;
    Ok(reply::value(StatusCode::OK, &record.view()))
}

/// Sends a webhook again, with a new token; what comes back is shown and changes nothing.
pub(super) async fn replay(
    platform: &Arc<Platform>,
    parts: &RequestParts,
) -> Result<Response, Refusal> {
    let id = decode::<ReplayWebhook>(parts)?.webhook_id;
    let sent = platform.core().webhooks.sent(id).ok_or_else(|| no_webhook(id))?;
    let url = Arc::clone(&platform.sender.known_target(&sent.envelope.url).shown);
    let sending = platform.sender.send(&sent.envelope, &sent.json).await;
    let record = platform.core().webhooks.replayed(id, url, &sending);
    let record = record.ok_or_else(|| no_webhook(id))?;
    Ok(reply::value(StatusCode::OK, &record.view()))
}

fn no_webhook(id: u64) -> Refusal {
    unknown("webhook-unknown", "webhook", &id.to_string(), "/_ringback/webhooks")
}
