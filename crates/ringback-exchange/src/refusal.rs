//! Why a REST call is refused, in full.

pub(crate) mod room;

pub(crate) mod voice;

use ringback_model::{
    ApplicationId, OperationInfo, PhoneNumberError,
    operation::{ErrorFamily, Fault, FaultPlace},
    problem::{
        self, Details, InvalidParameter,
        known::{self, api, conversation, rest},
    },
};

use crate::phone::ScriptError;

/// Why a REST call is refused: what the platform says, and what it does not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What the platform answers.
    pub details: Details,
    /// A stable code, such as `conversation-of-another-application`.
    pub reason: &'static str,
    /// What was checked.
    pub checked: String,
    /// What was seen; secrets only as length and hash prefix.
    pub seen: String,
    /// What was expected.
    pub expected: String,
    /// What to do.
    pub fix: String,
}

impl Refusal {
    /// A refusal whose explanation follows by the setters.
    #[must_use]
    pub fn new(details: Details, reason: &'static str) -> Self {
        let none = String::new;
        Self { details, reason, checked: none(), seen: none(), expected: none(), fix: none() }
    }

    /// Says what was checked.
    #[must_use]
    pub fn checked(mut self, checked: impl Into<String>) -> Self {
        self.checked = checked.into();
        self
    }

    /// Says what was seen.
    #[must_use]
    pub fn seen(mut self, seen: impl Into<String>) -> Self {
        self.seen = seen.into();
        self
    }

    /// Says what was expected.
    #[must_use]
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = expected.into();
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = fix.into();
        self
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.details.status
    }

    /// One ASCII sentence of at most 200 bytes, for a header.
    #[must_use]
    pub fn hint(&self) -> String {
        let mut hint = String::with_capacity(200);
        for part in [&self.seen, &self.fix] {
            if part.is_empty() {
                continue;
            }
            if !hint.is_empty() {
                hint.push_str("; ");
            }
            for c in part.chars() {
                match c {
                    ' '..='~' => hint.push(c),
                    '…' => hint.push_str("..."),
                    _ => hint.push('?'),
                }
            }
        }
        if hint.len() > 200 {
            hint.truncate(197);
            hint.push_str("...");
        }
        hint
    }

    /// The body in the shape of an error family.
    #[must_use]
    pub fn body(&self, family: ErrorFamily) -> Vec<u8> {
        if family == ErrorFamily::Control {
            let details = Details::new(self.details.status, self.reason).detail(self.hint());
            return problem::body(family, &details);
        }
        problem::body(family, &self.details)
    }
}

/// What an id is of, by its beginning; the ids of legs have none.
pub(crate) fn kind(id: &str) -> Option<&'static str> {
    let kinds = [
        ("CON-", "conversation"),
        ("MEM-", "member"),
        ("USR-", "user"),
        ("NAM-", "conversation's name"),
        ("SES-", "session"),
    ];
    kinds.into_iter().find(|(start, _)| id.starts_with(start)).map(|(_, kind)| kind)
}

/// A refusal of an id that is not known; one of something else is told to be that.
pub(crate) fn misplaced(refusal: Refusal, wanted: &'static str, id: &str, is_leg: bool) -> Refusal {
    let seen: String = id.chars().take(60).collect();
    match kind(id).or(is_leg.then_some("leg")).filter(|kind| *kind != wanted) {
        Some(kind) => Refusal { reason: KIND, ..refusal }
            .seen(format!("{seen:?} is the id of a {kind}, not of a {wanted}"))
            .fix(format!("send the id of a {wanted}")),
        None => refusal,
    }
}

/// The reason of ids that are of something else.
pub(crate) const KIND: &str = "id-of-another-kind";

/// A request that could not be read: what the platform says of it depends on the family.
pub(crate) fn fault(operation: &OperationInfo, fault: &Fault) -> Refusal {
    let is_path = fault.place == FaultPlace::Path;
    let details = match operation.errors {
        ErrorFamily::Problem if fault.place == FaultPlace::Query => api::LIST_VALIDATION.details(),
        ErrorFamily::Problem => api::PAYLOAD_VALIDATION.details(),
        ErrorFamily::ConversationProblem | ErrorFamily::CodeDescription if is_path => {
            conversation::NOT_FOUND.details()
        }
        ErrorFamily::ConversationProblem | ErrorFamily::CodeDescription => {
            conversation::VALIDATION.details()
        }
        ErrorFamily::ErrorCodeLabel => rest::METHOD_FAILED.details(),
        ErrorFamily::Voice => known::voice::BAD_REQUEST.details(),
        ErrorFamily::Control => Details::new(400, "request-invalid"),
    };
    let details = if is_path { details } else { add(details, &fault.name, &fault.reason) };
    let reason = match fault.place {
        FaultPlace::Json => "body-not-json",
        FaultPlace::Body => "body-invalid",
        _ => "parameter-invalid",
    };
    Refusal::new(details, reason)
        .checked(format!("the {} of {}", fault.place, operation.id))
        .seen(fault.sentence())
        .expected(fault.expected.clone())
        .fix(fault.remedy())
}

fn add(mut details: Details, name: &str, reason: &str) -> Details {
    details.invalid.push(InvalidParameter::new(name, reason));
    details
}

/// A value that can be read but is not allowed; the reason says what is accepted.
pub(crate) fn invalid(known: known::Known, name: &str, reason: &str, seen: &str) -> Refusal {
    // The validator's words begin with the name.
    let accepted = reason.strip_prefix(&format!("\"{name}\" ")).unwrap_or(reason);
    let seen: String = seen.chars().take(60).collect();
    Refusal::new(add(known.details(), name, reason), "parameter-invalid")
        .checked(format!("the value of {name}"))
        .seen(format!("{name} was {seen:?}"))
        .expected(format!("a value that {accepted}").replace("that must be", "that is"))
        .fix(format!("it {accepted}"))
}

pub(crate) fn malformed_number(name: &str, seen: &str, error: &PhoneNumberError) -> Refusal {
    let seen: String = seen.chars().take(40).collect();
    Refusal::new(Details::new(400, "number-malformed"), "number-malformed")
        .checked(format!("`{name}` as a number in E.164"))
        .seen(format!("`{name}` was {seen:?}: {error}"))
        .expected("7 to 15 digits with the country code, without +, 00, spaces or punctuation")
        .fix("write the number as digits, such as 447700900000")
}

pub(crate) fn empty_address(name: &str, seen: &str) -> Refusal {
    let seen: String = seen.chars().take(40).collect();
    Refusal::new(Details::new(400, "address-empty"), "address-empty")
        .checked(format!("`{name}` as the address of a phone"))
        .seen(format!("`{name}` was {seen:?}, and nothing follows the colon"))
        .expected("a number, `app:NAME`, `vbc:EXTENSION` or a `sip:` address")
        .fix("write the name behind the colon, such as app:alice")
}

pub(crate) fn phone_script(seen: &str, error: &ScriptError) -> Refusal {
    let seen: String = seen.chars().take(80).collect();
    Refusal::new(Details::new(400, "script-invalid"), "script-invalid")
        .checked("the phone's script")
        .seen(format!("{seen:?}: {error}"))
        .expected(error.expected)
        .fix("write for example `answer after 3s, hang up after 10s`")
}

pub(crate) fn number_not_rented(number: &str, for_rent_in: Option<&str>) -> Refusal {
    let fix = match for_rent_in {
        Some(country) => format!("rent it first: ringback numbers buy {country} {number}"),
        None => "call a number that is rented: ringback numbers list".to_owned(),
    };
    Refusal::new(Details::new(404, "number-not-rented"), "number-not-rented")
        .checked("that the number belongs to the account")
        .seen(format!("{number} is not rented"))
        .expected("a rented number that is linked to an application")
        .fix(fix)
}

pub(crate) fn number_not_linked(number: &str) -> Refusal {
    Refusal::new(Details::new(409, "number-not-linked"), "number-not-linked")
        .checked("that the number is linked to an application")
        .seen(format!("{number} is rented but not linked to an application"))
        .expected("a number with an application whose answer URL says what to do")
        .fix(format!("link it: ringback link:app {number} APPLICATION_ID"))
}

pub(crate) fn number_forwards(number: &str, kind: &str, value: &str) -> Refusal {
    Refusal::new(Details::new(501, "number-forwards"), "number-forwards")
        .checked("what becomes of calls to the number")
        .seen(format!("calls to {number} go to {kind} {value}; forwarding is not emulated"))
        .expected("a number that is linked to an application")
        .fix(format!("link it: ringback link:app {number} APPLICATION_ID"))
}

pub(crate) fn no_answer_url(number: &str, application: &ApplicationId) -> Refusal {
    Refusal::new(
        Details::new(409, "application-without-answer-url"),
        "application-without-answer-url",
    )
    .checked("the answer URL of the application behind the number")
    .seen(format!("the application {application} behind {number} has no answer_url"))
    .expected("capabilities.voice.webhooks.answer_url.address")
    .fix("set the answer URL of the application: ringback apps update")
}

pub(crate) fn no_such_call(id: &str) -> Refusal {
    Refusal::new(Details::new(404, "call-unknown"), "call-unknown")
        .checked("the id of the call's first leg")
        .seen(format!("there is no call {:?}", id.chars().take(60).collect::<String>()))
        .expected("the id of a call that is up, or ended not long ago")
        .fix("GET /_ringback/calls lists them")
}

pub(crate) fn keys(seen: &str) -> Refusal {
    let seen: String = seen.chars().take(40).collect();
    Refusal::new(Details::new(400, "keys-invalid"), "keys-invalid")
        .checked("the keys that are pressed")
        .seen(format!("`digits` was {seen:?}"))
        .expected("keys that a phone has: 0 to 9, * and #, and p for a pause")
        .fix("write for example 1#")
}

pub(crate) fn nothing_said() -> Refusal {
    Refusal::new(Details::new(400, "text-blank"), "text-blank")
        .checked("what is said")
        .seen("`text` was blank")
        .expected("words")
        .fix("write for example sales")
}

pub(crate) fn phone_idle(number: &str, what: &str) -> Refusal {
    Refusal::new(Details::new(409, "phone-idle"), "phone-idle")
        .checked("what the phone does now")
        .seen(format!("the phone {number} cannot {what}: it is not in such a call"))
        .expected("a phone that rings (answer, decline) or talks (hang up, press, say)")
        .fix("GET /_ringback/phones lists what each phone does")
}

pub(crate) fn no_such_phone(number: &str) -> Refusal {
    Refusal::new(Details::new(404, "phone-unknown"), "phone-unknown")
        .checked("that there is such a phone")
        .seen(format!("there is no phone {number}: it was never set up and is in no call"))
        .expected("the number of a phone that is set up or in a call")
        .fix("GET /_ringback/phones lists them")
}

/// A token that stands for no user, where the user is what is asked about.
pub(crate) fn no_user() -> Refusal {
    Refusal::new(conversation::INVALID_USER_TOKEN.details(), "token-without-user")
        .checked("whose member `me` is")
        .seen("the token has no claim `sub`, so it stands for no user")
        .expected("a token with the claim `sub`")
        .fix("mint the token with the name of a user as `sub`")
}

/// No such conversation: unknown, over, or of another application. The platform says the same of all three.
pub(crate) fn conversation(reason: &'static str, seen: String, fix: &str) -> Refusal {
    Refusal::new(conversation::NOT_FOUND.details(), reason)
        .checked("that the conversation exists and belongs to the token's application")
        .seen(seen)
        .expected("the id of a conversation of this application whose call is up")
        .fix(fix)
}

/// Something within a conversation is not there.
pub(crate) fn within_conversation(known: known::Known, what: &'static str, id: &str) -> Refusal {
    let reason = if what == "event" { "event-unknown" } else { "member-unknown" };
    Refusal::new(known.details(), reason)
        .checked(format!("the {what} within the conversation"))
        .seen(format!(
            "the conversation has no {what} {:?}",
            id.chars().take(60).collect::<String>()
        ))
        .expected(format!("the id of one of its {what}s"))
        .fix(format!("list the conversation's {what}s"))
}

pub(crate) fn no_such_application(id: &str) -> Refusal {
    let id: String = id.chars().take(60).collect();
    Refusal::new(api::NOT_FOUND.about(&id), "application-unknown")
        .checked("the application's id")
        .seen(format!("there is no application {id:?}"))
        .expected("the id of an application of this account")
        .fix("list the applications: ringback apps list")
}

/// A number that cannot be bought, given back or changed.
pub(crate) fn number_refused(
    reason: &'static str,
    seen: String,
    expected: &str,
    fix: String,
) -> Refusal {
    Refusal::new(rest::METHOD_FAILED.details(), reason)
        .checked("the number and its country")
        .seen(seen)
        .expected(expected)
        .fix(fix)
}

/// The exchange was asked for what it does not serve; the caller's table is wrong.
pub(crate) fn not_served(id: &str) -> Refusal {
    Refusal::new(Details::new(404, "http:error:not-found"), "operation-not-served")
        .checked("the operation")
        .seen(format!("the exchange does not serve {id}"))
        .expected("an operation of the exchange")
        .fix("ask Exchange::serves first")
}
