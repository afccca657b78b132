//! Conversations as the beta generation shows them.

use ringback_model::{
    Json, Kept,
    beta::{
        Conversation as View, ConversationItem, ConversationList, EmbeddedConversations, Event,
        GetConversation, GetEvent, GetMember, ListConversations, ListEvents, ListMembers,
        Member as MemberView, MemberItem, MemberRecord, Properties,
    },
    event::{ConversationTimes, Order},
};

use super::{page, view};
use crate::{
    Caller, Exchange, Refusal,
    conversation::{Conversation, Entry, Member},
};

fn href(exchange: &Exchange, conversation: &Conversation) -> String {
    format!("{}/beta/conversations/{}", exchange.settings.origin, conversation.id())
}

pub(super) fn conversation(
    exchange: &Exchange,
    caller: &Caller,
    operation: &GetConversation,
) -> Result<Kept<View>, Refusal> {
    let conversation = view::find(exchange, caller, &operation.conversation_id)?;
    let mut times = ConversationTimes::new();
    times.created = Some(conversation.created);
    let mut properties = Properties::new();
    properties.ttl = Some(conversation.application.conversations_ttl);
    properties.video = Some(false);
    let mut shown = View::new(conversation.id());
    shown.name = Some(conversation.name());
    shown.timestamp = Some(times);
    shown.sequence_number = Some(conversation.log.len() as u64);
    shown.numbers = Some(exchange.empty.clone());
    shown.properties = Some(properties);
    shown.members =
        Some(conversation.members.iter().map(|member| embedded(exchange, member)).collect());
    shown.links = Some(view::link(href(exchange, conversation)));
    Ok(Kept::new(shown))
}

/// A member as its conversation embeds it.
fn embedded(exchange: &Exchange, member: &Member) -> MemberView {
    let mut shown = MemberView::new();
    shown.member_id = Some(member.id());
    shown.user_id = Some(member.user_id());
    shown.name = Some(member.user_name());
    shown.state = Some(view::state(member));
    shown.timestamp = Some(view::times(member));
    // The sample names the member's own user.
    shown.invited_by = member.invited.map(|_| member.user_id().to_string());
    shown.channel = view::channel_of(exchange, member);
    shown.initiator = Some(view::initiator(member));
    shown
}

pub(super) fn conversations(
    exchange: &Exchange,
    caller: &Caller,
    operation: &ListConversations,
) -> Result<ConversationList, Refusal> {
    let mut all = view::of_caller(exchange, caller);
    if operation.order == Some(Order::Desc) {
        all.reverse();
    }
    let (size, index) = (page::size(operation.page_size), operation.record_index.unwrap_or(0));
    let items = page::slice(&all, index as usize, size)
        .iter()
        .map(|conversation| {
            let mut item = ConversationItem::new(conversation.id());
            item.name = Some(conversation.name());
            item.href = Some(href(exchange, conversation));
            item
        })
        .collect();
    let mut list = ConversationList::new(EmbeddedConversations::new(items));
    list.count = Some(all.len() as u64);
    list.page_size = u32::try_from(size).ok();
    list.record_index = Some(index);
    let origin = &exchange.settings.origin;
    let this = format!("{origin}/beta/conversations?page_size={size}&record_index={index}");
    list.links = Some(view::link(this));
    Ok(list)
}

pub(super) fn members(
    exchange: &Exchange,
    caller: &Caller,
    operation: &ListMembers,
) -> Result<Vec<MemberItem>, Refusal> {
    let conversation = view::find(exchange, caller, &operation.conversation_id)?;
    let item = |member: &Member| {
        let mut item = MemberItem::new();
        item.user_id = Some(member.user_id());
        item.user_name = Some(member.user_name());
        item.name = Some(member.user_name());
        item.state = Some(view::state(member));
        item
    };
    Ok(conversation.members.iter().map(item).collect())
}

pub(super) fn member(
    exchange: &Exchange,
    caller: &Caller,
    operation: &GetMember,
) -> Result<Kept<MemberRecord>, Refusal> {
    let conversation = view::find(exchange, caller, &operation.conversation_id)?;
    let member = view::member(conversation, &operation.member_id)?;
    let mut shown = MemberRecord::new(member.id());
    shown.user_id = Some(member.user_id());
    shown.name = Some(member.user_name());
    shown.state = Some(view::state(member));
    shown.timestamp = Some(view::times(member));
    shown.invited_by = member.invited.map(|_| member.user_id().to_string());
    shown.channel = view::channel_of(exchange, member);
    shown.initiator = Some(view::initiator(member));
    shown.href = Some(format!("{}/members/{}", href(exchange, conversation), member.id()));
    Ok(Kept::new(shown))
}

pub(super) fn events(
    exchange: &Exchange,
    caller: &Caller,
    operation: &ListEvents,
) -> Result<Vec<Kept<Event>>, Refusal> {
    let conversation = view::find(exchange, caller, &operation.conversation_id)?;
    let shown = |(place, entry)| Kept::new(shown(exchange, conversation, place as u64 + 1, entry));
    Ok(conversation.log.iter().enumerate().take(100).map(shown).collect())
}

pub(super) fn event(
    exchange: &Exchange,
    caller: &Caller,
    operation: &GetEvent,
) -> Result<Kept<Event>, Refusal> {
    let conversation = view::find(exchange, caller, &operation.conversation_id)?;
    let (id, entry) = view::event(conversation, &operation.event_id)?;
    Ok(Kept::new(shown(exchange, conversation, id, entry)))
}

fn shown(exchange: &Exchange, conversation: &Conversation, id: u64, entry: &Entry) -> Event {
    let nothing = Json::parse("\"\"").unwrap_or_default();
    let mut event = Event::new(
        id,
        conversation.log_kind(entry.what),
        view::body(exchange, conversation, entry),
    );
    event.from = view::sender(exchange, conversation, entry).map(Member::id);
    // Empty in every sample.
    event.to = Some(ringback_model::MemberId::new(""));
    event.state = Some(nothing);
    event.timestamp = Some(entry.at);
    event.href = Some(format!("{}/events/{id}", href(exchange, conversation)));
    event
}
