//! A leg: one party's way into a call.

use std::sync::Arc;

use ringback_model::{
    Direction, Disconnector, LegId, LegStatus, Timestamp, event::ChannelEndpoint, webhook::Detail,
};

use crate::{detection::Detection, directory::Hook, far::Far, id::Id, phone::Script, run::Run};

/// A leg: one party's way into a call.
#[derive(Debug)]
pub(crate) struct Leg {
    pub(crate) id: Id,
    pub(crate) call: u64,
    pub(crate) conversation: u64,
    /// Its member, by place in the conversation.
    pub(crate) member: u32,
    pub(crate) way: Way,
    pub(crate) far: Far,
    pub(crate) from: Arc<str>,
    pub(crate) to: Arc<str>,
    pub(crate) state: State,
    pub(crate) made: Timestamp,
    pub(crate) answered: Option<Timestamp>,
    pub(crate) ended: Option<Timestamp>,
    /// How its phone behaves.
    pub(crate) script: Arc<Script>,
    /// Which plan of its phone holds; plans of earlier epochs are void.
    pub(crate) epoch: u32,
    /// What is special about a leg that the platform dialled.
    pub(crate) dial: Option<Box<Dial>>,
    /// The script that runs on it.
    pub(crate) run: Option<Box<Run>>,
    /// The webhook that fetches its first script.
    pub(crate) asking: Option<u64>,
    /// Whether an event of this leg is on its way.
    pub(crate) sending: bool,
    /// Nobody hears it.
    pub(crate) muted: bool,
    /// It hears nobody.
    pub(crate) earmuffed: bool,
    /// A machine has answered.
    pub(crate) machine: bool,
    /// How many of the deeds of its phone's script that wait for a question are done.
    pub(crate) asked: u16,
    /// What goes on beside its script.
    pub(crate) beside: Option<Box<Beside>>,
}

/// What goes on at a leg beside its script.
#[derive(Debug, Default)]
pub(crate) struct Beside {
    /// What the Voice API plays to it.
    pub(crate) player: Option<Player>,
    /// Who is told of every key.
    pub(crate) keys: Option<Arc<Hook>>,
}

/// A text or a sound that the Voice API plays to a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Player {
    /// Which it is: the number of the sound on this exchange.
    pub(crate) sound: u64,
    pub(crate) medium: Medium,
    /// How often it is played; 0 is for ever.
    pub(crate) times: u32,
}

/// A text, or a sound file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Medium {
    Talk,
    Stream,
}

/// Which way a leg was set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) enum Way {
    Inbound,
    Outbound,
}

/// What is special about a leg that the platform dialled.
#[derive(Debug)]
pub(crate) struct Dial {
    /// The leg whose script dialled it; none when the Voice API did.
    pub(crate) by: Option<u64>,
    /// Seconds to ring.
    pub(crate) timeout: u32,
    /// Seconds to talk.
    pub(crate) limit: u32,
    /// Whether the reply to a failure may be a script.
    pub(crate) synchronous: bool,
    /// Whether its number cannot be one.
    pub(crate) malformed: bool,
    /// Whether `started` has been told.
    pub(crate) announced: bool,
    /// Where its events go, when the action says so.
    pub(crate) hook: Option<Arc<Hook>>,
    /// Whether a machine is listened for.
    pub(crate) detection: Option<Detection>,
    /// The script that the callee hears before it joins.
    pub(crate) on_answer: Option<Arc<Hook>>,
    /// Keys that are pressed once it has answered.
    pub(crate) keys: Option<Box<str>>,
    /// The digits that were asked for as the caller's, where they are not shown: the Voice API
    /// repeats them, because older clients read nothing but digits there.
    pub(crate) asked_from: Option<Box<str>>,
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

    /// Who is at its far end: a number, a user, a URI or an extension.
    pub(crate) fn party(&self) -> &Arc<str> {
        match self.way {
            Way::Inbound => &self.from,
            Way::Outbound => &self.to,
        }
    }

    /// Where the virtual phone at its far end is found.
    pub(crate) fn phone(&self) -> Arc<str> {
        self.far.address(self.party())
    }

    /// Both ends as conversations and the Voice API write them: from, then to.
    pub(crate) fn ends(&self) -> (ChannelEndpoint, ChannelEndpoint) {
        match self.way {
            // What was dialled is a number.
            Way::Inbound => (self.far.end(&self.from), Far::Phone.end(&self.to)),
            Way::Outbound => (Far::Phone.end(&self.from), self.far.end(&self.to)),
        }
    }

    /// Whether it was dialled by the script of another leg.
    pub(crate) fn dialled_by(&self) -> Option<u64> {
        self.dial.as_ref()?.by
    }

    /// Whether it runs the script of a call, and not only what its own party hears before it joins.
    pub(crate) fn runs_call(&self) -> bool {
        self.run.as_ref().is_some_and(|run| !run.before_joining)
    }

    pub(crate) fn beside(&mut self) -> &mut Beside {
        self.beside.get_or_insert_default()
    }

    /// Whole seconds of talking, with the moments they are counted between.
    ///
    /// The start is rounded down and the end up, as real events show.
    pub(crate) fn talked(&self) -> Option<Talked> {
        let (answered, ended) = (self.answered?, self.ended?);
        // Those of app users count from when they were made, as a real log shows.
        let from = if matches!(self.far, Far::App) { self.made } else { answered };
        let (start, end) = (
            from.as_secs(),
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
