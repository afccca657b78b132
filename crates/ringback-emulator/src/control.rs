//! The part of the control API that is about the emulator and not about calls.

mod clock;
mod events;
mod webhooks;

use std::sync::{Arc, PoisonError};

use axum::response::Response;
use http::{StatusCode, request::Parts};
use ringback_exchange::Refusal;
use ringback_model::{
    ApiKey, Operation, OperationInfo, Secret,
    control::{Environment, GetRefusal, GetTranscript, Health, Refusals, Transcript},
    operation::{ErrorFamily, RequestParts},
};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    http::{
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
        "control.GetEnvironment" => Ok(reply::value(StatusCode::OK, &environment(platform).await)),
        "control.GetHealth" => {
            let health = Health::new("ok").version(env!("CARGO_PKG_VERSION"));
            Ok(reply::value(StatusCode::OK, &health))
        }
        "control.GetTranscript" => transcript(platform, parts),
        "control.ListRefusals" => {
            let refusals = platform.refusals.lock().unwrap_or_else(PoisonError::into_inner);
            Ok(reply::value(StatusCode::OK, &Refusals::new(refusals.list())))
        }
        "control.GetRefusal" => one_refusal(platform, parts),
        "control.ListWebhooks" => webhooks::list(platform, parts),
        "control.GetWebhook" => webhooks::get(platform, parts),
        "control.ReplayWebhook" => webhooks::replay(platform, parts).await,
        "control.GetClock" => Ok(clock::get(platform)),
        "control.HoldClock" => clock::hold(platform, parts),
        "control.ReleaseClock" => clock::release(platform, parts),
        "control.AdvanceClock" => clock::advance(platform, parts).await,
        "control.Reset" => {
            platform.wait_until_ready().await;
            platform.reset();
            Ok(reply::empty(StatusCode::NO_CONTENT))
        }
        "control.StreamEvents" => events::stream(platform, head, parts),
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
    match platform.core().history.transcript(&call) {
        Some(entries) => Ok(reply::value(StatusCode::OK, &Transcript::new(entries))),
        None => Err(unknown("call-unknown", "call", call.as_str(), "/_ringback/calls")),
    }
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
            format!("the {} `{}`", fault.place, fault.name),
            match fault.seen.is_empty() {
                true => fault.reason.clone(),
                false => format!("{}, but it is {}", fault.reason, fault.seen),
            },
            fault.expected,
            "correct it",
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
