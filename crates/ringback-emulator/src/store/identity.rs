//! What an emulator is, beside what happened to it: seed, account, first application.

use ringback_exchange::KeyPair;
use ringback_model::{Secret, control::SeedRequest};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use super::database::{Change, Database};
use crate::{
    Config, Error,
    credentials::Credentials,
    edge,
    start::{self, Ready},
};

/// The fact that says who it is.
const IDENTITY: &str = "identity";
/// The fact that holds the application of the start.
pub(super) const APPLICATION: &str = "application";
/// The fact that holds what is planted at the start, with a key for each application.
pub(super) const DIRECTORY: &str = "directory";

/// A directory that is open, and whose identity has gone into the configuration.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(super) database: Database,
    /// The application of the start, when it has been made.
    pub(crate) application: Option<Ready>,
    /// What was planted at the last start, with its keys, when something was.
    pub(crate) directory: Option<SeedRequest>,
}

/// As it is written. It holds secrets, and the file is its owner's alone.
#[derive(Serialize, Deserialize)]
struct Kept {
    seed: u64,
    api_key: String,
    api_secret: String,
    signature_secret: String,
}

#[derive(Serialize, Deserialize)]
struct KeptApplication {
    id: String,
    public_key: String,
    private_key: String,
}

/// Opens the directory of a configuration, when it has one, and completes the configuration by
/// what is kept there; the first time, what is made up now is kept.
///
/// # Errors
/// When the directory cannot be used, or was made for another seed, account or key.
pub(crate) fn open(config: &mut Config) -> Result<Option<Opened>, Error> {
    let Some(directory) = config.data_dir.clone() else { return Ok(None) };
    let mut database = Database::open(&directory)?;
    let kept = match database.fact(IDENTITY)? {
        Some(text) => Some(read(&database, IDENTITY, &text)?),
        None => None,
    };
    if let Some(kept) = kept {
        complete(config, kept, &database)?;
    }
    let credentials = Credentials::new(config)?;
    let seed = match config.seed {
        Some(seed) => seed,
        None => edge::random_u64()?,
    };
    let kept = Kept {
        seed,
        api_key: credentials.api_key.clone(),
        api_secret: credentials.api_secret.expose_secret().to_owned(),
        signature_secret: credentials.signature_secret.expose_secret().to_owned(),
    };
    let text = serde_json::to_string(&kept).unwrap_or_default();
    database.write(&[Change::Fact(IDENTITY, text)]).map_err(|error| database.broken(error))?;
    config.seed = Some(seed);
    config.api_key = Some(credentials.api_key);
    config.api_secret = Some(credentials.api_secret);
    config.signature_secret = Some(credentials.signature_secret);
    let application = application(&database, config)?;
    let directory = match database.fact(DIRECTORY)? {
        Some(text) => Some(read(&database, DIRECTORY, &text)?),
        None => None,
    };
    Ok(Some(Opened { database, application, directory }))
}

/// Takes what is kept where nothing is given; secrets may change, what ids depend on may not.
fn complete(config: &mut Config, kept: Kept, database: &Database) -> Result<(), Error> {
    if let Some(given) = config.seed.filter(|given| *given != kept.seed) {
        let problem = format!("it was made with the seed {}, and {given} is given", kept.seed);
        return Err(database.unusable(problem, "leave the seed out, or give another directory"));
    }
    if let Some(given) = config.api_key.as_ref().filter(|given| **given != kept.api_key) {
        let problem = format!("it was made for the account {}, and {given} is given", kept.api_key);
        let fix = "leave key and secret of the account out, or give another directory";
        return Err(database.unusable(problem, fix));
    }
    config.seed = Some(kept.seed);
    config.api_key = Some(kept.api_key);
    config.api_secret.get_or_insert_with(|| kept.api_secret.into());
    config.signature_secret.get_or_insert_with(|| kept.signature_secret.into());
    Ok(())
}

fn application(database: &Database, config: &Config) -> Result<Option<Ready>, Error> {
    let Some(text) = database.fact(APPLICATION)? else { return Ok(None) };
    let kept: KeptApplication = read(database, APPLICATION, &text)?;
    if let Some(given) = &config.private_key
        && start::key_pair_of(given)?.public != kept.public_key
    {
        let problem = "its first application was made with another private key".to_owned();
        let fix = "leave the private key out, or give another directory";
        return Err(database.unusable(problem, fix));
    }
    let pair = KeyPair { public: kept.public_key, private: Secret::from(kept.private_key) };
    Ok(Some(Ready::new(kept.id.into(), pair)))
}

/// The application of the start as it is written.
pub(super) fn application_text(ready: &Ready) -> String {
    let KeyPair { public, private } = ready.key_pair();
    let kept = KeptApplication {
        id: ready.application.as_str().to_owned(),
        public_key: public,
        private_key: private.expose().to_owned(),
    };
    serde_json::to_string(&kept).unwrap_or_default()
}

/// What is planted at the start as it is written.
pub(super) fn directory_text(directory: &SeedRequest) -> String {
    serde_json::to_string(directory).unwrap_or_default()
}

fn read<T: serde::de::DeserializeOwned>(
    database: &Database,
    name: &str,
    text: &str,
) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|error| {
        database.unreadable(format!("the fact `{name}` in it cannot be read"), error)
    })
}
