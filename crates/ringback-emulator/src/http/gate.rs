//! Who may talk to the emulator at all: `Host`, `Origin` and the control token.

use std::net::{IpAddr, SocketAddr};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, header, request::Parts};
use ringback_exchange::Refusal;
use ringback_model::operation::ErrorFamily;
use secrecy::SecretString;

use super::refusals::{Situation, refusal};
use crate::{Config, Error, credentials::same, mask};

/// The names under which the platform is known; also the regional ones below them.
const PLATFORM: [&str; 2] = ["nexmo.com", "vonage.com"];

/// Who may talk to the emulator.
///
/// A web page elsewhere can make a browser send requests here, under a name of its own (`Host`) or
/// under ours (`Origin`): neither is let in.
#[derive(Debug)]
pub(crate) struct Gate {
    allowed: Vec<String>,
    /// Whether the address can be reached from elsewhere; then it may be named by any number.
    open: bool,
    control_token: Option<SecretString>,
    /// Whether pages of any origin may use the REST API.
    cors: bool,
}

impl Gate {
    pub(crate) fn new(config: &Config, address: SocketAddr) -> Result<Self, Error> {
        let open = !address.ip().to_canonical().is_loopback();
        if open && config.control_token.is_none() {
            return Err(Error::ControlTokenNeeded { address });
        }
        let allowed = config.allowed_hosts.iter().map(|host| host.to_ascii_lowercase()).collect();
        let control_token = config.control_token.clone();
        Ok(Self { allowed, open, control_token, cors: config.cors })
    }

    /// Refuses hosts and origins that are not ours.
    pub(crate) fn check(&self, family: ErrorFamily, head: &Parts) -> Result<(), Refusal> {
        let host = head.uri.authority().map(|authority| authority.as_str());
        let host = host.or_else(|| text(&head.headers, header::HOST)).unwrap_or_default();
        if !self.knows(host) {
            return Err(refusal(
                family,
                Situation::Forbidden,
                "host-not-allowed",
                "the Host header",
                format!("the Host header names `{}`", cut(host)),
                "a loopback name or address, a host name of the platform, or an allowed host",
                "use http://127.0.0.1 and the port, or start the emulator with --allow-host",
            ));
        }
        let Some(origin) = head.headers.get(header::ORIGIN) else { return Ok(()) };
        let origin = origin.to_str().unwrap_or("unreadable");
        let authority = origin.split_once("://").map_or("", |(_, authority)| authority);
        if self.knows(authority) || self.is_open_to_pages(family) {
            return Ok(());
        }
        Err(refusal(
            family,
            Situation::Forbidden,
            "origin-not-allowed",
            "the Origin header",
            format!("the Origin header names `{}`", cut(origin)),
            "no Origin, or one of a loopback name, the platform, or an allowed host",
            "call from a page of this machine, or start the emulator with --allow-host, or with --cors",
        ))
    }

    /// Whether pages of any origin may ask for what answers in this family; the control API never.
    pub(crate) fn is_open_to_pages(&self, family: ErrorFamily) -> bool {
        self.cors && family != ErrorFamily::Control
    }

    /// Refuses the control API and the inspector to those without the token, when there is one.
    pub(crate) fn check_control(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let Some(expected) = &self.control_token else { return Ok(()) };
        let value = match headers.get(header::AUTHORIZATION).map(|value| value.to_str()) {
            Some(Ok(value)) => value,
            Some(Err(_)) => {
                let seen = "the Authorization header is not readable text".to_owned();
                return Err(no_control("control-token-wrong", seen));
            }
            None => "",
        };
        let (scheme, rest) = value.split_once(' ').unwrap_or((value, ""));
        let given = match scheme.to_ascii_lowercase().as_str() {
            "bearer" => Some(rest.trim().to_owned()),
            // A browser can only ask for a name and a password; the name does not matter.
            "basic" => STANDARD
                .decode(rest.trim())
                .ok()
                .and_then(|text| String::from_utf8(text).ok())
                .and_then(|text| text.split_once(':').map(|(_, token)| token.to_owned())),
            _ => None,
        };
        let (reason, seen) = match &given {
            Some(given) if same(expected, given) => return Ok(()),
            Some(given) => ("control-token-wrong", format!("a token of {}", mask::secret(given))),
            None => ("control-token-missing", "there is no control token".to_owned()),
        };
        Err(no_control(reason, seen))
    }

    fn knows(&self, authority: &str) -> bool {
        let name = host_of(authority).to_ascii_lowercase();
        let name = name.trim_end_matches('.');
        if let Ok(address) = name.trim_matches(['[', ']']).parse::<IpAddr>() {
            return self.open || address.to_canonical().is_loopback();
        }
        let below = |zone: &str| {
            name.strip_suffix(zone).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        below("localhost")
            || PLATFORM.iter().any(|zone| below(zone))
            || self.allowed.iter().any(|host| host == name || host == authority)
    }
}

fn no_control(reason: &'static str, seen: String) -> Refusal {
    refusal(
        ErrorFamily::Control,
        Situation::Unauthorized,
        reason,
        "the control token",
        seen,
        "`Authorization: Bearer` and the control token of this emulator",
        "send `Authorization: Bearer TOKEN` with what the emulator was given as --control-token; \
             the ringback command reads RINGBACK_CONTROL_TOKEN",
    )
}

/// The host of `host:port`, also of `[::1]:80`.
fn host_of(authority: &str) -> &str {
    match authority.rfind(':') {
        Some(colon) if !authority.ends_with(']') => authority.get(..colon).unwrap_or_default(),
        _ => authority,
    }
}

pub(crate) fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn cut(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(address: &str) -> Gate {
        let config = Config::new().allow_host("demo.example").control_token("t".into());
        Gate::new(&config, address.parse().unwrap()).unwrap()
    }

    #[test]
    fn hosts() {
        let check = |host: &str, local: bool, open: bool| {
            assert_eq!(gate("127.0.0.1:4010").knows(host), local, "{host}");
            assert_eq!(gate("0.0.0.0:4010").knows(host), open, "{host}");
        };
        for host in [
            "127.0.0.1:4010",
            "localhost",
            "LOCALHOST:80",
            "[::1]:4010",
            "app.localhost:1",
            "api.nexmo.com",
            "rest.nexmo.com:443",
            "api-us-3.vonage.com",
            "demo.example:4010",
        ] {
            check(host, true, true);
        }
        check("10.0.0.7:4010", false, true);
        for host in ["", "evil.example", "notnexmo.com", "nexmo.com.evil.example", "localhost.evil"]
        {
            check(host, false, false);
        }
    }

    #[test]
    fn an_open_address_needs_a_token() {
        for (address, expected) in
            [("127.0.0.1:1", false), ("[::1]:1", false), ("0.0.0.0:1", true), ("10.0.0.7:1", true)]
        {
            let refused = Gate::new(&Config::new(), address.parse().unwrap());
            assert_eq!(refused.is_err_and(|error| error.is_config()), expected, "{address}");
        }
    }

    #[test]
    fn the_control_token() {
        let check = |value: Option<&str>, expected: Option<&str>| {
            let mut headers = HeaderMap::new();
            if let Some(value) = value {
                headers.insert(header::AUTHORIZATION, value.parse().unwrap());
            }
            let refused = gate("0.0.0.0:1").check_control(&headers).err();
            assert_eq!(refused.map(|refusal| refusal.reason), expected, "{value:?}");
        };
        check(None, Some("control-token-missing"));
        check(Some("Bearer t"), None);
        check(Some("bearer x"), Some("control-token-wrong"));
        // `any:t` and `any:x`.
        check(Some("Basic YW55OnQ="), None);
        check(Some("Basic YW55Ong="), Some("control-token-wrong"));
        check(Some("Digest t"), Some("control-token-missing"));
        let mut headers = HeaderMap::new();
        let bytes = http::HeaderValue::from_bytes(b"Bearer \xff\xfe").unwrap();
        headers.insert(header::AUTHORIZATION, bytes);
        let refused = gate("0.0.0.0:1").check_control(&headers).unwrap_err();
        assert_eq!(refused.reason, "control-token-wrong");
    }
}
