//! Where operations are sent.

use ringback_model::operation::{Host, OperationInfo};

use crate::error::Error;

/// An origin per family of hosts, each without a slash at its end.
#[derive(Clone, Debug)]
pub(crate) struct Hosts {
    api: Option<String>,
    rest: Option<String>,
    control: Option<String>,
}

impl Default for Hosts {
    fn default() -> Self {
        Self {
            api: Some("https://api.nexmo.com".to_owned()),
            rest: Some("https://rest.nexmo.com".to_owned()),
            control: None,
        }
    }
}

impl Hosts {
    pub(crate) fn one(origin: &str) -> Result<Self, Error> {
        let origin = Some(normal(origin)?);
        Ok(Self { api: origin.clone(), rest: origin.clone(), control: origin })
    }

    pub(crate) fn set(&mut self, host: Host, origin: &str) -> Result<(), Error> {
        let origin = Some(normal(origin)?);
        match host {
            Host::Api => self.api = origin,
            Host::Rest => self.rest = origin,
            Host::Control => self.control = origin,
        }
        Ok(())
    }

    pub(crate) fn of(&self, info: &'static OperationInfo) -> Result<&str, Error> {
        match info.host {
            Host::Api => self.api.as_deref(),
            Host::Rest => self.rest.as_deref(),
            Host::Control => self.control.as_deref(),
        }
        .ok_or(Error::NoOrigin { operation: info.id })
    }
}

/// Checks an origin; a path before the operations' own paths is kept.
fn normal(origin: &str) -> Result<String, Error> {
    let fail = |reason: &'static str| Error::Origin { url: shown(origin), reason };
    let url = reqwest::Url::parse(origin.trim())
        .map_err(|_| fail("it is no URL, such as http://127.0.0.1:4010"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(fail("it has to begin with http:// or https://"));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(fail("it names no host"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(fail("user and password do not belong into it"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(fail("a query or fragment does not belong into it"));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// The text without what may be a password, and without what a terminal would act on.
fn shown(origin: &str) -> String {
    let plain = match (origin.split_once("//"), origin.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}//[redacted]@{host}"),
        _ => origin.to_owned(),
    };
    let plain = plain.split(['?', '#']).next().unwrap_or_default();
    plain.chars().take(100).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins() {
        let check = |input: &str, expected: Result<&str, &str>| match (normal(input), expected) {
            (Ok(seen), Ok(expected)) => assert_eq!(seen, expected),
            (Err(error), Err(expected)) => {
                let text = error.to_string();
                assert!(text.contains(expected) && !text.contains("secret"), "{text}");
            }
            (seen, _) => panic!("{input}: {seen:?}"),
        };
        check("http://127.0.0.1:4010/", Ok("http://127.0.0.1:4010"));
        check(" https://api-us-3.vonage.com ", Ok("https://api-us-3.vonage.com"));
        check("http://localhost:8080/vonage/", Ok("http://localhost:8080/vonage"));
        check("127.0.0.1:4010", Err("no URL"));
        check("localhost:4010", Err("http://"));
        check("ftp://host", Err("http://"));
        check("http://", Err("no URL"));
        check("http://user:secret@host/", Err("user and password"));
        check("http://host/?api_secret=secret", Err("query"));
        check("", Err("no URL"));
    }
}
