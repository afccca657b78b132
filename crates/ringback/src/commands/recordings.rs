//! Recordings and transcripts.

use std::{fs, io::Write as _, path::PathBuf, process::ExitCode};

use axum::http::Uri;
use clap::Subcommand;
use ringback_model::{control::ListRecordings, files::GetFile};

use crate::{
    context::Context,
    errors::Complaint,
    output::{Column, note, write},
};

/// Recordings.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the emulator's recordings
    List,
    /// Download a recording or a transcript
    Get {
        /// Its URL as the webhook told it, or the id of the file
        #[arg(value_name = "URL|ID")]
        recording: String,
        /// Save it in this file, which must not exist yet
        #[arg(short = 'O', long, value_name = "FILE")]
        save: Option<PathBuf>,
        /// Overwrite the file
        #[arg(long, requires = "save")]
        force: bool,
    },
}

const RECORDINGS: &[Column] = &[
    ("ID", &["/id"]),
    ("FORMAT", &["/format"]),
    ("MILLIS", &["/millis"]),
    ("BYTES", &["/size"]),
    ("URL", &["/url"]),
];

pub(crate) fn run(command: Command, context: &Context) -> anyhow::Result<ExitCode> {
    match command {
        Command::List => {
            let reply = context.wait(context.send(&ListRecordings::new()))?;
            let rows: Result<Vec<String>, _> =
                reply.recordings.iter().map(serde_json::to_string).collect();
            context.output.list(&rows?, RECORDINGS)?;
        }
        Command::Get { recording, save, force } => {
            let Place { origin, id } = place(&recording)?;
            let elsewhere = match origin {
                // Whoever names an origin means it, and regional hosts keep their own files.
                Some(origin) if context.global.url.is_none() => Some(context.at(origin)),
                _ => None,
            };
            let context = elsewhere.as_ref().unwrap_or(context);
            if save.is_none() && context.terminal.stdout {
                return Err(Complaint::usage("a recording is no text for a terminal")
                    .fix("save it with -O FILE, or send stdout elsewhere")
                    .into());
            }
            let bytes = context.wait(context.answer(&GetFile::new(id)))?.body;
            match save {
                None => write(&bytes)?,
                Some(path) => {
                    keep(&path, &bytes, force)?;
                    note(&format!("{} bytes saved to {}", bytes.len(), path.display()))?;
                }
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Where a file is.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    origin: Option<String>,
    id: String,
}

/// Reads the URL of a file, or its id.
///
/// A token goes along: it is sent to the platform's own hosts only.
fn place(text: &str) -> Result<Place, Complaint> {
    if !text.contains('/') {
        return Ok(Place { origin: None, id: text.to_owned() });
    }
    let no_file = || {
        Complaint::usage(format!("`{text}` is not the URL of a recording")).fix(
            "give the recording_url of the webhook, which ends in /v1/files/ID, or the id alone",
        )
    };
    let uri: Uri = text.parse().map_err(|_| no_file())?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(no_file());
    };
    let (_, id) = uri.path().rsplit_once("/v1/files/").ok_or_else(no_file)?;
    if id.is_empty() || id.contains('/') {
        return Err(no_file());
    }
    let host = authority.host();
    let own = [".nexmo.com", ".vonage.com"].iter().any(|end| host.ends_with(end));
    let origin = (own && scheme == "https").then(|| format!("{scheme}://{authority}"));
    Ok(Place { origin, id: id.to_owned() })
}

fn keep(path: &std::path::Path, bytes: &[u8], force: bool) -> anyhow::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true);
    match force {
        true => options.create(true).truncate(true),
        false => options.create_new(true),
    };
    let written = options.open(path).and_then(|mut file| file.write_all(bytes));
    written.map_err(|error| {
        let complaint =
            Complaint::failure(format!("`{}` cannot be written: {error}", path.display()));
        match error.kind() {
            std::io::ErrorKind::AlreadyExists => {
                complaint.fix("name another file, or give --force")
            }
            _ => complaint,
        }
        .into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recordings_are_found_by_url_or_id() {
        let check = |text: &str, expected: Result<(Option<&str>, &str), &str>| match place(text) {
            Ok(place) => {
                let (origin, id) = expected.unwrap();
                assert_eq!((place.origin.as_deref(), place.id.as_str()), (origin, id));
            }
            Err(complaint) => assert!(complaint.to_string().contains(expected.unwrap_err())),
        };
        check("aaaa-bbbb", Ok((None, "aaaa-bbbb")));
        check("https://api.nexmo.com/v1/files/aaaa", Ok((Some("https://api.nexmo.com"), "aaaa")));
        check(
            "https://api-eu.vonage.com/v1/files/aaaa",
            Ok((Some("https://api-eu.vonage.com"), "aaaa")),
        );
        // No token for strangers: these are asked for at the usual origin.
        check("https://nexmo.com.demo.example/v1/files/aaaa", Ok((None, "aaaa")));
        check("http://api.nexmo.com/v1/files/aaaa", Ok((None, "aaaa")));
        check("http://127.0.0.1:4010/api.nexmo.com/v1/files/aaaa", Ok((None, "aaaa")));
        check("https://api.nexmo.com/v1/calls", Err("not the URL of a recording"));
        check("/v1/files/aaaa", Err("not the URL of a recording"));
    }
}
