//! Calls of the application, and what is done with them while they run.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use ringback_model::{
    ConversationId, Decimal, LegId, LegStatus, Operation, Timestamp,
    calls::{
        CallAction, CallEndpoint, CallParty, Caller, CreateCall, CreateCallRequest, Destination,
        DestinationType, DtmfRequest, GetCall, ListCalls, SendDtmf, StartStream, StartTalk,
        StopStream, StopTalk, StreamRequest, TalkRequest, UpdateCall, UpdateCallRequest,
    },
    ncco::MachineDetection,
};
use serde_json::json;

use crate::{
    body,
    context::Context,
    errors::Complaint,
    output::{Column, note},
};

/// Calls.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the calls of the application
    List(List),
    /// Show a call
    Show {
        /// The call
        call: LegId,
    },
    /// Call somebody
    Create(Box<Create>),
    /// End a call
    Hangup {
        /// The call
        call: LegId,
    },
    /// Let the others hear a call no longer
    Mute {
        /// The call
        call: LegId,
    },
    /// Let the others hear a call again
    Unmute {
        /// The call
        call: LegId,
    },
    /// Let a call hear the others no longer
    Earmuff {
        /// The call
        call: LegId,
    },
    /// Let a call hear the others again
    Unearmuff {
        /// The call
        call: LegId,
    },
    /// Let another script take over
    Transfer {
        /// The call
        call: LegId,
        #[command(flatten)]
        script: Script,
    },
    /// Speak a text to a call
    Talk(Talk),
    /// Play a sound to a call
    Stream(Stream),
    /// Play keys to a call
    Dtmf {
        /// The call
        call: LegId,
        /// The keys, such as 1#; p is half a second
        digits: String,
    },
}

/// Which calls.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only those in this state, such as answered
    #[arg(long, value_name = "STATUS")]
    status: Option<LegStatus>,
    /// Only those that started at this time or later
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
    /// Only those that started at this time or before
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
    /// Only those of this conversation
    #[arg(long, value_name = "ID")]
    conversation: Option<ConversationId>,
    /// How many at most
    #[arg(long, value_name = "COUNT")]
    limit: Option<usize>,
}

/// Whom to call, and what happens then.
#[derive(Debug, Args)]
pub(crate) struct Create {
    /// A number, sip:…, ws://…, wss://…, app:USER or vbc:EXTENSION
    #[arg(required_unless_present = "data")]
    to: Option<String>,
    /// The number that is shown
    #[arg(long, value_name = "NUMBER", conflicts_with = "random_from_number")]
    from: Option<String>,
    /// Show one of the application's numbers
    #[arg(long)]
    random_from_number: bool,
    /// Where the script is fetched
    #[arg(long, value_name = "URL")]
    answer_url: Option<String>,
    /// The script: a file, the text itself, or - for stdin
    #[arg(long, value_name = "FILE", conflicts_with = "answer_url")]
    ncco: Option<String>,
    /// Where events go, instead of the application's address
    #[arg(long, value_name = "URL")]
    event_url: Option<String>,
    /// What to do when a machine answers: continue or hangup
    #[arg(long, value_name = "WHAT")]
    machine_detection: Option<MachineDetection>,
    /// Seconds to ring
    #[arg(long, value_name = "SECONDS")]
    ringing_timer: Option<u32>,
    /// Seconds until the call is ended
    #[arg(long, value_name = "SECONDS")]
    length_timer: Option<u32>,
    /// The whole body instead: JSON, @FILE, or @- for stdin
    #[arg(short, long, value_name = "BODY", conflicts_with_all = ["to", "from", "random_from_number", "answer_url", "ncco", "event_url", "machine_detection", "ringing_timer", "length_timer"])]
    data: Option<String>,
}

/// The script that takes over.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Script {
    /// Where it is fetched
    #[arg(long, value_name = "URL")]
    answer_url: Option<String>,
    /// The script: a file, the text itself, or - for stdin
    #[arg(long, value_name = "FILE")]
    ncco: Option<String>,
}

/// What is spoken.
#[derive(Debug, Args)]
pub(crate) struct Talk {
    /// The call
    call: LegId,
    /// What to say
    #[arg(required_unless_present = "stop")]
    text: Option<String>,
    /// The language, such as en-US
    #[arg(long, value_name = "TAG")]
    language: Option<String>,
    /// Which of the language's voices
    #[arg(long, value_name = "NUMBER")]
    style: Option<u32>,
    #[command(flatten)]
    how: How,
}

/// What is played.
#[derive(Debug, Args)]
pub(crate) struct Stream {
    /// The call
    call: LegId,
    /// Where the sound is
    #[arg(required_unless_present = "stop")]
    sound: Option<String>,
    #[command(flatten)]
    how: How,
}

/// How it sounds.
#[derive(Debug, Args)]
struct How {
    /// How often; 0 is for ever
    #[arg(long = "loop", value_name = "COUNT")]
    repeat: Option<u32>,
    /// The volume, from -1 to 1
    #[arg(long, value_name = "LEVEL", allow_negative_numbers = true, value_parser = level)]
    level: Option<Decimal>,
    /// Stop what sounds
    #[arg(long)]
    stop: bool,
}

const CALLS: &[Column] = &[
    ("ID", &["/uuid"]),
    ("STATUS", &["/status"]),
    ("DIRECTION", &["/direction"]),
    ("FROM", &["/from/number", "/from/uri", "/from/user"]),
    ("TO", &["/to/number", "/to/uri", "/to/user", "/to/extension"]),
    ("START", &["/start_time"]),
    ("DURATION", &["/duration"]),
];

pub(crate) fn run(command: Command, context: &Context) -> anyhow::Result<ExitCode> {
    context.wait(async {
        match command {
            Command::List(args) => {
                let mut list = ListCalls::new().page_size(100);
                (list.status, list.conversation_uuid) = (args.status, args.conversation);
                (list.date_start, list.date_end) = (args.since, args.until);
                context.output.list(&context.items(list, args.limit).await?, CALLS)
            }
            Command::Show { call } => context.show(&GetCall::new(call)).await,
            Command::Create(args) => context.show(&CreateCall::new(request(*args)?)).await,
            Command::Hangup { call } => update(call, CallAction::Hangup, context).await,
            Command::Mute { call } => update(call, CallAction::Mute, context).await,
            Command::Unmute { call } => update(call, CallAction::Unmute, context).await,
            Command::Earmuff { call } => update(call, CallAction::Earmuff, context).await,
            Command::Unearmuff { call } => update(call, CallAction::Unearmuff, context).await,
            Command::Transfer { call, script } => {
                let mut destination = Destination::new(DestinationType::Ncco);
                destination.ncco = script.ncco.as_deref().map(body::script).transpose()?;
                destination.url = script.answer_url.map(|url| vec![url]);
                let body = UpdateCallRequest::new(CallAction::Transfer).destination(destination);
                changed(UpdateCall::new(call, body), context).await
            }
            Command::Talk(args) => talk(args, context).await,
            Command::Stream(args) => stream(args, context).await,
            Command::Dtmf { call, digits } => {
                context.show(&SendDtmf::new(call, DtmfRequest::new(digits))).await
            }
        }?;
        Ok(ExitCode::SUCCESS)
    })
}

async fn update(call: LegId, action: CallAction, context: &Context) -> anyhow::Result<()> {
    changed(UpdateCall::new(call, UpdateCallRequest::new(action)), context).await
}

/// The answer is empty: what was done is said, and the call printed as data.
async fn changed(operation: UpdateCall, context: &Context) -> anyhow::Result<()> {
    context.send(&operation).await?;
    let UpdateCall { uuid, body, .. } = &operation;
    note(&format!("{uuid}: {}", body.action))?;
    context.output.value(&json!({ "uuid": uuid, "action": body.action }))
}

async fn talk(args: Talk, context: &Context) -> anyhow::Result<()> {
    if args.how.stop {
        return context.show(&StopTalk::new(args.call)).await;
    }
    let mut body = TalkRequest::new(args.text.unwrap_or_default());
    (body.language, body.style) = (args.language, args.style);
    (body.repeat, body.level) = (args.how.repeat, args.how.level);
    context.show(&StartTalk::new(args.call, body)).await
}

async fn stream(args: Stream, context: &Context) -> anyhow::Result<()> {
    if args.how.stop {
        return context.show(&StopStream::new(args.call)).await;
    }
    let mut body = StreamRequest::new(args.sound.into_iter().collect());
    (body.repeat, body.level) = (args.how.repeat, args.how.level);
    context.show(&StartStream::new(args.call, body)).await
}

fn request(args: Create) -> anyhow::Result<CreateCallRequest> {
    if let Some(data) = &args.data {
        return body::read(data);
    }
    if args.ncco.is_none() && args.answer_url.is_none() {
        let name = <CreateCall as Operation>::INFO.id;
        return Err(Complaint::usage(format!("{name} needs a script"))
            .fix("give --answer-url URL or --ncco FILE")
            .into());
    }
    let mut body = CreateCallRequest::new(vec![endpoint(&args.to.unwrap_or_default())?]);
    body.from = args.from.map(|number| Caller::Object(CallParty::new().number(number)));
    body.random_from_number = args.random_from_number.then_some(true);
    body.ncco = args.ncco.as_deref().map(body::script).transpose()?;
    body.answer_url = args.answer_url.map(|url| vec![url]);
    body.event_url = args.event_url.map(|url| vec![url]);
    body.machine_detection = args.machine_detection;
    (body.ringing_timer, body.length_timer) = (args.ringing_timer, args.length_timer);
    Ok(body)
}

/// Who is called, as it was typed.
fn endpoint(text: &str) -> anyhow::Result<CallEndpoint> {
    let json = match text.split_once(':') {
        Some(("sip" | "sips", _)) => json!({ "type": "sip", "uri": text }),
        Some(("ws" | "wss", _)) => {
            json!({ "type": "websocket", "uri": text, "content-type": "audio/l16;rate=16000" })
        }
        Some(("app", user)) => json!({ "type": "app", "user": user }),
        Some(("vbc", extension)) => json!({ "type": "vbc", "extension": extension }),
        Some((scheme, _)) => {
            return Err(Complaint::usage(format!("nobody can be called at `{scheme}:`"))
                .fix("give a number, sip:…, ws://…, wss://…, app:USER or vbc:EXTENSION")
                .into());
        }
        None => {
            let number: ringback_model::PhoneNumber =
                text.parse().map_err(|error| Complaint::usage(format!("{error}")))?;
            json!({ "type": "phone", "number": number.as_str() })
        }
    };
    Ok(serde_json::from_str(&json.to_string())?)
}

fn level(text: &str) -> Result<Decimal, &'static str> {
    Decimal::number(text).ok_or("it is a number from -1 to 1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_called_is_read_as_it_is_typed() {
        let check = |text: &str, expected: &str| {
            let json = match endpoint(text) {
                Ok(endpoint) => serde_json::to_string(&endpoint).unwrap(),
                Err(error) => error.to_string(),
            };
            assert!(json.contains(expected), "{text}: {json}");
        };
        check("447700000001", r#"{"type":"phone","number":"447700000001"}"#);
        check("sip:bob@sip.example", r#"{"type":"sip","uri":"sip:bob@sip.example"}"#);
        check("wss://media.example/x", r#""uri":"wss://media.example/x""#);
        check("app:alice", r#"{"type":"app","user":"alice"}"#);
        check("vbc:100", r#"{"type":"vbc","extension":"100"}"#);
        check("ftp://x", "nobody can be called at `ftp:`");
        check("+44 7700 000001", "447700000001");
    }
}
