//! A world around an exchange: an application that answers webhooks, and a clock that only moves on.

use std::collections::VecDeque;

use bytes::Bytes;
use ringback_exchange::{
    Attempt, Caller, Effect, Exchange, Input, KeyPair, PhoneEvent, Refusal, Request, Settings,
    SocketCommand, SocketEvent, WebhookFailure, WebhookOutcome,
};
use ringback_model::{
    ApiKey, ApplicationId, HttpMethod, LegId, Operation, PhoneNumber, Secret, Timestamp,
    applications::{
        ApplicationRequest, Capabilities, CreateApplication, VoiceCapability, VoiceWebhooks,
        Webhook,
    },
    control::{PlaceCall, PlaceCallRequest, SetPhone, SetPhoneRequest, TranscriptEntry},
    numbers::{BuyNumber, UpdateNumber},
    operation::RequestParts,
};
use serde_json::Value;

pub(crate) const ALICE: &str = "447700000001";
pub(crate) const NUMBER: &str = "447700000002";
pub(crate) const BOB: &str = "447700000003";

/// 2018-10-25T09:26:18.991Z, when the tutorial's call came in.
pub(crate) const START: i64 = 1_540_459_578_991;

/// How the application answers an attempt.
pub(crate) type Application = Box<dyn FnMut(&Attempt) -> Reply>;

/// What the application does about an attempt, and after how many milliseconds.
pub(crate) struct Reply {
    pub(crate) after: i64,
    pub(crate) outcome: WebhookOutcome,
}

pub(crate) fn json(status: u16, body: &str) -> Reply {
    typed(status, "application/json", body)
}

pub(crate) fn typed(status: u16, content_type: &str, body: &str) -> Reply {
    let body = Bytes::copy_from_slice(body.as_bytes());
    let outcome =
        WebhookOutcome::Reply { status, content_type: Some(content_type.to_owned()), body };
    Reply { after: 10, outcome }
}

pub(crate) fn failed(failure: WebhookFailure) -> Reply {
    let explanation = format!("{failure:?}");
    Reply { after: 10, outcome: WebhookOutcome::Failed { failure, explanation } }
}

/// An application that answers with one script and takes every event.
pub(crate) fn answers(script: &str) -> Application {
    let script = script.to_owned();
    Box::new(move |attempt| if attempt.reply_matters { json(200, &script) } else { json(204, "") })
}

pub(crate) fn connect_bob() -> Application {
    answers(&format!(
        r#"[{{"action":"connect","endpoint":[{{"type":"phone","number":"{BOB}"}}]}}]"#
    ))
}

pub(crate) struct World {
    pub(crate) exchange: Exchange,
    pub(crate) now: Timestamp,
    pub(crate) application: ApplicationId,
    /// Every attempt, in the order they were made.
    pub(crate) sent: Vec<Attempt>,
    pub(crate) transcript: Vec<TranscriptEntry>,
    /// What fetching a sound comes to: how long it plays, or why it cannot.
    pub(crate) sound: Result<u64, String>,
    /// What the application's websockets do when they are opened.
    pub(crate) socket: Option<SocketEvent>,
    /// What was done about websockets, in order: the leg and the command.
    pub(crate) sockets: Vec<(LegId, SocketCommand)>,
    application_side: Application,
    in_flight: VecDeque<(Timestamp, Input)>,
}

impl World {
    pub(crate) fn new(application_side: Application) -> Self {
        Self::with_settings(Settings::new(1, ApiKey::new("abcd1234")), false, application_side)
    }

    pub(crate) fn with_fallback(application_side: Application) -> Self {
        Self::with_settings(Settings::new(1, ApiKey::new("abcd1234")), true, application_side)
    }

    pub(crate) fn with_settings(
        settings: Settings,
        fallback: bool,
        application_side: Application,
    ) -> Self {
        let mut world = Self {
            exchange: Exchange::new(settings),
            now: Timestamp::from_millis(START),
            application: ApplicationId::new(""),
            sent: Vec::new(),
            transcript: Vec::new(),
            sound: Ok(3_000),
            socket: Some(SocketEvent::Opened),
            sockets: Vec::new(),
            application_side,
            in_flight: VecDeque::new(),
        };
        let hook = |url: &str, method| Webhook::new().address(url).http_method(method);
        let mut webhooks = VoiceWebhooks::new()
            .answer_url(hook("http://app.test/webhooks/answer", HttpMethod::Get))
            .event_url(hook("http://app.test/webhooks/event", HttpMethod::Post));
        if fallback {
            webhooks = webhooks
                .fallback_answer_url(hook("http://app.test/webhooks/fallback", HttpMethod::Get));
        }
        let capabilities = Capabilities::new().voice(VoiceCapability::new().webhooks(webhooks));
        let body = ApplicationRequest::new("Conversation App").capabilities(capabilities);
        let made = world.ask_as(Caller::Account, &CreateApplication::new(body)).unwrap();
        world.application = ApplicationId::new(made["id"].as_str().unwrap());
        let number = PhoneNumber::new(NUMBER).unwrap();
        world.ask_as(Caller::Account, &BuyNumber::new("GB", number.clone())).unwrap();
        let link = UpdateNumber::new("GB", number).app_id(world.application.clone());
        world.ask_as(Caller::Account, &link).unwrap();
        for (number, name, script) in
            [(ALICE, "Alice", "answer after 0s"), (BOB, "Bob", "ring after 1s, answer after 3s")]
        {
            world.set_phone(number, name, script);
        }
        world
    }

    /// Another application answers from now on.
    pub(crate) fn answer_with(&mut self, application_side: Application) {
        self.application_side = application_side;
    }

    /// Sets up whoever is at an address: `app:NAME`, a SIP URI, `vbc:EXTENSION`.
    pub(crate) fn set_phone_at(&mut self, address: &str, script: &str) {
        let body = SetPhoneRequest::new().script(script);
        self.ask_as(Caller::Control, &SetPhone::new(address, body)).unwrap();
    }

    pub(crate) fn set_phone(&mut self, number: &str, name: &str, script: &str) {
        let body = SetPhoneRequest::new().name(name).script(script);
        self.ask_as(Caller::Control, &SetPhone::new(number, body)).unwrap();
    }

    /// Alice calls the number; answers the id of the call.
    pub(crate) fn call(&mut self) -> LegId {
        let call = self.place_call(PlaceCallRequest::new(ALICE, NUMBER)).unwrap();
        LegId::new(call["id"].as_str().unwrap())
    }

    pub(crate) fn place_call(&mut self, request: PlaceCallRequest) -> Result<Value, Refusal> {
        self.ask_as(Caller::Control, &PlaceCall::new(request))
    }

    /// A REST call of the application.
    pub(crate) fn ask<O: Operation>(&mut self, operation: &O) -> Result<Value, Refusal> {
        let caller = Caller::Application { id: self.application.clone(), user: None };
        self.ask_as(caller, operation)
    }

    pub(crate) fn ask_as<O: Operation>(
        &mut self,
        caller: Caller,
        operation: &O,
    ) -> Result<Value, Refusal> {
        let mut request = Request {
            caller,
            operation: O::INFO,
            parts: operation.encode().unwrap(),
            key_pair: None,
        };
        assert!(Exchange::serves(O::INFO), "{}", O::INFO.id);
        if self.exchange.needs_key_pair(&request) {
            request.key_pair = Some(KeyPair {
                public: "-----BEGIN PUBLIC KEY-----\n…\n-----END PUBLIC KEY-----\n".to_owned(),
                private: Secret::new("-----BEGIN PRIVATE KEY-----\n…\n-----END PRIVATE KEY-----\n"),
            });
        }
        let output = self.exchange.handle(self.now, Input::Request(request));
        self.take(output.effects);
        output.reply.unwrap().map(|answer| match &answer.body[..] {
            [] => Value::Null,
            body => serde_json::from_slice(body).unwrap(),
        })
    }

    /// A REST call of the application as it comes over the wire; the path may have a query.
    pub(crate) fn rest<O: Operation>(&mut self, path: &str, body: &str) -> Result<Value, Refusal> {
        let (path, query) = match path.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (path, None),
        };
        let parts = RequestParts {
            method: O::INFO.method.clone(),
            path: path.to_owned(),
            query,
            content_type: Some("application/json".to_owned()),
            body: Bytes::copy_from_slice(body.as_bytes()),
        };
        let caller = Caller::Application { id: self.application.clone(), user: None };
        let request = Request { caller, operation: O::INFO, parts, key_pair: None };
        let output = self.exchange.handle(self.now, Input::Request(request));
        self.take(output.effects);
        let answer = output.reply.unwrap()?;
        assert_eq!(answer.status, O::INFO.success[0], "{path}");
        Ok(match &answer.body[..] {
            [] => Value::Null,
            body => serde_json::from_slice(body).unwrap(),
        })
    }

    /// A REST call as it came: its status, and its body as the platform writes it.
    pub(crate) fn send(&mut self, request: Request) -> (u16, Vec<u8>) {
        let family = request.operation.errors;
        let output = self.exchange.handle(self.now, Input::Request(request));
        self.take(output.effects);
        match output.reply.unwrap() {
            Ok(answer) => (answer.status, answer.body),
            Err(refusal) => (refusal.status(), refusal.body(family)),
        }
    }

    pub(crate) fn phone(&mut self, leg: &LegId, event: PhoneEvent) {
        let output = self.exchange.handle(self.now, Input::Phone { leg: leg.clone(), event });
        self.take(output.effects);
    }

    /// Runs until nothing moves any call on; limits on length are not reached by that.
    pub(crate) fn run(&mut self) {
        for _ in 0..100_000 {
            let deadline = self.exchange.deadlines().progress;
            let reply = self.in_flight.front().map(|(at, ..)| *at);
            let Some(next) = [deadline, reply].into_iter().flatten().min() else { return };
            self.step(next);
        }
        panic!("this never ends");
    }

    /// Runs for so many milliseconds, limits and all.
    pub(crate) fn run_for(&mut self, millis: i64) {
        let end = Timestamp::from_millis(self.now.as_millis() + millis);
        loop {
            let deadline = self.exchange.deadlines().any;
            let reply = self.in_flight.front().map(|(at, ..)| *at);
            match [deadline, reply].into_iter().flatten().min().filter(|next| *next <= end) {
                Some(next) => self.step(next),
                None => break,
            }
        }
        self.step(end);
    }

    fn step(&mut self, next: Timestamp) {
        self.now = self.now.max(next);
        let due = self.in_flight.front().is_some_and(|(at, ..)| *at <= self.now);
        let input = match due.then(|| self.in_flight.pop_front()).flatten() {
            Some((_, input)) => input,
            None => Input::Time,
        };
        let output = self.exchange.handle(self.now, input);
        self.take(output.effects);
    }

    fn take(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Webhook(attempt) => {
                    let reply = (self.application_side)(&attempt);
                    let (id, number) = (attempt.id, attempt.attempt);
                    let outcome = reply.outcome;
                    self.later(reply.after, Input::Webhook { id, attempt: number, outcome });
                    self.sent.push(*attempt);
                }
                Effect::Fetch(fetch) => {
                    let outcome = self.sound.clone();
                    self.later(20, Input::Sound { id: fetch.id, outcome });
                }
                Effect::Socket { leg, command } => {
                    if let (SocketCommand::Open(_), Some(event)) = (&command, &self.socket) {
                        self.later(15, Input::Socket { leg: leg.clone(), event: event.clone() });
                    }
                    self.sockets.push((leg, command));
                }
                Effect::Note(note) => {
                    let mut entry = self.exchange.describe(&note);
                    entry.sequence = self.transcript.len() as u64 + 1;
                    self.transcript.push(entry);
                }
                other => panic!("{other:?}"),
            }
        }
    }

    fn later(&mut self, millis: i64, input: Input) {
        let at = Timestamp::from_millis(self.now.as_millis() + millis);
        let place = self.in_flight.iter().take_while(|(other, _)| *other <= at).count();
        self.in_flight.insert(place, (at, input));
    }

    /// Something happens out there, now.
    pub(crate) fn feed(&mut self, input: Input) {
        let output = self.exchange.handle(self.now, input);
        self.take(output.effects);
    }

    /// The kinds of the webhooks in the order they were sent, with the direction of their leg.
    pub(crate) fn kinds(&self) -> Vec<String> {
        self.sent
            .iter()
            .map(|attempt| match self.payload(attempt)["direction"].as_str() {
                Some("inbound") => format!("{} A", attempt.kind),
                Some("outbound") => format!("{} B", attempt.kind),
                _ => attempt.kind.to_owned(),
            })
            .collect()
    }

    #[expect(clippy::unused_self, reason = "reads as a question to the world")]
    pub(crate) fn payload(&self, attempt: &Attempt) -> Value {
        serde_json::from_slice(&attempt.payload.to_json().unwrap()).unwrap()
    }

    /// The last event of a kind.
    pub(crate) fn last(&self, kind: &str) -> Value {
        let attempt = self.sent.iter().rev().find(|attempt| attempt.kind == kind);
        self.payload(attempt.unwrap_or_else(|| panic!("no {kind}: {:?}", self.kinds())))
    }

    /// The transcript as text: milliseconds from the first entry, and what happened.
    pub(crate) fn told(&self) -> String {
        let first = self.transcript.first().map_or(0, |entry| entry.at.as_millis());
        let mut text = String::new();
        for entry in &self.transcript {
            let name = |party: &Option<ringback_model::control::Party>| {
                party.as_ref().map_or_else(|| "-".to_owned(), |party| party.name.clone())
            };
            text.push_str(&format!(
                "{:>7} {:<8} {:>11} > {:<11} {}{}\n",
                entry.at.as_millis() - first,
                entry.kind.as_str(),
                name(&entry.from),
                name(&entry.to),
                entry.label,
                entry.detail.as_ref().map_or_else(String::new, |detail| format!("  [{detail}]")),
            ));
        }
        text
    }
}
