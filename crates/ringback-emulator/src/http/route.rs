//! Finding the operation by method and path, in the table of all operations.

use http::Method;
use ringback_model::{
    OPERATIONS, OperationInfo,
    operation::{ErrorFamily, Host},
};

/// What a method and a path lead to.
#[derive(Debug)]
pub(crate) enum Route {
    /// An operation.
    Operation(&'static OperationInfo),
    /// The path is known, but not with this method.
    WrongMethod {
        family: ErrorFamily,
        /// The methods it has, such as `GET, POST`.
        allowed: String,
    },
    /// The path says a version that the platform does not have.
    UnknownVersion,
    /// The path is not known.
    Unknown,
}

/// Looks a request up in the table.
pub(crate) fn find(method: &Method, path: &str) -> Route {
    let segments = segments(path);
    let matching = || OPERATIONS.iter().filter(|info| matches(info.path, &segments));
    // `members/me` before `members/{member_id}`: the fewest parameters decide.
    let fewest = matching().map(|info| parameters(info)).min();
    let mut best = matching().filter(|info| Some(parameters(info)) == fewest).peekable();
    let Some(first) = best.peek().copied() else {
        return match has_unknown_version(&segments) {
            true => Route::UnknownVersion,
            false => Route::Unknown,
        };
    };
    let mut allowed = Vec::new();
    for info in best {
        if info.method == *method {
            return Route::Operation(info);
        }
        allowed.push(info.method.as_str());
    }
    Route::WrongMethod { family: first.errors, allowed: allowed.join(", ") }
}

/// The shape of errors for a path, known or not.
pub(crate) fn family(path: &str) -> ErrorFamily {
    let segments = segments(path);
    let [first, second] = [0, 1].map(|index| segments.get(index).copied().unwrap_or_default());
    match (first, second) {
        ("beta" | "v0.1" | "v0.2", _) => ErrorFamily::CodeDescription,
        ("v1" | "v2", "calls") => ErrorFamily::Voice,
        (_, "applications") | ("accounts", _) | ("v1", "files") => ErrorFamily::Problem,
        ("account" | "number" | "ni" | "sms" | "search", _) => ErrorFamily::ErrorCodeLabel,
        _ if is_version(first) => ErrorFamily::ConversationProblem,
        _ => ErrorFamily::Control,
    }
}

/// Whether a path belongs to the emulator and not to the platform.
pub(crate) fn is_own(info: &OperationInfo) -> bool {
    info.host == Host::Control
}

fn segments(path: &str) -> Vec<&str> {
    path.trim_end_matches('/').split('/').skip(1).collect()
}

fn matches(template: &str, segments: &[&str]) -> bool {
    let mut wanted = template.split('/').skip(1);
    let fits = segments.iter().all(|segment| {
        wanted.next().is_some_and(|wanted| match wanted.starts_with('{') {
            true => !segment.is_empty(),
            false => wanted == *segment,
        })
    });
    fits && wanted.next().is_none()
}

fn parameters(info: &OperationInfo) -> usize {
    info.path.matches('{').count()
}

/// Whether the first segment is a version of no operation, and of none of the platform's others.
fn has_unknown_version(segments: &[&str]) -> bool {
    let Some(first) = segments.first().filter(|first| is_version(first)) else { return false };
    let known = ["beta", "v0.1", "v0.2", "v0.3", "v1", "v2", "v3"];
    !known.contains(first)
}

/// Whether the first segment of a path names a generation.
pub(crate) fn is_version(segment: &str) -> bool {
    let number = segment.strip_prefix('v').unwrap_or_default();
    let digits = number.starts_with(|c: char| c.is_ascii_digit());
    matches!(segment, "alpha" | "beta")
        || (digits && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_operations() {
        let check = |method: Method, path: &str, expected: &str| {
            let found = match find(&method, path) {
                Route::Operation(info) => info.id.to_owned(),
                Route::WrongMethod { allowed, .. } => format!("wrong method, {allowed}"),
                Route::UnknownVersion => "unknown version".to_owned(),
                Route::Unknown => "unknown".to_owned(),
            };
            assert_eq!(found, expected, "{method} {path}");
        };
        check(Method::GET, "/beta/conversations/CON-1", "beta.GetConversation");
        check(Method::GET, "/beta/conversations/CON-1/", "beta.GetConversation");
        check(Method::GET, "/v1/conversations/CON-1/members/me", "v1.GetMe");
        check(Method::GET, "/v1/conversations/CON-1/members/MEM-1", "v1.GetMember");
        check(Method::POST, "/v2/applications", "applications.CreateApplication");
        check(Method::PATCH, "/v2/applications", "wrong method, GET, POST");
        check(Method::GET, "/healthz", "control.GetHealth");
        check(Method::GET, "/v9/conversations", "unknown version");
        check(Method::GET, "/v1/nothing", "unknown");
        check(Method::GET, "/beta/conversations//members", "unknown");
        check(Method::GET, "/favicon.ico", "unknown");
        check(Method::GET, "", "unknown");
    }

    #[test]
    fn every_operation_leads_to_itself() {
        for info in OPERATIONS {
            let path = info.path.replace(['{', '}'], "");
            let found = find(&info.method, &path);
            assert!(
                matches!(found, Route::Operation(found) if found.id == info.id),
                "{} {path}: {found:?}",
                info.id
            );
            assert_eq!(family(&path), info.errors, "{}", info.id);
        }
    }
}
