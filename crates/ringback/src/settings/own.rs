//! Our own files: what anybody may read in one, secrets in another that is for its owner alone.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use super::{
    Name,
    files::{self, Syntax},
};
use crate::{errors::Complaint, private_file::PrivateFile, terminal::variable};

/// The file of a project, in the directory where commands are typed.
pub(crate) const PROJECT: &str = ".ringback.yaml";
/// The secrets of a project.
pub(crate) const PROJECT_SECRETS: &str = ".ringback.secrets.yaml";
/// The file of a user.
pub(crate) const USER: &str = "config.yaml";
/// The secrets of a user.
pub(crate) const USER_SECRETS: &str = "secrets.yaml";

/// A pair of files: one for all, one for its owner.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub(crate) open: PathBuf,
    pub(crate) secret: PathBuf,
}

/// Where a user's files are: below `XDG_CONFIG_HOME`, or else below the home directory.
pub(crate) fn user_directory() -> Option<PathBuf> {
    let base = variable("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    base.or_else(|| files::home().map(|home| home.join(".config")))
        .map(|base| base.join("ringback"))
}

impl Pair {
    /// Those of the project in this directory.
    pub(crate) fn project() -> Self {
        Self { open: PathBuf::from(PROJECT), secret: PathBuf::from(PROJECT_SECRETS) }
    }

    /// Those of the user.
    pub(crate) fn user() -> anyhow::Result<Self> {
        let directory = user_directory().ok_or_else(|| {
            Complaint::failure("there is no home directory to save settings in")
                .fix("set HOME or XDG_CONFIG_HOME, or save them for this directory with --project")
        })?;
        Ok(Self { open: directory.join(USER), secret: directory.join(USER_SECRETS) })
    }

    /// What both files say.
    pub(crate) fn read(&self) -> anyhow::Result<BTreeMap<Name, String>> {
        let mut values = files::read(&self.secret, Syntax::Own)?;
        // Whatever stands in the first file counts, as it does for all commands.
        values.extend(files::read(&self.open, Syntax::Own)?);
        Ok(values)
    }

    /// Writes both files anew; one without anything in it is removed.
    pub(crate) fn write(&self, values: &BTreeMap<Name, String>) -> anyhow::Result<Vec<PathBuf>> {
        let mut written = Vec::new();
        // The secrets first: a key without its secret is of no use.
        for (path, secret) in [(&self.secret, true), (&self.open, false)] {
            let part: BTreeMap<&str, &str> = values
                .iter()
                .filter(|(name, _)| name.is_secret() == secret)
                .map(|(name, text)| (name.as_str(), text.as_str()))
                .collect();
            let saved = match part.is_empty() {
                true => remove(path),
                false => serde_saphyr::to_string(&part)
                    .map_err(std::io::Error::other)
                    .and_then(|text| save(path, &text)),
            };
            saved.map_err(|error| {
                Complaint::failure(format!("`{}` cannot be written: {error}", path.display()))
            })?;
            if !part.is_empty() {
                written.push(path.clone());
            }
        }
        Ok(written)
    }
}

fn remove(path: &Path) -> std::io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn save(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(directory) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        fs::create_dir_all(directory)?;
    }
    PrivateFile::reserve(path)?.save(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let directory = tempfile::TempDir::new().unwrap();
        let place = |name: &str| directory.path().join("ringback").join(name);
        let pair = Pair { open: place(USER), secret: place(USER_SECRETS) };
        assert!(pair.read().unwrap().is_empty());
        let values = BTreeMap::from([
            (Name::ApiKey, "12345678".to_owned()),
            (Name::ApiSecret, "no: \"#quote' \\ yes".to_owned()),
            (Name::ApplicationId, "1e10".to_owned()),
            (Name::PrivateKey, "-----BEGIN PRIVATE KEY-----\nMII=\n-----END\n".to_owned()),
            (Name::SignatureSecret, "null".to_owned()),
        ]);
        assert_eq!(pair.write(&values).unwrap(), [place(USER_SECRETS), place(USER)]);
        assert_eq!(pair.read().unwrap(), values);
        let open = fs::read_to_string(place(USER)).unwrap();
        assert!(!open.contains("secret") && !open.contains("BEGIN"), "{open}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(place(USER_SECRETS)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        pair.write(&BTreeMap::new()).unwrap();
        assert!(!place(USER).exists() && !place(USER_SECRETS).exists());
    }
}
