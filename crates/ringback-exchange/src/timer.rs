//! What falls due, and when.

use std::{cmp::Reverse, collections::BinaryHeap};

use ringback_model::Timestamp;

use crate::{Deadlines, PhoneEvent};

/// Whether a clock that skips quiet time may skip to a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It moves a call on.
    Progress,
    /// It is a limit that is not meant to be reached.
    Guard,
}

/// What is done when the time has come; each checks that it still matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Due {
    /// The caller is in its conversation: ask the application what to do.
    Arrived { leg: u64 },
    /// Make the next attempt at a webhook.
    Retry { webhook: u64 },
    /// A phone does what its script says.
    Phone { leg: u64, event: u8, epoch: u32 },
    /// It has rung long enough.
    RingTimeout { leg: u64 },
    /// It has been talked long enough.
    Limit { leg: u64 },
    /// The caller's side follows the callee's answer.
    CallerAnswered { leg: u64 },
    /// Events may pass those that are still on their way.
    Pass { call: u64, at: Timestamp },
    /// The step of a script has lasted long enough: a prompt is over, a wait, an input, a silence.
    Step { leg: u64, epoch: u32 },
    /// Whoever holds the phone does something during the call, by its place in the phone's script.
    Deed { leg: u64, place: u16, epoch: u32 },
    /// What the Voice API plays to a leg is over.
    Played { leg: u64, sound: u64 },
    /// It is known whether a person or a machine has answered.
    Verdict { leg: u64 },
    /// The machine's greeting is over, or has lasted too long.
    Beep { leg: u64, heard: bool },
    /// A recording has lasted long enough, or was silent for long enough.
    Recorded { take: u64, epoch: u32 },
    /// The file of a recording is ready.
    FileReady { take: u64 },
    /// The transcript of a recording is ready.
    Transcribed { take: u64 },
    /// A partner that a transfer left alone has been so for long enough.
    LeftAlone { leg: u64, conversation: u64 },
    /// A conversation has been empty for long enough.
    Expired { conversation: u64, epoch: u32 },
}

impl Due {
    pub(crate) fn phone(leg: u64, event: PhoneEvent, epoch: u32) -> Self {
        Self::Phone { leg, event: event as u8, epoch }
    }
}

type Entry = Reverse<(Timestamp, u64, Due)>;

/// What falls due, in order of time and then of being set.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    progress: BinaryHeap<Entry>,
    guards: BinaryHeap<Entry>,
    set: u64,
    /// How many were left of each when all of them were looked at last.
    left: [usize; 2],
}

impl Timers {
    pub(crate) fn set(&mut self, at: Timestamp, kind: Kind, due: Due) {
        self.set += 1;
        let heap = match kind {
            Kind::Progress => &mut self.progress,
            Kind::Guard => &mut self.guards,
        };
        heap.push(Reverse((at, self.set, due)));
    }

    /// The next thing that is due at `now`, with the time it was set for.
    pub(crate) fn pop(&mut self, now: Timestamp) -> Option<(Timestamp, Due)> {
        let earlier = match (self.progress.peek(), self.guards.peek()) {
            (Some(progress), Some(guard)) => {
                if (progress.0.0, progress.0.1) <= (guard.0.0, guard.0.1) {
                    &mut self.progress
                } else {
                    &mut self.guards
                }
            }
            (Some(_), None) => &mut self.progress,
            (None, Some(_)) => &mut self.guards,
            (None, None) => return None,
        };
        if earlier.peek().is_some_and(|next| next.0.0 <= now) {
            earlier.pop().map(|Reverse((at, _, due))| (at, due))
        } else {
            None
        }
    }

    /// Drops what means nothing any more: at the front always, elsewhere once it may be most of
    /// what is there.
    ///
    /// All are looked at only when there are twice as many as were left the last time, so each
    /// that is set pays for a look or two, however many matter.
    pub(crate) fn drop_void(&mut self, live: usize, matters: impl Fn(&Due) -> bool) {
        let heaps = [&mut self.progress, &mut self.guards];
        for (heap, left) in heaps.into_iter().zip(&mut self.left) {
            while heap.peek().is_some_and(|next| !matters(&next.0.2)) {
                heap.pop();
            }
            *left = heap.len().min(*left);
            if heap.len() > (8 * live + 1_024).max(2 * *left) {
                heap.retain(|entry| matters(&entry.0.2));
                *left = heap.len();
            }
        }
    }

    /// Everything that is set, in no order: when, the how manieth it was to be set, and what.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &(Timestamp, u64, Due)> {
        self.progress.iter().chain(&self.guards).map(|entry| &entry.0)
    }

    pub(crate) fn deadlines(&self) -> Deadlines {
        let progress = self.progress.peek().map(|next| next.0.0);
        let guard = self.guards.peek().map(|next| next.0.0);
        let any = match (progress, guard) {
            (Some(progress), Some(guard)) => Some(progress.min(guard)),
            (one, other) => one.or(other),
        };
        Deadlines { any, progress }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn many_deadlines_that_matter_are_not_looked_at_again_and_again() {
        let mut timers = Timers::default();
        let looks = Cell::new(0_u64);
        for conversation in 0..20_000 {
            let at = Timestamp::from_millis(1_000);
            timers.set(at, Kind::Guard, Due::Expired { conversation, epoch: 0 });
            timers.drop_void(0, |_| {
                looks.set(looks.get() + 1);
                true
            });
        }
        assert_eq!(timers.iter().count(), 20_000);
        assert!(looks.get() < 4 * 20_000, "{}", looks.get());
    }

    #[test]
    fn deadlines_that_are_void_do_not_pile_up() {
        let mut timers = Timers::default();
        timers.set(Timestamp::from_millis(1), Kind::Guard, Due::RingTimeout { leg: 0 });
        for leg in 1..20_000 {
            timers.set(Timestamp::from_millis(2), Kind::Guard, Due::RingTimeout { leg });
            timers.drop_void(0, |due| *due == Due::RingTimeout { leg: 0 });
        }
        assert!(timers.iter().count() <= 1_025);
        assert_eq!(timers.deadlines().any, Some(Timestamp::from_millis(1)));
    }
}
