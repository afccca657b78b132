//! Seeds: what a platform has from the start, taken in as a whole or not at all.

mod numbers;
mod people;

use std::{fmt::Display, sync::Arc};

use ringback_model::{
    ApplicationId, Decimal, Direction, Timestamp,
    control::{Seed, SeedAccount, SeedApplication, SeedTariff},
    problem::Details,
};

use self::{
    numbers::Linked,
    people::{Person, SetUp},
};
use super::{applications, capabilities};
use crate::{
    Exchange, Refusal,
    directory::{Application, Routes},
    id::{Id, Purpose},
    leg::Way,
    tariff::{Rate, hundred_millionths},
};

/// Takes a seed in. Everything is checked before anything is changed.
pub(super) fn plant(exchange: &mut Exchange, now: Timestamp, seed: Seed) -> Result<(), Refusal> {
    let seed = seed.body;
    let mut plan = Plan::default();
    if let Some(account) = &seed.account {
        plan.account(exchange, account)?;
    }
    for (index, application) in seed.applications.into_iter().flatten().enumerate() {
        plan.application(exchange, &format!("/applications/{index}"), application)?;
    }
    for (index, number) in seed.numbers.into_iter().flatten().enumerate() {
        plan.number(exchange, &format!("/numbers/{index}"), &number)?;
    }
    for (index, user) in seed.users.into_iter().flatten().enumerate() {
        plan.user(exchange, now, &format!("/users/{index}"), user)?;
    }
    for (index, phone) in seed.phones.into_iter().flatten().enumerate() {
        plan.phone(&format!("/phones/{index}"), &phone)?;
    }
    for (index, tariff) in seed.tariffs.into_iter().flatten().enumerate() {
        plan.tariff(&format!("/tariffs/{index}"), tariff)?;
    }
    plan.carry_out(exchange, now);
    Ok(())
}

/// What a seed comes to, once it has been checked.
#[derive(Default)]
struct Plan {
    balance: Option<Decimal>,
    applications: Vec<Application>,
    /// How many of them have an id that was made up.
    made_up: u64,
    numbers: Vec<Linked>,
    people: Vec<Person>,
    phones: Vec<SetUp>,
    rates: Vec<Rate>,
}

impl Plan {
    fn account(&mut self, exchange: &Exchange, account: &SeedAccount) -> Result<(), Refusal> {
        let own = &exchange.settings.api_key;
        if let Some(key) = account.api_key.as_ref().filter(|key| *key != own) {
            return Err(refuse(
                "account-key-fixed",
                "/account/api_key",
                format_args!("{:?}, and the platform was started with {own}", cut(key.as_str())),
                "the key that the platform was started with",
                "leave it out, or start a platform with this seed",
            ));
        }
        if let Some(balance) = &account.balance {
            let number = Decimal::number(balance.as_str());
            self.balance = Some(number.ok_or_else(|| {
                refuse(
                    "amount-malformed",
                    "/account/balance",
                    format_args!("{:?} is no amount", cut(balance.as_str())),
                    "euros as a number, such as 10.17",
                    "write digits with a point",
                )
            })?);
        }
        Ok(())
    }

    fn application(
        &mut self,
        exchange: &Exchange,
        path: &str,
        seed: SeedApplication,
    ) -> Result<(), Refusal> {
        let within = |refusal| within(path, refusal);
        let capabilities = capabilities::checked(&seed.name, seed.capabilities).map_err(within)?;
        let id = match seed.id {
            Some(id) => {
                let path = format!("{path}/id");
                if Id::from_dashed(id.as_str()).is_none() {
                    return Err(refuse(
                        "application-id-malformed",
                        &path,
                        format_args!("{:?} is no UUID", cut(id.as_str())),
                        "a UUID in small letters, such as 78d335fa-323d-4114-9c3d-d6f0d48968cf",
                        "write a UUID, or leave the id out and one is made up",
                    ));
                }
                if self.applications.iter().any(|other| other.id == id) {
                    return Err(refuse(
                        "application-twice",
                        &path,
                        format_args!("{id} stands in this seed already"),
                        "another id for each application",
                        "give one of them another id, or none",
                    ));
                }
                id
            }
            None => {
                let ordinal = exchange.applications.made + self.made_up;
                self.made_up += 1;
                let id = Id::derive(exchange.settings.seed, Purpose::Application, ordinal, 0);
                ApplicationId::new(id.dashed(""))
            }
        };
        let known = exchange.applications.get(&id);
        let given = seed.public_key.filter(|key| !key.trim().is_empty());
        let public_key = match (given, known) {
            (Some(key), _) => applications::public_key(&key).map_err(within)?,
            (None, Some(known)) => known.public_key.clone(),
            (None, None) => {
                return Err(refuse(
                    "public-key-missing",
                    &format!("{path}/public_key"),
                    format_args!("the application {:?} has no public key", cut(&seed.name)),
                    "an RSA public key as PEM",
                    "give it a public_key",
                ));
            }
        };
        let privacy = known.map(|known| known.privacy.clone());
        self.applications.push(Application {
            routes: Routes::of(&id, &capabilities),
            id,
            name: seed.name,
            public_key,
            capabilities,
            privacy: privacy.unwrap_or_else(applications::private),
        });
        Ok(())
    }

    fn tariff(&mut self, path: &str, seed: SeedTariff) -> Result<(), Refusal> {
        let way = match seed.direction {
            None => None,
            Some(Direction::Inbound) => Some(Way::Inbound),
            Some(Direction::Outbound) => Some(Way::Outbound),
            Some(other) => {
                return Err(refuse(
                    "direction-unknown",
                    &format!("{path}/direction"),
                    format_args!("{:?}", cut(other.as_str())),
                    "inbound or outbound",
                    "write one of them, or leave it out for both",
                ));
            }
        };
        let prefix = seed.prefix.unwrap_or_default();
        if prefix.len() > 15 || !prefix.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(refuse(
                "prefix-malformed",
                &format!("{path}/prefix"),
                format_args!("{:?} begins no number", cut(&prefix)),
                "at most 15 digits with the country code, without + or 00",
                "write for example 4477",
            ));
        }
        let Some(rate) = hundred_millionths(&seed.rate) else {
            return Err(refuse(
                "amount-malformed",
                &format!("{path}/rate"),
                format_args!("{:?} is no price", cut(seed.rate.as_str())),
                "euros a minute with at most eight decimals, such as 0.01270000",
                "write digits with a point",
            ));
        };
        if self.rates.iter().any(|other| other.way == way && other.prefix == prefix) {
            return Err(refuse(
                "tariff-twice",
                path,
                format_args!("calls with {prefix:?} have a price in this seed already"),
                "one price for a direction and prefix",
                "remove one of the two",
            ));
        }
        self.rates.push(Rate { way, prefix, rate, network: seed.network });
        Ok(())
    }

    /// The application that a seed means by an id or a name: one of its own, or one that is there.
    fn named(&self, exchange: &Exchange, path: &str, text: &str) -> Result<ApplicationId, Refusal> {
        let all = self.known(exchange);
        if let Some(found) = all.iter().find(|known| known.id.as_str() == text) {
            return Ok(found.id.clone());
        }
        let named: Vec<_> = all.iter().filter(|known| known.name == text).collect();
        match named.as_slice() {
            [one] => Ok(one.id.clone()),
            [] => Err(refuse(
                "application-unknown",
                path,
                format_args!("no application has the id or the name {:?}", cut(text)),
                "the id or the name of an application of this seed or of the platform",
                match all.as_slice() {
                    [] => "add the application to the seed".to_owned(),
                    all => format!("there is {}", names(all)),
                },
            )),
            several => Err(refuse(
                "application-ambiguous",
                path,
                format_args!("{} applications are named {:?}", several.len(), cut(text)),
                "one application",
                "write the id of the one that is meant",
            )),
        }
    }

    /// The only application there is, for what does not say of which it is.
    fn only(&self, exchange: &Exchange, path: &str) -> Result<ApplicationId, Refusal> {
        let all = self.known(exchange);
        match all.as_slice() {
            [one] => Ok(one.id.clone()),
            all => Err(refuse(
                "application-missing",
                path,
                format_args!("left out, and there are {} applications", all.len()),
                "the id or the name of an application",
                match all {
                    [] => "add an application to the seed".to_owned(),
                    all => format!("say which: {}", names(all)),
                },
            )),
        }
    }

    /// The applications that there will be.
    fn known<'a>(&'a self, exchange: &'a Exchange) -> Vec<&'a Application> {
        let replaced =
            |known: &&Application| self.applications.iter().any(|own| own.id == known.id);
        let there = exchange.applications.iter().filter(|known| !replaced(known));
        self.applications.iter().chain(there).collect()
    }

    fn carry_out(self, exchange: &mut Exchange, now: Timestamp) {
        if let Some(balance) = self.balance {
            exchange.tariffs.balance = Some(balance);
        }
        for application in self.applications {
            exchange.applications.put(application);
        }
        for number in self.numbers {
            number.carry_out(exchange);
        }
        for person in self.people {
            person.carry_out(exchange, now);
        }
        for phone in self.phones {
            let set_up = exchange.phones.set(&phone.address);
            if let Some(script) = phone.script {
                set_up.script = Arc::new(script);
            }
            if let Some(name) = phone.name {
                set_up.name = Some(name);
            }
        }
        for rate in self.rates {
            exchange.tariffs.set(rate);
        }
    }
}

/// Why a seed is refused; `path` is the JSON pointer of what is wrong.
fn refuse(
    reason: &'static str,
    path: &str,
    seen: impl Display,
    expected: &str,
    fix: impl Into<String>,
) -> Refusal {
    Refusal::new(Details::new(400, reason), reason)
        .checked(format!("{path} of the seed"))
        .seen(format!("{path}: {seen}"))
        .expected(expected)
        .fix(fix)
}

/// A refusal of the applications' REST API, about an application of a seed.
fn within(path: &str, refusal: Refusal) -> Refusal {
    let (name, said) = refusal
        .details
        .invalid
        .first()
        .map_or(("", ""), |invalid| (invalid.name.as_str(), invalid.reason.as_str()));
    let name = name.strip_prefix("keys.").unwrap_or(name).replace('.', "/");
    let path = format!("{path}/{name}");
    refuse(
        "application-invalid",
        &path,
        format_args!("{}: {said}", refusal.seen),
        said,
        refusal.fix,
    )
}

fn names(applications: &[&Application]) -> String {
    let some: Vec<_> = applications.iter().take(3).map(|one| format!("{:?}", one.name)).collect();
    let more = if applications.len() > 3 { ", …" } else { "" };
    format!("{}{more}", some.join(", "))
}

/// What was seen, short enough for a sentence.
fn cut(text: &str) -> String {
    text.chars().take(60).collect()
}
