//! Paths that begin with a host of the platform.
//!
//! Official SDKs download a recording only when its address contains `nexmo.com` or `vonage.com`.
//! So `/api.nexmo.com/v1/files/ID` is served as `/v1/files/ID` (a named rule).

use http::{Uri, uri::PathAndQuery};

/// Takes the host out of a path that begins with one.
pub(crate) fn strip(uri: &mut Uri) {
    let Some(path) = uri.path_and_query().and_then(|path| without_host(path.as_str())) else {
        return;
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = PathAndQuery::try_from(path).ok();
    if let Ok(stripped) = Uri::from_parts(parts) {
        *uri = stripped;
    }
}

fn without_host(path: &str) -> Option<String> {
    let rest = path.strip_prefix('/')?;
    let (host, rest) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let host = host.to_ascii_lowercase();
    let name = host.strip_suffix(".nexmo.com").or_else(|| host.strip_suffix(".vonage.com"))?;
    let is_platform = name == "rest" || (name.starts_with("api") && !name.contains('.'));
    let slash = if rest.starts_with('/') { "" } else { "/" };
    is_platform.then(|| format!("{slash}{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        for (path, expected) in [
            ("/api.nexmo.com/v1/files/a?b=/c", "/v1/files/a?b=/c"),
            ("/api-us.nexmo.com/v1/files/a", "/v1/files/a"),
            ("/api-eu-3.vonage.com/v1/calls", "/v1/calls"),
            ("/API.VONAGE.COM/v1/calls", "/v1/calls"),
            ("/rest.nexmo.com/account/numbers?x=1", "/account/numbers?x=1"),
            ("/api.nexmo.com", "/"),
            ("/api.nexmo.com?a=b", "/?a=b"),
            ("/v1/api.nexmo.com/files", "/v1/api.nexmo.com/files"),
            ("/evil.example/v1", "/evil.example/v1"),
            ("/api.nexmo.com.evil.example/v1", "/api.nexmo.com.evil.example/v1"),
            ("/dashboard.nexmo.com/v1", "/dashboard.nexmo.com/v1"),
            ("/", "/"),
        ] {
            for origin in ["", "http://127.0.0.1:4010"] {
                let mut uri: Uri = format!("{origin}{path}").parse().unwrap();
                strip(&mut uri);
                assert_eq!(uri.path_and_query().unwrap().as_str(), expected, "{path}");
                assert_eq!(uri.host().is_some(), !origin.is_empty());
            }
        }
    }
}
