//! What REST does to the log of a conversation, whatever the generation.

use ringback_model::{
    ConversationId, Json, MemberId, Timestamp,
    event::{EventRefBody, EventType, MessageBody, MessageType},
    problem::known::conversation as known,
};

use super::{act, lookup, write};
use crate::{
    Caller, Exchange, Refusal,
    conversation::{Conversation, Entry, Member, MemberState, NOBODY, What},
    refusal,
};

/// How many bytes a body has at most.
const MOST_BYTES: usize = 4_096;

/// What is to be sent.
pub(super) struct Sent {
    pub(super) kind: EventType,
    pub(super) from: Option<MemberId>,
    pub(super) to: Option<MemberId>,
    pub(super) body: Option<Json>,
}

/// Which events a list has.
pub(super) struct Filter<'a> {
    pub(super) start: Option<&'a str>,
    pub(super) end: Option<&'a str>,
    /// One type, or some, comma-separated.
    pub(super) kind: Option<&'a EventType>,
    pub(super) without_deleted: bool,
}

/// The events of a conversation that a filter lets through, with their ids.
pub(super) fn filtered<'a>(
    conversation: &'a Conversation,
    filter: &Filter<'_>,
) -> Result<Vec<(u64, &'a Entry)>, Refusal> {
    let bound = |name: &str, id: Option<&str>| match id {
        None => Ok(None),
        Some(id) => {
            id.parse::<u64>().map(Some).map_err(|_| write::wrong(name, "must be a number", id))
        }
    };
    let start = bound("start_id", filter.start)?.unwrap_or(0);
    let end = bound("end_id", filter.end)?.unwrap_or(u64::MAX);
    let is_wanted = |entry: &Entry| {
        let kind = conversation.log_kind(entry.what);
        let deleted = conversation.body_of(entry).is_some_and(|body| body.deleted);
        filter.kind.is_none_or(|wanted| {
            wanted.as_str().split(',').any(|wanted| wanted.trim() == kind.as_str())
        }) && !(filter.without_deleted && deleted)
    };
    Ok((1..)
        .zip(&conversation.log)
        .filter(|(id, entry)| (start..=end).contains(id) && is_wanted(entry))
        .collect())
}

/// Sends an event; answers what `show` makes of it.
pub(super) fn create<R>(
    exchange: &mut Exchange,
    now: Timestamp,
    caller: &Caller,
    id: &ConversationId,
    sent: Sent,
    show: impl FnOnce(&Exchange, &Conversation, u64, &Entry) -> R,
) -> Result<R, Refusal> {
    let key = lookup::key(exchange, caller, id)?;
    let conversation = lookup::at(exchange, key)?;
    let body = sent.body.unwrap_or_else(|| exchange.empty.clone());
    check(&sent.kind, &body)?;
    let from = sender(conversation, caller, sent.from.as_ref())?;
    let to = match sent.to.as_ref().filter(|to| !to.as_str().is_empty()) {
        Some(to) => Some(lookup::member(conversation, to)?.0),
        None => None,
    };
    let before = conversation.log.len();
    act::act(exchange, now, key, &act::Wish { kind: &sent.kind, body: &body, from, to });
    let conversation = lookup::at(exchange, key)?;
    let acted = conversation.log.get(before..).unwrap_or_default();
    let place = acted.iter().position(|entry| conversation.log_kind(entry.what) == sent.kind);
    let place = match place {
        Some(place) => before + place,
        None => {
            append(exchange, now, key, sent.kind.clone(), body, from);
            lookup::at(exchange, key)?.log.len() - 1
        }
    };
    let conversation = lookup::at(exchange, key)?;
    let entry = conversation.log.get(place);
    let shown = entry.map(|entry| show(exchange, conversation, place as u64 + 1, entry));
    // It is delivered and not kept, so it takes no place in the log.
    if sent.kind == EventType::Ephemeral
        && let Some(conversation) = exchange.conversations.get_mut(key)
    {
        conversation.log.pop();
        conversation.bodies.pop();
    }
    shown.ok_or_else(|| refusal::within_conversation(known::EVENT_NOT_FOUND, "event", "sent"))
}

fn append(
    exchange: &mut Exchange,
    now: Timestamp,
    key: u64,
    kind: EventType,
    body: Json,
    from: u32,
) {
    if let Some(conversation) = exchange.conversations.get_mut(key) {
        let what = conversation.keep(kind, body);
        if let Some(body) = conversation.bodies.last_mut() {
            body.sent = true;
        }
        conversation.append(what, from, now);
        exchange.post(now, key);
    }
}

/// The place of whoever sends; an application may send without being anybody in the conversation.
fn sender(
    conversation: &Conversation,
    caller: &Caller,
    from: Option<&MemberId>,
) -> Result<u32, Refusal> {
    let has_joined = |member: &Member| member.state == MemberState::Joined;
    if let Some(from) = from {
        let (place, member) = lookup::member(conversation, from)?;
        return if has_joined(member) {
            Ok(place)
        } else {
            Err(refusal::room::not_joined(from.as_str()))
        };
    }
    let Some(subject) = lookup::subject(caller) else { return Ok(NOBODY) };
    (0..)
        .zip(&conversation.members)
        .find(|(_, member)| has_joined(member) && member.user_name() == subject)
        .map(|(place, _)| place)
        .ok_or_else(|| refusal::room::not_joined(subject))
}

/// Which types can be sent, and with what.
fn check(kind: &EventType, body: &Json) -> Result<(), Refusal> {
    let name = kind.as_str();
    let is_known = match kind {
        EventType::Unknown(name) => name.strip_prefix("custom:").is_some_and(|rest| {
            let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | ':');
            !rest.is_empty() && rest.chars().all(is_word) && name.chars().count() <= 100
        }),
        _ => SENT.contains(kind),
    };
    if !is_known {
        return Err(refusal::room::event_type_unknown(name));
    }
    let text = body.as_str();
    if !text.starts_with('{') {
        return Err(write::wrong("body", "must be of type object", text));
    }
    if text.len() > MOST_BYTES {
        let reason = format!("length must be less than or equal to {MOST_BYTES} bytes");
        return Err(write::wrong("body", &reason, &format!("{} bytes", text.len())));
    }
    if *kind == EventType::Message {
        let message: MessageBody = body
            .read()
            .map_err(|error| write::wrong("body", "must be a message", &error.to_string()))?;
        return match message.message_type {
            None => Err(write::wrong("message_type", "is required", "")),
            Some(MessageType::Unknown(other)) => {
                let words: Vec<&str> = MessageType::KNOWN.iter().map(MessageType::as_str).collect();
                let reason = format!("must be one of [{}]", words.join(", "));
                Err(write::wrong("message_type", &reason, &other))
            }
            Some(_) => Ok(()),
        };
    }
    Ok(())
}

/// What an application can send, apart from `custom:…`.
const SENT: &[EventType] = &[
    EventType::Message,
    EventType::MessageSubmitted,
    EventType::MessageRejected,
    EventType::MessageUndeliverable,
    EventType::MessageSeen,
    EventType::MessageDelivered,
    EventType::Ephemeral,
    EventType::Text,
    EventType::TextSeen,
    EventType::TextDelivered,
    EventType::TextUpdate,
    EventType::TextTypingOn,
    EventType::TextTypingOff,
    EventType::Image,
    EventType::ImageSeen,
    EventType::ImageDelivered,
    EventType::EventDelivered,
    EventType::EventSeen,
    EventType::AudioPlay,
    EventType::AudioPlayStop,
    EventType::AudioSay,
    EventType::AudioSayStop,
    EventType::AudioDtmf,
    EventType::AudioRecord,
    EventType::AudioRecordStop,
    EventType::AudioMuteOn,
    EventType::AudioMuteOff,
    EventType::AudioEarmuffOn,
    EventType::AudioEarmuffOff,
];

/// Empties an event that was sent, and says so in the log; its id stays taken.
pub(super) fn delete(
    exchange: &mut Exchange,
    now: Timestamp,
    caller: &Caller,
    id: &ConversationId,
    event_id: &str,
    from: Option<&MemberId>,
) -> Result<(), Refusal> {
    let key = lookup::key(exchange, caller, id)?;
    let conversation = lookup::at(exchange, key)?;
    let (_, entry) = lookup::event(conversation, event_id)?;
    let kind = conversation.log_kind(entry.what);
    let can_go = matches!(kind, EventType::Message | EventType::Text | EventType::Image)
        || kind.as_str().starts_with("custom:");
    let What::Body(place) = entry.what else {
        let why = "it tells what the platform did";
        return Err(refusal::room::delete_not_allowed(kind.as_str(), why));
    };
    if !can_go {
        let why = "only what is sent as a message can be deleted";
        return Err(refusal::room::delete_not_allowed(kind.as_str(), why));
    }
    if conversation.bodies.get(place as usize).is_none_or(|body| body.deleted) {
        return Err(refusal::within_conversation(known::EVENT_NOT_FOUND, "event", event_id));
    }
    let by = sender(conversation, caller, from)?;
    let owner = conversation.members.get(entry.member as usize);
    if let Some(subject) = lookup::subject(caller)
        && owner.is_none_or(|owner| owner.user_name() != subject)
    {
        let why = "another user sent it";
        return Err(refusal::room::delete_not_allowed(kind.as_str(), why));
    }
    let empty = exchange.empty.clone();
    if let Some(conversation) = exchange.conversations.get_mut(key)
        && let Some(body) = conversation.bodies.get_mut(place as usize)
    {
        (body.text, body.deleted) = (empty, true);
    }
    let mut body = EventRefBody::new();
    body.event_id = Some(event_id.to_owned());
    let body = Json::of(&body).unwrap_or_else(|_| exchange.empty.clone());
    append(exchange, now, key, EventType::EventDelete, body, by);
    Ok(())
}
