//! Bodies and scripts, as they are typed: the text itself, a file, or stdin.

use std::{fs, io::Read as _};

use ringback_model::Json;
use serde::de::DeserializeOwned;

use crate::{commands::jwt::unreadable, errors::Complaint};

/// The bytes of a body: the text itself, `@FILE`, or `@-` for stdin.
pub(crate) fn bytes(data: &str) -> anyhow::Result<Vec<u8>> {
    match data.strip_prefix('@') {
        None => Ok(data.as_bytes().to_vec()),
        Some("-") => stdin(),
        Some(file) => fs::read(file).map_err(|error| unreadable(file, &error).into()),
    }
}

/// A body as a type; what is wrong with it is told with its place.
pub(crate) fn read<T: DeserializeOwned>(data: &str) -> anyhow::Result<T> {
    let bytes = bytes(data)?;
    ringback_model::read::from_slice(&bytes).map_err(|error| {
        Complaint::usage(format!("the body is not right: {error}"))
            .fix("give JSON, @FILE, or @- for stdin")
            .into()
    })
}

/// Any JSON: the text itself, `@FILE`, or `@-` for stdin.
pub(crate) fn json(data: &str) -> anyhow::Result<Json> {
    let bytes = bytes(data)?;
    let text = String::from_utf8_lossy(&bytes);
    Json::parse(text.trim()).map_err(|error| {
        Complaint::usage(format!("`{}` is no JSON: {error}", short(&text)))
            .fix("put texts into double quotes, and all of it into single quotes for the shell")
            .into()
    })
}

/// A script: the text itself, which begins with `[`, a file, or `-` for stdin.
pub(crate) fn script(source: &str) -> anyhow::Result<Json> {
    let (name, bytes) = match source.trim_start().starts_with('[') {
        true => ("the script", source.as_bytes().to_vec()),
        false if source == "-" => ("the script on stdin", stdin()?),
        false => (source, fs::read(source).map_err(|error| unreadable(source, &error))?),
    };
    Json::parse(String::from_utf8_lossy(&bytes).trim()).map_err(|error| {
        Complaint::failure(format!("{name} is no JSON: {error}"))
            .fix("`ringback ncco check FILE` says where")
            .into()
    })
}

fn stdin() -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn short(text: &str) -> String {
    text.chars().take(40).collect()
}
