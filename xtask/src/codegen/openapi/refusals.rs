//! How each family of errors refuses, as responses that operations refer to.

use serde_json::{Map, Value, json};

use crate::codegen::spec::Errors;

/// Every family, with its name among the components.
const FAMILIES: &[(Errors, &str)] = &[
    (Errors::Problem, "Problem"),
    (Errors::ConversationProblem, "ConversationProblem"),
    (Errors::CodeDescription, "CodeDescription"),
    (Errors::ErrorCodeLabel, "ErrorCodeLabel"),
    (Errors::Voice, "Voice"),
    (Errors::Control, "Control"),
];

/// The responses of all families, by name.
pub(super) fn components() -> Value {
    let mut out = Map::new();
    for (family, name) in FAMILIES {
        let (about, schema) = shape(*family);
        out.insert(
            (*name).to_owned(),
            json!({
                "description": format!("A refusal: {about}."),
                "headers": headers(),
                "content": { "application/json": { "schema": schema } },
            }),
        );
    }
    Value::Object(out)
}

/// Adds the refusals of a family to the responses of an operation, unless it has its own.
pub(super) fn add(responses: &mut Map<String, Value>, family: Errors) {
    let mut put = |status: &str, family: Errors| {
        let name = FAMILIES.iter().find(|(one, _)| *one == family).map_or("Problem", |(_, n)| n);
        let reference = json!({ "$ref": format!("#/components/responses/{name}") });
        responses.entry(status).or_insert(reference);
    };
    if matches!(family, Errors::Voice | Errors::ErrorCodeLabel) {
        // Whoever is told to wait is told so in one shape; their own is not known.
        put("429", Errors::Problem);
    }
    put("4XX", family);
    put("5XX", family);
}

/// What beside the body explains a refusal.
fn headers() -> Value {
    let text = |about: &str| json!({ "description": about, "schema": { "type": "string" } });
    json!({
        "ringback-reason": text("Why, as a code."),
        "ringback-hint": text("What to do, in one sentence."),
        "ringback-trace": text("What `GET /_ringback/refusals/{trace}` explains it by."),
    })
}

/// A family in words, and its schema; every one may hold more.
fn shape(family: Errors) -> (&'static str, Value) {
    let text = || json!({ "type": "string" });
    match family {
        Errors::Problem => (
            "a problem document",
            object(
                &["type", "title"],
                &json!({
                    "type": text(), "title": text(), "detail": text(), "instance": text(),
                    "invalid_parameters": parameters(),
                }),
            ),
        ),
        Errors::ConversationProblem => (
            "a problem document with a code",
            object(
                &["title", "type", "code"],
                &json!({
                    "title": text(), "type": text(), "code": text(), "detail": text(),
                    "instance": text(), "invalid_parameters": parameters(),
                }),
            ),
        ),
        Errors::CodeDescription => (
            "a code and a description, and for a wrong parameter what is wrong with it",
            object(
                &["code", "description"],
                &json!({ "code": text(), "description": text(), "error": text() }),
            ),
        ),
        Errors::ErrorCodeLabel => (
            "a code as text, and a word or a sentence",
            object(
                &["error-code", "error-code-label"],
                &json!({ "error-code": text(), "error-code-label": text() }),
            ),
        ),
        Errors::Voice => (
            "a word and a title, or for wrong parameters the status and a list of them",
            json!({ "oneOf": [
                object(&["type", "error_title"], &json!({ "type": text(), "error_title": text() })),
                object(
                    &["type", "title", "invalid_parameters"],
                    &json!({
                        "type": { "type": "integer" }, "title": text(),
                        "invalid_parameters": parameters(),
                    }),
                ),
            ] }),
        ),
        Errors::Control => {
            ("what was refused and why", json!({ "$ref": "#/components/schemas/control.Error" }))
        }
    }
}

fn object(required: &[&str], properties: &Value) -> Value {
    json!({
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": true,
    })
}

fn parameters() -> Value {
    let text = || json!({ "type": "string" });
    let one = object(&["name", "reason"], &json!({ "name": text(), "reason": text() }));
    json!({ "type": "array", "items": one })
}
