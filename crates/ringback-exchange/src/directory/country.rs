//! Countries, as far as numbers are for rent in them or begin with their prefix.

/// A country.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Country {
    /// Two letters.
    pub(crate) code: &'static str,
    /// Three letters.
    pub(crate) code3: &'static str,
    pub(crate) name: &'static str,
    /// The dialling prefix.
    pub(crate) prefix: &'static str,
    /// The digit before a national number.
    pub(crate) trunk: &'static str,
}

const COUNTRIES: &[Country] = &[
    country("GB", "GBR", "United Kingdom", "44", "0"),
    country("US", "USA", "United States of America", "1", ""),
    country("DE", "DEU", "Germany", "49", "0"),
    country("FR", "FRA", "France", "33", "0"),
    country("ES", "ESP", "Spain", "34", ""),
    country("IT", "ITA", "Italy", "39", ""),
    country("NL", "NLD", "Netherlands", "31", "0"),
    country("SE", "SWE", "Sweden", "46", "0"),
    country("IE", "IRL", "Ireland", "353", "0"),
    country("PT", "PRT", "Portugal", "351", ""),
    country("AT", "AUT", "Austria", "43", "0"),
    country("CH", "CHE", "Switzerland", "41", "0"),
    country("BE", "BEL", "Belgium", "32", "0"),
    country("DK", "DNK", "Denmark", "45", ""),
    country("NO", "NOR", "Norway", "47", ""),
    country("FI", "FIN", "Finland", "358", "0"),
    country("PL", "POL", "Poland", "48", ""),
    country("AU", "AUS", "Australia", "61", "0"),
    country("SG", "SGP", "Singapore", "65", ""),
    country("IN", "IND", "India", "91", "0"),
    country("JP", "JPN", "Japan", "81", "0"),
    country("BR", "BRA", "Brazil", "55", "0"),
    country("MX", "MEX", "Mexico", "52", ""),
    country("ZA", "ZAF", "South Africa", "27", "0"),
];

const fn country(
    code: &'static str,
    code3: &'static str,
    name: &'static str,
    prefix: &'static str,
    trunk: &'static str,
) -> Country {
    Country { code, code3, name, prefix, trunk }
}

impl Country {
    /// The country of a number, by its longest prefix.
    pub(crate) fn of(number: &str) -> Option<&'static Self> {
        COUNTRIES
            .iter()
            .filter(|country| number.starts_with(country.prefix))
            .max_by_key(|country| country.prefix.len())
    }

    pub(crate) fn by_code(code: &str) -> Option<&'static Self> {
        COUNTRIES.iter().find(|country| country.code.eq_ignore_ascii_case(code))
    }
}
