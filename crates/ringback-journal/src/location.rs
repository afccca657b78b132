//! Where a journal is.

use std::{fmt, path::PathBuf, str::FromStr};

/// Where a journal is, as people write it: `sqlite:events.db`, or `nats://a,b,c`.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Location {
    /// A file of this machine.
    Sqlite(PathBuf),
    /// The servers of a cluster; may hold a password.
    Nats(String),
}

impl FromStr for Location {
    type Err = NoLocation;

    fn from_str(text: &str) -> Result<Self, NoLocation> {
        if text.starts_with("nats://") || text.starts_with("tls://") {
            return Ok(Self::Nats(text.to_owned()));
        }
        match text.strip_prefix("sqlite:").map(|rest| rest.strip_prefix("//").unwrap_or(rest)) {
            Some("") => Err(NoLocation::NoFile),
            Some(path) => Ok(Self::Sqlite(path.into())),
            None => Err(NoLocation::Unknown),
        }
    }
}

impl fmt::Display for Location {
    /// Without what a URL says about its user.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Sqlite(path) => return write!(f, "sqlite:{}", path.display()),
            Self::Nats(text) => text,
        };
        for (index, server) in text.split(',').enumerate() {
            let comma = if index > 0 { "," } else { "" };
            match server.rsplit_once('@') {
                Some((before, host)) => {
                    let scheme = before.split_once("://").map(|(scheme, _)| format!("{scheme}://"));
                    write!(f, "{comma}{}{host}", scheme.unwrap_or_default())?;
                }
                None => write!(f, "{comma}{server}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Location({self})")
    }
}

/// The text is no place of a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoLocation {
    /// It begins with none of the known words.
    #[error(
        "a journal is `sqlite:FILE`, such as sqlite:events.db, or `nats://SERVER,SERVER,SERVER`"
    )]
    Unknown,
    /// It names no file.
    #[error("`sqlite:` needs a file behind it, such as sqlite:events.db")]
    NoFile,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations() {
        let check = |text: &str, expected: Result<&str, NoLocation>| {
            let shown = text.parse::<Location>().map(|location| location.to_string());
            assert_eq!(shown.as_deref().map_err(|error| *error), expected, "{text}");
        };
        check("sqlite:events.db", Ok("sqlite:events.db"));
        check("sqlite:///var/events.db", Ok("sqlite:/var/events.db"));
        check("nats://a,b:4223,c", Ok("nats://a,b:4223,c"));
        check("nats://u:p@ss@a,nats://u:q@b", Ok("nats://a,nats://b"));
        check("tls://u@a", Ok("tls://a"));
        check("sqlite:", Err(NoLocation::NoFile));
        check("events.db", Err(NoLocation::Unknown));
        check("", Err(NoLocation::Unknown));
    }
}
