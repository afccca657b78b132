//! Users of applications: who client SDKs log in as, and who members are.

use std::{collections::BTreeMap, sync::Arc};

use ringback_model::{ApplicationId, Json, Timestamp, UserId};

use crate::id::Id;

/// A user of an application.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) id: Id,
    pub(crate) application: ApplicationId,
    /// Unique within the application.
    pub(crate) name: Arc<str>,
    pub(crate) display_name: Option<String>,
    pub(crate) image_url: Option<String>,
    /// Byte for byte as they were sent.
    pub(crate) properties: Option<Json>,
    /// Byte for byte as they were sent.
    pub(crate) channels: Option<Json>,
    pub(crate) created: Timestamp,
    pub(crate) updated: Option<Timestamp>,
}

impl User {
    pub(crate) fn id(&self) -> UserId {
        UserId::new(self.id.dashed("USR-"))
    }
}

/// The users, in the order they were made.
#[derive(Debug, Default)]
pub(crate) struct Users {
    by_ordinal: BTreeMap<u64, User>,
    /// How many were ever made.
    pub(crate) made: u64,
}

impl Users {
    pub(crate) fn insert(&mut self, user: User) {
        self.by_ordinal.insert(self.made, user);
        self.made += 1;
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &User> {
        self.by_ordinal.values()
    }

    /// The users of an application.
    pub(crate) fn of<'a>(
        &'a self,
        application: &'a ApplicationId,
    ) -> impl DoubleEndedIterator<Item = &'a User> {
        self.iter().filter(move |user| user.application == *application)
    }

    /// A user by its id or its name.
    pub(crate) fn find(&self, application: &ApplicationId, id_or_name: &str) -> Option<&User> {
        let id = id_or_name.strip_prefix("USR-").and_then(Id::from_dashed);
        self.iter().find(|user| {
            user.application == *application && (Some(user.id) == id || *user.name == *id_or_name)
        })
    }

    pub(crate) fn find_mut(
        &mut self,
        application: &ApplicationId,
        id_or_name: &str,
    ) -> Option<&mut User> {
        let id = self.find(application, id_or_name)?.id;
        self.by_ordinal.values_mut().find(|user| user.id == id)
    }

    pub(crate) fn remove(&mut self, id: Id) {
        self.by_ordinal.retain(|_, user| user.id != id);
    }

    /// Drops the users of an application that is gone.
    pub(crate) fn remove_of(&mut self, application: &ApplicationId) {
        self.by_ordinal.retain(|_, user| user.application != *application);
    }
}
