//! Seed files: what a platform starts with, in YAML or JSON.

use std::{fmt, fs, path::Path};

use ringback_model::{ReadError, control::SeedRequest, read};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error, MapAccess, SeqAccess, Visitor},
};
use serde_saphyr::{Location, Spanned};

use crate::{commands::jwt::unreadable, errors::Complaint, node::Node};

/// Reads a seed file; a fault is told with its line and column.
pub(crate) fn read(path: &Path) -> anyhow::Result<SeedRequest> {
    read_as(path)
}

/// Reads a file that holds a seed among other things.
pub(crate) fn read_as<T: DeserializeOwned>(path: &Path) -> anyhow::Result<T> {
    let name = path.display().to_string();
    let text = fs::read_to_string(path).map_err(|error| unreadable(&name, &error))?;
    parse(&text).map_err(|fault| {
        Complaint::failure(format!("the file `{name}` is not right: {fault}"))
            .fix("mend it there; its fields are those of control.Seed in the openapi.json of an emulator")
            .into()
    })
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    let text = if text.trim().is_empty() { "{}" } else { text };
    // Every JSON document is a YAML document.
    let tree: Node = serde_saphyr::from_str(text).map_err(|error| {
        let at = error.location();
        place(at.as_ref()) + &error.without_snippet().to_string()
    })?;
    let json = serde_json::to_string(&tree).map_err(|error| error.to_string())?;
    read::from_slice(json.as_bytes()).map_err(|error| {
        let at = location(text, &error);
        let path = match error.path.is_empty() {
            true => String::new(),
            false => format!("`{}`: ", error.path),
        };
        // A value that does not fit may be a secret.
        let secret = ["secret", "private_key"].iter().any(|word| error.path.contains(word));
        let message = if secret { "a text is expected" } else { error.message.as_str() };
        format!("{}{path}{message}", place(at.as_ref()))
    })
}

fn place(at: Option<&Location>) -> String {
    at.map(|at| format!("line {}, column {}: ", at.line(), at.column())).unwrap_or_default()
}

/// Where the fault stands in the text as it was written.
fn location(text: &str, error: &ReadError) -> Option<Location> {
    let mut at: Spanned<Tree> = serde_saphyr::from_str(text).ok()?;
    // The field that is not known stands in what its path names.
    let unknown = error.message.strip_prefix("unknown field `");
    let unknown = unknown.and_then(|rest| rest.split('`').next());
    let path = error.path.replace('[', ".").replace(']', "");
    for name in path.split('.').chain(unknown).filter(|name| !name.is_empty()) {
        let Some(child) = at.value.child(name) else { break };
        at = child;
    }
    Some(at.referenced)
}

/// The shape of a document, with its places.
#[derive(Debug)]
enum Tree {
    Leaf,
    List(Vec<Spanned<Self>>),
    Map(Vec<(String, Spanned<Self>)>),
}

impl Tree {
    fn child(self, name: &str) -> Option<Spanned<Self>> {
        match self {
            Self::Leaf => None,
            Self::List(items) => items.into_iter().nth(name.parse().ok()?),
            Self::Map(entries) => {
                entries.into_iter().find(|(key, _)| key == name).map(|(_, at)| at)
            }
        }
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("YAML")
    }

    fn visit_unit<E: Error>(self) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Tree, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Tree::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Tree::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_read_and_faults_have_their_place() {
        let check = |text: &str, expected: &str| {
            let told = match parse::<SeedRequest>(text) {
                Ok(seed) => serde_json::to_string(&seed).unwrap(),
                Err(fault) => fault,
            };
            assert!(told.starts_with(expected), "{text}\n{told}");
            assert!(!told.contains("planted"), "{told}");
        };
        check("", "{}");
        check(
            "phones:\n- number: \"447700000001\"\n  script: busy\n",
            r#"{"phones":[{"number":"447700000001","script":"busy"}]}"#,
        );
        check(
            "# prices\ntariffs: [{prefix: 44, rate: 0.0127}]\n",
            r#"{"tariffs":[{"prefix":"44","rate":0.0127}]}"#,
        );
        check(r#"{"users": [{"name": "alice"}]}"#, r#"{"users":[{"name":"alice"}]}"#);
        check("phones:\n- number: 1\n  scrip: busy\n", "line 3, column ");
        check("users:\n- display_name: Alice\n", "line 2, column ");
        check("accounts: {}\n", "line 1, column ");
        check("account:\n  api_secret: [planted]\n", "line 2, column ");
        check("account: {api_key: x\n", "line ");
    }
}
