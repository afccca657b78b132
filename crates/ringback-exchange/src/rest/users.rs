//! What REST does to users, whatever the generation.

use std::{collections::BTreeSet, sync::Arc};

use ringback_model::{
    Json, MemberState as WireState, Timestamp, beta,
    event::ConversationTimes,
    v1::{UserChannels, UserProperties, UserRequest, UserUpdate},
};

use super::{
    lookup::{self, Span},
    view,
    write::{address, text, wrong},
};
use crate::{
    Caller, Exchange, Refusal,
    conversation::{Conversation, Member, UserName},
    directory::User,
    id::{Id, Purpose},
    refusal,
};

/// What a user is made with, or is to be from now on.
#[derive(Default)]
pub(super) struct Wanted {
    name: Option<String>,
    display_name: Option<String>,
    image_url: Option<String>,
    properties: Option<UserProperties>,
    channels: Option<Json>,
}

/// One of the bodies that describe a user.
macro_rules! wanted {
    ($($of:ty),+) => {
        $(impl From<$of> for Wanted {
            fn from(body: $of) -> Self {
                Self {
                    name: body.name,
                    display_name: body.display_name,
                    image_url: body.image_url,
                    properties: body.properties,
                    channels: body.channels,
                }
            }
        })+
    };
}
wanted!(UserRequest, UserUpdate);

impl From<beta::UserRequest> for Wanted {
    /// The older generations know no properties.
    fn from(body: beta::UserRequest) -> Self {
        Self {
            name: body.name,
            display_name: body.display_name,
            image_url: body.image_url,
            properties: None,
            channels: body.channels,
        }
    }
}

/// Makes a user; answers its id.
pub(super) fn create(
    exchange: &mut Exchange,
    now: Timestamp,
    caller: &Caller,
    wanted: Option<impl Into<Wanted>>,
) -> Result<Id, Refusal> {
    let wanted = wanted.map(Into::into).unwrap_or_default();
    let routes = lookup::routes(exchange, caller)?;
    of_application("make users", caller)?;
    check(exchange, caller, &wanted, None)?;
    let channels = wanted.channels.as_ref().map(answered_channels).transpose()?;
    let (made, seed) = (exchange.users.made, exchange.settings.seed);
    let derive = |purpose| Id::derive(seed, purpose, made, 1);
    let id = derive(Purpose::User);
    let name = wanted.name.unwrap_or_else(|| derive(Purpose::UserName).dashed("NAM-"));
    exchange.users.insert(User {
        id,
        application: routes.application.clone(),
        name: Arc::from(name),
        display_name: wanted.display_name,
        image_url: wanted.image_url,
        properties: wanted.properties.and_then(|properties| Json::of(&properties).ok()),
        channels,
        created: now,
        updated: None,
    });
    Ok(id)
}

/// Changes what the request names of a user, and nothing else.
pub(super) fn update(
    exchange: &mut Exchange,
    now: Timestamp,
    caller: &Caller,
    id_or_name: &str,
    wanted: Option<impl Into<Wanted>>,
) -> Result<Id, Refusal> {
    change(exchange, now, caller, id_or_name, wanted.map(Into::into).unwrap_or_default(), false)
}

/// Makes a user what the request says; only its name stays when left out.
pub(super) fn replace(
    exchange: &mut Exchange,
    now: Timestamp,
    caller: &Caller,
    id_or_name: &str,
    wanted: Option<beta::UserRequest>,
) -> Result<Id, Refusal> {
    change(exchange, now, caller, id_or_name, wanted.map(Into::into).unwrap_or_default(), true)
}

fn change(
    exchange: &mut Exchange,
    now: Timestamp,
    caller: &Caller,
    id_or_name: &str,
    wanted: Wanted,
    replaces: bool,
) -> Result<Id, Refusal> {
    of_application("change users", caller)?;
    let id = lookup::user(exchange, caller, id_or_name)?.id;
    check(exchange, caller, &wanted, Some(id))?;
    let channels = wanted.channels.as_ref().map(answered_channels).transpose()?;
    exchange.users.change(id, |user| {
        if let Some(name) = wanted.name {
            user.name = Arc::from(name);
        }
        if replaces || wanted.display_name.is_some() {
            user.display_name = wanted.display_name;
        }
        if replaces || wanted.image_url.is_some() {
            user.image_url = wanted.image_url;
        }
        if replaces || channels.is_some() {
            user.channels = channels;
        }
        // The older generations know none, so they leave them.
        if let Some(properties) = wanted.properties {
            user.properties = Json::of(&properties).ok();
        }
        user.updated = Some(now);
    });
    Ok(id)
}

/// Removes a user; its members stay as they are (inferred).
pub(super) fn delete(
    exchange: &mut Exchange,
    caller: &Caller,
    id_or_name: &str,
) -> Result<(), Refusal> {
    of_application("delete users", caller)?;
    let id = lookup::user(exchange, caller, id_or_name)?.id;
    exchange.users.remove(id);
    Ok(())
}

/// Refuses tokens that stand for a user: users are for the application to make, change and delete.
///
/// Of making them the documentation says so; the others are like it (inferred).
fn of_application(what: &str, caller: &Caller) -> Result<(), Refusal> {
    match lookup::subject(caller) {
        Some(subject) => Err(refusal::room::needs_admin(what, subject)),
        None => Ok(()),
    }
}

/// The users of the caller's application with their ordinals; only one with a name, when that is given.
pub(super) fn all<'a>(
    exchange: &'a Exchange,
    caller: &'a Caller,
    name: Option<&str>,
) -> Result<Vec<(u64, &'a User)>, Refusal> {
    let application = lookup::application(caller)?;
    let is_named = |(_, user): &(u64, &User)| name.is_none_or(|name| *user.name == *name);
    Ok(exchange.users.of(application).filter(is_named).collect())
}

/// A user by its id, which is known to be there.
pub(super) fn made(exchange: &Exchange, id: Id) -> Result<&User, Refusal> {
    exchange.users.get(id).ok_or_else(|| {
        let none = ringback_model::ApplicationId::new("");
        refusal::room::no_such_user(&none, &id.dashed("USR-"))
    })
}

/// When a user was made and changed.
pub(super) fn times(user: &User) -> ConversationTimes {
    let mut times = ConversationTimes::new();
    times.created = Some(user.created);
    times.updated = user.updated;
    times
}

/// A conversation that a user is in, was in, or is invited to.
pub(super) type Membership<'a> = (&'a Conversation, &'a Member);

/// The conversations of a user with its latest member in each.
pub(super) fn conversations<'a>(
    exchange: &'a Exchange,
    caller: &'a Caller,
    id_or_name: &str,
    span: &'a Span,
    state: Option<&WireState>,
) -> Result<Vec<(u64, Membership<'a>)>, Refusal> {
    if let Some(WireState::Unknown(other)) = state {
        return Err(wrong("state", "must be one of [INVITED, JOINED, LEFT]", other));
    }
    let user = lookup::user(exchange, caller, id_or_name)?;
    let is_users = |member: &&Member| {
        member.user == user.id
            || matches!(&member.user_name, UserName::Given(name) if *name == user.name)
    };
    let membership = |(key, conversation): (u64, &'a Conversation)| {
        let member = conversation.members.iter().rev().find(is_users)?;
        let is_wanted = state.is_none_or(|state| *state == view::state(member));
        is_wanted.then_some((key, (conversation, member)))
    };
    Ok(lookup::conversations(exchange, caller, span, 0..u64::MAX).filter_map(membership).collect())
}

fn check(
    exchange: &Exchange,
    caller: &Caller,
    wanted: &Wanted,
    own: Option<Id>,
) -> Result<(), Refusal> {
    text("name", wanted.name.as_deref(), 100)?;
    text("display_name", wanted.display_name.as_deref(), 100)?;
    address("image_url", wanted.image_url.as_deref())?;
    let ttl = wanted.properties.as_ref().and_then(|properties| properties.ttl);
    if let Some(ttl) = ttl.filter(|ttl| !(0..=2_147_483_647).contains(ttl)) {
        let words = "must be less than or equal to 2147483647, and not less than 0";
        return Err(wrong("ttl", words, &ttl.to_string()));
    }
    let Some(name) = &wanted.name else { return Ok(()) };
    if name == "me" || name.starts_with("USR-") {
        return Err(refusal::room::user_name_reserved(name));
    }
    let application = lookup::application(caller)?;
    match exchange.users.find(application, name) {
        Some(other) if Some(other.id) != own => Err(refusal::room::user_name_taken(name)),
        _ => Ok(()),
    }
}

/// The channels as they are answered: `content-type` of websockets, and numbers of telephones as
/// integers, whatever was sent. All else stays byte for byte.
fn answered_channels(sent: &Json) -> Result<Json, Refusal> {
    let refused = |error: &dyn std::fmt::Display| {
        wrong("channels", "must be of type object", &error.to_string())
    };
    sent.read::<UserChannels>().map_err(|error| refused(&error))?;
    let kinds = members(sent).map_err(|error| refused(&error))?;
    let mut answered = Vec::with_capacity(kinds.len());
    for (kind, list) in kinds {
        let change: fn(&str, Json) -> (String, Json) = match kind.as_str() {
            "websocket" => |name, value| match name {
                "content_type" => ("content-type".to_owned(), value),
                _ => (name.to_owned(), value),
            },
            "pstn" => |name, value| {
                let digits = value.read::<String>().ok();
                let number = digits.and_then(|digits| digits.parse::<u64>().ok());
                let value = match number.filter(|_| name == "number") {
                    Some(number) => Json::of(&number).unwrap_or(value),
                    None => value,
                };
                (name.to_owned(), value)
            },
            _ => {
                answered.push((kind, list));
                continue;
            }
        };
        let items: Vec<Json> = list.read().map_err(|error| refused(&error))?;
        let mut changed = Vec::with_capacity(items.len());
        for item in items {
            let fields = members(&item).map_err(|error| refused(&error))?;
            changed.push(object(fields.into_iter().map(|(name, value)| change(&name, value))));
        }
        answered.push((kind, Json::of(&changed).map_err(|error| refused(&error))?));
    }
    Ok(object(answered.into_iter()))
}

/// The members of an object, in their order; a name that is there twice keeps its first place.
fn members(object: &Json) -> Result<Vec<(String, Json)>, ringback_model::ReadError> {
    let fields: Fields = object.read()?;
    let mut seen = BTreeSet::new();
    Ok(fields.0.into_iter().filter(|(name, _)| seen.insert(name.clone())).collect())
}

fn object(fields: impl Iterator<Item = (String, Json)>) -> Json {
    let fields: Vec<String> = fields
        .map(|(name, value)| {
            let name = serde_json::to_string(&name).unwrap_or_default();
            format!("{name}:{value}")
        })
        .collect();
    Json::parse(&format!("{{{}}}", fields.join(","))).unwrap_or_default()
}

/// An object whose members keep their order and their text.
struct Fields(Vec<(String, Json)>);

impl<'de> serde::Deserialize<'de> for Fields {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> serde::de::Visitor<'de> for InOrder {
            type Value = Fields;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}
