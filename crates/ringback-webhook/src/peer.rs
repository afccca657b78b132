//! Who sent a request, when proxies stand between.

use std::{fmt, net::IpAddr, str::FromStr};

use axum::http::HeaderMap;

/// Addresses of one network, such as `10.0.0.0/8`, or a single one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    /// How many leading bits count.
    bits: u8,
}

impl Network {
    /// Whether the address is one of them.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let differing = own.to_bits() ^ other.to_bits();
                differing.leading_zeros() >= u32::from(self.bits)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let differing = own.to_bits() ^ other.to_bits();
                differing.leading_zeros() >= u32::from(self.bits)
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let wrong = || NetworkError(text.chars().take(60).collect());
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            Some(bits) => bits.parse().ok().filter(|bits| *bits <= most).ok_or_else(wrong)?,
            None => most,
        };
        // As `contains` compares: an IPv4 address is one, however it is written.
        match address.to_canonical() {
            v4 @ IpAddr::V4(_) if most == 128 && bits >= 96 => {
                Ok(Self { address: v4, bits: bits - 96 })
            }
            IpAddr::V4(_) if most == 128 => Err(wrong()),
            address => Ok(Self { address, bits }),
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

/// The text is no network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no address or network, such as 10.0.0.7 or 10.0.0.0/8")]
pub struct NetworkError(String);

/// The sender of a request, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    pub(crate) address: IpAddr,
    /// `http` or `https`, when a trusted proxy says so.
    pub(crate) proto: Option<&'static str>,
}

impl Peer {
    /// The last address before the trusted proxies; what others say of themselves is not read.
    pub(crate) fn of(connection: IpAddr, headers: &HeaderMap, proxies: &[Network]) -> Self {
        let trusted = |address: IpAddr| proxies.iter().any(|network| network.contains(address));
        let mut address = connection.to_canonical();
        if !trusted(address) {
            return Self { address, proto: None };
        }
        // Each proxy appends whom it saw, so the list is read from its end.
        for hop in list(headers, "x-forwarded-for").rev() {
            let Some(before) = hop_address(hop) else { break };
            address = before;
            if !trusted(address) {
                break;
            }
        }
        let proto = match list(headers, "x-forwarded-proto").next_back() {
            Some(proto) if proto.eq_ignore_ascii_case("https") => Some("https"),
            Some(proto) if proto.eq_ignore_ascii_case("http") => Some("http"),
            _ => None,
        };
        Self { address, proto }
    }
}

/// The elements of a header that may be there more than once.
fn list<'a>(
    headers: &'a HeaderMap,
    name: &'static str,
) -> impl DoubleEndedIterator<Item = &'a str> {
    let values: Vec<&str> =
        headers.get_all(name).iter().map(|value| value.to_str().unwrap_or("?")).collect();
    values.into_iter().flat_map(|value| value.split(',')).map(str::trim)
}

/// `203.0.113.9`, `203.0.113.9:1234`, `2001:db8::9` or `[2001:db8::9]:1234`.
fn hop_address(hop: &str) -> Option<IpAddr> {
    let plain = hop.parse::<IpAddr>().ok();
    let address = plain.or_else(|| hop.parse::<std::net::SocketAddr>().ok().map(|a| a.ip()));
    let bracketed = || hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    address.or_else(bracketed).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks() {
        let check = |network: &str, address: &str, expected: bool| {
            let network: Network = network.parse().unwrap();
            assert_eq!(network.contains(address.parse().unwrap()), expected, "{network} {address}");
        };
        check("10.0.0.0/8", "10.255.0.1", true);
        check("10.0.0.0/8", "11.0.0.1", false);
        check("10.0.0.7", "10.0.0.7", true);
        check("10.0.0.7", "10.0.0.6", false);
        check("10.0.0.0/8", "::ffff:10.0.0.1", true);
        check("::ffff:10.0.0.0/104", "10.0.0.1", true);
        check("0.0.0.0/0", "203.0.113.9", true);
        check("0.0.0.0/0", "2001:db8::1", false);
        check("2001:db8::/32", "2001:db8:1::1", true);
        check("2001:db8::/32", "2001:db9::1", false);
        check("::/0", "2001:db9::1", true);
        for text in ["", "10.0.0", "10.0.0.0/33", "::/129", "10.0.0.0/", "example.com", "a/8"] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }

    #[test]
    fn peers() {
        let check = |connection: &str, forwarded: &[&str], expected: &str| {
            let mut headers = HeaderMap::new();
            for value in forwarded {
                headers.append("x-forwarded-for", value.parse().unwrap());
            }
            headers.append("x-forwarded-proto", "HTTPS".parse().unwrap());
            let proxies = ["10.0.0.0/8".parse().unwrap(), "2001:db8::1".parse().unwrap()];
            let peer = Peer::of(connection.parse().unwrap(), &headers, &proxies);
            assert_eq!(peer.address.to_string(), expected, "{connection} {forwarded:?}");
            let trusted = connection.contains("10.0.0") || connection.contains("db8");
            assert_eq!(peer.proto, trusted.then_some("https"));
        };
        check("203.0.113.9", &["198.51.100.1"], "203.0.113.9");
        check("10.0.0.1", &[], "10.0.0.1");
        check("10.0.0.1", &["198.51.100.1"], "198.51.100.1");
        check("::ffff:10.0.0.1", &["198.51.100.1:4711"], "198.51.100.1");
        check("2001:db8::1", &["[2001:db8::9]:80"], "2001:db8::9");
        // What the client wrote itself stands before what the proxies wrote.
        check("10.0.0.1", &["192.0.2.1, 198.51.100.1, 10.0.0.2"], "198.51.100.1");
        check("10.0.0.1", &["192.0.2.1", "198.51.100.1", "10.0.0.2"], "198.51.100.1");
        check("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3");
        check("10.0.0.1", &["198.51.100.1, unknown, 10.0.0.2"], "10.0.0.2");
    }
}
