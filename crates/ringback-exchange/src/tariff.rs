//! What calls cost: rates and networks by direction and number.

use ringback_model::Decimal;

use serde::{Deserialize, Serialize};

use crate::{
    far::Far,
    leg::{Leg, Way},
};

/// What one leg costs, as events and the Voice API say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tariff {
    /// Euro a minute in hundred-millionths; none for legs that cost nothing.
    rate: Option<u64>,
    network: Option<String>,
}

/// A rate that somebody has set.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Rate {
    /// For legs of this way only.
    pub(crate) way: Option<Way>,
    /// For numbers that begin so.
    pub(crate) prefix: String,
    /// Euro a minute in hundred-millionths.
    pub(crate) rate: u64,
    pub(crate) network: Option<String>,
}

/// The rates that have been set, and what there is to pay with; the longest prefix wins, then the
/// rate set last.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tariffs {
    pub(crate) rates: Vec<Rate>,
    /// What is left to spend in euros, where that has been set.
    pub(crate) balance: Option<Decimal>,
}

/// A call in, from a sample in public logs.
const INBOUND: (u64, &str) = (720_000, "GB-FIXED");
/// A call out to a mobile, likewise.
const OUTBOUND: (u64, &str) = (10_000_000, "23433");

impl Tariffs {
    pub(crate) fn of(&self, leg: &Leg) -> Tariff {
        if !matches!(leg.far, Far::Phone | Far::Sip(_)) {
            return Tariff { rate: None, network: None };
        }
        self.of_number(leg.way, leg.party())
    }

    /// What a minute with a number costs.
    pub(crate) fn of_number(&self, way: Way, number: &str) -> Tariff {
        let set = self
            .rates
            .iter()
            .enumerate()
            .filter(|(_, rate)| rate.way.is_none_or(|other| other == way))
            .filter(|(_, rate)| number.starts_with(&rate.prefix))
            .max_by_key(|(place, rate)| (rate.prefix.len(), *place))
            .map(|(_, rate)| rate);
        let (rate, network) = match way {
            Way::Inbound => INBOUND,
            Way::Outbound => OUTBOUND,
        };
        match set {
            Some(set) => Tariff {
                rate: Some(set.rate),
                network: Some(set.network.clone().unwrap_or_else(|| network.to_owned())),
            },
            None => Tariff { rate: Some(rate), network: Some(network.to_owned()) },
        }
    }
}

impl Tariffs {
    /// Sets a rate, in place of one for the same calls.
    pub(crate) fn set(&mut self, rate: Rate) {
        self.rates.retain(|known| known.way != rate.way || known.prefix != rate.prefix);
        self.rates.push(rate);
    }
}

impl Tariff {
    /// `rate · seconds / 60` at eight decimals; `0` where nothing is charged.
    pub(crate) fn price(&self, seconds: u64) -> String {
        let Some(rate) = self.rate else { return "0".to_owned() };
        eight((rate.saturating_mul(seconds).saturating_add(30)) / 60)
    }

    pub(crate) fn rate(&self) -> String {
        self.rate.map_or_else(|| "0.00".to_owned(), eight)
    }

    pub(crate) fn network(&self) -> Option<String> {
        self.network.clone()
    }
}

fn eight(value: u64) -> String {
    format!("{}.{:08}", value / 100_000_000, value % 100_000_000)
}

/// Euro a minute in hundred-millionths; none for what is no such amount.
pub(crate) fn hundred_millionths(text: &Decimal) -> Option<u64> {
    let (whole, fraction) = text.as_str().split_once('.').unwrap_or((text.as_str(), ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || fraction.len() > 8 {
        return None;
    }
    let fraction = format!("{fraction:0<8}").parse::<u64>().ok()?;
    whole.parse::<u64>().ok()?.checked_mul(100_000_000)?.checked_add(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact_to_eight_decimals() {
        for (text, expected) in [
            ("0.00720000", Some(720_000)),
            ("0.1", Some(10_000_000)),
            ("12", Some(1_200_000_000)),
            ("-1", None),
            ("1e3", None),
            (".5", None),
            ("0.123456789", None),
        ] {
            assert_eq!(hundred_millionths(&Decimal::new(text)), expected, "{text}");
        }
        let tariff = |rate| Tariff { rate, network: None };
        // Samples of real events: 12 s at 0.0072, 5 s at 0.1, a user's leg.
        assert_eq!(tariff(Some(720_000)).price(12), "0.00144000");
        assert_eq!(tariff(Some(10_000_000)).price(5), "0.00833333");
        assert_eq!((tariff(None).price(5), tariff(None).rate()), ("0".into(), "0.00".into()));
    }
}
