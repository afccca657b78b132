//! Legs: the connections that calls consist of.

use std::process::ExitCode;

use clap::Subcommand;
use ringback_model::{
    LegId,
    v0_3::{DeleteLeg, ListLegs},
};

use crate::{
    context::Context,
    output::{Column, note},
};

/// Legs.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the legs of the application
    List {
        /// How many at most
        #[arg(long, value_name = "COUNT")]
        limit: Option<usize>,
    },
    /// Hang a leg up
    Hangup {
        /// The leg
        leg: LegId,
    },
}

const LEGS: &[Column] = &[
    ("ID", &["/uuid", "/id"]),
    ("TYPE", &["/type"]),
    ("STATE", &["/state", "/status"]),
    ("CONVERSATION", &["/conversation_uuid", "/conversation_id"]),
    ("START", &["/start_time"]),
];

pub(crate) fn run(command: Command, context: &Context) -> anyhow::Result<ExitCode> {
    context.wait(async {
        match command {
            Command::List { limit } => {
                let list = ListLegs::new().page_size(100);
                context.output.list(&context.items(list, limit).await?, LEGS)?;
            }
            Command::Hangup { leg } => {
                context.send(&DeleteLeg::new(leg.clone())).await?;
                note(&format!("{leg} is hung up"))?;
                context.output.value(&serde_json::json!({ "id": leg }))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}
