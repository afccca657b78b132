//! A leg: one party's way into a call.

use std::sync::Arc;

use ringback_model::{Direction, Disconnector, LegId, LegStatus, Timestamp, webhook::Detail};

use crate::{id::Id, phone::Script, run::Run};

/// A leg: one party's way into a call.
#[derive(Debug)]
pub(crate) struct Leg {
    pub(crate) id: Id,
    pub(crate) call: u64,
    pub(crate) conversation: u64,
    /// Its member, by place in the conversation.
    pub(crate) member: u32,
    pub(crate) way: Way,
    pub(crate) from: Arc<str>,
    pub(crate) to: Arc<str>,
    pub(crate) state: State,
    pub(crate) made: Timestamp,
    pub(crate) answered: Option<Timestamp>,
    pub(crate) ended: Option<Timestamp>,
    /// How its phone behaves.
    pub(crate) script: Script,
    /// Which plan of its phone holds; plans of earlier epochs are void.
    pub(crate) epoch: u32,
    /// What is special about a leg that the platform dialled.
    pub(crate) dial: Option<Dial>,
    /// The script that runs on it.
    pub(crate) run: Option<Box<Run>>,
    /// The webhook that fetches its first script.
    pub(crate) asking: Option<u64>,
    /// Whether an event of this leg is on its way.
    pub(crate) sending: bool,
}

/// Which way a leg was set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Inbound,
    Outbound,
}

/// What is special about a leg that a `connect` dialled.
#[derive(Debug)]
pub(crate) struct Dial {
    /// The leg whose script dialled it.
    pub(crate) by: u64,
    /// Seconds to ring.
    pub(crate) timeout: u32,
    /// Seconds to talk.
    pub(crate) limit: u32,
    /// Whether the reply to a failure may be a script.
    pub(crate) synchronous: bool,
    /// Whether its number cannot be one.
    pub(crate) malformed: bool,
    /// Where its events go, when the action says so.
    pub(crate) hook: Option<Arc<crate::directory::Hook>>,
}

/// The state of a leg (the platform's call status).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum State {
    Started,
    Ringing,
    Answered,
    Completed,
    Busy,
    Timeout,
    Unanswered,
    Rejected,
    Failed,
    Cancelled,
}

impl State {
    /// The table of the documented call flow: where a leg may go from here.
    pub(crate) fn may_become(self, next: Self) -> bool {
        match self {
            Self::Started => next != Self::Started,
            Self::Ringing => !matches!(next, Self::Started | Self::Ringing),
            Self::Answered => next == Self::Completed,
            _ => false,
        }
    }

    pub(crate) fn is_over(self) -> bool {
        !matches!(self, Self::Started | Self::Ringing | Self::Answered)
    }

    pub(crate) fn status(self) -> LegStatus {
        match self {
            Self::Started => LegStatus::Started,
            Self::Ringing => LegStatus::Ringing,
            Self::Answered => LegStatus::Answered,
            Self::Completed => LegStatus::Completed,
            Self::Busy => LegStatus::Busy,
            Self::Timeout => LegStatus::Timeout,
            Self::Unanswered => LegStatus::Unanswered,
            Self::Rejected => LegStatus::Rejected,
            Self::Failed => LegStatus::Failed,
            Self::Cancelled => LegStatus::Cancelled,
        }
    }

    /// The word on the wire.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Ringing => "ringing",
            Self::Answered => "answered",
            Self::Completed => "completed",
            Self::Busy => "busy",
            Self::Timeout => "timeout",
            Self::Unanswered => "unanswered",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// What stands beside a failure in its event: more about it, and the SIP status.
    fn failure(self) -> (Option<Detail>, Option<u32>) {
        match self {
            Self::Busy => (None, Some(486)),
            Self::Timeout => (None, Some(487)),
            Self::Unanswered => (Some(Detail::Unavailable), Some(480)),
            Self::Rejected => (Some(Detail::Declined), Some(603)),
            Self::Failed => (Some(Detail::CannotRoute), Some(404)),
            _ => (None, None),
        }
    }
}

impl Leg {
    /// The id as it is shown: without dashes when it came from the telephone network.
    pub(crate) fn id(&self) -> LegId {
        match self.way {
            Way::Inbound => LegId::new(self.id.simple("")),
            Way::Outbound => LegId::new(self.id.dashed("")),
        }
    }

    pub(crate) fn direction(&self) -> Direction {
        match self.way {
            Way::Inbound => Direction::Inbound,
            Way::Outbound => Direction::Outbound,
        }
    }

    /// What stands beside its failure in an event: more about it, and the SIP status.
    pub(crate) fn failure(&self) -> (Option<Detail>, Option<u32>) {
        match &self.dial {
            Some(dial) if dial.malformed => (Some(Detail::InvalidNumber), Some(484)),
            _ => self.state.failure(),
        }
    }

    /// The number of the phone at its far end.
    pub(crate) fn phone(&self) -> &Arc<str> {
        match self.way {
            Way::Inbound => &self.from,
            Way::Outbound => &self.to,
        }
    }

    /// Whole seconds of talking, with the moments they are counted between.
    ///
    /// The start is rounded down and the end up, as real events show.
    pub(crate) fn talked(&self) -> Option<Talked> {
        let (answered, ended) = (self.answered?, self.ended?);
        let (start, end) = (
            answered.as_secs(),
            ended.as_millis().div_euclid(1_000)
                + i64::from(ended.as_millis().rem_euclid(1_000) > 0),
        );
        Some(Talked {
            start: Timestamp::from_secs(start),
            end: Timestamp::from_secs(end),
            seconds: u64::try_from(end - start).unwrap_or(0),
        })
    }
}

/// How long was talked.
pub(crate) struct Talked {
    pub(crate) start: Timestamp,
    pub(crate) end: Timestamp,
    pub(crate) seconds: u64,
}

/// Who ended a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    Platform,
    User,
}

impl By {
    pub(crate) fn disconnector(self) -> Disconnector {
        match self {
            Self::Platform => Disconnector::Platform,
            Self::User => Disconnector::User,
        }
    }
}
