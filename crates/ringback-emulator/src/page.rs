//! What people look at: the inspector, a call's ladder, the description of the API.

mod inspector;

use std::sync::Arc;

use axum::response::Response;
use http::{HeaderValue, Method, StatusCode, header};
use percent_encoding::percent_decode_str;
use ringback_exchange::Refusal;
use ringback_model::{LegId, operation::ErrorFamily};

use crate::{
    http::{
        refusals::{Situation, refusal},
        reply,
    },
    platform::Platform,
    start,
};

/// Every operation in the form that other tools read.
const OPENAPI: &str = include_str!("generated/openapi.json");

/// Something to look at.
#[derive(Debug)]
pub(crate) enum Page {
    Inspector,
    Ladder(LegId),
    /// Who takes part in a call, for the inspector.
    Members(LegId),
    OpenApi,
    /// The certificate that clients of https have to trust.
    Authority,
    Icon,
}

/// The page at a path, if there is one.
pub(crate) fn find(method: &Method, path: &str) -> Option<Page> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return None;
    }
    match path {
        "/" => Some(Page::Inspector),
        "/openapi.json" | "/_ringback/openapi.json" => Some(Page::OpenApi),
        "/_ringback/ca.pem" => Some(Page::Authority),
        "/favicon.ico" | "/favicon.svg" => Some(Page::Icon),
        _ => {
            let (call, page) = path.strip_prefix("/_ringback/calls/")?.split_once('/')?;
            let call = LegId::from(percent_decode_str(call).decode_utf8().ok()?.as_ref());
            match page {
                "ladder.svg" => Some(Page::Ladder(call)),
                "members.json" => Some(Page::Members(call)),
                _ => None,
            }
        }
    }
}

impl Page {
    /// Whether it shows what happens here.
    pub(crate) fn needs_token(&self) -> bool {
        matches!(self, Self::Inspector | Self::Ladder(_) | Self::Members(_))
    }

    pub(crate) fn answer(&self, platform: &Arc<Platform>) -> Result<Response, Refusal> {
        match self {
            Self::Inspector => Ok(inspector(platform)),
            Self::OpenApi => Ok(reply::typed(StatusCode::OK, "application/json", OPENAPI)),
            Self::Icon => Ok(reply::typed(StatusCode::OK, "image/svg+xml", inspector::ICON)),
            Self::Authority => authority(platform),
            Self::Ladder(call) => ladder(platform, call),
            Self::Members(call) => {
                let members = start::members(platform, call).unwrap_or_default();
                Ok(reply::value(StatusCode::OK, &members))
            }
        }
    }
}

fn inspector(platform: &Arc<Platform>) -> Response {
    let nonce = platform.traces.next();
    let page = inspector::page(&platform.url, &nonce);
    let mut response = reply::typed(StatusCode::OK, "text/html; charset=utf-8", page.into_string());
    // Nothing comes from elsewhere, and nobody puts this page into a frame.
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; \
         img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    );
    if let Ok(value) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, value);
    }
    response
}

fn authority(platform: &Arc<Platform>) -> Result<Response, Refusal> {
    match &platform.https {
        Some(https) => {
            Ok(reply::typed(StatusCode::OK, "application/x-pem-file", https.pem.clone()))
        }
        None => Err(refusal(
            ErrorFamily::Control,
            Situation::NotFound,
            "no-https",
            "whether https is served",
            "this emulator serves no https, and has no certificate",
            "an emulator that serves https",
            "start the emulator with --tls",
        )),
    }
}

fn ladder(platform: &Arc<Platform>, call: &LegId) -> Result<Response, Refusal> {
    let entries = platform.core().transcript(call);
    let Some(entries) = entries else {
        return Err(refusal(
            ErrorFamily::Control,
            Situation::NotFound,
            "call-unknown",
            "the id of the call",
            format!("there is no call `{}`", call.as_str().chars().take(80).collect::<String>()),
            "the id of a call that is kept",
            "GET /_ringback/calls lists them",
        ));
    };
    let picture = ringback_ladder::svg(&entries);
    Ok(reply::typed(StatusCode::OK, "image/svg+xml", picture))
}
