//! Places the calls at their times, and listens to what comes of them.

use std::time::Duration;

use ringback_emulator::{Delivery, Emulator};
use ringback_model::{
    control::{PlaceCall, PlaceCallRequest},
    webhook::{OriginalRequest, OriginalRequestType},
};
use serde::Deserialize;
use tokio::{
    sync::{broadcast::error::RecvError, oneshot},
    task::JoinHandle,
    time::{Instant, sleep_until},
};

use crate::{
    Error, Kind, Plan, Report,
    tally::{Tally, Troubles},
};

/// How a load stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Calls that were placed so far.
    pub placed: u64,
    /// Calls that there will be.
    pub calls: u64,
    /// Calls that are up.
    pub alive: usize,
}

/// How often progress is told.
const TELL: Duration = Duration::from_millis(100);
/// How long after the last call the last events may be on their way.
const LAST_EVENTS: Duration = Duration::from_millis(300);

/// Runs a plan against an emulator, and says what came of it.
///
/// Calls are placed at their times whatever the servers do. The emulator should run at real speed,
/// and serve nobody else meanwhile.
///
/// # Errors
/// [`Error::Plan`] when the plan means nothing, [`Error::NoCalls`] when not one call could be placed,
/// [`Error::Counting`] when it is not known what was delivered.
pub async fn run(
    emulator: &Emulator,
    plan: &Plan,
    mut progress: impl FnMut(&Progress),
) -> Result<Report, Error> {
    let calls = plan.calls()?;
    let deliveries = emulator.deliveries();
    let (done, until) = oneshot::channel();
    let listening = tokio::spawn(listen(Heard::new()?, deliveries, plan.slow, until));
    let begun = Instant::now();
    let mut troubles = Troubles::default();
    let (mut placed, mut refused, mut most_alive) = (0, 0, 0);
    let mut latest = Duration::ZERO;
    let mut told = begun;
    for call in 0..calls {
        let due = begun + plan.due(call);
        if due > Instant::now() {
            sleep_until(due).await;
        } else {
            // Late calls leave no time to sleep, and others on this thread want their turn too.
            tokio::task::yield_now().await;
        }
        latest = latest.max(due.elapsed());
        let Some(kind) = plan.kind(call) else { break };
        match emulator.control(&PlaceCall::new(request(kind))) {
            Ok(_) => placed += 1,
            Err(refusal) => {
                refused += 1;
                troubles.add("call", refusal.hint(), None);
            }
        }
        if told.elapsed() >= TELL || call + 1 == calls {
            told = Instant::now();
            let alive = emulator.live_calls();
            most_alive = most_alive.max(alive);
            progress(&Progress { placed, calls, alive });
        }
    }
    let took = begun.elapsed();
    if placed == 0 {
        let why = troubles.list().into_iter().next().map(|trouble| trouble.what);
        return Err(Error::NoCalls(why.unwrap_or_default()));
    }
    let end = Instant::now() + plan.drain;
    while emulator.live_calls() > 0 && Instant::now() < end {
        sleep_until(Instant::now() + TELL).await;
        progress(&Progress { placed, calls, alive: emulator.live_calls() });
    }
    sleep_until(Instant::now() + LAST_EVENTS).await;
    let still_alive = emulator.live_calls();
    drop(done);
    let heard = heard(listening).await?;
    let mut all = heard.troubles.list();
    all.extend(troubles.list());
    all.sort_by_key(|trouble| std::cmp::Reverse(trouble.count));
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    Ok(Report {
        rate: plan.rate,
        placed_rate: placed as f64 / took.max(plan.due(calls)).as_secs_f64(),
        placed,
        refused,
        latest_start: latest.as_secs_f64() * 1_000.0,
        most_alive,
        still_alive,
        answers: heard.answers.latencies(),
        events: heard.events.latencies(),
        slow: heard.slow,
        wrong: heard.wrong,
        script_errors: heard.script_errors,
        missed: heard.missed,
        troubles: all,
    })
}

/// What was heard of.
#[derive(Debug)]
struct Heard {
    answers: Tally,
    events: Tally,
    troubles: Troubles,
    slow: u64,
    wrong: u64,
    script_errors: u64,
    missed: u64,
}

/// What a listener has heard; when it broke down, nobody knows.
async fn heard(listening: JoinHandle<Heard>) -> Result<Heard, Error> {
    listening.await.map_err(|error| Error::Counting(error.to_string()))
}

async fn listen(
    mut heard: Heard,
    mut deliveries: tokio::sync::broadcast::Receiver<Delivery>,
    slow: Duration,
    mut until: oneshot::Receiver<()>,
) -> Heard {
    loop {
        tokio::select! {
            // What has been delivered is counted before the end is.
            biased;
            delivery = deliveries.recv() => match delivery {
                Ok(delivery) => heard.hear(&delivery, slow),
                Err(RecvError::Lagged(missed)) => heard.missed += missed,
                Err(RecvError::Closed) => return heard,
            },
            _ = &mut until => return heard,
        }
    }
}

impl Heard {
    fn new() -> Result<Self, Error> {
        Ok(Self {
            answers: Tally::new()?,
            events: Tally::new()?,
            troubles: Troubles::default(),
            slow: 0,
            wrong: 0,
            script_errors: 0,
            missed: 0,
        })
    }

    fn hear(&mut self, delivery: &Delivery, slow: Duration) {
        let tally = match asks_for_answer(delivery.kind, &delivery.payload) {
            true => &mut self.answers,
            false => &mut self.events,
        };
        tally.add(delivery.took, delivery.call.as_ref());
        if delivery.kind == "error" {
            self.script_errors += 1;
            let payload = String::from_utf8_lossy(&delivery.payload).into_owned();
            self.troubles.add("error", reason_of(&payload), delivery.call.as_ref());
        }
        if !self.troubles.judge(delivery) {
            self.wrong += 1;
        } else if delivery.took > slow {
            self.slow += 1;
        }
    }
}

/// Whether a webhook asks how a call is to be answered: at the answer address, or at the fallback
/// address because that failed. Events are told again at the fallback address too.
fn asks_for_answer(kind: &str, payload: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Fallback {
        original_request: OriginalRequest,
    }
    match kind {
        "answer" => true,
        "fallback" => ringback_model::read::from_slice::<Fallback>(payload)
            .is_ok_and(|seen| seen.original_request.kind == OriginalRequestType::Answer),
        _ => false,
    }
}

/// The reason in an error event; the whole event when there is none.
fn reason_of(payload: &str) -> String {
    use ringback_model::webhook::Error as Event;
    match ringback_model::read::from_slice::<Event>(payload.as_bytes()) {
        Ok(event) => event.reason,
        Err(_) => payload.to_owned(),
    }
}

fn request(kind: &Kind) -> PlaceCallRequest {
    let mut request = PlaceCallRequest::new(kind.from.as_str(), kind.to.as_str());
    request.script.clone_from(&kind.script);
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_from_events_at_the_fallback_address_too() {
        let answer = r#"{"original_request":{"url":"https://app.example/answer","type":"answer"}}"#;
        let event = r#"{"original_request":{"url":"https://app.example/event","type":"event"}}"#;
        for (kind, payload, expected) in [
            ("answer", "{}", true),
            ("fallback", answer, true),
            ("fallback", event, false),
            ("fallback", "{}", false),
            ("completed", answer, false),
        ] {
            assert_eq!(asks_for_answer(kind, payload.as_bytes()), expected, "{kind} {payload}");
        }
    }

    #[tokio::test]
    async fn a_listener_that_broke_down_has_not_heard_nothing() {
        let listening = tokio::spawn(async { panic!("on purpose") });
        let error = heard(listening).await.unwrap_err();
        assert!(matches!(error, Error::Counting(_)), "{error}");
    }
}
