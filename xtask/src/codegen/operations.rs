//! Operations: the struct, its description, and both directions of its coding.

use std::fmt::Write as _;

use anyhow::{Result, bail, ensure};

use super::{
    fields::{self, Field, Others},
    info,
    model::{At, Call, Reply, Type},
    names, paging,
    rust::Scope,
    schemas,
    spec::{PlaceSpec, Schema},
};

/// Where a field of an operation travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Path,
    Query,
    Form,
    Body,
}

/// An operation with its fields.
pub(crate) struct Operation<'a> {
    pub(crate) call: Call<'a>,
    pub(crate) at: At,
    pub(crate) fields: Vec<(Place, Field<'a>)>,
    pub(crate) reply: Reply<'a>,
}

const FORM: &str = "application/x-www-form-urlencoded";

/// Writes one operation.
pub(crate) fn write<'a>(scope: &Scope<'_, 'a>, call: Call<'a>, out: &mut String) -> Result<()> {
    let at = scope.module.at(call);
    let reply = scope.model.reply(scope.module, call)?;
    let fields = fields(scope, &at, call)?;
    let operation = Operation { call, at, fields, reply };
    let name = &call.spec.operation_id;
    let mut about = call.spec.summary.clone();
    if let Some(description) = &call.spec.description {
        write!(about, "\n\n{description}")?;
    }
    write!(about, "\n\n`{} {}`", call.method, call.path)?;
    if call.spec.deprecated {
        about.push_str("\n\nDeprecated.");
    }
    let plain: Vec<_> = operation.fields.iter().map(|(_, field)| field.clone()).collect();
    for (place, field) in &operation.fields {
        if *place != Place::Body {
            schemas::limits(scope, name, field.wire, field.schema);
        }
    }
    fields::write_struct(scope, &operation.at, name, &about, Others::Ignored, &plain, out)?;
    write_impl(scope, &operation, out)?;
    paging::write(scope, &operation, out)
}

fn fields<'a>(scope: &Scope<'_, 'a>, at: &At, call: Call<'a>) -> Result<Vec<(Place, Field<'a>)>> {
    let mut fields = Vec::new();
    for parameter in &call.spec.parameters {
        let at = at.then("parameters").then(&parameter.name);
        let place = match parameter.place {
            PlaceSpec::Path => Place::Path,
            PlaceSpec::Query => Place::Query,
        };
        ensure!(
            place != Place::Path || parameter.required,
            "{at}: what is in the path is required"
        );
        let mut field =
            field(scope, &at, &parameter.name, &parameter.schema, &parameter.description)?;
        if let Some(name) = &parameter.rust_name {
            field.rust.clone_from(name);
        }
        ensure!(names::is_name(&field.rust), "{at}: `{}` is no field's name", field.rust);
        field.required = parameter.required;
        if parameter.deprecated {
            field.about.push_str("\n\nDeprecated.");
        }
        fields.push((place, field));
    }
    let in_path = call.path.split('/').filter_map(|segment| {
        segment.strip_prefix('{').and_then(|segment| segment.strip_suffix('}'))
    });
    let mut names: Vec<_> = in_path.collect();
    for (place, field) in &fields {
        if *place == Place::Path {
            let known = names.iter().position(|name| *name == field.wire);
            let Some(known) = known else { bail!("{at}: `{}` is not in the path", field.wire) };
            names.remove(known);
        }
    }
    ensure!(names.is_empty(), "{at}: the path's {names:?} are no parameters");
    let Some(body) = &call.spec.request_body else { return Ok(fields) };
    let at = at.then("requestBody");
    let Some((content, media)) = body.content.iter().next() else {
        bail!("{at}: a body needs a content type");
    };
    let schema = &media.schema;
    if content == FORM {
        for (wire, property) in &schema.properties {
            let at = at.then(wire);
            let mut field = field(scope, &at, wire, property, &property.description)?;
            field.required = schema.required.contains(wire);
            fields.push((Place::Form, field));
        }
        return Ok(fields);
    }
    ensure!(content == "application/json", "{at}: `{content}` is not understood");
    let ty = scope.model.ty(scope.module, &at, schema)?;
    let about = body.description.clone().unwrap_or_else(|| "The body.".to_owned());
    let required = body.required;
    let rust = "body".to_owned();
    fields.push((Place::Body, Field { wire: "body", rust, ty, required, about, schema }));
    Ok(fields)
}

fn field<'a>(
    scope: &Scope<'_, 'a>,
    at: &At,
    wire: &'a str,
    schema: &'a Schema,
    about: &Option<String>,
) -> Result<Field<'a>> {
    let Some(about) = about.as_ref().or(schema.description.as_ref()) else {
        bail!("{at}: a description is missing");
    };
    let rust = schema.name.clone().unwrap_or_else(|| names::snake(wire));
    let ty = scope.model.ty(scope.module, at, schema)?;
    ensure!(!matches!(ty, Type::Map(_) | Type::Kept(_)), "{at}: this cannot be a parameter");
    Ok(Field { wire, rust, ty, required: false, about: about.clone(), schema })
}

fn write_impl<'a>(
    scope: &Scope<'_, 'a>,
    operation: &Operation<'a>,
    out: &mut String,
) -> Result<()> {
    scope.import("crate::coding", "Encoder")?;
    scope.imports("crate::operation", &["EncodeError", "Fault", "Operation"])?;
    scope.imports("crate::operation", &["OperationInfo", "RequestParts"])?;
    let reply = match &operation.reply {
        Reply::Json(ty) => scope.text(ty)?,
        Reply::Empty => "()".to_owned(),
        Reply::Bytes => scope.import("bytes", "Bytes")?.to_owned(),
        Reply::EventStream => scope.import("crate", "EventStream")?.to_owned(),
    };
    writeln!(out, "impl Operation for {} {{", operation.call.spec.operation_id)?;
    writeln!(out, "    type Reply = {reply};")?;
    info::write(scope, operation, out)?;
    writeln!(out, "\n    fn encode(&self) -> Result<RequestParts, EncodeError> {{")?;
    write!(out, "        Encoder::new(Self::INFO)")?;
    for (place, field) in &operation.fields {
        let Field { wire, rust, required, .. } = field;
        let value = match required {
            true => format!("&self.{rust}"),
            false => format!("self.{rust}.as_ref()"),
        };
        match place {
            Place::Path => write!(out, ".path({wire:?}, {value})")?,
            Place::Query => write!(out, ".query({wire:?}, {value})")?,
            Place::Form => write!(out, ".form({wire:?}, {value})")?,
            Place::Body => write!(out, ".body({value})")?,
        }
    }
    writeln!(out, ".finish()\n    }}\n")?;
    let used = if operation.fields.is_empty() { "_" } else { "parts" };
    writeln!(out, "    fn decode({used}: &RequestParts) -> Result<Self, Fault> {{")?;
    if !operation.fields.is_empty() {
        scope.import("crate::coding", "Decoder")?;
        writeln!(out, "        let read = Decoder::new(Self::INFO, parts);")?;
    }
    write!(out, "        Ok(Self {{")?;
    for (place, field) in &operation.fields {
        let Field { wire, rust, required, .. } = field;
        let opt = if *required { "" } else { "_opt" };
        match place {
            Place::Path => write!(out, "{rust}: read.path({wire:?})?,")?,
            Place::Query => write!(out, "{rust}: read.query{opt}({wire:?})?,")?,
            Place::Form => write!(out, "{rust}: read.form{opt}({wire:?})?,")?,
            Place::Body => write!(out, "{rust}: read.body{opt}()?,")?,
        }
    }
    writeln!(out, "}})\n    }}")?;
    let special = match &operation.reply {
        Reply::Json(Type::Kept(_)) => Some(("body", "Kept::from_bytes(body)")),
        Reply::Json(Type::Native("Nothing")) => Some(("_", "Ok(Nothing)")),
        Reply::Json(_) => None,
        Reply::Empty => Some(("_", "Ok(())")),
        Reply::Bytes => Some(("body", "Ok(body)")),
        Reply::EventStream => Some(("body", "Ok(EventStream(body))")),
    };
    if let Some((body, how)) = special {
        scope.import("bytes", "Bytes")?;
        scope.import("crate", "ReadError")?;
        writeln!(out, "\n    fn read_reply({body}: Bytes) -> Result<Self::Reply, ReadError> {{")?;
        writeln!(out, "        {how}\n    }}")?;
    }
    writeln!(out, "}}\n")?;
    Ok(())
}
