//! The state of an exchange at rest, as bytes: for those who keep it over a restart.

use ringback_model::{
    ApplicationId,
    applications::{Capabilities, Privacy},
    numbers::VoiceCallbackType,
};
use serde::{Deserialize, Serialize};

use crate::{
    Exchange, Settings,
    directory::{Application, Routes},
    phone::Script,
    store::Store,
};

/// The version of what is written here; one more whenever a reader of the old could not read it.
const VERSION: u32 = 1;

/// Why a state cannot be taken over.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// The bytes are not what [`Exchange::snapshot`] writes.
    #[error("the bytes are no state of an exchange")]
    Malformed(#[from] serde_json::Error),
    /// They are of another version of it.
    #[error("the state is written in version {seen}, and version {expected} is read here")]
    Version {
        /// The version seen.
        seen: u32,
        /// The only one that is read.
        expected: u32,
    },
    /// A number is rented that nobody has for rent.
    #[error("the number {0} is rented, and not among the numbers of this exchange")]
    Number(String),
    /// A phone behaves in a way that is not known.
    #[error("the phone {number} behaves in a way that cannot be read")]
    Phone {
        /// Its number.
        number: String,
        /// What is not known.
        #[source]
        cause: crate::ScriptError,
    },
}

/// The version alone, which is read first.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

/// Everything that outlives a call. Each part is read and written by functions of its own below.
#[derive(Serialize, Deserialize)]
struct State {
    version: u32,
    applications: Vec<KeptApplication>,
    numbers: Vec<KeptNumber>,
    phones: Vec<KeptPhone>,
    made: Made,
}

#[derive(Serialize, Deserialize)]
struct KeptApplication {
    id: ApplicationId,
    name: String,
    public_key: String,
    capabilities: Capabilities,
    privacy: Privacy,
}

#[derive(Serialize, Deserialize)]
struct KeptNumber {
    msisdn: String,
    application: Option<ApplicationId>,
    voice: Option<(VoiceCallbackType, String)>,
    status_callback: Option<String>,
    messages_url: Option<String>,
    messages: Option<(String, String)>,
}

#[derive(Serialize, Deserialize)]
struct KeptPhone {
    number: String,
    name: Option<String>,
    script: String,
}

/// How many of each kind were ever made: ids derive from it, and none is given out twice.
#[derive(Serialize, Deserialize)]
struct Made {
    applications: u64,
    calls: u64,
    legs: u64,
    conversations: u64,
    webhooks: u64,
}

impl Exchange {
    /// The state as bytes, when the exchange is at rest; none while a call is up, or a webhook on
    /// its way.
    ///
    /// Finished calls are not in it. What is made after [`restore`](Self::restore) gets the ids that
    /// it would have had without.
    #[must_use]
    pub fn snapshot(&self) -> Option<Vec<u8>> {
        if self.live_calls > 0 || self.webhooks.iter().next().is_some() {
            return None;
        }
        let state = State {
            version: VERSION,
            applications: self.applications.iter().map(kept_application).collect(),
            numbers: self.kept_numbers(),
            phones: self.kept_phones(),
            made: Made {
                applications: self.applications.made,
                calls: self.calls.next(),
                legs: self.legs.next(),
                conversations: self.conversations.next(),
                webhooks: self.webhooks.next(),
            },
        };
        serde_json::to_vec(&state).ok()
    }

    /// An exchange in a state that [`snapshot`](Self::snapshot) wrote, with the same settings.
    ///
    /// # Errors
    /// When the bytes are no such state, or one of another version.
    pub fn restore(settings: Settings, state: &[u8]) -> Result<Self, SnapshotError> {
        let Versioned { version } = serde_json::from_slice(state)?;
        if version != VERSION {
            return Err(SnapshotError::Version { seen: version, expected: VERSION });
        }
        let state: State = serde_json::from_slice(state)?;
        let mut exchange = Self::new(settings);
        for kept in state.applications {
            exchange.applications.insert(application(kept));
        }
        for kept in state.numbers {
            exchange.rent(kept)?;
        }
        for kept in state.phones {
            exchange.set_up(&kept)?;
        }
        let made = state.made;
        exchange.applications.made = made.applications;
        exchange.calls = Store::from(made.calls);
        exchange.legs = Store::from(made.legs);
        exchange.conversations = Store::from(made.conversations);
        exchange.webhooks = Store::from(made.webhooks);
        Ok(exchange)
    }

    fn kept_numbers(&self) -> Vec<KeptNumber> {
        let kept = |owned: &crate::directory::Owned| KeptNumber {
            msisdn: owned.number.msisdn.to_string(),
            application: owned.application.clone(),
            voice: owned.voice.clone(),
            status_callback: owned.status_callback.clone(),
            messages_url: owned.messages_url.clone(),
            messages: owned.messages.clone(),
        };
        self.numbers.rented().map(kept).collect()
    }

    fn rent(&mut self, kept: KeptNumber) -> Result<(), SnapshotError> {
        self.numbers.rent(&kept.msisdn);
        let Some(owned) = self.numbers.owned_mut(&kept.msisdn) else {
            return Err(SnapshotError::Number(kept.msisdn));
        };
        owned.application = kept.application;
        owned.voice = kept.voice;
        owned.status_callback = kept.status_callback;
        owned.messages_url = kept.messages_url;
        owned.messages = kept.messages;
        Ok(())
    }

    fn kept_phones(&self) -> Vec<KeptPhone> {
        let phones = self.phones.iter().map(|(number, phone)| KeptPhone {
            number: number.to_string(),
            name: phone.name.as_deref().map(str::to_owned),
            script: phone.script.to_string(),
        });
        phones.collect()
    }

    fn set_up(&mut self, kept: &KeptPhone) -> Result<(), SnapshotError> {
        let script: Script = kept
            .script
            .parse()
            .map_err(|cause| SnapshotError::Phone { number: kept.number.clone(), cause })?;
        let phone = self.phones.set(&kept.number);
        phone.script = script;
        phone.name = kept.name.as_deref().map(Into::into);
        Ok(())
    }
}

fn kept_application(application: &Application) -> KeptApplication {
    KeptApplication {
        id: application.id.clone(),
        name: application.name.clone(),
        public_key: application.public_key.clone(),
        capabilities: application.capabilities.clone(),
        privacy: application.privacy.clone(),
    }
}

fn application(kept: KeptApplication) -> Application {
    Application {
        routes: Routes::of(&kept.id, &kept.capabilities),
        id: kept.id,
        name: kept.name,
        public_key: kept.public_key,
        capabilities: kept.capabilities,
        privacy: kept.privacy,
    }
}
