//! Handing webhooks on to an application in any language.

use std::{fmt, pin::Pin, time::Duration};

use axum::http::{StatusCode, header::CONTENT_TYPE};
use bytes::Bytes;
use ringback_http::Settings;
use ringback_model::{Kept, webhook::Answer};
use serde_json::value::RawValue;
use url::Url;

use crate::{Answerer, BoxError, Delivery, Error, EventHandler, Keep, NotKept, Script, Signed};

/// Says to the application behind what was verified: `signed`, `unsigned`, `off` or `query-unauthenticated`.
const VERIFICATION: &str = "ringback-verification";

/// Says which event this is, which attempt, and whether it is late; only of events from a journal.
const DELIVERY: &str = "ringback-delivery";
const ATTEMPT: &str = "ringback-attempt";
const LATE: &str = "ringback-late";

/// Bytes of a script; the platform's own limit is far below.
const SCRIPT_LIMIT: usize = 1 << 20;

/// Hands webhooks on to an application behind this receiver.
///
/// Answer webhooks go on as they came, GET or POST, and the application's script comes back.
/// Events go on as POST with their JSON.
/// Given to [`Webhooks::keep`](crate::Webhooks::keep), an event is acknowledged when the application has taken it,
/// and the platform repeats it otherwise.
/// Given to [`Webhooks::event`](crate::Webhooks::event), it is acknowledged before and handed on once.
/// The header `ringback-verification` says what was verified; the platform's token is not handed on.
/// An event from a journal has `ringback-delivery` (the same in every attempt) and `ringback-attempt` (1, 2, …), and
/// `ringback-late: true` when a later event of its leg was dispatched before.
#[derive(Clone)]
pub struct Forward {
    client: reqwest::Client,
    url: Url,
}

impl Forward {
    /// Hands on to exactly this URL.
    ///
    /// # Errors
    /// When it is no `http` or `https` URL, or the HTTP client cannot be set up.
    pub fn new(url: &str) -> Result<Self, Error> {
        let target = |source| Error::Target { url: url.to_owned(), source };
        let parsed = Url::parse(url).map_err(|error| target(Some(error)))?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err(target(None));
        }
        let settings = Settings::new()
            .connect_timeout(Duration::from_secs(1))
            .timeout(Duration::from_secs(10))
            .redirects(0);
        let client = ringback_http::client(&settings).map_err(|e| Error::Http(e.into()))?;
        Ok(Self { client, url: parsed })
    }

    /// Takes this path, such as `/webhooks/answer`, when the URL names none; its query stays.
    #[must_use]
    pub fn or_path(mut self, path: &str) -> Self {
        if matches!(self.url.path(), "" | "/") {
            self.url.set_path(path);
        }
        self
    }

    /// Asks the application for the script of a call.
    ///
    /// # Errors
    /// When it cannot be reached, does not answer 2xx, or answers something that is no list of actions.
    pub async fn answer(&self, answer: Signed<Kept<Answer>>) -> Result<Script, BoxError> {
        let request = match answer.query {
            Some(query) => {
                let mut url = self.url.clone();
                let both = url.query().map(|own| format!("{own}&{query}"));
                url.set_query(Some(both.as_deref().unwrap_or(&query)));
                self.client.get(url)
            }
            None => self
                .client
                .post(self.url.clone())
                .header(CONTENT_TYPE, "application/json")
                .body(answer.json),
        };
        let response = request.header(VERIFICATION, answer.verification.code()).send().await;
        script(response.map_err(reqwest::Error::without_url)?).await
    }

    async fn event(&self, delivery: Delivery) -> Result<(), BoxError> {
        let mut request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(VERIFICATION, delivery.verification.code())
            .body(Bytes::copy_from_slice(delivery.json()));
        if let Some(id) = &delivery.id {
            request = request.header(DELIVERY, &**id).header(ATTEMPT, delivery.attempt);
        }
        if delivery.late {
            request = request.header(LATE, "true");
        }
        let status = request.send().await.map_err(reqwest::Error::without_url)?.status();
        match status.is_success() {
            true => Ok(()),
            false => Err(Refusal::Status(status).into()),
        }
    }
}

impl From<Forward> for Answerer {
    fn from(forward: Forward) -> Self {
        Self::new(move |answer| {
            let forward = forward.clone();
            async move { forward.answer(answer).await }
        })
    }
}

impl From<Forward> for EventHandler {
    fn from(forward: Forward) -> Self {
        Self::from(move |delivery| {
            let forward = forward.clone();
            async move { forward.event(delivery).await }
        })
    }
}

impl Keep for Forward {
    /// Hands the event on; it is kept when the application answered 2xx.
    fn keep(
        &self,
        delivery: Delivery,
    ) -> Pin<Box<dyn Future<Output = Result<(), NotKept>> + Send + '_>> {
        Box::pin(async move { self.event(delivery).await.map_err(NotKept::Failed) })
    }
}

impl fmt::Debug for Forward {
    /// Leaves out user, password and query of the URL.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (host, path) = (self.url.host_str(), self.url.path());
        f.debug_struct("Forward").field("host", &host).field("path", &path).finish_non_exhaustive()
    }
}

async fn script(mut response: reqwest::Response) -> Result<Script, BoxError> {
    if !response.status().is_success() {
        return Err(Refusal::Status(response.status()).into());
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(reqwest::Error::without_url)? {
        body.extend_from_slice(&chunk);
        if body.len() > SCRIPT_LIMIT {
            return Err(Refusal::TooLarge.into());
        }
    }
    match serde_json::from_slice::<&RawValue>(&body) {
        Ok(json) if json.get().starts_with('[') => Ok(Script::from_bytes(body)),
        Ok(_) => Err(Refusal::NotAList.into()),
        Err(error) => Err(Refusal::NotJson(error).into()),
    }
}

/// Why the application's answer cannot be used.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("the application answered {0}")]
    Status(StatusCode),
    #[error("the application's script has more than {SCRIPT_LIMIT} bytes")]
    TooLarge,
    #[error("the application's script is not a list of actions")]
    NotAList,
    #[error("the application's script is not JSON")]
    NotJson(#[source] serde_json::Error),
}
