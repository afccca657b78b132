//! Lists as v0.2 shows them; it has nothing else but the deletion of events.

use ringback_model::{
    Kept, Operation,
    event::EventType,
    v0_2::{
        Conversation as ConversationView, ConversationList, ConversationsData, DeleteEvent,
        EmbeddedConversations, EmbeddedEvents, EmbeddedMembers, EmbeddedUsers, Event as EventView,
        EventList, EventsData, ListConversations, ListEvents, ListMembers, ListUsers,
        Member as MemberView, MemberList, MembersData, User as UserView, UserList, UsersData,
    },
};

use super::{
    Row, events,
    lookup::{self, Span},
    old, run, users, view, write,
};
use crate::{Exchange, Refusal, Request, conversation::Member};

/// The generation, as addresses name it.
const V0_2: &str = "v0.2";

/// Every operation of the generation.
pub(super) const SERVED: &[Row] = &[
    (ListConversations::INFO.id, |x, _, r| run(r, |op| conversations(x, r, &op))),
    (ListMembers::INFO.id, |x, _, r| run(r, |op| members(x, r, &op))),
    (ListEvents::INFO.id, |x, _, r| run(r, |op| list_events(x, r, &op))),
    (DeleteEvent::INFO.id, |x, now, r| {
        run(r, |op: DeleteEvent| {
            let ids = (&op.conversation_id, op.event_id.as_str());
            old::delete_event(x, now, r, ids, op.from.as_ref())
        })
    }),
    (ListUsers::INFO.id, |x, _, r| run(r, |op| list_users(x, r, &op))),
];

fn conversations(
    exchange: &Exchange,
    request: &Request,
    operation: &ListConversations,
) -> Result<ConversationList, Refusal> {
    let span = Span::read(operation.date_start.as_deref(), operation.date_end.as_deref())?;
    let page = asked!(operation)
        .page_of(|keys| lookup::conversations(exchange, &request.caller, &span, keys))?;
    let items =
        page.show(|_, found| Kept::new(view::listed!(ConversationView, V0_2, exchange, found)));
    let mut list = ConversationList::new(EmbeddedConversations::new(ConversationsData::new(items)));
    (list.page_size, list.cursor) = (page.size, page.cursor());
    list.links = page.links(exchange, request);
    Ok(list)
}

fn members(
    exchange: &Exchange,
    request: &Request,
    operation: &ListMembers,
) -> Result<MemberList, Refusal> {
    let conversation = lookup::conversation(exchange, &request.caller, &operation.conversation_id)?;
    let page = asked!(operation).page(&(0..).zip(&conversation.members).collect::<Vec<_>>())?;
    let href = view::address(exchange, V0_2, conversation);
    let items = page.show(|_, member: &&Member| {
        let person = view::person(exchange, conversation, member);
        let mut item = MemberView::new(member.id());
        (item.user_id, item.name) = (Some(person.id), Some(person.name));
        item.display_name = person.display_name;
        item.state = Some(view::state(member));
        item.links = Some(view::link(format!("{href}/members/{}", member.id())));
        Kept::new(item)
    });
    let mut list = MemberList::new(EmbeddedMembers::new(MembersData::new(items)));
    (list.page_size, list.links) = (page.size, page.links(exchange, request));
    Ok(list)
}

fn list_events(
    exchange: &Exchange,
    request: &Request,
    operation: &ListEvents,
) -> Result<EventList, Refusal> {
    let conversation = lookup::conversation(exchange, &request.caller, &operation.conversation_id)?;
    let page = asked!(operation).page(&events::filtered(conversation, &filter!(operation))?)?;
    let items = page.show(|id, entry| {
        let kind = conversation.log_kind(entry.what);
        let is_text = kind == EventType::Text;
        let mut event = EventView::new(id, kind, view::body(exchange, conversation, entry));
        event.from = view::sender(exchange, conversation, entry).map(Member::id);
        event.timestamp = Some(entry.at);
        // Only texts say where they are.
        event.conversation_id = is_text.then(|| conversation.id());
        let href = old::event_address(exchange, V0_2, conversation, id);
        event.links = Some(view::link(href));
        Kept::new(event)
    });
    let mut list = EventList::new(EmbeddedEvents::new(EventsData::new(items)));
    (list.page_size, list.links) = (page.size, page.links(exchange, request));
    Ok(list)
}

fn list_users(
    exchange: &Exchange,
    request: &Request,
    operation: &ListUsers,
) -> Result<UserList, Refusal> {
    let page = asked!(operation).page(&users::all(exchange, &request.caller, None)?)?;
    let items = page.show(|_, user| {
        let mut item = UserView::new(user.id());
        item.name = Some(user.name.to_string());
        item.links = Some(view::link(view::user_address(exchange, V0_2, user)));
        item
    });
    let mut list = UserList::new(EmbeddedUsers::new(UsersData::new(items)));
    (list.page_size, list.cursor) = (page.size, page.cursor());
    list.links = page.links(exchange, request);
    Ok(list)
}
