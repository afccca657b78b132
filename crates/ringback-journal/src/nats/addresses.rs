//! Where the servers are, and who asks.

use std::fmt;

use async_nats::ServerAddr;
use percent_encoding::percent_decode_str;

use super::fault::refused;
use crate::Error;

/// Addresses of servers, without the secrets that came with them.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Addresses {
    /// Where they are.
    pub(super) servers: Vec<ServerAddr>,
    /// Who asks.
    pub(super) login: Option<Login>,
}

/// How one says who one is.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Login {
    /// A name and a password.
    Password(String, String),
    /// A token.
    Token(String),
}

impl Addresses {
    /// Reads `nats://a:4222,b:4222`; the scheme may be `tls`, and is that of the first where one has none.
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        let (mut servers, mut login, mut scheme) = (Vec::new(), None, "nats".to_owned());
        for (nth, piece) in text.split(',').map(str::trim).enumerate() {
            let whole = match piece.split_once("://") {
                Some((given, _)) => {
                    scheme = given.to_owned();
                    piece.to_owned()
                }
                None => format!("{scheme}://{piece}"),
            };
            let (address, given) = one(&whole).ok_or_else(|| no_address(nth + 1, piece))?;
            match (&login, given) {
                (_, None) => {}
                (None, some) => login = some,
                (Some(known), Some(other)) if *known == other => {}
                _ => {
                    return Err(refused(
                        "journal-address",
                        "the addresses of the NATS servers carry different names or passwords; \
                         one login is used for all of them, so give it once",
                    ));
                }
            }
            servers.push(address);
        }
        Ok(Self { servers, login })
    }
}

impl fmt::Display for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, server) in self.servers.iter().enumerate() {
            let comma = if nth == 0 { "" } else { ", " };
            write!(f, "{comma}{}:{}", server.host(), server.port())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Addresses({self})")
    }
}

fn one(text: &str) -> Option<(ServerAddr, Option<Login>)> {
    let mut url: url::Url = text.parse().ok()?;
    if !matches!(url.scheme(), "nats" | "tls") || url.host_str().is_none_or(str::is_empty) {
        return None;
    }
    let plain = |text: &str| percent_decode_str(text).decode_utf8().ok().map(String::from);
    let login = match (url.username(), url.password()) {
        ("", None) => None,
        (token, None) => Some(Login::Token(plain(token)?)),
        (name, Some(password)) => Some(Login::Password(plain(name)?, plain(password)?)),
    };
    // The library prints what it is given, so it is given no secret.
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    Some((ServerAddr::from_url(url).ok()?, login))
}

/// Shows nothing that could be a password: what stands before the last `@`, or anything at all
/// where that cannot be told.
fn no_address(nth: usize, piece: &str) -> Error {
    let shown = match piece.rsplit_once('@') {
        Some((_, after)) => format!("…@{after}"),
        None => piece.to_owned(),
    };
    refused(
        "journal-address",
        format!(
            "the address {nth} ({shown:?}) is none of a NATS server; write \
             nats://host:4222 or tls://host:4222, several with commas between"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_shown_without_secrets() {
        let check = |text: &str, expected: &str| {
            let seen = match Addresses::parse(text) {
                Ok(addresses) => format!("{addresses}"),
                Err(error) => format!("{} {error}", error.code()),
            };
            assert!(seen.contains(expected), "{text}: {seen}");
            assert!(!seen.contains("secret"), "{text}: {seen}");
        };
        check("nats://a:4222,b:4223, c", "a:4222, b:4223, c:4222");
        check("nats://a,nats://b", "a:4222, b:4222");
        check("tls://me:secret@a:1,b:2", "a:1, b:2");
        check("nats://me:secret@a,me:secret@b", "a:4222, b:4222");
        check("nats://me:secret@a,nats://me:secret2@b", "journal-address the addresses");
        check("http://me:secret@a", "journal-address the address 1 (\"…@a\") is none");
        check("nats://a,,b", "the address 2 (\"\") is none");
        check("nats://me:secret@a:99999", "journal-address");
    }

    #[test]
    fn logins_are_decoded_and_are_not_in_what_the_library_gets() {
        let addresses = Addresses::parse("nats://me:s%40cret@a").unwrap();
        let expected = Login::Password("me".to_owned(), "s@cret".to_owned());
        assert!(addresses.login == Some(expected));
        assert!(!format!("{:?}", addresses.servers).contains("cret"));
        assert!(!format!("{addresses:?}").contains("cret"));
        let token = Addresses::parse("nats://tok@a").unwrap().login;
        assert!(token == Some(Login::Token("tok".to_owned())));
    }
}
