//! One origin for every path of the platform, the control API and the inspector.

pub(crate) mod auth;
mod cors;
pub(crate) mod gate;
mod generation;
mod host_path;
pub(crate) mod limits;
mod own_key;
pub(crate) mod refusals;
pub(crate) mod reply;
pub(crate) mod route;

use std::{error::Error as _, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    response::Response,
};
use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, Version, header, request::Parts};
use http_body_util::LengthLimitError;
use ringback_exchange::{Caller, Exchange, Input, Refusal};
use ringback_model::{
    Operation, OperationInfo,
    control::{GetHealth, Seed},
    operation::{Encoding, ErrorFamily, ReplyKind, RequestParts},
    problem::known::conversation,
};
use tokio::time::Instant;

use crate::{control, files, page, platform::Platform, seed, start};
use refusals::{Context, Situation, refusal};
use route::Route;

/// The largest body of a request.
const LARGEST_BODY: usize = 1024 * 1024;
/// How long a body may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(10);

/// What answers every request.
pub(crate) fn router(platform: Arc<Platform>) -> Router {
    Router::new().fallback(answer).with_state(platform)
}

async fn answer(State(platform): State<Arc<Platform>>, request: Request) -> Response {
    let _in_progress = InProgress::begin(&platform);
    let (mut head, body) = request.into_parts();
    host_path::strip(&mut head.uri);
    let closes = has_body_of_no_length(&head);
    let mut context = Context {
        method: head.method.clone(),
        path: head.uri.path().to_owned(),
        operation: None,
        family: route::family(head.uri.path()),
        allowed: None,
    };
    let open = platform.gate.is_open_to_pages(context.family);
    let page = cors::origin(&head.headers).filter(|_| open);
    let mut response = match serve(&platform, &mut context, &head, body).await {
        Ok(response) => response,
        Err(refusal) => refusals::respond(&platform, &context, *refusal),
    };
    if !response.headers().contains_key(reply::TRACE_ID)
        && let Ok(trace) = HeaderValue::from_str(&platform.traces.next())
    {
        response.headers_mut().insert(reply::TRACE_ID, trace);
    }
    if let Some(page) = page {
        cors::allow(&mut response, page);
    }
    if closes {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Whether a body may follow that nothing announces; Node's client sends one so with a DELETE.
///
/// It would be taken for the next request: the connection ends after the answer instead.
fn has_body_of_no_length(head: &Parts) -> bool {
    let has = |name: header::HeaderName| head.headers.contains_key(name);
    head.version <= Version::HTTP_11
        && (head.method == Method::DELETE || has(header::CONTENT_TYPE))
        && !has(header::CONTENT_LENGTH)
        && !has(header::TRANSFER_ENCODING)
}

/// The checks in the order of the platform: who may talk here at all, route and version, method,
/// credentials, body, resource.
async fn serve(
    platform: &Arc<Platform>,
    context: &mut Context,
    head: &Parts,
    body: Body,
) -> Result<Response, Box<Refusal>> {
    platform.gate.check(context.family, head)?;
    if platform.gate.is_open_to_pages(context.family)
        && let Some(response) = cors::preflight(head)
    {
        return Ok(response);
    }
    if let Some(page) = page::find(&head.method, head.uri.path()) {
        if page.needs_token() {
            context.family = ErrorFamily::Control;
            platform.gate.check_control(&head.headers)?;
        }
        return page.answer(platform).map_err(Box::new);
    }
    let info = operation(context, head)?;
    context.operation = Some(info.id);
    context.family = info.errors;
    let body = read(info, body).await;
    let caller = match route::is_own(info) {
        true => {
            if info.id != GetHealth::INFO.id {
                platform.gate.check_control(&head.headers)?;
            }
            Caller::Control
        }
        false => {
            let bytes = body.as_deref().unwrap_or_default();
            auth::caller(platform, info, head, bytes)?
        }
    };
    if let Some(limits) = &platform.limits {
        limits.check(info, &caller, Instant::now())?;
    }
    let parts = parts(info, head, body?)?;
    if files::serves(info) {
        return files::answer(platform, info, &caller, &head.method, &parts).map_err(Box::new);
    }
    if Exchange::serves(info) {
        ask(platform, caller, info, parts).await
    } else {
        control::answer(platform, info, head, &parts).await.map_err(Box::new)
    }
}

fn operation(context: &mut Context, head: &Parts) -> Result<&'static OperationInfo, Box<Refusal>> {
    let path = head.uri.path();
    let family = context.family;
    let found = route::find(&head.method, path);
    if head.method == Method::HEAD
        && let Route::Operation(info) = route::find(&Method::GET, path)
        && info.reply == ReplyKind::Bytes
    {
        return Ok(info);
    }
    let refused = match found {
        Route::Operation(info) => return Ok(info),
        Route::WrongMethod { family, allowed } => {
            context.family = family;
            let seen = format!("the method {} on {path}", head.method);
            let fix = match generation::of(&head.method, path).as_slice() {
                [] => format!("use {allowed}"),
                others => {
                    format!("use {allowed}, or {} {}", head.method, generation::paths(others, path))
                }
            };
            let situation = Situation::WrongMethod;
            context.allowed = Some(allowed.clone());
            let mut refused =
                refusal(family, situation, "method-not-allowed", "the method", seen, allowed, fix);
            if family == ErrorFamily::Problem {
                refused.details.detail =
                    format!("Request method '{}' not supported", head.method).into();
            }
            refused
        }
        Route::UnknownVersion | Route::Unknown => nowhere(family, &head.method, path, &found),
    };
    Err(Box::new(refused))
}

/// A path that is not there: perhaps it is in another generation.
fn nowhere(family: ErrorFamily, method: &Method, path: &str, found: &Route) -> Refusal {
    let is_version = matches!(found, Route::UnknownVersion);
    let situation = if is_version { Situation::UnknownVersion } else { Situation::NotFound };
    let seen = format!("the path {path}");
    let others = generation::of(method, path);
    let elsewhere = (!others.is_empty()).then(|| generation::paths(&others, path));
    let (reason, checked, expected, fix) = match (is_version, &elsewhere) {
        (true, _) => (
            "version-unknown",
            "the version in the path",
            "a version such as /beta, /v0.3 or /v1",
            "correct the first part of the path; GET /openapi.json lists all paths",
        ),
        (false, Some(_)) => (
            "path-of-another-generation",
            "the generation in the path",
            "a generation that has this path",
            "",
        ),
        (false, None) => (
            "path-unknown",
            "the path",
            "a path of the platform",
            "correct the path; GET /openapi.json lists all of them",
        ),
    };
    let fix = elsewhere.map_or_else(|| fix.to_owned(), |paths| format!("use {method} {paths}"));
    refusal(family, situation, reason, checked, seen, expected, fix)
}

async fn read(info: &OperationInfo, body: Body) -> Result<Bytes, Box<Refusal>> {
    let family = info.errors;
    match tokio::time::timeout(BODY_TIME, to_bytes(body, LARGEST_BODY)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) => {
            let large = error.source().is_some_and(|source| source.is::<LengthLimitError>());
            Err(Box::new(match large {
                true => refusal(
                    family,
                    Situation::TooLarge,
                    "body-too-large",
                    "the size of the body",
                    format!("a body of more than {LARGEST_BODY} bytes"),
                    format!("at most {LARGEST_BODY} bytes"),
                    "send less",
                ),
                false => refusal(
                    family,
                    Situation::BadRequest,
                    "body-cut",
                    "the body",
                    "the body ended before its end",
                    "a whole body",
                    "send as many bytes as Content-Length says",
                ),
            }))
        }
        Err(_) => Err(Box::new(refusal(
            family,
            Situation::TooSlow,
            "body-too-slow",
            "the time the body takes",
            format!("the body did not arrive within {} s", BODY_TIME.as_secs()),
            "a body that arrives at once",
            "send the whole body; is Content-Length too large?",
        ))),
    }
}

fn parts(info: &OperationInfo, head: &Parts, body: Bytes) -> Result<RequestParts, Box<Refusal>> {
    let content_type = gate::text(&head.headers, header::CONTENT_TYPE).map(str::to_owned);
    let writes = !matches!(head.method, Method::GET | Method::HEAD | Method::DELETE);
    let json = content_type.as_deref().is_none_or(is_json);
    if writes && info.encoding == Encoding::Json && !body.is_empty() && !json {
        let mut refused = refusal(
            info.errors,
            Situation::NotJson,
            "content-type-not-json",
            "the Content-Type header",
            format!("the content type `{}`", content_type.as_deref().unwrap_or_default()),
            "application/json",
            "send `Content-Type: application/json` (curl -d says that it is a form)",
        );
        // Users have words of their own for it.
        if info.errors == ErrorFamily::ConversationProblem && info.path.contains("/users") {
            let reason = "Invalid Content-Type. Supported versions: [application/json]";
            refused.details = conversation::CONTENT_TYPE.details().invalid("content-type", reason);
        }
        return Err(Box::new(refused));
    }
    Ok(RequestParts {
        method: head.method.clone(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().map(str::to_owned),
        content_type,
        body,
    })
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
        || essence.to_ascii_lowercase().ends_with("+json")
}

async fn ask(
    platform: &Arc<Platform>,
    caller: Caller,
    info: &'static OperationInfo,
    parts: RequestParts,
) -> Result<Response, Box<Refusal>> {
    own_key::check(platform, info, &parts)?;
    let changes = info.method != Method::GET;
    if let Some(why) = platform.cannot_keep().filter(|_| changes) {
        return Err(not_kept(info, &why, "nothing was done"));
    }
    let mut request = ringback_exchange::Request { caller, operation: info, parts, key_pair: None };
    if info.id == Seed::INFO.id {
        // Applications are numbered in their order, and the one of the start is the first.
        platform.wait_until_ready().await;
        request.parts = seed::with_keys(platform, request.parts).await?;
    }
    let needs_key_pair = platform.core().exchange.needs_key_pair(&request);
    if needs_key_pair {
        // Applications are numbered in their order, and the one of the start is the first.
        platform.wait_until_ready().await;
        let pair = platform.keys.take().await;
        request.key_pair = pair.as_ref().map(start::key_pair);
    }
    let reply = platform.feed(Input::Request(request));
    // What is shown to somebody is there after a restart too.
    if let Err(why) = platform.kept().await
        && changes
    {
        return Err(not_kept(
            info,
            &why,
            "it was done, and is kept when that ends before the emulator does",
        ));
    }
    match reply {
        Some(Ok(answer)) => {
            let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
            Ok(reply::json(status, answer.body))
        }
        Some(Err(refusal)) => Err(Box::new(refusal)),
        None => Err(Box::new(refusal(
            info.errors,
            Situation::Internal,
            "no-answer",
            "the answer of the exchange",
            "the exchange gave no answer",
            "an answer",
            "report this; it is a fault of the emulator",
        ))),
    }
}

/// A change that cannot be kept is not acknowledged.
pub(crate) fn not_kept(info: &OperationInfo, why: &str, became: &str) -> Box<Refusal> {
    Box::new(refusal(
        info.errors,
        Situation::Unavailable,
        "state-not-kept",
        "whether the change can be kept in the data directory",
        format!("{why}; {became}"),
        "a data directory that can be written",
        "make room on the disk of the data directory, and send the request again",
    ))
}

/// A request in progress; the automatic clock skips nothing meanwhile.
struct InProgress<'a>(&'a Arc<Platform>);

impl<'a> InProgress<'a> {
    fn begin(platform: &'a Arc<Platform>) -> Self {
        platform.core().activity.request_begins(Instant::now());
        Self(platform)
    }
}

impl Drop for InProgress<'_> {
    fn drop(&mut self) {
        self.0.core().activity.request_ends(Instant::now());
        self.0.wake();
    }
}
