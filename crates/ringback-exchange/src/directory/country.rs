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

/// Of countries with one prefix, the last is taken for a number's.
const COUNTRIES: &[Country] = &[
    country("CA", "CAN", "Canada", "1", ""),
    country("US", "USA", "United States of America", "1", ""),
    country("GB", "GBR", "United Kingdom", "44", "0"),
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
    country("LU", "LUX", "Luxembourg", "352", ""),
    country("DK", "DNK", "Denmark", "45", ""),
    country("NO", "NOR", "Norway", "47", ""),
    country("FI", "FIN", "Finland", "358", "0"),
    country("IS", "ISL", "Iceland", "354", ""),
    country("PL", "POL", "Poland", "48", ""),
    country("CZ", "CZE", "Czechia", "420", ""),
    country("SK", "SVK", "Slovakia", "421", "0"),
    country("HU", "HUN", "Hungary", "36", "06"),
    country("RO", "ROU", "Romania", "40", "0"),
    country("BG", "BGR", "Bulgaria", "359", "0"),
    country("GR", "GRC", "Greece", "30", ""),
    country("HR", "HRV", "Croatia", "385", "0"),
    country("SI", "SVN", "Slovenia", "386", "0"),
    country("RS", "SRB", "Serbia", "381", "0"),
    country("EE", "EST", "Estonia", "372", ""),
    country("LV", "LVA", "Latvia", "371", ""),
    country("LT", "LTU", "Lithuania", "370", "0"),
    country("UA", "UKR", "Ukraine", "380", "0"),
    country("TR", "TUR", "Turkey", "90", "0"),
    country("CY", "CYP", "Cyprus", "357", ""),
    country("MT", "MLT", "Malta", "356", ""),
    country("IL", "ISR", "Israel", "972", "0"),
    country("AE", "ARE", "United Arab Emirates", "971", "0"),
    country("SA", "SAU", "Saudi Arabia", "966", "0"),
    country("EG", "EGY", "Egypt", "20", "0"),
    country("MA", "MAR", "Morocco", "212", "0"),
    country("NG", "NGA", "Nigeria", "234", "0"),
    country("GH", "GHA", "Ghana", "233", "0"),
    country("KE", "KEN", "Kenya", "254", "0"),
    country("ZA", "ZAF", "South Africa", "27", "0"),
    country("AU", "AUS", "Australia", "61", "0"),
    country("NZ", "NZL", "New Zealand", "64", "0"),
    country("SG", "SGP", "Singapore", "65", ""),
    country("MY", "MYS", "Malaysia", "60", "0"),
    country("ID", "IDN", "Indonesia", "62", "0"),
    country("TH", "THA", "Thailand", "66", "0"),
    country("VN", "VNM", "Vietnam", "84", "0"),
    country("PH", "PHL", "Philippines", "63", "0"),
    country("HK", "HKG", "Hong Kong", "852", ""),
    country("TW", "TWN", "Taiwan", "886", "0"),
    country("CN", "CHN", "China", "86", "0"),
    country("JP", "JPN", "Japan", "81", "0"),
    country("KR", "KOR", "South Korea", "82", "0"),
    country("IN", "IND", "India", "91", "0"),
    country("PK", "PAK", "Pakistan", "92", "0"),
    country("BD", "BGD", "Bangladesh", "880", "0"),
    country("BR", "BRA", "Brazil", "55", "0"),
    country("MX", "MEX", "Mexico", "52", ""),
    country("AR", "ARG", "Argentina", "54", "0"),
    country("CL", "CHL", "Chile", "56", ""),
    country("CO", "COL", "Colombia", "57", ""),
    country("PE", "PER", "Peru", "51", "0"),
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
