//! Extractors for handlers of one's own.

use std::ops::Deref;

use axum::extract::{FromRef, FromRequest, Request};
use bytes::Bytes;
use ringback_model::{Kept, read};
use serde::de::DeserializeOwned;

use crate::{Gate, Limits, Rejection, Verification, payload::Payload};

/// A webhook that was read and not verified, by GET or POST alike.
///
/// `T` is [`Answer`](ringback_model::webhook::Answer) or `Kept<Event>`.
/// The limits are those in the request's extensions, or the first ones.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Received<T> {
    /// What was read.
    pub value: T,
    /// The JSON it was read from: the body of a POST, the restored query of a GET.
    pub json: Bytes,
    /// The query as it arrived, when that is what carried the webhook.
    pub query: Option<String>,
}

/// A webhook that passed the [`Gate`] in the router's state.
///
/// What the gate found is in [`Signed::verification`]: unless it is strict, not every webhook is signed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Signed<T> {
    /// What was read.
    pub value: T,
    /// The JSON it was read from: the body of a POST, the restored query of a GET.
    pub json: Bytes,
    /// The query as it arrived, when that is what carried the webhook.
    pub query: Option<String>,
    /// What is known about its sender.
    pub verification: Verification,
}

impl<T: DeserializeOwned> Signed<T> {
    pub(crate) async fn read(gate: &Gate, request: Request) -> Result<Self, Rejection> {
        let (payload, verification) = gate.receive(request).await?;
        let query = payload.query().map(str::to_owned);
        let json = payload.into_json(gate.limited())?;
        let value = read::from_slice(&json).map_err(Rejection::Unreadable)?;
        Ok(Self { value, json, query, verification })
    }
}

impl<T: DeserializeOwned> Signed<Kept<T>> {
    /// The same with the bytes kept, without a copy of them.
    pub(crate) async fn keep(gate: &Gate, request: Request) -> Result<Self, Rejection> {
        let (payload, verification) = gate.receive(request).await?;
        let query = payload.query().map(str::to_owned);
        let json = payload.into_json(gate.limited())?;
        let value = Kept::from_bytes(json.clone()).map_err(Rejection::Unreadable)?;
        Ok(Self { value, json, query, verification })
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Received<T> {
    type Rejection = Rejection;

    async fn from_request(request: Request, _: &S) -> Result<Self, Rejection> {
        let limits = request.extensions().get::<Limits>().cloned().unwrap_or_default();
        let payload = Payload::of(request, &limits).await?;
        let query = payload.query().map(str::to_owned);
        let json = payload.into_json(&limits)?;
        let value = read::from_slice(&json).map_err(Rejection::Unreadable)?;
        Ok(Self { value, json, query })
    }
}

impl<T, S> FromRequest<S> for Signed<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
    Gate: FromRef<S>,
{
    type Rejection = Rejection;

    async fn from_request(request: Request, state: &S) -> Result<Self, Rejection> {
        Self::read(&Gate::from_ref(state), request).await
    }
}

impl<T> Deref for Received<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> Deref for Signed<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}
