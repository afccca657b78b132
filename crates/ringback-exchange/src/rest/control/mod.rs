//! The parts of the control API that are about calls, phones and recordings.

mod phones;
mod recordings;

use ringback_model::{
    LegId, Timestamp,
    control::{Call as View, CallLeg, Calls, GetCall, HangUpCall, ListCalls, PlaceCall},
};

pub(super) use phones::{
    answer_phone, decline_phone, hang_up_phone, phones, press_keys, say, set_phone,
};
pub(super) use recordings::recordings;

use crate::{Answer, Exchange, Incoming, PhoneEvent, Refusal, leg::Leg, refusal};

impl Exchange {
    /// The call of a leg, named by its first leg; none when there is no such leg (any more).
    #[must_use]
    pub fn call_of(&self, leg: &LegId) -> Option<LegId> {
        let leg = self.legs.get(self.leg_by_id(leg.as_str())?)?;
        let first = self.calls.get(leg.call)?.legs.first()?;
        Some(self.legs.get(*first)?.id())
    }
}

pub(super) fn calls(exchange: &Exchange, operation: &ListCalls) -> Calls {
    let limit = operation.limit.and_then(|limit| usize::try_from(limit).ok());
    let newest = exchange.calls.iter().rev().filter_map(|(key, _)| view(exchange, key));
    let mut calls: Vec<_> = newest.take(limit.unwrap_or(usize::MAX)).collect();
    calls.reverse();
    Calls::new(calls)
}

pub(super) fn call(exchange: &Exchange, operation: &GetCall) -> Result<View, Refusal> {
    let (_, call) = first_leg(exchange, &operation.call_id)?;
    view(exchange, call).ok_or_else(|| refusal::no_such_call(operation.call_id.as_str()))
}

pub(super) fn place_call(
    exchange: &mut Exchange,
    now: Timestamp,
    operation: PlaceCall,
) -> Result<View, Refusal> {
    let request = operation.body;
    let incoming = Incoming { from: request.from, to: request.to, script: request.script };
    let leg = exchange.incoming(now, &incoming)?;
    view_of_leg(exchange, leg)
}

/// The answer to an incoming call that came as an input of its own.
pub(crate) fn call_placed(exchange: &Exchange, leg: u64) -> Result<Answer, Refusal> {
    super::answer::<PlaceCall>(&view_of_leg(exchange, leg)?)
}

pub(super) fn hang_up_call(
    exchange: &mut Exchange,
    now: Timestamp,
    operation: &HangUpCall,
) -> Result<View, Refusal> {
    let (leg, call) = first_leg(exchange, &operation.call_id)?;
    exchange.phone_event(now, leg, PhoneEvent::HangsUp);
    view(exchange, call).ok_or_else(|| refusal::no_such_call(operation.call_id.as_str()))
}

/// The leg that a call is named by, and its call.
fn first_leg(exchange: &Exchange, id: &LegId) -> Result<(u64, u64), Refusal> {
    let unknown = || refusal::no_such_call(id.as_str());
    let leg = exchange.leg_by_id(id.as_str()).ok_or_else(unknown)?;
    let call = exchange.legs.get(leg).ok_or_else(unknown)?.call;
    let first =
        exchange.calls.get(call).and_then(|call| call.legs.first().copied()).ok_or_else(unknown)?;
    Ok((first, call))
}

fn view_of_leg(exchange: &Exchange, leg: u64) -> Result<View, Refusal> {
    exchange
        .legs
        .get(leg)
        .and_then(|leg| view(exchange, leg.call))
        .ok_or_else(|| refusal::no_such_call(""))
}

fn view(exchange: &Exchange, key: u64) -> Option<View> {
    let call = exchange.calls.get(key)?;
    let legs: Vec<&Leg> = call.legs.iter().filter_map(|leg| exchange.legs.get(*leg)).collect();
    let first = legs.first()?;
    let mut shown = View::new(
        first.id(),
        first.from.to_string(),
        first.to.to_string(),
        first.state.status(),
        legs.iter().map(|leg| leg_view(leg)).collect(),
    );
    shown.conversation =
        call.first_conversation().map(|id| ringback_model::ConversationId::new(id.dashed("CON-")));
    shown.application = Some(call.routes.application.clone());
    shown.error = call.error.as_deref().map(str::to_owned);
    Some(shown)
}

fn leg_view(leg: &Leg) -> CallLeg {
    let mut shown = CallLeg::new(
        leg.id(),
        leg.direction(),
        leg.from.to_string(),
        leg.to.to_string(),
        leg.state.status(),
    );
    shown.kind = Some(leg.far.kind());
    shown.started = Some(leg.made);
    shown.answered = leg.answered;
    shown.ended = leg.ended;
    shown
}
