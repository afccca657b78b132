//! The state an emulator starts with, made by the requests that a customer would send.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use ringback_exchange::{Caller, Input, KeyPair, Refusal, Request};
use ringback_jwt::Signer;
use ringback_model::{
    ApplicationId, HttpMethod, LegId, Operation, PhoneNumber, Secret,
    applications::{
        ApplicationRequest, Capabilities, CreateApplication, VoiceCapability, VoiceWebhooks,
        Webhook,
    },
    beta,
    control::{GetCall, SeedRequest, SetPhone, SetPhoneRequest},
    numbers::{BuyNumber, ListNumbers, SearchNumbers},
};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

use crate::{Config, Error, core::Core, platform::Platform};

/// The number that stays in stock, so that it can be found and bought.
const IN_STOCK: &str = "447700000002";
/// The phones with their names, and how they behave.
const PHONES: [(&str, &str, &str); 2] = [
    ("447700000001", "Alice", "ring after 1s, answer after 3s"),
    ("447700000003", "Bob", "ring after 1s, answer after 3s"),
];

/// What the start state is made from.
#[derive(Debug)]
pub(crate) struct StartState {
    answer_url: String,
    event_url: String,
    /// Whether there is an application of the platform's own.
    pub(crate) application: bool,
    /// What is added, as it was given.
    pub(crate) directory: Option<SeedRequest>,
    /// What is added, with a key for each application.
    pub(crate) complete: OnceLock<SeedRequest>,
    /// Why the directory could not be added, when it could not.
    pub(crate) refused: OnceLock<Refusal>,
}

/// The application that is there from the start.
#[derive(Clone, Debug)]
pub(crate) struct Ready {
    pub(crate) application: ApplicationId,
    public_key: String,
    pub(crate) private_key: Secret,
}

/// How far that application is.
#[derive(Clone, Debug)]
pub(crate) enum Readiness {
    /// Its key pair is being made.
    Making,
    /// There is none: none was wanted, or no key pair could be made.
    Missing,
    /// It is there.
    Ready(Ready),
}

impl Readiness {
    pub(crate) fn of(made: Option<Ready>) -> Self {
        made.map_or(Self::Missing, Self::Ready)
    }

    pub(crate) fn application(&self) -> Option<&Ready> {
        match self {
            Self::Ready(ready) => Some(ready),
            Self::Making | Self::Missing => None,
        }
    }
}

impl Ready {
    pub(crate) fn new(application: ApplicationId, pair: KeyPair) -> Self {
        Self { application, public_key: pair.public, private_key: pair.private }
    }

    pub(crate) fn key_pair(&self) -> KeyPair {
        KeyPair { public: self.public_key.clone(), private: self.private_key.clone() }
    }
}

impl StartState {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            answer_url: config.answer_url.clone(),
            event_url: config.event_url.clone(),
            application: config.start_application,
            directory: config.directory.clone(),
            complete: OnceLock::new(),
            refused: OnceLock::new(),
        }
    }

    /// Makes the application.
    pub(crate) fn application(
        &self,
        platform: &Arc<Platform>,
        core: &mut Core,
        pair: KeyPair,
    ) -> Option<Ready> {
        let webhook = |address: &str, method| Webhook::new().address(address).http_method(method);
        let webhooks = VoiceWebhooks::new()
            .answer_url(webhook(&self.answer_url, HttpMethod::Get))
            .event_url(webhook(&self.event_url, HttpMethod::Post));
        let voice = VoiceCapability::new().webhooks(webhooks);
        let body =
            ApplicationRequest::new("Ringback").capabilities(Capabilities::new().voice(voice));
        let create = CreateApplication::new(body);
        core.together(|core| {
            let made = ask(platform, core, Caller::Account, &create, Some(pair.clone()))?;
            let ready = Ready::new(made.id, pair);
            if let Some(journal) = &mut core.journal {
                journal.application(&ready);
            }
            Some(ready)
        })
    }
}

/// Puts up the phones and rents a number.
pub(crate) fn apply(platform: &Arc<Platform>, core: &mut Core) {
    for (number, name, script) in PHONES {
        let body = SetPhoneRequest::new().name(name).script(script);
        let phone = SetPhone::new(number, body);
        let _phone = ask(platform, core, Caller::Control, &phone, None);
    }
    let search = SearchNumbers::new("GB").size(10);
    let stock = ask(platform, core, Caller::Account, &search, None);
    let numbers = stock.and_then(|stock| stock.numbers).unwrap_or_default();
    let mut numbers = numbers.into_iter().filter_map(|number| number.msisdn);
    if let Some(spare) = numbers.find(|number| number.as_str() != IN_STOCK) {
        let buy = BuyNumber::new("GB", spare);
        let _bought = ask(platform, core, Caller::Account, &buy, None);
    }
}

/// The first rented number that is not linked.
pub(crate) fn spare_number(platform: &Arc<Platform>) -> Option<String> {
    let mut core = platform.core();
    let list = ListNumbers::new().size(100);
    let rented = ask(platform, &mut core, Caller::Account, &list, None)?.numbers?;
    let linked = |number: &ringback_model::numbers::OwnedNumber| number.app_id.is_some();
    let spare = rented.into_iter().find(|number| !linked(number))?;
    spare.msisdn.as_ref().map(PhoneNumber::as_str).map(str::to_owned)
}

/// Who takes part in a call, as its application sees it; none when its conversation is gone.
pub(crate) fn members(platform: &Arc<Platform>, call: &LegId) -> Option<Vec<beta::Member>> {
    let mut core = platform.core();
    let get = GetCall::new(call.clone());
    let call = answered(platform, &mut core, Caller::Control, &get, None)?.ok()?;
    let caller = Caller::Application { id: call.application?, user: None };
    let get = beta::GetConversation::new(call.conversation?);
    let conversation = answered(platform, &mut core, caller, &get, None)?.ok()?;
    conversation.into_inner().members
}

/// A key pair in the form the exchange takes.
pub(crate) fn key_pair(pair: &ringback_jwt::KeyPair) -> KeyPair {
    // The private key is shown to the one who makes an application, and only to him.
    let private = Secret::from(pair.private_key.expose_secret());
    KeyPair { public: pair.public_key.clone(), private }
}

/// The key pair of a private key.
///
/// # Errors
/// When the text is no private key.
pub(crate) fn key_pair_of(pem: &SecretString) -> Result<KeyPair, Error> {
    let signer = Signer::from_pem(pem.expose_secret()).map_err(Error::PrivateKey)?;
    let private = Secret::from(pem.expose_secret());
    Ok(KeyPair { public: signer.public_key_pem(), private })
}

/// Asks the exchange as a customer would; what is refused is logged and is none.
fn ask<O: Operation>(
    platform: &Arc<Platform>,
    core: &mut Core,
    caller: Caller,
    operation: &O,
    key_pair: Option<KeyPair>,
) -> Option<O::Reply> {
    let answer = answered(platform, core, caller, operation, key_pair)?;
    answer
        .inspect_err(|reason| {
            tracing::warn!(operation = O::INFO.id, reason, "the start state is not complete");
        })
        .ok()
}

/// The answer of the exchange, or the reason why it refuses.
pub(crate) fn answered<O: Operation>(
    platform: &Arc<Platform>,
    core: &mut Core,
    caller: Caller,
    operation: &O,
    key_pair: Option<KeyPair>,
) -> Option<Result<O::Reply, &'static str>> {
    let answer = asked(platform, core, caller, operation, key_pair)?;
    Some(answer.map_err(|refusal| refusal.reason))
}

/// The answer of the exchange, or its refusal; none when either cannot be read.
pub(crate) fn asked<O: Operation>(
    platform: &Arc<Platform>,
    core: &mut Core,
    caller: Caller,
    operation: &O,
    key_pair: Option<KeyPair>,
) -> Option<Result<O::Reply, Refusal>> {
    let parts = operation.encode().ok()?;
    let request = Request { caller, operation: O::INFO, parts, key_pair };
    let outcome = core.feed(Instant::now(), Input::Request(request));
    match platform.follow(core, outcome)? {
        Ok(answer) => O::read_reply(Bytes::from(answer.body)).ok().map(Ok),
        Err(refusal) => Some(Err(refusal)),
    }
}
