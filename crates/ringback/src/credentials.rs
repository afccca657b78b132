//! What goes along with a request, and the keys it is made of.

use std::{fs, io::Read as _, path::Path};

use ringback_client::Credentials;
use ringback_jwt::{Claims, Signer, TokenCache};
use ringback_model::operation::{OperationInfo, Scheme};
use secrecy::{ExposeSecret as _, SecretString};

use crate::{
    errors::Complaint,
    settings::{Name, Settings},
};

/// What an operation needs of what is known; files are read only for what is missing and needed.
pub(crate) fn for_operation(
    settings: &Settings,
    info: &'static OperationInfo,
) -> anyhow::Result<Credentials> {
    let mut credentials = Credentials::new();
    let takes = |schemes: &[Scheme]| info.auth.iter().any(|scheme| schemes.contains(scheme));
    let id = match takes(&[Scheme::Jwt]) {
        true => settings.text(Name::ApplicationId)?,
        false => None,
    };
    if takes(&[Scheme::Basic, Scheme::Query]) {
        match (settings.text(Name::ApiKey)?, settings.get(Name::ApiSecret)?) {
            (Some(key), Some(secret)) => {
                credentials = credentials.account(key, secret.text.clone());
            }
            (None, None) => {}
            _ if id.is_some() => {}
            (Some(_), None) => {
                return Err(half("an API key", "its secret", "SECRET", "api-secret").into());
            }
            (None, Some(_)) => {
                return Err(half("an API secret", "its key", "KEY", "api-key").into());
            }
        }
    }
    if takes(&[Scheme::Jwt]) {
        match (id, settings.get(Name::PrivateKey)?) {
            (Some(id), Some(key)) => {
                let cache = TokenCache::new(signer(&key.text)?, Claims::new(id));
                credentials = credentials.application(cache);
            }
            (None, None) => {}
            (Some(_), None) => {
                return Err(Complaint::usage(format!(
                    "{} needs a token, and there is an application id but no private key",
                    info.id
                ))
                .fix("give --private-key FILE, set VONAGE_PRIVATE_KEY, or use `ringback auth set`")
                .into());
            }
            (None, Some(_)) => {
                return Err(Complaint::usage(format!(
                    "{} needs a token, and there is a private key but no application id",
                    info.id
                ))
                .fix("give --application-id ID, set VONAGE_APPLICATION_ID, or use `ringback auth set`")
                .into());
            }
        }
    }
    Ok(credentials)
}

fn half(there: &str, missing: &str, word: &str, flag: &str) -> Complaint {
    Complaint::usage(format!("there is {there} without {missing}"))
        .fix(format!("give --{flag} {word}, set VONAGE_API_{word}, or use `ringback auth set`"))
}

/// Reads a private key: PEM text, `-` for stdin, or a file.
pub(crate) fn signer(source: &SecretString) -> anyhow::Result<Signer> {
    let (name, text) = key_text(source.expose_secret(), "private")?;
    Signer::from_pem(text.expose_secret())
        .map_err(|error| Complaint::failure(format!("{name}: {error}")).into())
}

/// Reads a key's text, and says what to call it.
pub(crate) fn key_text(source: &str, kind: &str) -> anyhow::Result<(String, SecretString)> {
    if source.contains("-----BEGIN") {
        return Ok((format!("the {kind} key"), SecretString::from(source)));
    }
    if source == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(|error| {
            Complaint::failure(format!("the {kind} key cannot be read from stdin: {error}"))
        })?;
        return Ok((format!("the {kind} key on stdin"), SecretString::from(text)));
    }
    let path = Path::new(source);
    match fs::read(path) {
        Ok(bytes) => {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            Ok((source.to_owned(), SecretString::from(text)))
        }
        Err(error) => Err(unreadable(source, kind, &error).into()),
    }
}

fn unreadable(source: &str, kind: &str, error: &std::io::Error) -> Complaint {
    use std::io::ErrorKind;
    // A mangled key may stand here, which is nobody's business.
    let looks_like_key =
        source.len() > 200 || source.contains("PRIVATE") || source.starts_with("MII");
    if looks_like_key {
        return Complaint::failure(format!(
            "the {kind} key is neither a file nor PEM text: a text of {} characters without `-----BEGIN … KEY-----`",
            source.len()
        ))
        .fix("give the path of the key file, or its whole text with the BEGIN and END lines");
    }
    match error.kind() {
        ErrorKind::NotFound => {
            let place = std::env::current_dir()
                .ok()
                .filter(|_| Path::new(source).is_relative())
                .map(|place| format!(" in {}", place.display()));
            Complaint::failure(format!(
                "there is no {kind} key file `{source}`{}",
                place.unwrap_or_default()
            ))
            .fix("give the path of the file that was saved when the application was created")
        }
        ErrorKind::PermissionDenied => {
            Complaint::failure(format!("the {kind} key file `{source}` may not be read"))
                .fix(format!("chmod u+r {source}"))
        }
        ErrorKind::IsADirectory => Complaint::failure(format!(
            "`{source}` is a directory, and a {kind} key file is needed"
        )),
        _ => Complaint::failure(format!("the {kind} key file `{source}` cannot be read: {error}")),
    }
}
