//! What was sent and what came back, kept for people to look at.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use ringback_exchange::WebhookOutcome;
use ringback_model::{Json, LegId, Timestamp, control};

use super::{envelope::Sent, sender::Sending};
use crate::mask;

/// How many webhooks are kept.
const KEPT: usize = 10_000;
/// How much memory the webhooks take with their replies, in bytes.
const MEMORY: usize = 32 * 1024 * 1024;
/// How many attempts of one webhook are kept: four, and some by hand.
const ATTEMPTS: usize = 100;
/// How much of a reply is kept.
const REPLY: usize = 64 * 1024;
/// About what a webhook costs beside its texts.
const RECORD: usize = 480;

/// The webhooks of the emulator, the oldest forgotten first.
#[derive(Debug, Default)]
pub(crate) struct WebhookLog {
    records: BTreeMap<u64, Record>,
    /// What the records cost together.
    bytes: usize,
}

/// A webhook with its attempts; a clone shares all that is large.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    sent: Sent,
    attempts: Vec<Attempt>,
}

/// An attempt as it was made; it is put into words for those who look.
#[derive(Clone, Debug)]
struct Attempt {
    number: u32,
    is_replay: bool,
    /// No secret is in it.
    url: Arc<str>,
    sent: Timestamp,
    /// What came of it after how many milliseconds; none while it is under way.
    ended: Option<(u64, WebhookOutcome)>,
}

impl WebhookLog {
    /// Notes that an attempt is about to be made; no secret is in the address.
    pub(crate) fn begin(&mut self, sent: Sent, url: Arc<str>, now: Timestamp) {
        let (id, number) = (sent.envelope.id.0, sent.envelope.attempt);
        let attempt = Attempt { number, is_replay: false, url, sent: now, ended: None };
        if let Some(record) = self.records.get_mut(&id) {
            self.bytes -= record.cost();
            record.sent = sent;
            record.push(attempt);
            self.bytes += record.cost();
        } else {
            let record = Record { sent, attempts: vec![attempt] };
            self.bytes += record.cost();
            self.records.insert(id, record);
        }
        self.forget();
    }

    /// Notes how an attempt ended.
    pub(crate) fn end(&mut self, id: u64, number: u32, sending: &Sending) {
        self.change(id, |record| {
            let attempt = record.attempts.iter_mut().rev().find(|entry| entry.number == number);
            if let Some(attempt) = attempt {
                attempt.end(sending);
            }
        });
    }

    /// Adds an attempt that was made by hand; no secret is in the address.
    pub(crate) fn replayed(&mut self, id: u64, url: Arc<str>, sending: &Sending) -> Option<Record> {
        self.change(id, |record| {
            let last = record.attempts.iter().map(|entry| entry.number).max();
            let number = last.unwrap_or_default() + 1;
            let mut attempt =
                Attempt { number, is_replay: true, url, sent: sending.sent, ended: None };
            attempt.end(sending);
            record.push(attempt);
            record.clone()
        })
    }

    pub(crate) fn get(&self, id: u64) -> Option<&Record> {
        self.records.get(&id)
    }

    pub(crate) fn sent(&self, id: u64) -> Option<Sent> {
        self.records.get(&id).map(|record| record.sent.clone())
    }

    /// The newest of all of them, or of those of one call, in their order.
    pub(crate) fn list(&self, call: Option<&LegId>, limit: usize) -> Vec<Record> {
        let is_wanted =
            |record: &&Record| call.is_none() || record.sent.envelope.call.as_ref() == call;
        let wanted = self.records.values().rev().filter(is_wanted);
        let mut newest: Vec<_> = wanted.take(limit).cloned().collect();
        newest.reverse();
        newest
    }

    /// Changes a record and keeps to the bounds.
    fn change<T>(&mut self, id: u64, change: impl FnOnce(&mut Record) -> T) -> Option<T> {
        let record = self.records.get_mut(&id)?;
        let before = record.cost();
        let changed = change(record);
        self.bytes = self.bytes.saturating_sub(before) + record.cost();
        self.forget();
        Some(changed)
    }

    fn forget(&mut self) {
        while self.records.len() > KEPT || self.bytes > MEMORY {
            let Some((_, record)) = self.records.pop_first() else { return };
            self.bytes = self.bytes.saturating_sub(record.cost());
        }
    }
}

impl Record {
    /// What people are shown of it.
    pub(crate) fn view(&self) -> control::Webhook {
        let envelope = &self.sent.envelope;
        let json = mask::addresses(&String::from_utf8_lossy(&self.sent.json));
        let mut shown = control::Webhook::new(
            envelope.id.0,
            envelope.kind,
            envelope.method.clone(),
            mask::addresses(&envelope.url),
            Json::parse(&json).unwrap_or_default(),
            self.attempts.iter().map(Attempt::view).collect(),
        );
        (shown.call, shown.leg) = (envelope.call.clone(), envelope.leg.clone());
        shown
    }

    fn push(&mut self, attempt: Attempt) {
        if self.attempts.len() >= ATTEMPTS {
            self.attempts.remove(0);
        }
        self.attempts.push(attempt);
    }

    fn cost(&self) -> usize {
        let attempts: usize = self.attempts.iter().map(Attempt::cost).sum();
        RECORD + self.sent.json.len() + self.sent.envelope.url.len() + attempts
    }
}

impl Attempt {
    fn end(&mut self, sending: &Sending) {
        let outcome = match &sending.outcome {
            WebhookOutcome::Reply { status, content_type, body } if body.len() > REPLY => {
                // A part of it would keep the whole.
                let body = Bytes::copy_from_slice(body.get(..REPLY).unwrap_or_default());
                let (status, content_type) = (*status, content_type.clone());
                WebhookOutcome::Reply { status, content_type, body }
            }
            outcome => outcome.clone(),
        };
        self.sent = sending.sent;
        self.ended = Some((sending.millis, outcome));
    }

    fn view(&self) -> control::WebhookAttempt {
        let mut shown = control::WebhookAttempt::new(self.number, self.url.as_ref(), self.sent);
        if self.is_replay {
            shown.replay = Some(true);
        }
        let Some((millis, outcome)) = &self.ended else { return shown };
        shown.milliseconds = Some(*millis);
        match outcome {
            WebhookOutcome::Reply { status, content_type, body } => {
                shown.status = Some(u32::from(*status));
                shown.content_type.clone_from(content_type);
                shown.reply = Some(String::from_utf8_lossy(body).into_owned());
            }
            WebhookOutcome::Failed { explanation, .. } => {
                shown.failure = Some(explanation.clone());
            }
        }
        shown
    }

    fn cost(&self) -> usize {
        let texts = match &self.ended {
            Some((_, WebhookOutcome::Reply { content_type, body, .. })) => {
                body.len() + content_type.as_ref().map_or(0, String::len)
            }
            Some((_, WebhookOutcome::Failed { explanation, .. })) => explanation.len(),
            None => 0,
        };
        size_of::<Self>() + self.url.len() + texts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::webhook::envelope::tests::envelope;
    use ringback_exchange::WebhookId;
    use ringback_model::HttpMethod;

    const NOW: Timestamp = Timestamp::from_secs(1_540_459_578);

    fn add(log: &mut WebhookLog, id: u64, call: &str, reply: usize) {
        let mut envelope = envelope(HttpMethod::Post, "http://127.0.0.1:3000/webhooks/event");
        (envelope.id, envelope.call) = (WebhookId(id), Some(call.into()));
        let json = Bytes::from_static(br#"{"status":"answered"}"#);
        let url = "http://127.0.0.1:3000/".into();
        log.begin(Sent { envelope: Arc::new(envelope), json }, url, NOW);
        let body = Bytes::from(vec![b'x'; reply]);
        let outcome = WebhookOutcome::Reply { status: 200, content_type: None, body };
        log.end(id, 1, &Sending { outcome, millis: 5, sent: NOW });
    }

    fn ids(records: &[Record]) -> Vec<u64> {
        records.iter().map(|record| record.view().id).collect()
    }

    #[test]
    fn the_newest_of_all_and_of_a_call() {
        let mut log = WebhookLog::default();
        for (id, call) in [(1, "a"), (2, "b"), (3, "a"), (4, "a")] {
            add(&mut log, id, call, 3);
        }
        let check = |call: Option<&str>, limit, expected: &[u64]| {
            let call = call.map(LegId::from);
            assert_eq!(ids(&log.list(call.as_ref(), limit)), expected, "{call:?} {limit}");
        };
        check(None, 1_000, &[1, 2, 3, 4]);
        check(None, 2, &[3, 4]);
        check(Some("a"), 1_000, &[1, 3, 4]);
        check(Some("a"), 2, &[3, 4]);
        check(Some("c"), 2, &[]);
        let shown = log.get(3).unwrap().view();
        assert_eq!(
            (shown.call, shown.payload.as_str()),
            (Some("a".into()), r#"{"status":"answered"}"#)
        );
        let attempt = &shown.attempts[0];
        assert_eq!((attempt.milliseconds, attempt.reply.as_deref()), (Some(5), Some("xxx")));
    }

    #[test]
    fn all_webhooks_together_are_bounded() {
        let check = |count: u64, reply: usize| {
            let mut log = WebhookLog::default();
            for id in 1..=count {
                add(&mut log, id, &(id / 4).to_string(), reply);
            }
            let kept = log.list(None, usize::MAX);
            let views: Vec<_> = kept.iter().map(Record::view).collect();
            let replies = views.iter().flat_map(|view| &view.attempts).map(|one| &one.reply);
            let bytes: usize = replies.flatten().map(String::len).sum();
            assert!(kept.len() <= KEPT && bytes <= MEMORY, "{} with {bytes}", kept.len());
            assert_eq!(log.bytes, kept.iter().map(Record::cost).sum::<usize>());
            // Those that are kept are the newest, and nothing is left of the others.
            let first = count + 1 - kept.len() as u64;
            assert_eq!(ids(&kept), (first..=count).collect::<Vec<_>>());
            kept.len()
        };
        assert_eq!(check(KEPT as u64 + 10, 10), KEPT);
        assert!((400..512).contains(&check(600, REPLY + 10)));
    }
}
