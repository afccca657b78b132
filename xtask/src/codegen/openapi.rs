//! The plain OpenAPI document that the emulator serves.

mod refusals;

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::{
    model::{At, Call, Kind, Model, Module, kind},
    ordered::Ordered,
    spec::{Additional, ResponseSpec, Rule, Schema, Scheme},
};

/// Renders `openapi.json`.
pub(crate) fn document(model: &Model<'_>) -> Result<String> {
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    let mut schemas = Map::new();
    let mut tags = Vec::new();
    for module in &model.modules {
        let writer = Writer { model, module };
        if !module.operations.is_empty() {
            tags.push(json!({ "name": module.spec.title, "description": module.spec.about }));
        }
        for call in &module.operations {
            let operation = writer.operation(*call)?;
            paths.entry(call.path).or_default().insert(call.method.to_lowercase(), operation);
        }
        for (name, schema) in module.schemas() {
            let at = module.schema_at(name);
            let mut written = writer.schema(&at, schema)?;
            if kind(schema) == Kind::Native {
                native(name, &mut written);
            }
            schemas.insert(format!("{}.{name}", module.name), written);
        }
    }
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "The voice platform, as Ringback emulates it",
            "version": "1",
            "description": "Generated from the specification that Ringback's client and emulator share.",
        },
        "tags": tags,
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": refusals::components(),
            "securitySchemes": {
                "jwt": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" },
                "basic": {
                    "type": "http",
                    "scheme": "basic",
                    "description": "The account's key and secret.",
                },
                "apiKey": { "type": "apiKey", "in": "query", "name": "api_key" },
                "apiSecret": { "type": "apiKey", "in": "query", "name": "api_secret" },
            },
        },
    });
    Ok(format!("{}\n", serde_json::to_string_pretty(&document)?))
}

struct Writer<'m, 'a> {
    model: &'m Model<'a>,
    module: &'m Module<'a>,
}

impl<'a> Writer<'_, 'a> {
    fn operation(&self, call: Call<'a>) -> Result<Value> {
        let (spec, at) = (call.spec, self.module.at(call));
        let mut out = Map::new();
        out.insert(
            "operationId".into(),
            json!(format!("{}.{}", self.module.name, spec.operation_id)),
        );
        out.insert("tags".into(), json!([self.module.spec.title]));
        out.insert("summary".into(), json!(spec.summary));
        insert(&mut out, "description", spec.description.as_ref());
        if spec.deprecated {
            out.insert("deprecated".into(), json!(true));
        }
        let mut parameters = Vec::new();
        for parameter in &spec.parameters {
            let mut item = Map::new();
            item.insert("name".into(), json!(parameter.name));
            let place = format!("{:?}", parameter.place).to_lowercase();
            item.insert("in".into(), json!(place));
            item.insert("required".into(), json!(parameter.required));
            insert(&mut item, "description", parameter.description.as_ref());
            item.insert("schema".into(), self.schema(&at, &parameter.schema)?);
            parameters.push(Value::Object(item));
        }
        if !parameters.is_empty() {
            out.insert("parameters".into(), Value::Array(parameters));
        }
        if let Some(body) = &spec.request_body {
            let mut content = Map::new();
            for (name, media) in &body.content {
                content.insert(name.clone(), json!({ "schema": self.schema(&at, &media.schema)? }));
            }
            out.insert(
                "requestBody".into(),
                json!({ "required": body.required, "content": content }),
            );
        }
        out.insert("responses".into(), self.responses(&at, call, &spec.responses)?);
        let auth = spec.auth.as_ref().unwrap_or(&self.module.spec.auth);
        let security: Vec<_> = auth
            .iter()
            .map(|scheme| match scheme {
                Scheme::Jwt => json!({ "jwt": [] }),
                Scheme::Basic => json!({ "basic": [] }),
                Scheme::Query => json!({ "apiKey": [], "apiSecret": [] }),
            })
            .collect();
        out.insert("security".into(), Value::Array(security));
        Ok(Value::Object(out))
    }

    fn responses(
        &self,
        at: &At,
        call: Call<'a>,
        responses: &'a Ordered<ResponseSpec>,
    ) -> Result<Value> {
        let mut out = Map::new();
        for (status, response) in responses {
            let mut item = Map::new();
            item.insert("description".into(), json!(response.description));
            let mut content = Map::new();
            for (name, media) in &response.content {
                content.insert(name.clone(), json!({ "schema": self.schema(at, &media.schema)? }));
            }
            if !content.is_empty() {
                item.insert("content".into(), Value::Object(content));
            }
            out.insert(status.clone(), Value::Object(item));
        }
        refusals::add(&mut out, call.spec.errors.unwrap_or(self.module.spec.errors));
        Ok(Value::Object(out))
    }

    fn schema(&self, at: &At, schema: &'a Schema) -> Result<Value> {
        let mut out = Map::new();
        insert(&mut out, "description", schema.description.as_ref());
        if schema.deprecated {
            out.insert("deprecated".into(), json!(true));
        }
        limits(&mut out, schema);
        if let Some(reference) = &schema.reference {
            let (module, name, _) = self.model.resolve(self.module, at, reference)?;
            let reference = json!(format!("#/components/schemas/{module}.{name}"));
            if schema.nullable || schema.emit_null {
                out.insert("anyOf".into(), json!([{ "$ref": reference }, { "type": "null" }]));
            } else {
                out.insert("$ref".into(), reference);
            }
            return Ok(Value::Object(out));
        }
        if matches!(kind(schema), Kind::Union | Kind::Beside) {
            out.extend(self.union(at, schema)?);
            return Ok(Value::Object(out));
        }
        if let Some(name) = schema.type_ {
            let name = format!("{name:?}").to_lowercase();
            let value = if schema.nullable || schema.emit_null {
                json!([name, "null"])
            } else {
                json!(name)
            };
            out.insert("type".into(), value);
        }
        insert(&mut out, "format", schema.format.as_ref());
        // Known words only: the sets are open.
        let words: Vec<_> = schema.words.iter().map(|word| &word.value).collect();
        if !words.is_empty() {
            out.insert("examples".into(), json!(words));
        } else if !schema.examples.is_empty() {
            out.insert("examples".into(), json!(schema.examples));
        }
        if let Some(items) = &schema.items {
            out.insert("items".into(), self.schema(at, items)?);
        }
        let mut properties = Map::new();
        for (name, property) in &schema.properties {
            properties.insert(name.clone(), self.schema(at, property)?);
        }
        if !properties.is_empty() {
            out.insert("properties".into(), Value::Object(properties));
        }
        if !schema.required.is_empty() {
            out.insert("required".into(), json!(schema.required));
        }
        match schema.additional_properties.as_ref() {
            Some(Additional::Allowed(allowed)) => {
                out.insert("additionalProperties".into(), json!(allowed));
            }
            Some(Additional::Of(of)) => {
                out.insert("additionalProperties".into(), self.schema(at, of)?);
            }
            None => {}
        }
        Ok(Value::Object(out))
    }

    /// Known kinds, and anything else.
    fn union(&self, at: &At, schema: &'a Schema) -> Result<Map<String, Value>> {
        let mut kinds = Vec::new();
        let tag = schema.tag.as_deref().filter(|tag| *tag != "external");
        for (word, variant) in schema.variants.iter().flatten() {
            let body = self.schema(at, variant)?;
            kinds.push(match tag {
                Some(tag) => {
                    let tagged = json!({ "type": "object", "required": [tag], "properties": { tag: { "const": word } } });
                    json!({ "allOf": [tagged, body] })
                }
                None => body,
            });
        }
        for (field, variant) in schema.variants_by_field.iter().flatten() {
            let body = self.schema(at, variant)?;
            kinds.push(json!({ "allOf": [{ "type": "object", "required": [field] }, body] }));
        }
        for (_, variant) in schema.variants_by_type.iter().flatten() {
            kinds.push(self.schema(at, variant)?);
        }
        for rule in schema.rules.iter().flatten() {
            kinds.push(self.rule(at, rule)?);
        }
        kinds.dedup();
        let mut out = Map::new();
        let how =
            if tag.is_some() || schema.variants_by_type.is_some() { "oneOf" } else { "anyOf" };
        out.insert(how.to_owned(), Value::Array(kinds));
        Ok(out)
    }

    fn rule(&self, at: &At, rule: &'a Rule) -> Result<Value> {
        let whens = if rule.when.all.is_empty() {
            std::slice::from_ref(&rule.when)
        } else {
            &rule.when.all
        };
        let required: Vec<_> = whens.iter().filter_map(|when| when.field.as_ref()).collect();
        let mut properties = Map::new();
        for when in whens {
            if let (Some(field), Some(equals)) = (&when.field, &when.equals) {
                properties.insert(field.clone(), json!({ "const": equals }));
            }
        }
        let mut condition = Map::new();
        condition.insert("type".into(), json!("object"));
        condition.insert("required".into(), json!(required));
        if !properties.is_empty() {
            condition.insert("properties".into(), Value::Object(properties));
        }
        Ok(json!({ "allOf": [condition, self.schema(at, &rule.schema)?] }))
    }
}

/// What the ready-made types of the Rust side read and write beyond what the spec says.
fn native(name: &str, schema: &mut Value) {
    match name {
        "Decimal" => schema["type"] = json!(["string", "number"]),
        "Timestamp" => schema["format"] = json!("date-time"),
        _ => {}
    }
}

/// What is said about sizes and ranges, which may stand beside a reference too.
fn limits(out: &mut Map<String, Value>, schema: &Schema) {
    insert(out, "default", schema.default.as_ref());
    insert(out, "minimum", schema.minimum.map(number).as_ref());
    insert(out, "maximum", schema.maximum.map(number).as_ref());
    insert(out, "minLength", schema.min_length.as_ref());
    insert(out, "maxLength", schema.max_length.as_ref());
    insert(out, "minItems", schema.min_items.as_ref());
    insert(out, "maxItems", schema.max_items.as_ref());
    insert(out, "pattern", schema.pattern.as_ref());
    if !schema.values.is_empty() {
        out.insert("enum".into(), json!(schema.values));
    }
}

fn insert<T: serde::Serialize>(out: &mut Map<String, Value>, key: &str, value: Option<&T>) {
    if let Some(value) = value {
        out.insert(key.to_owned(), json!(value));
    }
}

/// Whole numbers without a fraction.
fn number(value: f64) -> Value {
    let text = format!("{value}");
    text.parse::<i64>().map_or_else(|_| json!(value), |whole| json!(whole))
}
