//! Conversations and users as v0.3 shows them: v1 in the making.

use ringback_model::{
    Kept, Operation, event, v0_3,
    v0_3::{
        Conversation as ConversationView, ConversationList, EmbeddedConversations, EmbeddedEvents,
        EmbeddedMembers, EmbeddedUsers, EventList, EventsData, ListConversations, ListEvents,
        ListMembers, ListUserConversations, ListUsers, Member as MemberView, MemberList,
        UpdateMember, User as UserView, UserList,
    },
    v1::UserConversationList,
};
use ringback_model::{MemberState as WireState, Timestamp};

use super::{
    Row, events, legs,
    lookup::{self, Span},
    members::{self, Change, Newcomer},
    old, run, users, v1, view, write,
};
use crate::{
    Exchange, Refusal, Request,
    conversation::{Conversation, Member},
    directory::User,
};

/// The generation, as addresses name it.
const V0_3: &str = "v0.3";

/// Every operation of the generation.
pub(super) const SERVED: &[Row] = &[
    (ListConversations::INFO.id, |x, _, r| run(r, |op| conversations(x, r, &op))),
    (v0_3::CreateConversation::INFO.id, |x, now, r| {
        run(r, |op: v0_3::CreateConversation| {
            let key = write::create(x, now, &r.caller, op.body)?;
            Ok(conversation(x, lookup::at(x, key)?))
        })
    }),
    (v0_3::GetConversation::INFO.id, |x, _, r| {
        run(r, |op: v0_3::GetConversation| {
            Ok(conversation(x, lookup::conversation(x, &r.caller, &op.conversation_id)?))
        })
    }),
    (v0_3::UpdateConversation::INFO.id, |x, now, r| {
        run(r, |op: v0_3::UpdateConversation| {
            let key = write::update(x, now, &r.caller, &op.conversation_id, op.body)?;
            Ok(conversation(x, lookup::at(x, key)?))
        })
    }),
    (v0_3::DeleteConversation::INFO.id, |x, now, r| {
        run(r, |op: v0_3::DeleteConversation| write::delete(x, now, &r.caller, &op.conversation_id))
    }),
    (ListMembers::INFO.id, |x, _, r| run(r, |op| list_members(x, r, &op))),
    (v0_3::CreateMember::INFO.id, |x, now, r| {
        run(r, |op: v0_3::CreateMember| {
            let newcomer = newcomer(op.body)?;
            let (key, place) = members::create(x, now, &r.caller, &op.conversation_id, newcomer)?;
            let conversation = lookup::at(x, key)?;
            Ok(Kept::new(member(x, conversation, lookup::member_at(conversation, place)?)))
        })
    }),
    (v0_3::GetMember::INFO.id, |x, _, r| {
        run(r, |op: v0_3::GetMember| {
            let conversation = lookup::conversation(x, &r.caller, &op.conversation_id)?;
            let (_, found) = lookup::member(conversation, &op.member_id)?;
            Ok(Kept::new(member(x, conversation, found)))
        })
    }),
    (UpdateMember::INFO.id, |x, now, r| run(r, |op| update_member(x, now, r, op))),
    (ListEvents::INFO.id, |x, _, r| run(r, |op| list_events(x, r, &op))),
    (v0_3::CreateEvent::INFO.id, |x, now, r| {
        run(r, |op: v0_3::CreateEvent| {
            old::create_event(x, now, r, V0_3, &op.conversation_id, op.body)
        })
    }),
    (v0_3::GetEvent::INFO.id, |x, _, r| {
        run(r, |op: v0_3::GetEvent| {
            let conversation = lookup::conversation(x, &r.caller, &op.conversation_id)?;
            let (id, entry) = lookup::event(conversation, &op.event_id)?;
            Ok(old::event!(v0_3, V0_3, &*x, conversation, id, entry))
        })
    }),
    (v0_3::DeleteEvent::INFO.id, |x, now, r| {
        run(r, |op: v0_3::DeleteEvent| {
            old::delete_event(x, now, r, (&op.conversation_id, &op.event_id), None)
        })
    }),
    (ListUsers::INFO.id, |x, _, r| run(r, |op| list_users(x, r, &op))),
    (v0_3::CreateUser::INFO.id, |x, now, r| {
        run(r, |op: v0_3::CreateUser| {
            let id = users::create(x, now, &r.caller, op.body)?;
            Ok(user(x, users::made(x, id)?))
        })
    }),
    (v0_3::GetUser::INFO.id, |x, _, r| {
        run(r, |op: v0_3::GetUser| Ok(user(x, lookup::user(x, &r.caller, op.user_id.as_str())?)))
    }),
    (v0_3::UpdateUser::INFO.id, |x, now, r| {
        run(r, |op: v0_3::UpdateUser| {
            let id = users::update(x, now, &r.caller, op.user_id.as_str(), Some(op.body))?;
            Ok(user(x, users::made(x, id)?))
        })
    }),
    (v0_3::DeleteUser::INFO.id, |x, _, r| {
        run(r, |op: v0_3::DeleteUser| users::delete(x, &r.caller, op.user_id.as_str()))
    }),
    (ListUserConversations::INFO.id, |x, _, r| run(r, |op| user_conversations(x, r, &op))),
    (v0_3::ListLegs::INFO.id, |x, _, r| {
        run(r, |op: v0_3::ListLegs| legs::list(x, r, V0_3, op.page_size, op.record_index))
    }),
    (v0_3::DeleteLeg::INFO.id, |x, now, r| {
        run(r, |op: v0_3::DeleteLeg| legs::delete(x, now, r, &op.leg_id))
    }),
];

fn conversation(exchange: &Exchange, conversation: &Conversation) -> Kept<ConversationView> {
    let mut shown = lite(exchange, conversation);
    shown.state = Some("ACTIVE".to_owned());
    shown.sequence_number = Some(conversation.log.len() as u64);
    shown.properties = Some(old::properties(conversation));
    shown.numbers = Some(exchange.empty.clone());
    Kept::new(shown)
}

/// A conversation as a list has it.
fn lite(exchange: &Exchange, conversation: &Conversation) -> ConversationView {
    view::listed!(ConversationView, V0_3, exchange, conversation)
}

fn conversations(
    exchange: &Exchange,
    request: &Request,
    operation: &ListConversations,
) -> Result<ConversationList, Refusal> {
    let span = Span::read(operation.date_start.as_deref(), operation.date_end.as_deref())?;
    let page = asked!(operation)
        .page_of(|keys| lookup::conversations(exchange, &request.caller, &span, keys))?;
    let items = page.show(|_, conversation| Kept::new(lite(exchange, conversation)));
    let mut list = ConversationList::new(EmbeddedConversations::new(items));
    (list.page_size, list.links) = (page.size, page.links(exchange, request));
    Ok(list)
}

fn newcomer(body: v0_3::MemberRequest) -> Result<Newcomer, Refusal> {
    Ok(Newcomer {
        state: members::first_state(&body.state)?,
        user: members::named(body.user)?,
        channel: body.channel,
        media: body.media,
        knocking_id: body.knocking_id,
        invited_by: body.member_id_inviting.map(|id| id.to_string()),
    })
}

fn member(exchange: &Exchange, conversation: &Conversation, member: &Member) -> MemberView {
    let person = view::person(exchange, conversation, member);
    let mut shown = MemberView::new(member.id());
    shown.conversation_id = Some(conversation.id());
    shown.embedded = Some(view::embedded_user(exchange, V0_3, person));
    shown.state = Some(view::state(member));
    shown.timestamp = Some(view::times(member));
    shown.initiator = Some(view::initiator!(event, view::author(conversation, member)));
    shown.channel = view::channel_of(exchange, member);
    shown.media = Some(view::media_of(exchange, member));
    shown.links = Some(view::member_links(exchange, V0_3, conversation, member));
    shown
}

fn list_members(
    exchange: &Exchange,
    request: &Request,
    operation: &ListMembers,
) -> Result<MemberList, Refusal> {
    let conversation = lookup::conversation(exchange, &request.caller, &operation.conversation_id)?;
    let page = asked!(operation).page(&(0..).zip(&conversation.members).collect::<Vec<_>>())?;
    let items = page.show(|_, found| Kept::new(member(exchange, conversation, found)));
    let mut list = MemberList::new(EmbeddedMembers::new(items));
    (list.page_size, list.links) = (page.size, page.links(exchange, request));
    Ok(list)
}

fn update_member(
    exchange: &mut Exchange,
    now: Timestamp,
    request: &Request,
    operation: UpdateMember,
) -> Result<Kept<MemberView>, Refusal> {
    let (caller, id, member_id) =
        (&request.caller, &operation.conversation_id, &operation.member_id);
    let found = lookup::conversation(exchange, caller, id)?;
    let mut before = member(exchange, found, lookup::member(found, member_id)?.1);
    let channel = operation.body.channel;
    let (key, place) = match operation.body.state.as_deref() {
        None => members::set_channel(exchange, caller, id, member_id, channel.as_ref())?,
        Some(state) => {
            let change = Change { state: members::next_state(state)?, channel, reason: None };
            members::update(exchange, now, caller, id, member_id, change)?
        }
    };
    if let Some(conversation) = exchange.conversations.get(key) {
        let found = lookup::member_at(conversation, place)?;
        return Ok(Kept::new(member(exchange, conversation, found)));
    }
    // Its call went with it, and the conversation with the call.
    before.state = Some(WireState::Left);
    if let Some(times) = &mut before.timestamp {
        times.left = Some(now);
    }
    Ok(Kept::new(before))
}

fn list_events(
    exchange: &Exchange,
    request: &Request,
    operation: &ListEvents,
) -> Result<EventList, Refusal> {
    let conversation = lookup::conversation(exchange, &request.caller, &operation.conversation_id)?;
    let page = asked!(operation).page(&events::filtered(conversation, &filter!(operation))?)?;
    let items = page.show(|id, entry| old::event!(v0_3, V0_3, exchange, conversation, id, *entry));
    let mut list = EventList::new(EmbeddedEvents::new(EventsData::new(items)));
    (list.page_size, list.links) = (page.size, page.links(exchange, request));
    Ok(list)
}

fn user(exchange: &Exchange, user: &User) -> Kept<UserView> {
    let mut shown = UserView::new(user.id());
    shown.name = Some(user.name.to_string());
    shown.display_name.clone_from(&user.display_name);
    shown.image_url.clone_from(&user.image_url);
    shown.channels.clone_from(&user.channels);
    shown.timestamp = Some(users::times(user));
    shown.links = Some(view::link(view::user_address(exchange, V0_3, user)));
    Kept::new(shown)
}

fn list_users(
    exchange: &Exchange,
    request: &Request,
    operation: &ListUsers,
) -> Result<UserList, Refusal> {
    let page = asked!(operation).page(&users::all(exchange, &request.caller, None)?)?;
    let items = page.show(|_, user| v1::lite(exchange, V0_3, user));
    let mut list = UserList::new(EmbeddedUsers::new(items));
    (list.page_size, list.links) = (page.size, page.links(exchange, request));
    Ok(list)
}

fn user_conversations(
    exchange: &Exchange,
    request: &Request,
    operation: &ListUserConversations,
) -> Result<UserConversationList, Refusal> {
    let span = Span::read(operation.date_start.as_deref(), operation.date_end.as_deref())?;
    let user = operation.user_id.as_str();
    let all = users::conversations(exchange, &request.caller, user, &span, None)?;
    let page = asked!(operation).page(&all)?;
    Ok(v1::user_conversations(exchange, request, V0_3, false, &page))
}
