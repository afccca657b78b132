//! One request on its way: attempts, waits and the span around them.

use http::{
    HeaderValue, StatusCode,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
};
use ringback_model::{
    operation::{ErrorFamily, OperationInfo, ReplyKind, RequestParts},
    problem::Problem,
};
use secrecy::ExposeSecret;
use tracing::{Instrument as _, Span, field::Empty};

use crate::{
    Client,
    answer::Answer,
    credentials::Proof,
    error::{Error, Failure, Transport},
    retries::{Outcome, retry_after},
};

/// Whether a success is read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Want {
    Whole,
    Coming,
}

/// What was got: a whole answer, or one whose body is still coming.
#[derive(Debug)]
pub(crate) enum Got {
    Whole(Answer<()>),
    Coming(reqwest::Response),
}

impl Client {
    /// Sends until there is an answer to give back; any failure is an error.
    pub(crate) async fn exchange(
        &self,
        info: &'static OperationInfo,
        parts: &RequestParts,
        want: Want,
    ) -> Result<Got, Error> {
        let span = tracing::info_span!(
            "request",
            otel.kind = "client",
            http.request.method = info.method.as_str(),
            url.template = info.path,
            vonage.operation = info.id,
            server.address = Empty,
            http.response.status_code = Empty,
            http.request.resend_count = Empty,
            error.r#type = Empty,
        );
        self.attempts(info, parts, want).instrument(span).await
    }

    async fn attempts(
        &self,
        info: &'static OperationInfo,
        parts: &RequestParts,
        want: Want,
    ) -> Result<Got, Error> {
        let origin = self.hosts.of(info)?;
        let http = self.client()?;
        let span = Span::current();
        if !span.is_disabled() {
            span.record("server.address", host(origin));
        }
        let mut made = 0;
        loop {
            made += 1;
            let now = (self.clock)();
            let proof = self.credentials.choose(info, now.as_second())?;
            let request = self.request(http, info, parts, origin, &proof, want);
            let result = attempt(info, request, want).await;
            let (outcome, asked) = match &result {
                Ok(Got::Coming(_)) => return finish(info, result, made, &span),
                Ok(Got::Whole(answer)) if answer.status.is_success() => {
                    return finish(info, result, made, &span);
                }
                Ok(Got::Whole(answer)) => (
                    Outcome::Status(answer.status.as_u16()),
                    retry_after(&answer.headers, (self.clock)()),
                ),
                Err(transport) if transport.connect => (Outcome::NotSent, None),
                Err(transport) if transport.timeout => (Outcome::Slow, None),
                Err(_) => (Outcome::Broken, None),
            };
            if let Some(wait) = self.retries.wait(info.retry, outcome, made, asked, (self.random)())
            {
                tracing::debug!(operation = info.id, ?outcome, ?wait, "sending again");
                tokio::time::sleep(wait).await;
                continue;
            }
            return finish(info, result, made, &span);
        }
    }

    fn request(
        &self,
        http: &reqwest::Client,
        info: &'static OperationInfo,
        parts: &RequestParts,
        origin: &str,
        proof: &Proof,
        want: Want,
    ) -> reqwest::RequestBuilder {
        let mut url = String::with_capacity(origin.len() + parts.path.len() + 64);
        url.push_str(origin);
        url.push_str(&parts.path);
        let secret = match proof {
            Proof::Query(secret) => Some(secret.expose_secret()),
            Proof::None | Proof::Header(_) => None,
        };
        for (index, query) in parts.query.as_deref().into_iter().chain(secret).enumerate() {
            url.push(if index == 0 { '?' } else { '&' });
            url.push_str(query);
        }
        let mut request =
            http.request(parts.method.clone(), url).header(ACCEPT, accept(info.reply));
        if !self.headers.is_empty() {
            request = request.headers(self.headers.clone());
        }
        if let Proof::Header(value) = proof {
            request = request.header(AUTHORIZATION, value.clone());
        }
        if let Some(content_type) = &parts.content_type {
            request = request.header(CONTENT_TYPE, content_type);
        }
        if !parts.body.is_empty() {
            request = request.body(parts.body.clone());
        }
        match (want, self.settings.timeout) {
            (Want::Whole, Some(timeout)) => request.timeout(timeout),
            _ => request,
        }
    }

    /// The connections, set up when first used.
    fn client(&self) -> Result<&reqwest::Client, Error> {
        if let Some(http) = self.http.get() {
            return Ok(http);
        }
        // The time-out is set for each request, because streams have none.
        let settings = self.settings.clone().timeout(None);
        let http = ringback_http::client(&settings).map_err(Error::Build)?;
        Ok(self.http.get_or_init(|| http))
    }
}

async fn attempt(
    info: &'static OperationInfo,
    request: reqwest::RequestBuilder,
    want: Want,
) -> Result<Got, Transport> {
    let response = request.send().await.map_err(|error| Transport::new(info.id, error))?;
    if want == Want::Coming && response.status().is_success() {
        return Ok(Got::Coming(response));
    }
    read_whole(info, response).await.map(Got::Whole)
}

pub(crate) async fn read_whole(
    info: &'static OperationInfo,
    mut response: reqwest::Response,
) -> Result<Answer<()>, Transport> {
    let status = response.status();
    let headers = std::mem::take(response.headers_mut());
    let body = response.bytes().await.map_err(|error| Transport::new(info.id, error))?;
    Ok(Answer { status, headers, body, reply: () })
}

fn finish(
    info: &'static OperationInfo,
    result: Result<Got, Transport>,
    made: u32,
    span: &Span,
) -> Result<Got, Error> {
    if made > 1 {
        span.record("http.request.resend_count", made - 1);
    }
    let status = match &result {
        Err(transport) => {
            span.record("error.type", if transport.timeout { "timeout" } else { "transport" });
            None
        }
        Ok(Got::Coming(response)) => Some(response.status()),
        Ok(Got::Whole(answer)) => Some(answer.status),
    };
    if let Some(status) = status {
        span.record("http.response.status_code", status.as_u16());
        if !status.is_success() {
            span.record("error.type", status.as_str());
        }
    }
    match result? {
        Got::Whole(answer) if says_no(info, &answer) => Err(answer.failed(info.id)),
        got => Ok(got),
    }
}

/// Whether the answer is a failure; on `rest.nexmo.com` some come with status 200.
fn says_no(info: &OperationInfo, answer: &Answer<()>) -> bool {
    if !answer.status.is_success() {
        return true;
    }
    info.errors == ErrorFamily::ErrorCodeLabel
        && answer.status == StatusCode::OK
        && answer.body.len() < 4096
        && Problem::read(200, &answer.body).is_failure()
}

impl Answer<()> {
    pub(crate) fn failed(self, operation: &'static str) -> Error {
        let Self { status, headers, body, .. } = self;
        Error::Api(Box::new(Failure { operation, status, headers, body }))
    }
}

fn accept(reply: ReplyKind) -> HeaderValue {
    HeaderValue::from_static(match reply {
        ReplyKind::Json | ReplyKind::Empty => "application/json",
        ReplyKind::EventStream => "text/event-stream",
        ReplyKind::Bytes => "*/*",
    })
}

fn host(origin: &str) -> &str {
    origin.split_once("//").map_or(origin, |(_, host)| host)
}
