//! The exchange itself: one state, changed by inputs only.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use ringback_model::{ApplicationId, Json, OperationInfo, Timestamp, control, ncco};

use crate::{
    Deadlines, Effect, Input, Note, Output, PhoneEvent, Request, Settings,
    call::Call,
    conversation::{Conversation, What},
    describe,
    directory::{Applications, Numbers, Users},
    flow::Post,
    id::{Id, IdMap},
    leg::{Leg, State},
    legs::LegsOf,
    note::Told,
    phone::Phones,
    recording::Take,
    rest,
    run::Step,
    store::Store,
    tariff::Tariffs,
    timer::{Due, Timers},
    webhook::Pending,
};

/// A telephone exchange: directory, calls, legs, conversations and running scripts.
#[derive(Debug)]
pub struct Exchange {
    pub(crate) settings: Settings,
    pub(crate) applications: Applications,
    pub(crate) numbers: Numbers,
    pub(crate) users: Users,
    pub(crate) phones: Phones,
    pub(crate) tariffs: Tariffs,
    pub(crate) calls: Store<Call>,
    pub(crate) legs: Store<Leg>,
    pub(crate) conversations: Store<Conversation>,
    pub(crate) webhooks: Store<Pending>,
    pub(crate) leg_ids: IdMap<u64>,
    pub(crate) legs_of: LegsOf,
    pub(crate) conversation_ids: IdMap<u64>,
    /// The conversations that have been given a name, by that.
    pub(crate) names: HashMap<(ApplicationId, String), u64>,
    /// Events of conversations on their way, by conversation.
    pub(crate) posts: HashMap<u64, Post>,
    /// Conversations to be recorded once they start, with the leg and the action that said so.
    pub(crate) rooms_to_record: HashMap<u64, (u64, Box<ncco::Conversation>)>,
    pub(crate) takes: Store<Take>,
    /// Recordings by the ids of their files and transcripts.
    pub(crate) take_ids: IdMap<u64>,
    /// The recordings that are not over, by conversation.
    pub(crate) running_takes: HashMap<u64, Vec<u64>>,
    /// The legs that sounds are fetched for, by the number of the sound.
    pub(crate) fetching: HashMap<u64, u64>,
    /// How many texts and sounds were ever played.
    pub(crate) sounds: u64,
    /// How often legs have changed their conversation.
    pub(crate) moves: u64,
    /// When the calls of the last second were placed, where that is limited.
    pub(crate) dialled: VecDeque<Timestamp>,
    /// Calls that are over and told, the oldest first.
    pub(crate) finished: VecDeque<u64>,
    pub(crate) live_calls: usize,
    pub(crate) timers: Timers,
    /// The time of what happens at the moment.
    pub(crate) now: Timestamp,
    /// What the input at hand brings about.
    pub(crate) effects: Vec<Effect>,
    /// The caller id of those who have none.
    pub(crate) unknown: Arc<str>,
    /// An empty JSON object.
    pub(crate) empty: Json,
}

impl Exchange {
    /// An exchange with numbers to rent, and nothing else.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let phones = Phones::new(settings.default_script.clone());
        Self {
            settings,
            applications: Applications::default(),
            numbers: Numbers::stocked(),
            users: Users::default(),
            phones,
            tariffs: Tariffs::default(),
            calls: Store::new(),
            legs: Store::new(),
            conversations: Store::new(),
            webhooks: Store::new(),
            leg_ids: IdMap::default(),
            legs_of: LegsOf::default(),
            conversation_ids: IdMap::default(),
            names: HashMap::new(),
            posts: HashMap::new(),
            rooms_to_record: HashMap::new(),
            takes: Store::new(),
            take_ids: IdMap::default(),
            running_takes: HashMap::new(),
            fetching: HashMap::new(),
            sounds: 0,
            moves: 0,
            dialled: VecDeque::new(),
            finished: VecDeque::new(),
            live_calls: 0,
            timers: Timers::default(),
            now: Timestamp::default(),
            effects: Vec::new(),
            unknown: "Unknown".into(),
            empty: Json::parse("{}").unwrap_or_default(),
        }
    }

    /// Lets one thing happen at the time `now` of the platform's clock.
    ///
    /// Whatever has fallen due by `now` happens first, each at its own time.
    pub fn handle(&mut self, now: Timestamp, input: Input) -> Output {
        self.forget_finished();
        while let Some((at, due)) = self.timers.pop(now) {
            self.now = at;
            self.fall_due(at, due);
        }
        self.now = now;
        let reply = match input {
            Input::Request(request) => Some(rest::serve(self, now, &request)),
            Input::Incoming(incoming) => Some(
                self.incoming(now, &incoming).and_then(|leg| rest::control::call_placed(self, leg)),
            ),
            Input::Phone { leg, event } => {
                if let Some(key) = self.leg_by_id(leg.as_str()) {
                    self.phone_event(now, key, event);
                }
                None
            }
            Input::Webhook { id, attempt, outcome } => {
                self.webhook_ended(now, id, attempt, outcome);
                None
            }
            Input::Sound { id, outcome } => {
                self.sound_came(now, id.0, outcome);
                None
            }
            Input::Socket { leg, event } => {
                if let Some(key) = self.leg_by_id(leg.as_str()) {
                    self.socket_event(now, key, event);
                }
                None
            }
            Input::Time => None,
        };
        self.drop_void_timers();
        Output { reply, effects: std::mem::take(&mut self.effects) }
    }

    /// When the next things fall due.
    #[must_use]
    pub fn deadlines(&self) -> Deadlines {
        self.timers.deadlines()
    }

    /// Whether the exchange serves an operation; the rest of the control API is the emulator's own.
    #[must_use]
    pub fn serves(operation: &OperationInfo) -> bool {
        rest::serves(operation.id)
    }

    /// Whether a request makes the platform generate a key pair, which has to come with it.
    #[must_use]
    pub fn needs_key_pair(&self, request: &Request) -> bool {
        rest::applications::needs_key_pair(request)
    }

    /// The public key of an application, PEM; none when there is no such application.
    #[must_use]
    pub fn public_key(&self, application: &ApplicationId) -> Option<&str> {
        Some(&self.applications.get(application)?.public_key)
    }

    /// How many calls are up.
    #[must_use]
    pub fn live_calls(&self) -> usize {
        self.live_calls
    }

    /// Puts a note into words; the sequence number is the caller's to give.
    ///
    /// The words are those of now: a phone that has been renamed since has its new name.
    #[must_use]
    pub fn describe(&self, note: &Note) -> control::TranscriptEntry {
        describe::entry(self, note)
    }

    fn fall_due(&mut self, at: Timestamp, due: Due) {
        if !self.matters(&due) {
            return;
        }
        match due {
            Due::Arrived { leg } => self.arrived(at, leg),
            Due::Retry { webhook } => self.attempt(at, webhook),
            Due::Pass { call, .. } => self.pass(at, call),
            Due::Phone { leg, event, .. } => {
                self.phone_event(at, leg, PhoneEvent::from_code(event));
            }
            Due::RingTimeout { leg } => self.ring_timeout(at, leg),
            Due::Limit { leg } => self.limit_reached(at, leg),
            Due::CallerAnswered { leg } => {
                self.caller_answered(at, leg);
                if let Some(Step::Dialling { leg: callee }) = self.step_of(leg) {
                    self.connected(at, leg, callee);
                }
            }
            Due::Step { leg, .. } => self.step_is_over(at, leg),
            Due::Deed { leg, place, .. } => self.deed(at, leg, place),
            Due::Played { leg, sound } => self.player_done(at, leg, sound),
            Due::Verdict { leg } => self.verdict(at, leg),
            Due::Beep { leg, heard } => self.beep(at, leg, heard),
            Due::Recorded { take, .. } => self.stop_take(at, take),
            Due::FileReady { take } => self.file_is_ready(at, take),
            Due::Transcribed { take } => self.transcript_is_ready(at, take),
            Due::LeftAlone { leg, .. } => self.platform_hangs_up(at, leg),
            Due::Expired { conversation, .. } => self.room_expires(conversation),
        }
    }

    /// Whether a deadline still means something.
    pub(crate) fn matters(&self, due: &Due) -> bool {
        let leg = |key: &u64| self.legs.get(*key);
        match due {
            Due::Arrived { leg: key } => leg(key).is_some_and(|leg| !leg.state.is_over()),
            Due::Retry { webhook } => self.webhooks.get(*webhook).is_some(),
            Due::Pass { call, at } => {
                self.calls.get(*call).is_some_and(|call| call.pass_at == Some(*at))
            }
            Due::Phone { leg: key, epoch, event } => leg(key).is_some_and(|leg| {
                // Giving up is for callers that nobody answered.
                let gives_up = *event == PhoneEvent::HangsUp as u8 && *epoch == GIVE_UP_EPOCH;
                !leg.state.is_over()
                    && if gives_up { leg.state != State::Answered } else { leg.epoch == *epoch }
            }),
            Due::RingTimeout { leg: key } => {
                leg(key).is_some_and(|leg| matches!(leg.state, State::Started | State::Ringing))
            }
            Due::Limit { leg: key } => leg(key).is_some_and(|leg| leg.state == State::Answered),
            // The callee may have gone within the moment.
            Due::CallerAnswered { leg: key } => match self.step_of(*key) {
                Some(Step::Dialling { leg: callee }) => {
                    leg(key).is_some_and(|leg| leg.state == State::Ringing)
                        && leg(&callee).is_some_and(|leg| leg.state == State::Answered)
                }
                _ => false,
            },
            Due::Step { leg: key, epoch } => leg(key)
                .and_then(|leg| leg.run.as_ref())
                .is_some_and(|run| run.step != Step::Asking && run.epoch == *epoch),
            Due::Deed { leg: key, epoch, .. } => {
                leg(key).is_some_and(|leg| leg.state == State::Answered && leg.epoch == *epoch)
            }
            Due::Played { leg: key, sound } => self.plays(*key, *sound),
            Due::Verdict { leg: key } | Due::Beep { leg: key, .. } => {
                leg(key).is_some_and(|leg| leg.state == State::Answered)
            }
            Due::Recorded { take, epoch } => self.take_waits(*take, *epoch),
            Due::FileReady { take } | Due::Transcribed { take } => self.takes.get(*take).is_some(),
            Due::LeftAlone { leg, conversation } => self.is_alone_in(*leg, *conversation),
            Due::Expired { conversation, epoch } => self
                .conversations
                .get(*conversation)
                .and_then(|conversation| {
                    conversation.kept.as_ref().filter(|_| conversation.is_empty())
                })
                .is_some_and(|kept| kept.epoch == *epoch),
        }
    }

    /// Deadlines that mean nothing any more must not make a clock skip to them.
    fn drop_void_timers(&mut self) {
        let mut timers = std::mem::take(&mut self.timers);
        timers.drop_void(self.live_calls, |due| self.matters(due));
        self.timers = timers;
    }

    pub(crate) fn leg_by_id(&self, text: &str) -> Option<u64> {
        let key = *self.leg_ids.get(&Id::from_simple(text).or_else(|| Id::from_dashed(text))?)?;
        // Each kind of leg has one spelling of its id.
        self.legs.get(key).filter(|leg| leg.id().as_str() == text).map(|_| key)
    }

    pub(crate) fn note(&mut self, at: Timestamp, leg: u64, told: Told) {
        let Some(of) = self.legs.get(leg) else { return };
        // One that is gone counts as the first.
        let mut conversation = 0;
        if let Some(id) = self.conversations.get(of.conversation).map(|one| one.id)
            && let Some(call) = self.calls.get_mut(of.call)
        {
            conversation = call.place_of(id);
        }
        // Some stamps lie a few milliseconds ahead; what is told of them is told now.
        let at = at.min(self.now);
        self.effects.push(Effect::Note(Note { at, leg, conversation, told }));
    }

    /// Appends to the log of a leg's conversation.
    pub(crate) fn log(&mut self, key: u64, what: What, at: Timestamp) {
        let Some(leg) = self.legs.get(key) else { return };
        let Some(conversation) = self.conversations.get_mut(leg.conversation) else { return };
        conversation.append(what, leg.member, at);
        let id = conversation.log.len() as u64;
        let kind = conversation.log_kind(what);
        let conversation = leg.conversation;
        self.note(at, key, Told::Log(kind, id));
        self.post(at, conversation);
    }
}

/// The epoch of a caller's plan to give up.
pub(crate) const GIVE_UP_EPOCH: u32 = u32::MAX;
