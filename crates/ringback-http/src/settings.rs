//! The one place that builds a client.

use std::time::Duration;

use crate::{Error, proxy, tls};

/// How a client connects, waits and presents itself.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// How long a connection may take to be made; ten seconds at first.
    pub connect_timeout: Duration,
    /// How long a whole request may take, its answer included; thirty seconds at first.
    pub timeout: Option<Duration>,
    /// The `User-Agent` header; `ringback/` and the version at first.
    pub user_agent: String,
    /// How many redirects are followed; none at first, as is right for webhooks and tokens.
    pub redirects: usize,
    /// Which proxies are used; those of the system at first.
    pub proxies: Proxies,
    /// Which certificates are trusted; those that the system trusts at first.
    pub trust: Trust,
    /// Which versions of HTTP are spoken; the newest that the server speaks too at first.
    pub versions: Versions,
}

/// Which proxies a client uses; a loopback address is never asked of a proxy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Proxies {
    /// Those of the environment (`HTTPS_PROXY`, `NO_PROXY`, …) or the operating system.
    #[default]
    System,
    /// None.
    Never,
}

/// Which certificates a client trusts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trust {
    /// Those that the operating system trusts.
    #[default]
    System,
    /// Every one, self-signed and expired ones too: for servers of one's own machine only.
    Any,
}

/// Which versions of HTTP a client speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Versions {
    /// HTTP/2 where a TLS server takes it, and HTTP/1.1 elsewhere.
    #[default]
    Newest,
    /// HTTP/1.1 only, as an upgrade to a websocket needs it.
    Http1,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            timeout: Some(Duration::from_secs(30)),
            user_agent: concat!("ringback/", env!("CARGO_PKG_VERSION")).to_owned(),
            redirects: 0,
            proxies: Proxies::System,
            trust: Trust::System,
            versions: Versions::Newest,
        }
    }
}

impl Settings {
    /// The settings to begin with.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How long a connection may take to be made.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long a whole request may take; none for streams that never end.
    #[must_use]
    pub fn timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.timeout = timeout.into();
        self
    }

    /// The `User-Agent` header.
    #[must_use]
    pub fn user_agent(mut self, name: impl Into<String>) -> Self {
        self.user_agent = name.into();
        self
    }

    /// How many redirects are followed.
    #[must_use]
    pub fn redirects(mut self, count: usize) -> Self {
        self.redirects = count;
        self
    }

    /// Which proxies are used.
    #[must_use]
    pub fn proxies(mut self, proxies: Proxies) -> Self {
        self.proxies = proxies;
        self
    }

    /// Which certificates are trusted.
    #[must_use]
    pub fn trust(mut self, trust: Trust) -> Self {
        self.trust = trust;
        self
    }

    /// Which versions of HTTP are spoken.
    #[must_use]
    pub fn versions(mut self, versions: Versions) -> Self {
        self.versions = versions;
        self
    }
}

/// Builds a client; the certificates of the system are read when the first https connection is made.
///
/// # Errors
/// When a setting cannot be used.
#[expect(clippy::disallowed_methods, reason = "this is the place that builds every client")]
pub fn client(settings: &Settings) -> Result<reqwest::Client, Error> {
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls::config(settings)?)
        .connect_timeout(settings.connect_timeout)
        .user_agent(settings.user_agent.as_str())
        .redirect(match settings.redirects {
            0 => reqwest::redirect::Policy::none(),
            count => reqwest::redirect::Policy::limited(count),
        })
        .no_proxy();
    if let Some(timeout) = settings.timeout {
        builder = builder.timeout(timeout);
    }
    if settings.versions == Versions::Http1 {
        builder = builder.http1_only();
    }
    if settings.proxies == Proxies::System
        && let Some(proxy) = proxy::system()
    {
        builder = builder.proxy(proxy);
    }
    builder.build().map_err(Error::Build)
}
