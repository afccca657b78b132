//! Waiting for a call to get somewhere, without asking again and again.

use std::{ops::RangeInclusive, sync::Arc, time::Duration};

use axum::response::Response;
use http::StatusCode;
use ringback_exchange::{Caller, Refusal};
use ringback_model::{
    LegId, LegStatus,
    control::{Call, GetCall, TranscriptEntry, TranscriptKind, WaitForCall},
    operation::{ErrorFamily, RequestParts},
};
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::Instant,
};

use super::{decode, out_of_range, unknown};
use crate::{
    history::Entry,
    http::{
        refusals::{Situation, refusal},
        reply,
    },
    platform::Platform,
    start,
};

/// How long is waited when nothing is said, in seconds.
const WITHIN: u32 = 10;
/// How long can be waited, in seconds.
const RANGE: RangeInclusive<u32> = 0..=600;

/// Answers with the call as soon as its leg is, or has been, in the state.
pub(super) async fn wait(
    platform: &Arc<Platform>,
    parts: &RequestParts,
) -> Result<Response, Refusal> {
    let WaitForCall { call_id, status, within, leg, .. } = decode::<WaitForCall>(parts)?;
    let within = within.unwrap_or(WITHIN);
    if !RANGE.contains(&within) {
        let expected = format!("{} to {} seconds", RANGE.start(), RANGE.end());
        return Err(out_of_range("within", format!("{within} seconds"), &expected));
    }
    let wanted = Wanted { leg: leg.unwrap_or_else(|| call_id.clone()), call: call_id, status };
    let deadline = Instant::now() + Duration::from_secs(within.into());
    // Who waits asks for nothing: the automatic clock goes on meanwhile.
    let _idle = Idle::begin(platform);
    loop {
        let (mut live, past) = {
            // Under the lock, so that nothing happens between the past and what is told live.
            let core = platform.core();
            (platform.live.subscribe(), core.transcript(&wanted.call))
        };
        let call = wanted.call(platform)?;
        let has_been = past.iter().flatten().any(|entry| wanted.is_told_by(entry));
        if has_been || wanted.is_state_of(&call)? {
            return Ok(reply::value(StatusCode::OK, &call));
        }
        // Nothing more happens in a call that is over.
        if call.legs.iter().all(|leg| leg.ended.is_some()) {
            return Err(wanted.missed(&call, "and the call is over"));
        }
        let told = tokio::select! {
            () = platform.stop.cancelled() => None,
            told = tokio::time::timeout_at(deadline, wanted.told(&mut live)) => told.ok(),
        };
        if told.is_none() {
            let call = wanted.call(platform)?;
            return Err(wanted.missed(&call, &format!("after {within} s")));
        }
    }
}

struct Wanted {
    call: LegId,
    leg: LegId,
    status: LegStatus,
}

impl Wanted {
    fn call(&self, platform: &Arc<Platform>) -> Result<Call, Refusal> {
        let get = GetCall::new(self.call.clone());
        let call = start::answered(platform, &mut platform.core(), Caller::Control, &get, None);
        call.and_then(Result::ok)
            .ok_or_else(|| unknown("call-unknown", "call", self.call.as_str(), "/_ringback/calls"))
    }

    /// Whether the leg is in the state now.
    fn is_state_of(&self, call: &Call) -> Result<bool, Refusal> {
        match call.legs.iter().find(|leg| leg.id == self.leg) {
            Some(leg) => Ok(leg.status == self.status),
            None => {
                let path = format!("/_ringback/calls/{}", call.id);
                Err(unknown("leg-unknown", "leg of the call", self.leg.as_str(), &path))
            }
        }
    }

    /// Waits until something happens after which it is worth looking again.
    async fn told(&self, live: &mut Receiver<Arc<Entry>>) {
        loop {
            match live.recv().await {
                Ok(entry) if entry.call.as_ref() == Some(&self.call) => return,
                Ok(_) => {}
                // Some of it was missed.
                Err(RecvError::Lagged(_)) => return,
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    }

    /// Whether an entry says that the leg came into the state, as in `inbound answered`.
    fn is_told_by(&self, entry: &TranscriptEntry) -> bool {
        entry.kind == TranscriptKind::State
            && entry.leg.as_ref() == Some(&self.leg)
            && entry.label.rsplit(' ').next() == Some(self.status.as_str())
    }

    fn missed(&self, call: &Call, when: &str) -> Refusal {
        let leg = call.legs.iter().find(|leg| leg.id == self.leg);
        let status = leg.map_or("unknown", |leg| leg.status.as_str());
        refusal(
            ErrorFamily::Control,
            Situation::TooSlow,
            "status-not-reached",
            "the state of the leg",
            format!("the leg {} is {status} {when}", self.leg),
            format!("the state {}", self.status),
            format!("look what happened: GET /_ringback/calls/{}/transcript", self.call),
        )
    }
}

/// A request that holds up nothing while it waits.
struct Idle<'a>(&'a Arc<Platform>);

impl<'a> Idle<'a> {
    fn begin(platform: &'a Arc<Platform>) -> Self {
        platform.core().activity.request_ends(Instant::now());
        platform.wake();
        Self(platform)
    }
}

impl Drop for Idle<'_> {
    fn drop(&mut self) {
        self.0.core().activity.request_begins(Instant::now());
    }
}
