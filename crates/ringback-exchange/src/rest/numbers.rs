//! Numbers, the balance, and what a number tells about itself.

use ringback_model::{
    ApiKey, ApplicationId, Decimal, PhoneNumber,
    account::{Balance, GetBalance},
    insight::{BasicInsight, Insight},
    numbers::{
        AvailableNumber, AvailableNumbers, BuyNumber, CancelNumber, Feature, ListNumbers, Outcome,
        OwnedNumber, OwnedNumbers, SearchNumbers, UpdateNumber, VoiceCallbackType,
    },
};

use super::page;
use crate::{
    Exchange, Refusal,
    directory::{Country, Number, Owned},
    refusal,
};

/// What a new account can spend, in euros (the documented sample).
const BALANCE: &str = "10.17127500";

pub(super) fn list(exchange: &Exchange, operation: &ListNumbers) -> Result<OwnedNumbers, Refusal> {
    search_is_sound(operation.country.as_deref(), operation.search_pattern)?;
    page_is_sound(operation.size, operation.index)?;
    let wanted = |owned: &&Owned| {
        let linked = owned.application.as_ref();
        operation.application_id.as_ref().is_none_or(|id| linked == Some(id))
            && operation.has_application.is_none_or(|wanted| wanted == linked.is_some())
            && in_country(operation.country.as_deref(), &owned.number)
            && matches(&owned.number.msisdn, operation.pattern.as_deref(), operation.search_pattern)
    };
    let all: Vec<&Owned> = exchange.numbers.rented().filter(wanted).collect();
    let mut list = OwnedNumbers::new();
    // None at all is an empty object.
    if !all.is_empty() {
        let page = operation.index.unwrap_or(1).max(1) as usize - 1;
        let items = page::slice(&all, page, page::size(operation.size));
        list.count = Some(all.len() as u64);
        list.numbers = Some(items.iter().map(|owned| owned_view(owned)).collect());
    }
    Ok(list)
}

pub(super) fn search(
    exchange: &Exchange,
    operation: &SearchNumbers,
) -> Result<AvailableNumbers, Refusal> {
    search_is_sound(Some(&operation.country), operation.search_pattern)?;
    page_is_sound(operation.size, operation.index)?;
    let features: &[Feature] = operation.features.as_deref().unwrap_or_default();
    let wanted = |number: &&Number| {
        in_country(Some(&operation.country), number)
            && operation.kind.as_ref().is_none_or(|kind| *kind == number.kind)
            && features.iter().all(|feature| number.features.contains(feature))
            && matches(&number.msisdn, operation.pattern.as_deref(), operation.search_pattern)
    };
    let all: Vec<&Number> = exchange.numbers.for_rent().filter(wanted).collect();
    let mut list = AvailableNumbers::new();
    if !all.is_empty() {
        let page = operation.index.unwrap_or(1).max(1) as usize - 1;
        let items = page::slice(&all, page, page::size(operation.size));
        list.count = Some(all.len() as u64);
        list.numbers = Some(items.iter().map(|number| available_view(number)).collect());
    }
    Ok(list)
}

/// Parameters outside what is documented: the platform's answer is not, and a failed method here.
fn search_is_sound(country: Option<&str>, search_pattern: Option<u32>) -> Result<(), Refusal> {
    if let Some(country) = country
        && (country.len() != 2 || !country.bytes().all(|byte| byte.is_ascii_alphabetic()))
    {
        let seen: String = country.chars().take(40).collect();
        return Err(parameter("country", &format!("{seen:?}"), "two letters, such as GB"));
    }
    match search_pattern.filter(|place| *place > 2) {
        None => Ok(()),
        Some(place) => Err(parameter(
            "search_pattern",
            &place.to_string(),
            "0 (starts with), 1 (contains) or 2 (ends with)",
        )),
    }
}

fn page_is_sound(size: Option<u32>, index: Option<u32>) -> Result<(), Refusal> {
    if let Some(size) = size.filter(|size| !(1..=100).contains(size)) {
        return Err(parameter("size", &size.to_string(), "1 to 100"));
    }
    match index {
        Some(0) => Err(parameter("index", "0", "1 for the first page, 2 for the second")),
        _ => Ok(()),
    }
}

fn parameter(name: &str, seen: &str, expected: &str) -> Refusal {
    refusal::number_refused(
        "parameter-invalid",
        format!("{name} was {seen}"),
        expected,
        format!("{name} takes {expected}"),
    )
}

pub(super) fn buy(exchange: &mut Exchange, operation: &BuyNumber) -> Result<Outcome, Refusal> {
    let msisdn = operation.msisdn.as_str();
    if let Some(owned) = exchange.numbers.owned(msisdn) {
        let country = owned.number.country;
        return Err(refusal::number_refused(
            "number-already-rented",
            format!("{msisdn} ({country}) is rented by this account already"),
            "a number that is for rent",
            "see what is rented: ringback numbers list".to_owned(),
        ));
    }
    let found = exchange.numbers.in_stock(msisdn).map(|number| number.country);
    right_country(msisdn, &operation.country, found, "for rent", "search")?;
    own_account(exchange, operation.target_api_key.as_ref())?;
    exchange.numbers.rent(msisdn);
    Ok(success())
}

pub(super) fn cancel(
    exchange: &mut Exchange,
    operation: &CancelNumber,
) -> Result<Outcome, Refusal> {
    let msisdn = operation.msisdn.as_str();
    let found = exchange.numbers.owned(msisdn).map(|owned| owned.number.country);
    right_country(msisdn, &operation.country, found, "rented", "list")?;
    own_account(exchange, operation.target_api_key.as_ref())?;
    exchange.numbers.give_back(msisdn);
    Ok(success())
}

/// There are no subaccounts here.
fn own_account(exchange: &Exchange, target: Option<&ApiKey>) -> Result<(), Refusal> {
    match target.filter(|target| **target != exchange.settings.api_key) {
        None => Ok(()),
        Some(target) => Err(refusal::number_refused(
            "subaccount-unknown",
            format!(
                "target_api_key was {:?}, which is no subaccount",
                target.as_str().chars().take(40).collect::<String>()
            ),
            "the key of the account itself",
            "leave target_api_key out".to_owned(),
        )),
    }
}

/// Sets the whole record: what is left out is cleared, the link to an application too.
pub(super) fn update(exchange: &mut Exchange, operation: UpdateNumber) -> Result<Outcome, Refusal> {
    let msisdn = operation.msisdn.as_str();
    let found = exchange.numbers.owned(msisdn).map(|owned| owned.number.country);
    right_country(msisdn, &operation.country, found, "rented", "list")?;
    if let Some(VoiceCallbackType::Unknown(kind)) = &operation.voice_callback_type {
        return Err(refusal::number_refused(
            "voice-callback-type-unknown",
            format!("voiceCallbackType was {:?}", kind.chars().take(40).collect::<String>()),
            "app, sip, tel or vxml",
            "send voiceCallbackType=app, sip, tel or vxml".to_owned(),
        ));
    }
    let voice = match (operation.voice_callback_type, operation.voice_callback_value) {
        (Some(kind), Some(value)) => {
            callback_is_sound(&kind, &value)?;
            Some((kind, value))
        }
        (Some(kind), None) => {
            return Err(refusal::number_refused(
                "voice-callback-value-missing",
                format!("voiceCallbackType was {} without voiceCallbackValue", kind.as_str()),
                "both voiceCallbackType and voiceCallbackValue, or neither",
                "add voiceCallbackValue".to_owned(),
            ));
        }
        (None, _) => None,
    };
    // Both ways of linking mean the same; the newer one wins.
    let by_voice = voice.as_ref().filter(|(kind, _)| *kind == VoiceCallbackType::App);
    let application =
        operation.app_id.or_else(|| by_voice.map(|(_, value)| ApplicationId::new(value.as_str())));
    if let Some(id) = &application
        && exchange.applications.get(id).is_none()
    {
        return Err(refusal::number_refused(
            "application-unknown",
            format!(
                "there is no application {:?} to link to",
                id.as_str().chars().take(60).collect::<String>()
            ),
            "the id of an application of this account",
            "list the applications: ringback apps list".to_owned(),
        ));
    }
    for (name, url) in [
        ("moHttpUrl", &operation.mo_http_url),
        ("voiceStatusCallback", &operation.voice_status_callback),
    ] {
        if let Some(url) = url.as_deref().filter(|url| !url.is_empty() && !is_http(url)) {
            let seen: String = url.chars().take(60).collect();
            return Err(parameter(name, &format!("{seen:?}"), "an http or https URL"));
        }
    }
    let messages = operation.messages_callback_type.zip(operation.messages_callback_value);
    let Some(owned) = exchange.numbers.owned_mut(msisdn) else { return Ok(success()) };
    owned.voice = match (&application, voice) {
        // `sip` and `tel` go before the application.
        (_, Some((kind @ (VoiceCallbackType::Sip | VoiceCallbackType::Tel), value))) => {
            Some((kind, value))
        }
        (Some(id), _) => Some((VoiceCallbackType::App, id.to_string())),
        (None, voice) => voice,
    };
    owned.application = application;
    owned.status_callback = operation.voice_status_callback.filter(|url| !url.is_empty());
    owned.messages_url = operation.mo_http_url.filter(|url| !url.is_empty());
    owned.messages = messages;
    Ok(success())
}

/// Where calls go has to be what its type says.
fn callback_is_sound(kind: &VoiceCallbackType, value: &str) -> Result<(), Refusal> {
    let (sound, expected) = match kind {
        VoiceCallbackType::Sip => {
            let user = value.strip_prefix("sip:").or_else(|| value.strip_prefix("sips:"));
            (user.is_some_and(|user| !user.is_empty()), "a SIP URI such as sip:user@example.com")
        }
        VoiceCallbackType::Tel => {
            (PhoneNumber::new(value).is_ok(), "a number such as 447700900000")
        }
        VoiceCallbackType::Vxml => (is_http(value), "an http or https URL"),
        // An unknown application is refused with its own words.
        _ => (true, ""),
    };
    if sound {
        return Ok(());
    }
    let seen: String = value.chars().take(60).collect();
    Err(refusal::number_refused(
        "voice-callback-value-invalid",
        format!("voiceCallbackType was {} and voiceCallbackValue {seen:?}", kind.as_str()),
        expected,
        format!("voiceCallbackValue takes {expected}"),
    ))
}

fn is_http(url: &str) -> bool {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    rest.is_some_and(|rest| !rest.is_empty())
}

pub(super) fn balance(exchange: &Exchange, _operation: &GetBalance) -> Balance {
    let documented = || Decimal::number(BALANCE).unwrap_or_else(|| Decimal::new(BALANCE));
    let mut balance = Balance::new(exchange.tariffs.balance.clone().unwrap_or_else(documented));
    balance.auto_reload = Some(false);
    balance
}

pub(super) fn insight(operation: &BasicInsight) -> Insight {
    let digits: String = operation.number.chars().filter(char::is_ascii_digit).collect();
    let home = operation.country.as_deref().and_then(Country::by_code);
    let international = match home {
        Some(country) if !digits.starts_with(country.prefix) => {
            format!("{}{}", country.prefix, digits.strip_prefix(country.trunk).unwrap_or(&digits))
        }
        _ => digits,
    };
    let valid = PhoneNumber::new(&international).is_ok();
    match Country::of(&international).filter(|_| valid) {
        Some(country) => {
            let national = international.strip_prefix(country.prefix).unwrap_or(&international);
            let mut insight = Insight::new(0);
            insight.status_message = Some("Success".to_owned());
            insight.national_format_number = Some(format!("{}{national}", country.trunk));
            insight.country_code = Some(country.code.to_owned());
            insight.country_code_iso3 = Some(country.code3.to_owned());
            insight.country_name = Some(country.name.to_owned());
            insight.country_prefix = Some(country.prefix.to_owned());
            insight.international_format_number = Some(international);
            insight
        }
        None => {
            let mut insight = Insight::new(3);
            insight.status_message =
                Some("Invalid request :: Not valid number format detected".to_owned());
            insight
        }
    }
}

fn success() -> Outcome {
    let mut outcome = Outcome::new("200");
    outcome.error_code_label = Some("success".to_owned());
    outcome
}

/// The number has to be there, and in the country that was said.
fn right_country(
    msisdn: &str,
    asked: &str,
    found: Option<&'static str>,
    there: &str,
    command: &str,
) -> Result<(), Refusal> {
    match found {
        Some(country) if country.eq_ignore_ascii_case(asked) => Ok(()),
        Some(country) => Err(refusal::number_refused(
            "number-of-another-country",
            format!("{msisdn} is a number of {country}, the request says {asked:?}"),
            "the country of the number, two letters",
            format!("send country={country}"),
        )),
        None => Err(refusal::number_refused(
            "number-not-available",
            format!("{msisdn} is not {there}"),
            "a number that is there",
            format!("look first: ringback numbers {command}"),
        )),
    }
}

fn in_country(country: Option<&str>, number: &Number) -> bool {
    country.is_none_or(|country| country.eq_ignore_ascii_case(number.country))
}

/// Whether a number has the digits where they are asked for: 0 at the start, 1 anywhere, 2 at the end.
fn matches(msisdn: &str, pattern: Option<&str>, place: Option<u32>) -> bool {
    // The oldest command line leaves its `*` in the pattern.
    let Some(pattern) = pattern.map(|pattern| pattern.trim_matches('*')) else { return true };
    match place {
        Some(1) => msisdn.contains(pattern),
        Some(2) => msisdn.ends_with(pattern),
        _ => msisdn.starts_with(pattern),
    }
}

fn owned_view(owned: &Owned) -> OwnedNumber {
    let mut shown = OwnedNumber::new();
    shown.country = Some(owned.number.country.to_owned());
    shown.msisdn = Some(PhoneNumber::from_wire(&owned.number.msisdn));
    shown.mo_http_url = owned.messages_url.clone();
    shown.kind = Some(owned.number.kind.clone());
    shown.features = Some(owned.number.features.clone());
    if let Some((kind, value)) = &owned.voice {
        shown.voice_callback_type = Some(kind.clone());
        shown.voice_callback_value = Some(value.clone());
    }
    shown.voice_status_callback_url = owned.status_callback.clone();
    if let Some((kind, value)) = &owned.messages {
        shown.messages_callback_type = Some(kind.clone());
        shown.messages_callback_value = Some(value.clone());
    }
    shown.app_id = owned.application.clone();
    shown
}

fn available_view(number: &Number) -> AvailableNumber {
    let mut shown = AvailableNumber::new();
    shown.country = Some(number.country.to_owned());
    shown.msisdn = Some(PhoneNumber::from_wire(&number.msisdn));
    shown.kind = Some(number.kind.clone());
    shown.features = Some(number.features.clone());
    shown.cost = Some(Decimal::new(number.cost.as_ref()));
    shown.initial_price = Some(Decimal::new(number.initial_price.as_ref()));
    shown
}
