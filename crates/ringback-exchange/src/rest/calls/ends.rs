//! Both ends of a call that is to be placed, and the addresses in its body, checked.

use std::sync::Arc;

use ringback_model::{
    Json,
    calls::{CallEndpoint, Caller as From},
};

use super::media::check_keys;
use crate::{
    Refusal,
    far::Far,
    flow::{self, is_number},
    refusal::voice::{self, field},
};

/// Who is called, how that is written in events, and the keys that are pressed after the answer.
pub(super) type Callee = (Far, Arc<str>, Option<Box<str>>);

pub(super) fn callee(to: &[CallEndpoint]) -> Result<Callee, Refusal> {
    let [to] = to else {
        let seen = format!("{} endpoints", to.len());
        return Err(field("to", "must contain exactly one endpoint", &seen));
    };
    Ok(match to {
        CallEndpoint::Phone(phone) => {
            let number = number("to.number", &phone.number)?;
            if let Some(keys) = phone.dtmf_answer.as_deref().filter(|keys| !keys.is_empty()) {
                check_keys("to.dtmfAnswer", keys)?;
            }
            (Far::Phone, number.into(), phone.dtmf_answer.as_deref().map(Into::into))
        }
        CallEndpoint::Sip(sip) => {
            let (user, domain) = (sip.user.as_deref(), sip.domain.as_deref());
            let uri = flow::sip_uri(sip.uri.as_deref(), user, domain).unwrap_or_default();
            if !is_sip(&uri) {
                return Err(field("to.uri", "must be a URI beginning with sip: or sips:", &uri));
            }
            check_headers(sip.headers.as_ref())?;
            (Far::Sip(sip.headers.clone().map(Box::new)), uri.into(), None)
        }
        CallEndpoint::Websocket(endpoint) => {
            if !begins(&endpoint.uri, &["ws://", "wss://"]) {
                let reason = "must be a URI beginning with ws:// or wss://";
                return Err(field("to.uri", reason, &endpoint.uri));
            }
            check_headers(endpoint.headers.as_ref())?;
            let (far, uri) = flow::websocket(endpoint);
            if let Far::Websocket(socket) = &far {
                if socket.rate.is_none() {
                    let reason = "must be one of: audio/l16;rate=8000, audio/l16;rate=16000, \
                                  audio/l16;rate=24000";
                    return Err(field("to.content-type", reason, &socket.content_type));
                }
                if let Some(fault) = socket.fault() {
                    return Err(field("to.headers", "must be shorter", &fault));
                }
            }
            (far, uri, None)
        }
        CallEndpoint::Vbc(vbc) if vbc.extension.trim().is_empty() => {
            return Err(field("to.extension", "must not be blank", &vbc.extension));
        }
        CallEndpoint::Vbc(vbc) => (Far::Vbc, vbc.extension.as_str().into(), None),
        CallEndpoint::App(app) if app.user.trim().is_empty() => {
            return Err(field("to.user", "must not be blank", &app.user));
        }
        CallEndpoint::App(app) => (Far::App, app.user.as_str().into(), None),
        CallEndpoint::Unknown(other) => {
            let kind = kind_of(other);
            let reason = "must be one of: phone, sip, websocket, vbc, app";
            return Err(field("to.type", reason, &kind));
        }
        other => {
            let kind = other.kind().unwrap_or_default();
            return Err(field("to.type", "must be phone, sip, websocket, vbc or app", kind));
        }
    })
}

/// The caller that was asked for: digits, a SIP URI, or a user's name.
pub(super) fn caller(from: &From) -> Result<&str, Refusal> {
    let number = |path, text| if is_sip(text) { Ok(text) } else { number(path, text) };
    match from {
        From::Text(text) => number("from", text),
        From::Object(party) => match party.kind.as_ref().map_or("phone", |kind| kind.as_str()) {
            "phone" => number("from.number", party.number.as_deref().unwrap_or_default()),
            "sip" => {
                let uri = party.uri.as_deref().or(party.number.as_deref()).unwrap_or_default();
                let reason = "must be a URI beginning with sip: or sips:";
                if is_sip(uri) { Ok(uri) } else { Err(field("from.uri", reason, uri)) }
            }
            "app" => match party.user.as_deref() {
                Some(user) if !user.trim().is_empty() => Ok(user),
                user => Err(field("from.user", "must not be blank", user.unwrap_or_default())),
            },
            other => Err(field("from.type", "must be one of: phone, sip, app", other)),
        },
        other => {
            let seen = serde_json::to_string(other).unwrap_or_default();
            Err(field("from", "must be an object with type and number, or a number", &seen))
        }
    }
}

/// The one address of a list; none when the list is empty or not there.
pub(super) fn address<'a>(
    path: &str,
    urls: Option<&'a [String]>,
) -> Result<Option<&'a str>, Refusal> {
    match urls {
        None | Some([]) => Ok(None),
        Some([url]) if begins(url, &["http://", "https://"]) => Ok(Some(url)),
        Some([url]) => Err(field(path, "must be a URL beginning with http:// or https://", url)),
        Some(urls) => {
            let seen = format!("{} addresses", urls.len());
            Err(field(path, "must contain exactly one address", &seen))
        }
    }
}

fn check_headers(headers: Option<&Json>) -> Result<(), Refusal> {
    match headers {
        Some(headers) if !headers.as_str().starts_with('{') => {
            Err(field("to.headers", "must be an object", headers.as_str()))
        }
        _ => Ok(()),
    }
}

/// A number: 7 to 15 digits, perhaps behind a plus sign.
fn number<'a>(path: &str, text: &'a str) -> Result<&'a str, Refusal> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    if is_number(digits) {
        return Ok(digits);
    }
    Err(field(path, voice::NUMBER, text)
        .expected("7 to 15 digits with the country code, such as 447700900000"))
}

fn is_sip(uri: &str) -> bool {
    begins(uri, &["sip:", "sips:"])
}

/// Whether a text begins with one of these, and goes on.
fn begins(text: &str, schemes: &[&str]) -> bool {
    schemes.iter().any(|scheme| {
        text.len() > scheme.len()
            && text.as_bytes()[..scheme.len()].eq_ignore_ascii_case(scheme.as_bytes())
            && !text.contains(char::is_whitespace)
    })
}

/// The `type` of an endpoint that is not known.
fn kind_of(endpoint: &Json) -> String {
    let fields = endpoint.read::<serde_json::Value>().unwrap_or_default();
    match fields.get("type") {
        Some(serde_json::Value::String(kind)) => kind.clone(),
        Some(other) => other.to_string(),
        None => "nothing".to_owned(),
    }
}
