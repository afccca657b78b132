//! Calls as the Voice API shows them, and what it does with them.

mod create;
mod ends;
mod list;
mod media;
mod update;

use ringback_model::{
    ApplicationId, ConversationId, Decimal, HalLink, HalLinks, Kept, LegId, LegStatus,
    calls::{Call as View, CallParty, GetCall},
    event::ChannelEndpoint,
};

pub(super) use create::{create, create_ip};
pub(super) use list::list;
pub(super) use media::{
    send_dtmf, start_stream, start_talk, stop_stream, stop_talk, subscribe, unsubscribe,
};
pub(super) use update::update;

use crate::{
    Caller, Exchange, Refusal,
    id::Id,
    leg::{Leg, State},
    refusal,
};

pub(super) fn get(
    exchange: &Exchange,
    caller: &Caller,
    operation: &GetCall,
) -> Result<Kept<View>, Refusal> {
    let key = find(exchange, caller, &operation.uuid)?;
    match exchange.legs.get(key) {
        Some(leg) => Ok(Kept::new(view(exchange, leg))),
        None => Err(refusal::voice::no_such_leg(operation.uuid.as_str(), None)),
    }
}

/// The application that calls.
fn application(caller: &Caller) -> Result<&ApplicationId, Refusal> {
    match caller {
        Caller::Application { id, .. } => Ok(id),
        Caller::Account | Caller::Control => Err(refusal::voice::no_application()),
    }
}

/// A leg of the caller's application, up or over.
fn find(exchange: &Exchange, caller: &Caller, id: &LegId) -> Result<u64, Refusal> {
    let application = application(caller)?;
    let text = id.as_str();
    let Some(key) = exchange.leg_by_id(text) else {
        let other = Id::from_simple(&text.replace('-', ""))
            .and_then(|id| exchange.legs.get(*exchange.leg_ids.get(&id)?))
            .filter(|leg| owner(exchange, leg) == Some(application));
        let other = other.map(Leg::id);
        return Err(refusal::voice::no_such_leg(text, other.as_ref().map(LegId::as_str)));
    };
    match exchange.legs.get(key).and_then(|leg| owner(exchange, leg)) {
        Some(owner) if owner == application => Ok(key),
        Some(owner) => Err(refusal::voice::foreign_leg(text, application, owner)),
        None => Err(refusal::voice::no_such_leg(text, None)),
    }
}

/// A leg of the caller's application that is up.
fn live(exchange: &Exchange, caller: &Caller, id: &LegId) -> Result<u64, Refusal> {
    let key = find(exchange, caller, id)?;
    match exchange.legs.get(key).map(|leg| leg.state) {
        Some(state) if state.is_over() => Err(refusal::voice::leg_is_over(id.as_str(), state)),
        _ => Ok(key),
    }
}

/// A leg of the caller's application that talks; `what` is what it is needed for.
fn answered(exchange: &Exchange, caller: &Caller, id: &LegId, what: &str) -> Result<u64, Refusal> {
    let key = live(exchange, caller, id)?;
    match exchange.legs.get(key).map(|leg| leg.state) {
        Some(State::Answered) | None => Ok(key),
        Some(state) => Err(refusal::voice::not_answered(id.as_str(), state, what)),
    }
}

fn owner<'a>(exchange: &'a Exchange, leg: &Leg) -> Option<&'a ApplicationId> {
    Some(&exchange.calls.get(leg.call)?.routes.application)
}

/// The status that the Voice API shows: `machine` once one has been heard (inferred).
fn status(leg: &Leg) -> LegStatus {
    if leg.machine && leg.state == State::Answered {
        LegStatus::Machine
    } else {
        leg.state.status()
    }
}

/// A call as it is shown: one leg.
fn view(exchange: &Exchange, leg: &Leg) -> View {
    let id = leg.id();
    let mut links = HalLinks::new();
    links.this = Some(HalLink::new(format!("/v1/calls/{id}")));
    let (from, to) = leg.ends();
    let mut shown = View::new(id, status(leg));
    shown.links = Some(links);
    shown.conversation_uuid = conversation(exchange, leg);
    shown.from = Some(caller_of(exchange, leg, from));
    shown.to = Some(party(to));
    shown.direction = Some(leg.direction());
    if leg.state != State::Completed {
        return shown;
    }
    let tariff = exchange.tariffs.of(leg);
    match leg.talked() {
        Some(talked) => {
            shown.rate = Some(Decimal::new(tariff.rate()));
            shown.price = Some(Decimal::new(tariff.price(talked.seconds)));
            shown.duration = Some(Decimal::new(talked.seconds.to_string()));
            shown.start_time = Some(talked.start);
            shown.end_time = Some(talked.end);
            shown.network = tariff.network();
        }
        // Never answered: as in its event, without what would be null (inferred).
        None => {
            shown.rate = Some(Decimal::new("0.00"));
            shown.price = Some(Decimal::new("0"));
            shown.duration = Some(Decimal::new("0"));
        }
    }
    shown
}

/// The conversation that a leg is in, or was in last.
fn conversation(exchange: &Exchange, leg: &Leg) -> Option<ConversationId> {
    if let Some(conversation) = exchange.conversations.get(leg.conversation) {
        return Some(conversation.id());
    }
    let call = exchange.calls.get(leg.call)?;
    let was = |id: &&Id| exchange.conversation_ids.get(id) == Some(&leg.conversation);
    let id = call.conversations.iter().rev().find(was).copied();
    let id = id.or_else(|| call.first_conversation())?;
    Some(ConversationId::new(id.dashed("CON-")))
}

/// The caller of a leg: the digits that were asked for where events say `Unknown`.
///
/// Older clients read nothing but digits here, and one leg without them breaks a whole list.
fn caller_of(exchange: &Exchange, leg: &Leg, from: ChannelEndpoint) -> CallParty {
    let mut from = party(from);
    let asked = leg.dial.as_ref().and_then(|dial| dial.asked_from.as_deref());
    if let Some(asked) = asked.filter(|_| leg.from == exchange.unknown) {
        from.number = Some(asked.to_owned());
    }
    from
}

fn party(end: ChannelEndpoint) -> CallParty {
    let mut party = CallParty::new();
    party.kind = end.kind;
    party.number = end.number;
    party.uri = end.uri;
    party.user = end.user;
    party.extension = end.extension;
    party.content_type = end.content_type;
    party.headers = end.headers;
    party
}
