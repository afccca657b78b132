//! An entry as a message: the body as it is, its lane as the subject, the rest in headers.

use async_nats::{HeaderMap, Message};
use bytes::Bytes;

use super::lane;
use crate::{Entry, Position, Recorded};

const LANE: &str = "Ringback-Lane";
const RECEIVED: &str = "Ringback-Received";
const ABOUT: &str = "Ringback-About";
/// What the servers deduplicate by.
const ID: &str = "Nats-Msg-Id";

/// A message that is kept in a stream.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    /// Where.
    pub(super) sequence: u64,
    /// By which subject.
    pub(super) subject: String,
    /// With what beside it.
    pub(super) headers: HeaderMap,
    /// What.
    pub(super) payload: Bytes,
}

/// The headers of an entry.
pub(super) fn headers(entry: &Entry) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(ID, entry.key.to_string());
    // The subject says it otherwise.
    if lane::is_cut(&entry.lane) {
        headers.insert(LANE, lane::to_header(&entry.lane));
    }
    headers.insert(RECEIVED, entry.received.to_string());
    headers.insert(ABOUT, lane::to_header(&entry.about));
    headers
}

/// The entry of a message, where it is one.
pub(super) fn recorded(kept: &Kept) -> Option<Recorded> {
    let text = |name: &str| kept.headers.get(name).map(|value| value.as_str());
    let entry = Entry {
        key: text(ID)?.parse().ok()?,
        lane: match text(LANE) {
            Some(lane) => lane::of_header(lane),
            None => lane::text(kept.subject.rsplit('.').next()?).into(),
        },
        received: text(RECEIVED)?.parse().ok()?,
        about: lane::of_header(text(ABOUT)?),
        body: kept.payload.clone(),
    };
    Some(Recorded { position: Position(kept.sequence), entry })
}

/// The message of a reply to a direct get, and how many more there are after it.
pub(super) fn of_reply(message: Message) -> Option<(Kept, u64)> {
    let number = |name: &str| message.headers.as_ref()?.get(name)?.as_str().parse().ok();
    let sequence: u64 = number("Nats-Sequence")?;
    let pending: u64 = number("Nats-Num-Pending").unwrap_or(0);
    let headers = message.headers?;
    let subject = headers.get("Nats-Subject")?.as_str().to_owned();
    Some((Kept { sequence, subject, headers, payload: message.payload }, pending))
}
