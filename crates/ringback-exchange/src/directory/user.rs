//! Users of applications: who client SDKs log in as, and who members are.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::Arc,
};

use ringback_model::{ApplicationId, Json, Timestamp, UserId};

use crate::id::{Id, IdMap};

/// A user of an application.
#[derive(Clone)]
pub(crate) struct User {
    pub(crate) id: Id,
    pub(crate) application: ApplicationId,
    /// Unique within the application.
    pub(crate) name: Arc<str>,
    pub(crate) display_name: Option<String>,
    pub(crate) image_url: Option<String>,
    /// Byte for byte as they were sent.
    pub(crate) properties: Option<Json>,
    /// As they are answered; byte for byte as they were sent, but for websockets and numbers.
    pub(crate) channels: Option<Json>,
    pub(crate) created: Timestamp,
    pub(crate) updated: Option<Timestamp>,
}

impl User {
    pub(crate) fn id(&self) -> UserId {
        UserId::new(self.id.dashed("USR-"))
    }
}

impl fmt::Debug for User {
    /// Without the channels: there are passwords in them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("id", &self.id())
            .field("application", &self.application)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// The users, in the order they were made.
#[derive(Debug, Default)]
pub(crate) struct Users {
    by_ordinal: BTreeMap<u64, User>,
    by_id: IdMap<u64>,
    by_name: HashMap<(ApplicationId, Arc<str>), u64>,
    /// How many were ever made.
    pub(crate) made: u64,
}

impl Users {
    pub(crate) fn insert(&mut self, user: User) {
        let ordinal = self.made;
        self.by_id.insert(user.id, ordinal);
        self.by_name.insert((user.application.clone(), Arc::clone(&user.name)), ordinal);
        self.by_ordinal.insert(ordinal, user);
        self.made += 1;
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &User> {
        self.by_ordinal.values()
    }

    /// The users of an application, with their ordinals.
    pub(crate) fn of<'a>(
        &'a self,
        application: &'a ApplicationId,
    ) -> impl DoubleEndedIterator<Item = (u64, &'a User)> {
        self.by_ordinal
            .iter()
            .filter(move |(_, user)| user.application == *application)
            .map(|(ordinal, user)| (*ordinal, user))
    }

    pub(crate) fn get(&self, id: Id) -> Option<&User> {
        self.by_ordinal.get(self.by_id.get(&id)?)
    }

    /// A user of an application by its id or its name.
    pub(crate) fn find(&self, application: &ApplicationId, id_or_name: &str) -> Option<&User> {
        let id = id_or_name.strip_prefix("USR-").and_then(Id::from_dashed);
        let by_id = id.and_then(|id| self.get(id));
        by_id.filter(|user| user.application == *application).or_else(|| {
            let named = (application.clone(), Arc::from(id_or_name));
            self.by_ordinal.get(self.by_name.get(&named)?)
        })
    }

    /// Changes a user.
    pub(crate) fn change(&mut self, id: Id, change: impl FnOnce(&mut User)) {
        let Some(ordinal) = self.by_id.get(&id) else { return };
        let Some(user) = self.by_ordinal.get_mut(ordinal) else { return };
        self.by_name.remove(&(user.application.clone(), Arc::clone(&user.name)));
        change(user);
        self.by_name.insert((user.application.clone(), Arc::clone(&user.name)), *ordinal);
    }

    pub(crate) fn remove(&mut self, id: Id) {
        let Some(ordinal) = self.by_id.remove(&id) else { return };
        if let Some(user) = self.by_ordinal.remove(&ordinal) {
            self.by_name.remove(&(user.application, user.name));
        }
    }

    /// Drops the users of an application that is gone.
    pub(crate) fn remove_of(&mut self, application: &ApplicationId) {
        let gone: Vec<Id> = self.of(application).map(|(_, user)| user.id).collect();
        for id in gone {
            self.remove(id);
        }
    }
}
