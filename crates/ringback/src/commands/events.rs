//! Events of conversations.

use std::process::ExitCode;

use clap::Subcommand;
use ringback_model::{
    ConversationId, MemberId,
    event::EventType,
    v1::{CreateEvent, DeleteEvent, EventRequest, GetEvent, ListEvents},
};

use super::conversations::EVENTS;
use crate::{body, context::Context, output::note};

/// Events.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List what happened in a conversation
    List {
        /// The conversation, CON-…
        conversation: ConversationId,
        /// Only events of this type, such as member:joined
        #[arg(long = "type", value_name = "TYPE")]
        kind: Option<EventType>,
        /// The first event
        #[arg(long, value_name = "ID")]
        start: Option<String>,
        /// The last event
        #[arg(long, value_name = "ID")]
        end: Option<String>,
        /// How many at most
        #[arg(long, value_name = "COUNT")]
        limit: Option<usize>,
    },
    /// Show an event
    Show {
        /// The conversation, CON-…
        conversation: ConversationId,
        /// The event, a number
        event: String,
    },
    /// Record an event, such as custom:seen or message
    Send {
        /// The conversation, CON-…
        conversation: ConversationId,
        /// What happens
        #[arg(value_name = "TYPE")]
        kind: EventType,
        /// The body: JSON, @FILE, or @- for stdin
        #[arg(default_value = "{}")]
        body: String,
        /// The member who says it, MEM-…
        #[arg(long, value_name = "ID")]
        from: Option<MemberId>,
    },
    /// Empty an event; only messages and custom events can be deleted
    Delete {
        /// The conversation, CON-…
        conversation: ConversationId,
        /// The event, a number
        event: String,
    },
}

pub(crate) fn run(command: Command, context: &Context) -> anyhow::Result<ExitCode> {
    context.wait(async {
        match command {
            Command::List { conversation, kind, start, end, limit } => {
                let mut list = ListEvents::new(conversation).page_size(100);
                (list.event_type, list.start_id, list.end_id) = (kind, start, end);
                context.output.list(&context.items(list, limit).await?, EVENTS)
            }
            Command::Show { conversation, event } => {
                context.show(&GetEvent::new(conversation, event)).await
            }
            Command::Send { conversation, kind, body, from } => {
                let mut request = EventRequest::new(kind, body::json(&body)?);
                request.from = from;
                context.show(&CreateEvent::new(conversation, request)).await
            }
            Command::Delete { conversation, event } => {
                context.send(&DeleteEvent::new(conversation, event.clone())).await?;
                note(&format!("event {event} is deleted"))?;
                context.output.value(&serde_json::json!({ "id": event }))
            }
        }?;
        Ok(ExitCode::SUCCESS)
    })
}
