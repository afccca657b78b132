//! The platform's limits of requests, for those who want to meet them.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use ringback_exchange::{Caller, Refusal};
use ringback_model::{
    Operation, OperationInfo,
    calls::{CreateCall, CreateIpCall},
};
use tokio::time::Instant;

use super::refusals::{Situation, refusal};

/// How many requests a caller may make within a second, calls to be created not among them.
const REQUESTS: usize = 15;
const SECOND: Duration = Duration::from_secs(1);
/// From how many callers on those who have been quiet are forgotten.
const CALLERS: usize = 1_000;

/// The requests of the last second, by who made them; those that were refused do not count.
#[derive(Debug, Default)]
pub(crate) struct Limits(Mutex<HashMap<String, VecDeque<Instant>>>);

impl Limits {
    /// Refuses a request that is one too many; real time counts, whatever the clock.
    pub(crate) fn check(
        &self,
        info: &OperationInfo,
        caller: &Caller,
        now: Instant,
    ) -> Result<(), Refusal> {
        // The exchange counts calls, because scripts make them too.
        if [CreateCall::INFO.id, CreateIpCall::INFO.id].contains(&info.id) {
            return Ok(());
        }
        let caller = match caller {
            Caller::Application { id, .. } => id.as_str(),
            Caller::Account => "account",
            Caller::Control => return Ok(()),
        };
        let mut callers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_recent = |at: &Instant| now.saturating_duration_since(*at) < SECOND;
        if callers.len() > CALLERS {
            callers.retain(|_, requests| requests.back().is_some_and(is_recent));
        }
        let requests = callers.entry(caller.to_owned()).or_default();
        while requests.front().is_some_and(|at| !is_recent(at)) {
            requests.pop_front();
        }
        if requests.len() < REQUESTS {
            requests.push_back(now);
            return Ok(());
        }
        Err(refusal(
            info.errors,
            Situation::TooMany,
            "rate-limit",
            "the requests of the last second",
            format!("{REQUESTS} requests within the last second before this one"),
            format!("at most {REQUESTS} requests a second, beside calls to be created"),
            "wait a second and send it again; the limit is there because of --limits",
        ))
    }
}

#[cfg(test)]
mod tests {
    use ringback_model::{beta, calls::GetCall};

    use super::*;

    #[test]
    fn fifteen_requests_a_second() {
        let limits = Limits::default();
        let zero = Instant::now();
        let one = Caller::Application { id: "one".into(), user: None };
        let ask = |info, caller: &Caller, millis| {
            let refused = limits.check(info, caller, zero + Duration::from_millis(millis)).err();
            refused.map(|refusal| (refusal.status(), refusal.reason))
        };
        for millis in 0..15 {
            assert_eq!(ask(GetCall::INFO, &one, millis * 10), None);
        }
        let refused = Some((429, "rate-limit"));
        assert_eq!(ask(GetCall::INFO, &one, 150), refused);
        assert_eq!(ask(beta::GetConversation::INFO, &one, 999), refused);
        // Others, calls to be created and the control API have nothing to do with it.
        assert_eq!(ask(GetCall::INFO, &Caller::Account, 999), None);
        assert_eq!(ask(CreateCall::INFO, &one, 999), None);
        assert_eq!(ask(CreateIpCall::INFO, &one, 999), None);
        for _ in 0..100 {
            assert_eq!(ask(GetCall::INFO, &Caller::Control, 999), None);
        }
        // The first one is a second ago, the second is not.
        assert_eq!(ask(GetCall::INFO, &one, 1_000), None);
        assert_eq!(ask(GetCall::INFO, &one, 1_001), refused);
        assert_eq!(ask(GetCall::INFO, &one, 1_010), None);
    }
}
