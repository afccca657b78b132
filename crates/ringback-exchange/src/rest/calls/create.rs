//! The Voice API calls somebody.

use std::sync::Arc;

use ringback_model::{
    ApplicationId, Direction, HttpMethod, LegStatus, Nothing, Timestamp,
    calls::{CreateCall, CreateCallRequest, CreateIpCall, CreatedCall},
    ncco::{Action, AdvancedMachineDetection, DetectionMode, MachineDetection},
};

use super::{
    application,
    ends::{address, callee, caller},
};
use crate::{
    Exchange, Refusal, Request,
    detection::Detection,
    directory::{Hook, Routes},
    far::Far,
    flow::{self, create::Order, is_number},
    refusal::voice::{self, choice, field},
};

/// The longest call, in seconds; 7,200 before 2025.
const LONGEST: u32 = 86_400;
/// The longest ringing, in seconds.
const LONGEST_RINGING: u32 = 120;

pub(in crate::rest) fn create(
    exchange: &mut Exchange,
    now: Timestamp,
    request: &Request,
    operation: &CreateCall,
) -> Result<CreatedCall, Refusal> {
    let key = place(exchange, now, request, &operation.body)?;
    let leg = exchange.legs.get(key).ok_or_else(voice::not_placed)?;
    let conversation = super::conversation(exchange, leg).ok_or_else(voice::not_placed)?;
    Ok(CreatedCall::new(leg.id(), LegStatus::Started, Direction::Outbound, conversation))
}

/// The same by IP: the answer says nothing, the leg's id comes with its first event.
pub(in crate::rest) fn create_ip(
    exchange: &mut Exchange,
    now: Timestamp,
    request: &Request,
    operation: &CreateIpCall,
) -> Result<Nothing, Refusal> {
    if operation.body.from.is_none() {
        return Err(choice(
            "from-missing",
            "from",
            "is required",
            "the body had no from",
            "both to and from",
            r#"add "from": {"type": "phone", "number": "…"}"#,
        ));
    }
    place(exchange, now, request, &operation.body)?;
    Ok(Nothing)
}

fn place(
    exchange: &mut Exchange,
    now: Timestamp,
    request: &Request,
    body: &CreateCallRequest,
) -> Result<u64, Refusal> {
    let id = application(&request.caller)?;
    let own = exchange.applications.get(id).ok_or_else(voice::no_application)?;
    if own.capabilities.voice.is_none() {
        return Err(voice::no_capability(id));
    }
    let routes = Arc::clone(&own.routes);
    let (far, to, keys) = callee(&body.to)?;
    let (from, asked_from) = shown(exchange, id, &far, &to, body)?;
    let script = script(body, &request.parts.body)?;
    let routes = routes_of(&routes, body)?;
    let limit = within("length_timer", body.length_timer, LONGEST, flow::LIMIT)?;
    let timeout = within("ringing_timer", body.ringing_timer, LONGEST_RINGING, flow::TIMEOUT)?;
    check_detection(body)?;
    let detection =
        Detection::of(body.machine_detection.as_ref(), body.advanced_machine_detection.as_ref());
    if !exchange.may_dial(now) {
        return Err(voice::too_many_calls(exchange.settings.calls_per_second.unwrap_or(0)));
    }
    let order =
        Order { routes, from, to, far, script, timeout, limit, detection, keys, asked_from };
    exchange.place(now, order).ok_or_else(voice::not_placed)
}

/// What the callee sees, and the digits that were asked for where it does not see them.
///
/// A number of the account is shown, anything else is `Unknown`; users are shown what is asked for,
/// as a `connect` does.
fn shown(
    exchange: &Exchange,
    application: &ApplicationId,
    far: &Far,
    to: &str,
    body: &CreateCallRequest,
) -> Result<(Arc<str>, Option<Box<str>>), Refusal> {
    let expected = "either from or random_from_number: true";
    let random = body.random_from_number == Some(true);
    let from = match &body.from {
        Some(_) if random => {
            return Err(choice(
                "from-ambiguous",
                "from",
                "must not be there together with random_from_number",
                "the body had from, and random_from_number was true",
                expected,
                "leave one of them out",
            ));
        }
        None if random => {
            let number = exchange.random_number(application, to);
            return number.map(|number| (number, None)).ok_or_else(|| {
                choice(
                    "no-number-linked",
                    "random_from_number",
                    "must be false for an application without numbers",
                    "random_from_number was true, but no number is linked to the application",
                    "an application with at least one number",
                    "link one: ringback link:app NUMBER APPLICATION_ID",
                )
            });
        }
        None => {
            return Err(choice(
                "from-missing",
                "from",
                "is required",
                "the body had neither from nor random_from_number",
                expected,
                r#"add "from": {"type": "phone", "number": "…"}"#,
            ));
        }
        Some(from) => caller(from)?,
    };
    let digits = from.strip_prefix('+').unwrap_or(from);
    Ok(match far {
        Far::App => (from.into(), None),
        _ if exchange.numbers.owned(digits).is_some() => (digits.into(), None),
        _ => (Arc::clone(&exchange.unknown), is_number(digits).then(|| digits.into())),
    })
}

/// The script of the call; none when it is to be fetched.
fn script(body: &CreateCallRequest, whole: &[u8]) -> Result<Option<Vec<Action>>, Refusal> {
    let url = address("answer_url", body.answer_url.as_deref())?;
    let wrong = |reason, why, seen, fix| {
        let expected = "either ncco or answer_url";
        Err(choice(reason, "ncco", why, seen, expected, fix))
    };
    match (&body.ncco, url) {
        (Some(_), Some(_)) => wrong(
            "script-ambiguous",
            "must not be there together with answer_url",
            "the body had both ncco and answer_url",
            "leave one of them out",
        ),
        (None, None) => wrong(
            "script-missing",
            "is required where there is no answer_url",
            "the body had neither ncco nor answer_url",
            r#"add "ncco": [{"action": "talk", "text": "Hello"}], or an answer_url"#,
        ),
        (None, Some(_)) => Ok(None),
        (Some(ncco), None) => flow::script_of(ncco.as_str().as_bytes())
            .map(Some)
            .map_err(|report| voice::script("/ncco", ncco.as_str(), whole, &report)),
    }
}

/// Where the webhooks of the call go: to its own addresses, else to those of the application.
fn routes_of(routes: &Arc<Routes>, body: &CreateCallRequest) -> Result<Arc<Routes>, Refusal> {
    let answer = address("answer_url", body.answer_url.as_deref())?;
    let event = address("event_url", body.event_url.as_deref())?;
    check_method("answer_method", body.answer_method.as_ref())?;
    check_method("event_method", body.event_method.as_ref())?;
    if event.is_none() && routes.event.is_none() {
        return Err(choice(
            "event-url-missing",
            "event_url",
            "is required where the application has none",
            "neither the body nor the application has an event_url",
            "an address that the events of the call are sent to",
            "add event_url, or set that of the application: ringback apps update",
        ));
    }
    if answer.is_none() && event.is_none() {
        return Ok(Arc::clone(routes));
    }
    let answer = answer
        .map(|url| Hook::of_script(url, body.answer_method.as_ref(), routes.answer.as_deref()));
    let event =
        event.map(|url| Hook::of_action(url, body.event_method.as_ref(), routes.event.as_deref()));
    Ok(Arc::new(Routes {
        application: routes.application.clone(),
        answer: answer.or_else(|| routes.answer.clone()),
        fallback: routes.fallback.clone(),
        event: event.or_else(|| routes.event.clone()),
        rtc: routes.rtc.clone(),
        signed: routes.signed,
        conversations_ttl: routes.conversations_ttl,
    }))
}

fn check_method(path: &str, method: Option<&HttpMethod>) -> Result<(), Refusal> {
    match method {
        Some(HttpMethod::Unknown(word)) => Err(field(path, "must be one of: GET, POST", word)),
        _ => Ok(()),
    }
}

fn check_detection(body: &CreateCallRequest) -> Result<(), Refusal> {
    let behaviour = |path, word: Option<&MachineDetection>| match word {
        Some(MachineDetection::Unknown(word)) => {
            Err(field(path, "must be one of: continue, hangup", word))
        }
        _ => Ok(()),
    };
    behaviour("machine_detection", body.machine_detection.as_ref())?;
    let Some(AdvancedMachineDetection { behavior, mode, beep_timeout, .. }) =
        &body.advanced_machine_detection
    else {
        return Ok(());
    };
    behaviour("advanced_machine_detection.behavior", behavior.as_ref())?;
    if let Some(DetectionMode::Unknown(word)) = mode {
        let reason = "must be one of: default, detect, detect_beep";
        return Err(field("advanced_machine_detection.mode", reason, word));
    }
    match beep_timeout {
        Some(seconds) if !(30..=120).contains(seconds) => {
            let path = "advanced_machine_detection.beep_timeout";
            Err(field(path, "must be between 30 and 120", &seconds.to_string()))
        }
        _ => Ok(()),
    }
}

fn within(
    name: &'static str,
    seconds: Option<u32>,
    most: u32,
    default: u32,
) -> Result<u32, Refusal> {
    match seconds {
        None => Ok(default),
        Some(seconds) if (1..=most).contains(&seconds) => Ok(seconds),
        Some(seconds) => {
            Err(field(name, &format!("must be between 1 and {most}"), &seconds.to_string()))
        }
    }
}
