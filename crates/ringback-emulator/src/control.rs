//! The part of the control API that is about the emulator and not about calls.

mod clock;
mod events;
mod wait;
mod webhooks;

use std::sync::{Arc, PoisonError};

use axum::response::Response;
use http::{StatusCode, request::Parts};
use ringback_exchange::{Caller, Exchange, Input, Refusal, Request};
use ringback_model::{
    ApiKey, Operation, OperationInfo, Secret,
    control::{Environment, GetRefusal, GetTranscript, Health, Refusals, Transcript},
    operation::{ErrorFamily, RequestParts},
};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    http::{
        not_kept,
        refusals::{Situation, refusal},
        reply,
    },
    platform::Platform,
    start,
};

/// Answers an operation that the exchange does not serve.
pub(crate) async fn answer(
    platform: &Arc<Platform>,
    info: &'static OperationInfo,
    head: &Parts,
    parts: &RequestParts,
) -> Result<Response, Refusal> {
    match info.id {
        id::GET_ENVIRONMENT => Ok(reply::value(StatusCode::OK, &environment(platform).await)),
        id::GET_HEALTH => {
            let health = Health::new("ok").version(env!("CARGO_PKG_VERSION"));
            Ok(reply::value(StatusCode::OK, &health))
        }
        id::GET_TRANSCRIPT => transcript(platform, parts),
        id::WAIT_FOR_CALL => wait::wait(platform, parts).await,
        id::LIST_REFUSALS => {
            let refusals = platform.refusals.lock().unwrap_or_else(PoisonError::into_inner);
            Ok(reply::value(StatusCode::OK, &Refusals::new(refusals.list())))
        }
        id::GET_REFUSAL => one_refusal(platform, parts),
        id::LIST_WEBHOOKS => webhooks::list(platform, parts),
        id::GET_WEBHOOK => webhooks::get(platform, parts),
        id::REPLAY_WEBHOOK => webhooks::replay(platform, parts).await,
        id::GET_CLOCK => Ok(clock::get(platform)),
        id::HOLD_CLOCK => clock::hold(platform, parts),
        id::RELEASE_CLOCK => clock::release(platform, parts),
        id::ADVANCE_CLOCK => clock::advance(platform, parts).await,
        id::RESET => {
            platform.wait_until_ready().await;
            if let Some(why) = platform.cannot_keep() {
                return Err(*not_kept(info, &why, "nothing was done"));
            }
            platform.reset();
            if let Err(why) = platform.kept().await {
                return Err(*not_kept(info, &why, "it was done, and may be undone by a restart"));
            }
            Ok(reply::empty(StatusCode::NO_CONTENT))
        }
        id::STREAM_EVENTS => events::stream(platform, head, parts),
        other => Err(refusal(
            info.errors,
            Situation::Internal,
            "not-served",
            "the operation",
            format!("the operation {other}"),
            "an operation that the emulator serves",
            "report this; it is a fault of the emulator",
        )),
    }
}

/// Does an operation of the control API that the exchange serves, without a connection.
pub(crate) fn in_process<O: Operation>(
    platform: &Arc<Platform>,
    operation: &O,
) -> Result<O::Reply, Refusal> {
    let refused = |reason: &'static str, seen: String| {
        let fix = "use an operation of calls and phones, with values that it can carry";
        refusal(
            ErrorFamily::Control,
            Situation::BadRequest,
            reason,
            "the operation",
            seen,
            "an operation of the control API",
            fix,
        )
    };
    if O::INFO.errors != ErrorFamily::Control || !Exchange::serves(O::INFO) {
        return Err(refused(
            "operation-not-served",
            format!("{} is no such operation", O::INFO.id),
        ));
    }
    let parts =
        operation.encode().map_err(|error| refused("request-malformed", error.to_string()))?;
    let request = Request { caller: Caller::Control, operation: O::INFO, parts, key_pair: None };
    let answer = platform
        .feed(Input::Request(request))
        .ok_or_else(|| refused("request-malformed", "the exchange gave no answer".to_owned()))??;
    O::read_reply(answer.body.into()).map_err(|error| refused("reply-malformed", error.to_string()))
}

/// What a shell needs; waits until the application is there.
pub(crate) async fn environment(platform: &Arc<Platform>) -> Environment {
    platform.wait_until_ready().await;
    let credentials = &platform.credentials;
    // Whoever may use the control API is given the credentials: that is what it is for.
    let shown = |secret: &SecretString| Secret::from(secret.expose_secret());
    let mut environment = Environment::new(
        platform.url.as_str(),
        ApiKey::from(credentials.api_key.as_str()),
        shown(&credentials.api_secret),
        shown(&credentials.signature_secret),
    );
    if let Some(ready) = platform.ready.borrow().application() {
        environment.application_id = Some(ready.application.clone());
        environment.private_key = Some(ready.private_key.clone());
    }
    environment.spare_number = start::spare_number(platform);
    environment
}

fn transcript(platform: &Arc<Platform>, parts: &RequestParts) -> Result<Response, Refusal> {
    let call = decode::<GetTranscript>(parts)?.call_id;
    let entries = platform.core().transcript(&call);
    let Some(entries) = entries else {
        return Err(unknown("call-unknown", "call", call.as_str(), "/_ringback/calls"));
    };
    Ok(reply::value(StatusCode::OK, &Transcript::new(entries)))
}

fn one_refusal(platform: &Arc<Platform>, parts: &RequestParts) -> Result<Response, Refusal> {
    let trace = decode::<GetRefusal>(parts)?.trace;
    let refusals = platform.refusals.lock().unwrap_or_else(PoisonError::into_inner);
    match refusals.get(&trace) {
        Some(kept) => Ok(reply::value(StatusCode::OK, &kept)),
        None => Err(unknown("refusal-unknown", "refusal", &trace, "/_ringback/refusals")),
    }
}

/// Reads an operation, or says what is wrong with it.
fn decode<O: Operation>(parts: &RequestParts) -> Result<O, Refusal> {
    O::decode(parts).map_err(|fault| {
        refusal(
            ErrorFamily::Control,
            Situation::BadRequest,
            "request-malformed",
            match fault.name.is_empty() {
                true => "the body".to_owned(),
                false => format!("the {} `{}`", fault.place, fault.name),
            },
            fault.sentence(),
            fault.expected.as_str(),
            fault.remedy(),
        )
    })
}

fn unknown(reason: &'static str, what: &str, id: &str, list: &str) -> Refusal {
    let id: String = id.chars().filter(|c| !c.is_control()).take(80).collect();
    refusal(
        ErrorFamily::Control,
        Situation::NotFound,
        reason,
        format!("the id of the {what}"),
        format!("there is no {what} `{id}`"),
        format!("the id of a {what} that is kept"),
        format!("GET {list} lists them"),
    )
}

fn out_of_range(name: &str, seen: String, expected: &str) -> Refusal {
    refusal(
        ErrorFamily::Control,
        Situation::BadRequest,
        "out-of-range",
        format!("`{name}`"),
        seen,
        expected,
        format!("use {expected}"),
    )
}

/// The ids of the operations as patterns.
mod id {
    use ringback_model::{Operation, control};

    pub(super) const GET_ENVIRONMENT: &str = control::GetEnvironment::INFO.id;
    pub(super) const GET_HEALTH: &str = control::GetHealth::INFO.id;
    pub(super) const GET_TRANSCRIPT: &str = control::GetTranscript::INFO.id;
    pub(super) const WAIT_FOR_CALL: &str = control::WaitForCall::INFO.id;
    pub(super) const LIST_REFUSALS: &str = control::ListRefusals::INFO.id;
    pub(super) const GET_REFUSAL: &str = control::GetRefusal::INFO.id;
    pub(super) const LIST_WEBHOOKS: &str = control::ListWebhooks::INFO.id;
    pub(super) const GET_WEBHOOK: &str = control::GetWebhook::INFO.id;
    pub(super) const REPLAY_WEBHOOK: &str = control::ReplayWebhook::INFO.id;
    pub(super) const GET_CLOCK: &str = control::GetClock::INFO.id;
    pub(super) const HOLD_CLOCK: &str = control::HoldClock::INFO.id;
    pub(super) const RELEASE_CLOCK: &str = control::ReleaseClock::INFO.id;
    pub(super) const ADVANCE_CLOCK: &str = control::AdvanceClock::INFO.id;
    pub(super) const RESET: &str = control::Reset::INFO.id;
    pub(super) const STREAM_EVENTS: &str = control::StreamEvents::INFO.id;
}
