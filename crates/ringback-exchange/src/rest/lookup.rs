//! Finding what a request names, among what its caller may see.

use std::{ops::Range, sync::Arc};

use ringback_model::{
    ApplicationId, ConversationId, MemberId, Timestamp, problem::known::conversation as known,
};

use crate::{
    Caller, Exchange, Refusal,
    conversation::{Conversation, Entry, Member},
    directory::{Routes, User},
    id::Id,
    refusal,
};

/// The ordinal of a conversation of the caller's application.
pub(super) fn key(
    exchange: &Exchange,
    caller: &Caller,
    id: &ConversationId,
) -> Result<u64, Refusal> {
    let text = id.as_str();
    let shown: String = text.chars().take(60).collect();
    let key = text
        .strip_prefix("CON-")
        .and_then(Id::from_dashed)
        .and_then(|id| exchange.conversation_ids.get(&id));
    let Some(&key) = key else {
        let fix = "take the id from the answer webhook of a call that is up, CON- and all";
        let unknown = refusal::conversation(
            "conversation-unknown",
            format!("there is no conversation {shown:?}"),
            fix,
        );
        let is_leg = exchange.leg_by_id(text).is_some();
        return Err(refusal::misplaced(unknown, "conversation", text, is_leg));
    };
    let Some(conversation) = exchange.conversations.get(key) else {
        return Err(refusal::conversation(
            "conversation-over",
            format!("the call of {shown} is over, and its conversation went with it"),
            "get it while the call is up",
        ));
    };
    let owner = &conversation.application.application;
    match caller {
        Caller::Application { id, .. } if id == owner => Ok(key),
        Caller::Application { id, .. } => Err(refusal::conversation(
            "conversation-of-another-application",
            format!("the token is of application {id}, but {shown} belongs to {owner}"),
            "mint the token with the application_id and private key of the application behind the number",
        )),
        Caller::Account | Caller::Control => Ok(key),
    }
}

/// A conversation of the caller's application.
pub(super) fn conversation<'a>(
    exchange: &'a Exchange,
    caller: &Caller,
    id: &ConversationId,
) -> Result<&'a Conversation, Refusal> {
    at(exchange, key(exchange, caller, id)?)
}

/// A conversation by its ordinal.
pub(super) fn at(exchange: &Exchange, key: u64) -> Result<&Conversation, Refusal> {
    exchange.conversations.get(key).ok_or_else(|| {
        refusal::conversation(
            "conversation-over",
            "the conversation went with the last of its legs".to_owned(),
            "get it while the call is up",
        )
    })
}

/// The conversations of the caller's application that were made in a span, of some ordinals, the
/// oldest first.
pub(super) fn conversations<'a>(
    exchange: &'a Exchange,
    caller: &'a Caller,
    span: &'a Span,
    keys: Range<u64>,
) -> impl DoubleEndedIterator<Item = (u64, &'a Conversation)> {
    let is_callers = move |conversation: &Conversation| match caller {
        Caller::Application { id, .. } => *id == conversation.application.application,
        Caller::Account | Caller::Control => true,
    };
    exchange
        .conversations
        .range(keys)
        .filter(move |(_, at)| is_callers(at) && span.holds(at.created))
}

/// A span of time, as `date_start` and `date_end` give it.
#[derive(Default)]
pub(super) struct Span {
    start: Option<Timestamp>,
    end: Option<Timestamp>,
}

impl Span {
    /// Reads the two ends; a day alone and a blank in place of the T are taken too.
    pub(super) fn read(start: Option<&str>, end: Option<&str>) -> Result<Self, Refusal> {
        Ok(Self { start: moment("date_start", start)?, end: moment("date_end", end)? })
    }

    fn holds(&self, at: Timestamp) -> bool {
        self.start.is_none_or(|start| at >= start) && self.end.is_none_or(|end| at <= end)
    }
}

fn moment(name: &str, text: Option<&str>) -> Result<Option<Timestamp>, Refusal> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    let with_t = text.replacen(' ', "T", 1);
    let read = |text: String| text.parse::<Timestamp>().ok();
    let moment = read(with_t.clone())
        .or_else(|| read(format!("{with_t}Z")))
        .or_else(|| read(format!("{with_t}T00:00:00Z")));
    if moment.is_some() {
        return Ok(moment);
    }
    let reason = format!("\"{name}\" must be a valid ISO 8601 date");
    Err(refusal::invalid(known::VALIDATION, name, &reason, text))
}

/// A member by its id, with its place.
pub(super) fn member<'a>(
    conversation: &'a Conversation,
    id: &MemberId,
) -> Result<(u32, &'a Member), Refusal> {
    (0..)
        .zip(&conversation.members)
        .find(|(_, member)| member.id().as_str() == id.as_str())
        .ok_or_else(|| {
            let unknown =
                refusal::within_conversation(known::MEMBER_NOT_FOUND, "member", id.as_str());
            refusal::misplaced(unknown, "member", id.as_str(), false)
        })
}

/// A member by its place, which is known to be there.
pub(super) fn member_at(conversation: &Conversation, place: u32) -> Result<&Member, Refusal> {
    let member = conversation.members.get(place as usize);
    member.ok_or_else(|| refusal::within_conversation(known::MEMBER_NOT_FOUND, "member", "made"))
}

/// An event by its id, with the id as a number.
pub(super) fn event<'a>(
    conversation: &'a Conversation,
    id: &str,
) -> Result<(u64, &'a Entry), Refusal> {
    id.parse::<u64>()
        .ok()
        .and_then(|number| {
            let place = usize::try_from(number.checked_sub(1)?).ok()?;
            Some((number, conversation.log.get(place)?))
        })
        .ok_or_else(|| refusal::within_conversation(known::EVENT_NOT_FOUND, "event", id))
}

/// The application that a token is of; users and conversations belong to one.
pub(super) fn application(caller: &Caller) -> Result<&ApplicationId, Refusal> {
    match caller {
        Caller::Application { id, .. } => Ok(id),
        Caller::Account | Caller::Control => Err(refusal::room::no_application()),
    }
}

/// Where the events of the caller's application go.
pub(super) fn routes(exchange: &Exchange, caller: &Caller) -> Result<Arc<Routes>, Refusal> {
    let id = application(caller)?;
    let application = exchange.applications.get(id);
    application
        .map(|application| Arc::clone(&application.routes))
        .ok_or_else(|| refusal::no_such_application(id.as_str()))
}

/// A user of the caller's application, by its id or its name.
pub(super) fn user<'a>(
    exchange: &'a Exchange,
    caller: &Caller,
    id_or_name: &str,
) -> Result<&'a User, Refusal> {
    let application = application(caller)?;
    exchange.users.find(application, id_or_name).ok_or_else(|| {
        let id = id_or_name.strip_prefix("USR-").and_then(Id::from_dashed);
        if let Some(user) = id.and_then(|id| exchange.users.get(id)) {
            return refusal::room::foreign_user(id_or_name, application, &user.application);
        }
        let unknown = refusal::room::no_such_user(application, id_or_name);
        refusal::misplaced(unknown, "user", id_or_name, exchange.leg_by_id(id_or_name).is_some())
    })
}

/// The name of the user that a token stands for.
pub(super) fn subject(caller: &Caller) -> Option<&str> {
    match caller {
        Caller::Application { user: Some(name), .. } if !name.is_empty() => Some(name),
        _ => None,
    }
}
