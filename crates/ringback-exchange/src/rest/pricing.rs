//! What messages and calls cost, as far as the command lines ask.

use ringback_model::{
    Decimal, PhoneNumber,
    account::{
        CountryPricing, GetPhonePricing, GetPricing, NetworkPricing, PhonePricing, PricedKind,
    },
};

use crate::{Exchange, Refusal, directory::Country, leg::Way, refusal};

/// What a short message costs, in euros; the same everywhere, from the documented sample of a
/// message's price.
const MESSAGE: &str = "0.03330000";

/// The price of a message to a number, or of a minute with it.
pub(super) fn of_number(
    exchange: &Exchange,
    operation: &GetPhonePricing,
) -> Result<PhonePricing, Refusal> {
    let phone = operation.phone.as_str();
    if let Err(error) = PhoneNumber::new(phone) {
        return Err(refusal::number_refused(
            "number-malformed",
            format!("phone: {error}"),
            "7 to 15 digits with the country code",
            "write the number as digits, such as phone=447700900000".to_owned(),
        ));
    }
    let Some(country) = Country::of(phone) else {
        return Err(unknown_country(format!("{phone} begins with the prefix of no known country")));
    };
    let call = exchange.tariffs.of_number(Way::Outbound, phone);
    let price = match &operation.kind {
        PricedKind::Sms => Decimal::new(MESSAGE),
        PricedKind::Voice => Decimal::new(call.rate()),
        kind => {
            return Err(refusal::number_refused(
                "priced-kind-unknown",
                format!(
                    "the path ends with {:?}",
                    kind.as_str().chars().take(40).collect::<String>()
                ),
                "sms or voice",
                "GET /account/get-phone-pricing/outbound/sms or …/voice".to_owned(),
            ));
        }
    };
    let mut pricing = PhonePricing::new(price);
    pricing.phone = Some(phone.to_owned());
    pricing.network = call.network();
    pricing.country_code = Some(country.code.to_owned());
    Ok(pricing)
}

/// The price of a message to a country: one network, because one price holds for all of them.
pub(super) fn of_country(operation: &GetPricing) -> Result<CountryPricing, Refusal> {
    let Some(country) = Country::by_code(&operation.country) else {
        let seen: String = operation.country.chars().take(40).collect();
        return Err(unknown_country(format!("country was {seen:?}")));
    };
    let mut network = NetworkPricing::new();
    network.code = Some(format!("{}-MOBILE", country.code));
    network.network = Some(format!("{} mobile", country.name));
    network.mt_price = Some(Decimal::new(MESSAGE));
    let mut pricing = CountryPricing::new();
    pricing.country = Some(country.code.to_owned());
    pricing.name = Some(country.name.to_owned());
    pricing.country_display_name = Some(country.name.to_owned());
    pricing.prefix = Some(country.prefix.to_owned());
    pricing.mt = Some(Decimal::new(MESSAGE));
    pricing.networks = Some(vec![network]);
    Ok(pricing)
}

fn unknown_country(seen: String) -> Refusal {
    refusal::number_refused(
        "country-unknown",
        seen,
        "one of the countries that have prices here, such as GB or US",
        "ask for another country".to_owned(),
    )
}
