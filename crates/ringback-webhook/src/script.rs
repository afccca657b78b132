//! The call script an answer webhook is answered with.

use axum::{
    http::{HeaderValue, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use ringback_model::{PhoneNumber, ncco::Action};
use serde_json::json;

use crate::BoxError;

/// A call script (NCCO) as the bytes that are sent, prepared once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script(Bytes);

impl Script {
    /// These bytes, which should be a JSON array of actions; they are not looked at.
    pub fn from_bytes(json: impl Into<Bytes>) -> Self {
        Self(json.into())
    }

    /// These actions, written as JSON.
    ///
    /// # Errors
    /// When an action cannot be written as JSON.
    pub fn from_actions(actions: &[Action]) -> Result<Self, serde_json::Error> {
        serde_json::to_vec(actions).map(Self::from_bytes)
    }

    /// Connects the caller to a telephone.
    #[must_use]
    pub fn connect(number: &PhoneNumber) -> Self {
        let endpoint = json!([{ "type": "phone", "number": number.as_str() }]);
        Self::from_json(&json!([{ "action": "connect", "endpoint": endpoint }]))
    }

    /// Speaks a text to the caller and hangs up.
    #[must_use]
    pub fn talk(text: &str) -> Self {
        Self::from_json(&json!([{ "action": "talk", "text": text }]))
    }

    /// The bytes that are sent.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn from_json(json: &serde_json::Value) -> Self {
        Self::from_bytes(json.to_string())
    }
}

impl IntoResponse for Script {
    /// 200 with `application/json`.
    fn into_response(self) -> Response {
        const JSON: HeaderValue = HeaderValue::from_static("application/json");
        ([(CONTENT_TYPE, JSON)], self.0).into_response()
    }
}

/// What a handler of the answer webhook may return.
pub trait IntoScript {
    /// The script.
    ///
    /// # Errors
    /// The handler's own error, or that of writing its actions; the caller then hears the safe script.
    fn into_script(self) -> Result<Script, BoxError>;
}

impl IntoScript for Script {
    fn into_script(self) -> Result<Script, BoxError> {
        Ok(self)
    }
}

impl IntoScript for Vec<Action> {
    fn into_script(self) -> Result<Script, BoxError> {
        Ok(Script::from_actions(&self)?)
    }
}

impl IntoScript for serde_json::Value {
    fn into_script(self) -> Result<Script, BoxError> {
        Ok(Script::from_json(&self))
    }
}

impl<S: IntoScript, E: Into<BoxError>> IntoScript for Result<S, E> {
    fn into_script(self) -> Result<Script, BoxError> {
        self.map_err(Into::into)?.into_script()
    }
}
