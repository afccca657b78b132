//! A call that is up is changed: hung up, muted, given another script.

use ringback_model::{
    LegId, Timestamp,
    calls::{CallAction, Destination, DestinationType, UpdateCall},
};

use super::{answered, ends::address, live};
use crate::{
    Exchange, Refusal, Request,
    directory::Hook,
    flow,
    leg::{By, State, Way},
    refusal,
};

const ACTIONS: &str = "must be one of: hangup, mute, unmute, earmuff, unearmuff, transfer";

pub(in crate::rest) fn update(
    exchange: &mut Exchange,
    now: Timestamp,
    request: &Request,
    operation: &UpdateCall,
) -> Result<(), Refusal> {
    let (uuid, body) = (&operation.uuid, &operation.body);
    // Whether there is such a call comes first.
    let key = live(exchange, &request.caller, uuid)?;
    let talks = |what| answered(exchange, &request.caller, uuid, what);
    match &body.action {
        CallAction::Hangup => hang_up(exchange, now, key),
        CallAction::Mute => exchange.set_muted(now, talks("be muted")?, true),
        CallAction::Unmute => exchange.set_muted(now, talks("be unmuted")?, false),
        CallAction::Earmuff => exchange.set_earmuffed(now, talks("be earmuffed")?, true),
        CallAction::Unearmuff => exchange.set_earmuffed(now, talks("be unearmuffed")?, false),
        CallAction::Transfer => {
            return transfer(exchange, now, request, uuid, body.destination.as_ref());
        }
        other => return Err(refusal::voice::field("action", ACTIONS, other.as_str())),
    }
    Ok(())
}

/// The leg ends; one that has not been answered is cancelled, and whoever dialled it goes on.
fn hang_up(exchange: &mut Exchange, now: Timestamp, key: u64) {
    let is_dialled = exchange
        .legs
        .get(key)
        .is_some_and(|leg| leg.way == Way::Outbound && leg.state != State::Answered);
    if is_dialled {
        exchange.note_hangup(now, key);
        exchange.callee_failed(now, key, State::Cancelled, By::Platform);
    } else {
        exchange.platform_hangs_up(now, key);
    }
}

/// Another script takes over, at once or when it has been fetched.
fn transfer(
    exchange: &mut Exchange,
    now: Timestamp,
    request: &Request,
    uuid: &LegId,
    destination: Option<&Destination>,
) -> Result<(), Refusal> {
    let both = "either `ncco` or `url` in `destination`";
    let Some(destination) = destination else {
        return Err(refusal::voice::choice(
            "destination-missing",
            "destination",
            "is required",
            "action was transfer, without a destination",
            both,
            r#"add "destination": {"type": "ncco", "url": ["https://…"]}"#,
        ));
    };
    if let DestinationType::Unknown(word) = &destination.kind {
        return Err(refusal::voice::field("destination.type", "must be ncco", word));
    }
    let url = address("destination.url", destination.url.as_deref())?;
    let what = "be transferred";
    match (&destination.ncco, url) {
        (Some(ncco), None) => {
            let script = flow::script_of(ncco.as_str().as_bytes()).map_err(|report| {
                let body = &request.parts.body;
                refusal::voice::script("/destination/ncco", ncco.as_str(), body, &report)
            })?;
            let key = answered(exchange, &request.caller, uuid, what)?;
            exchange.transfer(now, key, script);
        }
        (None, Some(url)) => {
            let key = answered(exchange, &request.caller, uuid, what)?;
            let call = exchange.legs.get(key).map(|leg| leg.call);
            let call = call.and_then(|call| exchange.calls.get(call));
            let like = call.and_then(|call| call.routes.answer.as_deref());
            let hook = Hook::of_script(url, None, like);
            exchange.fetch_transfer(now, key, hook);
        }
        (ncco, _) => {
            let seen = match ncco {
                Some(_) => "destination had both ncco and url",
                None => "destination had neither ncco nor url",
            };
            let why = "must contain either ncco or url";
            let fix = "send one of them";
            let reason = "destination-ambiguous";
            return Err(refusal::voice::choice(reason, "destination", why, seen, both, fix));
        }
    }
    Ok(())
}
