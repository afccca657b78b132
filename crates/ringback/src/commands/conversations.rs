//! Conversations, their events and members.

use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use ringback_model::{ConversationId, beta, v1};

use crate::{
    body,
    context::Context,
    errors::Complaint,
    output::{Column, note},
};

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
    /// Create a conversation
    Create {
        /// The name, unique in the application; made up unless said
        name: Option<String>,
        #[command(flatten)]
        about: About,
    },
    /// Change a conversation; what is not said stays
    Update {
        /// The conversation, CON-…
        conversation: ConversationId,
        /// The name, unique in the application
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        about: About,
    },
    /// Delete a conversation
    Delete {
        /// The conversation, CON-…
        conversation: ConversationId,
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

/// What is known of a conversation.
#[derive(Debug, Args)]
pub(crate) struct About {
    /// The name for people
    #[arg(long, value_name = "NAME")]
    display_name: Option<String>,
    /// A picture
    #[arg(long, value_name = "URL")]
    image_url: Option<String>,
    /// Data of one's own: JSON, @FILE, or @- for stdin
    #[arg(long, value_name = "JSON")]
    custom_data: Option<String>,
    /// Seconds after which it is removed when it is empty
    #[arg(long, value_name = "SECONDS")]
    ttl: Option<i64>,
    /// The whole body instead: JSON, @FILE, or @- for stdin
    #[arg(short, long, value_name = "BODY", conflicts_with_all = ["display_name", "image_url", "custom_data", "ttl", "name"])]
    data: Option<String>,
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
pub(crate) const EVENTS: &[Column] = &[
    ("ID", &["/id"]),
    ("TYPE", &["/type"]),
    ("TIME", &["/timestamp"]),
    ("FROM", &["/from"]),
    ("CHANNEL", &["/body/channel/id"]),
];
pub(crate) const MEMBERS: &[Column] = &[
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
        Command::Create { name, about } => {
            let body = about.request(name, v1::ConversationRequest::new())?;
            let create = v1::CreateConversation::new().body(body);
            context.wait(context.show(&create))?;
        }
        Command::Update { conversation, name, about } => {
            context.wait(update(conversation, name, about, context))?;
        }
        Command::Delete { conversation } => {
            let delete = v1::DeleteConversation::new(conversation.clone());
            context.wait(context.send(&delete))?;
            note(&format!("{conversation} is deleted"))?;
            output.value(&serde_json::json!({ "id": conversation }))?;
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

async fn update(
    conversation: ConversationId,
    name: Option<String>,
    about: About,
    context: &Context,
) -> anyhow::Result<()> {
    let mut before = v1::ConversationRequest::new();
    if about.data.is_none() {
        if name.is_none() && about.is_empty() {
            return Err(Complaint::usage("nothing is to be changed")
                .fix("give --name, --display-name, --image-url, --custom-data, --ttl or --data")
                .into());
        }
        // What is left out would be gone.
        let old = context.send(&v1::GetConversation::new(conversation.clone())).await?.into_inner();
        (before.name, before.display_name) = (old.name, old.display_name);
        (before.image_url, before.properties) = (old.image_url, old.properties);
    }
    let body = about.request(name, before)?;
    context.show(&v1::UpdateConversation::new(conversation).body(body)).await
}

impl About {
    fn is_empty(&self) -> bool {
        let Self { display_name, image_url, custom_data, ttl, data } = self;
        let texts = [display_name, image_url, custom_data, data];
        texts.iter().all(|text| text.is_none()) && ttl.is_none()
    }

    /// The body, with what was said put in.
    fn request(
        self,
        name: Option<String>,
        mut body: v1::ConversationRequest,
    ) -> anyhow::Result<v1::ConversationRequest> {
        if let Some(data) = &self.data {
            return body::read(data);
        }
        body.name = name.or(body.name);
        body.display_name = self.display_name.or(body.display_name);
        body.image_url = self.image_url.or(body.image_url);
        if self.custom_data.is_some() || self.ttl.is_some() {
            let mut properties = body.properties.take().unwrap_or_default();
            properties.ttl = self.ttl.or(properties.ttl);
            if let Some(data) = &self.custom_data {
                properties.custom_data = Some(body::json(data)?);
            }
            body.properties = Some(properties);
        }
        Ok(body)
    }
}

fn all<T: serde::Serialize>(items: &[T]) -> anyhow::Result<Vec<String>> {
    items.iter().map(|item| Ok(serde_json::to_string(item)?)).collect()
}
