//! Every operation that the exchange serves, with damaged parameters, bodies and scripts, while calls
//! go on.

use bytes::Bytes;
use ringback_exchange::{
    Caller, Effect, Exchange, Input, KeyPair, Request, Settings, SocketCommand, SocketEvent,
    WebhookOutcome,
};
use ringback_model::{
    ApiKey, ApplicationId, LegId, OPERATIONS, Operation as _, OperationInfo, PhoneNumber, Secret,
    Timestamp,
    applications::{
        ApplicationRequest, Capabilities, CreateApplication, VoiceCapability, VoiceWebhooks,
        Webhook,
    },
    control::{PlaceCall, PlaceCallRequest},
    numbers::{BuyNumber, UpdateNumber},
    operation::{Place, ReplyKind, RequestParts},
};
use ringback_tests::{
    ALICE, BOB,
    damage::{Dice, fuzz},
    rounds,
};
use serde_json::Value;

use super::{area, documents};

const NUMBER: &str = "447700000002";

/// An exchange with an application whose scripts and replies are damaged too.
struct World {
    exchange: Exchange,
    now: Timestamp,
    application: ApplicationId,
    /// Ids that were seen in answers: what parameters are filled with.
    ids: Vec<String>,
    dice: Dice,
    scripts: Vec<Vec<u8>>,
}

impl World {
    fn new(seed: u64, scripts: Vec<Vec<u8>>) -> Self {
        let mut world = Self {
            exchange: Exchange::new(Settings::new(seed, ApiKey::new("abcd1234"))),
            now: Timestamp::from_millis(1_540_459_578_991),
            application: ApplicationId::new(""),
            ids: vec![NUMBER.to_owned(), ALICE.to_owned(), BOB.to_owned(), "me".to_owned()],
            dice: Dice::new(seed),
            scripts,
        };
        let hook = |url: &str| Webhook::new().address(url);
        let webhooks = VoiceWebhooks::new()
            .answer_url(hook("http://app.test/answer"))
            .event_url(hook("http://app.test/event"));
        let capabilities = Capabilities::new().voice(VoiceCapability::new().webhooks(webhooks));
        let body = ApplicationRequest::new("App").capabilities(capabilities);
        let create = CreateApplication::new(body);
        let made = world.ask(CreateApplication::INFO, create.encode().unwrap(), Caller::Account);
        world.application = ApplicationId::new(made["id"].as_str().unwrap());
        let number = PhoneNumber::new(NUMBER).unwrap();
        let buy = BuyNumber::new("GB", number.clone());
        world.ask(BuyNumber::INFO, buy.encode().unwrap(), Caller::Account);
        let link = UpdateNumber::new("GB", number).app_id(world.application.clone());
        world.ask(UpdateNumber::INFO, link.encode().unwrap(), Caller::Account);
        for _ in 0..3 {
            let call = PlaceCall::new(PlaceCallRequest::new(ALICE, NUMBER)).encode().unwrap();
            world.ask(PlaceCall::INFO, call, Caller::Control);
            world.pass(4_000);
        }
        world
    }

    /// A request; its answer or refusal has to make sense.
    fn ask(
        &mut self,
        operation: &'static OperationInfo,
        parts: RequestParts,
        caller: Caller,
    ) -> Value {
        let mut request = Request { caller, operation, parts, key_pair: None };
        if self.exchange.needs_key_pair(&request) {
            request.key_pair = Some(KeyPair {
                public: "a public key".to_owned(),
                private: Secret::new("a private key"),
            });
        }
        let output = self.exchange.handle(self.now, Input::Request(request));
        self.take(output.effects);
        match output.reply.unwrap() {
            Ok(answer) => {
                assert!((200..300).contains(&answer.status), "{}", operation.id);
                let json = serde_json::from_slice(&answer.body).unwrap_or_default();
                if operation.reply == ReplyKind::Json {
                    assert_ne!(json, Value::Null, "{}", operation.id);
                }
                self.remember(&json);
                json
            }
            Err(refusal) => {
                let status = refusal.status();
                assert!(
                    (400..502).contains(&status) && status != 500,
                    "{}: {status}",
                    operation.id
                );
                let hint = refusal.hint();
                assert!(hint.len() <= 200 && hint.is_ascii() && !hint.is_empty(), "{refusal:?}");
                drop(refusal.body(operation.errors));
                Value::Null
            }
        }
    }

    fn remember(&mut self, json: &Value) {
        match json {
            Value::String(text)
                if self.ids.len() < 300 && looks_like_an_id(text) && !self.ids.contains(text) =>
            {
                self.ids.push(text.clone());
            }
            Value::Array(items) => items.iter().for_each(|item| self.remember(item)),
            Value::Object(fields) => fields.values().for_each(|item| self.remember(item)),
            _ => {}
        }
    }

    /// Time passes.
    fn pass(&mut self, millis: i64) {
        self.now = Timestamp::from_millis(self.now.as_millis() + millis);
        let output = self.exchange.handle(self.now, Input::Time);
        self.take(output.effects);
    }

    /// What the world does about effects; it answers with scripts, good and damaged.
    fn take(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            let input = match effect {
                Effect::Webhook(attempt) => {
                    let script = self.dice.pick(&self.scripts).cloned().unwrap_or_default();
                    let damaged = self.dice.roll(3) == 0;
                    let script = if damaged { self.dice.damage(&script) } else { script };
                    let outcome = WebhookOutcome::Reply {
                        status: *self.dice.pick(&[200, 200, 200, 204, 500, 503]).unwrap(),
                        content_type: Some("application/json".to_owned()),
                        body: Bytes::from(script),
                    };
                    Input::Webhook { id: attempt.id, attempt: attempt.attempt, outcome }
                }
                Effect::Fetch(fetch) => Input::Sound {
                    id: fetch.id,
                    outcome: match self.dice.roll(2) {
                        0 => Ok(2_000),
                        _ => Err("it is no sound".to_owned()),
                    },
                },
                Effect::Socket { leg, command: SocketCommand::Open(_) } => {
                    let refused = SocketEvent::Refused("the server answered 403".to_owned());
                    let all = [SocketEvent::Opened, SocketEvent::Closed, refused];
                    let event = self.dice.pick(&all).unwrap().clone();
                    Input::Socket { leg: LegId::new(leg.as_str()), event }
                }
                _ => continue,
            };
            // A little later, so that a script that asks and is answered by itself comes to an end.
            self.now = Timestamp::from_millis(self.now.as_millis() + 1);
            let output = self.exchange.handle(self.now, input);
            self.waiting(output.effects);
        }
    }

    /// What an answer brings about is done up to a depth.
    fn waiting(&mut self, effects: Vec<Effect>) {
        if self.dice.roll(4) > 0 {
            self.take(effects);
        }
    }

    /// Any operation, its parameters filled with ids that are known, and sometimes damaged.
    fn any_request(&mut self, body: &[u8]) {
        let served: Vec<_> =
            OPERATIONS.iter().copied().filter(|info| Exchange::serves(info)).collect();
        let Some(operation) = self.dice.pick(&served).copied() else { return };
        let mut path = String::new();
        for segment in operation.path.split('/').skip(1) {
            path.push('/');
            if segment.starts_with('{') {
                let id = self.dice.pick(&self.ids).cloned().unwrap_or_default();
                path.push_str(&self.maybe_damaged(&id));
            } else {
                path.push_str(segment);
            }
        }
        let mut query = Vec::new();
        for parameter in operation.parameters.iter().filter(|one| one.place != Place::Path) {
            if parameter.required || self.dice.roll(3) == 0 {
                let values = ["1", "GB", "answered", "asc", "2018-10-25T09:26:18.991Z", ""];
                let id = self.dice.pick(&self.ids).cloned().unwrap_or_default();
                let value = match self.dice.roll(2) {
                    0 => id,
                    _ => (*self.dice.pick(&values).unwrap()).to_owned(),
                };
                query.push(format!("{}={}", parameter.name, self.maybe_damaged(&value)));
            }
        }
        let caller = match self.dice.roll(3) {
            0 => Caller::Account,
            1 => Caller::Control,
            _ => Caller::Application { id: self.application.clone(), user: None },
        };
        let parts = RequestParts {
            method: operation.method.clone(),
            path,
            query: Some(query.join("&")),
            content_type: Some("application/json".to_owned()),
            body: Bytes::copy_from_slice(body),
        };
        self.ask(operation, parts, caller);
    }

    fn maybe_damaged(&mut self, text: &str) -> String {
        match self.dice.roll(6) {
            0 => String::from_utf8_lossy(&self.dice.damage(text.as_bytes())).into_owned(),
            _ => text.to_owned(),
        }
    }
}

fn looks_like_an_id(text: &str) -> bool {
    let hexadecimal = |c: char| c.is_ascii_hexdigit() || c == '-';
    let rest = text.split_once('-').filter(|(prefix, _)| prefix.len() == 3 && prefix.is_ascii());
    let rest = rest.map_or(text, |(_, rest)| rest);
    (32..=36).contains(&rest.len()) && rest.chars().all(hexadecimal)
}

#[test]
fn damaged_requests_change_a_running_platform_or_are_refused() {
    let mut bodies = documents();
    for scripts in area("ncco") {
        bodies.push(scripts);
    }
    let mut world = World::new(1, area("ncco"));
    let mut round = 0u64;
    let outcome = fuzz("request", rounds(2_000), &bodies, |bytes| {
        round += 1;
        if round.is_multiple_of(1_000) {
            world = World::new(round, area("ncco"));
        }
        world.any_request(bytes);
        if round.is_multiple_of(7) {
            let millis = i64::try_from(world.dice.roll(20_000)).unwrap();
            world.pass(millis);
        }
    });
    assert_eq!(outcome, Ok(()));
}
