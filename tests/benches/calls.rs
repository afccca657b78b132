//! The tutorial's call, again and again, on an exchange whose application answers at once.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use ringback_exchange::{
    CallNumber, Caller, Effect, Exchange, Incoming, Input, KeyPair, Note, Output, Request,
    Settings, WebhookId, WebhookOutcome,
};
use ringback_model::{
    ApiKey, ApplicationId, HttpMethod, Operation, PhoneNumber, Secret, Timestamp,
    applications::{
        ApplicationRequest, Capabilities, CreateApplication, VoiceCapability, VoiceWebhooks,
        Webhook,
    },
    control::{SetPhone, SetPhoneRequest},
    numbers::{BuyNumber, UpdateNumber},
};
use serde_json::Value;

/// How many calls are up at once.
pub(crate) const LIVE: u64 = 10_000;

const NUMBER: &str = "447700000002";
const BOB: &str = "447700000003";
const SCRIPT: &[u8] =
    br#"[{"action":"connect","endpoint":[{"type":"phone","number":"447700000003"}]}]"#;

/// Milliseconds from the first signal of a call to its end: Bob answers after three seconds, the
/// caller hangs up a minute later.
const LENGTH: u64 = 213 + 3_000 + 64 + 60_000;

/// An exchange in which a call begins whenever one has ended.
pub(crate) struct Calls {
    exchange: Exchange,
    /// Replies of the application that are on their way; they take no time.
    replies: VecDeque<(WebhookId, u32, WebhookOutcome)>,
    script: Bytes,
    begun: u64,
    /// How many calls are up at once.
    live: u64,
    /// How many timed events there were: inputs that were handled, effects that were made.
    pub(crate) events: u64,
    /// The transcripts, when they are kept: as an emulator holds them.
    pub(crate) transcripts: Option<HashMap<CallNumber, Vec<(u64, Note)>>>,
}

impl Calls {
    /// The application, its number, Bob; callers hang up after a minute. So many are up at once.
    pub(crate) fn new(live: u64) -> Self {
        let mut settings = Settings::new(1, ApiKey::new("abcd1234"));
        settings.default_script = "answer after 0s, hang up after 60s".parse().unwrap();
        let mut calls = Self {
            exchange: Exchange::new(settings),
            replies: VecDeque::new(),
            script: Bytes::from_static(SCRIPT),
            begun: 0,
            live,
            events: 0,
            transcripts: None,
        };
        let hook = |url: &str, method| Webhook::new().address(url).http_method(method);
        let webhooks = VoiceWebhooks::new()
            .answer_url(hook("http://app.test/webhooks/answer", HttpMethod::Get))
            .event_url(hook("http://app.test/webhooks/event", HttpMethod::Post));
        let capabilities = Capabilities::new().voice(VoiceCapability::new().webhooks(webhooks));
        let request = ApplicationRequest::new("Conversation App").capabilities(capabilities);
        let made = calls.ask(Caller::Account, &CreateApplication::new(request));
        let application = ApplicationId::new(made["id"].as_str().unwrap());
        let number = PhoneNumber::new(NUMBER).unwrap();
        calls.ask(Caller::Account, &BuyNumber::new("GB", number.clone()));
        calls.ask(Caller::Account, &UpdateNumber::new("GB", number).app_id(application));
        let bob = SetPhoneRequest::new().name("Bob").script("ring after 1s, answer after 3s");
        calls.ask(Caller::Control, &SetPhone::new(BOB, bob));
        calls
    }

    /// Lets calls begin evenly until as many are up as there shall be.
    pub(crate) fn fill(&mut self) {
        self.begin(self.live);
    }

    /// Lets so many more begin, each when another ends.
    pub(crate) fn run(&mut self, calls: u64) {
        self.begin(calls);
        let live = self.exchange.live_calls() as u64;
        assert!(live.abs_diff(self.live) <= self.live / 50, "{live} calls are up");
    }

    fn begin(&mut self, calls: u64) {
        for _ in 0..calls {
            let at = moment(self.begun * LENGTH / self.live);
            self.wait_until(at);
            let incoming = Incoming {
                from: format!("4477100{:05}", self.begun % 100_000),
                to: NUMBER.to_owned(),
                script: None,
            };
            self.begun += 1;
            let reply = self.handle(at, Input::Incoming(incoming)).reply;
            assert!(matches!(reply, Some(Ok(_))), "{reply:?}");
        }
    }

    /// Lets happen what falls due until then, each at its own time.
    fn wait_until(&mut self, end: Timestamp) {
        while let Some(next) = self.exchange.deadlines().any.filter(|next| *next < end) {
            self.handle(next, Input::Time);
        }
    }

    /// Lets one thing happen, and all that follows at once.
    fn handle(&mut self, now: Timestamp, input: Input) -> Output {
        let mut output = self.exchange.handle(now, input);
        self.take(std::mem::take(&mut output.effects));
        while let Some((id, attempt, outcome)) = self.replies.pop_front() {
            let input = Input::Webhook { id, attempt, outcome };
            let effects = self.exchange.handle(now, input).effects;
            self.take(effects);
        }
        output
    }

    fn take(&mut self, effects: Vec<Effect>) {
        self.events += 1 + effects.len() as u64;
        for effect in effects {
            match effect {
                Effect::Webhook(attempt) => {
                    let (status, body) = match attempt.reply_matters {
                        true => (200, self.script.clone()),
                        false => (204, Bytes::new()),
                    };
                    let outcome = WebhookOutcome::Reply { status, content_type: None, body };
                    self.replies.push_back((attempt.id, attempt.attempt, outcome));
                }
                Effect::Note(note) => self.keep(note),
                _ => {}
            }
        }
    }

    /// Keeps a note in the transcript of its call, which grows by a quarter.
    fn keep(&mut self, note: Note) {
        let Some(transcripts) = &mut self.transcripts else { return };
        let Some(call) = note.call(&self.exchange) else { return };
        let transcript = transcripts.entry(call).or_default();
        if transcript.len() == transcript.capacity() {
            transcript.reserve_exact((transcript.len() / 4).max(8));
        }
        transcript.push((self.events, note));
    }

    fn ask<O: Operation>(&mut self, caller: Caller, operation: &O) -> Value {
        let parts = operation.encode().unwrap();
        let mut request = Request { caller, operation: O::INFO, parts, key_pair: None };
        if self.exchange.needs_key_pair(&request) {
            request.key_pair = Some(KeyPair {
                public: "-----BEGIN PUBLIC KEY-----\n…\n-----END PUBLIC KEY-----\n".to_owned(),
                private: Secret::new("-----BEGIN PRIVATE KEY-----\n…\n-----END PRIVATE KEY-----\n"),
            });
        }
        let reply = self.exchange.handle(moment(0), Input::Request(request)).reply;
        let body = reply.unwrap().unwrap().body;
        serde_json::from_slice(&body).unwrap_or_default()
    }
}

/// So many milliseconds after the tutorial's call came in.
fn moment(millis: u64) -> Timestamp {
    Timestamp::from_millis(1_540_459_578_991 + i64::try_from(millis).unwrap_or(i64::MAX))
}
