//! The files that credentials stand in: ours, and those of the official command lines.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use secrecy::SecretString;

use super::{Name, Source, Value, own};
use crate::{errors::Complaint, terminal::variable};

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Syntax {
    /// Ours: YAML, one line for each value.
    Own,
    /// `.vonagerc` and `~/.vonage/config.json`: JSON with names in kebab case or camel case.
    Vonage,
    /// `.nexmorc`: an ini file with the account in the section `credentials`.
    Nexmo,
}

/// The files that are read, the one that counts most first.
pub(crate) fn places() -> Vec<(PathBuf, Syntax)> {
    let mut places = vec![
        (PathBuf::from(own::PROJECT), Syntax::Own),
        (PathBuf::from(own::PROJECT_SECRETS), Syntax::Own),
        (PathBuf::from(".vonagerc"), Syntax::Vonage),
        (PathBuf::from(".nexmorc"), Syntax::Nexmo),
    ];
    if let Some(directory) = own::user_directory() {
        places.push((directory.join(own::USER), Syntax::Own));
        places.push((directory.join(own::USER_SECRETS), Syntax::Own));
    }
    if let Some(home) = home() {
        places.push((home.join(".vonage").join("config.json"), Syntax::Vonage));
        places.push((home.join(".nexmorc"), Syntax::Nexmo));
    }
    places
}

/// The user's own directory.
pub(crate) fn home() -> Option<PathBuf> {
    variable("HOME").or_else(|| variable("USERPROFILE")).map(PathBuf::from)
}

/// What all of these files say, in their order; one that is not there says nothing.
pub(crate) fn read_all(places: &[(PathBuf, Syntax)]) -> anyhow::Result<Vec<(Name, Value)>> {
    let mut found = Vec::new();
    for (path, syntax) in places {
        for (name, text) in read(path, *syntax)? {
            let text = match name {
                Name::PrivateKey => beside(path, text),
                _ => text,
            };
            let source = Source::File(path.clone());
            found.push((name, Value { text: SecretString::from(text), source }));
        }
    }
    Ok(found)
}

/// What one file says.
pub(crate) fn read(path: &Path, syntax: Syntax) -> anyhow::Result<BTreeMap<Name, String>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        // A name below what is no directory is not there either.
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            return Ok(BTreeMap::new());
        }
        Err(error) => {
            return Err(Complaint::failure(format!(
                "the settings in `{}` cannot be read: {error}",
                path.display()
            ))
            .fix("make it readable, or move it away")
            .into());
        }
    };
    let read = match syntax {
        Syntax::Own => own(&text),
        Syntax::Vonage => vonage(&text),
        Syntax::Nexmo => Ok(nexmo(&text)),
    };
    let mut values = read.map_err(|problem| {
        Complaint::failure(format!("the settings in `{}` are not right: {problem}", path.display()))
            .fix("mend the file, or move it away and use `ringback auth set`")
    })?;
    values.retain(|_, text| !text.trim().is_empty());
    Ok(values)
}

/// A key file is named as seen from the file that names it.
fn beside(path: &Path, text: String) -> String {
    if text.contains("-----BEGIN") || text == "-" {
        return text;
    }
    match path.parent() {
        Some(parent) => parent.join(&text).display().to_string(),
        None => text,
    }
}

/// No fault quotes a value: it may be a secret.
fn own(text: &str) -> Result<BTreeMap<Name, String>, String> {
    if text.trim().is_empty() {
        return Ok(BTreeMap::new());
    }
    let read = serde_saphyr::from_str::<BTreeMap<String, Option<String>>>(text);
    let values = read.map_err(|error| {
        let at = error.location().map(|at| format!("line {}, column {}: ", at.line(), at.column()));
        let at = at.unwrap_or_default();
        format!("{at}it is no list of names with texts, such as `api_key: abcd1234`")
    })?;
    let mut found = BTreeMap::new();
    for (key, value) in values {
        let Some(name) = Name::read(&key) else {
            let known: Vec<&str> = Name::ALL.iter().map(|name| name.as_str()).collect();
            return Err(format!("there is no setting `{key}`, only {}", known.join(", ")));
        };
        found.extend(value.map(|value| (name, value)));
    }
    Ok(found)
}

/// Names may stand in kebab case or in camel case; what is not known is left to its owner.
fn vonage(text: &str) -> Result<BTreeMap<Name, String>, String> {
    let json: serde_json::Value = serde_json::from_str(text).map_err(|error| {
        format!("line {}, column {}: it is no JSON", error.line(), error.column())
    })?;
    let fields = json.as_object().ok_or("it is JSON, but no object")?;
    let mut found = BTreeMap::new();
    for (name, keys) in [
        (Name::ApiKey, ["api-key", "apiKey"]),
        (Name::ApiSecret, ["api-secret", "apiSecret"]),
        (Name::ApplicationId, ["app-id", "appId"]),
        (Name::PrivateKey, ["private-key", "privateKey"]),
    ] {
        let Some((key, value)) = keys.iter().find_map(|key| Some((key, fields.get(*key)?))) else {
            continue;
        };
        match value {
            serde_json::Value::Null => {}
            serde_json::Value::String(text) => {
                found.insert(name, text.clone());
            }
            _ => return Err(format!("`{key}` is no text")),
        }
    }
    Ok(found)
}

/// Two keys in one section; the tool that wrote it accepts anything else too.
fn nexmo(text: &str) -> BTreeMap<Name, String> {
    let mut found = BTreeMap::new();
    let mut section = String::new();
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name.trim().to_ascii_lowercase();
        } else if section == "credentials"
            && !line.starts_with([';', '#'])
            && let Some((key, value)) = line.split_once('=')
        {
            let value = value.trim();
            let quoted = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            let name = match key.trim() {
                "api_key" => Name::ApiKey,
                "api_secret" => Name::ApiSecret,
                _ => continue,
            };
            found.insert(name, quoted.unwrap_or(value).to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(read: Result<BTreeMap<Name, String>, String>) -> String {
        match read {
            Ok(values) => {
                let pairs = values.iter().map(|(name, text)| format!("{}={text}", name.as_str()));
                pairs.collect::<Vec<_>>().join(" ")
            }
            Err(problem) => format!("! {problem}"),
        }
    }

    #[test]
    fn our_own_files() {
        let check = |text: &str, expected: &str| assert_eq!(texts(own(text)), expected, "{text}");
        check("", "");
        check("api_key: abcd1234\napplication_id: a-b\n", "api_key=abcd1234 application_id=a-b");
        // Texts that look like numbers stay as they are written.
        check("api_key: 00120e10\napi_secret: 1.50", "api_key=00120e10 api_secret=1.50");
        check("{\"api_key\": \"x\", \"api_secret\": null}", "api_key=x");
        check("private_key: |\n  -----BEGIN\n  x\n", "private_key=-----BEGIN\nx\n");
        check(
            "api_kee: x",
            "! there is no setting `api_kee`, only api_key, api_secret, application_id, private_key, signature_secret",
        );
        let faulty = texts(own("api_key: x\napi_secret: [planted]\n"));
        assert!(faulty.starts_with("! line 2, column "), "{faulty}");
        assert!(!faulty.contains("planted"), "{faulty}");
    }

    #[test]
    fn files_of_the_official_tools() {
        let check = |text: &str, expected: &str| assert_eq!(texts(vonage(text)), expected);
        check(
            r#"{"api-key":"a","api-secret":"b","app-id":"c","private-key":"d"}"#,
            "api_key=a api_secret=b application_id=c private_key=d",
        );
        check(r#"{"apiKey":"a","appId":"c","other":1}"#, "api_key=a application_id=c");
        check("[1]", "! it is JSON, but no object");
        check("{\n \"api-key\" x}", "! line 2, column 12: it is no JSON");
        check(r#"{"api-secret":4711}"#, "! `api-secret` is no text");

        let check = |text: &str, expected: &str| assert_eq!(texts(Ok(nexmo(text))), expected);
        check("[credentials]\napi_key=a\napi_secret = \"b=c\"\n", "api_key=a api_secret=b=c");
        check("api_key=a\n[other]\napi_key=b\n; [credentials]\n", "");
    }

    #[test]
    fn a_key_file_stands_beside_its_file() {
        let check = |path: &str, text: &str, expected: &str| {
            assert_eq!(beside(Path::new(path), text.to_owned()), expected);
        };
        check(".vonagerc", "private.key", "private.key");
        check("/home/x/.vonage/config.json", "private.key", "/home/x/.vonage/private.key");
        check("/home/x/config.yaml", "/etc/key", "/etc/key");
        check("/home/x/config.yaml", "-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----");
    }
}
