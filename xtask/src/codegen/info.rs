//! The description of an operation.

use std::fmt::Write as _;

use anyhow::{Result, bail, ensure};

use super::{
    fields::Field,
    model::{At, Kind, Reply, Type},
    operations::{Operation, Place},
    rust::Scope,
    spec::{Errors, Host, PagingKind, RetrySpec, Scheme},
};

/// Writes `const INFO`.
pub(crate) fn write<'a>(
    scope: &Scope<'_, 'a>,
    operation: &Operation<'a>,
    out: &mut String,
) -> Result<()> {
    let module = scope.module;
    let spec = operation.call.spec;
    scope.import("http", "Method")?;
    scope
        .imports("crate::operation", &["Encoding", "ErrorFamily", "Host", "ReplyKind", "Retry"])?;
    let host = match spec.host.unwrap_or(module.spec.host) {
        Host::Api => "Api",
        Host::Rest => "Rest",
        Host::Control => "Control",
    };
    let errors = match spec.errors.unwrap_or(module.spec.errors) {
        Errors::Problem => "Problem",
        Errors::ConversationProblem => "ConversationProblem",
        Errors::CodeDescription => "CodeDescription",
        Errors::ErrorCodeLabel => "ErrorCodeLabel",
        Errors::Voice => "Voice",
        Errors::Control => "Control",
    };
    let retry = match spec.retry {
        RetrySpec::Always => "Always",
        RetrySpec::NotSent => "NotSent",
    };
    let reply = match operation.reply {
        Reply::Json(_) => "Json",
        Reply::Empty => "Empty",
        Reply::Bytes => "Bytes",
        Reply::EventStream => "EventStream",
    };
    let places: Vec<_> = operation.fields.iter().map(|(place, _)| *place).collect();
    let encoding = match () {
        () if places.contains(&Place::Body) => "Json",
        () if places.contains(&Place::Form) => "Form",
        () => "None",
    };
    let auth: Vec<_> =
        spec.auth.as_ref().unwrap_or(&module.spec.auth).iter().copied().map(scheme).collect();
    if !auth.is_empty() {
        scope.import("crate::operation", "Scheme")?;
    }
    let success = spec.responses.iter().filter(|(status, _)| status.starts_with('2'));
    let success: Vec<_> = success.map(|(status, _)| status.as_str()).collect();
    for status in &success {
        ensure!(status.parse::<u16>().is_ok(), "{}: `{status}` is no status", operation.at);
    }
    writeln!(out, "    const INFO: &'static OperationInfo = &OperationInfo {{")?;
    writeln!(out, "        id: \"{}.{}\",", module.name, spec.operation_id)?;
    writeln!(out, "        method: Method::{},", operation.call.method)?;
    writeln!(out, "        path: {:?},", operation.call.path)?;
    writeln!(out, "        host: Host::{host},")?;
    writeln!(out, "        summary: {:?},", spec.summary)?;
    write!(out, "        parameters: &[")?;
    for (place, field) in &operation.fields {
        if *place != Place::Body {
            write!(out, "{},", parameter(scope, &operation.at, *place, field)?)?;
        }
    }
    writeln!(out, "],")?;
    writeln!(out, "        encoding: Encoding::{encoding},")?;
    writeln!(out, "        reply: ReplyKind::{reply},")?;
    writeln!(out, "        success: &[{}],", success.join(", "))?;
    writeln!(out, "        auth: &[{}],", auth.join(", "))?;
    writeln!(out, "        errors: ErrorFamily::{errors},")?;
    writeln!(out, "        retry: Retry::{retry},")?;
    writeln!(out, "        paging: {},", paging(scope, operation)?)?;
    writeln!(out, "    }};")?;
    Ok(())
}

fn scheme(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Jwt => "Scheme::Jwt",
        Scheme::Basic => "Scheme::Basic",
        Scheme::Query => "Scheme::Query",
    }
}

fn parameter<'a>(
    scope: &Scope<'_, 'a>,
    at: &At,
    place: Place,
    field: &Field<'a>,
) -> Result<String> {
    scope.imports("crate::operation", &["ParameterInfo", "Place", "ValueKind"])?;
    let place = match place {
        Place::Path => "Path",
        Place::Query => "Query",
        Place::Form => "Form",
        Place::Body => bail!("{at}: a body is no parameter"),
    };
    let kind = value_kind(scope, &field.ty, field);
    let about = field.about.lines().next().unwrap_or_default();
    let required = if field.required { "required" } else { "optional" };
    Ok(format!("ParameterInfo::{required}({:?}, Place::{place}, {kind}, {about:?})", field.wire))
}

fn value_kind<'a>(scope: &Scope<'_, 'a>, ty: &Type<'a>, field: &Field<'a>) -> String {
    match ty {
        Type::Bool => "ValueKind::Boolean".to_owned(),
        Type::Number("f64") => "ValueKind::Text".to_owned(),
        Type::Number(_) => format!(
            "ValueKind::Integer {{ minimum: {}, maximum: {} }}",
            whole(field.schema.minimum),
            whole(field.schema.maximum)
        ),
        Type::Named { module, name, kind: Kind::Enum } => {
            let words = scope.model.schema(module, name).map(|schema| &schema.words);
            let words: Vec<_> = words.into_iter().flatten().map(|word| &word.value).collect();
            format!("ValueKind::Word(&{words:?})")
        }
        Type::List(items) => value_kind(scope, items, field),
        _ => "ValueKind::Text".to_owned(),
    }
}

fn whole(number: Option<f64>) -> String {
    number.map_or_else(|| "None".to_owned(), |number| format!("Some({number:.0})"))
}

fn paging<'a>(scope: &Scope<'_, 'a>, operation: &Operation<'a>) -> Result<String> {
    let Some(paging) = &operation.call.spec.paging else { return Ok("None".to_owned()) };
    scope.imports("crate::operation", &["NextRule", "Paging"])?;
    let parameter = &paging.parameter;
    let first = paging.first.unwrap_or_default();
    let next = match paging.kind {
        PagingKind::Link => format!("NextRule::Link {{ parameter: {parameter:?} }}"),
        PagingKind::Page => {
            format!("NextRule::Page {{ parameter: {parameter:?}, first: {first} }}")
        }
        PagingKind::Index => {
            let Some(size) = &paging.size else {
                bail!("{}: x-paging by index needs a size", operation.at);
            };
            format!(
                "NextRule::Index {{ parameter: {parameter:?}, first: {first}, size: {size:?} }}"
            )
        }
    };
    Ok(format!("Some(Paging {{ items: {:?}, next: {next} }})", paging.items))
}
