//! Virtual phones: set up, answered, declined, hung up, and what is pressed and said.

use std::sync::Arc;

use ringback_model::{
    Timestamp,
    control::{
        AnswerPhone, DeclinePhone, HangUpPhone, ListPhones, Phone as PhoneView, PhoneState, Phones,
        PressKeys, Say, SetPhone,
    },
};

use crate::{
    Exchange, PhoneEvent, Refusal,
    far::Far,
    leg::{Leg, State, Way},
    phone::{Script, are_keys},
    refusal,
};

pub(in crate::rest) fn phones(exchange: &Exchange, _operation: &ListPhones) -> Phones {
    Phones::new(exchange.phones.iter().filter_map(|(number, _)| phone(exchange, number)).collect())
}

pub(in crate::rest) fn set_phone(
    exchange: &mut Exchange,
    operation: &SetPhone,
) -> Result<PhoneView, Refusal> {
    let number = address(&operation.number)?;
    let script = match &operation.body.script {
        Some(text) => {
            Some(text.parse::<Script>().map_err(|error| refusal::phone_script(text, &error))?)
        }
        None => None,
    };
    let set_up = exchange.phones.set(&number);
    if let Some(script) = script {
        set_up.script = script.into();
    }
    if let Some(name) = &operation.body.name {
        set_up.name = Some(name.as_str().into());
    }
    phone(exchange, &number).ok_or_else(|| refusal::phone_idle(&number, "be set up"))
}

pub(in crate::rest) fn answer_phone(
    exchange: &mut Exchange,
    now: Timestamp,
    operation: &AnswerPhone,
) -> Result<PhoneView, Refusal> {
    act(exchange, now, &operation.number, "answer", PhoneEvent::Answers, |leg| {
        leg.way == Way::Outbound && matches!(leg.state, State::Started | State::Ringing)
    })
}

pub(in crate::rest) fn decline_phone(
    exchange: &mut Exchange,
    now: Timestamp,
    operation: &DeclinePhone,
) -> Result<PhoneView, Refusal> {
    act(exchange, now, &operation.number, "decline", PhoneEvent::Declines, |leg| {
        leg.way == Way::Outbound && matches!(leg.state, State::Started | State::Ringing)
    })
}

pub(in crate::rest) fn hang_up_phone(
    exchange: &mut Exchange,
    now: Timestamp,
    operation: &HangUpPhone,
) -> Result<PhoneView, Refusal> {
    act(exchange, now, &operation.number, "hang up", PhoneEvent::HangsUp, |leg| {
        leg.state == State::Answered || leg.way == Way::Inbound
    })
}

/// Keys are pressed, one after another; a pause between them is not waited for.
pub(in crate::rest) fn press_keys(
    exchange: &mut Exchange,
    now: Timestamp,
    operation: &PressKeys,
) -> Result<PhoneView, Refusal> {
    let keys = &operation.body.digits;
    if !are_keys(&keys.replace('p', "")) {
        return Err(refusal::keys(keys));
    }
    let (number, leg) = leg_of(exchange, &operation.number, "press keys", talks)?;
    exchange.press(now, leg, keys);
    shown(exchange, &number, "press keys")
}

pub(in crate::rest) fn say(
    exchange: &mut Exchange,
    now: Timestamp,
    operation: &Say,
) -> Result<PhoneView, Refusal> {
    let text = operation.body.text.trim();
    if text.is_empty() {
        return Err(refusal::nothing_said());
    }
    let (number, leg) = leg_of(exchange, &operation.number, "say anything", talks)?;
    exchange.say(now, leg, text);
    shown(exchange, &number, "say anything")
}

fn talks(leg: &Leg) -> bool {
    leg.state == State::Answered
}

/// A phone does something about the last of its legs that it can do it to.
fn act(
    exchange: &mut Exchange,
    now: Timestamp,
    number: &str,
    what: &str,
    event: PhoneEvent,
    can: impl Fn(&Leg) -> bool,
) -> Result<PhoneView, Refusal> {
    let (number, leg) = leg_of(exchange, number, what, can)?;
    exchange.phone_event(now, leg, event);
    shown(exchange, &number, what)
}

/// A phone and the last of its legs that something can be done to.
fn leg_of(
    exchange: &Exchange,
    number: &str,
    what: &str,
    can: impl Fn(&Leg) -> bool,
) -> Result<(Arc<str>, u64), Refusal> {
    let number = address(number)?;
    if exchange.phones.get(&number).is_none() && up(exchange, &number).next().is_none() {
        return Err(refusal::no_such_phone(&number));
    }
    let leg = up(exchange, &number).find(|(_, leg)| can(leg)).map(|(key, _)| key);
    match leg {
        Some(key) => Ok((number, key)),
        None => Err(refusal::phone_idle(&number, what)),
    }
}

/// The legs of a phone that are up, the newest first.
fn up<'a>(exchange: &'a Exchange, number: &'a str) -> impl Iterator<Item = (u64, &'a Leg)> {
    let legs = exchange.phones.legs(number).rev();
    legs.filter_map(|key| Some((key, exchange.legs.get(key)?)))
        .filter(|(_, leg)| !leg.state.is_over())
}

/// The address of a phone as it is kept: a number, `app:NAME`, `vbc:EXTENSION` or a SIP URI.
fn address(text: &str) -> Result<Arc<str>, Refusal> {
    let (far, text) = Far::checked("number", text)?;
    Ok(far.address(&text))
}

fn shown(exchange: &Exchange, number: &str, what: &str) -> Result<PhoneView, Refusal> {
    phone(exchange, number).ok_or_else(|| refusal::phone_idle(number, what))
}

/// A phone that is set up, or one that is not and has been called.
fn phone(exchange: &Exchange, number: &str) -> Option<PhoneView> {
    let set_up = exchange.phones.get(number);
    let busy = up(exchange, number).next();
    let script = set_up.map_or_else(|| exchange.phones.default_script(), |phone| &phone.script);
    let state = match busy.map(|(_, leg)| (leg.way, leg.state)) {
        None => PhoneState::Idle,
        Some((_, State::Answered)) => PhoneState::Talking,
        Some((Way::Inbound, _)) => PhoneState::Dialling,
        Some((Way::Outbound, _)) => PhoneState::Ringing,
    };
    let mut shown = PhoneView::new(number, script.to_string(), state);
    shown.name = set_up.and_then(|phone| phone.name.as_deref()).map(str::to_owned);
    shown.leg = busy.map(|(_, leg)| leg.id());
    Some(shown)
}
