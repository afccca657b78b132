//! Numbers, rented and for rent.

use std::{collections::BTreeMap, sync::Arc};

use ringback_model::{
    ApplicationId,
    numbers::{Feature, NumberType, VoiceCallbackType},
};

/// A number as the network knows it.
#[derive(Clone, Debug)]
pub(crate) struct Number {
    pub(crate) msisdn: Arc<str>,
    pub(crate) country: &'static str,
    pub(crate) kind: NumberType,
    pub(crate) features: Vec<Feature>,
    /// Euro a month.
    pub(crate) cost: &'static str,
    /// Euro for setting it up.
    pub(crate) initial_price: &'static str,
}

/// A rented number, and what becomes of its calls.
#[derive(Clone, Debug)]
pub(crate) struct Owned {
    pub(crate) number: Number,
    pub(crate) application: Option<ApplicationId>,
    pub(crate) voice: Option<(VoiceCallbackType, String)>,
    pub(crate) status_callback: Option<String>,
    pub(crate) messages_url: Option<String>,
    pub(crate) messages: Option<(String, String)>,
}

/// The numbers, rented and for rent.
#[derive(Debug)]
pub(crate) struct Numbers {
    stock: BTreeMap<Arc<str>, Number>,
    owned: BTreeMap<Arc<str>, Owned>,
}

impl Numbers {
    /// Numbers that are reserved for fiction, so that none belongs to anybody, and the tutorial's.
    pub(crate) fn stocked() -> Self {
        let mut stock = BTreeMap::new();
        let mut add = |msisdn: String,
                       country,
                       kind: NumberType,
                       features: &[Feature],
                       cost,
                       initial_price| {
            let msisdn: Arc<str> = msisdn.into();
            let features = features.to_vec();
            let number = Number {
                msisdn: Arc::clone(&msisdn),
                country,
                kind,
                features,
                cost,
                initial_price,
            };
            stock.insert(msisdn, number);
        };
        let both = &[Feature::Sms, Feature::Voice];
        let all = &[Feature::Sms, Feature::Mms, Feature::Voice];
        add("447700000002".to_owned(), "GB", NumberType::MobileLvn, both, "1.25", "0.00");
        for last in 0..20 {
            add(format!("4477009001{last:02}"), "GB", NumberType::MobileLvn, both, "1.25", "0.00");
            add(
                format!("12015550{:03}", 100 + last),
                "US",
                NumberType::MobileLvn,
                all,
                "0.90",
                "0.00",
            );
        }
        for last in 0..5 {
            add(
                format!("4420794600{last:02}"),
                "GB",
                NumberType::Landline,
                &[Feature::Voice],
                "1.00",
                "0.00",
            );
            add(
                format!("4480815701{last:02}"),
                "GB",
                NumberType::LandlineTollFree,
                &[Feature::Voice],
                "4.80",
                "0.00",
            );
            add(format!("1212555019{last}"), "US", NumberType::Landline, both, "0.90", "0.00");
            add(
                format!("1800555019{last}"),
                "US",
                NumberType::LandlineTollFree,
                &[Feature::Voice],
                "2.00",
                "0.00",
            );
        }
        Self { stock, owned: BTreeMap::new() }
    }

    pub(crate) fn for_rent(&self) -> impl Iterator<Item = &Number> {
        self.stock.values()
    }

    pub(crate) fn in_stock(&self, msisdn: &str) -> Option<&Number> {
        self.stock.get(msisdn)
    }

    pub(crate) fn rented(&self) -> impl Iterator<Item = &Owned> {
        self.owned.values()
    }

    pub(crate) fn owned(&self, msisdn: &str) -> Option<&Owned> {
        self.owned.get(msisdn)
    }

    pub(crate) fn owned_mut(&mut self, msisdn: &str) -> Option<&mut Owned> {
        self.owned.get_mut(msisdn)
    }

    /// Rents a number; false when it is not for rent.
    pub(crate) fn rent(&mut self, msisdn: &str) -> bool {
        let Some((msisdn, number)) = self.stock.remove_entry(msisdn) else {
            return false;
        };
        let owned = Owned {
            number,
            application: None,
            voice: None,
            status_callback: None,
            messages_url: None,
            messages: None,
        };
        self.owned.insert(msisdn, owned);
        true
    }

    /// Gives a number back; false when it is not rented.
    pub(crate) fn give_back(&mut self, msisdn: &str) -> bool {
        let Some((msisdn, owned)) = self.owned.remove_entry(msisdn) else {
            return false;
        };
        self.stock.insert(msisdn, owned.number);
        true
    }

    /// Unlinks every number of an application that is going.
    pub(crate) fn forget(&mut self, application: &ApplicationId) {
        for owned in self.owned.values_mut() {
            if owned.application.as_ref() == Some(application) {
                owned.application = None;
                owned.voice = None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stock_is_large_enough_to_choose_from() {
        let numbers = Numbers::stocked();
        for country in ["GB", "US"] {
            let of_country: Vec<_> =
                numbers.for_rent().filter(|number| number.country == country).collect();
            assert!(of_country.len() >= 10, "{country}");
            assert!(
                of_country
                    .iter()
                    .filter(|n| n.features.contains(&Feature::Voice)
                        && n.features.contains(&Feature::Sms))
                    .count()
                    >= 10
            );
            assert!(
                of_country
                    .iter()
                    .all(|n| n.msisdn.len() >= 11 && n.msisdn.bytes().all(|b| b.is_ascii_digit()))
            );
        }
        assert!(numbers.in_stock("447700000002").is_some());
    }

    #[test]
    fn a_number_is_rented_once_and_can_be_given_back() {
        let mut numbers = Numbers::stocked();
        assert!(numbers.rent("447700000002"));
        assert!(!numbers.rent("447700000002"));
        assert!(numbers.in_stock("447700000002").is_none());
        assert!(numbers.give_back("447700000002"));
        assert!(!numbers.give_back("447700000002"));
        assert!(numbers.in_stock("447700000002").is_some());
    }
}
