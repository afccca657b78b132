//! Users of the current generation.

use ringback_model::{
    Kept, Timestamp,
    event::Order,
    v1::{
        CreateUser, EmbeddedMembership, EmbeddedSessions, EmbeddedUserConversations, EmbeddedUsers,
        GetUser, ListUserConversations, ListUserSessions, ListUsers, SessionList, UpdateUser,
        User as View, UserConversation, UserConversationList, UserList, UserLite,
    },
};

use super::{V1, view};
use crate::{
    Exchange, Refusal, Request,
    directory::User,
    rest::{
        lookup::{self, Span},
        page::{Asked, Page},
        users::{self as write, Membership},
        write as conversations_write,
    },
};

pub(super) fn list(
    exchange: &Exchange,
    request: &Request,
    operation: &ListUsers,
) -> Result<UserList, Refusal> {
    // The vendor's command line says `sort` where the reference says `order`.
    let order: Option<&Order> = operation.order.as_ref().or(operation.sort.as_ref());
    let asked = Asked { order, ..asked!(operation) };
    let page = asked.page(&write::all(exchange, &request.caller, operation.name.as_deref())?)?;
    let mut list = UserList::new(EmbeddedUsers::new(page.show(|_, user| lite(exchange, V1, user))));
    (list.page_size, list.links) = (page.size, page.links(exchange, request));
    Ok(list)
}

/// A user as a list has it.
pub(in crate::rest) fn lite(exchange: &Exchange, generation: &str, user: &User) -> UserLite {
    let mut item = UserLite::new();
    item.id = Some(user.id());
    item.name = Some(user.name.to_string());
    item.display_name.clone_from(&user.display_name);
    item.links = Some(view::link(view::user_address(exchange, generation, user)));
    item
}

pub(super) fn create(
    exchange: &mut Exchange,
    now: Timestamp,
    request: &Request,
    operation: CreateUser,
) -> Result<Kept<View>, Refusal> {
    let id = write::create(exchange, now, &request.caller, operation.body)?;
    Ok(shown(exchange, write::made(exchange, id)?))
}

pub(super) fn get(
    exchange: &Exchange,
    request: &Request,
    operation: &GetUser,
) -> Result<Kept<View>, Refusal> {
    let user = lookup::user(exchange, &request.caller, operation.user_id.as_str())?;
    Ok(shown(exchange, user))
}

pub(super) fn update(
    exchange: &mut Exchange,
    now: Timestamp,
    request: &Request,
    operation: UpdateUser,
) -> Result<Kept<View>, Refusal> {
    let id = operation.user_id.as_str();
    let id = write::update(exchange, now, &request.caller, id, Some(operation.body))?;
    Ok(shown(exchange, write::made(exchange, id)?))
}

fn shown(exchange: &Exchange, user: &User) -> Kept<View> {
    let mut shown = View::new(user.id());
    shown.name = Some(user.name.to_string());
    shown.display_name.clone_from(&user.display_name);
    shown.image_url.clone_from(&user.image_url);
    // Clients read them before they write them back, so they are always there.
    let properties = user.properties.as_ref().and_then(|properties| properties.read().ok());
    shown.properties = Some(properties.unwrap_or_default());
    let none = || exchange.empty.clone();
    shown.channels = Some(user.channels.clone().unwrap_or_else(none));
    shown.timestamp = Some(write::times(user));
    shown.links = Some(view::link(view::user_address(exchange, V1, user)));
    Kept::new(shown)
}

pub(super) fn conversations(
    exchange: &Exchange,
    request: &Request,
    operation: &ListUserConversations,
) -> Result<UserConversationList, Refusal> {
    let span = Span::read(operation.date_start.as_deref(), None)?;
    let (user, state) = (operation.user_id.as_str(), operation.state.as_ref());
    let all = write::conversations(exchange, &request.caller, user, &span, state)?;
    let page = asked!(operation).page(&all)?;
    let with_data = operation.include_custom_data == Some(true);
    Ok(user_conversations(exchange, request, V1, with_data, &page))
}

/// A page of a user's conversations; v0.3 shows the same.
pub(in crate::rest) fn user_conversations(
    exchange: &Exchange,
    request: &Request,
    generation: &str,
    with_data: bool,
    page: &Page<Membership<'_>>,
) -> UserConversationList {
    let items = page.show(|_, (conversation, member)| {
        let mut properties = view::properties(conversation);
        if !with_data {
            properties.custom_data = None;
        }
        let mut membership = EmbeddedMembership::new();
        (membership.id, membership.state) = (Some(member.id()), Some(view::state(member)));
        let mut item = UserConversation::new(conversation.id());
        item.name = Some(conversation.name());
        (item.display_name, item.image_url) = view::given(conversation);
        item.sequence_number = Some(conversation.log.len() as u64);
        item.properties = Some(properties);
        item.timestamp = Some(conversations_write::times(conversation));
        item.links = Some(view::link(view::address(exchange, generation, conversation)));
        item.embedded = Some(membership);
        Kept::new(item)
    });
    let mut list = UserConversationList::new(EmbeddedUserConversations::new(items));
    (list.page_size, list.links) = (page.size, page.links(exchange, request));
    list
}

/// The sessions of a user; client SDKs have none here.
pub(super) fn sessions(
    exchange: &Exchange,
    request: &Request,
    operation: &ListUserSessions,
) -> Result<SessionList, Refusal> {
    lookup::user(exchange, &request.caller, operation.user_id.as_str())?;
    let page: Page<()> = asked!(operation).page(&[])?;
    let mut list = SessionList::new(EmbeddedSessions::new(Vec::new()));
    (list.page_size, list.links) = (page.size, page.links(exchange, request));
    Ok(list)
}
