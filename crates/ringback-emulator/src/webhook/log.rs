//! What was sent and what came back, kept for people to look at.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use ringback_exchange::{Attempt, WebhookOutcome};
use ringback_model::{Json, LegId, Timestamp, control};

/// How many webhooks are kept.
const KEPT: usize = 10_000;
/// How many attempts of one webhook are kept: four, and some by hand.
const ATTEMPTS: usize = 100;
/// How much of a reply is kept.
const REPLY: usize = 64 * 1024;

/// The webhooks of the emulator, the oldest forgotten first.
#[derive(Debug, Default)]
pub(crate) struct WebhookLog {
    records: BTreeMap<u64, Record>,
    calls: HashMap<LegId, Vec<u64>>,
}

#[derive(Debug)]
struct Record {
    webhook: control::Webhook,
    sent: Sent,
}

/// What is needed to send a webhook again.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) attempt: Arc<Attempt>,
    pub(crate) json: Arc<[u8]>,
}

impl WebhookLog {
    /// Notes that an attempt is made now.
    pub(crate) fn begin(&mut self, sent: Sent, url: &str, now: Timestamp) {
        let attempt = &sent.attempt;
        let id = attempt.id.0;
        if !self.records.contains_key(&id) {
            self.calls.entry(attempt.call.clone()).or_default().push(id);
            let payload = Json::parse(&String::from_utf8_lossy(&sent.json)).unwrap_or_default();
            let webhook = control::Webhook::new(
                id,
                attempt.kind,
                attempt.method.clone(),
                &*attempt.url,
                payload,
                Vec::new(),
            )
            .call(attempt.call.clone())
            .leg(attempt.leg.clone());
            self.records.insert(id, Record { webhook, sent: sent.clone() });
            self.forget();
        }
        let entry = control::WebhookAttempt::new(attempt.attempt, url, now);
        if let Some(record) = self.records.get_mut(&id) {
            record.webhook.url = attempt.url.as_ref().to_owned();
            record.webhook.method = attempt.method.clone();
            record.sent = sent;
            record.push(entry);
        }
    }

    /// Notes how an attempt ended.
    pub(crate) fn end(&mut self, id: u64, attempt: u32, millis: u64, outcome: &WebhookOutcome) {
        let record = self.records.get_mut(&id);
        let attempts = record.map(|record| record.webhook.attempts.as_mut_slice());
        let entry = attempts.into_iter().flatten().rev().find(|entry| entry.attempt == attempt);
        if let Some(entry) = entry {
            fill(entry, millis, outcome);
        }
    }

    /// Adds an attempt that was made by hand.
    pub(crate) fn replayed(
        &mut self,
        id: u64,
        url: &str,
        sent: Timestamp,
        millis: u64,
        outcome: &WebhookOutcome,
    ) -> Option<control::Webhook> {
        let record = self.records.get_mut(&id)?;
        let last = record.webhook.attempts.iter().map(|entry| entry.attempt).max();
        let number = last.unwrap_or_default() + 1;
        let mut entry = control::WebhookAttempt::new(number, url, sent).replay(true);
        fill(&mut entry, millis, outcome);
        record.push(entry);
        Some(record.webhook.clone())
    }

    pub(crate) fn get(&self, id: u64) -> Option<&control::Webhook> {
        self.records.get(&id).map(|record| &record.webhook)
    }

    pub(crate) fn sent(&self, id: u64) -> Option<Sent> {
        self.records.get(&id).map(|record| record.sent.clone())
    }

    /// All of them, or those of one call, in their order.
    pub(crate) fn list(&self, call: Option<&LegId>) -> Vec<control::Webhook> {
        match call {
            None => self.records.values().map(|record| record.webhook.clone()).collect(),
            Some(call) => {
                let ids = self.calls.get(call).into_iter().flatten();
                ids.filter_map(|id| self.get(*id).cloned()).collect()
            }
        }
    }

    fn forget(&mut self) {
        while self.records.len() > KEPT {
            let Some((id, record)) = self.records.pop_first() else { return };
            let Some(call) = record.webhook.call else { continue };
            if let Some(ids) = self.calls.get_mut(&call) {
                ids.retain(|known| *known != id);
                if ids.is_empty() {
                    self.calls.remove(&call);
                }
            }
        }
    }
}

impl Record {
    fn push(&mut self, entry: control::WebhookAttempt) {
        if self.webhook.attempts.len() >= ATTEMPTS {
            self.webhook.attempts.remove(0);
        }
        self.webhook.attempts.push(entry);
    }
}

fn fill(entry: &mut control::WebhookAttempt, millis: u64, outcome: &WebhookOutcome) {
    entry.milliseconds = Some(millis);
    match outcome {
        WebhookOutcome::Reply { status, content_type, body } => {
            entry.status = Some(u32::from(*status));
            entry.content_type.clone_from(content_type);
            let kept = body.get(..REPLY).unwrap_or(body);
            entry.reply = Some(String::from_utf8_lossy(kept).into_owned());
        }
        WebhookOutcome::Failed { explanation, .. } => entry.failure = Some(explanation.clone()),
    }
}
