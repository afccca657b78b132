//! The emulator's phones.

use std::process::ExitCode;

use clap::Subcommand;
use ringback_exchange::{Script, ScriptError};
use ringback_model::control;

use crate::{context::Context, output::Column};

/// The emulator's phones.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the phones
    List,
    /// Put up a phone, or say how it behaves from now on
    Set {
        /// Its number
        number: String,
        /// How it behaves, such as "ring after 1s, answer after 3s, hang up after 10s" or "busy";
        /// "hang up" counts from the answer, "give up after 5s" ends a call of its own that still
        /// rings then
        #[arg(value_parser = behaviour)]
        script: Option<String>,
        /// Whose it is
        #[arg(long)]
        name: Option<String>,
    },
    /// Pick up a ringing phone
    Answer {
        /// Its number
        number: String,
    },
    /// Refuse the call of a ringing phone
    Decline {
        /// Its number
        number: String,
    },
    /// Press keys on a phone that talks
    Press {
        /// Its number
        number: String,
        /// The keys, such as 1#; p is half a second
        digits: String,
    },
    /// Say something into a phone that talks
    Say {
        /// Its number
        number: String,
        /// The words
        text: String,
    },
    /// Put the phone down
    Hangup {
        /// Its number
        number: String,
    },
}

/// Takes what a phone can do, in the words it was said with.
pub(crate) fn behaviour(text: &str) -> Result<String, ScriptError> {
    text.parse::<Script>().map(|_| text.to_owned())
}

const PHONES: &[Column] = &[
    ("NUMBER", &["/number"]),
    ("NAME", &["/name"]),
    ("STATE", &["/state"]),
    ("SCRIPT", &["/script"]),
];

pub(crate) fn run(command: Command, context: &Context) -> anyhow::Result<ExitCode> {
    match command {
        Command::List => {
            let reply = context.wait(context.send(&control::ListPhones::new()))?;
            let phones: Result<Vec<String>, _> =
                reply.phones.iter().map(serde_json::to_string).collect();
            context.output.list(&phones?, PHONES)?;
        }
        Command::Set { number, script, name } => {
            let mut body = control::SetPhoneRequest::new();
            (body.script, body.name) = (script, name);
            context.wait(context.show(&control::SetPhone::new(number, body)))?;
        }
        Command::Answer { number } => {
            context.wait(context.show(&control::AnswerPhone::new(number)))?;
        }
        Command::Decline { number } => {
            context.wait(context.show(&control::DeclinePhone::new(number)))?;
        }
        Command::Press { number, digits } => {
            let body = control::PressKeysRequest::new(digits);
            context.wait(context.show(&control::PressKeys::new(number, body)))?;
        }
        Command::Say { number, text } => {
            let body = control::SayRequest::new(text);
            context.wait(context.show(&control::Say::new(number, body)))?;
        }
        Command::Hangup { number } => {
            context.wait(context.show(&control::HangUpPhone::new(number)))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
