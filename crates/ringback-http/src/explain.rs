//! Failures of sending, in one sentence each.

use std::{error::Error as _, io};

use reqwest::Error;

/// Whether no connection came about, so that nothing was sent.
#[must_use]
pub fn is_connect(error: &Error) -> bool {
    error.is_connect()
}

/// Whether time ran out, while connecting or while waiting for the answer.
#[must_use]
pub fn is_timeout(error: &Error) -> bool {
    error.is_timeout()
}

/// Whether TLS failed, such as over a certificate that is not trusted.
#[must_use]
pub fn is_tls(error: &Error) -> bool {
    find::<rustls::Error>(error).is_some()
}

/// Says what failed and what to look at, in one sentence without secrets.
///
/// Of the URL only scheme, host and port are named, because a query may hold credentials.
/// The error's own text holds the whole URL; use `without_url` before it is kept or printed.
#[must_use]
pub fn explain(error: &Error) -> String {
    let server = server(error);
    if error.is_builder() {
        return "the URL or a header is not valid, so nothing was sent".to_owned();
    }
    if error.is_redirect() {
        return format!("{server} redirects more often than is allowed");
    }
    if let Some(tls) = find::<rustls::Error>(error) {
        return explain_tls(tls, &server);
    }
    if error.is_dns() {
        return format!("the name of {server} is not known: check its spelling and the network");
    }
    let kind = find::<io::Error>(error).map(io::Error::kind);
    if error.is_connect() {
        return match kind {
            _ if error.is_timeout() => {
                format!(
                    "{server} did not take the connection in time: check host, port and firewall"
                )
            }
            Some(io::ErrorKind::ConnectionRefused) => {
                format!("nothing listens at {server}: start the server or correct the port")
            }
            Some(io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable) => {
                format!("{server} cannot be reached from this network")
            }
            _ => format!("no connection to {server} came about"),
        };
    }
    if error.is_timeout() {
        return format!("{server} took the request and did not answer in time");
    }
    if error.is_decode() {
        return format!("the answer of {server} cannot be read");
    }
    format!("{server} cut the connection before the whole answer had come")
}

fn explain_tls(error: &rustls::Error, server: &str) -> String {
    match error {
        rustls::Error::InvalidMessage(_) => {
            format!("{server} does not speak TLS: is it http:// and not https://?")
        }
        rustls::Error::InvalidCertificate(reason) => {
            format!("the certificate of {server} is not trusted ({reason})")
        }
        rustls::Error::General(text) => {
            format!(
                "the certificate of {server} cannot be checked ({text}); plain http still works"
            )
        }
        other => format!("TLS with {server} failed ({other})"),
    }
}

fn server(error: &Error) -> String {
    let Some(url) = error.url() else { return "the server".to_owned() };
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{}://{host}:{port}", url.scheme()),
        (Some(host), None) => format!("{}://{host}", url.scheme()),
        (None, _) => "the server".to_owned(),
    }
}

/// The first error of this type among the causes, also inside I/O errors, which hide theirs.
fn find<E: std::error::Error + 'static>(error: &Error) -> Option<&E> {
    let mut next: Option<&(dyn std::error::Error + 'static)> = error.source();
    while let Some(current) = next {
        if let Some(found) = current.downcast_ref() {
            return Some(found);
        }
        let inner = current.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match inner {
            Some(inner) => Some(inner),
            None => current.source(),
        };
    }
    None
}
