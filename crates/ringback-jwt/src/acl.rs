//! The `acl` claim: which paths a token opens.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Error;

/// The methods an ACL may name.
const METHODS: &[&str] = &["GET", "POST", "PUT", "DELETE", "PATCH"];

/// The path set of the documentation for client SDKs.
const CLIENT_PATHS: &[&str] = &[
    "/*/users/**",
    "/*/conversations/**",
    "/*/sessions/**",
    "/*/devices/**",
    "/*/image/**",
    "/*/media/**",
    "/*/applications/**",
    "/*/push/**",
    "/*/knocking/**",
    "/*/legs/**",
];

/// The paths a token opens: `{"paths": {"/*/users/**": {"methods": ["GET"]}}}`.
///
/// In a path, `*` stands for exactly one segment and `**` at the end for any number, none included.
/// That meaning is inferred from the documentation's examples; no grammar is published.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acl {
    paths: BTreeMap<String, AclPath>,
}

/// What is allowed below one path.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct AclPath {
    /// The methods that are allowed; every method when there is no list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub methods: Option<Vec<String>>,
    /// Filters, whose form is not documented; kept and not applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filters: Option<Value>,
}

impl Acl {
    /// An ACL that opens nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The standard set of paths for a client SDK, every method allowed.
    #[must_use]
    pub fn client() -> Self {
        CLIENT_PATHS.iter().fold(Self::new(), |acl, path| acl.path(*path))
    }

    /// Opens a path for every method.
    #[must_use]
    pub fn path(mut self, pattern: impl Into<String>) -> Self {
        self.paths.insert(pattern.into(), AclPath::default());
        self
    }

    /// Opens a path for these methods only.
    #[must_use]
    pub fn path_for<M: Into<String>>(
        mut self,
        pattern: impl Into<String>,
        methods: impl IntoIterator<Item = M>,
    ) -> Self {
        let methods = Some(methods.into_iter().map(Into::into).collect());
        self.paths.insert(pattern.into(), AclPath { methods, filters: None });
        self
    }

    /// Reads an ACL as strictly as the official command line does.
    ///
    /// # Errors
    /// [`Error::Acl`] names the path, method or field that is not of the documented form.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        let value = serde_json::from_str(text)
            .map_err(|error| Error::Acl(format!("it is not JSON ({error})")))?;
        Self::from_value(&value)
    }

    pub(crate) fn from_value(value: &Value) -> Result<Self, Error> {
        if !value.is_object() {
            return Err(Error::Acl("it has to be an object with `paths`".to_owned()));
        }
        let acl = Self::deserialize(value).map_err(|error| Error::Acl(error.to_string()))?;
        acl.check()?;
        Ok(acl)
    }

    fn check(&self) -> Result<(), Error> {
        for (pattern, path) in &self.paths {
            if !pattern.starts_with('/') || pattern.contains(char::is_whitespace) {
                return Err(Error::Acl(format!(
                    "the path {pattern:?} has to begin with `/` and to have no spaces"
                )));
            }
            for method in path.methods.iter().flatten() {
                if !METHODS.contains(&method.as_str()) {
                    return Err(Error::Acl(format!(
                        "the method {method:?} of {pattern} is none of GET, POST, PUT, DELETE, PATCH"
                    )));
                }
            }
            if path.filters.as_ref().is_some_and(|filters| !filters.is_object()) {
                return Err(Error::Acl(format!("the filters of {pattern} have to be an object")));
            }
        }
        Ok(())
    }

    /// The patterns with what they allow, in alphabetical order.
    pub fn paths(&self) -> impl Iterator<Item = (&str, &AclPath)> {
        self.paths.iter().map(|(pattern, path)| (pattern.as_str(), path))
    }

    /// Whether a pattern covers this path, and its methods this one; a query is ignored.
    #[must_use]
    pub fn allows(&self, method: &str, path: &str) -> bool {
        let path = path.split_once('?').map_or(path, |(path, _)| path);
        self.paths.iter().any(|(pattern, rule)| {
            covers(pattern, path)
                && rule
                    .methods
                    .as_ref()
                    .is_none_or(|methods| methods.iter().any(|m| m.eq_ignore_ascii_case(method)))
        })
    }
}

fn covers(pattern: &str, path: &str) -> bool {
    let mut segments = path.trim_end_matches('/').split('/');
    let mut patterns = pattern.trim_end_matches('/').split('/').peekable();
    while let Some(wanted) = patterns.next() {
        if wanted == "**" && patterns.peek().is_none() {
            return true;
        }
        match segments.next() {
            Some(segment) if wanted == "*" && !segment.is_empty() => {}
            Some(segment) if wanted == segment => {}
            _ => return false,
        }
    }
    segments.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matching() {
        let check = |pattern: &str, path: &str, expected: bool| {
            let acl = Acl::new().path(pattern);
            assert_eq!(acl.allows("GET", path), expected, "{pattern} {path}");
        };
        check("/*/users/**", "/v1/users", true);
        check("/*/users/**", "/v0.3/users/USR-1/sessions", true);
        check("/*/users/**", "/beta/users?page_size=10", true);
        check("/*/users/**", "/v1/usersandmore", false);
        check("/*/users/**", "/users", false);
        check("/*/users/**", "/v1/conversations", false);
        check("/v1/users/**", "/v2/users", false);
        check("/v1/users", "/v1/users/1", false);
        check("/v1/users", "/v1/users/", true);
        check("/*/users", "//users", false);
        check("/**", "/anything/at/all", true);
        check("/v1/**/x", "/v1/a/x", false);
    }

    #[test]
    fn methods_are_respected() {
        let acl = Acl::new().path_for("/*/legs/**", ["GET", "PATCH"]);
        for (method, expected) in [("GET", true), ("get", true), ("PATCH", true), ("DELETE", false)]
        {
            assert_eq!(acl.allows(method, "/v1/legs/1"), expected, "{method}");
        }
    }

    #[test]
    fn the_client_set_is_the_documented_one() {
        let text = serde_json::to_string(&Acl::client()).unwrap();
        assert_eq!(Acl::from_json(&text).unwrap().paths().count(), 10);
        for path in ["/*/knocking/**", "/*/image/**", "/*/push/**"] {
            assert!(text.contains(&format!("\"{path}\":{{}}")), "{path}");
        }
    }

    #[test]
    fn wrong_forms_are_named() {
        let check = |text: &str, expected: &str| {
            let error = Acl::from_json(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        check("[]", "paths");
        check("{}", "paths");
        check(r#"{"paths":{},"more":1}"#, "more");
        check(r#"{"paths":{"users":{}}}"#, "users");
        check(r#"{"paths":{"/a b":{}}}"#, "/a b");
        check(r#"{"paths":{"/a":{"methods":["HEAD"]}}}"#, "HEAD");
        check(r#"{"paths":{"/a":{"verbs":["GET"]}}}"#, "verbs");
        check(r#"{"paths":{"/a":{"filters":[]}}}"#, "filters");
    }
}
