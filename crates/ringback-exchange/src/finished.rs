//! Calls that are over: kept for those who ask, the oldest forgotten first.

use ringback_model::Timestamp;

use crate::Exchange;

impl Exchange {
    /// Nobody is left in a call.
    pub(crate) fn call_is_over(&mut self, now: Timestamp, key: u64) {
        let Some(call) = self.calls.get_mut(key).filter(|call| call.ended.is_none()) else {
            return;
        };
        call.ended = Some(now);
        self.live_calls -= 1;
        self.if_all_is_told(key);
    }

    /// A call may be forgotten once it is over and there is nothing left to tell of it.
    pub(crate) fn if_all_is_told(&mut self, key: u64) {
        let Some(call) = self.calls.get_mut(key) else { return };
        if call.ended.is_some() && !call.finished && !call.is_telling() {
            call.finished = true;
            self.finished.push_back(key);
        }
    }

    /// Forgets the oldest of those that are more than are kept.
    ///
    /// What an input brings about can be described until the next one, so it is done before that.
    pub(crate) fn forget_finished(&mut self) {
        while self.finished.len() > self.settings.finished_calls {
            let Some(oldest) = self.finished.pop_front() else { return };
            match self.calls.get_mut(oldest) {
                // A recording may be told of later; it is back once that is done.
                Some(call) if call.is_telling() => call.finished = false,
                _ => self.forget(oldest),
            }
        }
    }

    /// Drops a finished call with its legs.
    fn forget(&mut self, key: u64) {
        let Some(call) = self.calls.remove(key) else { return };
        for conversation in call.conversations {
            let live = self.conversation_ids.get(&conversation).copied();
            if live.is_none_or(|live| self.conversations.get(live).is_none()) {
                self.conversation_ids.remove(&conversation);
            }
        }
        self.legs_of.remove(&call.routes.application, &call.legs);
        for key in call.legs {
            if let Some(leg) = self.legs.remove(key) {
                self.leg_ids.remove(&leg.id);
            }
        }
    }
}
