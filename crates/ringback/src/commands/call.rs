//! A call, drawn as it happens.

use std::{process::ExitCode, time::Duration};

use ringback_client::Client;
use ringback_ladder::{Ladder, TextOptions};
use ringback_model::{
    Operation,
    control::{
        Call, GetCall, HangUpCall, ListPhones, Party, PartyKind, PlaceCall, PlaceCallRequest,
        TranscriptEntry, TranscriptKind,
    },
};

use crate::{
    context::Context, errors::Complaint, output::note, signals::Wishes, stream::Happenings,
    terminal::Terminal,
};

/// Who calls whom.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The number of the phone that calls
    from: String,
    /// The number it dials
    to: String,
    /// How the caller behaves in this call: "hang up after 10s" counts from the answer,
    /// "give up after 10s" ends the call if it still rings then
    #[arg(long, value_name = "SCRIPT", value_parser = super::phones::behaviour)]
    script: Option<String>,
    /// Place the call and let it be
    #[arg(long)]
    detach: bool,
}

/// How long nothing may happen after the end of a call before it is taken for the end.
const QUIET: Duration = Duration::from_millis(300);

pub(crate) fn run(args: Args, context: &Context) -> anyhow::Result<ExitCode> {
    context.wait(async {
        let mut request = PlaceCallRequest::new(args.from, args.to);
        request.script = args.script;
        let client = context.client(<PlaceCall as Operation>::INFO)?;
        let placed = client.send_kept(&PlaceCall::new(request)).await;
        let placed = context.judged(&client, placed).await?;
        if args.detach {
            name(&placed.reply)?;
            context.output.document(&String::from_utf8_lossy(&placed.body))?;
            return Ok(ExitCode::SUCCESS);
        }
        let call = follow(&placed.reply, context, &client).await?;
        context.output.value(&call)?;
        match call.error {
            None => Ok(ExitCode::SUCCESS),
            Some(error) => {
                Err(Complaint::failure(format!("the call could not go on: {error}")).into())
            }
        }
    })
}

/// Says which conversation and leg it is.
fn name(call: &Call) -> anyhow::Result<()> {
    let conversation = call.conversation.as_ref().map(|id| format!("{id}, ")).unwrap_or_default();
    note(&format!("{conversation}call {}", call.id))
}

/// Draws a call until it is over; Ctrl-C puts the caller's phone down.
async fn follow(call: &Call, context: &Context, client: &Client) -> anyhow::Result<Call> {
    let mut wishes = Wishes::new();
    let phones = client.send(&ListPhones::new()).await;
    let phones = context.judged(client, phones).await?.phones;
    let mut caller = Party::new(PartyKind::Phone, call.from.as_str()).number(call.from.as_str());
    if let Some(name) = phones.into_iter().find(|p| p.number == call.from).and_then(|p| p.name) {
        caller.name = name;
    }
    let mut ladder = ladder(&context.terminal).caller(&caller);
    let mut happenings = Happenings::of(context, client, &call.id).await?;
    let mut named = false;
    let mut over = false;
    let mut leaving = false;
    loop {
        let entry = tokio::select! {
            entry = happenings.next() => entry?,
            _ = wishes.next() => {
                if leaving {
                    break;
                }
                leaving = true;
                hang_up(call, context, client).await?;
                continue;
            }
            () = tokio::time::sleep(QUIET), if over => break,
        };
        if !named && let Some(conversation) = &entry.conversation {
            named = true;
            note(&format!("{conversation}, call {}", call.id))?;
        }
        draw(&mut ladder, &entry)?;
        if !over && matters(&entry) {
            over = is_over(&state(call, context, client).await?);
        }
    }
    state(call, context, client).await
}

/// A ladder as wide and as colourful as stderr takes it.
pub(crate) fn ladder(terminal: &Terminal) -> Ladder {
    Ladder::new(TextOptions {
        width: terminal.width.min(100),
        color: terminal.stderr_color(),
        ascii: terminal.ascii,
        times: true,
    })
    .party(&Party::new(PartyKind::Platform, "platform"))
    .party(&Party::new(PartyKind::Application, "application"))
}

/// Draws what happened; the log of the conversation repeats what the ladder shows.
pub(crate) fn draw(ladder: &mut Ladder, entry: &TranscriptEntry) -> anyhow::Result<()> {
    if matches!(entry.kind, TranscriptKind::Event | TranscriptKind::State) {
        return Ok(());
    }
    let rows = ladder.row(entry);
    let rows: Vec<&str> = rows.lines().map(str::trim_end).collect();
    note(&rows.join("\n"))
}

/// Whether the state of the call may be another after this.
pub(crate) fn matters(entry: &TranscriptEntry) -> bool {
    matches!(
        entry.kind,
        TranscriptKind::State
            | TranscriptKind::Signal
            | TranscriptKind::Event
            | TranscriptKind::Error
    )
}

/// The call as it is now.
pub(crate) async fn state(call: &Call, context: &Context, client: &Client) -> anyhow::Result<Call> {
    let state = client.send(&GetCall::new(call.id.clone())).await;
    context.judged(client, state).await
}

/// Whether every leg has ended.
pub(crate) fn is_over(call: &Call) -> bool {
    call.legs.iter().all(|leg| leg.ended.is_some())
}

async fn hang_up(call: &Call, context: &Context, client: &Client) -> anyhow::Result<()> {
    let hung_up = client.send(&HangUpCall::new(call.id.clone())).await;
    match hung_up {
        // It may have ended just now.
        Err(error) if error.failure().is_some() => Ok(()),
        other => context.judged(client, other).await.map(drop),
    }
}
