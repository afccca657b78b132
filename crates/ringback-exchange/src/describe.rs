//! Notes in words, for transcripts and ladders.

use ringback_model::{
    ConversationId,
    control::{Party, PartyKind, TranscriptEntry, TranscriptKind},
};

use crate::{Exchange, Note, PhoneEvent, directory::Hook, leg::Leg, note::Told};

/// What a note says: its kind, from whom to whom, in a few words, and more about it.
struct Words {
    kind: TranscriptKind,
    between: Between,
    label: String,
    detail: Option<String>,
    webhook: Option<u64>,
}

/// Between whom something happened.
enum Between {
    PhoneToPlatform,
    PlatformToPhone,
    PlatformToApplication,
    ApplicationToPlatform,
    Platform,
}

/// Puts a note into words.
pub(crate) fn entry(exchange: &Exchange, note: &Note) -> TranscriptEntry {
    let Some(leg) = exchange.legs.get(note.leg) else {
        return TranscriptEntry::new(0, note.at, TranscriptKind::State, "a call that is gone");
    };
    let Words { kind, between, label, detail, webhook } = words(leg, &note.told);
    let mut entry = TranscriptEntry::new(0, note.at, kind, label);
    let call = exchange.calls.get(leg.call);
    entry.call = call.and_then(|call| exchange.legs.get(*call.legs.first()?)).map(Leg::id);
    let conversation = call.and_then(|call| {
        let told = call.conversations.get(usize::from(note.conversation)).copied();
        told.or_else(|| call.first_conversation())
    });
    entry.conversation = conversation.map(|id| ConversationId::new(id.dashed("CON-")));
    entry.leg = Some(leg.id());
    entry.detail = detail;
    entry.webhook = webhook;
    let phone = || {
        let number = leg.phone();
        let phone = exchange.phones.get(&number).and_then(|phone| phone.name.as_deref());
        let mut party = Party::new(PartyKind::Phone, phone.unwrap_or(&number));
        party.number = Some(number.to_string());
        Some(party)
    };
    let platform = || Some(Party::new(PartyKind::Platform, "platform"));
    let application = || Some(Party::new(PartyKind::Application, "application"));
    (entry.from, entry.to) = match between {
        Between::PhoneToPlatform => (phone(), platform()),
        Between::PlatformToPhone => (platform(), phone()),
        Between::PlatformToApplication => (platform(), application()),
        Between::ApplicationToPlatform => (application(), platform()),
        Between::Platform => (platform(), None),
    };
    entry
}

fn words(leg: &Leg, told: &Told) -> Words {
    let say =
        |kind, between, label: String| Words { kind, between, label, detail: None, webhook: None };
    let signal = |between, label: &str| say(TranscriptKind::Signal, between, label.to_owned());
    match told {
        Told::Dials => signal(Between::PhoneToPlatform, &format!("dials {}", leg.to)),
        Told::Dialled => signal(Between::PlatformToPhone, "calls"),
        Told::Phone(event) => signal(
            Between::PhoneToPlatform,
            match event {
                PhoneEvent::Rings => "rings",
                PhoneEvent::Answers => "picks up",
                PhoneEvent::Declines => "declines",
                PhoneEvent::IsBusy => "is busy",
                PhoneEvent::IsUnreachable => "cannot be reached",
                PhoneEvent::CannotBeRouted => "cannot be routed",
                PhoneEvent::HangsUp => "hangs up",
            },
        ),
        Told::Connected => signal(Between::PlatformToPhone, "connected"),
        Told::HangsUp => signal(Between::PlatformToPhone, "hangs up"),
        Told::StopsCalling => signal(Between::PlatformToPhone, "stops calling"),
        Told::State(state) => {
            say(TranscriptKind::State, Between::Platform, format!("{} {}", way(leg), state.word()))
        }
        Told::Action(name) => {
            say(TranscriptKind::Action, Between::Platform, format!("{name} begins"))
        }
        Told::ActionDone(name) => {
            say(TranscriptKind::Action, Between::Platform, format!("{name} is done"))
        }
        Told::ScriptDone => {
            say(TranscriptKind::Action, Between::Platform, "the script is done".to_owned())
        }
        Told::Pressed(keys) => signal(Between::PhoneToPlatform, &format!("presses {keys}")),
        Told::Said(text) => signal(Between::PhoneToPlatform, &format!("says \"{text}\"")),
        Told::SendsKeys(keys) => signal(Between::PlatformToPhone, &format!("presses {keys}")),
        Told::HearsTone(url) => {
            let mut words = signal(Between::PlatformToPhone, "plays while waiting");
            words.detail = Some(url.to_string());
            words
        }
        Told::Media(what) => {
            say(TranscriptKind::State, Between::Platform, format!("{} {what}", way(leg)))
        }
        Told::Detected(what) => {
            say(TranscriptKind::State, Between::Platform, format!("{} is a {what}", way(leg)))
        }
        Told::SocketOpened => signal(Between::PhoneToPlatform, "opens"),
        Told::SocketClosed => signal(Between::PhoneToPlatform, "closes"),
        Told::Log(kind, id) => {
            let mut words = say(TranscriptKind::Event, Between::Platform, kind.as_str().to_owned());
            words.detail = Some(format!("event {id} of the conversation"));
            words
        }
        Told::Sent { id, kind, hook, attempt } => {
            let label = match *kind {
                "answer" | "fallback" => format!("{} {}", hook.method.as_str(), path_of(hook)),
                kind => format!("{} {kind}", hook.method.as_str()),
            };
            let mut words = say(TranscriptKind::Webhook, Between::PlatformToApplication, label);
            words.detail = Some(match attempt {
                1 => hook.url.to_string(),
                attempt => format!("{}, attempt {attempt}", hook.url),
            });
            words.webhook = Some(id.0);
            words
        }
        Told::Reply { id, kind, status } => {
            let label = match *kind {
                "answer" | "fallback" => format!("{status} with the script"),
                kind => format!("{status} to {kind}"),
            };
            let label = if (200..300).contains(status) { label } else { format!("{status}") };
            let mut words = say(TranscriptKind::Reply, Between::ApplicationToPlatform, label);
            words.webhook = Some(id.0);
            words
        }
        Told::NoReply { id, kind, why } => {
            let mut words =
                say(TranscriptKind::Error, Between::Platform, format!("no reply to {kind}"));
            words.detail = Some(why.0.to_string());
            words.webhook = Some(id.0);
            words
        }
        Told::Trouble(what, why) => {
            let mut words = say(TranscriptKind::Error, Between::Platform, (*what).to_owned());
            words.detail = Some(why.to_string());
            words
        }
        Told::Error(reason) => {
            let mut words =
                say(TranscriptKind::Error, Between::Platform, "the call cannot go on".to_owned());
            words.detail = Some(reason.to_string());
            words
        }
    }
}

fn way(leg: &Leg) -> &'static str {
    match leg.way {
        crate::leg::Way::Inbound => "inbound leg",
        crate::leg::Way::Outbound => "outbound leg",
    }
}

/// The path of an address, which is what people know a route by.
fn path_of(hook: &Hook) -> &str {
    let rest = hook.url.split_once("://").map_or(&*hook.url, |(_, rest)| rest);
    rest.find('/').map_or("/", |at| rest[at..].split('?').next().unwrap_or("/"))
}
