//! Events of the current generation; the list of them is `_embedded` itself.

use ringback_model::{
    Kept, Timestamp,
    v1::{CreateEvent, Event as View, EventList, GetEvent, ListEvents},
};

use super::{V1, view};
use crate::{
    Exchange, Refusal, Request,
    conversation::{Conversation, Entry},
    rest::{
        events::{self, Filter, Sent},
        lookup,
    },
};

pub(super) fn list(
    exchange: &Exchange,
    request: &Request,
    operation: &ListEvents,
) -> Result<EventList, Refusal> {
    let conversation = lookup::conversation(exchange, &request.caller, &operation.conversation_id)?;
    let filter = Filter {
        without_deleted: operation.exclude_deleted_events == Some(true),
        ..filter!(operation)
    };
    let page = asked!(operation).page(&events::filtered(conversation, &filter)?)?;
    let items = page.show(|id, entry| Kept::new(shown(exchange, conversation, id, entry)));
    let mut list = EventList::new(items);
    (list.page_size, list.links) = (page.size, page.links(exchange, request));
    Ok(list)
}

pub(super) fn create(
    exchange: &mut Exchange,
    now: Timestamp,
    request: &Request,
    operation: CreateEvent,
) -> Result<Kept<View>, Refusal> {
    let body = operation.body;
    let sent = Sent { kind: body.kind, from: body.from, to: None, body: Some(body.body) };
    let id = &operation.conversation_id;
    events::create(exchange, now, &request.caller, id, sent, |exchange, conversation, id, entry| {
        Kept::new(shown(exchange, conversation, id, entry))
    })
}

pub(super) fn get(
    exchange: &Exchange,
    request: &Request,
    operation: &GetEvent,
) -> Result<Kept<View>, Refusal> {
    let conversation = lookup::conversation(exchange, &request.caller, &operation.conversation_id)?;
    let (id, entry) = lookup::event(conversation, &operation.event_id)?;
    Ok(Kept::new(shown(exchange, conversation, id, entry)))
}

fn shown(exchange: &Exchange, conversation: &Conversation, id: u64, entry: &Entry) -> View {
    let body = view::body(exchange, conversation, entry);
    let mut event = View::new(id, conversation.log_kind(entry.what), body);
    event.timestamp = Some(entry.at);
    if let Some(sender) = view::sender(exchange, conversation, entry) {
        event.from = Some(sender.id());
        event.embedded = Some(view::embedded_from(exchange, conversation, sender));
    }
    let href = view::address(exchange, V1, conversation);
    event.links = Some(view::link(format!("{href}/events/{id}")));
    event
}
