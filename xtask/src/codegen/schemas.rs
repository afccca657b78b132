//! Named types: ids, enums, unions, structs and other names for types.

use std::fmt::Write as _;

use anyhow::{Result, bail, ensure};
use serde_json::Value;

use super::{
    fields::{self, Field, Others},
    model::{At, Kind, Module, Type, is_closed, kind},
    names,
    rust::Scope,
    spec::{Additional, Rule, Schema, When},
};

/// Writes one named type.
pub(crate) fn write<'a>(
    scope: &Scope<'_, 'a>,
    name: &'a str,
    schema: &'a Schema,
    out: &mut String,
) -> Result<()> {
    let at = scope.module.schema_at(name);
    ensure!(names::is_name(name), "{at}: `{name}` is no type's name");
    let Some(about) = &schema.description else { bail!("{at}: a description is missing") };
    let mut about = about.clone();
    if schema.deprecated {
        about.push_str("\n\nDeprecated.");
    }
    match kind(schema) {
        Kind::Native => Ok(()),
        Kind::Id => {
            let doc = names::doc("    ///", &about);
            Ok(writeln!(out, "id! {{\n{doc}    {name}\n}}\n")?)
        }
        Kind::Enum => write_enum(&at, name, &about, schema, out),
        Kind::Union | Kind::Beside => write_union(scope, &at, name, &about, schema, out),
        Kind::Struct => {
            let at = at.then("properties");
            for wire in &schema.required {
                ensure!(
                    schema.properties.get(wire).is_some(),
                    "{at}: `{wire}` is required but not there"
                );
            }
            let mut all = Vec::new();
            for (wire, property) in &schema.properties {
                let at = at.then(wire);
                let required = schema.required.contains(wire);
                let mut field = Field::new(scope, &at, wire, property, required)?;
                if scope.model.keeps(scope.module.name, name, wire) {
                    field.ty = scope.model.keeping(field.ty);
                }
                limits(scope, name, wire, property);
                all.push(field);
            }
            let others = match schema.additional_properties.as_ref() {
                None => Others::Ignored,
                Some(Additional::Allowed(false)) => Others::Refused,
                Some(Additional::Allowed(true) | Additional::Of(_)) => Others::Kept,
            };
            fields::write_struct(scope, &at, name, &about, others, &all, out)
        }
        Kind::Alias => {
            let ty = scope.model.ty(scope.module, &at, schema)?;
            let ty = scope.text(&ty)?;
            out.push_str(&names::doc("///", &about));
            Ok(writeln!(out, "pub type {name} = {ty};\n")?)
        }
    }
}

fn write_enum(at: &At, name: &str, about: &str, schema: &Schema, out: &mut String) -> Result<()> {
    ensure!(!schema.words.is_empty(), "{at}: an enum needs x-values");
    let ignoring = if schema.ignore_case { " ignoring case" } else { "" };
    writeln!(out, "open_enum! {{\n{}    {name}{ignoring} {{", names::doc("    ///", about))?;
    let mut seen = Vec::new();
    for word in &schema.words {
        let at = at.then("x-values");
        let variant = variant(&at, &word.value, word.name.as_deref(), &mut seen)?;
        out.push_str(&names::doc("        ///", &word.description));
        writeln!(out, "        {variant} = {:?},", word.value)?;
    }
    writeln!(out, "    }}\n}}\n")?;
    Ok(())
}

/// The name of a variant, from the spec or from the word itself.
fn variant(at: &At, word: &str, name: Option<&str>, seen: &mut Vec<String>) -> Result<String> {
    let variant = name.map_or_else(|| names::pascal(word), str::to_owned);
    ensure!(
        names::is_name(&variant),
        "{at}: no variant can be named after `{word}`; give it a name"
    );
    ensure!(variant != "Unknown", "{at}: `{word}` needs a name, `Unknown` is taken");
    ensure!(!seen.contains(&variant), "{at}: two variants are called {variant}");
    seen.push(variant.clone());
    Ok(variant)
}

fn write_union<'a>(
    scope: &Scope<'_, 'a>,
    at: &At,
    name: &str,
    about: &str,
    schema: &'a Schema,
    out: &mut String,
) -> Result<()> {
    let ways = [
        schema.variants.is_some(),
        schema.variants_by_field.is_some(),
        schema.variants_by_type.is_some(),
        schema.rules.is_some(),
    ];
    ensure!(
        ways.iter().filter(|way| **way).count() == 1,
        "{at}: a union needs one of x-variants, x-variants-by-field, x-variants-by-type, x-rules"
    );
    let doc = names::doc("    ///", about);
    let mut seen = Vec::new();
    let mut rows: Vec<(String, &'a Schema, String)> = Vec::new();
    let head;
    if let Some(variants) = &schema.variants {
        let Some(tag) = &schema.tag else { bail!("{at}: x-variants needs an x-tag") };
        let at = at.then("x-variants");
        for (word, schema) in variants {
            let variant = variant(&at, word, schema.name.as_deref(), &mut seen)?;
            if tag != "external" {
                check_tagged(scope, &at.then(word), tag, schema)?;
            }
            rows.push((variant, schema, format!("= {word:?}")));
        }
        head = if tag == "external" { "beside".to_owned() } else { format!("by {tag:?}") };
    } else if let Some(variants) = &schema.variants_by_type {
        let at = at.then("x-variants-by-type");
        for (word, schema) in variants {
            let Some((_, name)) = JSON_TYPES.iter().find(|(json, _)| json == word) else {
                bail!("{at}: `{word}` is no JSON type");
            };
            let name = schema.name.as_deref().unwrap_or(name);
            let variant = variant(&at, word, Some(name), &mut seen)?;
            rows.push((variant, schema, format!("= {word:?}")));
        }
        head = "by type".to_owned();
    } else if let Some(variants) = &schema.variants_by_field {
        let at = at.then("x-variants-by-field");
        for (word, schema) in variants {
            let variant = variant(&at, word, schema.name.as_deref(), &mut seen)?;
            rows.push((variant, schema, format!("if [{word:?}]")));
        }
        head = "by rule".to_owned();
    } else {
        let at = at.then("x-rules");
        by_rules(&at, schema.rules.as_deref().unwrap_or_default(), &mut rows)?;
        head = "by rule".to_owned();
    }
    let mut text = format!("union! {{\n{doc}    {name} {head} {{\n");
    let mut bodies: Vec<(String, String)> = Vec::new();
    for (variant, schema, condition) in rows {
        let at = at.then(&variant);
        let ty = scope.model.ty(scope.module, &at, schema)?;
        let about = described(scope, &at, &ty, schema)?;
        text.push_str(&names::doc("        ///", &about));
        let body = scope.text(&ty)?;
        let declared = if schema.boxed { format!("Box<{body}>") } else { body.clone() };
        writeln!(text, "        {variant}({declared}) {condition},")?;
        bodies.push((body, variant));
    }
    text.push_str("    }\n}\n\n");
    out.push_str(&text);
    let unique: Vec<_> = bodies
        .iter()
        .filter(|(body, _)| names::is_name(body))
        .filter(|(body, _)| bodies.iter().filter(|(other, _)| other == body).count() == 1)
        .collect();
    if !unique.is_empty() {
        writeln!(out, "variants! {{\n    {name} {{")?;
        for (body, variant) in unique {
            writeln!(out, "        {body} => {variant},")?;
        }
        writeln!(out, "    }}\n}}\n")?;
    }
    Ok(())
}

const JSON_TYPES: &[(&str, &str)] = &[
    ("string", "Text"),
    ("boolean", "Flag"),
    ("object", "Object"),
    ("array", "List"),
    ("number", "Number"),
];

/// The variants of ordered rules; rules for the same variant become one.
fn by_rules<'a>(
    at: &At,
    rules: &'a [Rule],
    rows: &mut Vec<(String, &'a Schema, String)>,
) -> Result<()> {
    let mut order: Vec<(&str, &'a Schema, Vec<String>)> = Vec::new();
    for rule in rules {
        let condition = condition(at, &rule.when)?;
        match order.last_mut().filter(|(variant, ..)| *variant == rule.variant) {
            Some((_, schema, conditions)) => {
                ensure!(
                    schema.reference == rule.schema.reference,
                    "{at}: {} has two schemas",
                    rule.variant
                );
                conditions.push(condition);
            }
            None => {
                let twice = order.iter().any(|(variant, ..)| *variant == rule.variant);
                ensure!(!twice, "{at}: the rules of {} have to stand together", rule.variant);
                ensure!(names::is_name(&rule.variant), "{at}: a variant has no name");
                order.push((&rule.variant, &rule.schema, vec![condition]));
            }
        }
    }
    for (variant, schema, conditions) in order {
        rows.push((variant.to_owned(), schema, format!("if {}", conditions.join(" or "))));
    }
    Ok(())
}

fn condition(at: &At, when: &When) -> Result<String> {
    let one = |when: &When| match (&when.field, &when.equals) {
        (Some(field), Some(equals)) => Ok(format!("{field:?} = {equals:?}")),
        (Some(field), None) => Ok(format!("{field:?}")),
        (None, _) => bail!("{at}: a rule needs a field"),
    };
    let parts = match when.all.as_slice() {
        [] => vec![one(when)?],
        all => all.iter().map(one).collect::<Result<_>>()?,
    };
    Ok(format!("[{}]", parts.join(", ")))
}

/// The tag stands in the object beside the body's own fields.
fn check_tagged<'a>(scope: &Scope<'_, 'a>, at: &At, tag: &str, schema: &'a Schema) -> Result<()> {
    let Type::Named { module, name, kind: Kind::Struct } =
        scope.model.ty(scope.module, at, schema)?
    else {
        bail!("{at}: a kind of a tagged union has to be an object with properties");
    };
    let body = scope.model.schema(module, name);
    ensure!(
        !body.is_some_and(is_closed),
        "{at}: {name} is closed and would refuse the tag; leave additionalProperties out"
    );
    ensure!(
        body.is_none_or(|body| body.properties.get(tag).is_none()),
        "{at}: {name} has a field `{tag}`, which the union writes by itself"
    );
    Ok(())
}

/// The documentation of a variant: its own, or the first line of its body's.
fn described<'a>(
    scope: &Scope<'_, 'a>,
    at: &At,
    ty: &Type<'a>,
    schema: &'a Schema,
) -> Result<String> {
    if let Some(description) = &schema.description {
        return Ok(description.clone());
    }
    let about = match ty {
        Type::Named { module, name, .. } => {
            scope.model.schema(module, name).and_then(|schema| schema.description.clone())
        }
        Type::Text => Some("A text.".to_owned()),
        Type::Bool => Some("Yes or no.".to_owned()),
        Type::Number(_) => Some("A number.".to_owned()),
        Type::Native(name) => Some(format!("A {name}.")),
        Type::List(_) => Some("A list.".to_owned()),
        Type::Map(_) | Type::Kept(_) => None,
    };
    match about.as_deref().and_then(|about| about.lines().next()) {
        Some(line) => Ok(line.to_owned()),
        None => bail!("{at}: a description is missing"),
    }
}

/// Notes what is said about sizes and ranges.
pub(crate) fn limits(scope: &Scope<'_, '_>, owner: &str, field: &str, schema: &Schema) {
    if let Some(limit) = limit(owner, field, schema) {
        scope.limits.borrow_mut().push(limit);
    }
}

/// Whether a module has a table of limits.
pub(crate) fn has_limits(module: &Module<'_>) -> bool {
    let fields = module.schemas().iter().flat_map(|(_, schema)| &schema.properties);
    let parameters = module.operations.iter().flat_map(|call| &call.spec.parameters);
    let forms = module.operations.iter().filter_map(|call| call.spec.request_body.as_ref());
    let forms =
        forms.flat_map(|body| &body.content).flat_map(|(_, media)| &media.schema.properties);
    let mut all = fields
        .chain(forms)
        .map(|(_, schema)| schema)
        .chain(parameters.map(|parameter| &parameter.schema));
    all.any(|schema| limit("", "", schema).is_some())
}

fn limit(owner: &str, field: &str, schema: &Schema) -> Option<String> {
    let mut text = String::new();
    let mut number = |name: &str, value: Option<f64>| {
        if let Some(value) = value {
            let _ = write!(text, ".{name}({value:?})");
        }
    };
    number("minimum", schema.minimum);
    number("maximum", schema.maximum);
    for (name, value) in [
        ("min_length", schema.min_length.or(schema.min_items)),
        ("max_length", schema.max_length.or(schema.max_items)),
    ] {
        if let Some(value) = value {
            let _ = write!(text, ".{name}({value})");
        }
    }
    let pattern = schema.pattern.as_ref();
    if let Some(pattern) = pattern.or_else(|| schema.items.as_ref()?.pattern.as_ref()) {
        let _ = write!(text, ".pattern({pattern:?})");
    }
    let words: Vec<_> = schema.values.iter().filter_map(Value::as_str).collect();
    if !words.is_empty() {
        let _ = write!(text, ".values(&{words:?})");
    }
    if let Some(default) = &schema.default {
        let _ = write!(text, ".default({:?})", default.to_string());
    }
    (!text.is_empty()).then(|| format!("Limit::of({owner:?}, {field:?}){text}"))
}
