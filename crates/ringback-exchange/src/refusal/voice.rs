//! Why the Voice API refuses.

use ringback_model::{
    ApplicationId,
    problem::{
        Details,
        known::{api, voice},
    },
};
use ringback_ncco::{NOTHING, Position, Report, SYNTAX_ERROR};

use super::{KIND, Refusal, kind};
use crate::leg::State;

/// What the platform says about a number that is none.
pub(crate) const NUMBER: &str = "can contain up to 15 digits prefixed with +";

/// A field that can be read but is not allowed; the reason says what is accepted.
///
/// The platform names the field alone, the explanation the whole path.
pub(crate) fn field(path: &str, reason: &str, seen: &str) -> Refusal {
    let name = path.rsplit('.').next().unwrap_or(path);
    Refusal::new(voice::BAD_REQUEST.details().invalid(name, reason), "parameter-invalid")
        .checked(format!("the value of {path}"))
        .seen(format!("{path} was {:?}", cut(seen)))
        .expected(format!("a value that {reason}").replace("that must be", "that is"))
        .fix(format!("it {reason}"))
}

/// A field that is missing, or there beside another that excludes it.
pub(crate) fn choice(
    reason: &'static str,
    name: &str,
    why: &str,
    seen: &str,
    expected: &str,
    fix: &str,
) -> Refusal {
    Refusal::new(voice::BAD_REQUEST.details().invalid(name, why), reason)
        .checked("which fields the body has")
        .seen(seen)
        .expected(expected)
        .fix(fix)
}

/// Nobody's token: only applications have calls.
pub(crate) fn no_application() -> Refusal {
    Refusal::new(voice::UNAUTHORIZED.details(), "token-without-application")
        .checked("which application calls")
        .seen("the request does not come from an application of this account")
        .expected("a token of an application: Authorization: Bearer …")
        .fix("mint the token with the application's id and private key: ringback jwt")
}

/// An application that is not capable of calls; that it is refused so is inferred.
pub(crate) fn no_capability(application: &ApplicationId) -> Refusal {
    Refusal::new(Details::new(403, "FORBIDDEN"), "application-without-voice")
        .checked("that the application has the capability voice")
        .seen(format!("the application {application} has no capability `voice`"))
        .expected("an application with capabilities.voice")
        .fix("add the capability `voice` with its webhooks: ringback apps update")
}

/// There is no such leg, as far as anybody remembers.
pub(crate) fn no_such_leg(id: &str, known_as: Option<&str>) -> Refusal {
    let id = cut(id);
    let reason = kind(&id).map_or("call-unknown", |_| KIND);
    let (seen, fix) = match (known_as, kind(&id)) {
        (Some(leg), _) => (
            format!("there is no call {id:?}, but there is {leg}"),
            "take the uuid as it came: legs that came in have no dashes, others have".to_owned(),
        ),
        (None, Some("conversation")) => (
            format!("{id:?} is the id of a conversation, not of a call"),
            "take `uuid`, not `conversation_uuid`".to_owned(),
        ),
        (None, Some(kind)) => (
            format!("{id:?} is the id of a {kind}, not of a call"),
            "take the `uuid` of the call, which has nothing before it".to_owned(),
        ),
        _ => (
            format!("there is no call {id:?}, or it ended so long ago that it is forgotten"),
            "list the application's calls: GET /v1/calls".to_owned(),
        ),
    };
    Refusal::new(voice::NOT_FOUND.details(), reason)
        .checked("the uuid of the call")
        .seen(seen)
        .expected("the uuid of a call of this application")
        .fix(fix)
}

/// The leg belongs to another application; the platform says that there is none.
pub(crate) fn foreign_leg(id: &str, caller: &ApplicationId, owner: &ApplicationId) -> Refusal {
    Refusal::new(voice::NOT_FOUND.details(), "call-of-another-application")
        .checked("that the call belongs to the token's application")
        .seen(format!("the token is of application {caller}, but {} belongs to {owner}", cut(id)))
        .expected("the uuid of a call of this application")
        .fix("mint the token with the id and private key of the application that has the call")
}

/// The leg is over: nothing can be done with it any more.
pub(crate) fn leg_is_over(id: &str, state: State) -> Refusal {
    Refusal::new(voice::NOT_FOUND.details(), "call-over")
        .checked("that the call is up")
        .seen(format!("{} is over: its status is {}", cut(id), state.word()))
        .expected("a call that is up")
        .fix("do it before the event `completed`")
}

/// The leg has not been answered yet.
pub(crate) fn not_answered(id: &str, state: State, what: &str) -> Refusal {
    Refusal::new(voice::BAD_REQUEST.details(), "call-not-answered")
        .checked("that the call has been answered")
        .seen(format!("{} cannot {what}: its status is {}", cut(id), state.word()))
        .expected("a call whose status is answered")
        .fix("wait for its event `answered`")
}

/// One call too many in this second.
pub(crate) fn too_many_calls(most: u32) -> Refusal {
    Refusal::new(api::RATE_LIMIT.details(), "rate-limit")
        .checked("the calls of the last second, those of `connect` among them")
        .seen(format!("{most} calls were placed within the last second"))
        .expected(format!("at most {most} calls a second"))
        .fix("wait a second and send it again")
}

/// A call that could not be placed, which does not happen.
pub(crate) fn not_placed() -> Refusal {
    Refusal::new(api::INTERNAL_SERVER_ERROR.details(), "call-not-placed")
        .checked("that the call was placed")
        .seen("the call was gone as soon as it was placed")
        .expected("a call")
        .fix("report this with the request that led to it")
}

/// A script that cannot be run; the explanation says where in the body it is wrong.
pub(crate) fn script(pointer: &str, script: &str, body: &[u8], report: &Report) -> Refusal {
    let platform = report.platform().unwrap_or(SYNTAX_ERROR);
    let name = pointer.rsplit('/').next().unwrap_or("ncco");
    let exact = match report.first_error() {
        Some(found) => {
            let mut found = found.clone();
            found.pointer.insert_str(0, pointer);
            let before = std::str::from_utf8(body).ok().and_then(|body| body.split_once(script));
            found.position = match (found.position, before) {
                (Some(at), Some((before, _))) => Some(moved(at, before)),
                _ => None,
            };
            found.to_string()
        }
        None => format!("{pointer}: {NOTHING}"),
    };
    let accepted = report.first_error().and_then(|found| found.accepted.clone());
    Refusal::new(voice::BAD_REQUEST.details().invalid(name, platform), "ncco-invalid")
        .checked(format!("the script in {pointer}"))
        .seen(exact)
        .expected(accepted.unwrap_or_else(|| "a call script that can be run".to_owned()))
        .fix("correct the script; check it first: ringback ncco check FILE")
}

/// A place in a part of a text, as a place in the whole.
fn moved(mut at: Position, before: &str) -> Position {
    if at.line == 1 {
        let line = before.rsplit('\n').next().unwrap_or(before);
        at.column += line.chars().count();
    }
    at.line += before.matches('\n').count();
    at.offset += before.len();
    at
}

fn cut(text: &str) -> String {
    text.chars().take(60).collect()
}
