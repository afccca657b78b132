//! What the generations before v1 have in common.

use ringback_model::{
    ConversationId, MemberId, Timestamp, UserId,
    beta::{
        Created, EventCreated, EventRequest, Member as MemberView, MemberItem, MemberRequest,
        MemberUpdate, Properties, UserConversation,
    },
    event as event_model,
};

use super::{
    events::{self, Sent},
    lookup::{self, Span},
    members::{self, Change, Newcomer},
    users, view, write,
};
use crate::{
    Exchange, Refusal, Request,
    conversation::{Conversation, Member, MemberState},
};

/// How many items a list without pages has.
pub(super) const MOST: usize = 100;

/// A conversation with its members, as beta and v0.1 show it, but for its sequence number.
macro_rules! conversation {
    ($of:ident, $generation:expr, $exchange:expr, $conversation:expr) => {{
        let (exchange, conversation) = ($exchange, $conversation);
        let mut shown = $of::Conversation::new(conversation.id());
        shown.name = Some(conversation.name());
        shown.display_name = view::given(conversation).0;
        shown.timestamp = Some(write::times(conversation));
        shown.numbers = Some(exchange.empty.clone());
        let mut properties = old::properties(conversation);
        properties.video = Some(false);
        shown.properties = Some(properties);
        shown.members = Some(old::embedded(exchange, conversation));
        shown.links = Some(view::link(view::address(exchange, $generation, conversation)));
        shown
    }};
}
pub(super) use conversation;

/// What beta and v0.1 show of one member.
macro_rules! member {
    ($shown:expr, $generation:expr, $exchange:expr, $conversation:expr, $member:expr) => {{
        let (exchange, conversation, member) = ($exchange, $conversation, $member);
        let mut shown = $shown;
        let person = view::person(exchange, conversation, member);
        (shown.user_id, shown.name) = (Some(person.id), Some(person.name));
        shown.state = Some(view::state(member));
        shown.timestamp = Some(view::times(member));
        shown.invited_by = old::invited_by(conversation, member);
        shown.channel = view::channel_of(exchange, member);
        shown.initiator = Some(view::initiator!(event, view::author(conversation, member)));
        let href = view::address(exchange, $generation, conversation);
        shown.href = Some(format!("{href}/members/{}", member.id()));
        shown
    }};
}
pub(super) use member;

/// An event as all but v0.2 and v1 show it.
macro_rules! event {
    ($of:ident, $generation:expr, $exchange:expr, $conversation:expr, $id:expr, $entry:expr) => {{
        let (exchange, conversation, id, entry) = ($exchange, $conversation, $id, $entry);
        let kind = conversation.log_kind(entry.what);
        let mut event = $of::Event::new(id, kind, view::body(exchange, conversation, entry));
        let sender = view::sender(exchange, conversation, entry);
        event.from = sender.map($crate::conversation::Member::id);
        // Both are empty in every sample.
        event.to = Some(ringback_model::MemberId::new(""));
        event.state = ringback_model::Json::of("").ok();
        event.timestamp = Some(entry.at);
        event.href = Some(old::event_address(exchange, $generation, conversation, id));
        Kept::new(event)
    }};
}
pub(super) use event;

pub(super) fn event_address(
    exchange: &Exchange,
    generation: &str,
    conversation: &Conversation,
    id: u64,
) -> String {
    format!("{}/events/{id}", view::address(exchange, generation, conversation))
}

pub(super) fn properties(conversation: &Conversation) -> Properties {
    let mut properties = Properties::new();
    properties.ttl = view::properties(conversation).ttl;
    properties
}

/// The members as their conversation embeds them.
pub(super) fn embedded(exchange: &Exchange, conversation: &Conversation) -> Vec<MemberView> {
    let shown = |member: &Member| {
        let person = view::person(exchange, conversation, member);
        let mut shown = MemberView::new();
        shown.member_id = Some(member.id());
        (shown.user_id, shown.name) = (Some(person.id), Some(person.name));
        shown.state = Some(view::state(member));
        shown.timestamp = Some(view::times(member));
        shown.invited_by = invited_by(conversation, member);
        shown.channel = view::channel_of(exchange, member);
        let author = view::author(conversation, member);
        shown.initiator = Some(view::initiator!(event_model, author));
        shown
    };
    conversation.members.iter().map(shown).collect()
}

/// Who invited a member: a user here. Legs name their own, as the sample does.
pub(super) fn invited_by(conversation: &Conversation, member: &Member) -> Option<String> {
    if member.leg.is_some() {
        return member.invited.map(|_| member.user_id().to_string());
    }
    let user = view::author(conversation, member).user_id.map(|user| user.to_string());
    user.or_else(|| member.more.as_ref()?.invited_by.clone())
}

/// The members without their ids.
pub(super) fn members(
    exchange: &Exchange,
    request: &Request,
    id: &ConversationId,
) -> Result<Vec<MemberItem>, Refusal> {
    let conversation = lookup::conversation(exchange, &request.caller, id)?;
    let item = |member: &Member| {
        let person = view::person(exchange, conversation, member);
        let mut item = MemberItem::new();
        item.user_id = Some(person.id);
        item.user_name = Some(person.name.clone());
        item.name = Some(person.name);
        item.state = Some(view::state(member));
        item
    };
    Ok(conversation.members.iter().take(MOST).map(item).collect())
}

/// Invites a user or lets one join; one that was invited before is named by its member.
pub(super) fn create_member(
    exchange: &mut Exchange,
    now: Timestamp,
    request: &Request,
    id: &ConversationId,
    body: MemberRequest,
) -> Result<(u64, u32), Refusal> {
    let state = members::action(body.action.as_deref())?;
    if let Some(member) = body.member_id.filter(|_| state == MemberState::Joined) {
        let change = Change { state, channel: Some(body.channel), reason: None };
        return members::update(exchange, now, &request.caller, id, &member, change);
    }
    let newcomer = Newcomer {
        state,
        user: body.user_id.to_string(),
        channel: body.channel,
        media: body.media,
        knocking_id: body.knocking_id,
        invited_by: body.member_id_inviting.map(|id| id.to_string()),
    };
    members::create(exchange, now, &request.caller, id, newcomer)
}

/// Lets an invited member join, or gives one another channel.
pub(super) fn update_member(
    exchange: &mut Exchange,
    now: Timestamp,
    request: &Request,
    generation: &str,
    (id, member_id): (&ConversationId, &MemberId),
    body: MemberUpdate,
) -> Result<Created, Refusal> {
    let caller = &request.caller;
    let (key, _) = match members::action(body.action.as_deref())? {
        MemberState::Joined => {
            let change = Change { state: MemberState::Joined, channel: body.channel, reason: None };
            members::update(exchange, now, caller, id, member_id, change)?
        }
        _ => members::set_channel(exchange, caller, id, member_id, body.channel.as_ref())?,
    };
    let href = view::address(exchange, generation, lookup::at(exchange, key)?);
    let mut created = Created::new();
    created.id = Some(member_id.to_string());
    created.href = Some(format!("{href}/members/{member_id}"));
    Ok(created)
}

pub(super) fn delete_member(
    exchange: &mut Exchange,
    now: Timestamp,
    request: &Request,
    id: &ConversationId,
    member_id: &MemberId,
) -> Result<ringback_model::Nothing, Refusal> {
    let change = Change { state: MemberState::Left, channel: None, reason: None };
    members::update(exchange, now, &request.caller, id, member_id, change)?;
    Ok(ringback_model::Nothing)
}

/// Sends an event; the reply is its id, its time and its address alone.
pub(super) fn create_event(
    exchange: &mut Exchange,
    now: Timestamp,
    request: &Request,
    generation: &str,
    id: &ConversationId,
    body: EventRequest,
) -> Result<EventCreated, Refusal> {
    let sent = Sent { kind: body.kind, from: Some(body.from), to: body.to, body: body.body };
    events::create(exchange, now, &request.caller, id, sent, |exchange, conversation, id, entry| {
        let mut created = EventCreated::new();
        created.id = Some(id);
        created.timestamp = Some(entry.at);
        created.href = Some(event_address(exchange, generation, conversation, id));
        created
    })
}

pub(super) fn delete_event(
    exchange: &mut Exchange,
    now: Timestamp,
    request: &Request,
    (id, event): (&ConversationId, &str),
    from: Option<&MemberId>,
) -> Result<ringback_model::Nothing, Refusal> {
    events::delete(exchange, now, &request.caller, id, event, from)?;
    Ok(ringback_model::Nothing)
}

/// The conversations of a user; their addresses are below the user's.
pub(super) fn user_conversations(
    exchange: &Exchange,
    request: &Request,
    generation: &str,
    id: &UserId,
) -> Result<Vec<UserConversation>, Refusal> {
    let user = lookup::user(exchange, &request.caller, id.as_str())?;
    let href = view::user_address(exchange, generation, user);
    let span = Span::default();
    let all = users::conversations(exchange, &request.caller, id.as_str(), &span, None)?;
    let shown = |(_, (conversation, member)): (u64, users::Membership<'_>)| {
        let (display_name, image_url) = view::given(conversation);
        let mut item = UserConversation::new();
        item.id = Some(conversation.id());
        item.name = Some(conversation.name());
        item.display_name = Some(display_name.unwrap_or_default());
        // Empty text in the sample.
        item.image_url = Some(image_url.unwrap_or_default());
        item.timestamp = Some(write::times(conversation));
        item.state = Some(view::state(member));
        item.member_id = Some(member.id());
        item.sequence_number = Some(conversation.log.len() as u64);
        item.href = Some(format!("{href}/conversations/{}", conversation.id()));
        item
    };
    Ok(all.into_iter().take(MOST).map(shown).collect())
}

/// Makes, replaces or names a user; the reply is its id and its address.
pub(super) fn user_made(
    exchange: &Exchange,
    generation: &str,
    id: crate::id::Id,
) -> Result<Created, Refusal> {
    let user = users::made(exchange, id)?;
    let mut created = Created::new();
    created.id = Some(user.id().to_string());
    created.href = Some(view::user_address(exchange, generation, user));
    Ok(created)
}
