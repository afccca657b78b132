//! Pasts made up at random, repeated, and compared with what was there.

mod spoilt;

use std::{collections::VecDeque, path::Path, time::Duration};

use bytes::Bytes;
use proptest::prelude::*;
use ringback_exchange::{
    Caller, Input, Request, Settings, WebhookFailure, WebhookId, WebhookOutcome,
};
use ringback_model::{
    ApiKey, ApplicationId, Operation, Timestamp,
    applications::{
        ApplicationRequest, CreateApplication, DeleteApplication, Keys, ListApplications,
    },
    beta::ListConversations,
    control::{
        HangUpCall, ListCalls, ListPhones, PlaceCall, PlaceCallRequest, SetPhone, SetPhoneRequest,
    },
    numbers::{BuyNumber, CancelNumber, ListNumbers, SearchNumbers, UpdateNumber},
};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{replay::Replayed, *};
use crate::{ClockMode, Config, Error, core::Core};

const START: Timestamp = Timestamp::from_secs(1_540_459_578);
const SCRIPT: &str =
    r#"[{"action":"connect","endpoint":[{"type":"phone","number":"447700000003"}]}]"#;
const TALK: &str = r#"[{"action":"talk","text":"Hello"}]"#;
const PEOPLE: [&str; 3] = ["447700000001", "447700000003", "447700900999"];
const NUMBERS: [&str; 3] = ["447700000002", "447700900100", "447700900101"];
const SCRIPTS: [&str; 4] = ["answer after 2s, hang up after 5s", "busy", "no answer", "manual"];

/// A core with a directory, and what its exchange waits for.
struct Kept {
    core: Core,
    store: Store,
    zero: Instant,
    /// Milliseconds since the start.
    at: u64,
    asked: VecDeque<(WebhookId, u32)>,
    applications: Vec<ApplicationId>,
    calls: Vec<String>,
}

/// One thing that happens.
#[derive(Clone, Debug)]
enum Deed {
    Create(u8),
    Delete(usize),
    Buy(usize),
    Cancel(usize),
    Link(usize, usize),
    SetPhone(usize, usize),
    Call(usize, usize),
    HangUp(usize),
    Reply(u16, &'static str),
    Fail(WebhookFailure),
    Pass(u64),
    Reset,
}

fn deed() -> impl Strategy<Value = Deed> {
    let place = 0..8_usize;
    prop_oneof![
        2 => any::<u8>().prop_map(Deed::Create),
        1 => place.clone().prop_map(Deed::Delete),
        2 => place.clone().prop_map(Deed::Buy),
        1 => place.clone().prop_map(Deed::Cancel),
        3 => (place.clone(), place.clone()).prop_map(|(one, other)| Deed::Link(one, other)),
        2 => (place.clone(), place.clone()).prop_map(|(one, other)| Deed::SetPhone(one, other)),
        4 => (place.clone(), place.clone()).prop_map(|(one, other)| Deed::Call(one, other)),
        1 => place.prop_map(Deed::HangUp),
        6 => prop_oneof![Just(SCRIPT), Just(TALK), Just("no script")]
            .prop_map(|body| Deed::Reply(200, body)),
        2 => prop_oneof![Just(500), Just(503), Just(204)].prop_map(|status| Deed::Reply(status, "")),
        1 => prop_oneof![Just(WebhookFailure::Connection), Just(WebhookFailure::TooLarge)]
            .prop_map(Deed::Fail),
        6 => (0..20_000_u64).prop_map(Deed::Pass),
        1 => Just(Deed::Reset),
    ]
}

fn open_core(directory: &Path, inputs: u64) -> Result<(Core, Replayed, Instant), Error> {
    let mut config = Config::new().seed(7).data_dir(directory);
    let opened = open(&mut config)?.unwrap();
    let settings = Settings::new(7, ApiKey::from(config.api_key.unwrap().as_str()));
    let zero = Instant::now();
    let mut core = Core::new(settings, ClockMode::Real, START, zero);
    let replayed = replay(opened, &mut core)?;
    core.journal.as_mut().unwrap().inputs = inputs;
    Ok((core, replayed, zero))
}

impl Kept {
    fn open(directory: &Path, inputs: u64) -> Self {
        let (core, replayed, zero) = open_core(directory, inputs).unwrap();
        let (asked, applications, calls) = Default::default();
        Self { core, store: replayed.store, zero, at: 0, asked, applications, calls }
    }

    fn feed(&mut self, input: Input) -> Option<Value> {
        let now = self.zero + Duration::from_millis(self.at);
        while self.core.exchange.deadlines().any.is_some_and(|due| due <= self.core.clock.now(now))
        {
            let (outcome, _) = self.core.tick(now);
            self.asked.extend(outcome.attempts.iter().map(|one| (one.id, one.attempt)));
        }
        let outcome = self.core.feed(now, input);
        self.asked.extend(outcome.attempts.iter().map(|one| (one.id, one.attempt)));
        serde_json::from_slice(&outcome.reply?.ok()?.body).ok()
    }

    fn ask<O: Operation>(&mut self, caller: Caller, operation: &O) -> Option<Value> {
        self.feed(Input::Request(request(caller, operation)))
    }

    fn happens(&mut self, deed: &Deed) {
        let pick = |list: &[&str], index: usize| list[index % list.len()].to_owned();
        match *deed {
            Deed::Create(name) => {
                let key = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";
                let hooks = json!({"voice": {"webhooks": {
                    "answer_url": {"address": "http://127.0.0.1:1/answer"},
                    "event_url": {"address": "http://127.0.0.1:1/event"},
                }}});
                let body = ApplicationRequest::new(format!("App {name}"))
                    .keys(Keys::new().public_key(key))
                    .capabilities(serde_json::from_value(hooks).unwrap());
                let made = self.ask(Caller::Account, &CreateApplication::new(body)).unwrap();
                self.applications.push(made["id"].as_str().unwrap().into());
            }
            Deed::Delete(index) if !self.applications.is_empty() => {
                let id = self.applications.remove(index % self.applications.len());
                self.ask(Caller::Account, &DeleteApplication::new(id));
            }
            Deed::Buy(index) => {
                let number = pick(&NUMBERS, index).parse().unwrap();
                self.ask(Caller::Account, &BuyNumber::new("GB", number));
            }
            Deed::Cancel(index) => {
                let number = pick(&NUMBERS, index).parse().unwrap();
                self.ask(Caller::Account, &CancelNumber::new("GB", number));
            }
            Deed::Link(number, app) if !self.applications.is_empty() => {
                let app = self.applications[app % self.applications.len()].clone();
                let number = pick(&NUMBERS, number).parse().unwrap();
                self.ask(Caller::Account, &UpdateNumber::new("GB", number).app_id(app));
            }
            Deed::SetPhone(number, script) => {
                let body = SetPhoneRequest::new().script(pick(&SCRIPTS, script)).name("Somebody");
                self.ask(Caller::Control, &SetPhone::new(pick(&PEOPLE, number), body));
            }
            Deed::Call(from, to) => {
                let body = PlaceCallRequest::new(pick(&PEOPLE, from), pick(&NUMBERS, to));
                let call = self.ask(Caller::Control, &PlaceCall::new(body));
                self.calls.extend(call.map(|call| call["id"].as_str().unwrap().to_owned()));
            }
            Deed::HangUp(index) if !self.calls.is_empty() => {
                let call = self.calls[index % self.calls.len()].as_str();
                self.ask(Caller::Control, &HangUpCall::new(call));
            }
            Deed::Reply(status, body) => {
                let content_type = Some("application/json".to_owned());
                let body = Bytes::from_static(body.as_bytes());
                self.heard(WebhookOutcome::Reply { status, content_type, body });
            }
            Deed::Fail(failure) => {
                self.heard(WebhookOutcome::Failed { failure, explanation: "no".to_owned() });
            }
            Deed::Pass(millis) => {
                self.at += millis;
                self.feed(Input::Time);
            }
            Deed::Reset => {
                let now = self.zero + Duration::from_millis(self.at);
                self.core.together(|core| core.reset(now));
                self.asked.clear();
                self.applications.clear();
                self.calls.clear();
            }
            Deed::Delete(_) | Deed::Link(..) | Deed::HangUp(_) => {}
        }
    }

    fn heard(&mut self, outcome: WebhookOutcome) {
        if let Some((id, attempt)) = self.asked.pop_front() {
            self.feed(Input::Webhook { id, attempt, outcome });
        }
    }

    /// What people see, at the time of the platform.
    fn seen(&mut self, at: Timestamp) -> Vec<String> {
        let mut seen = vec![
            self.answer(at, Caller::Account, &ListApplications::new()),
            self.answer(at, Caller::Account, &ListNumbers::new()),
            self.answer(at, Caller::Account, &SearchNumbers::new("GB").size(100)),
            self.answer(at, Caller::Control, &ListPhones::new()),
            self.answer(at, Caller::Control, &ListCalls::new()),
        ];
        for id in self.applications.clone() {
            let caller = Caller::Application { id, user: None };
            seen.push(self.answer(at, caller, &ListConversations::new()));
        }
        for call in &self.calls {
            let entries = self.core.transcript(&call.as_str().into()).unwrap_or_default();
            seen.extend(entries.iter().map(|entry| serde_json::to_string(entry).unwrap()));
        }
        seen
    }

    fn answer<O: Operation>(&mut self, at: Timestamp, caller: Caller, operation: &O) -> String {
        let output = self.core.exchange.handle(at, Input::Request(request(caller, operation)));
        assert!(output.effects.is_empty(), "{:?}", output.effects);
        match output.reply.unwrap() {
            Ok(answer) => String::from_utf8(answer.body).unwrap(),
            Err(refusal) => refusal.reason.to_owned(),
        }
    }

    fn now(&mut self) -> Timestamp {
        self.core.clock.now(self.zero + Duration::from_millis(self.at))
    }
}

fn request<O: Operation>(caller: Caller, operation: &O) -> Request {
    let parts = operation.encode().unwrap();
    Request { caller, operation: O::INFO, parts, key_pair: None }
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// Lets everything happen, restarts, and gives what was seen before and after.
fn restarted(deeds: Vec<Deed>, inputs: u64) -> (Kept, Vec<String>, Vec<String>) {
    let directory = tempfile::tempdir().unwrap();
    let mut kept = Kept::open(directory.path(), inputs);
    let first = [Deed::Create(0), Deed::Buy(0), Deed::Buy(1), Deed::Link(0, 0), Deed::Link(1, 0)];
    for deed in first.into_iter().chain(deeds) {
        kept.happens(&deed);
    }
    let at = kept.now();
    kept.feed(Input::Time);
    let before = kept.seen(at);
    block_on(kept.store.close());
    let mut again = Kept::open(directory.path(), inputs);
    again.applications = kept.applications;
    again.calls = kept.calls;
    let now = again.core.clock.now(again.zero);
    assert!(now <= at, "{now} is after {at}");
    drop(again.core.exchange.handle(at, Input::Time));
    let after = again.seen(at);
    (again, before, after)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn the_past_repeats_itself(deeds in prop::collection::vec(deed(), 1..80)) {
        let (_, before, after) = restarted(deeds, INPUTS);
        prop_assert_eq!(before, after);
    }

    #[test]
    fn snapshots_change_nothing_but_finished_calls(
        deeds in prop::collection::vec(deed(), 20..120),
        later in prop::collection::vec(deed(), 1..20),
    ) {
        let (mut again, before, after) = restarted(deeds, 8);
        // Applications, numbers rented and for rent, phones.
        prop_assert_eq!(&before[..4], &after[..4]);
        let known: Vec<_> = again.calls.iter().cloned().chain(
            again.applications.iter().map(|id| id.as_str().to_owned())).collect();
        (again.calls, again.applications) = Default::default();
        for deed in later.into_iter().filter(|deed| !matches!(deed, Deed::Reset)) {
            again.happens(&deed);
        }
        let made = again.calls.iter().map(String::as_str)
            .chain(again.applications.iter().map(ApplicationId::as_str));
        for id in made {
            prop_assert!(!known.iter().any(|other| other == id), "{} twice", id);
        }
    }
}

#[test]
fn old_inputs_are_forgotten_when_a_snapshot_stands_for_them() {
    let directory = tempfile::tempdir().unwrap();
    let mut kept = Kept::open(directory.path(), 10);
    for number in 0..95 {
        kept.happens(&Deed::SetPhone(number, number));
    }
    kept.happens(&Deed::Create(1));
    let at = kept.now();
    let before = kept.seen(at);
    block_on(kept.store.close());
    let database = Database::open(directory.path()).unwrap();
    let found = database.read().unwrap();
    let rows: Vec<_> = found.rows.iter().map(|row| row.number).collect();
    // Every tenth; the rules come first, and after each snapshot again.
    let base = found.snapshot.map(|snapshot| snapshot.number).unwrap();
    assert_eq!((base, found.newest), (90, 100));
    assert_eq!(rows, (base + 1..=107).collect::<Vec<_>>());
    drop(database);
    let mut again = Kept::open(directory.path(), 10);
    again.applications = kept.applications;
    assert_eq!(again.seen(at), before);
}

#[test]
fn what_a_full_disk_does_not_take_is_not_acknowledged() {
    let directory = tempfile::tempdir().unwrap();
    let mut kept = Kept::open(directory.path(), INPUTS);
    let number = kept.core.last_input();
    block_on(kept.store.kept(number)).unwrap();
    let limit = |kept: &Kept, pages| drop(kept.store.messages.send(Message::Limit(pages)));
    limit(&kept, 1);
    let mut refused = None;
    for number in 0..200 {
        kept.happens(&Deed::SetPhone(number, 0));
        let number = kept.core.last_input();
        refused = block_on(kept.store.kept(number)).err();
        if refused.is_some() {
            break;
        }
    }
    let expected = "the state cannot be written: database or disk is full";
    assert_eq!(refused.as_deref(), Some(expected));
    assert_eq!(kept.store.failure().as_deref(), Some(expected));
    // There is room again: what waited is written in its order.
    limit(&kept, u32::MAX);
    kept.happens(&Deed::SetPhone(1, 1));
    let last = kept.core.last_input();
    assert!(block_on(kept.store.kept_at_last(last)));
    assert_eq!((kept.store.failure(), block_on(kept.store.kept(last))), (None, Ok(())));
    let at = kept.now();
    let before = kept.seen(at);
    block_on(kept.store.close());
    assert_eq!(Kept::open(directory.path(), INPUTS).seen(at), before);
    assert_eq!(
        block_on(kept.store.kept(last + 1)).unwrap_err().as_ref(),
        "the emulator has been stopped"
    );
}
