//! `connect`: whom it names, what is shown to them, and what the caller hears meanwhile.

use std::sync::Arc;

use ringback_model::{
    Timestamp,
    ncco::{Connect, ConnectEventType, Endpoint, WebsocketAuthorizationType, WebsocketEndpoint},
};

use super::{dial::Dialling, room::MOST_LEGS, script::Then};
use crate::{
    Exchange, SocketAuthorization,
    detection::Detection,
    directory::{Country, Hook},
    far::{Far, Websocket},
    note::Told,
    run::Step,
    webhook::compact,
};

/// Seconds to ring when nobody says.
pub(crate) const TIMEOUT: u32 = 60;
/// Seconds to talk when nobody says.
pub(crate) const LIMIT: u32 = 7_200;
/// What a websocket is sent when nobody says.
const CONTENT_TYPE: &str = "audio/l16;rate=16000";
/// What the application is told when it dials too often.
const TOO_MANY: &str = "Rate limit reached: too many calls in a second";

impl Exchange {
    /// Dials whom the action names; the script waits until they answer or do not.
    pub(super) fn connect(&mut self, now: Timestamp, key: u64, connect: &Connect) -> Then {
        self.note(now, key, Told::Action("connect"));
        if !self.may_dial(now) {
            self.tell_error(now, key, TOO_MANY);
            self.note(now, key, Told::Trouble("a call cannot be placed", TOO_MANY.into()));
            return Then::GoesOn;
        }
        let Some(leg) = self.legs.get(key) else { return Then::Waits };
        let (call, conversation) = (leg.call, leg.conversation);
        // Callees whose own scripts call others must come to an end somewhere.
        if self.conversations.get(conversation).is_some_and(|all| all.live >= MOST_LEGS) {
            let reason = format!("The conversation has {MOST_LEGS} legs already; no more can join");
            self.tell_error(now, key, &reason);
            self.note(now, key, Told::Trouble("a call cannot be placed", reason.into()));
            return Then::GoesOn;
        }
        let Some(routes) = self.calls.get(call).map(|call| Arc::clone(&call.routes)) else {
            return Then::Waits;
        };
        let Some((far, to)) = connect.endpoint.first().and_then(far_of) else {
            return Then::GoesOn;
        };
        let from = self.shown(&routes.application, &far, &to, connect);
        let event_url = connect.event_url.as_ref().and_then(|urls| urls.first());
        let phone = match connect.endpoint.first() {
            Some(Endpoint::Phone(phone)) => Some(phone),
            _ => None,
        };
        let on_answer = phone.and_then(|phone| phone.on_answer.as_ref());
        let dialling = Dialling {
            by: Some(key),
            call,
            conversation,
            from,
            to,
            far,
            timeout: connect.timeout.unwrap_or(TIMEOUT),
            limit: connect.limit.unwrap_or(LIMIT),
            synchronous: connect.event_type == Some(ConnectEventType::Synchronous),
            hook: event_url.filter(|url| !url.is_empty()).map(|url| {
                Hook::of_action(url, connect.event_method.as_ref(), routes.event.as_deref())
            }),
            detection: Detection::of(
                connect.machine_detection.as_ref(),
                connect.advanced_machine_detection.as_ref(),
            ),
            on_answer: on_answer
                .map(|script| Hook::of_script(&script.url, None, routes.answer.as_deref())),
            keys: phone.and_then(|phone| phone.dtmf_answer.as_deref()).map(Into::into),
            asked_from: connect.from.as_deref().filter(|from| is_number(from)).map(Into::into),
            run: None,
        };
        let Some(leg) = self.dial(now, dialling) else { return Then::Waits };
        let tone = on_answer.and_then(|script| script.ringback_tone.as_deref());
        if let Some(tone) = tone.or(connect.ringback_tone.as_deref()) {
            self.note(now, key, Told::HearsTone(tone.into()));
        }
        match self.refuse_at_once(now, leg) {
            None => {
                self.set_step(key, Step::Dialling { leg });
                Then::Waits
            }
            Some(asked) => {
                self.note(now, key, Told::ActionDone("connect"));
                if asked {
                    self.set_step(key, Step::Asking);
                    return Then::Waits;
                }
                Then::GoesOn
            }
        }
    }

    /// What the callee is shown: a number of the account, a name for users, else `Unknown`.
    fn shown(
        &self,
        application: &ringback_model::ApplicationId,
        far: &Far,
        to: &str,
        connect: &Connect,
    ) -> Arc<str> {
        if connect.random_from_number == Some(true) {
            return self
                .random_number(application, to)
                .unwrap_or_else(|| Arc::clone(&self.unknown));
        }
        match connect.from.as_deref() {
            // Anything passes through to users, as a real log shows.
            Some(from) if matches!(far, Far::App) => from.into(),
            Some(from) if self.numbers.owned(from).is_some() => from.into(),
            _ => Arc::clone(&self.unknown),
        }
    }

    /// One of the application's numbers, of the callee's country if there is one.
    pub(crate) fn random_number(
        &self,
        application: &ringback_model::ApplicationId,
        to: &str,
    ) -> Option<Arc<str>> {
        let own = || {
            self.numbers.rented().filter(|owned| owned.application.as_ref() == Some(application))
        };
        let country = Country::of(to).map(|country| country.code);
        own()
            .find(|owned| Some(owned.number.country) == country)
            .or_else(|| own().next())
            .map(|owned| Arc::clone(&owned.number.msisdn))
    }

    /// Counts a call that is placed; false when there were too many in the last second.
    pub(crate) fn may_dial(&mut self, now: Timestamp) -> bool {
        let Some(most) = self.settings.calls_per_second else { return true };
        let since = now.as_millis() - 1_000;
        while self.dialled.front().is_some_and(|at| at.as_millis() <= since) {
            self.dialled.pop_front();
        }
        if self.dialled.len() >= most as usize {
            return false;
        }
        self.dialled.push_back(now);
        true
    }
}

/// Whether a text can be a number: 7 to 15 digits.
pub(crate) fn is_number(text: &str) -> bool {
    (7..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// What an endpoint of a script names, and how it is written in events.
fn far_of(endpoint: &Endpoint) -> Option<(Far, Arc<str>)> {
    Some(match endpoint {
        Endpoint::Phone(phone) => (Far::Phone, phone.number.as_str().into()),
        Endpoint::App(app) => (Far::App, app.user.as_str().into()),
        Endpoint::Vbc(vbc) => (Far::Vbc, vbc.extension.as_str().into()),
        Endpoint::Sip(sip) => {
            let uri = sip_uri(sip.uri.as_deref(), sip.user.as_deref(), sip.domain.as_deref())?;
            (
                Far::Sip(sip.headers.as_ref().map(|headers| Box::new(compact(headers)))),
                uri.as_str().into(),
            )
        }
        Endpoint::Websocket(socket) => websocket(socket),
        _ => return None,
    })
}

/// The URI, or the user at the provisioned domain.
pub(crate) fn sip_uri(
    uri: Option<&str>,
    user: Option<&str>,
    domain: Option<&str>,
) -> Option<String> {
    match (uri, user, domain) {
        (Some(uri), ..) => Some(uri.to_owned()),
        (None, Some(user), Some(domain)) => Some(format!("sip:{user}@{domain}")),
        (None, None, Some(domain)) => Some(format!("sip:{domain}")),
        (None, _, None) => None,
    }
}

pub(crate) fn websocket(endpoint: &WebsocketEndpoint) -> (Far, Arc<str>) {
    let content_type = endpoint.content_type.as_deref().unwrap_or(CONTENT_TYPE);
    let rate = content_type
        .split_once("rate=")
        .filter(|(kind, _)| kind.trim_end().trim_end_matches(';').trim() == "audio/l16")
        .and_then(|(_, rate)| rate.parse().ok())
        .filter(|rate| matches!(rate, 8_000 | 16_000 | 24_000));
    let authorization = match &endpoint.authorization {
        None => SocketAuthorization::Absent,
        Some(authorization) => match (&authorization.kind, &authorization.value) {
            (Some(WebsocketAuthorizationType::Custom), Some(value)) => {
                SocketAuthorization::Custom(value.clone())
            }
            _ => SocketAuthorization::Platform,
        },
    };
    let socket = Websocket {
        content_type: content_type.into(),
        rate,
        headers: endpoint.headers.as_ref().map(compact),
        authorization,
    };
    (Far::Websocket(Box::new(socket)), endpoint.uri.as_str().into())
}
