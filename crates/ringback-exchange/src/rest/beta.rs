//! Conversations and users as the beta generation shows them.

use ringback_model::{
    Kept, Nothing, Operation,
    beta::{self, MemberRecord, User as UserView, UserCreated},
    event,
};

use super::{
    Row, first, legs,
    lookup::{self, Span},
    old, page, run, users, view, write,
};
use crate::{
    Exchange, Refusal, Request,
    conversation::{Conversation, Member},
    directory::User,
    id::Id,
};

/// The generation, as addresses name it.
const BETA: &str = "beta";

/// Every operation of the generation.
pub(super) const SERVED: &[Row] = first::served!(beta, BETA);

first::conversations!(beta, BETA, |item, address| item.href = Some(address));

fn conversation(exchange: &Exchange, conversation: &Conversation) -> Kept<beta::Conversation> {
    let mut shown = old::conversation!(beta, BETA, exchange, conversation);
    shown.sequence_number = Some(conversation.log.len() as u64);
    shown.image_url = view::given(conversation).1;
    Kept::new(shown)
}

fn user_created(exchange: &Exchange, id: Id) -> Result<UserCreated, Refusal> {
    let made = users::made(exchange, id)?;
    let mut created = UserCreated::new();
    created.user_id = Some(made.id());
    created.href = Some(view::user_address(exchange, BETA, made));
    Ok(created)
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
