//! Any operation of the API.

use std::process::ExitCode;

use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use ringback_model::{
    OPERATIONS,
    operation::{Encoding, OperationInfo, ParameterInfo, Place, ReplyKind, RequestParts},
};
use serde_json::json;

use super::jwt::pair;
use crate::{body, context::Context, errors::Complaint, output::write};

/// All but the characters that RFC 3986 calls unreserved.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Which operation, with what.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The operation, such as beta.GetConversation; --list shows all
    #[arg(required_unless_present = "list")]
    operation: Option<String>,
    /// The body: JSON, @FILE, or @- for stdin
    #[arg(short, long, value_name = "BODY")]
    data: Option<String>,
    /// A parameter of the path, the query or the form
    #[arg(short, long = "param", value_name = "NAME=VALUE", value_parser = pair)]
    params: Vec<(String, String)>,
    /// List the operations
    #[arg(long)]
    list: bool,
}

pub(crate) fn run(args: &Args, context: &Context) -> anyhow::Result<ExitCode> {
    match &args.operation {
        Some(name) if !args.list => {
            let info = find(name)?;
            let parts = parts(info, args)?;
            context.wait(send(info, parts, context))?;
        }
        part => list(part.as_deref().unwrap_or_default(), context)?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn send(
    info: &'static OperationInfo,
    parts: RequestParts,
    context: &Context,
) -> anyhow::Result<()> {
    if info.reply == ReplyKind::EventStream {
        return stream(info, parts, context).await;
    }
    let body = context.raw(info, parts).await?;
    match info.reply {
        _ if body.is_empty() => Ok(()),
        ReplyKind::Json => context.output.document(&String::from_utf8_lossy(&body)),
        _ => write(&body),
    }
}

/// A stream goes on until it is cut.
async fn stream(
    info: &'static OperationInfo,
    parts: RequestParts,
    context: &Context,
) -> anyhow::Result<()> {
    let client = context.client(info)?;
    let opened = client.open_raw(info, parts).await;
    let mut open = context.judged(&client, opened).await?;
    loop {
        let chunk = open.chunk().await;
        match context.judged(&client, chunk).await? {
            Some(chunk) => write(&chunk)?,
            None => return Ok(()),
        }
    }
}

fn list(part: &str, context: &Context) -> anyhow::Result<()> {
    let part = part.to_ascii_lowercase();
    let rows = OPERATIONS.iter().filter(|info| info.id.to_ascii_lowercase().contains(&part));
    let rows: Vec<String> = rows
        .map(|info| {
            json!({
                "id": info.id,
                "method": info.method.as_str(),
                "path": info.path,
                "summary": info.summary,
                "parameters": info.parameters.iter().map(|p| json!({
                    "name": p.name,
                    "in": place(p.place),
                    "required": p.required,
                    "about": p.about,
                })).collect::<Vec<_>>(),
            })
            .to_string()
        })
        .collect();
    let columns: [(_, &[_]); 4] = [
        ("OPERATION", &["/id"]),
        ("METHOD", &["/method"]),
        ("PATH", &["/path"]),
        ("ABOUT", &["/summary"]),
    ];
    context.output.list(&rows, &columns)
}

fn find(name: &str) -> anyhow::Result<&'static OperationInfo> {
    let short = |id: &'static str| id.split_once('.').map_or(id, |(_, short)| short);
    let whole = OPERATIONS.iter().find(|info| info.id.eq_ignore_ascii_case(name));
    if let Some(info) = whole {
        return Ok(info);
    }
    let found: Vec<_> =
        OPERATIONS.iter().filter(|info| short(info.id).eq_ignore_ascii_case(name)).collect();
    match found.as_slice() {
        [info] => Ok(info),
        [] => {
            let wanted = name.rsplit('.').next().unwrap_or(name).to_ascii_lowercase();
            let near: Vec<&str> = OPERATIONS
                .iter()
                .map(|info| info.id)
                .filter(|id| {
                    let id = short(id).to_ascii_lowercase();
                    !wanted.is_empty() && (id.contains(&wanted) || wanted.contains(&id))
                })
                .collect();
            let complaint = Complaint::usage(format!("there is no operation `{name}`"));
            Err(match near.is_empty() {
                true => complaint.fix("`ringback api --list` shows all"),
                false => complaint.fix(format!("did you mean {}?", near.join(" or "))),
            }
            .into())
        }
        several => {
            let ids: Vec<&str> = several.iter().map(|info| info.id).collect();
            Err(Complaint::usage(format!("`{name}` is the name of several operations"))
                .fix(format!("say which: {}", ids.join(" or ")))
                .into())
        }
    }
}

fn parts(info: &'static OperationInfo, args: &Args) -> anyhow::Result<RequestParts> {
    let known = |name: &str| info.parameters.iter().find(|p| p.name == name);
    for (name, _) in &args.params {
        if known(name).is_none() {
            return Err(unknown(info, name).into());
        }
    }
    let value = |name: &str| args.params.iter().find(|(given, _)| given == name).map(|(_, v)| v);
    for parameter in info.parameters.iter().filter(|parameter| parameter.required) {
        if value(parameter.name).is_none() {
            return Err(Complaint::usage(format!("{} needs `{}`", info.id, parameter.name))
                .fix(format!("give --param {}=…: {}", parameter.name, parameter.about))
                .into());
        }
    }
    let mut path = String::new();
    for segment in info.path.split('/').skip(1) {
        path.push('/');
        let name = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        match name.and_then(value) {
            Some(text) if matches!(text.as_str(), "" | "." | "..") => {
                return Err(Complaint::usage(format!(
                    "the path parameter `{}` cannot be `{text}`",
                    name.unwrap_or_default()
                ))
                .into());
            }
            Some(text) => path.push_str(&utf8_percent_encode(text, PLAIN).to_string()),
            None => path.push_str(segment),
        }
    }
    let pairs = |place: Place| {
        let of_place =
            |(name, _): &&(String, String)| known(name).is_some_and(|p| p.place == place);
        let encoded = args.params.iter().filter(of_place).map(|(name, value)| {
            format!("{}={}", utf8_percent_encode(name, PLAIN), utf8_percent_encode(value, PLAIN))
        });
        encoded.collect::<Vec<_>>().join("&")
    };
    let query = pairs(Place::Query);
    let (content_type, bytes) = match (info.encoding, &args.data) {
        (Encoding::Form, data) => {
            let form = match data {
                Some(data) => body::bytes(data)?,
                None => pairs(Place::Form).into_bytes(),
            };
            (Some("application/x-www-form-urlencoded"), form)
        }
        (Encoding::Json, Some(data)) => (Some("application/json"), body::bytes(data)?),
        (Encoding::None, Some(_)) => {
            return Err(Complaint::usage(format!("{} takes no body", info.id)).into());
        }
        (_, None) => (None, Vec::new()),
    };
    Ok(RequestParts {
        method: info.method.clone(),
        path,
        query: (!query.is_empty()).then_some(query),
        content_type: content_type.map(str::to_owned),
        body: Bytes::from(bytes),
    })
}

fn unknown(info: &OperationInfo, name: &str) -> Complaint {
    let complaint = Complaint::usage(format!("{} has no parameter `{name}`", info.id));
    let shown =
        |parameter: &ParameterInfo| format!("{} ({})", parameter.name, place(parameter.place));
    let names: Vec<String> = info.parameters.iter().map(shown).collect();
    match names.is_empty() {
        true => complaint.fix("it has none; fields of the body go into --data"),
        false => complaint.fix(format!("it has {}", names.join(", "))),
    }
}

fn place(place: Place) -> &'static str {
    match place {
        Place::Path => "path",
        Place::Query => "query",
        Place::Form => "form",
    }
}
