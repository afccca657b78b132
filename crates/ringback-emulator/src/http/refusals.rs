//! Refusals: said as the platform says them, and explained beside it.

use std::collections::VecDeque;

use axum::response::Response;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use ringback_exchange::Refusal;
use ringback_model::{
    control,
    operation::ErrorFamily,
    problem::{
        Details,
        known::{Known, api, conversation, rest, voice},
    },
};

use super::reply;
use crate::{mask, platform::Platform};

/// How many refusals are kept.
const KEPT: usize = 1_000;

const REASON: HeaderName = HeaderName::from_static("ringback-reason");
const HINT: HeaderName = HeaderName::from_static("ringback-hint");
const TRACE: HeaderName = HeaderName::from_static("ringback-trace");

/// What a request was, as far as it is known when it is refused.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    pub(crate) method: Method,
    /// Without the query, which may hold credentials.
    pub(crate) path: String,
    pub(crate) operation: Option<&'static str>,
    pub(crate) family: ErrorFamily,
    /// The methods that the path has, when the method is what is wrong.
    pub(crate) allowed: Option<String>,
}

/// What was refused lately, the newest last.
#[derive(Debug, Default)]
pub(crate) struct Refusals(VecDeque<control::Refusal>);

impl Refusals {
    pub(crate) fn list(&self) -> Vec<control::Refusal> {
        self.0.iter().cloned().collect()
    }

    pub(crate) fn get(&self, trace: &str) -> Option<control::Refusal> {
        self.0.iter().rev().find(|refusal| refusal.trace == trace).cloned()
    }

    fn push(&mut self, refusal: control::Refusal) {
        if self.0.len() >= KEPT {
            self.0.pop_front();
        }
        self.0.push_back(refusal);
    }
}

/// Answers with a refusal: the platform's body, three headers of ours, a log line, a record.
pub(crate) fn respond(platform: &Platform, context: &Context, mut refusal: Refusal) -> Response {
    let trace = platform.traces.next();
    refusal.details.instance.clone_from(&trace);
    refusal.seen = mask::addresses(&refusal.seen);
    let status = refusal.status();
    let hint = refusal.hint();
    let body = match context.family {
        // Whoever is told to wait is told so in one shape: the Voice API's own is not known.
        ErrorFamily::Voice | ErrorFamily::ErrorCodeLabel if status == 429 => {
            refusal.body(ErrorFamily::Problem)
        }
        ErrorFamily::Control => control_body(&refusal, &hint, &trace),
        family => refusal.body(family),
    };
    let path = mask::numbers(&context.path);
    tracing::warn!(
        status,
        reason = refusal.reason,
        method = %context.method,
        path,
        operation = context.operation,
        seen = mask::numbers(&refusal.seen),
        expected = mask::numbers(&refusal.expected),
        fix = refusal.fix,
        trace,
        "refused"
    );
    record(platform, context, &refusal, &hint, &trace, &body);

    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = reply::json(status, body);
    let headers = response.headers_mut();
    headers.insert(REASON, HeaderValue::from_static(refusal.reason));
    for (name, text) in [(HINT, &hint), (TRACE, &trace), (reply::TRACE_ID, &trace)] {
        if let Ok(value) = HeaderValue::from_str(text) {
            headers.insert(name, value);
        }
    }
    if let Some(allowed) = context.allowed.as_deref().map(HeaderValue::from_str) {
        headers.extend(allowed.ok().map(|allowed| (header::ALLOW, allowed)));
    }
    if context.family == ErrorFamily::Control && status == StatusCode::UNAUTHORIZED {
        let value = HeaderValue::from_static("Basic realm=\"ringback\", charset=\"UTF-8\"");
        headers.insert(header::WWW_AUTHENTICATE, value);
    }
    response
}

fn record(
    platform: &Platform,
    context: &Context,
    refusal: &Refusal,
    hint: &str,
    trace: &str,
    body: &[u8],
) {
    let Refusal { reason, checked, seen, expected, fix, .. } = refusal;
    let wall = platform.wall.now();
    let status = u32::from(refusal.status());
    let mut kept = control::Refusal::new(trace, wall, status, *reason, hint)
        .method(context.method.as_str())
        .path(context.path.as_str())
        .checked(checked.as_str())
        .seen(seen.as_str())
        .expected(expected.as_str())
        .fix(fix.as_str())
        .platform(String::from_utf8_lossy(body));
    kept.operation = context.operation.map(str::to_owned);
    platform.refusals.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(kept);

    let label = format!("{} {} refused: {status} {reason}", context.method, context.path);
    let kind = control::TranscriptKind::Error;
    let entry = control::TranscriptEntry::new(0, platform.now(), kind, label).detail(hint);
    platform.note(&mut platform.core(), entry);
}

fn control_body(refusal: &Refusal, hint: &str, trace: &str) -> Vec<u8> {
    let error = control::Error::new(refusal.reason, hint)
        .seen(refusal.seen.as_str())
        .expected(refusal.expected.as_str())
        .fix(refusal.fix.as_str())
        .trace(trace);
    serde_json::to_vec(&error).unwrap_or_default()
}

/// What the platform has words for, in every family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Situation {
    Unauthorized,
    MissingToken,
    ExpiredToken,
    MultipleMethods,
    Forbidden,
    NotFound,
    UnknownVersion,
    WrongMethod,
    NotJson,
    TooLarge,
    TooSlow,
    BadRequest,
    TooMany,
    Unavailable,
    Internal,
}

/// A refusal of the emulator's own, in the words of a family.
pub(crate) fn refusal(
    family: ErrorFamily,
    situation: Situation,
    reason: &'static str,
    checked: impl Into<String>,
    seen: impl Into<String>,
    expected: impl Into<String>,
    fix: impl Into<String>,
) -> Refusal {
    Refusal {
        details: details(family, situation),
        reason,
        checked: checked.into(),
        seen: seen.into(),
        expected: expected.into(),
        fix: fix.into(),
    }
}

fn details(family: ErrorFamily, situation: Situation) -> Details {
    let status = status(situation);
    match family {
        ErrorFamily::ConversationProblem | ErrorFamily::CodeDescription => {
            let mut known = conversation_error(situation).details();
            // Where the vendor gives no words, the status is ours.
            known.status = status;
            match situation {
                Situation::MissingToken => {
                    known.detail("You did not provide a token. Please provide a valid token.")
                }
                Situation::ExpiredToken => {
                    known.detail("You provided an expired token. Please provide a valid token.")
                }
                _ => known,
            }
        }
        ErrorFamily::Problem => {
            let mut known = api_error(situation).details();
            known.status = status;
            let code = match situation {
                Situation::ExpiredToken => Some("jwt-expired"),
                Situation::MultipleMethods => Some("multiple-auth-methods"),
                Situation::BadRequest => Some("invalid-json"),
                _ => None,
            };
            if let Some(code) = code {
                known.code = code.into();
            }
            known
        }
        ErrorFamily::ErrorCodeLabel | ErrorFamily::Voice if status == 429 => {
            api::RATE_LIMIT.details()
        }
        ErrorFamily::ErrorCodeLabel => match status {
            401 => rest::AUTHENTICATION_FAILED.details(),
            _ => Details::new(status, status.to_string()).detail(phrase(status)),
        },
        ErrorFamily::Voice => match status {
            401 => voice::UNAUTHORIZED.details(),
            404 => voice::NOT_FOUND.details(),
            400 => voice::BAD_REQUEST.details(),
            _ => Details::new(status, ""),
        },
        // Its body is made from the refusal itself.
        ErrorFamily::Control => Details::new(status, ""),
    }
}

fn conversation_error(situation: Situation) -> Known {
    match situation {
        Situation::Unauthorized | Situation::MultipleMethods => conversation::INVALID_TOKEN,
        Situation::MissingToken => conversation::MISSING_TOKEN,
        Situation::ExpiredToken => conversation::EXPIRED_TOKEN,
        Situation::Forbidden => conversation::PERMISSION,
        Situation::NotFound => conversation::ENDPOINT_NOT_FOUND,
        Situation::UnknownVersion => conversation::VERSION_NOT_ALLOWED,
        Situation::WrongMethod => conversation::METHOD_NOT_ALLOWED,
        Situation::NotJson => conversation::UNSUPPORTED_MEDIA_TYPE,
        Situation::TooLarge | Situation::TooSlow | Situation::BadRequest => {
            conversation::VALIDATION
        }
        Situation::TooMany => conversation::TOO_MANY_REQUESTS,
        Situation::Unavailable | Situation::Internal => conversation::INTERNAL_ERROR,
    }
}

fn api_error(situation: Situation) -> Known {
    match situation {
        Situation::Unauthorized
        | Situation::MissingToken
        | Situation::ExpiredToken
        | Situation::MultipleMethods => api::UNAUTHORIZED,
        Situation::Forbidden => api::FORBIDDEN,
        Situation::NotFound | Situation::UnknownVersion => api::NOT_FOUND,
        Situation::WrongMethod => api::WRONG_VERB,
        Situation::NotJson => api::CONTENT_TYPE_HEADER,
        Situation::TooLarge | Situation::TooSlow | Situation::BadRequest => api::PAYLOAD_VALIDATION,
        Situation::TooMany => api::RATE_LIMIT,
        Situation::Unavailable | Situation::Internal => api::INTERNAL_SERVER_ERROR,
    }
}

fn status(situation: Situation) -> u16 {
    match situation {
        Situation::Unauthorized
        | Situation::MissingToken
        | Situation::ExpiredToken
        | Situation::MultipleMethods => 401,
        Situation::Forbidden => 403,
        Situation::NotFound | Situation::UnknownVersion => 404,
        Situation::WrongMethod => 405,
        Situation::NotJson => 415,
        Situation::TooLarge => 413,
        Situation::TooSlow => 408,
        Situation::BadRequest => 400,
        Situation::TooMany => 429,
        Situation::Unavailable => 503,
        Situation::Internal => 500,
    }
}

/// The words of HTTP, in the casing of `rest.nexmo.com`.
fn phrase(status: u16) -> String {
    let known = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    known.unwrap_or("method failed").to_ascii_lowercase()
}
