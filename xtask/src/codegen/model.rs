//! The spec with its references resolved.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail, ensure};

use super::{
    names,
    ordered::Ordered,
    spec::{Additional, KindName, OperationSpec, Schema, SpecFile, TypeName},
};

/// All modules.
#[derive(Debug)]
pub(crate) struct Model<'a> {
    pub(crate) modules: Vec<Module<'a>>,
    schemas: BTreeMap<(&'a str, &'a str), &'a Schema>,
    by_file: BTreeMap<&'a str, &'a str>,
    /// Lists within replies whose items keep their bytes: module, struct and field.
    kept_lists: BTreeSet<(String, String, String)>,
}

/// One module.
#[derive(Debug)]
pub(crate) struct Module<'a> {
    pub(crate) name: &'a str,
    pub(crate) file: &'a str,
    pub(crate) spec: &'a SpecFile,
    pub(crate) operations: Vec<Call<'a>>,
}

/// One operation with its path and method.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) path: &'a str,
    pub(crate) method: &'static str,
    pub(crate) spec: &'a OperationSpec,
}

/// A Rust type.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Type<'a> {
    Text,
    Number(&'static str),
    Bool,
    Native(&'a str),
    Named { module: &'a str, name: &'a str, kind: Kind },
    List(Box<Self>),
    Map(Box<Self>),
    Kept(Box<Self>),
}

/// What a named schema becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Id,
    Enum,
    Union,
    /// A union whose kind stands beside it.
    Beside,
    Native,
    Struct,
    Alias,
}

/// Where in the spec something stands, for errors.
#[derive(Clone, Debug)]
pub(crate) struct At(String);

impl At {
    pub(crate) fn new(file: &str, place: &str) -> Self {
        Self(format!("{file}: {place}"))
    }

    pub(crate) fn then(&self, more: &str) -> Self {
        Self(format!("{}.{more}", self.0))
    }
}

impl std::fmt::Display for At {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

pub(crate) fn kind(schema: &Schema) -> Kind {
    match schema.kind {
        Some(KindName::Id) => Kind::Id,
        Some(KindName::Enum) => Kind::Enum,
        Some(KindName::Native) => Kind::Native,
        Some(KindName::Union) if schema.tag.as_deref() == Some("external") => Kind::Beside,
        Some(KindName::Union) => Kind::Union,
        None if is_struct(schema) => Kind::Struct,
        None => Kind::Alias,
    }
}

fn is_struct(schema: &Schema) -> bool {
    schema.type_ == Some(TypeName::Object) && (!schema.properties.is_empty() || is_closed(schema))
}

/// Whether a struct refuses fields it does not know.
pub(crate) fn is_closed(schema: &Schema) -> bool {
    matches!(schema.additional_properties.as_ref(), Some(Additional::Allowed(false)))
}

impl<'a> Model<'a> {
    pub(crate) fn new(files: &'a [(String, SpecFile)]) -> Result<Self> {
        let mut model = Self {
            modules: Vec::new(),
            schemas: BTreeMap::new(),
            by_file: BTreeMap::new(),
            kept_lists: BTreeSet::new(),
        };
        for (file, spec) in files {
            let name = spec.module.as_str();
            ensure!(names::is_name(name), "{file}: x-module: `{name}` is no module's name");
            let same = model.modules.iter().find(|module| module.name == name);
            if let Some(same) = same {
                bail!("{file}: x-module: `{name}` is the module of {} already", same.file);
            }
            model.by_file.insert(file, name);
            for (schema_name, schema) in &spec.components.schemas {
                model.schemas.insert((name, schema_name), schema);
            }
            model.modules.push(Module { name, file, spec, operations: calls(file, spec)? });
        }
        model.find_kept_lists()?;
        Ok(model)
    }

    /// The schema a reference names, and where it is.
    pub(crate) fn resolve(
        &self,
        module: &Module<'a>,
        at: &At,
        reference: &str,
    ) -> Result<(&'a str, &'a str, &'a Schema)> {
        let Some((file, name)) = reference.split_once("#/components/schemas/") else {
            bail!("{at}: `{reference}` is not of the form FILE#/components/schemas/NAME");
        };
        let owner = match file {
            "" => Some(module.name),
            file => self.by_file.get(file).copied(),
        };
        let Some(owner) = owner else { bail!("{at}: there is no spec file `{file}`") };
        let known = self.module(owner).map(|module| &module.spec.components.schemas.0);
        match known.and_then(|known| known.iter().find(|(known, _)| known == name)) {
            Some((name, schema)) => Ok((owner, name, schema)),
            None => bail!("{at}: `{reference}` leads nowhere"),
        }
    }

    pub(crate) fn module(&self, name: &str) -> Option<&Module<'a>> {
        self.modules.iter().find(|module| module.name == name)
    }

    pub(crate) fn schema(&self, module: &str, name: &str) -> Option<&'a Schema> {
        self.schemas.get(&(module, name)).copied()
    }

    /// The Rust type of a schema.
    pub(crate) fn ty(&self, module: &Module<'a>, at: &At, schema: &'a Schema) -> Result<Type<'a>> {
        if let Some(reference) = &schema.reference {
            let (owner, name, schema) = self.resolve(module, at, reference)?;
            return Ok(match kind(schema) {
                Kind::Native => Type::Native(name),
                kind => Type::Named { module: owner, name, kind },
            });
        }
        ensure!(
            schema.kind.is_none(),
            "{at}: a type of its own needs a name; put it under components.schemas"
        );
        if schema.secret {
            ensure!(schema.type_ == Some(TypeName::String), "{at}: only a text can be secret");
            return Ok(Type::Native("Secret"));
        }
        Ok(match schema.type_ {
            None => Type::Native("Json"),
            Some(TypeName::String) => Type::Text,
            Some(TypeName::Boolean) => Type::Bool,
            Some(TypeName::Number) => Type::Number("f64"),
            Some(TypeName::Integer) => Type::Number(match schema.format.as_deref() {
                None | Some("int64") => "i64",
                Some("int32") => "i32",
                Some("uint32") => "u32",
                Some("uint64") => "u64",
                Some(other) => bail!("{at}: no integer has the format `{other}`"),
            }),
            Some(TypeName::Array) => match &schema.items {
                Some(items) => Type::List(Box::new(self.ty(module, &at.then("items"), items)?)),
                None => bail!("{at}: an array needs items"),
            },
            Some(TypeName::Object) => match schema.additional_properties.as_ref() {
                _ if is_struct(schema) => {
                    bail!("{at}: an object with properties needs a name under components.schemas")
                }
                Some(Additional::Of(of)) => {
                    let of = self.ty(module, &at.then("additionalProperties"), of)?;
                    Type::Map(Box::new(of))
                }
                _ => Type::Native("Json"),
            },
        })
    }

    /// The type of a success, none for one without content.
    pub(crate) fn reply(&self, module: &Module<'a>, call: Call<'a>) -> Result<Reply<'a>> {
        let at = module.at(call);
        let success = call.spec.responses.iter().find(|(status, _)| status.starts_with('2'));
        let Some((status, response)) = success else { bail!("{at}: no response of success") };
        let at = at.then("responses").then(status);
        let Some((content, media)) = response.content.iter().next() else {
            return Ok(Reply::Empty);
        };
        Ok(match content.as_str() {
            "application/json" => {
                let ty = self.ty(module, &at, &media.schema)?;
                Reply::Json(self.keeping(ty))
            }
            "text/event-stream" => Reply::EventStream,
            _ => Reply::Bytes,
        })
    }

    /// Whether a list in a struct keeps the bytes of its items.
    pub(crate) fn keeps(&self, module: &str, owner: &str, field: &str) -> bool {
        self.kept_lists.contains(&(module.to_owned(), owner.to_owned(), field.to_owned()))
    }

    /// Wraps what is kept, directly or as an item of a list.
    pub(crate) fn keeping(&self, ty: Type<'a>) -> Type<'a> {
        match ty {
            Type::Named { module, name, .. }
                if self.schema(module, name).is_some_and(|schema| schema.kept) =>
            {
                Type::Kept(Box::new(ty))
            }
            Type::List(items) => Type::List(Box::new(self.keeping(*items))),
            other => other,
        }
    }

    fn find_kept_lists(&mut self) -> Result<()> {
        let mut found = BTreeSet::new();
        for module in &self.modules {
            for call in &module.operations {
                if let Reply::Json(ty) = self.reply(module, *call)? {
                    self.visit(&ty, &mut found)?;
                }
            }
        }
        self.kept_lists = found;
        Ok(())
    }

    fn visit(&self, ty: &Type<'a>, found: &mut BTreeSet<(String, String, String)>) -> Result<()> {
        let Type::Named { module: owner, name, kind: Kind::Struct } = ty else { return Ok(()) };
        let (Some(module), Some(schema)) = (self.module(owner), self.schema(owner, name)) else {
            return Ok(());
        };
        for (field, property) in &schema.properties {
            let at = At::new(module.file, name).then(field);
            let ty = self.ty(module, &at, property)?;
            if matches!(&ty, Type::List(_)) && self.keeping(ty.clone()) != ty {
                found.insert((owner.to_string(), name.to_string(), field.clone()));
            }
            if self.keeping(ty.clone()) == ty && ty != self.named(owner, name) {
                self.visit(&ty, found)?;
            }
        }
        Ok(())
    }

    fn named(&self, module: &'a str, name: &'a str) -> Type<'a> {
        let kind = self.schema(module, name).map_or(Kind::Alias, kind);
        Type::Named { module, name, kind }
    }
}

impl<'a> Module<'a> {
    /// Where an operation stands.
    pub(crate) fn at(&self, call: Call<'_>) -> At {
        At::new(self.file, &format!("paths.{}.{}", call.path, call.method.to_lowercase()))
    }

    /// Where a schema stands.
    pub(crate) fn schema_at(&self, name: &str) -> At {
        At::new(self.file, &format!("components.schemas.{name}"))
    }

    pub(crate) fn schemas(&self) -> &'a Ordered<Schema> {
        &self.spec.components.schemas
    }
}

/// What a success carries.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Reply<'a> {
    Json(Type<'a>),
    Empty,
    Bytes,
    EventStream,
}

fn calls<'a>(file: &str, spec: &'a SpecFile) -> Result<Vec<Call<'a>>> {
    let mut calls: Vec<Call<'a>> = Vec::new();
    for (path, item) in &spec.paths {
        ensure!(path.starts_with('/'), "{file}: paths.{path}: a path begins with a slash");
        let methods = [
            ("GET", &item.get),
            ("POST", &item.post),
            ("PUT", &item.put),
            ("PATCH", &item.patch),
            ("DELETE", &item.delete),
        ];
        for (method, operation) in methods {
            let Some(operation) = operation else { continue };
            let call = Call { path, method, spec: operation };
            let id = &operation.operation_id;
            let at = format!("{file}: paths.{path}.{}.operationId", method.to_lowercase());
            ensure!(names::is_name(id), "{at}: `{id}` is no type's name");
            if let Some(same) = calls.iter().find(|other| other.spec.operation_id == *id) {
                bail!("{at}: `{id}` is the operation {} {} already", same.method, same.path);
            }
            ensure!(
                spec.components.schemas.get(id).is_none(),
                "{at}: `{id}` is the name of a schema already"
            );
            calls.push(call);
        }
    }
    Ok(calls)
}
