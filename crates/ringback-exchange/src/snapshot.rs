//! The state of an exchange at rest, as bytes: for those who keep it over a restart.

pub(crate) mod parts;

use std::sync::Arc;

use ringback_model::{
    ApplicationId, Decimal, Json, Timestamp, applications::Capabilities, numbers::VoiceCallbackType,
};
use serde::{Deserialize, Serialize};

use crate::{
    Exchange, Settings,
    conversation::{Conversation, Name},
    directory::{Number, Numbers, Owned, Routes},
    phone::Script,
    recording::Take,
    store::Store,
    tariff::Rate,
    timer::{Due, Kind},
};

use parts::{
    KeptApplication, KeptConversation, KeptNumber, KeptUser, application, kept_application,
    kept_conversation, kept_number, kept_user, number, user,
};

/// The version of what is written here; one more whenever a reader of the old could not read it.
const VERSION: u32 = 2;

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
    /// A number is of a country that is not known.
    #[error("the number {0} is of a country that is not known")]
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
    /// Those for rent that are not what an exchange has from the start.
    stock: Vec<KeptNumber>,
    numbers: Vec<KeptOwned>,
    users: Vec<(u64, KeptUser)>,
    phones: Vec<KeptPhone>,
    rates: Vec<Rate>,
    #[serde(default)]
    balance: Option<Decimal>,
    /// Each a [`KeptConversation`].
    conversations: Vec<(u64, Json)>,
    /// Each a [`Take`].
    recordings: Vec<(u64, Json)>,
    /// When conversations that are empty go: the time, the conversation, and its epoch.
    expiries: Vec<(Timestamp, u64, u32)>,
    made: Made,
}

#[derive(Serialize, Deserialize)]
struct KeptOwned {
    number: KeptNumber,
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
    users: u64,
    recordings: u64,
    sounds: u64,
    moves: u64,
}

impl Exchange {
    /// The state as bytes, when the exchange is at rest; none while a call is up, or a webhook on
    /// its way.
    ///
    /// Finished calls are not in it; conversations with a name, users, numbers, rates and
    /// recordings are. What is made after [`restore`](Self::restore) gets the ids that it would
    /// have had without.
    #[must_use]
    pub fn snapshot(&self) -> Option<Vec<u8>> {
        if !self.is_at_rest() {
            return None;
        }
        let expiries = self.expiries()?;
        let state = State {
            version: VERSION,
            applications: self.applications.iter().map(kept_application).collect(),
            stock: self.unusual_stock(),
            numbers: self.kept_numbers(),
            users: self.kept_users(),
            phones: self.kept_phones(),
            rates: self.tariffs.rates.clone(),
            balance: self.tariffs.balance.clone(),
            conversations: written(self.conversations.iter().map(kept_conversation))?,
            recordings: written(self.takes.iter())?,
            expiries,
            made: Made {
                applications: self.applications.made,
                calls: self.calls.next(),
                legs: self.legs.next(),
                conversations: self.conversations.next(),
                webhooks: self.webhooks.next(),
                users: self.users.made,
                recordings: self.takes.next(),
                sounds: self.sounds,
                moves: self.moves,
            },
        };
        serde_json::to_vec(&state).ok()
    }

    /// Whether nothing is under way that a snapshot does not hold.
    fn is_at_rest(&self) -> bool {
        self.live_calls == 0
            && self.webhooks.is_empty()
            && self.posts.is_empty()
            && self.fetching.is_empty()
            && self.running_takes.is_empty()
            && self.rooms_to_record.is_empty()
            && self.conversations.iter().all(|(_, conversation)| conversation.live == 0)
    }

    /// The numbers for rent that are not what an exchange has from the start.
    fn unusual_stock(&self) -> Vec<KeptNumber> {
        let usual = Numbers::stocked();
        let is_unusual = |number: &&Number| usual.in_stock(&number.msisdn) != Some(*number);
        self.numbers.for_rent().filter(is_unusual).map(kept_number).collect()
    }

    /// When empty conversations go; none when anything else is to fall due.
    fn expiries(&self) -> Option<Vec<(Timestamp, u64, u32)>> {
        let due = self.timers.iter().filter(|(_, _, due)| self.matters(due));
        let expiries = due.map(|(at, set, due)| match due {
            Due::Expired { conversation, epoch } => Some((*at, *set, *conversation, *epoch)),
            _ => None,
        });
        let mut expiries: Vec<_> = expiries.collect::<Option<_>>()?;
        expiries.sort_unstable();
        let in_order = expiries.into_iter();
        Some(in_order.map(|(at, _, conversation, epoch)| (at, conversation, epoch)).collect())
    }

    /// Changes the rules that can be switched, from now on.
    ///
    /// The seed and the phones' default script are what the exchange was made with.
    pub fn change_settings(&mut self, settings: Settings) {
        let (seed, default_script) = (self.settings.seed, self.settings.default_script.clone());
        self.settings = Settings { seed, default_script, ..settings };
    }

    /// The rules at the moment.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
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
        for kept in state.stock {
            exchange.numbers.admit(number(kept)?);
        }
        for kept in state.numbers {
            exchange.rent(kept)?;
        }
        for kept in state.phones {
            exchange.set_up(&kept)?;
        }
        let made = state.made;
        exchange.applications.made = made.applications;
        for (ordinal, kept) in state.users {
            exchange.users.made = ordinal;
            exchange.users.insert(user(kept));
        }
        exchange.users.made = made.users;
        exchange.tariffs.rates = state.rates;
        exchange.tariffs.balance = state.balance;
        exchange.calls = Store::kept(Vec::new(), made.calls);
        exchange.legs = Store::kept(Vec::new(), made.legs);
        exchange.webhooks = Store::kept(Vec::new(), made.webhooks);
        exchange.take_back(read(&state.conversations)?, made.conversations);
        exchange.record_again(read(&state.recordings)?, made.recordings);
        (exchange.sounds, exchange.moves) = (made.sounds, made.moves);
        for (at, conversation, epoch) in state.expiries {
            exchange.timers.set(at, Kind::Guard, Due::Expired { conversation, epoch });
        }
        Ok(exchange)
    }

    fn take_back(&mut self, kept: Vec<(u64, KeptConversation)>, made: u64) {
        let mut left = Vec::new();
        for (key, kept) in kept {
            let application = self.applications.get(&kept.application);
            let routes = match application {
                Some(application) => Arc::clone(&application.routes),
                // The application has been deleted, and nothing goes to it any more.
                None => Routes::of(&kept.application, &Capabilities::default()),
            };
            self.conversation_ids.insert(kept.id, key);
            if let Name::Given(name) = &kept.name {
                self.names.insert((kept.application, name.to_string()), key);
            }
            let conversation = Conversation {
                id: kept.id,
                name: kept.name,
                application: routes,
                created: kept.created,
                members: kept.members,
                log: kept.log,
                texts: kept.texts,
                kept: kept.kept,
                bodies: kept.bodies,
                live: 0,
            };
            left.push((key, conversation));
        }
        self.conversations = Store::kept(left, made);
    }

    fn record_again(&mut self, kept: Vec<(u64, Take)>, made: u64) {
        for (key, take) in &kept {
            self.take_ids.insert(take.file, *key);
            self.take_ids.insert(take.transcript, *key);
        }
        self.takes = Store::kept(kept, made);
    }

    fn kept_users(&self) -> Vec<(u64, KeptUser)> {
        // Users go with their application, so these are all of them.
        let all = self.applications.iter().flat_map(|application| self.users.of(&application.id));
        let mut users: Vec<_> = all.map(|(ordinal, user)| (ordinal, kept_user(user))).collect();
        users.sort_unstable_by_key(|(ordinal, _)| *ordinal);
        users
    }

    fn kept_numbers(&self) -> Vec<KeptOwned> {
        let kept = |owned: &Owned| KeptOwned {
            number: kept_number(&owned.number),
            application: owned.application.clone(),
            voice: owned.voice.clone(),
            status_callback: owned.status_callback.clone(),
            messages_url: owned.messages_url.clone(),
            messages: owned.messages.clone(),
        };
        self.numbers.rented().map(kept).collect()
    }

    fn rent(&mut self, kept: KeptOwned) -> Result<(), SnapshotError> {
        let number = number(kept.number)?;
        let msisdn = Arc::clone(&number.msisdn);
        self.numbers.admit(number);
        self.numbers.rent(&msisdn);
        let Some(owned) = self.numbers.owned_mut(&msisdn) else { return Ok(()) };
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
        phone.script = script.into();
        phone.name = kept.name.as_deref().map(Into::into);
        Ok(())
    }
}

fn written<T: Serialize>(items: impl Iterator<Item = (u64, T)>) -> Option<Vec<(u64, Json)>> {
    items.map(|(key, item)| Some((key, Json::of(&item).ok()?))).collect()
}

fn read<T: serde::de::DeserializeOwned>(
    items: &[(u64, Json)],
) -> serde_json::Result<Vec<(u64, T)>> {
    items.iter().map(|(key, item)| Ok((*key, serde_json::from_str(item.as_str())?))).collect()
}
