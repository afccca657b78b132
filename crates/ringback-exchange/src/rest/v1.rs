//! Conversations and users as the current generation shows them.

mod events;
mod media;
mod members;
mod users;

use ringback_model::{
    Kept, Operation,
    v1::{
        Conversation as View, ConversationList, ConversationLite, ConversationState,
        CreateConversation, CreateEvent, CreateMember, CreateUser, DeleteConversation, DeleteEvent,
        DeleteUser, EmbeddedConversations, GetConversation, GetEvent, GetMe, GetMember, GetUser,
        ListConversations, ListEvents, ListMembers, ListUserConversations, ListUserSessions,
        ListUsers, MediaState, RecordConversation, StartStream, StartTalk, StopStream, StopTalk,
        UpdateConversation, UpdateMember, UpdateUser,
    },
};
pub(super) use users::{lite, user_conversations};

use super::{
    Row, act,
    lookup::{self, Span},
    run, view, write,
};
use crate::{
    Exchange, Refusal, Request,
    conversation::{Conversation, MemberState},
    leg::Medium,
    run::Step,
};

/// The generation, as addresses name it.
const V1: &str = "v1";

/// Every operation of the generation.
pub(super) const SERVED: &[Row] = &[
    (ListConversations::INFO.id, |x, _, r| run(r, |op| conversations(x, r, &op))),
    (CreateConversation::INFO.id, |x, now, r| {
        run(r, |op: CreateConversation| {
            let key = write::create(x, now, &r.caller, op.body)?;
            Ok(shown(x, lookup::at(x, key)?))
        })
    }),
    (GetConversation::INFO.id, |x, _, r| {
        run(r, |op: GetConversation| {
            Ok(shown(x, lookup::conversation(x, &r.caller, &op.conversation_id)?))
        })
    }),
    (UpdateConversation::INFO.id, |x, now, r| {
        run(r, |op: UpdateConversation| {
            let key = write::update(x, now, &r.caller, &op.conversation_id, op.body)?;
            Ok(shown(x, lookup::at(x, key)?))
        })
    }),
    (DeleteConversation::INFO.id, |x, now, r| {
        run(r, |op: DeleteConversation| write::delete(x, now, &r.caller, &op.conversation_id))
    }),
    (RecordConversation::INFO.id, |x, now, r| run(r, |op| media::record(x, now, r, op))),
    (StartTalk::INFO.id, |x, now, r| run(r, |op| media::talk(x, now, r, &op))),
    (StopTalk::INFO.id, |x, now, r| {
        run(r, |op: StopTalk| media::stop(x, now, r, &op.conversation_id, Medium::Talk))
    }),
    (StartStream::INFO.id, |x, now, r| run(r, |op| media::stream(x, now, r, &op))),
    (StopStream::INFO.id, |x, now, r| {
        run(r, |op: StopStream| media::stop(x, now, r, &op.conversation_id, Medium::Stream))
    }),
    (ListMembers::INFO.id, |x, _, r| run(r, |op| members::list(x, r, &op))),
    (CreateMember::INFO.id, |x, now, r| run(r, |op| members::create(x, now, r, op))),
    (GetMe::INFO.id, |x, _, r| run(r, |op| members::me(x, r, &op))),
    (GetMember::INFO.id, |x, _, r| run(r, |op| members::get(x, r, &op))),
    (UpdateMember::INFO.id, |x, now, r| run(r, |op| members::update(x, now, r, &op))),
    (ListEvents::INFO.id, |x, _, r| run(r, |op| events::list(x, r, &op))),
    (CreateEvent::INFO.id, |x, now, r| run(r, |op| events::create(x, now, r, op))),
    (GetEvent::INFO.id, |x, _, r| run(r, |op| events::get(x, r, &op))),
    (DeleteEvent::INFO.id, |x, now, r| {
        run(r, |op: DeleteEvent| {
            let (conversation, event) = (&op.conversation_id, &op.event_id);
            super::events::delete(x, now, &r.caller, conversation, event, None)
        })
    }),
    (ListUsers::INFO.id, |x, _, r| run(r, |op| users::list(x, r, &op))),
    (CreateUser::INFO.id, |x, now, r| run(r, |op| users::create(x, now, r, op))),
    (GetUser::INFO.id, |x, _, r| run(r, |op| users::get(x, r, &op))),
    (UpdateUser::INFO.id, |x, now, r| run(r, |op| users::update(x, now, r, op))),
    (DeleteUser::INFO.id, |x, _, r| {
        run(r, |op: DeleteUser| super::users::delete(x, &r.caller, op.user_id.as_str()))
    }),
    (ListUserConversations::INFO.id, |x, _, r| run(r, |op| users::conversations(x, r, &op))),
    (ListUserSessions::INFO.id, |x, _, r| run(r, |op| users::sessions(x, r, &op))),
];

fn shown(exchange: &Exchange, conversation: &Conversation) -> Kept<View> {
    let mut shown = View::new(conversation.id());
    shown.name = Some(conversation.name());
    (shown.display_name, shown.image_url) = view::given(conversation);
    shown.state = Some(ConversationState::Active);
    shown.sequence_number = Some(conversation.log.len() as u64);
    shown.timestamp = Some(write::times(conversation));
    shown.properties = Some(view::properties(conversation));
    shown.media_state = Some(media_state(exchange, conversation));
    shown.links = Some(view::link(view::address(exchange, V1, conversation)));
    Kept::new(shown)
}

/// What is heard in a conversation now: each is true when it is of any of its members.
fn media_state(exchange: &Exchange, conversation: &Conversation) -> MediaState {
    let mut media = MediaState::new();
    let legs: Vec<_> = conversation
        .members
        .iter()
        .filter(|member| member.state == MemberState::Joined)
        .filter_map(|member| exchange.legs.get(member.leg?))
        .collect();
    let key = exchange.conversation_ids.get(&conversation.id);
    let takes: Vec<_> = key
        .map(|key| exchange.running_in(*key))
        .unwrap_or_default()
        .into_iter()
        .filter_map(|take| exchange.takes.get(take))
        .collect();
    let plays = |medium: Medium| {
        legs.iter().any(|leg| {
            let player = leg.beside.as_ref().and_then(|beside| beside.player);
            let step = leg.run.as_ref().map(|run| &run.step);
            player.is_some_and(|player| player.medium == medium)
                || match medium {
                    Medium::Talk => matches!(step, Some(Step::Speaking { .. })),
                    Medium::Stream => matches!(step, Some(Step::Playing { .. })),
                }
        })
    };
    media.earmuff = Some(legs.iter().any(|leg| leg.earmuffed));
    media.mute = Some(legs.iter().any(|leg| leg.muted));
    media.play_stream = Some(plays(Medium::Stream));
    media.recording = Some(!takes.is_empty());
    media.transcribing = Some(takes.iter().any(|take| take.transcription.is_some()));
    media.tts = Some(plays(Medium::Talk));
    media
}

fn conversations(
    exchange: &Exchange,
    request: &Request,
    operation: &ListConversations,
) -> Result<ConversationList, Refusal> {
    let span = Span::read(operation.date_start.as_deref(), operation.date_end.as_deref())?;
    let page = asked!(operation)
        .page_of(|keys| lookup::conversations(exchange, &request.caller, &span, keys))?;
    let items =
        page.show(|_, found| Kept::new(view::listed!(ConversationLite, V1, exchange, found)));
    let mut list = ConversationList::new(EmbeddedConversations::new(items));
    (list.page_size, list.links) = (page.size, page.links(exchange, request));
    Ok(list)
}
