//! What consumers remember: one value for each key, and each write names the one that it replaces.

use async_nats::jetstream::{
    context::PublishErrorKind, message::PublishMessage, response::Response, stream::PurgeResponse,
};
use bytes::Bytes;

use super::{
    cluster::{Cluster, state_stream},
    fault::{of_publish, unreachable},
    range,
    wire::Kept,
};
use crate::Error;

/// What came of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Put {
    /// It is kept, with this revision.
    Kept(u64),
    /// Another write came before it.
    Conflict,
}

impl Cluster {
    /// Writes a value in place of that revision (0: where there is none), or of any.
    pub(super) async fn put(
        &self,
        key: &str,
        replaces: Option<u64>,
        value: impl Into<Bytes>,
    ) -> Result<Put, Error> {
        let mut message = PublishMessage::build().payload(value.into());
        if let Some(revision) = replaces {
            message = message.expected_last_subject_sequence(revision);
        }
        let sent = self.state_context.send_publish(self.key(key), message).await;
        let kept = match sent {
            Ok(acknowledgement) => acknowledgement.await,
            Err(error) => Err(error),
        };
        match kept {
            Ok(kept) => Ok(Put::Kept(kept.sequence)),
            Err(error) if error.kind() == PublishErrorKind::WrongLastSequence => Ok(Put::Conflict),
            Err(error) => Err(of_publish(error)),
        }
    }

    /// A value, and when it was written.
    pub(super) async fn get(&self, key: &str) -> Result<Option<(Kept, u64)>, Error> {
        range::last(&self.state, &self.key(key)).await
    }

    /// All values whose keys match, the newest too.
    pub(super) async fn scan(&self, keys: &str) -> Result<Vec<Kept>, Error> {
        let name = state_stream(&self.settings.stream);
        self.range(&self.state, &name, &self.key(keys), 1, usize::MAX).await
    }

    /// All values whose keys match, where the newest may be missing.
    pub(super) async fn glance(&self, keys: &str) -> Result<Vec<Kept>, Error> {
        let name = state_stream(&self.settings.stream);
        self.some(&name, &self.key(keys), 1, usize::MAX).await
    }

    /// Forgets a value.
    pub(super) async fn remove(&self, key: &str) -> Result<(), Error> {
        let subject = format!("STREAM.PURGE.{}", state_stream(&self.settings.stream));
        let request = serde_json::json!({ "filter": self.key(key) });
        let failed = "forget a value";
        match self.state_context.request(subject, &request).await {
            Ok(Response::<PurgeResponse>::Ok(_)) => Ok(()),
            Ok(Response::Err { error }) => Err(unreachable(failed, error)),
            Err(error) => Err(unreachable(failed, error)),
        }
    }

    /// The last token of a key.
    pub(super) fn end(kept: &Kept) -> &str {
        kept.subject.rsplit('.').next().unwrap_or_default()
    }
}
