//! What is in flight, and whether the automatic clock may skip.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use ringback_exchange::WebhookId;
use tokio::time::Instant;

/// How long nothing has to happen before quiet time is skipped.
const QUIET: Duration = Duration::from_millis(3);
/// How long a webhook whose reply changes nothing keeps the clock at real speed.
const GRACE: Duration = Duration::from_millis(250);

/// What is in flight.
#[derive(Debug)]
pub(crate) struct Activity {
    requests: usize,
    /// What else a call waits for: sounds, websockets that are being opened, applications that speak.
    errands: usize,
    webhooks: BTreeMap<(WebhookId, u32), Flight>,
    /// How many of them have a reply that matters: they are asked about at every tick.
    mattering: usize,
    /// When each of them began, so that the latest is at hand.
    begun: BTreeSet<(Instant, (WebhookId, u32))>,
    /// When something began or ended last.
    last: Instant,
}

#[derive(Debug)]
struct Flight {
    since: Instant,
    reply_matters: bool,
}

impl Activity {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            requests: 0,
            errands: 0,
            webhooks: BTreeMap::new(),
            mattering: 0,
            begun: BTreeSet::new(),
            last: now,
        }
    }

    pub(crate) fn request_begins(&mut self, now: Instant) {
        self.requests += 1;
        self.last = now;
    }

    pub(crate) fn request_ends(&mut self, now: Instant) {
        self.requests = self.requests.saturating_sub(1);
        self.last = now;
    }

    pub(crate) fn webhook_begins(
        &mut self,
        webhook: (WebhookId, u32),
        reply_matters: bool,
        now: Instant,
    ) {
        if let Some(before) = self.webhooks.insert(webhook, Flight { since: now, reply_matters }) {
            self.forget(webhook, &before);
        }
        self.begun.insert((now, webhook));
        self.mattering += usize::from(reply_matters);
        self.last = now;
    }

    pub(crate) fn webhook_ends(&mut self, webhook: (WebhookId, u32), now: Instant) {
        if let Some(ended) = self.webhooks.remove(&webhook) {
            self.forget(webhook, &ended);
        }
        self.last = now;
    }

    /// Takes a flight out of what is counted.
    fn forget(&mut self, webhook: (WebhookId, u32), flight: &Flight) {
        self.begun.remove(&(flight.since, webhook));
        self.mattering -= usize::from(flight.reply_matters);
    }

    pub(crate) fn errand_begins(&mut self, now: Instant) {
        self.errands += 1;
        self.last = now;
    }

    pub(crate) fn errand_ends(&mut self, now: Instant) {
        self.errands = self.errands.saturating_sub(1);
        self.last = now;
    }

    /// Forgets webhooks and errands, for those that nobody waits for any more.
    pub(crate) fn forget_flights(&mut self) {
        self.webhooks.clear();
        self.begun.clear();
        self.mattering = 0;
        self.errands = 0;
    }

    /// The clock has been moved: the next skip waits for quiet again.
    pub(crate) fn moved(&mut self, now: Instant) {
        self.last = now;
    }

    /// From when on quiet time may be skipped; none while something has to end first.
    pub(crate) fn quiet_from(&self) -> Option<Instant> {
        if self.requests > 0 {
            return None;
        }
        self.settled_from().map(|settled| settled.max(self.last + QUIET))
    }

    /// From when on nothing that is out is worth waiting for; none while a reply, a sound or a
    /// websocket that matters is missing.
    pub(crate) fn settled_from(&self) -> Option<Instant> {
        if self.errands > 0 || self.mattering > 0 {
            return None;
        }
        Some(self.begun.last().map_or(self.last, |(since, _)| *since + GRACE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_begins_when_nothing_that_matters_is_in_flight() {
        let zero = Instant::now();
        let at = |millis| zero + Duration::from_millis(millis);
        let mut activity = Activity::new(zero);
        assert_eq!(activity.quiet_from(), Some(at(3)));
        activity.request_begins(at(10));
        assert_eq!(activity.quiet_from(), None);
        activity.request_ends(at(20));
        assert_eq!(activity.quiet_from(), Some(at(23)));
        let (answer, event) = ((WebhookId(1), 1), (WebhookId(2), 1));
        activity.webhook_begins(answer, true, at(30));
        activity.webhook_begins(event, false, at(31));
        assert_eq!(activity.quiet_from(), None);
        activity.webhook_ends(answer, at(40));
        assert_eq!(activity.quiet_from(), Some(at(281)));
        activity.webhook_ends(event, at(50));
        assert_eq!(activity.quiet_from(), Some(at(53)));
        activity.errand_begins(at(60));
        activity.errand_begins(at(61));
        activity.errand_ends(at(62));
        assert_eq!((activity.quiet_from(), activity.settled_from()), (None, None));
        activity.errand_ends(at(70));
        assert_eq!(activity.quiet_from(), Some(at(73)));
        activity.errand_begins(at(80));
        activity.forget_flights();
        assert_eq!(activity.quiet_from(), Some(at(83)));
        // Of many the latest counts, whichever ends first; one that begins again counts once.
        let hooks = [1, 2, 3].map(|id| (WebhookId(id), 1));
        for (hook, millis) in hooks.iter().zip([100, 110, 120]) {
            activity.webhook_begins(*hook, false, at(millis));
        }
        activity.webhook_begins(hooks[0], true, at(130));
        activity.webhook_begins(hooks[0], false, at(140));
        assert_eq!(activity.settled_from(), Some(at(390)));
        activity.webhook_ends(hooks[0], at(150));
        assert_eq!(activity.settled_from(), Some(at(370)));
        activity.webhook_ends(hooks[1], at(151));
        assert_eq!(activity.settled_from(), Some(at(370)));
        activity.webhook_begins(hooks[1], true, at(160));
        activity.forget_flights();
        assert_eq!(activity.settled_from(), Some(at(160)));
    }
}
