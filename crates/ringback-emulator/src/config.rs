//! What an emulator starts with.

use std::{fmt, path::PathBuf};

use ringback_model::control::SeedRequest;
use secrecy::SecretString;
use url::Url;

use crate::{ClockMode, Error};

/// What an emulator starts with; everything has a default, and credentials are made up when not given.
#[derive(Debug)]
#[non_exhaustive]
pub struct Config {
    /// The account's key; eight made-up characters when none.
    pub api_key: Option<String>,
    /// The account's secret; made up when none.
    pub api_secret: Option<SecretString>,
    /// The secret that signs webhooks; made up when none.
    pub signature_secret: Option<SecretString>,
    /// What ids are derived from; random when none.
    pub seed: Option<u64>,
    /// How the platform's time passes.
    pub clock: ClockMode,
    /// Where webhooks with public addresses really go.
    pub maps: Vec<Mapping>,
    /// Where https is spoken.
    pub tls: Tls,
    /// Whether webhooks, sounds and websockets may come from servers with any certificate.
    pub insecure_webhooks: bool,
    /// Whether pages of any origin may use the REST API; never the control API.
    pub cors: bool,
    /// Whether the platform's limits hold: 3 calls and 15 other requests a second.
    pub limits: bool,
    /// Host names that may stand in `Host` and `Origin`, beside loopback names and the platform's own.
    pub allowed_hosts: Vec<String>,
    /// What the control API and the inspector ask for; needed when others can reach the address.
    pub control_token: Option<SecretString>,
    /// How many finished calls, and transcripts of such, are kept.
    ///
    /// Besides, a transcript keeps its first 2,000 entries, up to 1 MiB, those of all finished calls keep
    /// 64 MiB together, and 10,000 webhooks are kept, with their replies, in 32 MiB.
    pub finished_calls: usize,
    /// The private key, PEM, of the application that is there from the start; generated when none.
    pub private_key: Option<SecretString>,
    /// What is added to the platform at the start, and after each reset.
    pub directory: Option<SeedRequest>,
    /// The directory in which all state is kept over restarts; in memory only when none.
    pub data_dir: Option<PathBuf>,
    /// Whether there is an application from the start.
    pub start_application: bool,
    /// How many key pairs are kept ready for applications to come; each costs about 0.1 s of one core.
    pub spare_key_pairs: usize,
    /// The answer webhook of the application that is there from the start.
    pub answer_url: String,
    /// The event webhook of the application that is there from the start.
    pub event_url: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            api_key: None,
            api_secret: None,
            signature_secret: None,
            seed: None,
            clock: ClockMode::Real,
            maps: Vec::new(),
            tls: Tls::Off,
            insecure_webhooks: false,
            cors: false,
            limits: false,
            allowed_hosts: Vec::new(),
            control_token: None,
            finished_calls: 1_000,
            private_key: None,
            directory: None,
            data_dir: None,
            start_application: true,
            spare_key_pairs: 1,
            answer_url: "http://127.0.0.1:3000/webhooks/answer".to_owned(),
            event_url: "http://127.0.0.1:3000/webhooks/event".to_owned(),
        }
    }
}

impl Config {
    /// The defaults: real time, random credentials and ids.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the account's key and secret.
    #[must_use]
    pub fn credentials(mut self, api_key: impl Into<String>, api_secret: SecretString) -> Self {
        self.api_key = Some(api_key.into());
        self.api_secret = Some(api_secret);
        self
    }

    /// Sets the secret that signs webhooks.
    #[must_use]
    pub fn signature_secret(mut self, secret: SecretString) -> Self {
        self.signature_secret = Some(secret);
        self
    }

    /// Sets what ids are derived from.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Sets how the platform's time passes.
    #[must_use]
    pub fn clock(mut self, mode: ClockMode) -> Self {
        self.clock = mode;
        self
    }

    /// Sends webhooks with a public address elsewhere.
    #[must_use]
    pub fn map(mut self, mapping: Mapping) -> Self {
        self.maps.push(mapping);
        self
    }

    /// Serves https too, with a certificate of an authority that is made at the start.
    #[must_use]
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = tls;
        self
    }

    /// Takes every certificate of those who receive webhooks, serve sounds or websockets, such as a
    /// self-signed one.
    #[must_use]
    pub fn insecure_webhooks(mut self, insecure: bool) -> Self {
        self.insecure_webhooks = insecure;
        self
    }

    /// Lets pages of any origin use the REST API; the control API stays closed to them.
    #[must_use]
    pub fn cors(mut self, allowed: bool) -> Self {
        self.cors = allowed;
        self
    }

    /// Makes the platform's limits hold: 3 calls and 15 other requests a second, then 429.
    #[must_use]
    pub fn limits(mut self, limited: bool) -> Self {
        self.limits = limited;
        self
    }

    /// Lets requests name this host.
    #[must_use]
    pub fn allow_host(mut self, host: impl Into<String>) -> Self {
        self.allowed_hosts.push(host.into());
        self
    }

    /// Sets what the control API and the inspector ask for.
    #[must_use]
    pub fn control_token(mut self, token: SecretString) -> Self {
        self.control_token = Some(token);
        self
    }

    /// Sets the private key, PEM, of the application that is there from the start.
    #[must_use]
    pub fn private_key(mut self, pem: SecretString) -> Self {
        self.private_key = Some(pem);
        self
    }

    /// Adds applications, numbers, users, phones and prices of one's own, at the start and after each
    /// reset; its account counts where no credentials are set otherwise.
    #[must_use]
    pub fn directory(mut self, directory: SeedRequest) -> Self {
        self.directory = Some(directory);
        self
    }

    /// Keeps all state in this directory over restarts; it is made when it is not there.
    ///
    /// What is kept there already is begun with: its seed, its account and the key of its first
    /// application hold on, so neither may be given otherwise.
    #[must_use]
    pub fn data_dir(mut self, directory: impl Into<PathBuf>) -> Self {
        self.data_dir = Some(directory.into());
        self
    }

    /// Sets whether there is an application from the start.
    #[must_use]
    pub fn start_application(mut self, wanted: bool) -> Self {
        self.start_application = wanted;
        self
    }

    /// Sets how many key pairs are kept ready; 0 generates each when it is asked for.
    #[must_use]
    pub fn spare_key_pairs(mut self, count: usize) -> Self {
        self.spare_key_pairs = count;
        self
    }

    /// Sets the webhooks of the application that is there from the start.
    #[must_use]
    pub fn webhooks(mut self, answer: impl Into<String>, event: impl Into<String>) -> Self {
        self.answer_url = answer.into();
        self.event_url = event.into();
        self
    }
}

/// Where https is spoken, for clients that insist on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tls {
    /// Nowhere.
    #[default]
    Off,
    /// At the same address as plain http, but at this port; 0 takes a free one.
    Port(u16),
    /// At the listener itself, which then takes both: the first byte says which.
    SamePort,
}

/// Sends webhooks for one address to another: `https://demo.example=http://127.0.0.1:3000`.
#[derive(Clone, PartialEq, Eq)]
pub struct Mapping {
    public: Url,
    local: Url,
}

impl Mapping {
    /// Reads `PUBLIC=LOCAL`; both are http or https addresses, with or without a path.
    ///
    /// # Errors
    /// [`Error::Mapping`] says which side is no such address.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let (public, local) = text.split_once('=').ok_or_else(|| Error::Mapping {
            seen: text.to_owned(),
            problem: "there is no `=` between the two addresses",
        })?;
        Ok(Self { public: address(public)?, local: address(local)? })
    }

    /// The address with its beginning replaced; none when it begins otherwise.
    pub(crate) fn apply(&self, url: &Url) -> Option<Url> {
        let same = url.scheme() == self.public.scheme()
            && url.host_str() == self.public.host_str()
            && url.port_or_known_default() == self.public.port_or_known_default();
        let prefix = self.public.path().trim_end_matches('/');
        let rest = url.path().strip_prefix(prefix).filter(|_| same)?;
        if !(rest.is_empty() || rest.starts_with('/')) {
            return None;
        }
        let mut mapped = self.local.clone();
        mapped.set_path(&format!("{}{rest}", self.local.path().trim_end_matches('/')));
        mapped.set_query(url.query());
        Some(mapped)
    }
}

impl fmt::Debug for Mapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.public, self.local)
    }
}

fn address(text: &str) -> Result<Url, Error> {
    let problem = |problem| Error::Mapping { seen: text.to_owned(), problem };
    let url = Url::parse(text.trim()).map_err(|_| problem("it is no address"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(problem("it does not begin with http:// or https://"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(problem("it has a query or a fragment"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mappings_replace_the_beginning_of_an_address() {
        let check = |mapping: &str, url: &str, expected: Option<&str>| {
            let mapped = Mapping::parse(mapping).unwrap().apply(&Url::parse(url).unwrap());
            assert_eq!(mapped.as_ref().map(Url::as_str), expected, "{mapping} {url}");
        };
        let root = "https://demo.example=http://127.0.0.1:3000";
        check(root, "https://demo.example/a?x=1", Some("http://127.0.0.1:3000/a?x=1"));
        check(root, "https://demo.example:443/a%20b", Some("http://127.0.0.1:3000/a%20b"));
        check(root, "http://demo.example/a", None);
        check(root, "https://demo.example.org/a", None);
        let below = "https://demo.example/app=http://localhost:9/x/";
        check(below, "https://demo.example/app/answer", Some("http://localhost:9/x/answer"));
        check(below, "https://demo.example/apple", None);
    }

    #[test]
    fn wrong_mappings_are_explained() {
        for (text, expected) in [
            ("https://demo.example", "no `=`"),
            ("demo.example=http://127.0.0.1:1", "no address"),
            ("ftp://demo.example=http://127.0.0.1:1", "http://"),
            ("https://demo.example?a=http://127.0.0.1:1", "query"),
        ] {
            let error = Mapping::parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
