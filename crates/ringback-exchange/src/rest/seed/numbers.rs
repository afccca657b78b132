//! The numbers of a seed.

use ringback_model::{
    ApplicationId, PhoneNumber,
    control::SeedNumber,
    numbers::{Feature, NumberType, VoiceCallbackType},
};

use super::{Plan, cut, refuse};
use crate::{
    Exchange, Refusal,
    directory::{Country, Number},
    tariff::hundred_millionths,
};

/// A number as it will be, and what it is linked to; without an application its link stays.
pub(super) struct Linked {
    number: Number,
    application: Option<ApplicationId>,
}

/// What a number costs a month when nobody knows better.
const COST: &str = "1.25";

impl Plan {
    pub(super) fn number(
        &mut self,
        exchange: &Exchange,
        path: &str,
        seed: &SeedNumber,
    ) -> Result<(), Refusal> {
        let number = described(exchange, path, seed)?;
        let msisdn = &number.msisdn;
        let application = match &seed.application {
            Some(text) => Some(self.named(exchange, &format!("{path}/application"), text)?),
            None => None,
        };
        let to = |application: Option<&ApplicationId>| {
            application.map_or_else(|| "no application".to_owned(), ApplicationId::to_string)
        };
        let twice = self.numbers.iter().position(|other| other.number.msisdn == *msisdn);
        if let Some(first) = twice {
            return Err(refuse(
                "number-twice",
                &format!("{path}/msisdn"),
                format_args!(
                    "{msisdn} is linked to {} here and to {} at /numbers/{first}",
                    to(application.as_ref()),
                    to(self.numbers.get(first).and_then(|other| other.application.as_ref())),
                ),
                "each number once: a number has one application",
                format!("remove {path} or /numbers/{first}"),
            ));
        }
        let linked = exchange.numbers.owned(msisdn).and_then(|owned| owned.application.as_ref());
        if let (Some(there), Some(wanted)) = (linked, &application)
            && there != wanted
        {
            return Err(refuse(
                "number-linked-elsewhere",
                &format!("{path}/application"),
                format_args!("{msisdn} is linked to {there} already, and the seed says {wanted}"),
                "a number that is linked to no other application",
                format!("unlink it first: ringback numbers unlink {msisdn}"),
            ));
        }
        self.numbers.push(Linked { number, application });
        Ok(())
    }
}

impl Linked {
    pub(super) fn carry_out(self, exchange: &mut Exchange) {
        let Self { number, application } = self;
        let msisdn = std::sync::Arc::clone(&number.msisdn);
        if exchange.numbers.owned(&msisdn).is_none() {
            exchange.numbers.admit(number.clone());
            exchange.numbers.rent(&msisdn);
        }
        let Some(owned) = exchange.numbers.owned_mut(&msisdn) else { return };
        owned.number = number;
        if let Some(application) = application {
            owned.voice = Some((VoiceCallbackType::App, application.to_string()));
            owned.application = Some(application);
        }
    }
}

/// The number itself: as it is known, with what the seed says instead.
fn described(exchange: &Exchange, path: &str, seed: &SeedNumber) -> Result<Number, Refusal> {
    let msisdn = seed.msisdn.as_str();
    if let Err(error) = PhoneNumber::new(msisdn) {
        let meant = error.suggestion.as_ref();
        return Err(refuse(
            "number-malformed",
            &format!("{path}/msisdn"),
            format_args!("{:?} is no number", cut(msisdn)),
            "7 to 15 digits with the country code, without +, 00, spaces or punctuation",
            meant.map_or_else(
                || "write the number as digits, such as 447700900000".to_owned(),
                |number| format!("did you mean {number}?"),
            ),
        ));
    }
    let at = format!("{path}/country");
    let Some(country) = Country::by_code(&seed.country) else {
        return Err(refuse(
            "country-unknown",
            &at,
            format_args!("{:?} is no country that is known here", cut(&seed.country)),
            "two letters, such as GB",
            Country::of(msisdn).map_or_else(
                || "write the country of the number".to_owned(),
                |country| format!("did you mean {}?", country.code),
            ),
        ));
    };
    if !msisdn.starts_with(country.prefix) {
        return Err(refuse(
            "number-of-another-country",
            &at,
            format_args!(
                "{msisdn} does not begin with {}, as numbers of {} do",
                country.prefix, country.code
            ),
            "the country of the number",
            Country::of(msisdn).map_or_else(
                || "write the country of the number".to_owned(),
                |country| format!("did you mean {}?", country.code),
            ),
        ));
    }
    let known = exchange.numbers.owned(msisdn).map(|owned| &owned.number);
    let mut number =
        known.or_else(|| exchange.numbers.in_stock(msisdn)).cloned().unwrap_or(Number {
            msisdn: msisdn.into(),
            country: country.code,
            kind: NumberType::MobileLvn,
            features: vec![Feature::Sms, Feature::Voice],
            cost: COST.into(),
            initial_price: "0.00".into(),
        });
    number.country = country.code;
    match &seed.kind {
        None => {}
        Some(NumberType::Unknown(kind)) => {
            return Err(refuse(
                "number-type-unknown",
                &format!("{path}/type"),
                format_args!("{:?} is no type of number", cut(kind)),
                "mobile-lvn, landline or landline-toll-free",
                "write one of them, or leave it out",
            ));
        }
        Some(kind) => number.kind = kind.clone(),
    }
    if let Some(features) = &seed.features {
        number.features = checked(path, features)?;
    }
    if let Some(cost) = &seed.cost {
        if hundred_millionths(cost).is_none() {
            return Err(refuse(
                "amount-malformed",
                &format!("{path}/cost"),
                format_args!("{:?} is no price", cut(cost.as_str())),
                "euros with at most eight decimals, such as 1.25",
                "write digits with a point",
            ));
        }
        number.cost = cost.as_str().to_owned().into();
    }
    Ok(number)
}

fn checked(path: &str, features: &[Feature]) -> Result<Vec<Feature>, Refusal> {
    let at = format!("{path}/features");
    let expected = "SMS, MMS and VOICE, or some of them";
    let mut kept = Vec::new();
    for feature in features {
        if let Feature::Unknown(other) = feature {
            let seen = format_args!("{:?} is no feature", cut(other)).to_string();
            return Err(refuse("feature-unknown", &at, seen, expected, "remove it"));
        }
        if !kept.contains(feature) {
            kept.push(feature.clone());
        }
    }
    if kept.is_empty() {
        let fix = "name a feature, or leave the list out";
        return Err(refuse("feature-missing", &at, "the list is empty", expected, fix));
    }
    Ok(kept)
}
