//! Conversations and users as the beta generation shows them.

use ringback_model::{
    Kept, Nothing, Operation,
    beta::{
        self, ConversationItem, ConversationList, EmbeddedConversations, ListConversations,
        MemberRecord, User as UserView, UserCreated,
    },
    event,
};

use super::{
    Row, legs,
    lookup::{self, Span},
    old, page, run, users, view, write,
};
use crate::{
    Exchange, Refusal, Request,
    conversation::{Conversation, Member},
    directory::User,
};

/// The generation, as addresses name it.
const BETA: &str = "beta";

/// Every operation of the generation.
pub(super) const SERVED: &[Row] = &[
    (ListConversations::INFO.id, |x, _, r| run(r, |op| conversations(x, r, &op))),
    (beta::CreateConversation::INFO.id, |x, now, r| {
        run(r, |op: beta::CreateConversation| {
            let key = write::create(x, now, &r.caller, op.body)?;
            write::made(x, BETA, key)
        })
    }),
    (beta::GetConversation::INFO.id, |x, _, r| {
        run(r, |op: beta::GetConversation| {
            let conversation = lookup::conversation(x, &r.caller, &op.conversation_id)?;
            let mut shown = old::conversation!(beta, BETA, &*x, conversation);
            shown.sequence_number = Some(conversation.log.len() as u64);
            shown.image_url = view::given(conversation).1;
            Ok(Kept::new(shown))
        })
    }),
    (beta::UpdateConversation::INFO.id, |x, now, r| {
        run(r, |op: beta::UpdateConversation| {
            let key = write::update(x, now, &r.caller, &op.conversation_id, op.body)?;
            write::made(x, BETA, key)
        })
    }),
    (beta::DeleteConversation::INFO.id, |x, now, r| {
        run(r, |op: beta::DeleteConversation| {
            write::delete(x, now, &r.caller, &op.conversation_id).map(|()| Nothing)
        })
    }),
    (beta::ListMembers::INFO.id, |x, _, r| {
        run(r, |op: beta::ListMembers| old::members(x, r, &op.conversation_id))
    }),
    (beta::CreateMember::INFO.id, |x, now, r| {
        run(r, |op: beta::CreateMember| {
            let at = old::create_member(x, now, r, &op.conversation_id, op.body)?;
            let conversation = lookup::at(x, at.0)?;
            Ok(member(x, conversation, lookup::member_at(conversation, at.1)?))
        })
    }),
    (beta::GetMember::INFO.id, |x, _, r| {
        run(r, |op: beta::GetMember| {
            let conversation = lookup::conversation(x, &r.caller, &op.conversation_id)?;
            Ok(member(x, conversation, lookup::member(conversation, &op.member_id)?.1))
        })
    }),
    (beta::UpdateMember::INFO.id, |x, now, r| {
        run(r, |op: beta::UpdateMember| {
            let ids = (&op.conversation_id, &op.member_id);
            old::update_member(x, now, r, BETA, ids, op.body)
        })
    }),
    (beta::DeleteMember::INFO.id, |x, now, r| {
        run(r, |op: beta::DeleteMember| {
            old::delete_member(x, now, r, &op.conversation_id, &op.member_id)
        })
    }),
    (beta::ListEvents::INFO.id, |x, _, r| {
        run(r, |op: beta::ListEvents| {
            let conversation = lookup::conversation(x, &r.caller, &op.conversation_id)?;
            let log = (1..).zip(&conversation.log).take(old::MOST);
            Ok(log
                .map(|(id, entry)| old::event!(beta, BETA, &*x, conversation, id, entry))
                .collect())
        })
    }),
    (beta::CreateEvent::INFO.id, |x, now, r| {
        run(r, |op: beta::CreateEvent| {
            old::create_event(x, now, r, BETA, &op.conversation_id, op.body)
        })
    }),
    (beta::GetEvent::INFO.id, |x, _, r| {
        run(r, |op: beta::GetEvent| {
            let conversation = lookup::conversation(x, &r.caller, &op.conversation_id)?;
            let (id, entry) = lookup::event(conversation, &op.event_id)?;
            Ok(old::event!(beta, BETA, &*x, conversation, id, entry))
        })
    }),
    (beta::DeleteEvent::INFO.id, |x, now, r| {
        run(r, |op: beta::DeleteEvent| {
            old::delete_event(x, now, r, (&op.conversation_id, &op.event_id), None)
        })
    }),
    (beta::ListUsers::INFO.id, |x, _, r| {
        run(r, |_: beta::ListUsers| {
            let all = users::all(x, &r.caller, None)?;
            Ok(all.into_iter().take(old::MOST).map(|(_, found)| user(x, found)).collect())
        })
    }),
    (beta::CreateUser::INFO.id, |x, now, r| {
        run(r, |op: beta::CreateUser| {
            let id = users::create(x, now, &r.caller, op.body)?;
            let made = users::made(x, id)?;
            let mut created = UserCreated::new();
            created.user_id = Some(made.id());
            created.href = Some(view::user_address(x, BETA, made));
            Ok(created)
        })
    }),
    (beta::GetUser::INFO.id, |x, _, r| {
        run(r, |op: beta::GetUser| Ok(user(x, lookup::user(x, &r.caller, op.user_id.as_str())?)))
    }),
    (beta::UpdateUser::INFO.id, |x, now, r| {
        run(r, |op: beta::UpdateUser| {
            let id = users::replace(x, now, &r.caller, op.user_id.as_str(), op.body)?;
            old::user_made(x, BETA, id)
        })
    }),
    (beta::DeleteUser::INFO.id, |x, _, r| {
        run(r, |op: beta::DeleteUser| {
            users::delete(x, &r.caller, op.user_id.as_str()).map(|()| Nothing)
        })
    }),
    (beta::ListUserConversations::INFO.id, |x, _, r| {
        run(r, |op: beta::ListUserConversations| old::user_conversations(x, r, BETA, &op.user_id))
    }),
    (beta::ListLegs::INFO.id, |x, _, r| {
        run(r, |op: beta::ListLegs| legs::list(x, r, BETA, op.page_size, op.record_index))
    }),
    (beta::DeleteLeg::INFO.id, |x, now, r| {
        run(r, |op: beta::DeleteLeg| legs::delete(x, now, r, &op.leg_id))
    }),
];

fn conversations(
    exchange: &Exchange,
    request: &Request,
    operation: &ListConversations,
) -> Result<ConversationList, Refusal> {
    let span = Span::read(operation.date_start.as_deref(), operation.date_end.as_deref())?;
    let mut all: Vec<_> =
        lookup::conversations(exchange, &request.caller, &span, 0..u64::MAX).collect();
    if page::newest_first(operation.order.as_ref())? {
        all.reverse();
    }
    let page = page::numbered(all, operation.page_size, operation.record_index)?;
    let item = |(_, conversation): &(u64, &Conversation)| {
        let mut item = ConversationItem::new(conversation.id());
        item.name = Some(conversation.name());
        item.href = Some(view::address(exchange, BETA, conversation));
        item
    };
    let items = page.items.iter().map(item).collect();
    let mut list = ConversationList::new(EmbeddedConversations::new(items));
    (list.count, list.page_size, list.record_index) = (page.count, page.size, page.index);
    list.links = page.links(exchange, request);
    Ok(list)
}

fn member(exchange: &Exchange, conversation: &Conversation, member: &Member) -> Kept<MemberRecord> {
    let shown = MemberRecord::new(member.id());
    Kept::new(old::member!(shown, BETA, exchange, conversation, member))
}

fn user(exchange: &Exchange, user: &User) -> UserView {
    let mut shown = UserView::new(user.id());
    shown.name = Some(user.name.to_string());
    shown.href = Some(view::user_address(exchange, BETA, user));
    shown.channels.clone_from(&user.channels);
    shown
}
