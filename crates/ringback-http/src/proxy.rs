//! The proxies of the system, but never for this machine itself.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::Uri;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use reqwest::{Proxy, Url};

/// The system's proxies, if there are any.
pub(crate) fn system() -> Option<Proxy> {
    let matcher = Matcher::from_system();
    let probes = ["http://proxy-probe.invalid/", "https://proxy-probe.invalid/"];
    probes.iter().any(|probe| matcher.intercept(&Uri::from_static(probe)).is_some()).then(|| {
        Proxy::custom(move |url| {
            if is_loopback(url) {
                return None;
            }
            url.as_str().parse().ok().and_then(|uri| address(&matcher.intercept(&uri)?))
        })
    })
}

/// Whether the host is this machine: `localhost`, a name below it, or a loopback address.
fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.to_canonical().is_loopback() || ip.is_unspecified())
}

/// The proxy's URL with the credentials that the matcher took out of it.
fn address(intercept: &Intercept) -> Option<Url> {
    let mut url = Url::parse(&intercept.uri().to_string()).ok()?;
    let basic = intercept.basic_auth().and_then(|value| {
        let text = value.to_str().ok()?.strip_prefix("Basic ")?;
        let text = String::from_utf8(STANDARD.decode(text).ok()?).ok()?;
        let (user, password) = text.split_once(':')?;
        Some((user.to_owned(), password.to_owned()))
    });
    let raw = intercept.raw_auth().map(|(user, password)| (user.to_owned(), password.to_owned()));
    if let Some((user, password)) = basic.or(raw) {
        url.set_username(&user).ok()?;
        url.set_password(Some(&password)).ok()?;
    }
    Some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_hosts() {
        for (url, expected) in [
            ("http://localhost:4010/", true),
            ("http://LOCALHOST./", true),
            ("http://app.localhost/", true),
            ("http://127.0.0.1:3000/", true),
            ("http://127.8.9.10/", true),
            ("http://[::1]:3000/", true),
            ("http://[::ffff:127.0.0.1]/", true),
            ("http://0.0.0.0:3000/", true),
            ("http://localhost.example/", false),
            ("http://10.0.0.1/", false),
            ("https://api.nexmo.com/", false),
        ] {
            assert_eq!(is_loopback(&Url::parse(url).unwrap()), expected, "{url}");
        }
    }

    #[test]
    fn credentials_of_a_proxy_are_kept() {
        let matcher = Matcher::builder().all("http://user:p%40ss@proxy.example:3128").build();
        let uri = Uri::from_static("https://api.nexmo.com/");
        let url = address(&matcher.intercept(&uri).unwrap()).unwrap();
        assert_eq!(url.as_str(), "http://user:p%40ss@proxy.example:3128/");
    }
}
