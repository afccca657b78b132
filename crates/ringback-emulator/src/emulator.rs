//! A running emulator as a value.

use std::{fmt, net::SocketAddr, sync::Arc, time::Duration};

use ringback_exchange::{KeyPair, Refusal, Settings};
use ringback_http::Trust;
use ringback_jwt::WebhookSigner;
use ringback_model::{
    ApiKey, Operation,
    control::{Environment, SeedRequest},
};
use tokio::{net::TcpListener, sync::broadcast, task::JoinHandle, time::Instant};

use crate::{
    Config, Delivery, Error, control,
    core::Core,
    credentials::Credentials,
    doors::{self, Https, Secure},
    edge::{self, Traces, WallClock},
    fetch::Fetcher,
    http::{self, gate::Gate, limits::Limits},
    keys::{self, KeyPool},
    platform::{Parts, Platform},
    seed,
    socket::Sockets,
    start::{self, Readiness, Ready, StartState},
    store,
    webhook::sender::Sender,
};

/// How many calls may be made within a second where the platform's limits hold.
const CALLS_PER_SECOND: u32 = 3;
/// How long requests in progress may take to end.
const LAST_REQUESTS: Duration = Duration::from_secs(5);

/// A running emulator; dropping it stops it.
pub struct Emulator {
    platform: Arc<Platform>,
    address: SocketAddr,
    servers: Vec<JoinHandle<()>>,
}

impl Emulator {
    /// Starts an emulator on a listener, in the current Tokio runtime.
    ///
    /// It answers at once; the application that is there from the start appears as soon as its key
    /// pair is made, some tenths of a second later, and [`environment`](Self::environment) waits
    /// for it.
    ///
    /// # Errors
    /// When the listener can be reached from other machines and there is no control token, when the
    /// signature secret, the private key or the data directory cannot be used, or when the machine lacks random numbers or TLS.
    pub fn start(listener: TcpListener, mut config: Config) -> Result<Self, Error> {
        let address = listener.local_addr().map_err(Error::Listener)?;
        let wall = WallClock::system();
        let gate = Gate::new(&config, address)?;
        let https = Https::new(&config, address, wall.now())?;
        let url = doors::origin("http", address);
        let opened = store::open(&mut config)?;
        let credentials = Credentials::new(&config)?;
        let signer = WebhookSigner::new(&credentials.signature_secret, &credentials.api_key)
            .map_err(Error::SignatureSecret)?;
        let given = config.private_key.as_ref().map(start::key_pair_of).transpose()?;
        let seed = match config.seed {
            Some(seed) => seed,
            None => edge::random_u64()?,
        };
        let mut settings = Settings::new(seed, ApiKey::from(credentials.api_key.as_str()));
        settings.finished_calls = config.finished_calls;
        settings.files_origin = format!("{url}/api.nexmo.com");
        settings.region_url.clone_from(&url);
        settings.calls_per_second = config.limits.then_some(CALLS_PER_SECOND);
        let mut core = Core::new(settings, config.clock, wall.now(), Instant::now());
        let mut past = opened.map(|opened| store::replay(opened, &mut core)).transpose()?;
        let is_new = past.as_ref().is_none_or(|past| past.is_new);
        let made = past.as_mut().and_then(|past| past.application.take());
        let planted = past.as_mut().and_then(|past| past.directory.take());
        let trust = if config.insecure_webhooks { Trust::Any } else { Trust::System };
        let platform = Platform::new(Parts {
            url,
            https: https.as_ref().map(Secure::from),
            wall,
            traces: Traces::new()?,
            gate,
            limits: config.limits.then(Limits::default),
            keys: KeyPool::new(config.spare_key_pairs),
            start: StartState::new(&config),
            sender: Sender::new(signer, config.maps, wall, trust)?,
            fetcher: Fetcher::new(trust)?,
            sockets: Sockets::new(trust)?,
            store: past.as_ref().map(|past| past.store.clone()),
            core,
            credentials,
        });
        if is_new {
            platform.core().together(|core| start::apply(&platform, core));
        }
        if let Some(past) = past {
            platform.give_up(past.lost);
        }
        let made = made.filter(|_| config.start_application);
        let is_ready = made.is_some() || !config.start_application;
        if is_ready && config.directory.is_none() {
            platform.ready.send_replace(Readiness::of(made));
            platform.keys.fill();
        } else {
            let beginning = Beginning { made, planted, given, is_new };
            tokio::spawn(make_ready(Arc::clone(&platform), beginning));
        }
        tokio::spawn(Arc::clone(&platform).drive());
        let router = http::router(Arc::clone(&platform));
        let servers = doors::serve(listener, https, router, &platform.stop)
            .inspect_err(|_| platform.stop.cancel())?;
        Ok(Self { platform, address, servers })
    }

    /// The origin of every operation, such as `http://127.0.0.1:4010`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.platform.url
    }

    /// The origin of https, such as `https://127.0.0.1:4011`; none when there is none.
    #[must_use]
    pub fn tls_url(&self) -> Option<&str> {
        Some(&self.platform.https.as_ref()?.url)
    }

    /// The certificate, PEM, of the authority that clients of https have to trust; it is new at each
    /// start. None when there is no https.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        Some(&self.platform.https.as_ref()?.pem)
    }

    /// The address of the listener.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What a shell needs to talk to this platform: address, credentials, the first application.
    ///
    /// Waits until the application is there. The control API gives the same.
    pub async fn environment(&self) -> Environment {
        control::environment(&self.platform).await
    }

    /// Why the directory of the configuration could not be added; none when it was, or there is none.
    ///
    /// Known once [`environment`](Self::environment) is.
    #[must_use]
    pub fn directory_refusal(&self) -> Option<&Refusal> {
        self.platform.start.refused.get()
    }

    /// Does an operation of the control API without a connection, such as placing a call.
    ///
    /// # Errors
    /// The refusal that a request over HTTP would be answered with.
    pub fn control<O: Operation>(&self, operation: &O) -> Result<O::Reply, Refusal> {
        control::in_process(&self.platform, operation)
    }

    /// How many calls are up.
    #[must_use]
    pub fn live_calls(&self) -> usize {
        self.platform.core().exchange.live_calls()
    }

    /// Every attempt at a webhook from now on, with what became of it.
    ///
    /// Who falls behind by more than 65,536 of them misses some, and is told how many.
    #[must_use]
    pub fn deliveries(&self) -> broadcast::Receiver<Delivery> {
        self.platform.deliveries.listen()
    }

    /// Stops: takes no connection any more, ends event streams, lets requests and webhooks in
    /// progress end for up to five seconds, and gives the directory of the state free.
    pub async fn stop(mut self) {
        self.platform.stop.cancel();
        self.platform.tasks.close();
        let servers = std::mem::take(&mut self.servers);
        let ended = async {
            for server in servers {
                // A server's task neither panics nor is aborted.
                drop(server.await);
            }
            self.platform.tasks.wait().await;
        };
        if tokio::time::timeout(LAST_REQUESTS, ended).await.is_err() {
            tracing::warn!("some requests or webhooks did not end in time");
        }
        if let Some(store) = &self.platform.store {
            self.platform.cut_flights();
            store.close().await;
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.platform.stop.cancel();
        self.platform.cut_flights();
        if let Some(store) = &self.platform.store {
            store.end();
        }
        for server in &self.servers {
            server.abort();
        }
    }
}

impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulator").field("url", &self.platform.url).finish_non_exhaustive()
    }
}

/// What an emulator begins with.
struct Beginning {
    /// The application of the start, when an earlier emulator made it.
    made: Option<Ready>,
    /// What an earlier emulator planted, with the keys that it made for that.
    planted: Option<SeedRequest>,
    /// The key pair it is to have, when one was given.
    given: Option<KeyPair>,
    /// Whether nothing has happened here before.
    is_new: bool,
}

/// Makes the application of the start and adds the directory, as soon as there are keys for them.
async fn make_ready(platform: Arc<Platform>, beginning: Beginning) {
    let Beginning { made, planted, given, is_new } = beginning;
    let wanted = platform.start.application;
    let mut ready = made;
    if wanted && ready.is_none() {
        let pair = match given {
            Some(pair) => Some(pair),
            None => keys::generate().await.as_ref().map(start::key_pair),
        };
        ready = pair.and_then(|pair| {
            let mut core = platform.core();
            platform.start.application(&platform, &mut core, pair)
        });
    }
    if let Some(directory) = &platform.start.directory {
        let mut directory = directory.clone();
        if let Some(account) = &mut directory.account {
            // Who the account is has been settled; what it owns has not.
            (account.api_key, account.api_secret, account.signature_secret) = (None, None, None);
        }
        match seed::complete(&platform, directory, planted.as_ref()).await {
            Ok(complete) => {
                let complete = platform.start.complete.get_or_init(|| complete);
                let mut core = platform.core();
                core.together(|core| {
                    if let Some(journal) = &mut core.journal {
                        journal.directory(complete);
                    }
                    if is_new {
                        seed::plant(&platform, core, complete);
                    }
                });
                if !wanted {
                    ready = seed::first(&platform, &mut core, complete);
                }
            }
            Err(refusal) => seed::refused(&platform, refusal),
        }
    }
    platform.wake();
    // The log tells why, and a request that makes something is answered so.
    drop(platform.kept().await);
    if wanted && ready.is_none() {
        tracing::error!("there is no application at the start");
    }
    platform.ready.send_replace(Readiness::of(ready));
    platform.keys.fill();
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use ringback_exchange::{Caller, Input};
    use ringback_model::{
        Operation,
        applications::{Application, ApplicationRequest, CreateApplication, Keys},
    };

    use super::*;

    #[tokio::test]
    async fn a_key_that_cannot_be_loaded_is_told_from_an_unknown_application() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let config = Config::new().start_application(false).spare_key_pairs(0);
        let emulator = Emulator::start(listener, config).unwrap();
        let key = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";
        let body = ApplicationRequest::new("Own").keys(Keys::new().public_key(key));
        let request = ringback_exchange::Request {
            caller: Caller::Account,
            operation: CreateApplication::INFO,
            parts: CreateApplication::new(body).encode().unwrap(),
            key_pair: None,
        };
        // Past the edge, which would refuse it.
        let made = emulator.platform.feed(Input::Request(request)).unwrap().unwrap();
        let made: Application = serde_json::from_slice(&made.body).unwrap();
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let claims = format!(r#"{{"application_id":"{}","iat":1,"jti":"1"}}"#, made.id);
        let token = format!("{}.{}.c2ln", encode(r#"{"alg":"RS256"}"#), encode(&claims));
        let client = ringback_http::client(&ringback_http::Settings::new()).unwrap();
        let url = format!("{}/v1/conversations", emulator.url());
        let reply = client.get(url).bearer_auth(token).send().await.unwrap();
        let header = |name: &str| reply.headers()[name].to_str().unwrap();
        assert_eq!(
            (reply.status().as_u16(), header("ringback-reason")),
            (401, "application-key-unusable")
        );
        let hint = header("ringback-hint");
        assert!(hint.contains("is not usable: the key is not a valid RSA key"), "{hint}");
    }
}
