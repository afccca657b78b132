//! Conversations, their events and members.

use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};
use ringback_model::{ConversationId, beta, v1};

use crate::{context::Context, output::Column};

/// Conversations.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List conversations
    List {
        /// The generation of the API
        #[arg(long = "api", value_enum, default_value_t)]
        generation: Generation,
        /// How many at most
        #[arg(long, value_name = "COUNT")]
        limit: Option<usize>,
    },
    /// Show a conversation; the beta shows its members too
    Show {
        /// The conversation, CON-…
        conversation: ConversationId,
        /// The generation of the API
        #[arg(long = "api", value_enum, default_value_t)]
        generation: Generation,
    },
    /// List what happened in a conversation
    Events {
        /// The conversation, CON-…
        conversation: ConversationId,
        /// The generation of the API
        #[arg(long = "api", value_enum, default_value_t)]
        generation: Generation,
    },
    /// List the members of a conversation
    Members {
        /// The conversation, CON-…
        conversation: ConversationId,
        /// The generation of the API
        #[arg(long = "api", value_enum, default_value_t)]
        generation: Generation,
    },
}

/// A generation of the Conversation API.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum Generation {
    /// The one of today
    #[default]
    V1,
    /// The one the tutorial reads
    Beta,
}

const CONVERSATIONS: &[Column] =
    &[("ID", &["/id", "/uuid"]), ("NAME", &["/name"]), ("CREATED", &["/timestamp/created"])];
const EVENTS: &[Column] = &[
    ("ID", &["/id"]),
    ("TYPE", &["/type"]),
    ("TIME", &["/timestamp"]),
    ("FROM", &["/from"]),
    ("CHANNEL", &["/body/channel/id"]),
];
const MEMBERS: &[Column] = &[
    ("ID", &["/id", "/member_id"]),
    ("STATE", &["/state"]),
    ("USER", &["/_embedded/user/name", "/user_name", "/name", "/user_id"]),
];

pub(crate) fn run(command: Command, context: &Context) -> anyhow::Result<ExitCode> {
    use Generation::{Beta, V1};
    let output = &context.output;
    match command {
        Command::List { generation, limit } => {
            let items = context.wait(async {
                match generation {
                    V1 => {
                        let list = v1::ListConversations::new().page_size(100);
                        context.items(list, limit).await
                    }
                    Beta => {
                        let list = beta::ListConversations::new().page_size(100);
                        context.items(list, limit).await
                    }
                }
            })?;
            output.list(&items, CONVERSATIONS)?;
        }
        Command::Show { conversation, generation } => {
            let body = context.wait(async {
                Ok(match generation {
                    V1 => context.answer(&v1::GetConversation::new(conversation)).await?.body,
                    Beta => context.answer(&beta::GetConversation::new(conversation)).await?.body,
                })
            })?;
            output.document(&String::from_utf8_lossy(&body))?;
        }
        Command::Events { conversation, generation } => {
            let items = context.wait(async {
                match generation {
                    V1 => {
                        let list = v1::ListEvents::new(conversation).page_size(100);
                        context.items(list, None).await
                    }
                    Beta => all(&context.send(&beta::ListEvents::new(conversation)).await?),
                }
            })?;
            output.list(&items, EVENTS)?;
        }
        Command::Members { conversation, generation } => {
            let items = context.wait(async {
                match generation {
                    V1 => {
                        let list = v1::ListMembers::new(conversation).page_size(100);
                        context.items(list, None).await
                    }
                    Beta => all(&context.send(&beta::ListMembers::new(conversation)).await?),
                }
            })?;
            output.list(&items, MEMBERS)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn all<T: serde::Serialize>(items: &[T]) -> anyhow::Result<Vec<String>> {
    items.iter().map(|item| Ok(serde_json::to_string(item)?)).collect()
}
