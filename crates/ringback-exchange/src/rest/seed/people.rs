//! The users and the phones of a seed.

use std::sync::Arc;

use ringback_model::{
    PhoneNumber, Timestamp,
    control::{SeedPhone, SeedUser},
};

use super::{Plan, cut, refuse};
use crate::{
    Exchange, Refusal,
    directory::User,
    far::Far,
    id::{Id, Purpose},
    phone::Script,
};

/// A user as it will be.
pub(super) struct Person {
    user: User,
    /// Whether there is such a user; then only what is for people changes.
    known: bool,
}

/// How a phone will behave.
pub(super) struct SetUp {
    /// As [`Far::of_address`] reads it.
    pub(super) address: String,
    pub(super) name: Option<Arc<str>>,
    pub(super) script: Option<Script>,
}

impl Plan {
    pub(super) fn user(
        &mut self,
        exchange: &Exchange,
        now: Timestamp,
        path: &str,
        seed: SeedUser,
    ) -> Result<(), Refusal> {
        let at = format!("{path}/application");
        let application = match &seed.application {
            Some(text) => self.named(exchange, &at, text)?,
            None => self.only(exchange, &at)?,
        };
        let at = format!("{path}/name");
        let name = seed.name;
        let length = name.chars().count();
        if name.trim().is_empty() || length > 100 || name == "me" || name.starts_with("USR-") {
            return Err(refuse(
                "user-name-reserved",
                &at,
                format_args!("{:?} cannot be the name of a user", cut(&name)),
                "1 to 100 characters, not `me`, and not beginning with USR-",
                "give the user another name",
            ));
        }
        let same =
            |other: &Person| other.user.application == application && *other.user.name == *name;
        if let Some(first) = self.people.iter().position(same) {
            return Err(refuse(
                "user-twice",
                &at,
                format_args!("{:?} is the user at /users/{first} already", cut(&name)),
                "a name that no other user of the application has",
                "give one of the two another name",
            ));
        }
        let given = match &seed.id {
            Some(id) => Some(user_id(path, id.as_str())?),
            None => None,
        };
        let there = exchange.users.find(&application, &name);
        if let (Some(there), Some(given)) = (there, given)
            && there.id != given
        {
            return Err(refuse(
                "user-name-taken",
                &at,
                format_args!("{:?} is the name of {}", cut(&name), there.id()),
                "a name that no other user of the application has",
                "leave the id out, or give the user another name",
            ));
        }
        if let Some(given) = given {
            let elsewhere = |user: &User| {
                user.id == given && (user.application != application || *user.name != *name)
            };
            if exchange.users.iter().any(elsewhere)
                || self.people.iter().any(|other| elsewhere(&other.user))
            {
                return Err(refuse(
                    "user-id-taken",
                    &format!("{path}/id"),
                    format_args!("{} is another user's", given.dashed("USR-")),
                    "an id that no other user has",
                    "write another id, or leave it out and one is made up",
                ));
            }
        }
        let ordinal =
            exchange.users.made + self.people.iter().filter(|one| !one.known).count() as u64;
        let id = there.map(|user| user.id).or(given);
        self.people.push(Person {
            known: there.is_some(),
            user: User {
                id: id.unwrap_or_else(|| {
                    Id::derive(exchange.settings.seed, Purpose::User, ordinal, 1)
                }),
                application,
                name: name.into(),
                display_name: seed.display_name,
                image_url: None,
                properties: None,
                channels: None,
                created: now,
                updated: None,
            },
        });
        Ok(())
    }

    pub(super) fn phone(&mut self, path: &str, seed: &SeedPhone) -> Result<(), Refusal> {
        let at = format!("{path}/number");
        let (far, rest) = Far::of_address(&seed.number);
        let meant = match far {
            Far::Phone => PhoneNumber::new(rest).err().map(|error| error.suggestion),
            Far::Sip(_) => {
                let user = rest.split_once(':').map_or("", |(_, user)| user);
                user.is_empty().then_some(None)
            }
            _ => rest.is_empty().then_some(None),
        };
        if let Some(meant) = meant {
            return Err(refuse(
                "phone-malformed",
                &at,
                format_args!("{:?} is the address of no phone", cut(&seed.number)),
                "a number of 7 to 15 digits, app:NAME, vbc:EXTENSION or a sip: address",
                meant.map_or_else(
                    || "write for example 447700900000 or app:alice".to_owned(),
                    |number| format!("did you mean {number}?"),
                ),
            ));
        }
        if let Some(first) = self.phones.iter().position(|other| other.address == seed.number) {
            return Err(refuse(
                "phone-twice",
                &at,
                format_args!("{:?} stands at /phones/{first} already", cut(&seed.number)),
                "each phone once",
                "remove one of the two",
            ));
        }
        let script = match &seed.script {
            None => None,
            Some(text) => Some(text.parse::<Script>().map_err(|error| {
                refuse(
                    "script-invalid",
                    &format!("{path}/script"),
                    format_args!("{:?}: {error}", cut(text)),
                    error.expected,
                    "write for example `answer after 3s, hang up after 10s`",
                )
            })?),
        };
        let name = seed.name.as_deref().map(Arc::from);
        self.phones.push(SetUp { address: seed.number.clone(), name, script });
        Ok(())
    }
}

impl Person {
    pub(super) fn carry_out(self, exchange: &mut Exchange, now: Timestamp) {
        let Self { user, known } = self;
        if !known {
            exchange.users.insert(user);
        } else if let Some(name) = user.display_name {
            exchange.users.change(user.id, |there| {
                there.display_name = Some(name);
                there.updated = Some(now);
            });
        }
    }
}

fn user_id(path: &str, text: &str) -> Result<Id, Refusal> {
    text.strip_prefix("USR-").and_then(Id::from_dashed).ok_or_else(|| {
        refuse(
            "user-id-malformed",
            &format!("{path}/id"),
            format_args!("{:?} is the id of no user", cut(text)),
            "USR- and a UUID in small letters",
            "write such an id, or leave it out and one is made up",
        )
    })
}
