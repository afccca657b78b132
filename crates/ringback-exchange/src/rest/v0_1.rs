//! Conversations and users as v0.1 shows them: beta under a number, with fewer differences than words.

use ringback_model::{
    Kept, Nothing, Operation, event,
    v0_1::{
        self, ConversationItem, ConversationList, EmbeddedConversations, ListConversations,
        Member as MemberView, User as UserView,
    },
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
const V0_1: &str = "v0.1";

/// Every operation of the generation.
pub(super) const SERVED: &[Row] = &[
    (ListConversations::INFO.id, |x, _, r| run(r, |op| conversations(x, r, &op))),
    (v0_1::CreateConversation::INFO.id, |x, now, r| {
        run(r, |op: v0_1::CreateConversation| {
            let key = write::create(x, now, &r.caller, op.body)?;
            write::made(x, V0_1, key)
        })
    }),
    (v0_1::GetConversation::INFO.id, |x, _, r| {
        run(r, |op: v0_1::GetConversation| {
            let conversation = lookup::conversation(x, &r.caller, &op.conversation_id)?;
            let mut shown = old::conversation!(v0_1, V0_1, &*x, conversation);
            // Text, as the specification has it.
            shown.sequence_number = Some(conversation.log.len().to_string());
            Ok(Kept::new(shown))
        })
    }),
    (v0_1::UpdateConversation::INFO.id, |x, now, r| {
        run(r, |op: v0_1::UpdateConversation| {
            let key = write::update(x, now, &r.caller, &op.conversation_id, op.body)?;
            write::made(x, V0_1, key)
        })
    }),
    (v0_1::DeleteConversation::INFO.id, |x, now, r| {
        run(r, |op: v0_1::DeleteConversation| {
            write::delete(x, now, &r.caller, &op.conversation_id).map(|()| Nothing)
        })
    }),
    (v0_1::ListMembers::INFO.id, |x, _, r| {
        run(r, |op: v0_1::ListMembers| old::members(x, r, &op.conversation_id))
    }),
    (v0_1::CreateMember::INFO.id, |x, now, r| {
        run(r, |op: v0_1::CreateMember| {
            let at = old::create_member(x, now, r, &op.conversation_id, op.body)?;
            let conversation = lookup::at(x, at.0)?;
            Ok(member(x, conversation, lookup::member_at(conversation, at.1)?))
        })
    }),
    (v0_1::GetMember::INFO.id, |x, _, r| {
        run(r, |op: v0_1::GetMember| {
            let conversation = lookup::conversation(x, &r.caller, &op.conversation_id)?;
            Ok(member(x, conversation, lookup::member(conversation, &op.member_id)?.1))
        })
    }),
    (v0_1::UpdateMember::INFO.id, |x, now, r| {
        run(r, |op: v0_1::UpdateMember| {
            let ids = (&op.conversation_id, &op.member_id);
            old::update_member(x, now, r, V0_1, ids, op.body)
        })
    }),
    (v0_1::DeleteMember::INFO.id, |x, now, r| {
        run(r, |op: v0_1::DeleteMember| {
            old::delete_member(x, now, r, &op.conversation_id, &op.member_id)
        })
    }),
    (v0_1::ListEvents::INFO.id, |x, _, r| {
        run(r, |op: v0_1::ListEvents| {
            let conversation = lookup::conversation(x, &r.caller, &op.conversation_id)?;
            let log = (1..).zip(&conversation.log).take(old::MOST);
            Ok(log
                .map(|(id, entry)| old::event!(v0_1, V0_1, &*x, conversation, id, entry))
                .collect())
        })
    }),
    (v0_1::CreateEvent::INFO.id, |x, now, r| {
        run(r, |op: v0_1::CreateEvent| {
            old::create_event(x, now, r, V0_1, &op.conversation_id, op.body)
        })
    }),
    (v0_1::GetEvent::INFO.id, |x, _, r| {
        run(r, |op: v0_1::GetEvent| {
            let conversation = lookup::conversation(x, &r.caller, &op.conversation_id)?;
            let (id, entry) = lookup::event(conversation, &op.event_id)?;
            Ok(old::event!(v0_1, V0_1, &*x, conversation, id, entry))
        })
    }),
    (v0_1::DeleteEvent::INFO.id, |x, now, r| {
        run(r, |op: v0_1::DeleteEvent| {
            old::delete_event(x, now, r, (&op.conversation_id, &op.event_id), None)
        })
    }),
    (v0_1::ListUsers::INFO.id, |x, _, r| {
        run(r, |_: v0_1::ListUsers| {
            let all = users::all(x, &r.caller, None)?;
            Ok(all.into_iter().take(old::MOST).map(|(_, found)| user(x, found)).collect())
        })
    }),
    (v0_1::CreateUser::INFO.id, |x, now, r| {
        run(r, |op: v0_1::CreateUser| {
            let id = users::create(x, now, &r.caller, op.body)?;
            old::user_made(x, V0_1, id)
        })
    }),
    (v0_1::GetUser::INFO.id, |x, _, r| {
        run(r, |op: v0_1::GetUser| Ok(user(x, lookup::user(x, &r.caller, op.user_id.as_str())?)))
    }),
    (v0_1::UpdateUser::INFO.id, |x, now, r| {
        run(r, |op: v0_1::UpdateUser| {
            let id = users::replace(x, now, &r.caller, op.user_id.as_str(), op.body)?;
            old::user_made(x, V0_1, id)
        })
    }),
    (v0_1::DeleteUser::INFO.id, |x, _, r| {
        run(r, |op: v0_1::DeleteUser| {
            users::delete(x, &r.caller, op.user_id.as_str()).map(|()| Nothing)
        })
    }),
    (v0_1::ListUserConversations::INFO.id, |x, _, r| {
        run(r, |op: v0_1::ListUserConversations| old::user_conversations(x, r, V0_1, &op.user_id))
    }),
    (v0_1::ListLegs::INFO.id, |x, _, r| {
        run(r, |op: v0_1::ListLegs| legs::list(x, r, V0_1, op.page_size, op.record_index))
    }),
    (v0_1::DeleteLeg::INFO.id, |x, now, r| {
        run(r, |op: v0_1::DeleteLeg| legs::delete(x, now, r, &op.leg_id))
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
        item.links = Some(view::link(view::address(exchange, V0_1, conversation)));
        item
    };
    let items = page.items.iter().map(item).collect();
    let mut list = ConversationList::new(EmbeddedConversations::new(items));
    (list.count, list.page_size, list.record_index) = (page.count, page.size, page.index);
    list.links = page.links(exchange, request);
    Ok(list)
}

fn member(exchange: &Exchange, conversation: &Conversation, member: &Member) -> Kept<MemberView> {
    let mut shown = MemberView::new();
    (shown.id, shown.media) = (Some(member.id()), Some(view::media_of(exchange, member)));
    Kept::new(old::member!(shown, V0_1, exchange, conversation, member))
}

fn user(exchange: &Exchange, user: &User) -> UserView {
    let mut shown = UserView::new(user.id());
    shown.name = Some(user.name.to_string());
    shown.href = Some(view::user_address(exchange, V0_1, user));
    shown
}
