//! What REST does to conversations, whatever the generation.

use std::sync::Arc;

use ringback_model::{
    ConversationId, Json, Timestamp, beta,
    event::{ConversationBody, ConversationTimes, EventType},
    problem::known::conversation as known,
    v1,
};

use super::{lookup, view};
use crate::{
    Caller, Exchange, Refusal,
    conversation::{Conversation, Name},
    id::{Id, Purpose},
    refusal,
};

/// What a conversation is made with, or is to be from now on.
#[derive(Default)]
pub(super) struct Wanted {
    name: Option<String>,
    display_name: Option<String>,
    image_url: Option<String>,
    properties: Option<v1::Properties>,
    callback: Option<v1::Callback>,
}

impl From<Option<beta::ConversationRequest>> for Wanted {
    fn from(body: Option<beta::ConversationRequest>) -> Self {
        let Some(body) = body else { return Self::default() };
        let properties = body.properties.map(|given| {
            let mut properties = v1::Properties::new();
            properties.ttl = given.ttl;
            properties
        });
        let (name, display_name, image_url) = (body.name, body.display_name, body.image_url);
        Self { name, display_name, image_url, properties, callback: None }
    }
}

impl From<Option<v1::ConversationRequest>> for Wanted {
    fn from(body: Option<v1::ConversationRequest>) -> Self {
        let Some(body) = body else { return Self::default() };
        Self {
            name: body.name,
            display_name: body.display_name,
            image_url: body.image_url,
            properties: body.properties,
            callback: body.callback,
        }
    }
}

/// Makes a conversation; answers its ordinal.
pub(super) fn create(
    exchange: &mut Exchange,
    now: Timestamp,
    caller: &Caller,
    wanted: impl Into<Wanted>,
) -> Result<u64, Refusal> {
    let wanted = wanted.into();
    let routes = lookup::routes(exchange, caller)?;
    check(&wanted)?;
    let name = match &wanted.name {
        Some(name) if exchange.names.contains_key(&(routes.application.clone(), name.clone())) => {
            return Err(refusal::room::conversation_name_taken(name));
        }
        Some(name) => name.clone(),
        None => {
            let ordinal = exchange.conversations.next();
            let seed = exchange.settings.seed;
            Id::derive(seed, Purpose::ConversationName, ordinal, 1).dashed("NAM-")
        }
    };
    let key = exchange.room_named(now, &routes, &name);
    set(exchange, key, wanted);
    // Nobody is in it: it waits for somebody from now on.
    exchange.room_is_empty(now, key);
    Ok(key)
}

/// Makes a conversation what the request says; only its name and its callback stay when left out.
pub(super) fn update(
    exchange: &mut Exchange,
    now: Timestamp,
    caller: &Caller,
    id: &ConversationId,
    wanted: impl Into<Wanted>,
) -> Result<u64, Refusal> {
    let wanted = wanted.into();
    let key = lookup::key(exchange, caller, id)?;
    let conversation = lookup::at(exchange, key)?;
    if conversation.kept.is_none() {
        return Err(refusal::room::conversation_of_a_call(id.as_str()));
    }
    check(&wanted)?;
    let application = conversation.application.application.clone();
    let old = conversation.name();
    if let Some(name) = wanted.name.as_ref().filter(|name| **name != old) {
        let named = (application.clone(), name.clone());
        if exchange.names.contains_key(&named) {
            return Err(refusal::room::conversation_name_taken(name));
        }
        exchange.names.remove(&(application, old));
        exchange.names.insert(named, key);
        if let Some(conversation) = exchange.conversations.get_mut(key) {
            conversation.name = Name::Given(Arc::from(name.as_str()));
        }
    }
    set(exchange, key, wanted);
    if let Some(kept) = exchange.room_mut(key) {
        kept.updated = Some(now);
    }
    if exchange.conversations.get(key).is_some_and(Conversation::is_empty) {
        exchange.room_is_empty(now, key);
    }
    let body = lookup::at(exchange, key).map(updated)?;
    exchange.log_of_platform(key, EventType::ConversationUpdated, Json::of(&body), now);
    Ok(key)
}

fn set(exchange: &mut Exchange, key: u64, wanted: Wanted) {
    let Some(kept) = exchange.room_mut(key) else { return };
    kept.display_name = wanted.display_name;
    kept.image_url = wanted.image_url;
    kept.ttl = wanted.properties.as_ref().and_then(|properties| properties.ttl);
    kept.properties = wanted.properties;
    // It is never answered, so whoever reads and writes back has it not.
    if wanted.callback.is_some() {
        kept.callback = wanted.callback;
    }
}

/// What `conversation:updated` says.
fn updated(conversation: &Conversation) -> ConversationBody {
    let mut body = ConversationBody::new();
    body.id = Some(conversation.id());
    body.name = Some(conversation.name());
    let kept = conversation.kept.as_deref();
    body.display_name = kept.and_then(|kept| kept.display_name.clone());
    body.image_url = kept.and_then(|kept| kept.image_url.clone());
    body.state = Some("ACTIVE".to_owned());
    body.timestamp = Some(times(conversation));
    body
}

/// When a conversation was made and changed.
pub(super) fn times(conversation: &Conversation) -> ConversationTimes {
    let mut times = ConversationTimes::new();
    times.created = Some(conversation.created);
    times.updated = conversation.kept.as_ref().and_then(|kept| kept.updated);
    times
}

/// Removes a conversation; the legs in it are hung up, for there is nothing left to be in (inferred).
pub(super) fn delete(
    exchange: &mut Exchange,
    now: Timestamp,
    caller: &Caller,
    id: &ConversationId,
) -> Result<(), Refusal> {
    let key = lookup::key(exchange, caller, id)?;
    let legs: Vec<u64> = lookup::at(exchange, key)?.legs().collect();
    for leg in legs {
        exchange.platform_hangs_up(now, leg);
    }
    exchange.stop_takes_in(now, key);
    exchange.remove_conversation(key);
    Ok(())
}

fn check(wanted: &Wanted) -> Result<(), Refusal> {
    text("name", wanted.name.as_deref(), 100)?;
    text("display_name", wanted.display_name.as_deref(), 50)?;
    address("image_url", wanted.image_url.as_deref())?;
    if let Some(ttl) = wanted.properties.as_ref().and_then(|properties| properties.ttl) {
        let words = match ttl {
            ..0 => "greater than or equal to 0",
            0..=2_147_483_648 => "",
            _ => "less than or equal to 2147483648",
        };
        if !words.is_empty() {
            return Err(wrong("ttl", &format!("must be {words}"), &ttl.to_string()));
        }
    }
    let Some(callback) = &wanted.callback else { return Ok(()) };
    // The vendor's command line sends an empty one when it has none.
    address("url", callback.url.as_deref().filter(|url| !url.is_empty()))?;
    text("event_mask", callback.event_mask.as_deref().filter(|mask| !mask.is_empty()), 200)?;
    match &callback.method {
        Some(ringback_model::HttpMethod::Unknown(other)) => {
            Err(wrong("method", "must be one of [POST, GET]", other))
        }
        _ => Ok(()),
    }
}

/// A text that is not empty, of so many characters at most.
pub(super) fn text(name: &str, value: Option<&str>, most: usize) -> Result<(), Refusal> {
    match value {
        Some("") => Err(wrong(name, "is not allowed to be empty", "")),
        Some(text) if text.chars().count() > most => {
            let reason = format!("length must be less than or equal to {most} characters long");
            Err(wrong(name, &reason, text))
        }
        _ => Ok(()),
    }
}

/// An address: a scheme, a colon, and something behind it.
pub(super) fn address(name: &str, value: Option<&str>) -> Result<(), Refusal> {
    text(name, value, 2_048)?;
    let Some(text) = value else { return Ok(()) };
    let is_address = text.split_once(':').is_some_and(|(scheme, rest)| {
        let scheme = scheme.as_bytes();
        scheme.first().is_some_and(u8::is_ascii_alphabetic)
            && scheme.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte))
            && !rest.is_empty()
            && !rest.contains(char::is_whitespace)
    });
    if is_address { Ok(()) } else { Err(wrong(name, "must be a valid uri", text)) }
}

/// A value of a body that the validator refuses, in its words.
pub(super) fn wrong(name: &str, reason: &str, seen: &str) -> Refusal {
    refusal::invalid(known::VALIDATION, name, &format!("\"{name}\" {reason}"), seen)
}

/// The words of the older generations for what was made.
pub(super) fn made(
    exchange: &Exchange,
    generation: &str,
    key: u64,
) -> Result<beta::Created, Refusal> {
    let conversation = lookup::at(exchange, key)?;
    let mut created = beta::Created::new();
    created.id = Some(conversation.id().to_string());
    created.href = Some(view::address(exchange, generation, conversation));
    Ok(created)
}
