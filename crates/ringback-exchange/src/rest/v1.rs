//! Conversations as the current generation shows them.

use ringback_model::{
    HalLink, HalLinks, Kept,
    event::{ConversationTimes, Order},
    problem::known,
    v1::{
        Conversation as View, ConversationList, ConversationLite, ConversationState,
        EmbeddedConversations, EmbeddedMembers, EmbeddedUser, Event, EventList, GetConversation,
        GetEvent, GetMe, GetMember, Initiator, InitiatorBy, ListConversations, ListEvents,
        ListMembers, MediaState, Member as MemberView, MemberLinks, MemberList, MemberLite,
        Properties, UserLite,
    },
};

use super::{page, view};
use crate::{
    Caller, Exchange, Refusal, Request,
    conversation::{Conversation, Entry, Member},
    refusal,
};

fn href(exchange: &Exchange, conversation: &Conversation) -> String {
    format!("{}/v1/conversations/{}", exchange.settings.origin, conversation.id())
}

fn created(conversation: &Conversation) -> ConversationTimes {
    let mut times = ConversationTimes::new();
    times.created = Some(conversation.created);
    times
}

pub(super) fn conversation(
    exchange: &Exchange,
    caller: &Caller,
    operation: &GetConversation,
) -> Result<Kept<View>, Refusal> {
    let conversation = view::find(exchange, caller, &operation.conversation_id)?;
    let mut properties = Properties::new();
    properties.ttl = Some(conversation.application.conversations_ttl);
    let mut media = MediaState::new();
    for flag in [
        &mut media.earmuff,
        &mut media.mute,
        &mut media.play_stream,
        &mut media.recording,
        &mut media.transcribing,
        &mut media.tts,
    ] {
        *flag = Some(false);
    }
    let mut shown = View::new(conversation.id());
    shown.name = Some(conversation.name());
    shown.state = Some(ConversationState::Active);
    shown.sequence_number = Some(conversation.log.len() as u64);
    shown.timestamp = Some(created(conversation));
    shown.properties = Some(properties);
    shown.media_state = Some(media);
    shown.links = Some(view::link(href(exchange, conversation)));
    Ok(Kept::new(shown))
}

pub(super) fn conversations(
    exchange: &Exchange,
    request: &Request,
    operation: &ListConversations,
) -> Result<ConversationList, Refusal> {
    let mut all = view::of_caller(exchange, &request.caller);
    if operation.order == Some(Order::Desc) {
        all.reverse();
    }
    let place = Place::of(operation.cursor.as_deref(), operation.page_size)?;
    let items = place
        .items(&all)
        .iter()
        .map(|conversation| {
            let mut item = ConversationLite::new(conversation.id());
            item.name = Some(conversation.name());
            item.timestamp = Some(created(conversation));
            item.links = Some(view::link(href(exchange, conversation)));
            Kept::new(item)
        })
        .collect();
    let mut list = ConversationList::new(EmbeddedConversations::new(items));
    list.page_size = place.size();
    list.links = Some(place.links(exchange, request, all.len()));
    Ok(list)
}

pub(super) fn members(
    exchange: &Exchange,
    request: &Request,
    operation: &ListMembers,
) -> Result<MemberList, Refusal> {
    let conversation = view::find(exchange, &request.caller, &operation.conversation_id)?;
    let mut all: Vec<&Member> = conversation.members.iter().collect();
    if operation.order == Some(Order::Desc) {
        all.reverse();
    }
    let place = Place::of(operation.cursor.as_deref(), operation.page_size)?;
    let items = place
        .items(&all)
        .iter()
        .map(|member| {
            let mut item = MemberLite::new(member.id());
            item.state = Some(view::state(member));
            item.embedded = Some(user(exchange, member));
            item.links = Some(member_links(exchange, conversation, member));
            Kept::new(item)
        })
        .collect();
    let mut list = MemberList::new(EmbeddedMembers::new(items));
    list.page_size = place.size();
    list.links = Some(place.links(exchange, request, all.len()));
    Ok(list)
}

pub(super) fn member(
    exchange: &Exchange,
    caller: &Caller,
    operation: &GetMember,
) -> Result<Kept<MemberView>, Refusal> {
    let conversation = view::find(exchange, caller, &operation.conversation_id)?;
    let member = view::member(conversation, &operation.member_id)?;
    Ok(Kept::new(member_view(exchange, conversation, member)))
}

/// The member that the token's subject is; members of calls have users that the platform made.
pub(super) fn me(
    exchange: &Exchange,
    caller: &Caller,
    operation: &GetMe,
) -> Result<Kept<MemberView>, Refusal> {
    let conversation = view::find(exchange, caller, &operation.conversation_id)?;
    let name = match caller {
        Caller::Application { user: Some(name), .. } if !name.is_empty() => name.as_str(),
        _ => return Err(refusal::no_user()),
    };
    let member = conversation.members.iter().find(|member| member.user_name() == name);
    let member = member.ok_or_else(|| {
        refusal::within_conversation(known::conversation::MEMBER_NOT_FOUND, "member", name)
    })?;
    Ok(Kept::new(member_view(exchange, conversation, member)))
}

fn member_view(exchange: &Exchange, conversation: &Conversation, member: &Member) -> MemberView {
    let mut by = InitiatorBy::new();
    by.is_system = Some(true);
    let mut initiator = Initiator::new();
    if member.invited.is_some() {
        initiator.invited = Some(by);
    } else {
        initiator.joined = Some(by);
    }
    let mut shown = MemberView::new(member.id());
    shown.conversation_id = Some(conversation.id());
    shown.embedded = Some(user(exchange, member));
    shown.state = Some(view::state(member));
    shown.timestamp = Some(view::times(member));
    shown.initiator = Some(initiator);
    shown.channel = view::channel_of(exchange, member);
    shown.media = Some(view::media_of(exchange, member));
    // A member id here, where beta had a user's.
    shown.invited_by = member.invited.map(|_| member.id().to_string());
    shown.links = Some(member_links(exchange, conversation, member));
    shown
}

fn user(exchange: &Exchange, member: &Member) -> EmbeddedUser {
    let id = member.user_id();
    let href = format!("{}/v1/users/{id}", exchange.settings.origin);
    let mut user = UserLite::new();
    user.id = Some(id);
    user.name = Some(member.user_name());
    user.links = Some(view::link(href));
    let mut embedded = EmbeddedUser::new();
    embedded.user = Some(user);
    embedded
}

/// Both spellings: bare as in the specification, and below `self` as the Node SDK's fixtures have it.
fn member_links(exchange: &Exchange, conversation: &Conversation, member: &Member) -> MemberLinks {
    let href = format!("{}/members/{}", href(exchange, conversation), member.id());
    let mut links = MemberLinks::new();
    links.this = Some(HalLink::new(href.clone()));
    links.href = Some(href);
    links
}

pub(super) fn events(
    exchange: &Exchange,
    request: &Request,
    operation: &ListEvents,
) -> Result<EventList, Refusal> {
    let conversation = view::find(exchange, &request.caller, &operation.conversation_id)?;
    let bound = |name: &str, id: &Option<String>| match id {
        None => Ok(None),
        Some(id) => id.parse::<u64>().map(Some).map_err(|_| {
            let reason = format!("\"{name}\" must be a number");
            refusal::invalid(known::conversation::VALIDATION, name, &reason, id)
        }),
    };
    let start = bound("start_id", &operation.start_id)?.unwrap_or(0);
    let end = bound("end_id", &operation.end_id)?.unwrap_or(u64::MAX);
    let mut all: Vec<(u64, &Entry)> = conversation
        .log
        .iter()
        .enumerate()
        .map(|(place, entry)| (place as u64 + 1, entry))
        .filter(|(id, _)| (start..=end).contains(id))
        .filter(|(_, entry)| {
            operation
                .event_type
                .as_ref()
                .is_none_or(|kind| conversation.log_kind(entry.what) == *kind)
        })
        .collect();
    if operation.order == Some(Order::Desc) {
        all.reverse();
    }
    let place = Place::of(operation.cursor.as_deref(), operation.page_size)?;
    let items = place
        .items(&all)
        .iter()
        .map(|(id, entry)| Kept::new(event_view(exchange, conversation, *id, entry)))
        .collect();
    let mut list = EventList::new(items);
    list.page_size = place.size();
    list.links = Some(place.links(exchange, request, all.len()));
    Ok(list)
}

pub(super) fn event(
    exchange: &Exchange,
    caller: &Caller,
    operation: &GetEvent,
) -> Result<Kept<Event>, Refusal> {
    let conversation = view::find(exchange, caller, &operation.conversation_id)?;
    let (id, entry) = view::event(conversation, &operation.event_id)?;
    Ok(Kept::new(event_view(exchange, conversation, id, entry)))
}

fn event_view(exchange: &Exchange, conversation: &Conversation, id: u64, entry: &Entry) -> Event {
    let mut event = Event::new(
        id,
        conversation.log_kind(entry.what),
        view::body(exchange, conversation, entry),
    );
    event.timestamp = Some(entry.at);
    if let Some(sender) = view::sender(exchange, conversation, entry) {
        event.from = Some(sender.id());
        event.embedded = Some(view::embedded_from(sender));
    }
    event.links = Some(view::link(format!("{}/events/{id}", href(exchange, conversation))));
    event
}

/// A place in a list: the cursor is the place of the first item, hidden in hexadecimal.
struct Place {
    from: usize,
    size: usize,
}

impl Place {
    fn of(cursor: Option<&str>, size: Option<u32>) -> Result<Self, Refusal> {
        let from = match cursor {
            None => 0,
            Some(text) => usize::from_str_radix(text, 16)
                .ok()
                .filter(|_| text.len() == 16)
                .ok_or_else(|| {
                    let reason = "\"cursor\" must come from a link of this list";
                    refusal::invalid(known::conversation::INVALID_CURSOR, "cursor", reason, text)
                })?,
        };
        Ok(Self { from, size: page::size(size) })
    }

    fn size(&self) -> Option<u32> {
        u32::try_from(self.size).ok()
    }

    fn items<'a, T>(&self, all: &'a [T]) -> &'a [T] {
        page::slice(&all[self.from.min(all.len())..], 0, self.size)
    }

    /// This page and those around it, absolute: the Node SDK parses `next` as a URL.
    fn links(&self, exchange: &Exchange, request: &Request, total: usize) -> HalLinks {
        let base = format!("{}{}", exchange.settings.origin, request.parts.path);
        let kept: Vec<&str> = request
            .parts
            .query
            .as_deref()
            .unwrap_or_default()
            .split('&')
            .filter(|pair| {
                !pair.is_empty() && !pair.starts_with("cursor=") && !pair.starts_with("page_size=")
            })
            .collect();
        let at = |from: Option<usize>| {
            let mut href = format!("{base}?page_size={}", self.size);
            for pair in &kept {
                href.push('&');
                href.push_str(pair);
            }
            if let Some(from) = from {
                href.push_str(&format!("&cursor={from:016x}"));
            }
            Some(HalLink::new(href))
        };
        let mut links = HalLinks::new();
        links.first = at(None);
        links.this = at((self.from > 0).then_some(self.from));
        let next = self.from.saturating_add(self.size);
        links.next = if next < total { at(Some(next)) } else { None };
        links.prev =
            if self.from > 0 { at(Some(self.from.saturating_sub(self.size))) } else { None };
        links
    }
}
