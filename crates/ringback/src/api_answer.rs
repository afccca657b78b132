//! Failures of the client, put into words.

use ringback_client::{Client, Error};
use ringback_model::control;

use crate::{context::Context, errors::Complaint};

/// A failure in words; where the answer names a trace, what the trace tells is added.
pub(crate) async fn complaint(context: &Context, client: &Client, error: Error) -> anyhow::Error {
    let Some(failure) = error.failure() else { return local(error) };
    let mut complaint = Complaint::refused(error.to_string()).note_if("reason", failure.reason());
    let told = match failure.trace() {
        // Whoever names a trace also tells what is behind it; if not, the answer has to do.
        Some(trace) => match context.controlling(client.clone()) {
            Ok(client) => client.send(&control::GetRefusal::new(trace)).await.ok(),
            Err(_) => None,
        },
        None => None,
    };
    match told {
        Some(told) if told.fix.is_some() => {
            complaint = complaint
                .note_if("check", told.checked)
                .note_if("seen", told.seen)
                .note_if("expected", told.expected)
                .note_if("fix", told.fix);
        }
        _ => complaint = complaint.note_if("hint", failure.hint()),
    }
    complaint.into()
}

/// A failure on this side of the wire.
pub(crate) fn local(error: Error) -> anyhow::Error {
    match error {
        Error::Credentials { .. } => Complaint::usage(error.to_string())
            .fix("set them, save them with `ringback auth set`, or take an emulator's: eval \"$(ringback env)\"")
            .into(),
        Error::Unsendable { .. } => Complaint::usage(error.to_string()).into(),
        Error::Origin { .. } => Complaint::usage(error.to_string())
            .fix("give --url or RINGBACK_URL an origin such as http://127.0.0.1:4010")
            .into(),
        Error::Encode { .. } => {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            Complaint::usage(match cause {
                Some(cause) => format!("{error}: {cause}"),
                None => error.to_string(),
            })
            .into()
        }
        // The explanation says it all; the transport's own words would only repeat it.
        Error::Transport(transport) => {
            let control = transport.operation.starts_with("control.") && transport.connect;
            let complaint =
                Complaint::failure(format!("{}: {}", transport.operation, transport.explanation));
            match control {
                true => complaint
                    .fix("start one with `ringback emulator`, or say where it is with --url"),
                false => complaint,
            }
            .into()
        }
        error => error.into(),
    }
}
