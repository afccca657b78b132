//! What commands share: the settings, the runtime, the client, the output.

use std::{future::Future, pin::pin};

use anyhow::Context as _;
use axum::http::{HeaderValue, header::AUTHORIZATION};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use ringback_client::{Answer, Client};
use ringback_http::Settings;
use ringback_model::{
    Operation, Paged,
    operation::{Host, OperationInfo, RequestParts},
};
use secrecy::ExposeSecret as _;
use tokio::runtime::Builder;

use crate::{
    api_answer,
    cli::{Given, Global},
    credentials,
    errors::Complaint,
    output::{self, Output},
    settings::Settings as Said,
    terminal::Terminal,
};

/// Where an emulator listens unless it was told otherwise.
pub(crate) const EMULATOR: &str = "http://127.0.0.1:4010";

/// What commands share.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) global: Global,
    pub(crate) settings: Said,
    pub(crate) terminal: Terminal,
    pub(crate) output: Output,
}

impl Context {
    pub(crate) fn new(mut global: Global, given: Given, terminal: Terminal) -> Self {
        let output = Output::new(global.output, terminal);
        let settings = Said::take(&mut global, given);
        Self { global, settings, terminal, output }
    }

    /// The same with other credentials.
    pub(crate) fn with(&self, settings: Said) -> Self {
        let Self { global, terminal, output, .. } = self;
        Self { global: global.clone(), settings, terminal: *terminal, output: *output }
    }

    /// Runs what has to wait; a runtime is made for those commands only.
    pub(crate) fn wait<T>(
        &self,
        future: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<T> {
        self.wait_on(&mut Builder::new_current_thread(), future)
    }

    /// The same with a thread for each core, for what keeps them all busy.
    pub(crate) fn wait_with_threads<T>(
        &self,
        future: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<T> {
        self.wait_on(&mut Builder::new_multi_thread(), future)
    }

    fn wait_on<T>(
        &self,
        runtime: &mut Builder,
        future: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<T> {
        if self.global.verbose > 1 {
            crate::log::start(self.global.verbose, &self.terminal);
        }
        let runtime = runtime.enable_all().build().context("the runtime does not start")?;
        let outcome = runtime.block_on(future);
        // What still computes in the background, such as a key pair kept ready, is not wanted any more.
        runtime.shutdown_background();
        outcome
    }

    /// Sends an operation and reads its reply.
    pub(crate) async fn send<O: Operation>(&self, operation: &O) -> anyhow::Result<O::Reply> {
        Ok(self.answer(operation).await?.reply)
    }

    /// Sends an operation and keeps the body of the reply as it came.
    pub(crate) async fn answer<O: Operation>(
        &self,
        operation: &O,
    ) -> anyhow::Result<Answer<O::Reply>> {
        let client = self.client(O::INFO)?;
        let answer = client.send_kept(operation).await;
        self.judged(&client, answer).await
    }

    /// Sends a request that was put together by hand.
    pub(crate) async fn raw(
        &self,
        info: &'static OperationInfo,
        parts: RequestParts,
    ) -> anyhow::Result<Bytes> {
        let client = self.client(info)?;
        let answer = client.send_raw(info, parts).await;
        Ok(self.judged(&client, answer).await?.body)
    }

    /// The JSON of the items of a list, over all its pages, up to a limit.
    pub(crate) async fn items<O>(
        &self,
        operation: O,
        limit: Option<usize>,
    ) -> anyhow::Result<Vec<String>>
    where
        O: Paged + Sync,
        O::Item: serde::Serialize,
    {
        let client = self.client(O::INFO)?;
        let items = Box::pin(client.items(operation).take(limit.unwrap_or(usize::MAX)));
        self.collected(&client, items).await
    }

    async fn collected<T: serde::Serialize>(
        &self,
        client: &Client,
        items: impl Stream<Item = Result<T, ringback_client::Error>>,
    ) -> anyhow::Result<Vec<String>> {
        let mut items = pin!(items);
        let mut texts = Vec::new();
        while let Some(item) = items.next().await {
            texts.push(serde_json::to_string(&self.judged(client, item).await?)?);
        }
        Ok(texts)
    }

    /// What a client answered, with a failure put into words.
    pub(crate) async fn judged<T>(
        &self,
        client: &Client,
        result: Result<T, ringback_client::Error>,
    ) -> anyhow::Result<T> {
        match result {
            Ok(value) => Ok(value),
            Err(error) => Err(api_answer::complaint(self, client, error).await),
        }
    }

    /// The same, with every operation sent to this origin.
    pub(crate) fn at(&self, origin: String) -> Self {
        let Self { terminal, output, .. } = self;
        let global = Global { url: Some(origin), ..self.global.clone() };
        Self { global, settings: self.settings.clone(), terminal: *terminal, output: *output }
    }

    /// Sends an operation and prints the reply as it came.
    pub(crate) async fn show<O: Operation>(&self, operation: &O) -> anyhow::Result<()> {
        let answer = self.answer(operation).await?;
        self.output.document(&String::from_utf8_lossy(&answer.body))
    }

    /// Where operations like this one go.
    pub(crate) fn origin(&self, info: &'static OperationInfo) -> anyhow::Result<String> {
        let client = Client::new(ringback_client::Credentials::new());
        let client = match self.url(info) {
            Some(url) => client.origin(url).map_err(api_answer::local)?,
            None => client,
        };
        Ok(client.origin_of(info).map_err(api_answer::local)?.to_owned())
    }

    /// A client for operations like this one.
    pub(crate) fn client(&self, info: &'static OperationInfo) -> anyhow::Result<Client> {
        let credentials = credentials::for_operation(&self.settings, info)?;
        let client = Client::new(credentials).http(Settings::new());
        let client = match self.url(info) {
            Some(url) => client.origin(url).map_err(api_answer::local)?,
            None => client,
        };
        let client = match info.host {
            Host::Control => self.controlling(client)?,
            _ => client,
        };
        if self.global.verbose > 0 {
            let origin = client.origin_of(info).map_err(api_answer::local)?;
            output::note(&format!("{} goes to {origin}", info.id))?;
        }
        Ok(client)
    }

    /// The client with the control token, if there is one; only for operations of the emulator.
    pub(crate) fn controlling(&self, client: Client) -> anyhow::Result<Client> {
        let Some(token) = &self.global.control_token else { return Ok(client) };
        let value = HeaderValue::try_from(format!("Bearer {}", token.expose_secret()));
        let mut value = value.map_err(|_| {
            Complaint::usage("the control token holds a character that cannot be sent")
        })?;
        value.set_sensitive(true);
        Ok(client.header(AUTHORIZATION, value))
    }

    /// The origin that was named; the emulator's own operations have a usual one.
    fn url(&self, info: &'static OperationInfo) -> Option<&str> {
        let usual = (info.host == Host::Control).then_some(EMULATOR);
        self.global.url.as_deref().or(usual)
    }
}

/// The seconds since 1970, UTC.
#[expect(clippy::disallowed_methods, reason = "the binary is where the clock is read")]
pub(crate) fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// The milliseconds since 1970, UTC.
#[expect(clippy::disallowed_methods, reason = "the binary is where the clock is read")]
pub(crate) fn now_millis() -> u64 {
    u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or(0)
}
