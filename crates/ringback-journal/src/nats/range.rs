//! Reading streams: many messages with one request, from any replica; the leader says where the end is.

use std::time::Duration;

use async_nats::{
    StatusCode,
    jetstream::stream::{RawMessageErrorKind, Stream},
};
use futures_util::StreamExt as _;

use super::{
    cluster::Cluster,
    fault::unreachable,
    wire::{self, Kept},
};
use crate::Error;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// A server that says nothing for so long is gone, and another is asked next time.
const SILENCE: Duration = Duration::from_secs(2);
/// How much one request may bring.
const BYTES: u64 = 4 << 20;
/// How many it may bring.
const MESSAGES: usize = 1000;

impl Cluster {
    /// Messages from a sequence on, at most so many.
    ///
    /// A replica may not have the newest yet; what it has is without gaps.
    pub(super) async fn some(
        &self,
        stream: &str,
        filter: &str,
        from: u64,
        limit: usize,
    ) -> Result<Vec<Kept>, Error> {
        Ok(self.batch(stream, filter, from, limit).await?.0)
    }

    /// How many messages there are from a sequence on.
    pub(super) async fn count(&self, stream: &str, filter: &str, from: u64) -> Result<u64, Error> {
        let (kept, more) = self.batch(stream, filter, from, 1).await?;
        Ok(more + kept.len() as u64)
    }

    /// All messages from a sequence on, at most so many, the newest too.
    pub(super) async fn range(
        &self,
        stream: &Stream<()>,
        name: &str,
        filter: &str,
        mut from: u64,
        limit: usize,
    ) -> Result<Vec<Kept>, Error> {
        let mut all: Vec<Kept> = Vec::new();
        while all.len() < limit {
            let mut some = self.some(name, filter, from, limit - all.len()).await?;
            if some.is_empty() {
                // A replica that is behind looks like the end; only the leader knows.
                match next(stream, filter, from).await? {
                    Some(kept) => some.push(kept),
                    None => break,
                }
            }
            from = some.last().map_or(from, |last| last.sequence + 1);
            all.append(&mut some);
        }
        Ok(all)
    }

    async fn batch(
        &self,
        stream: &str,
        filter: &str,
        from: u64,
        limit: usize,
    ) -> Result<(Vec<Kept>, u64), Error> {
        let limit = limit.clamp(1, MESSAGES);
        let inbox = self.client.new_inbox();
        let failed = |error: Source| unreachable("show what it keeps", error);
        let mut replies =
            self.client.subscribe(inbox.clone()).await.map_err(|error| failed(error.into()))?;
        let request = serde_json::json!({
            "seq": from.max(1), "next_by_subj": filter, "batch": limit, "max_bytes": BYTES,
        });
        self.client
            .publish_with_reply(
                format!("$JS.API.DIRECT.GET.{stream}"),
                inbox,
                request.to_string().into(),
            )
            .await
            .map_err(|error| failed(error.into()))?;
        let (mut all, mut more, mut last) = (Vec::new(), 0, 0);
        loop {
            let Ok(reply) = tokio::time::timeout(SILENCE, replies.next()).await else {
                return if all.is_empty() {
                    Err(failed("no answer in time".into()))
                } else {
                    Ok((all, more))
                };
            };
            let Some(reply) = reply else { return Err(failed("the connection is closed".into())) };
            match reply.status {
                None => {}
                Some(StatusCode::NO_RESPONDERS) => {
                    return Err(failed("no server answers for the stream".into()));
                }
                Some(status) if matches!(status.as_u16(), 204 | 404) => return Ok((all, more)),
                Some(status) => {
                    let said = reply.description.unwrap_or_default();
                    return Err(failed(format!("{status} {said}").into()));
                }
            }
            let before = reply.headers.as_ref().and_then(|headers| {
                headers.get("Nats-Last-Sequence")?.as_str().parse::<u64>().ok()
            });
            // After a reconnection the middle may be missing: what came before it is right.
            if before.is_some_and(|before| before != last) {
                return Ok((all, more));
            }
            let Some((kept, pending)) = wire::of_reply(reply) else {
                return Err(failed("an answer that is no message".into()));
            };
            (last, more) = (kept.sequence, pending);
            all.push(kept);
            if all.len() == limit {
                return Ok((all, more));
            }
        }
    }
}

/// The first message from a sequence on, as the leader has it.
pub(super) async fn next(
    stream: &Stream<()>,
    filter: &str,
    from: u64,
) -> Result<Option<Kept>, Error> {
    let found =
        stream.raw_message_builder().sequence(from.max(1)).next_by_subject(filter).send().await;
    found_one(found)
}

/// The last message of a subject, as the leader has it, and when it was kept.
pub(super) async fn last(stream: &Stream<()>, subject: &str) -> Result<Option<(Kept, u64)>, Error> {
    let found = stream.raw_message_builder().last_by_subject(subject).send().await;
    let since = found.as_ref().map_or(0, |message| message.time.unix_timestamp_nanos() / 1_000_000);
    Ok(found_one(found)?.map(|kept| (kept, u64::try_from(since).unwrap_or(0))))
}

/// The message at a sequence, as the leader has it.
pub(super) async fn at(stream: &Stream<()>, sequence: u64) -> Result<Option<Kept>, Error> {
    found_one(stream.raw_message_builder().sequence(sequence).send().await)
}

fn found_one(
    found: Result<
        async_nats::jetstream::message::StreamMessage,
        async_nats::jetstream::stream::RawMessageError,
    >,
) -> Result<Option<Kept>, Error> {
    match found {
        Ok(message) => Ok(Some(Kept {
            sequence: message.sequence,
            subject: message.subject.to_string(),
            headers: message.headers,
            payload: message.payload,
        })),
        Err(error) if matches!(error.kind(), RawMessageErrorKind::NoMessageFound) => Ok(None),
        Err(error) => Err(unreachable("show what it keeps", error)),
    }
}
