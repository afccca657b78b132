//! The fields of structs and operations.

use std::fmt::Write as _;

use anyhow::{Result, bail, ensure};

use super::{
    model::{At, Kind, Type},
    names,
    rust::{Scope, converts},
    spec::Schema,
};

/// One field.
#[derive(Clone, Debug)]
pub(crate) struct Field<'a> {
    pub(crate) wire: &'a str,
    pub(crate) rust: String,
    pub(crate) ty: Type<'a>,
    pub(crate) required: bool,
    pub(crate) about: String,
    pub(crate) schema: &'a Schema,
}

impl<'a> Field<'a> {
    /// Makes a field of a property or parameter.
    pub(crate) fn new(
        scope: &Scope<'_, 'a>,
        at: &At,
        wire: &'a str,
        schema: &'a Schema,
        required: bool,
    ) -> Result<Self> {
        let rust = match &schema.name {
            Some(name) => name.clone(),
            None => names::snake(wire),
        };
        ensure!(names::is_name(&rust), "{at}: `{rust}` is no field's name; give it one by x-name");
        let ty = scope.model.ty(scope.module, at, schema)?;
        if let Type::Named { name, kind: Kind::Beside, .. } = &ty {
            bail!("{at}: {name} is read with a kind from beside it; use Json here");
        }
        let mut about = match &schema.description {
            Some(description) => description.clone(),
            None => bail!("{at}: a description is missing"),
        };
        if schema.deprecated {
            about.push_str("\n\nDeprecated.");
        }
        Ok(Self { wire, rust, ty, required, about, schema })
    }

    /// The type as declared.
    pub(crate) fn declared(&self, scope: &Scope<'_, 'a>) -> Result<String> {
        let mut text = scope.text(&self.ty)?;
        if self.schema.boxed {
            text = format!("Box<{text}>");
        }
        if self.schema.nullable {
            scope.import("crate", "Nullable")?;
            return Ok(format!("Nullable<{text}>"));
        }
        Ok(if self.required { text } else { format!("Option<{text}>") })
    }

    /// The function that reads it, where the derived one does not do.
    fn reader(&self, at: &At) -> Result<Option<String>> {
        let schema = self.schema;
        let which = if self.required { "required" } else { "optional" };
        if schema.list_of_one {
            ensure!(matches!(self.ty, Type::List(_)), "{at}: x-list-of-one needs an array");
            return Ok(Some(format!("list_of_one::{which}")));
        }
        if schema.first_of_list {
            ensure!(!self.required, "{at}: x-first-of-list is for optional fields");
            return Ok(Some("first_of_list".to_owned()));
        }
        let scalar = matches!(
            self.ty,
            Type::Text
                | Type::Number(_)
                | Type::Bool
                | Type::Native("Timestamp")
                | Type::Named { kind: Kind::Id | Kind::Enum, .. }
        );
        let moment = self.ty == Type::Native("Timestamp") && !self.required;
        if !schema.lenient && !moment {
            return Ok(None);
        }
        match &self.ty {
            // These read text and numbers by themselves.
            Type::Native("Decimal" | "PhoneNumber") => Ok(None),
            _ if scalar && !schema.nullable => Ok(Some(which.to_owned())),
            _ => bail!("{at}: x-lenient is for scalars that are not x-nullable"),
        }
    }

    /// The serde attribute's arguments.
    fn attributes(&self, scope: &Scope<'_, 'a>, at: &At, cased: bool) -> Result<Vec<String>> {
        let mut out = Vec::new();
        let plain = if cased { names::camel(&self.rust) } else { self.rust.clone() };
        if plain != self.wire {
            out.push(format!("rename = {:?}", self.wire));
        }
        out.extend(self.schema.also.iter().map(|name| format!("alias = {name:?}")));
        let reader = self.reader(at)?;
        if self.schema.nullable {
            scope.import("crate", "Nullable")?;
            out.push("default".to_owned());
            out.push("skip_serializing_if = \"Nullable::is_absent\"".to_owned());
        } else if !self.required {
            if reader.is_some() {
                out.push("default".to_owned());
            }
            if !self.schema.emit_null {
                out.push("skip_serializing_if = \"Option::is_none\"".to_owned());
            }
        }
        if let Some(reader) = reader {
            scope.import("crate", "lenient")?;
            out.push(format!("deserialize_with = \"lenient::{reader}\""));
        }
        Ok(out)
    }
}

/// What becomes of fields that a struct does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Others {
    Ignored,
    Refused,
    Kept,
}

/// A struct with `new` and setters.
pub(crate) fn write_struct<'a>(
    scope: &Scope<'_, 'a>,
    at: &At,
    name: &str,
    about: &str,
    others: Others,
    fields: &[Field<'a>],
    out: &mut String,
) -> Result<()> {
    let mut seen: Vec<&str> = Vec::new();
    for field in fields {
        ensure!(!seen.contains(&field.rust.as_str()), "{at}: two fields are called {}", field.rust);
        seen.push(&field.rust);
    }
    scope.imports("serde", &["Deserialize", "Serialize"])?;
    let required: Vec<_> = fields.iter().filter(|field| field.required).collect();
    ensure!(
        required.len() <= 7,
        "{at}: more than 7 required fields; a struct of its own for some of them reads better"
    );
    let default = if required.is_empty() { "Default, " } else { "" };
    out.push_str(&names::doc("///", about));
    writeln!(out, "#[derive(Clone, Debug, {default}PartialEq, Serialize, Deserialize)]")?;
    let cased = fields.iter().any(|field| field.wire != field.rust)
        && fields
            .iter()
            .all(|field| names::camel(&field.rust) == field.wire || field.schema.name.is_some());
    let mut container = Vec::new();
    if cased {
        container.push("rename_all = \"camelCase\"");
    }
    match others {
        Others::Ignored => {}
        Others::Refused => container.push("deny_unknown_fields"),
        Others::Kept => container.push("remote = \"Self\""),
    }
    if !container.is_empty() {
        writeln!(out, "#[serde({})]", container.join(", "))?;
    }
    writeln!(out, "pub struct {name} {{")?;
    for field in fields {
        let at = at.then(field.wire);
        out.push_str(&names::doc("    ///", &field.about));
        let attributes = field.attributes(scope, &at, cased)?;
        if !attributes.is_empty() {
            writeln!(out, "    #[serde({})]", attributes.join(", "))?;
        }
        writeln!(out, "    pub {}: {},", field.rust, field.declared(scope)?)?;
    }
    if others == Others::Kept {
        scope.import("std::collections", "BTreeMap")?;
        scope.import("crate", "Json")?;
        writeln!(
            out,
            "    /// Fields that this version of the crate does not know, as they came."
        )?;
        writeln!(out, "    #[serde(flatten, skip_deserializing)]")?;
        writeln!(out, "    pub other: BTreeMap<String, Json>,")?;
    }
    writeln!(out, "}}\n")?;
    if others == Others::Kept {
        writeln!(out, "open_struct! {{\n    {name} {{")?;
        for field in fields {
            for name in
                std::iter::once(field.wire).chain(field.schema.also.iter().map(String::as_str))
            {
                writeln!(out, "        {name:?},")?;
            }
        }
        writeln!(out, "    }}\n}}\n")?;
    }
    write_new(scope, name, fields, others, out)?;
    write_setters(scope, name, fields, out)
}

fn write_new<'a>(
    scope: &Scope<'_, 'a>,
    name: &str,
    fields: &[Field<'a>],
    others: Others,
    out: &mut String,
) -> Result<()> {
    writeln!(out, "impl {name} {{")?;
    if fields.iter().all(|field| !field.required) {
        writeln!(out, "    /// Starts with nothing set.")?;
        writeln!(out, "    #[must_use]\n    pub fn new() -> Self {{")?;
        writeln!(out, "        Self::default()\n    }}\n}}\n")?;
        return Ok(());
    }
    let mut arguments = Vec::new();
    let mut values = Vec::new();
    for field in fields {
        let rust = &field.rust;
        if !field.required {
            let none = if field.schema.nullable { "Nullable::Absent" } else { "None" };
            values.push(format!("{rust}: {none}"));
            continue;
        }
        let ty = scope.text(&field.ty)?;
        let into = converts(&field.ty);
        arguments.push(if into {
            format!("{rust}: impl Into<{ty}>")
        } else {
            format!("{rust}: {ty}")
        });
        values.push(match (into, field.schema.boxed) {
            (true, false) => format!("{rust}: {rust}.into()"),
            (true, true) => format!("{rust}: Box::new({rust}.into())"),
            (false, true) => format!("{rust}: Box::new({rust})"),
            (false, false) => rust.clone(),
        });
    }
    if others == Others::Kept {
        values.push("other: BTreeMap::new()".to_owned());
    }
    writeln!(out, "    /// Starts with what is required.")?;
    writeln!(out, "    #[must_use]\n    pub fn new({}) -> Self {{", arguments.join(", "))?;
    writeln!(out, "        Self {{ {} }}\n    }}\n}}\n", values.join(", "))?;
    Ok(())
}

fn write_setters<'a>(
    scope: &Scope<'_, 'a>,
    name: &str,
    fields: &[Field<'a>],
    out: &mut String,
) -> Result<()> {
    let mut setters = Vec::new();
    for field in fields.iter().filter(|field| !field.required) {
        let ty = scope.text(&field.ty)?;
        let how = match field.schema {
            schema if schema.nullable => "nullable",
            schema if schema.boxed => "boxed",
            _ if converts(&field.ty) => "into",
            _ => "some",
        };
        setters.push(format!("    {}: {how}({ty}),\n", field.rust));
    }
    if !setters.is_empty() {
        writeln!(out, "setters!({name} {{\n{}}});\n", setters.concat())?;
    }
    Ok(())
}
