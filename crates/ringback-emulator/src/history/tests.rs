use ringback_exchange::{Caller, Effect, Incoming, Input, KeyPair, PhoneEvent, Request, Settings};
use ringback_model::{
    ApiKey, ApplicationId, HttpMethod, Operation, PhoneNumber, Secret, Timestamp,
    applications::{
        ApplicationRequest, Capabilities, CreateApplication, VoiceCapability, VoiceWebhooks,
        Webhook,
    },
    control::TranscriptKind,
    numbers::{BuyNumber, UpdateNumber},
};

use super::*;

const NOW: Timestamp = Timestamp::from_secs(1_540_459_578);

/// An exchange whose application has not yet answered its calls, and has no events.
struct World {
    exchange: Exchange,
    history: History,
    now: Timestamp,
}

impl World {
    fn new(finished_calls: usize) -> Self {
        let mut settings = Settings::new(1, ApiKey::new("abcd1234"));
        settings.finished_calls = finished_calls;
        let history = History::new(finished_calls);
        let mut world = Self { exchange: Exchange::new(settings), history, now: NOW };
        let hook = Webhook::new()
            .address("http://u:secret@app.test/webhooks/answer")
            .http_method(HttpMethod::Get);
        let webhooks = VoiceWebhooks::new().answer_url(hook);
        let capabilities = Capabilities::new().voice(VoiceCapability::new().webhooks(webhooks));
        let request = ApplicationRequest::new("Conversation App").capabilities(capabilities);
        let made = world.ask(&CreateApplication::new(request));
        let application = ApplicationId::new(made["id"].as_str().unwrap());
        let number = PhoneNumber::new("447700000002").unwrap();
        world.ask(&BuyNumber::new("GB", number.clone()));
        world.ask(&UpdateNumber::new("GB", number).app_id(application));
        world
    }

    fn ask<O: Operation>(&mut self, operation: &O) -> serde_json::Value {
        let mut request = Request {
            caller: Caller::Account,
            operation: O::INFO,
            parts: operation.encode().unwrap(),
            key_pair: None,
        };
        request.key_pair = self.exchange.needs_key_pair(&request).then(|| KeyPair {
            public: "-----BEGIN PUBLIC KEY-----\n…\n-----END PUBLIC KEY-----\n".to_owned(),
            private: Secret::new("-----BEGIN PRIVATE KEY-----\n…\n-----END PRIVATE KEY-----\n"),
        });
        self.feed(Input::Request(request))
    }

    /// What comes of an input; the history is told of it.
    fn feed(&mut self, input: Input) -> serde_json::Value {
        let output = self.exchange.handle(self.now, input);
        for effect in output.effects {
            if let Effect::Note(note) = effect {
                self.history.note(&self.exchange, note);
            }
        }
        let reply = output.reply.map(|reply| reply.unwrap().body).unwrap_or_default();
        serde_json::from_slice(&reply).unwrap_or_default()
    }

    /// A call comes in.
    fn call(&mut self) -> LegId {
        let (from, to) = ("447700000001".to_owned(), "447700000002".to_owned());
        let placed = self.feed(Input::Incoming(Incoming { from, to, script: None }));
        placed["id"].as_str().unwrap().into()
    }

    fn hang_up(&mut self, call: &LegId) {
        self.feed(Input::Phone { leg: call.clone(), event: PhoneEvent::HangsUp });
    }

    /// Something about a call that the exchange does not tell.
    fn add(&mut self, call: &LegId, detail: &str) {
        let entry = TranscriptEntry::new(0, NOW, TranscriptKind::Error, "websocket");
        self.history.entry(&self.exchange, entry.call(call.clone()).detail(detail));
    }

    fn length(&self, call: &LegId) -> Option<usize> {
        Some(self.history.transcript(&self.exchange, call)?.len())
    }

    fn since(&self, number: u64) -> Vec<u64> {
        let entries = self.history.since(&self.exchange, number);
        entries.iter().map(|entry| entry.sequence).collect()
    }
}

#[test]
fn entries_are_numbered_and_resumable() {
    let mut world = World::new(10_000);
    let call = world.call();
    let last = world.history.last();
    assert_eq!(world.since(0), (1..=last).collect::<Vec<_>>());
    assert_eq!(world.since(last - 1), [last]);
    assert_eq!(world.since(last), [] as [u64; 0]);
    // A number of an emulator that ran before: everything is new.
    assert_eq!(world.since(last + 1), (1..=last).collect::<Vec<_>>());
    assert_eq!(world.length(&call), Some(last as usize));
    world.history.clear();
    assert_eq!(world.length(&call), None);
    world.add(&call, "");
    assert_eq!(world.since(0), [last + 1]);
}

#[test]
fn no_secret_of_an_address_is_told() {
    for finished_calls in [0, 10_000] {
        let mut world = World::new(finished_calls);
        let call = world.call();
        world.now = NOW.plus(std::time::Duration::from_secs(1));
        world.feed(Input::Time);
        world.add(&call, "ws://app.test/?token=secret was refused");
        let told = [
            world.history.transcript(&world.exchange, &call).unwrap(),
            world.history.since(&world.exchange, 0),
        ]
        .map(|entries| serde_json::to_string(&entries).unwrap());
        assert_eq!(told[0], told[1]);
        assert!(told[0].contains("http://u:***@app.test/webhooks/answer"), "{}", told[0]);
        assert!(!told[0].contains("secret"), "{}", told[0]);
    }
}

#[test]
fn one_call_is_bounded() {
    let mut world = World::new(5);
    let call = world.call();
    for _ in 0..RESUMABLE.entries {
        world.add(&call, "");
    }
    assert_eq!(world.since(0).len(), RESUMABLE.entries);
    assert_eq!(world.length(&call), Some(TRANSCRIPT.entries));
    let long = "x".repeat(100 * 1024);
    let call = world.call();
    let before = world.length(&call).unwrap();
    for _ in 0..100 {
        world.add(&call, &long);
    }
    assert_eq!(world.length(&call), Some(before + TRANSCRIPT.bytes / long.len() + 1));
    assert!((1..=RESUMABLE.bytes / long.len()).contains(&world.since(0).len()));
}

#[test]
fn calls_are_forgotten_with_the_exchange() {
    for finished_calls in [2, 20] {
        let mut world = World::new(finished_calls);
        let up = world.call();
        let mut told = Vec::new();
        let calls: Vec<_> = (0..finished_calls + 2)
            .map(|_| {
                let call = world.call();
                world.hang_up(&call);
                told.extend(world.history.transcript(&world.exchange, &call).unwrap());
                call
            })
            .collect();
        // The exchange forgets when the next thing happens.
        world.feed(Input::Time);
        let kept = calls.iter().map(|call| world.length(call).is_some());
        assert!(kept.eq((0..finished_calls + 2).map(|place| place >= 2)));
        assert!(world.length(&up).is_some());
        // Those who resume are told of the forgotten ones as of all others.
        let mut resumed = world.history.since(&world.exchange, 0);
        resumed.retain(|entry| entry.call.as_ref() != Some(&up));
        assert_eq!(resumed, told);
    }
    // Nothing is left behind for long, even when none is kept.
    let mut world = World::new(0);
    for _ in 0..100 {
        let call = world.call();
        world.hang_up(&call);
    }
    assert!(
        world.history.transcripts.len() <= 2 * LATE && world.history.finished.len() <= 2 * LATE
    );
}

#[test]
fn finished_calls_are_bounded_together_and_others_stay() {
    let mut world = World::new(10_000);
    let up = world.call();
    world.history.limit = Budget { entries: usize::MAX, bytes: 4_000 };
    let calls = [(); 20].map(|()| {
        let call = world.call();
        world.hang_up(&call);
        world.add(&up, "still here");
        call
    });
    let kept: Vec<_> =
        calls.iter().filter_map(|call| world.history.kept_of(&world.exchange, call)).collect();
    let bytes: usize = kept.iter().map(|kept| kept.bytes).sum();
    assert!(bytes <= 4_000 && !kept.is_empty() && kept.len() < 20, "{bytes} in {}", kept.len());
    assert_eq!(bytes, world.history.transcribed.bytes);
    assert!(world.length(&calls[19]).is_some() && world.length(&up) > Some(20));
}

#[test]
fn notes_are_small() {
    assert_eq!(size_of::<(u64, Kept)>(), 72);
}

impl History {
    fn kept_of(&self, exchange: &Exchange, call: &LegId) -> Option<Budget> {
        Some(self.transcripts.get(&exchange.call_named(call)?)?.kept)
    }
}
