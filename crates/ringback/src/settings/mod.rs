//! Who calls, and where that was said: flag, variable, project file, user file, value by value.

pub(crate) mod files;
pub(crate) mod own;

use std::{fmt, path::PathBuf, sync::OnceLock};

use secrecy::{ExposeSecret as _, SecretString};

use crate::{
    cli::{Given, Global},
    terminal::variable,
};

/// What can be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Name {
    /// The account's API key
    ApiKey,
    /// The account's API secret
    ApiSecret,
    /// The application
    ApplicationId,
    /// The application's private key
    PrivateKey,
    /// What signs webhooks
    SignatureSecret,
}

impl Name {
    /// All of them, in the order they are told.
    pub(crate) const ALL: [Self; 5] = [
        Self::ApiKey,
        Self::ApiSecret,
        Self::ApplicationId,
        Self::PrivateKey,
        Self::SignatureSecret,
    ];

    /// As it stands in files and in output.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::ApiKey => "api_key",
            Self::ApiSecret => "api_secret",
            Self::ApplicationId => "application_id",
            Self::PrivateKey => "private_key",
            Self::SignatureSecret => "signature_secret",
        }
    }

    /// The name that stands in a file.
    pub(crate) fn read(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|name| name.as_str() == text)
    }

    /// Whether nobody else may see it.
    pub(crate) fn is_secret(self) -> bool {
        !matches!(self, Self::ApiKey | Self::ApplicationId)
    }

    fn flag(self) -> &'static str {
        match self {
            Self::ApiKey => "--api-key",
            Self::ApiSecret => "--api-secret",
            Self::ApplicationId => "--application-id",
            Self::PrivateKey => "--private-key",
            Self::SignatureSecret => "--signature-secret",
        }
    }

    /// The variables that may hold it; the first that is set counts.
    fn variables(self) -> &'static [&'static str] {
        match self {
            Self::ApiKey => &["VONAGE_API_KEY", "NEXMO_API_KEY"],
            Self::ApiSecret => &["VONAGE_API_SECRET", "NEXMO_API_SECRET"],
            Self::ApplicationId => &["VONAGE_APPLICATION_ID", "NEXMO_APPLICATION_ID"],
            Self::PrivateKey => &[
                "VONAGE_PRIVATE_KEY",
                "VONAGE_PRIVATE_KEY_PATH",
                "NEXMO_PRIVATE_KEY",
                "NEXMO_PRIVATE_KEY_PATH",
            ],
            Self::SignatureSecret => &["VONAGE_SIGNATURE_SECRET", "NEXMO_SIGNATURE_SECRET"],
        }
    }
}

/// A value and where it was found.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    pub(crate) text: SecretString,
    pub(crate) source: Source,
}

/// Where a value was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Flag(&'static str),
    Variable(&'static str),
    File(PathBuf),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => write!(f, "flag {name}"),
            Self::Variable(name) => write!(f, "variable {name}"),
            Self::File(path) => write!(f, "file {}", path.display()),
        }
    }
}

/// What was said, and what the files say; these are read when something is missing.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    said: Vec<(Name, Value)>,
    files: OnceLock<Vec<(Name, Value)>>,
}

impl Settings {
    /// Takes what the command line and the environment said.
    pub(crate) fn take(global: &mut Global, given: Given) -> Self {
        let mut said = Vec::new();
        let mut put = |name: Name, text: Option<SecretString>, on_line: bool| {
            let found = match text {
                Some(text) if on_line => Some((text, Source::Flag(name.flag()))),
                // The first variable is the one that the command line knows.
                _ => name.variables().iter().find_map(|variable_name| {
                    let text = variable(variable_name).filter(|text| !text.trim().is_empty())?;
                    Some((SecretString::from(text), Source::Variable(variable_name)))
                }),
            };
            said.extend(found.map(|(text, source)| (name, Value { text, source })));
        };
        put(Name::ApiKey, global.api_key.take().map(SecretString::from), given.api_key);
        put(Name::ApiSecret, global.api_secret.take(), given.api_secret);
        let application = global.application_id.take().map(SecretString::from);
        put(Name::ApplicationId, application, given.application_id);
        put(Name::PrivateKey, global.private_key.take(), given.private_key);
        put(Name::SignatureSecret, None, false);
        Self { said, files: OnceLock::new() }
    }

    /// Those that are about to be saved in a file, before all that files say.
    pub(crate) fn of(values: impl IntoIterator<Item = (Name, Value)>) -> Self {
        Self { said: values.into_iter().collect(), files: OnceLock::new() }
    }

    /// A value that stood on the command line itself.
    pub(crate) fn flag(&self, name: Name) -> Option<&SecretString> {
        self.spoken(name)
            .filter(|value| matches!(value.source, Source::Flag(_)))
            .map(|value| &value.text)
    }

    /// A value of the command line or the environment.
    pub(crate) fn spoken(&self, name: Name) -> Option<&Value> {
        self.said.iter().find(|(other, _)| *other == name).map(|(_, value)| value)
    }

    /// A value, wherever it stands; a file that cannot be read is a failure.
    pub(crate) fn get(&self, name: Name) -> anyhow::Result<Option<&Value>> {
        if let Some(value) = self.spoken(name) {
            return Ok(Some(value));
        }
        let files = match self.files.get() {
            Some(files) => files,
            None => {
                let found = files::read_all(&files::places())?;
                self.files.get_or_init(|| found)
            }
        };
        Ok(files.iter().find(|(other, _)| *other == name).map(|(_, value)| value))
    }

    /// The text of a value that is no secret.
    pub(crate) fn text(&self, name: Name) -> anyhow::Result<Option<&str>> {
        Ok(self.get(name)?.map(|value| value.text.expose_secret()))
    }
}
