//! `impl Paged`: the items of a page, and the call for the next one.

use std::fmt::Write as _;

use anyhow::{Result, bail, ensure};

use super::{
    fields::Field,
    model::{At, Kind, Reply, Type},
    operations::Operation,
    rust::Scope,
    spec::{PagingKind, PagingSpec},
};

/// Writes `impl Paged` where there is `x-paging`.
pub(crate) fn write<'a>(
    scope: &Scope<'_, 'a>,
    operation: &Operation<'a>,
    out: &mut String,
) -> Result<()> {
    let Some(paging) = &operation.call.spec.paging else { return Ok(()) };
    let at = operation.at.then("x-paging");
    let Reply::Json(reply) = &operation.reply else { bail!("{at}: the reply is not JSON") };
    scope.import("crate::operation", "Paged")?;
    let items = walk(scope, &at, reply, &paging.items)?;
    let Type::List(item) = &items.ty else { bail!("{at}: `{}` is not a list", paging.items) };
    let name = &operation.call.spec.operation_id;
    writeln!(out, "impl Paged for {name} {{")?;
    writeln!(out, "    type Item = {};", scope.text(item)?)?;
    writeln!(out, "\n    fn items(reply: Self::Reply) -> Vec<Self::Item> {{")?;
    writeln!(out, "        {}\n    }}", items.owned())?;
    let next = next(scope, &at, operation, paging, reply)?;
    writeln!(out, "\n    fn next_page(&self, reply: &Self::Reply) -> Option<Self> {{")?;
    writeln!(out, "        {next}\n    }}\n}}\n")?;
    Ok(())
}

fn next<'a>(
    scope: &Scope<'_, 'a>,
    at: &At,
    operation: &Operation<'a>,
    paging: &PagingSpec,
    reply: &Type<'a>,
) -> Result<String> {
    scope.import("crate", "paging")?;
    let parameter = field(at, operation, &paging.parameter)?;
    let rust = &parameter.rust;
    ensure!(!parameter.required, "{at}: `{rust}` has to be optional");
    let first = paging.first.unwrap_or_default();
    Ok(match paging.kind {
        PagingKind::Link => {
            let href = walk(scope, at, reply, "/_links/next/href")?;
            let parse = match parameter.ty {
                Type::Number(_) => ".parse().ok()?",
                _ => "",
            };
            format!(
                "let {rust} = paging::parameter({}, {:?})?{parse};\n        \
                 Some(self.clone().{rust}({rust}))",
                href.borrowed(true),
                paging.parameter
            )
        }
        PagingKind::Page => {
            let total = walk(scope, at, reply, "/total_pages")?;
            format!(
                "let {rust} = paging::next_page(self.{rust}, {first}, {})?;\n        \
                 Some(self.clone().{rust}({rust}))",
                total.borrowed(false)
            )
        }
        PagingKind::Index => {
            let Some(size) = &paging.size else { bail!("{at}: a size is missing") };
            let size = field(at, operation, size)?;
            let Some(default) = size.schema.default.as_ref().and_then(|value| value.as_u64())
            else {
                bail!("{at}: `{}` needs a default", size.wire);
            };
            let count = walk(scope, at, reply, "/count")?;
            format!(
                "let size = self.{}.unwrap_or({default});\n        \
                 let {rust} = paging::next_index(self.{rust}, {first}, size, {})?;\n        \
                 Some(self.clone().{rust}({rust}))",
                size.rust,
                count.borrowed(false)
            )
        }
    })
}

fn field<'o, 'a>(at: &At, operation: &'o Operation<'a>, wire: &str) -> Result<&'o Field<'a>> {
    match operation.fields.iter().find(|(_, field)| field.wire == wire) {
        Some((_, field)) => Ok(field),
        None => bail!("{at}: there is no parameter `{wire}`"),
    }
}

/// The way from a reply to a part of it: names of fields, and whether each may be absent.
struct Way<'a> {
    steps: Vec<(String, bool)>,
    kept: bool,
    ty: Type<'a>,
}

impl Way<'_> {
    /// The part itself, an absent one being empty.
    fn owned(&self) -> String {
        let mut text = if self.kept { "reply.into_inner()" } else { "reply" }.to_owned();
        let mut absent = false;
        for (name, optional) in &self.steps {
            match (absent, *optional) {
                (false, _) => text = format!("{text}.{name}"),
                (true, false) => text = format!("{text}.map(|it| it.{name})"),
                (true, true) => text = format!("{text}.and_then(|it| it.{name})"),
            }
            absent |= optional;
        }
        if absent { format!("{text}.unwrap_or_default()") } else { text }
    }

    /// The part by reference (or by copy), leaving early where it is absent.
    fn borrowed(&self, reference: bool) -> String {
        let mut text = "reply".to_owned();
        for (at, (name, optional)) in self.steps.iter().enumerate() {
            let last = at + 1 == self.steps.len();
            let end = match (last && !reference, *optional) {
                (true, true) => "?",
                (false, true) => ".as_ref()?",
                (_, false) => "",
            };
            text = format!("{text}.{name}{end}");
        }
        let by_value = self.steps.last().is_some_and(|(_, optional)| !optional);
        if reference && by_value { format!("&{text}") } else { text }
    }
}

fn walk<'a>(scope: &Scope<'_, 'a>, at: &At, reply: &Type<'a>, pointer: &str) -> Result<Way<'a>> {
    let mut way = Way { steps: Vec::new(), kept: false, ty: reply.clone() };
    if let Type::Kept(inner) = &way.ty {
        way.ty = (**inner).clone();
        way.kept = true;
    }
    for wire in pointer.split('/').skip(1) {
        let Type::Named { module: owner, name, kind: Kind::Struct } = way.ty else {
            bail!("{at}: `{pointer}` leads through something that is no struct, at `{wire}`");
        };
        let (Some(module), Some(schema)) =
            (scope.model.module(owner), scope.model.schema(owner, name))
        else {
            bail!("{at}: {name} is not there");
        };
        let Some(property) = schema.properties.get(wire) else {
            bail!("{at}: {name} has no `{wire}`, which `{pointer}` needs");
        };
        let rust = match &property.name {
            Some(name) => name.clone(),
            None => super::names::snake(wire),
        };
        let optional = !schema.required.iter().any(|required| required == wire);
        way.steps.push((rust, optional));
        way.ty = scope.model.ty(module, at, property)?;
        if scope.model.keeps(owner, name, wire) {
            way.ty = scope.model.keeping(way.ty);
        }
    }
    Ok(way)
}
