//! Members of the current generation.

use ringback_model::{
    Json, Kept, MemberState as WireState, Timestamp,
    problem::known::conversation as known,
    v1::{
        self, CreateMember, EmbeddedMembers, GetMe, GetMember, ListMembers, Member as View,
        MemberList, MemberLite, UpdateMember,
    },
};

use super::{V1, view};
use crate::{
    Exchange, Refusal, Request,
    conversation::{Conversation, Member, MemberState},
    refusal,
    rest::{
        lookup,
        members::{self as write, Change, Newcomer},
        view::initiator,
    },
};

pub(super) fn list(
    exchange: &Exchange,
    request: &Request,
    operation: &ListMembers,
) -> Result<MemberList, Refusal> {
    let conversation = lookup::conversation(exchange, &request.caller, &operation.conversation_id)?;
    let page = asked!(operation).page(&(0..).zip(&conversation.members).collect::<Vec<_>>())?;
    let items = page.show(|_, member| {
        let person = view::person(exchange, conversation, member);
        let mut item = MemberLite::new(member.id());
        item.state = Some(view::state(member));
        item.embedded = Some(view::embedded_user(exchange, V1, person));
        item.links = Some(view::member_links(exchange, V1, conversation, member));
        Kept::new(item)
    });
    let mut list = MemberList::new(EmbeddedMembers::new(items));
    (list.page_size, list.links) = (page.size, page.links(exchange, request));
    Ok(list)
}

pub(super) fn create(
    exchange: &mut Exchange,
    now: Timestamp,
    request: &Request,
    operation: CreateMember,
) -> Result<Kept<View>, Refusal> {
    let body = operation.body;
    let newcomer = Newcomer {
        state: write::first_state(&body.state)?,
        user: write::named(body.user)?,
        channel: body.channel,
        media: body.media,
        knocking_id: body.knocking_id,
        invited_by: body.member_id_inviting.map(|id| id.to_string()).or(body.from),
    };
    let id = &operation.conversation_id;
    let (key, place) = write::create(exchange, now, &request.caller, id, newcomer)?;
    at(exchange, key, place)
}

pub(super) fn get(
    exchange: &Exchange,
    request: &Request,
    operation: &GetMember,
) -> Result<Kept<View>, Refusal> {
    let conversation = lookup::conversation(exchange, &request.caller, &operation.conversation_id)?;
    let (_, member) = lookup::member(conversation, &operation.member_id)?;
    Ok(Kept::new(shown(exchange, conversation, member)))
}

/// The member that the token's subject is: the latest, and one that has not left before all others.
pub(super) fn me(
    exchange: &Exchange,
    request: &Request,
    operation: &GetMe,
) -> Result<Kept<View>, Refusal> {
    let conversation = lookup::conversation(exchange, &request.caller, &operation.conversation_id)?;
    let name = lookup::subject(&request.caller).ok_or_else(refusal::no_user)?;
    let named = |member: &&Member| view::person(exchange, conversation, member).name == name;
    let mut members = conversation.members.iter().rev().filter(named);
    let last = members.clone().next();
    let member = members.find(|member| member.state != MemberState::Left).or(last);
    let member = member
        .ok_or_else(|| refusal::within_conversation(known::MEMBER_NOT_FOUND, "member", name))?;
    Ok(Kept::new(shown(exchange, conversation, member)))
}

pub(super) fn update(
    exchange: &mut Exchange,
    now: Timestamp,
    request: &Request,
    operation: &UpdateMember,
) -> Result<Kept<View>, Refusal> {
    let (caller, id) = (&request.caller, &operation.conversation_id);
    let conversation = lookup::conversation(exchange, caller, id)?;
    let (_, member) = lookup::member(conversation, &operation.member_id)?;
    let mut before = shown(exchange, conversation, member);
    let change = Change {
        state: write::next_state(&operation.body.state)?,
        channel: None,
        reason: operation.body.reason.as_ref().and_then(|reason| Json::of(reason).ok()),
    };
    let (key, place) = write::update(exchange, now, caller, id, &operation.member_id, change)?;
    if exchange.conversations.get(key).is_some() {
        return at(exchange, key, place);
    }
    // Its call went with it, and the conversation with the call.
    before.state = Some(WireState::Left);
    if let Some(times) = &mut before.timestamp {
        times.left = Some(now);
    }
    Ok(Kept::new(before))
}

fn at(exchange: &Exchange, key: u64, place: u32) -> Result<Kept<View>, Refusal> {
    let conversation = lookup::at(exchange, key)?;
    let member = lookup::member_at(conversation, place)?;
    Ok(Kept::new(shown(exchange, conversation, member)))
}

fn shown(exchange: &Exchange, conversation: &Conversation, member: &Member) -> View {
    let more = member.more.as_deref();
    let person = view::person(exchange, conversation, member);
    let mut shown = View::new(member.id());
    shown.conversation_id = Some(conversation.id());
    shown.embedded = Some(view::embedded_user(exchange, V1, person));
    shown.state = Some(view::state(member));
    shown.timestamp = Some(view::times(member));
    shown.initiator = Some(initiator!(v1, view::author(conversation, member)));
    shown.channel = view::channel_of(exchange, member);
    shown.media = Some(view::media_of(exchange, member));
    shown.knocking_id = more.and_then(|more| more.knocking_id.clone());
    // A member id here, where beta had a user's; members of calls are invited by themselves.
    let own = || member.leg.and(member.invited).map(|_| member.id().to_string());
    shown.invited_by = more.and_then(|more| more.invited_by.clone()).or_else(own);
    shown.links = Some(view::member_links(exchange, V1, conversation, member));
    shown
}
