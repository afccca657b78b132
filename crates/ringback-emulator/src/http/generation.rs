//! Where else a path is: other generations of the same API.

use http::Method;
use ringback_model::{OPERATIONS, operation::Host};

use super::route::is_version;

/// The generations, the newest first.
const GENERATIONS: [&str; 6] = ["v2", "v1", "v0.3", "v0.2", "v0.1", "beta"];

/// The generations that have this path, whatever its own begins with, with this method.
pub(crate) fn of(method: &Method, path: &str) -> Vec<&'static str> {
    let rest = rest(path);
    let has = |generation: &&&str| {
        OPERATIONS.iter().any(|info| {
            let template = info.path.split_once(**generation);
            info.host != Host::Control
                && info.method == *method
                && template.is_some_and(|(before, after)| before == "/" && fits(after, rest))
        })
    };
    GENERATIONS.iter().filter(has).copied().collect()
}

/// The same path in these generations, as people list them: `/v0.3/legs or /v0.1/legs`.
pub(crate) fn paths(generations: &[&str], path: &str) -> String {
    let paths: Vec<_> =
        generations.iter().map(|generation| format!("/{generation}{}", rest(path))).collect();
    paths.join(" or ")
}

/// A path without its generation; one that names none is whole.
fn rest(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    let within = path.strip_prefix('/').unwrap_or(path);
    let first = within.split('/').next().unwrap_or_default();
    if is_version(first) { &within[first.len()..] } else { path }
}

fn fits(template: &str, path: &str) -> bool {
    let mut segments = path.split('/').skip(1);
    let fits = template.split('/').skip(1).all(|wanted| {
        segments.next().is_some_and(|segment| match wanted.starts_with('{') {
            true => !segment.is_empty(),
            false => wanted == segment,
        })
    });
    fits && segments.next().is_none() && !path.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_found_in_other_generations() {
        let check = |method: Method, path: &str, expected: &str| {
            assert_eq!(paths(&of(&method, path), path), expected, "{method} {path}");
        };
        check(Method::GET, "/v1/legs", "/v0.3/legs or /v0.1/legs or /beta/legs");
        check(Method::GET, "/v1/applications", "/v2/applications");
        check(Method::GET, "/calls/a", "/v1/calls/a");
        check(Method::PUT, "/v2/calls/a/talk/", "/v1/calls/a/talk");
        let users = "/v1/users or /v0.3/users or /v0.1/users or /beta/users";
        check(Method::POST, "/v0.2/users", users);
        check(Method::GET, "/v1/nothing", "");
        check(Method::GET, "/v1", "");
        check(Method::GET, "/", "");
        check(Method::GET, "/calls//talk", "");
        check(Method::GET, "/_ringback/calls", "");
    }
}
