//! Users of the application.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use ringback_model::{
    UserId,
    v1::{
        CreateUser, DeleteUser, GetUser, ListUsers, UpdateUser, UserProperties, UserRequest,
        UserUpdate,
    },
};

use crate::{
    body,
    context::Context,
    errors::Complaint,
    output::{Column, note},
};

/// Users.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the users of the application
    List {
        /// Only the one with exactly this name
        #[arg(long)]
        name: Option<String>,
        /// How many at most
        #[arg(long, value_name = "COUNT")]
        limit: Option<usize>,
    },
    /// Show a user
    Show {
        /// The user, USR-…, or a name
        user: UserId,
    },
    /// Create a user
    Create {
        /// The name, unique in the application; made up unless said
        name: Option<String>,
        #[command(flatten)]
        about: About,
    },
    /// Change a user; what is not said stays
    Update {
        /// The user, USR-…
        user: UserId,
        /// The name, unique in the application
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        about: About,
    },
    /// Delete a user
    Delete {
        /// The user, USR-…
        user: UserId,
    },
}

/// What is known of a user.
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
    /// How the user can be reached: JSON, @FILE, or @- for stdin
    #[arg(long, value_name = "JSON")]
    channels: Option<String>,
    /// Seconds it is kept
    #[arg(long, value_name = "SECONDS")]
    ttl: Option<i64>,
    /// The whole body instead: JSON, @FILE, or @- for stdin
    #[arg(short, long, value_name = "BODY", conflicts_with_all = ["display_name", "image_url", "custom_data", "channels", "ttl", "name"])]
    data: Option<String>,
}

const USERS: &[Column] =
    &[("ID", &["/id"]), ("NAME", &["/name"]), ("DISPLAY NAME", &["/display_name"])];

pub(crate) fn run(command: Command, context: &Context) -> anyhow::Result<ExitCode> {
    context.wait(async {
        match command {
            Command::List { name, limit } => {
                let mut list = ListUsers::new().page_size(100);
                list.name = name;
                context.output.list(&context.items(list, limit).await?, USERS)
            }
            Command::Show { user } => context.show(&GetUser::new(user)).await,
            Command::Create { name, about } => {
                let mut create = CreateUser::new();
                create.body = Some(match &about.data {
                    Some(data) => body::read(data)?,
                    None => {
                        let mut body = UserRequest::new();
                        body.name = name;
                        body.properties = about.properties()?;
                        body.channels = about.channels.as_deref().map(body::json).transpose()?;
                        (body.display_name, body.image_url) = (about.display_name, about.image_url);
                        body
                    }
                });
                context.show(&create).await
            }
            Command::Update { user, name, about } => {
                let body = match &about.data {
                    Some(data) => body::read(data)?,
                    None => {
                        let mut body = UserUpdate::new();
                        body.name = name;
                        body.properties = about.properties()?;
                        body.channels = about.channels.as_deref().map(body::json).transpose()?;
                        (body.display_name, body.image_url) = (about.display_name, about.image_url);
                        if body == UserUpdate::new() {
                            return Err(Complaint::usage("nothing is to be changed")
                                .fix("give --name, --display-name, --image-url, --custom-data, --channels, --ttl or --data")
                                .into());
                        }
                        body
                    }
                };
                context.show(&UpdateUser::new(user, body)).await
            }
            Command::Delete { user } => {
                context.send(&DeleteUser::new(user.clone())).await?;
                note(&format!("{user} is deleted"))?;
                context.output.value(&serde_json::json!({ "id": user }))
            }
        }?;
        Ok(ExitCode::SUCCESS)
    })
}

impl About {
    fn properties(&self) -> anyhow::Result<Option<UserProperties>> {
        if self.custom_data.is_none() && self.ttl.is_none() {
            return Ok(None);
        }
        let mut properties = UserProperties::new();
        properties.custom_data = self.custom_data.as_deref().map(body::json).transpose()?;
        properties.ttl = self.ttl;
        Ok(Some(properties))
    }
}
