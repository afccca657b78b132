//! The generator: a small spec in, text out; and what it says of a wrong spec.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

use std::{fs, path::Path};

use xtask::codegen;

fn directory() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/codegen")
}

/// Compares every generated file with its golden; `UPDATE_GOLDENS=1` writes the goldens anew.
#[test]
fn goldens() {
    let mut files = codegen::render(&codegen::sources(&directory().join("spec")).unwrap()).unwrap();
    codegen::format(&codegen::root().unwrap(), &mut files).unwrap();
    let golden = directory().join("golden");
    let update = std::env::var_os("UPDATE_GOLDENS").is_some();
    let mut names = Vec::new();
    for file in files {
        let name = file.path.rsplit('/').next().unwrap_or_default().to_owned() + ".txt";
        let path = golden.join(&name);
        if update {
            fs::create_dir_all(&golden).unwrap();
            fs::write(&path, &file.text).unwrap();
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        let difference = similar::TextDiff::from_lines(&expected, &file.text);
        assert_eq!(expected, file.text, "{name}\n{}", difference.unified_diff());
        names.push(name);
    }
    let mut present: Vec<_> = fs::read_dir(&golden)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    present.sort();
    names.sort();
    assert_eq!(present, names);
}

/// What stands in the repository is what the spec says.
#[test]
fn generated_files_are_fresh() {
    codegen::run(&codegen::Args { check: true }).unwrap();
}

const HEAD: &str =
    "x-module: a\nx-title: A\nx-about: A.\nx-host: api\nx-auth: []\nx-errors: voice\n";

#[track_caller]
fn check(rest: &str, expected: &[&str]) {
    let sources = [("a.yaml".to_owned(), format!("{HEAD}{rest}"))];
    let error = codegen::render(&sources).unwrap_err().to_string();
    for part in expected {
        assert!(error.contains(part), "{error}");
    }
}

fn schemas(text: &str) -> String {
    format!("components:\n  schemas:\n{text}")
}

fn paths(text: &str) -> String {
    format!("paths:\n{text}")
}

#[test]
fn unknown_keys_are_refused() {
    check("x-colour: red\n", &["a.yaml", "x-colour", "line 7"]);
    check(
        &schemas("    A: { type: string, x-kind: id, description: A., x-flag: true }\n"),
        &["a.yaml", "x-flag", "line 9"],
    );
}

#[test]
fn dangling_references_are_refused() {
    let property = |reference: &str| {
        schemas(&format!(
            "    A: {{ type: object, description: A., properties: {{ b: {{ $ref: '{reference}', \
             description: B. }} }} }}\n"
        ))
    };
    let place = "a.yaml: components.schemas.A.properties.b";
    check(&property("#/components/schemas/B"), &[place, "#/components/schemas/B", "leads nowhere"]);
    check(&property("b.yaml#/components/schemas/B"), &[place, "no spec file `b.yaml`"]);
    check(&property("B"), &[place, "not of the form"]);
}

#[test]
fn duplicate_operations_are_refused() {
    let operation = "      operationId: Get\n      summary: Gets.\n      x-retry: always\n      \
                     responses: { '200': { description: Yes. } }\n";
    check(
        &paths(&format!("  /a:\n    get:\n{operation}  /b:\n    get:\n{operation}")),
        &["a.yaml: paths./b.get.operationId", "`Get` is the operation GET /a already"],
    );
}

#[test]
fn parameters_and_paths_have_to_agree() {
    let operation = "    get:\n      operationId: Get\n      summary: Gets.\n      x-retry: always\n      \
                     responses: { '200': { description: Yes. } }\n";
    check(
        &paths(&format!("  '/a/{{id}}':\n{operation}")),
        &["a.yaml: paths./a/{id}.get", "\"id\""],
    );
}

#[test]
fn unnamed_variants_are_refused() {
    let words = |word: &str| {
        schemas(&format!(
            "    A: {{ type: string, x-kind: enum, description: A., x-values: [{word}] }}\n"
        ))
    };
    let place = "a.yaml: components.schemas.A.x-values";
    check(&words("{ value: '1', description: One. }"), &[place, "`1`", "give it a name"]);
    check(&words("{ value: unknown, description: No. }"), &[place, "`Unknown` is taken"]);
    check(
        &words("{ value: a-b, description: A. }, { value: a_b, description: B. }"),
        &[place, "two variants are called AB"],
    );
}

#[test]
fn fields_need_names_and_sentences() {
    let property = |text: &str| {
        schemas(&format!("    A: {{ type: object, description: A., properties: {{ {text} }} }}\n"))
    };
    check(&property("type: { type: string, description: A. }"), &["properties.type", "x-name"]);
    check(&property("b: { type: string }"), &["properties.b", "a description is missing"]);
    check(
        &property("b: { type: object, properties: { c: { type: string } }, description: B. }"),
        &["properties.b", "needs a name under components.schemas"],
    );
    check(
        &property("b: { type: integer, format: int8, description: B. }"),
        &["properties.b", "no integer has the format `int8`"],
    );
}
