//! Recordings: begun by a script or by REST, ended by silence, a key, time or a hang-up.

use std::sync::Arc;

use ringback_model::{
    Json, Timestamp,
    event::{AudioRecordBody, EventType, RecordDoneBody, RecordRefBody},
    ncco::{Record, RecordFormat, Transcription},
    webhook::{self as hooks, Event},
};

use super::{arrive::later, script::Then};
use crate::{
    Exchange, Payload,
    directory::Hook,
    id::{Id, Purpose},
    note::Told,
    recording::{Take, Transcript},
    run::Step,
    timer::{Due, Kind},
};

/// The longest recording, in seconds.
pub(crate) const LONGEST: u32 = 7_200;
/// Milliseconds from the end of a recording until its file is there, as real logs show.
const FILE_READY: i64 = 430;
/// Milliseconds from there until its transcript is; minutes on the platform (approximate).
const TRANSCRIBED: i64 = 2_000;
/// How many recordings are kept.
const KEPT: usize = 10_000;

/// What is to be recorded, and until when.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) conversation: u64,
    pub(crate) leg: Option<u64>,
    pub(crate) teller: Option<u64>,
    pub(crate) hook: Option<Arc<Hook>>,
    pub(crate) format: Option<RecordFormat>,
    pub(crate) channels: Option<u32>,
    pub(crate) split: bool,
    /// Seconds.
    pub(crate) timeout: Option<u32>,
    pub(crate) end_key: Option<char>,
    /// Seconds.
    pub(crate) silence: Option<u32>,
    pub(crate) transcription: Option<Transcript>,
}

impl Exchange {
    /// A script records: it waits when silence or a key ends that, and else goes on at once.
    pub(super) fn record(&mut self, now: Timestamp, key: u64, record: &Record) -> Then {
        self.caller_answered(now, key);
        self.note(now, key, Told::Action("record"));
        let Some(conversation) = self.legs.get(key).map(|leg| leg.conversation) else {
            return Then::Waits;
        };
        let hook = self.action_hook(key, record.event_url.as_ref(), record.event_method.as_ref());
        let end_key = record.end_on_key.as_deref().and_then(|key| key.chars().next());
        let order = Order {
            conversation,
            leg: Some(key),
            teller: Some(key),
            hook,
            format: record.format.clone(),
            channels: record.channels,
            split: record.split.is_some(),
            timeout: record.time_out,
            end_key,
            silence: record.end_on_silence,
            transcription: record.transcription.as_ref().map(|how| self.transcript(key, how)),
        };
        let waits = order.end_key.is_some() || order.silence.is_some();
        let Some(take) = self.begin_take(now, order) else { return Then::GoesOn };
        if !waits {
            return Then::GoesOn;
        }
        self.set_step(key, Step::Recording { take });
        self.ask_phone(now, key);
        Then::Waits
    }

    /// A transcript as an action wants it.
    pub(crate) fn transcript(&self, key: u64, how: &Transcription) -> Transcript {
        let method = how.event_method.as_ref();
        Transcript { hook: self.action_hook(key, how.event_url.as_ref(), method) }
    }

    /// A recording begins.
    pub(crate) fn begin_take(&mut self, now: Timestamp, order: Order) -> Option<u64> {
        let conversation = self.conversations.get(order.conversation)?;
        let key = self.takes.next();
        let derive = |purpose, index| Id::derive(self.settings.seed, purpose, key, index);
        let channels = order.channels.unwrap_or(if order.split { 2 } else { 1 }).clamp(1, 32);
        let format = order.format.unwrap_or(match channels {
            0..=2 => RecordFormat::Mp3,
            _ => RecordFormat::Wav,
        });
        let take = Take {
            id: derive(Purpose::Recording, 0),
            file: derive(Purpose::File, 0),
            transcript: derive(Purpose::File, 1),
            application: conversation.application.application.clone(),
            conversation: order.conversation,
            conversation_id: conversation.id,
            leg: order.leg,
            teller: order.teller,
            hook: order.hook,
            format,
            channels,
            started: now,
            ended: None,
            end_key: order.end_key,
            silence: order.silence.map(|seconds| i64::from(seconds) * 1_000),
            epoch: 0,
            transcription: order.transcription,
            said: Vec::new(),
        };
        let mut body = AudioRecordBody::new();
        body.format = Some(take.format.as_str().to_owned());
        body.channels = Some(i64::from(channels));
        body.split = Some(order.split);
        body.recording_id = Some(take.id().to_string());
        self.take_ids.insert(take.file, key);
        self.take_ids.insert(take.transcript, key);
        let (silence, timeout) = (take.silence, order.timeout.unwrap_or(LONGEST).min(LONGEST));
        self.takes.insert(take);
        self.owe(order.teller, 1);
        self.running_takes.entry(order.conversation).or_default().push(key);
        self.log_take(
            order.conversation,
            order.teller,
            EventType::AudioRecord,
            Json::of(&body),
            now,
        );
        // Nobody waits for the longest time; what the script asks for is progress.
        let kind = if order.timeout.is_some() { Kind::Progress } else { Kind::Guard };
        let end = later(now, i64::from(timeout) * 1_000);
        self.timers.set(end, kind, Due::Recorded { take: key, epoch: 0 });
        if let Some(millis) = silence {
            self.await_silence(key, later(now, millis));
        }
        self.forget_takes();
        Some(key)
    }

    /// Ends a recording at `at` unless something is heard before.
    fn await_silence(&mut self, key: u64, at: Timestamp) {
        let Some(take) = self.takes.get_mut(key) else { return };
        take.epoch += 1;
        let epoch = take.epoch;
        self.timers.set(at, Kind::Progress, Due::Recorded { take: key, epoch });
    }

    /// Whether the deadline of a recording still means something; the first is that of its length.
    pub(crate) fn take_waits(&self, key: u64, epoch: u32) -> bool {
        self.takes
            .get(key)
            .is_some_and(|take| take.ended.is_none() && (epoch == 0 || take.epoch == epoch))
    }

    /// What is said stands in the recordings of the conversation, and breaks their silence.
    pub(super) fn recordings_hear(&mut self, now: Timestamp, key: u64, text: &str, millis: i64) {
        let Some(conversation) = self.legs.get(key).map(|leg| leg.conversation) else { return };
        for take_key in self.running_in(conversation) {
            let Some(take) = self.takes.get_mut(take_key) else { continue };
            let from = now.as_millis() - take.started.as_millis();
            take.said.push((from, millis, text.into()));
            if let Some(silence) = take.silence {
                self.await_silence(take_key, later(now, millis + silence));
            }
        }
    }

    /// A key ends the recording that waits for it; it is used up by that (inferred).
    pub(super) fn key_ends_take(&mut self, now: Timestamp, key: u64, digit: char) -> bool {
        let Some(conversation) = self.legs.get(key).map(|leg| leg.conversation) else {
            return false;
        };
        let ends = self.running_in(conversation).into_iter().find(|take| {
            self.takes
                .get(*take)
                .is_some_and(|take| take.leg == Some(key) && take.end_key == Some(digit))
        });
        if let Some(take) = ends {
            self.stop_take(now, take);
        }
        ends.is_some()
    }

    /// A recording stops.
    pub(crate) fn stop_take(&mut self, now: Timestamp, key: u64) {
        let Some(take) = self.takes.get_mut(key).filter(|take| take.ended.is_none()) else {
            return;
        };
        take.ended = Some(now);
        let mut body = RecordRefBody::new();
        body.record_id = Some(take.id().to_string());
        let (conversation, teller) = (take.conversation, take.teller);
        self.runs_no_more(conversation, key);
        self.log_take(conversation, teller, EventType::AudioRecordStop, Json::of(&body), now);
        self.timers.set(later(now, FILE_READY), Kind::Progress, Due::FileReady { take: key });
    }

    /// The recordings of a conversation that are not over.
    pub(crate) fn running_in(&self, conversation: u64) -> Vec<u64> {
        self.running_takes.get(&conversation).cloned().unwrap_or_default()
    }

    fn runs_no_more(&mut self, conversation: u64, key: u64) {
        if let Some(running) = self.running_takes.get_mut(&conversation) {
            running.retain(|other| *other != key);
            if running.is_empty() {
                self.running_takes.remove(&conversation);
            }
        }
    }

    /// The recordings that a leg's script has begun stop with it.
    pub(crate) fn stop_takes_of(&mut self, now: Timestamp, leg: u64) {
        let Some(conversation) = self.legs.get(leg).map(|leg| leg.conversation) else { return };
        for take in self.running_in(conversation) {
            if self.takes.get(take).is_some_and(|take| take.leg == Some(leg)) {
                self.stop_take(now, take);
            }
        }
    }

    /// All recordings of a conversation stop with it.
    pub(crate) fn stop_takes_in(&mut self, now: Timestamp, conversation: u64) {
        for take in self.running_in(conversation) {
            self.stop_take(now, take);
        }
    }

    /// The file of a recording is there: its address is told, and a script that waited goes on.
    pub(crate) fn file_is_ready(&mut self, now: Timestamp, key: u64) {
        let Some(take) = self.takes.get(key) else { return };
        let seconds =
            |at: Timestamp| Timestamp::from_secs(at.as_secs()).to_string().replace(".000", "");
        let ended = take.ended.unwrap_or(now);
        let size = i64::try_from(take.sound(now).bytes()).unwrap_or(i64::MAX);
        let url = self.file_url(take.file);
        let mut event = hooks::Record::new();
        event.start_time = Some(seconds(take.started));
        event.end_time = Some(seconds(ended));
        event.recording_url = Some(url.clone());
        event.size = Some(size);
        event.recording_uuid = Some(take.id());
        event.conversation_uuid = Some(take.conversation_id());
        event.timestamp = Some(now);
        let mut body = RecordDoneBody::new();
        body.recording_id = Some(take.id().to_string());
        body.destination_url = Some(url);
        body.format = Some(take.format.as_str().to_owned());
        (body.start_time, body.end_time) = (event.start_time.clone(), event.end_time.clone());
        body.size = Some(size);
        let (conversation, teller, hook) = (take.conversation, take.teller, take.hook.clone());
        let (leg, transcribes) = (take.leg, take.transcription.is_some());
        self.log_take(conversation, teller, EventType::AudioRecordDone, Json::of(&body), now);
        let payload = Payload::Event(Box::new(Event::Record(event)));
        self.tell_take(now, conversation, teller, "record", payload, hook);
        if transcribes {
            let due = Due::Transcribed { take: key };
            self.timers.set(later(now, TRANSCRIBED), Kind::Progress, due);
        } else {
            self.owe(teller, -1);
        }
        if let Some(leg) =
            leg.filter(|leg| self.step_of(*leg) == Some(Step::Recording { take: key }))
        {
            self.note(now, leg, Told::ActionDone("record"));
            self.advance(now, leg);
        }
    }

    /// The transcript of a recording is there.
    pub(crate) fn transcript_is_ready(&mut self, now: Timestamp, key: u64) {
        let Some(take) = self.takes.get(key) else { return };
        let Some(Transcript { hook }) = take.transcription.clone() else { return };
        let mut event = hooks::Transcribed::new();
        event.conversation_uuid = Some(take.conversation_id());
        event.kind = Some("record".to_owned());
        event.recording_uuid = Some(take.id());
        event.status = Some("transcribed".to_owned());
        event.transcription_url = Some(self.file_url(take.transcript));
        let (conversation, teller) = (take.conversation, take.teller);
        let payload = Payload::Event(Box::new(Event::Transcribed(event)));
        self.tell_take(now, conversation, teller, "transcribed", payload, hook);
        self.owe(teller, -1);
    }

    /// A call stays for as long as there is a recording to tell of.
    fn owe(&mut self, teller: Option<u64>, more: i32) {
        let call = teller.and_then(|leg| self.legs.get(leg)).map(|leg| leg.call);
        let Some(key) = call else { return };
        if let Some(call) = self.calls.get_mut(key) {
            call.takes = call.takes.saturating_add_signed(more);
        }
        // Where nobody is told, that was the last of it.
        self.if_all_is_told(key);
    }

    /// What was said to an input is kept as a recording of its own; answers its address.
    pub(super) fn keep_speech(
        &mut self,
        now: Timestamp,
        key: u64,
        began: Timestamp,
    ) -> Option<String> {
        let conversation = self.legs.get(key)?.conversation;
        let order = Order {
            conversation,
            leg: None,
            teller: Some(key),
            hook: None,
            format: Some(RecordFormat::Wav),
            channels: None,
            split: false,
            timeout: None,
            end_key: None,
            silence: None,
            transcription: None,
        };
        let take = self.takes.next();
        self.begin_take(now, order)?;
        self.runs_no_more(conversation, take);
        // The result of the input tells of it.
        self.owe(Some(key), -1);
        let take = self.takes.get_mut(take)?;
        (take.started, take.ended) = (began, Some(now));
        let file = take.file;
        Some(self.file_url(file))
    }

    pub(crate) fn file_url(&self, file: Id) -> String {
        format!("{}/v1/files/{}", self.settings.files_origin, file.dashed(""))
    }

    fn log_take(
        &mut self,
        conversation: u64,
        teller: Option<u64>,
        kind: EventType,
        body: serde_json::Result<Json>,
        at: Timestamp,
    ) {
        let in_it = teller
            .filter(|leg| self.legs.get(*leg).is_some_and(|leg| leg.conversation == conversation));
        match in_it {
            Some(leg) => self.log_body(leg, kind, body, at),
            None => self.log_of_platform(conversation, kind, body, at),
        }
    }

    fn tell_take(
        &mut self,
        now: Timestamp,
        conversation: u64,
        teller: Option<u64>,
        kind: &'static str,
        payload: Payload,
        hook: Option<Arc<Hook>>,
    ) {
        let Some(hook) = hook else { return };
        match teller {
            Some(leg) => {
                self.tell_to(now, leg, kind, Arc::new(payload), hook, None);
            }
            None => self.post_to(now, conversation, kind, Arc::new(payload), hook),
        }
    }

    /// The oldest recordings go once there are too many; nothing keeps them for thirty days here.
    fn forget_takes(&mut self) {
        while self.take_ids.len() > 2 * KEPT {
            // One that runs is waited for.
            let oldest = self.takes.iter().find(|(_, take)| take.ended.is_some());
            let Some((oldest, _)) = oldest else { return };
            if let Some(take) = self.takes.remove(oldest) {
                self.take_ids.remove(&take.file);
                self.take_ids.remove(&take.transcript);
            }
        }
    }
}
