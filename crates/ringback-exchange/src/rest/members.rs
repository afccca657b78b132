//! What REST does to members, whatever the generation.

use ringback_model::{
    ConversationId, Json, MemberId, Timestamp,
    event::{Audio, Channel, LegRef, Media},
    problem::known::conversation as known,
    v1::UserRef,
};

use super::{lookup, write};
use crate::{
    Caller, Exchange, Refusal,
    conversation::{Conversation, Member, MemberState, More, UserName, What},
    id::{Id, Purpose},
    refusal,
};

/// How many members are joined or invited at most.
const MOST: usize = 100;
/// Members without a leg derive their ids from their conversation, those with one from their leg.
const OF_CONVERSATION: u64 = 1 << 63;

/// Who is to become a member.
pub(super) struct Newcomer {
    pub(super) state: MemberState,
    /// The id or the name of a user.
    pub(super) user: String,
    pub(super) channel: Channel,
    pub(super) media: Option<Media>,
    pub(super) knocking_id: Option<String>,
    pub(super) invited_by: Option<String>,
}

/// What is to become of a member.
pub(super) struct Change {
    pub(super) state: MemberState,
    pub(super) channel: Option<Channel>,
    pub(super) reason: Option<Json>,
}

/// Reads the state of a new member, in any casing.
pub(super) fn first_state(text: &str) -> Result<MemberState, Refusal> {
    match text.to_ascii_lowercase().as_str() {
        "invited" => Ok(MemberState::Invited),
        "joined" => Ok(MemberState::Joined),
        _ => Err(write::wrong("state", "must be one of [invited, joined]", text)),
    }
}

/// Reads the state that a member is to change to, in any casing.
pub(super) fn next_state(text: &str) -> Result<MemberState, Refusal> {
    match text.to_ascii_lowercase().as_str() {
        "joined" => Ok(MemberState::Joined),
        "left" => Ok(MemberState::Left),
        // Nobody becomes invited who was not before; the validator's words name it nevertheless.
        "invited" => Err(write::wrong("state", "must be one of [joined, left]", text)),
        _ => Err(write::wrong("state", "must be one of [invited, joined, left]", text)),
    }
}

/// Reads the action of the older generations; without one a member is invited.
pub(super) fn action(text: Option<&str>) -> Result<MemberState, Refusal> {
    match text.unwrap_or("invite") {
        "invite" => Ok(MemberState::Invited),
        "join" => Ok(MemberState::Joined),
        other => Err(write::wrong("action", "must be one of [invite, join]", other)),
    }
}

/// What a request calls a user: its id, or else its name.
pub(super) fn named(user: UserRef) -> Result<String, Refusal> {
    let id = user.id.map(|id| id.to_string());
    id.or(user.name)
        .ok_or_else(|| write::wrong("user", "must contain at least one of [id, name]", "{}"))
}

/// Makes a user a member; answers the conversation's ordinal and the member's place.
pub(super) fn create(
    exchange: &mut Exchange,
    now: Timestamp,
    caller: &Caller,
    id: &ConversationId,
    newcomer: Newcomer,
) -> Result<(u64, u32), Refusal> {
    check(Some(&newcomer.channel), newcomer.media.as_ref())?;
    let key = lookup::key(exchange, caller, id)?;
    let user = lookup::user(exchange, caller, &newcomer.user)?;
    let (user, name) = (user.id, user.name.clone());
    let conversation = lookup::at(exchange, key)?;
    let present = conversation.members.iter().filter(|member| member.state != MemberState::Left);
    if present.count() >= MOST {
        return Err(refusal::room::too_many_members(MOST));
    }
    if newcomer.state == MemberState::Joined {
        refuse_twice(exchange, conversation, (user, &name), Some(&newcomer.channel), None)?;
    }
    let by_user = newcomer.invited_by.is_some() || lookup::subject(caller).is_some();
    let json = |json: serde_json::Result<Json>| json.ok();
    let joined = newcomer.state == MemberState::Joined;
    let more = More {
        channel: json(Json::of(&newcomer.channel)),
        media: newcomer.media.as_ref().and_then(|media| json(Json::of(media))),
        knocking_id: newcomer.knocking_id,
        invited_by: newcomer.invited_by,
        by_user,
        ..More::default()
    };
    let index = conversation.members.len();
    let member = Member {
        id: Id::derive(
            exchange.settings.seed,
            Purpose::Member,
            OF_CONVERSATION | key,
            index as u64,
        ),
        user,
        user_name: UserName::Given(name),
        leg: None,
        state: newcomer.state,
        invited: (!joined).then_some(now),
        joined: joined.then_some(now),
        left: None,
        more: Some(Box::new(more)),
    };
    let place = u32::try_from(index).unwrap_or(u32::MAX);
    if let Some(conversation) = exchange.conversations.get_mut(key) {
        conversation.members.push(member);
    }
    log(exchange, now, key, place, if joined { What::MemberJoined } else { What::MemberInvited });
    Ok((key, place))
}

/// Refuses what is neither form of a union: reading keeps it, and it would be answered as it came.
fn check(channel: Option<&Channel>, media: Option<&Media>) -> Result<(), Refusal> {
    let legs = channel.and_then(|channel| channel.leg_ids.as_deref()).unwrap_or_default();
    for leg in legs {
        if let LegRef::Unknown(json) = leg {
            return Err(write::wrong("leg_ids", "must contain texts or objects", json.as_str()));
        }
    }
    match media.and_then(|media| media.audio.as_ref()) {
        Some(Audio::Unknown(json)) => {
            Err(write::wrong("audio", "must be a boolean or an object", json.as_str()))
        }
        _ => Ok(()),
    }
}

/// A user has one joined member of each channel type at most.
fn refuse_twice(
    exchange: &Exchange,
    conversation: &Conversation,
    (user, name): (Id, &str),
    channel: Option<&Channel>,
    but: Option<u32>,
) -> Result<(), Refusal> {
    let kind = |channel: Option<&Channel>| {
        let kind = channel.and_then(|channel| channel.kind.as_ref());
        kind.map_or("app", |kind| kind.as_str()).to_owned()
    };
    let wanted = kind(channel);
    let is_same = |(place, member): (u32, &Member)| {
        let is_user = match &member.user_name {
            UserName::Given(other) => member.user == user || **other == *name,
            UserName::Id | UserName::Voice(_) => member.user == user,
        };
        Some(place) != but
            && is_user
            && member.state == MemberState::Joined
            && kind(super::view::channel_of(exchange, member).as_ref()) == wanted
    };
    if (0..).zip(&conversation.members).any(is_same) {
        return Err(refusal::room::member_already_joined(name, &wanted));
    }
    Ok(())
}

/// Changes a member; answers the conversation's ordinal and the member's place.
///
/// A member with a leg leaves by its leg being hung up; its conversation may go with it.
pub(super) fn update(
    exchange: &mut Exchange,
    now: Timestamp,
    caller: &Caller,
    id: &ConversationId,
    member_id: &MemberId,
    change: Change,
) -> Result<(u64, u32), Refusal> {
    check(change.channel.as_ref(), None)?;
    let key = lookup::key(exchange, caller, id)?;
    let conversation = lookup::at(exchange, key)?;
    let (place, member) = lookup::member(conversation, member_id)?;
    if member.state == MemberState::Left {
        return Err(refusal::room::member_has_left(member_id.as_str()));
    }
    let leg = member.leg;
    if change.state == MemberState::Joined {
        if leg.is_some() && member.state == MemberState::Invited {
            return Err(refusal::room::member_is_called(member_id.as_str()));
        }
        let given = super::view::channel_of(exchange, member);
        let channel = change.channel.as_ref().or(given.as_ref());
        let but = (member.state == MemberState::Invited).then_some(place);
        let name = member.user_name();
        refuse_twice(exchange, conversation, (member.user, &name), channel, but)?;
    }
    let Some(member) =
        exchange.conversations.get_mut(key).and_then(|conversation| conversation.member_mut(place))
    else {
        return Err(refusal::within_conversation(
            known::MEMBER_NOT_FOUND,
            "member",
            member_id.as_str(),
        ));
    };
    if let Some(channel) = change.channel {
        member.more().channel = Json::of(&channel).ok();
    }
    if change.reason.is_some() {
        member.more().reason = change.reason;
    }
    match (change.state, leg) {
        (MemberState::Left, Some(leg)) => exchange.platform_hangs_up(now, leg),
        (MemberState::Left, None) => {
            (member.state, member.left) = (MemberState::Left, Some(now));
            log(exchange, now, key, place, What::MemberLeft);
            if exchange.conversations.get(key).is_some_and(Conversation::is_empty) {
                exchange.room_is_empty(now, key);
            }
        }
        (MemberState::Joined, _) => {
            (member.state, member.joined) = (MemberState::Joined, Some(now));
            log(exchange, now, key, place, What::MemberJoined);
        }
        (MemberState::Invited, _) => {}
    }
    Ok((key, place))
}

/// Changes nothing but the channel of a member, where the request names no state.
pub(super) fn set_channel(
    exchange: &mut Exchange,
    caller: &Caller,
    id: &ConversationId,
    member_id: &MemberId,
    channel: Option<&Channel>,
) -> Result<(u64, u32), Refusal> {
    check(channel, None)?;
    let key = lookup::key(exchange, caller, id)?;
    let (place, _) = lookup::member(lookup::at(exchange, key)?, member_id)?;
    let conversation = exchange.conversations.get_mut(key);
    let member = conversation.and_then(|conversation| conversation.member_mut(place));
    if let (Some(member), Some(channel)) = (member, channel) {
        member.more().channel = Json::of(channel).ok();
    }
    Ok((key, place))
}

fn log(exchange: &mut Exchange, now: Timestamp, key: u64, place: u32, what: What) {
    if let Some(conversation) = exchange.conversations.get_mut(key) {
        conversation.append(what, place, now);
        exchange.post(now, key);
    }
}
