//! Numbers, rented and for rent.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use ringback_model::{
    ApplicationId,
    numbers::{Feature, NumberType, VoiceCallbackType},
};

/// A number as the network knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Number {
    pub(crate) msisdn: Arc<str>,
    pub(crate) country: &'static str,
    pub(crate) kind: NumberType,
    pub(crate) features: Vec<Feature>,
    /// Euro a month.
    pub(crate) cost: Cow<'static, str>,
    /// Euro for setting it up.
    pub(crate) initial_price: Cow<'static, str>,
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

/// A row of numbers that are for rent from the start.
struct Row {
    country: &'static str,
    kind: NumberType,
    features: &'static [Feature],
    /// What all of them begin with.
    prefix: &'static str,
    /// How many digits come after that.
    digits: usize,
    first: u32,
    count: u32,
    /// Euro a month.
    cost: &'static str,
}

const VOICE: &[Feature] = &[Feature::Voice];
const BOTH: &[Feature] = &[Feature::Sms, Feature::Voice];
const ALL: &[Feature] = &[Feature::Sms, Feature::Mms, Feature::Voice];

/// Ranges that the regulators keep free for films and books, so that no number belongs to anybody:
/// Ofcom, NANPA (555-01xx), Bundesnetzagentur, Arcep, PTS, ACMA, ComReg. Spain and the Netherlands
/// keep none; theirs are of zeros. Prices are believable, no more.
const ROWS: &[Row] = &[
    // The tutorial's.
    row("GB", NumberType::MobileLvn, BOTH, "44770000000", 1, (2, 1), "1.25"),
    row("GB", NumberType::MobileLvn, BOTH, "447700900", 3, (100, 20), "1.25"),
    row("GB", NumberType::Landline, VOICE, "4420794600", 2, (0, 5), "1.00"),
    row("GB", NumberType::LandlineTollFree, VOICE, "4480815701", 2, (0, 5), "4.80"),
    row("US", NumberType::MobileLvn, ALL, "12015550", 3, (100, 20), "0.90"),
    row("US", NumberType::Landline, BOTH, "1212555019", 1, (0, 5), "0.90"),
    row("US", NumberType::LandlineTollFree, VOICE, "1800555019", 1, (0, 5), "2.00"),
    row("CA", NumberType::MobileLvn, ALL, "14165550", 3, (100, 20), "0.90"),
    row("DE", NumberType::MobileLvn, BOTH, "4917139200", 2, (0, 20), "3.00"),
    row("DE", NumberType::Landline, VOICE, "493023125", 3, (0, 10), "1.00"),
    row("FR", NumberType::MobileLvn, BOTH, "3363998", 4, (0, 20), "3.00"),
    row("FR", NumberType::Landline, VOICE, "3319900", 4, (0, 10), "1.00"),
    row("ES", NumberType::MobileLvn, BOTH, "34600000", 3, (100, 20), "3.00"),
    row("ES", NumberType::Landline, VOICE, "34910000", 3, (100, 10), "1.00"),
    row("SE", NumberType::MobileLvn, BOTH, "46701740", 3, (605, 20), "1.50"),
    row("SE", NumberType::Landline, VOICE, "468465004", 2, (0, 10), "1.00"),
    row("NL", NumberType::MobileLvn, BOTH, "31600000", 3, (100, 20), "2.50"),
    row("NL", NumberType::Landline, VOICE, "31200000", 3, (100, 10), "1.00"),
    row("AU", NumberType::MobileLvn, BOTH, "6149157", 4, (110, 1), "2.75"),
    row("AU", NumberType::MobileLvn, BOTH, "6149157", 4, (156, 4), "2.75"),
    row("AU", NumberType::MobileLvn, BOTH, "6149157", 4, (1_266, 1), "2.75"),
    row("AU", NumberType::MobileLvn, BOTH, "6149157", 4, (1_491, 1), "2.75"),
    row("AU", NumberType::MobileLvn, BOTH, "6149157", 4, (1_804, 1), "2.75"),
    row("AU", NumberType::MobileLvn, BOTH, "6149157", 4, (2_549, 1), "2.75"),
    row("AU", NumberType::MobileLvn, BOTH, "6149157", 4, (2_665, 1), "2.75"),
    row("AU", NumberType::MobileLvn, BOTH, "6149157", 4, (2_983, 1), "2.75"),
    row("AU", NumberType::Landline, VOICE, "6125550", 4, (0, 10), "1.50"),
    row("AU", NumberType::LandlineTollFree, VOICE, "611800975", 3, (707, 5), "8.00"),
    row("IE", NumberType::Landline, VOICE, "3532091", 5, (0, 10), "1.00"),
];

const fn row(
    country: &'static str,
    kind: NumberType,
    features: &'static [Feature],
    prefix: &'static str,
    digits: usize,
    (first, count): (u32, u32),
    cost: &'static str,
) -> Row {
    Row { country, kind, features, prefix, digits, first, count, cost }
}

/// The numbers, rented and for rent.
#[derive(Debug)]
pub(crate) struct Numbers {
    stock: BTreeMap<Arc<str>, Number>,
    owned: BTreeMap<Arc<str>, Owned>,
}

impl Numbers {
    /// Numbers that belong to nobody, in several countries.
    pub(crate) fn stocked() -> Self {
        let mut numbers = Self { stock: BTreeMap::new(), owned: BTreeMap::new() };
        for row in ROWS {
            for last in row.first..row.first + row.count {
                let digits = row.digits;
                numbers.admit(Number {
                    msisdn: format!("{}{last:0digits$}", row.prefix).into(),
                    country: row.country,
                    kind: row.kind.clone(),
                    features: row.features.to_vec(),
                    cost: row.cost.into(),
                    initial_price: "0.00".into(),
                });
            }
        }
        numbers
    }

    /// Takes a number into the stock, in place of what was known of it, unless it is rented.
    pub(crate) fn admit(&mut self, number: Number) {
        if !self.owned.contains_key(&number.msisdn) {
            self.stock.insert(Arc::clone(&number.msisdn), number);
        }
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
    use ringback_model::PhoneNumber;

    use super::*;
    use crate::directory::Country;

    #[test]
    fn the_stock_is_large_enough_to_choose_from() {
        let numbers = Numbers::stocked();
        for country in ["GB", "US", "CA", "DE", "FR", "ES", "SE", "NL", "AU"] {
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
            assert!(of_country.iter().any(|n| n.kind != NumberType::MobileLvn) || country == "CA");
        }
        for number in numbers.for_rent() {
            let country = Country::by_code(number.country).unwrap();
            assert!(number.msisdn.starts_with(country.prefix), "{number:?}");
            assert!(PhoneNumber::new(&number.msisdn).is_ok(), "{number:?}");
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
