//! Conversations and users as v0.1 shows them: beta under a number, with fewer differences than words.

use ringback_model::{
    Kept, Nothing, Operation,
    beta::Created,
    event,
    v0_1::{self, Member as MemberView, User as UserView},
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
const V0_1: &str = "v0.1";

/// Every operation of the generation.
pub(super) const SERVED: &[Row] = first::served!(v0_1, V0_1);

first::conversations!(v0_1, V0_1, |item, address| item.links = Some(view::link(address)));

fn conversation(exchange: &Exchange, conversation: &Conversation) -> Kept<v0_1::Conversation> {
    let mut shown = old::conversation!(v0_1, V0_1, exchange, conversation);
    // Text, as the specification has it.
    shown.sequence_number = Some(conversation.log.len().to_string());
    Kept::new(shown)
}

fn user_created(exchange: &Exchange, id: Id) -> Result<Created, Refusal> {
    old::user_made(exchange, V0_1, id)
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
