//! Reading, holding and moving the clock.

use std::{sync::Arc, time::Duration};

use axum::response::Response;
use http::StatusCode;
use ringback_exchange::Refusal;
use ringback_model::{
    control::{AdvanceClock, Clock, ClockLease, HoldClock, ReleaseClock},
    operation::RequestParts,
};
use tokio::time::Instant;

use super::{decode, out_of_range, unknown};
use crate::{http::reply, platform::Platform};

/// How long a lease lasts when nothing is said, in seconds.
const LEASE: u32 = 30;
/// The longest lease, in seconds.
const LONGEST_LEASE: u32 = 3_600;
/// How many leases there may be at once.
const MOST_LEASES: u32 = 1_000;
/// How far the clock can be moved at once: a year, in milliseconds.
const FARTHEST: u64 = 31_536_000_000;

pub(super) fn get(platform: &Arc<Platform>) -> Response {
    reply::value(StatusCode::OK, &read(platform))
}

pub(super) fn hold(platform: &Arc<Platform>, parts: &RequestParts) -> Result<Response, Refusal> {
    let body = decode::<HoldClock>(parts)?.body;
    let seconds = body.and_then(|body| body.seconds).unwrap_or(LEASE);
    if !(1..=LONGEST_LEASE).contains(&seconds) {
        let seen = format!("{seconds} seconds");
        return Err(out_of_range("seconds", seen, &format!("1 to {LONGEST_LEASE} seconds")));
    }
    let length = Duration::from_secs(seconds.into());
    let lease = {
        let mut core = platform.core();
        if core.clock.leases() >= MOST_LEASES {
            let seen = format!("{MOST_LEASES} leases hold the clock already");
            return Err(out_of_range("leases", seen, &format!("at most {MOST_LEASES} at once")));
        }
        core.clock.hold(Instant::now(), length)
    };
    platform.wake();
    let lease = ClockLease::new(lease, platform.wall.now().plus(length));
    Ok(reply::value(StatusCode::CREATED, &lease))
}

pub(super) fn release(platform: &Arc<Platform>, parts: &RequestParts) -> Result<Response, Refusal> {
    let lease = decode::<ReleaseClock>(parts)?.lease_id;
    let released = platform.core().clock.release(Instant::now(), lease);
    platform.wake();
    match released {
        true => Ok(reply::empty(StatusCode::NO_CONTENT)),
        false => {
            let mut refusal = unknown("lease-unknown", "lease", &lease.to_string(), "");
            refusal.expected = "the number of a lease that has not ended".to_owned();
            refusal.fix = "nothing has to be released: leases end by themselves when their time \
                           is over; POST /_ringback/clock/hold gives a new one"
                .to_owned();
            Err(refusal)
        }
    }
}

pub(super) async fn advance(
    platform: &Arc<Platform>,
    parts: &RequestParts,
) -> Result<Response, Refusal> {
    let millis = decode::<AdvanceClock>(parts)?.body.milliseconds;
    if millis > FARTHEST {
        let seen = format!("{millis} milliseconds");
        return Err(out_of_range("milliseconds", seen, &format!("at most {FARTHEST}, a year")));
    }
    platform.advance(Duration::from_millis(millis)).await;
    Ok(reply::value(StatusCode::OK, &read(platform)))
}

fn read(platform: &Arc<Platform>) -> Clock {
    let mut core = platform.core();
    let now = core.clock.now(Instant::now());
    let mut clock = Clock::new(core.clock.mode().to_string(), now, core.clock.leases());
    clock.next = core.exchange.deadlines().any;
    clock
}
