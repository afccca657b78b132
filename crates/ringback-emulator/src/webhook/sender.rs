//! Making one attempt at a webhook, exactly as told.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Method, header};
use reqwest::{Client, Response};
use ringback_exchange::{WebhookFailure, WebhookOutcome};
use ringback_http::{Settings, Trust};
use ringback_jwt::{Token, WebhookSigner};
use ringback_model::{ApplicationId, Timestamp};
use tokio::{sync::Semaphore, time::Instant};
use url::Url;

use super::{envelope::Envelope, wire::Wire};
use crate::{Error, Mapping, edge::WallClock, mask, turns::Turns};

/// The longest reply that is read.
pub(crate) const LONGEST_REPLY: usize = 1024 * 1024;
/// How many webhooks are on their way at once, each with a socket; the others wait their turn.
const AT_ONCE: usize = 2_048;
/// How many of them go to one origin.
const TO_ONE: usize = 256;
/// How many addresses, and how many applications, are known by what was made of them.
const KNOWN: usize = 1_000;
/// The range of connection time-outs, in milliseconds, that the applications API knows.
const CONNECT_TIMEOUTS: std::ops::RangeInclusive<u32> = 300..=1000;

/// Sends webhooks: no redirects, no waiting beyond the time-outs, no reply above 1 MiB.
pub(crate) struct Sender {
    /// One client for each connection time-out, because a client has one.
    clients: Mutex<BTreeMap<u32, Client>>,
    signer: WebhookSigner,
    /// The signers that name an application.
    signers: Mutex<HashMap<ApplicationId, Arc<WebhookSigner>>>,
    /// What came of addresses that were seen before.
    targets: Mutex<HashMap<Arc<str>, Arc<Target>>>,
    maps: Vec<Mapping>,
    wall: WallClock,
    trust: Trust,
    turns: Turns,
}

/// Where a webhook really goes.
#[derive(Debug)]
pub(crate) struct Target {
    /// None when that is no http address.
    url: Option<Url>,
    /// The address for people: no secret stays in it.
    pub(crate) shown: Arc<str>,
    /// The turns of its origin.
    share: Option<Arc<Semaphore>>,
}

/// What became of an attempt.
#[derive(Clone, Debug)]
pub(crate) struct Sending {
    pub(crate) outcome: WebhookOutcome,
    /// How long it took from when it was really sent.
    pub(crate) millis: u64,
    /// When that was by the real clock.
    pub(crate) sent: Timestamp,
}

impl Sender {
    pub(crate) fn new(
        signer: WebhookSigner,
        maps: Vec<Mapping>,
        wall: WallClock,
        trust: Trust,
    ) -> Result<Self, Error> {
        let turns = Turns::new(AT_ONCE, TO_ONE);
        let sender = Self {
            clients: Mutex::default(),
            signer,
            signers: Mutex::default(),
            targets: Mutex::default(),
            maps,
            wall,
            trust,
            turns,
        };
        // The usual client is made now, so that an impossible one is known at the start.
        sender.client(1000).map_err(|error| Error::Sender(error.into()))?;
        Ok(sender)
    }

    /// Where a webhook for this address really goes; none when it is no http address.
    pub(crate) fn target(&self, url: &str) -> Option<Url> {
        let url = Url::parse(url.trim()).ok()?;
        let url = self.maps.iter().find_map(|map| map.apply(&url)).unwrap_or(url);
        (matches!(url.scheme(), "http" | "https") && url.host_str().is_some()).then_some(url)
    }

    /// The same, remembered for the next time.
    pub(crate) fn known_target(&self, address: &Arc<str>) -> Arc<Target> {
        let mut targets = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(target) = targets.get(address) {
            return Arc::clone(target);
        }
        let url = self.target(address);
        let shown = mask::addresses(url.as_ref().map_or(address, Url::as_str)).into();
        let share = url.as_ref().map(|url| self.turns.share(url));
        let target = Arc::new(Target { url, shown, share });
        if targets.len() >= KNOWN {
            targets.clear();
        }
        targets.insert(Arc::clone(address), Arc::clone(&target));
        target
    }

    /// Makes one attempt when it is its turn and says how it ended; never fails otherwise.
    pub(crate) async fn send(&self, envelope: &Envelope, json: &Bytes) -> Sending {
        let target = self.known_target(&envelope.url);
        let _turn = match &target.share {
            Some(share) => Some(self.turns.take(share).await),
            None => None,
        };
        let (sent, begun) = (self.wall.now(), Instant::now());
        let outcome = self.attempt(envelope, &target, json).await;
        let millis = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        Sending { outcome, millis, sent }
    }

    async fn attempt(&self, envelope: &Envelope, target: &Target, json: &Bytes) -> WebhookOutcome {
        let Some(url) = target.url.clone() else {
            return failed(
                WebhookFailure::BadAddress,
                format!(
                    "the webhook address {:?} is not an http address",
                    cut(&mask::addresses(&envelope.url))
                ),
            );
        };
        let wire = Wire::new(&envelope.method, url, json);
        let request = match self.request(envelope, wire) {
            Ok(request) => request,
            Err(explanation) => return failed(WebhookFailure::BadAddress, explanation),
        };
        let limit = Duration::from_millis(envelope.socket_timeout.into());
        match tokio::time::timeout(limit, exchange(request)).await {
            Ok(outcome) => outcome,
            Err(_) => failed(
                WebhookFailure::SocketTimeout,
                format!(
                    "{} took the request and did not answer within {} ms",
                    origin_of(target.url.as_ref()),
                    envelope.socket_timeout
                ),
            ),
        }
    }

    fn request(&self, envelope: &Envelope, wire: Wire) -> Result<reqwest::RequestBuilder, String> {
        let client = self.client(envelope.connect_timeout).map_err(|error| error.to_string())?;
        let token = match (envelope.signed, &wire.body) {
            (false, _) => None,
            (true, Some(body)) => Some(self.token(&envelope.application, body)?),
            (true, None) => Some(self.token_of(&envelope.application, |signer, now| {
                signer.sign_query(wire.url.query().unwrap_or_default(), now)
            })?),
        };
        let request = match wire.body {
            Some(body) => {
                let json = HeaderValue::from_static("application/json");
                let request = client.request(Method::POST, wire.url);
                request.header(header::CONTENT_TYPE, json).body(body)
            }
            None => client.request(Method::GET, wire.url),
        };
        Ok(match token {
            Some(token) => request.header(header::AUTHORIZATION, token),
            None => request,
        })
    }

    /// The header of a signed request with this body; empty for none.
    pub(crate) fn token(
        &self,
        application: &ApplicationId,
        body: &[u8],
    ) -> Result<HeaderValue, String> {
        self.token_of(application, |signer, now| signer.sign_body(body, now))
    }

    fn token_of(
        &self,
        application: &ApplicationId,
        sign: impl FnOnce(&WebhookSigner, i64) -> Result<Token, ringback_jwt::Error>,
    ) -> Result<HeaderValue, String> {
        let signer = self.signer_of(application);
        let token = sign(&signer, self.wall.now().as_secs()).map_err(|error| error.to_string())?;
        let bearer = Bytes::from(["Bearer ", token.expose()].concat());
        let mut value =
            HeaderValue::from_maybe_shared(bearer).map_err(|error| error.to_string())?;
        value.set_sensitive(true);
        Ok(value)
    }

    fn signer_of(&self, application: &ApplicationId) -> Arc<WebhookSigner> {
        let mut signers = self.signers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(signer) = signers.get(application) {
            return Arc::clone(signer);
        }
        let signer = Arc::new(self.signer.clone().application_id(application.as_str()));
        if signers.len() >= KNOWN {
            signers.clear();
        }
        signers.insert(application.clone(), Arc::clone(&signer));
        signer
    }

    fn client(&self, connect_timeout: u32) -> Result<Client, ringback_http::Error> {
        let millis = connect_timeout.clamp(*CONNECT_TIMEOUTS.start(), *CONNECT_TIMEOUTS.end());
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&millis) {
            return Ok(client.clone());
        }
        let settings = Settings::new()
            .connect_timeout(Duration::from_millis(millis.into()))
            .timeout(None)
            .redirects(0)
            .trust(self.trust);
        let client = ringback_http::client(&settings)?;
        clients.insert(millis, client.clone());
        Ok(client)
    }
}

async fn exchange(request: reqwest::RequestBuilder) -> WebhookOutcome {
    let response = match request.send().await {
        Ok(response) => response,
        Err(error) => return failed(kind(&error), ringback_http::explain(&error)),
    };
    let status = response.status().as_u16();
    let content_type = response.headers().get(header::CONTENT_TYPE);
    let content_type =
        content_type.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    match read(response).await {
        Ok(body) => WebhookOutcome::Reply { status, content_type, body },
        Err((failure, explanation)) => failed(failure, explanation),
    }
}

async fn read(mut response: Response) -> Result<Bytes, (WebhookFailure, String)> {
    let mut body = BytesMut::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body.freeze()),
            Err(error) => {
                let origin = origin_of(Some(response.url()));
                let cut = format!("{origin} cut the connection before the whole reply had come");
                return Err((kind(&error), cut));
            }
        }
        if body.len() > LONGEST_REPLY {
            let explanation = format!("the reply is larger than {LONGEST_REPLY} bytes");
            return Err((WebhookFailure::TooLarge, explanation));
        }
    }
}

/// Scheme, host and port, for people.
fn origin_of(url: Option<&Url>) -> String {
    url.map_or_else(String::new, |url| url.origin().ascii_serialization())
}

fn kind(error: &reqwest::Error) -> WebhookFailure {
    if error.is_builder() || error.is_dns() {
        WebhookFailure::BadAddress
    } else if ringback_http::is_tls(error) {
        WebhookFailure::Tls
    } else if ringback_http::is_connect(error) && ringback_http::is_timeout(error) {
        WebhookFailure::ConnectTimeout
    } else if ringback_http::is_timeout(error) {
        WebhookFailure::SocketTimeout
    } else {
        WebhookFailure::Connection
    }
}

fn failed(failure: WebhookFailure, explanation: String) -> WebhookOutcome {
    WebhookOutcome::Failed { failure, explanation }
}

fn cut(text: &str) -> String {
    text.chars().take(200).collect()
}

#[cfg(test)]
mod tests;
