//! Applications: keys, capabilities, and where their webhooks go.

use std::{collections::HashMap, sync::Arc};

use ringback_model::{
    ApplicationId, HttpMethod,
    applications::{Capabilities, Privacy, Webhook},
};

/// An application.
#[derive(Debug)]
pub(crate) struct Application {
    pub(crate) id: ApplicationId,
    pub(crate) name: String,
    pub(crate) public_key: String,
    pub(crate) capabilities: Capabilities,
    pub(crate) privacy: Privacy,
    pub(crate) routes: Arc<Routes>,
}

/// Where the webhooks of an application's calls go; a call keeps those it began with.
#[derive(Debug)]
pub(crate) struct Routes {
    pub(crate) application: ApplicationId,
    pub(crate) answer: Option<Arc<Hook>>,
    pub(crate) fallback: Option<Arc<Hook>>,
    pub(crate) event: Option<Arc<Hook>>,
    /// Where the events of conversations are posted, when the application has that capability.
    pub(crate) rtc: Option<Arc<Hook>>,
    pub(crate) signed: bool,
    /// Seconds that named conversations are kept.
    pub(crate) conversations_ttl: i64,
}

/// An address that webhooks go to.
#[derive(Debug)]
pub(crate) struct Hook {
    pub(crate) url: Arc<str>,
    pub(crate) method: HttpMethod,
    /// Milliseconds.
    pub(crate) connect_timeout: u32,
    /// Milliseconds.
    pub(crate) socket_timeout: u32,
}

/// Milliseconds to connect, for every webhook.
pub(crate) const CONNECT_TIMEOUT: u32 = 1_000;
/// Milliseconds for a script.
pub(crate) const ANSWER_TIMEOUT: u32 = 5_000;
/// Milliseconds for an event.
pub(crate) const EVENT_TIMEOUT: u32 = 10_000;

impl Hook {
    fn new(webhook: &Webhook, method: HttpMethod, socket_timeout: u32) -> Option<Arc<Self>> {
        let url = webhook.address.as_deref().filter(|address| !address.is_empty())?;
        Some(Arc::new(Self {
            url: url.into(),
            method: webhook.http_method.clone().unwrap_or(method),
            connect_timeout: webhook.connect_timeout.unwrap_or(CONNECT_TIMEOUT),
            socket_timeout: webhook.socket_timeout.unwrap_or(socket_timeout),
        }))
    }

    /// The same address by POST.
    pub(crate) fn by_post(&self) -> Arc<Self> {
        Arc::new(Self {
            url: Arc::clone(&self.url),
            method: HttpMethod::Post,
            connect_timeout: self.connect_timeout,
            socket_timeout: self.socket_timeout,
        })
    }

    /// Where a script is fetched that a call or an action names.
    pub(crate) fn of_script(
        url: &str,
        method: Option<&HttpMethod>,
        like: Option<&Self>,
    ) -> Arc<Self> {
        Self::named(url, method, HttpMethod::Get, like, ANSWER_TIMEOUT)
    }

    /// An event hook that an action of a script names.
    pub(crate) fn of_action(
        url: &str,
        method: Option<&HttpMethod>,
        like: Option<&Self>,
    ) -> Arc<Self> {
        Self::named(url, method, HttpMethod::Post, like, EVENT_TIMEOUT)
    }

    fn named(
        url: &str,
        method: Option<&HttpMethod>,
        usual: HttpMethod,
        like: Option<&Self>,
        socket_timeout: u32,
    ) -> Arc<Self> {
        Arc::new(Self {
            url: url.into(),
            method: method.cloned().unwrap_or(usual),
            connect_timeout: like.map_or(CONNECT_TIMEOUT, |hook| hook.connect_timeout),
            socket_timeout: like.map_or(socket_timeout, |hook| hook.socket_timeout),
        })
    }
}

impl Routes {
    pub(crate) fn of(application: &ApplicationId, capabilities: &Capabilities) -> Arc<Self> {
        let voice = capabilities.voice.as_deref();
        let webhooks = voice.and_then(|voice| voice.webhooks.as_ref());
        let hook =
            |webhook: Option<&Webhook>, method, timeout| Hook::new(webhook?, method, timeout);
        Arc::new(Self {
            application: application.clone(),
            answer: hook(
                webhooks.and_then(|w| w.answer_url.as_ref()),
                HttpMethod::Get,
                ANSWER_TIMEOUT,
            ),
            fallback: hook(
                webhooks.and_then(|w| w.fallback_answer_url.as_ref()),
                HttpMethod::Get,
                ANSWER_TIMEOUT,
            ),
            event: hook(
                webhooks.and_then(|w| w.event_url.as_ref()),
                HttpMethod::Post,
                EVENT_TIMEOUT,
            ),
            rtc: hook(
                capabilities
                    .rtc
                    .as_ref()
                    .and_then(|rtc| rtc.webhooks.as_ref())
                    .and_then(|webhooks| webhooks.event_url.as_ref()),
                HttpMethod::Post,
                EVENT_TIMEOUT,
            ),
            signed: voice.and_then(|voice| voice.signed_callbacks).unwrap_or(true),
            conversations_ttl: voice
                .and_then(|voice| voice.conversations_ttl)
                .unwrap_or(48)
                .saturating_mul(3_600),
        })
    }
}

/// The applications, in the order they were made.
#[derive(Debug, Default)]
pub(crate) struct Applications {
    order: Vec<ApplicationId>,
    by_id: HashMap<ApplicationId, Application>,
    /// How many were ever made.
    pub(crate) made: u64,
}

impl Applications {
    pub(crate) fn get(&self, id: &ApplicationId) -> Option<&Application> {
        self.by_id.get(id)
    }

    pub(crate) fn get_mut(&mut self, id: &ApplicationId) -> Option<&mut Application> {
        self.by_id.get_mut(id)
    }

    pub(crate) fn insert(&mut self, application: Application) {
        self.made += 1;
        self.order.push(application.id.clone());
        self.by_id.insert(application.id.clone(), application);
    }

    /// Takes an application in, in place of the one with its id.
    pub(crate) fn put(&mut self, application: Application) {
        match self.by_id.get_mut(&application.id) {
            Some(known) => *known = application,
            None => self.insert(application),
        }
    }

    pub(crate) fn remove(&mut self, id: &ApplicationId) -> bool {
        self.order.retain(|other| other != id);
        self.by_id.remove(id).is_some()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Application> {
        self.order.iter().filter_map(|id| self.by_id.get(id))
    }
}
