//! The spec as it is written. What is not named here is an error.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::Value;

use super::ordered::Ordered;

/// One spec file: one module.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpecFile {
    /// The Rust module.
    #[serde(rename = "x-module")]
    pub module: String,
    /// The tag of its operations in `openapi.json`.
    #[serde(rename = "x-title")]
    pub title: String,
    /// The module's documentation.
    #[serde(rename = "x-about")]
    pub about: String,
    /// Which family of hosts serves its paths.
    #[serde(rename = "x-host")]
    pub host: Host,
    /// Credentials, the preferred first.
    #[serde(rename = "x-auth")]
    pub auth: Vec<Scheme>,
    /// The shape of its error bodies.
    #[serde(rename = "x-errors")]
    pub errors: Errors,
    /// Operations by path.
    #[serde(default)]
    pub paths: Ordered<PathItem>,
    /// Types.
    #[serde(default)]
    pub components: Components,
}

/// The types of a file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Components {
    /// Types by name.
    #[serde(default)]
    pub schemas: Ordered<Schema>,
}

/// A family of hosts.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the words are those of the spec")]
pub enum Host {
    Api,
    Rest,
    Control,
}

/// A way to say who calls.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the words are those of the spec")]
pub enum Scheme {
    Jwt,
    Basic,
    Query,
}

/// An error family.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the words are those of the spec")]
pub enum Errors {
    Problem,
    ConversationProblem,
    CodeDescription,
    ErrorCodeLabel,
    Voice,
    Control,
}

/// The operations of one path.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the words are those of HTTP")]
pub struct PathItem {
    pub get: Option<OperationSpec>,
    pub post: Option<OperationSpec>,
    pub put: Option<OperationSpec>,
    pub patch: Option<OperationSpec>,
    pub delete: Option<OperationSpec>,
}

/// One operation.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(missing_docs, reason = "the words are those of OpenAPI and the spec's own description")]
pub struct OperationSpec {
    pub operation_id: String,
    pub summary: String,
    pub description: Option<String>,
    #[serde(default)]
    pub deprecated: bool,
    #[serde(rename = "x-source")]
    pub source: Option<String>,
    #[serde(default)]
    pub parameters: Vec<ParameterSpec>,
    pub request_body: Option<BodySpec>,
    pub responses: Ordered<ResponseSpec>,
    #[serde(rename = "x-retry")]
    pub retry: RetrySpec,
    #[serde(rename = "x-paging")]
    pub paging: Option<PagingSpec>,
    #[serde(rename = "x-auth")]
    pub auth: Option<Vec<Scheme>>,
    #[serde(rename = "x-errors")]
    pub errors: Option<Errors>,
    #[serde(rename = "x-host")]
    pub host: Option<Host>,
}

/// Whether an operation may be sent again.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the words are those of the spec")]
pub enum RetrySpec {
    Always,
    NotSent,
}

/// How a list goes on.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the words are those of the spec's own description")]
pub struct PagingSpec {
    pub kind: PagingKind,
    pub items: String,
    pub parameter: String,
    pub first: Option<u32>,
    pub size: Option<String>,
}

/// The rule for the next page.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the words are those of the spec")]
pub enum PagingKind {
    Link,
    Page,
    Index,
}

/// One parameter.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the words are those of OpenAPI")]
pub struct ParameterSpec {
    pub name: String,
    #[serde(rename = "x-name")]
    pub rust_name: Option<String>,
    #[serde(rename = "in")]
    pub place: PlaceSpec,
    #[serde(default)]
    pub required: bool,
    pub description: Option<String>,
    #[serde(default)]
    pub deprecated: bool,
    pub schema: Schema,
}

/// Where a parameter travels.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the words are those of OpenAPI")]
pub enum PlaceSpec {
    Path,
    Query,
}

/// A request body.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the words are those of OpenAPI")]
pub struct BodySpec {
    #[serde(default)]
    pub required: bool,
    pub description: Option<String>,
    pub content: Ordered<MediaSpec>,
}

/// One content type of a body.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the words are those of OpenAPI")]
pub struct MediaSpec {
    #[serde(default)]
    pub schema: Schema,
}

/// One response.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the words are those of OpenAPI")]
pub struct ResponseSpec {
    pub description: String,
    #[serde(default)]
    pub content: Ordered<MediaSpec>,
}

/// A type, or a reference to one.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[expect(missing_docs, reason = "the words are those of OpenAPI and the spec's own description")]
pub struct Schema {
    #[serde(rename = "$ref")]
    pub reference: Option<String>,
    #[serde(rename = "type")]
    pub type_: Option<TypeName>,
    pub format: Option<String>,
    pub description: Option<String>,
    #[serde(default)]
    pub deprecated: bool,
    #[serde(default)]
    pub examples: Vec<Value>,
    #[serde(default)]
    pub properties: Ordered<Self>,
    #[serde(default)]
    pub required: Vec<String>,
    pub additional_properties: Option<Additional>,
    pub items: Option<Box<Self>>,
    #[serde(default, rename = "enum")]
    pub values: Vec<Value>,
    pub default: Option<Value>,
    pub minimum: Option<f64>,
    pub maximum: Option<f64>,
    pub min_length: Option<u32>,
    pub max_length: Option<u32>,
    pub min_items: Option<u32>,
    pub max_items: Option<u32>,
    pub pattern: Option<String>,
    #[serde(rename = "x-kind")]
    pub kind: Option<KindName>,
    #[serde(default, rename = "x-values")]
    pub words: Vec<Word>,
    #[serde(default, rename = "x-ignore-case")]
    pub ignore_case: bool,
    #[serde(rename = "x-tag")]
    pub tag: Option<String>,
    #[serde(rename = "x-variants")]
    pub variants: Option<Ordered<Self>>,
    #[serde(rename = "x-variants-by-field")]
    pub variants_by_field: Option<Ordered<Self>>,
    #[serde(rename = "x-variants-by-type")]
    pub variants_by_type: Option<Ordered<Self>>,
    #[serde(rename = "x-rules")]
    pub rules: Option<Vec<Rule>>,
    #[serde(default, rename = "x-kept")]
    pub kept: bool,
    #[serde(rename = "x-name")]
    pub name: Option<String>,
    #[serde(default, rename = "x-also")]
    pub also: Vec<String>,
    #[serde(default, rename = "x-lenient")]
    pub lenient: bool,
    #[serde(default, rename = "x-list-of-one")]
    pub list_of_one: bool,
    #[serde(default, rename = "x-first-of-list")]
    pub first_of_list: bool,
    #[serde(default, rename = "x-nullable")]
    pub nullable: bool,
    #[serde(default, rename = "x-emit-null")]
    pub emit_null: bool,
    #[serde(default, rename = "x-secret")]
    pub secret: bool,
    #[serde(default, rename = "x-boxed")]
    pub boxed: bool,
    #[serde(rename = "x-source")]
    pub source: Option<String>,
}

/// A JSON type.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the words are those of JSON schema")]
pub enum TypeName {
    String,
    Integer,
    Number,
    Boolean,
    Array,
    Object,
}

/// What a schema becomes beside a plain struct or scalar.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the words are those of the spec's own description")]
pub enum KindName {
    Id,
    Enum,
    Union,
    Native,
}

/// One word of an open enum.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the words are those of the spec's own description")]
pub struct Word {
    pub value: String,
    pub name: Option<String>,
    pub description: String,
}

/// One rule of a union by ordered rules.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the words are those of the spec's own description")]
pub struct Rule {
    pub when: When,
    pub variant: String,
    pub schema: Schema,
}

/// What has to hold for a rule.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the words are those of the spec's own description")]
pub struct When {
    pub field: Option<String>,
    pub equals: Option<String>,
    #[serde(default)]
    pub all: Vec<Self>,
}

/// What other properties an object may have.
#[derive(Clone, Debug)]
pub enum Additional {
    /// Any, or none.
    Allowed(bool),
    /// Any of this type.
    Of(Box<Schema>),
}

impl<'de> Deserialize<'de> for Additional {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Additional;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true, false or a schema")
            }
            fn visit_bool<E>(self, allowed: bool) -> Result<Additional, E> {
                Ok(Additional::Allowed(allowed))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Additional, A::Error> {
                let schema = Schema::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Additional::Of(Box::new(schema)))
            }
        }
        deserializer.deserialize_any(Either)
    }
}
