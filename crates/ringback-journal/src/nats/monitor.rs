//! A server's settings, from its monitoring port: one request, plain HTTP.

use std::time::Duration;

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// More than any server says.
const MOST: u64 = 4 << 20;

/// What a server says about itself, or why it does not.
pub(super) async fn varz(address: &str, limit: Duration) -> Result<Value, String> {
    let url: url::Url = address.parse().map_err(|error| format!("it is no address ({error})"))?;
    if url.scheme() != "http" {
        return Err("only plain http is spoken here (use the system account instead)".to_owned());
    }
    let host = url.host_str().unwrap_or_default().to_owned();
    let port = url.port_or_known_default().unwrap_or(80);
    let path = format!("{}/varz", url.path().trim_end_matches('/'));
    let answer = tokio::time::timeout(limit, fetch(&host, port, &path)).await;
    let answer = answer.map_err(|_| "no answer in time".to_owned())?;
    let bytes = answer.map_err(|error| error.to_string())?;
    body(&bytes).ok_or_else(|| "the answer is none of a NATS server".to_owned())
}

/// An address without a login.
pub(super) fn shown(address: &str) -> String {
    let (scheme, rest) = address.split_once("://").unwrap_or(("", address));
    format!("{scheme}://{}", rest.rsplit_once('@').map_or(rest, |(_, after)| after))
}

async fn fetch(host: &str, port: u16, path: &str) -> std::io::Result<Vec<u8>> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let mut stream = TcpStream::connect((bare, port)).await?;
    let request = format!("GET {path} HTTP/1.0\r\nHost: {host}:{port}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut bytes = Vec::new();
    stream.take(MOST).read_to_end(&mut bytes).await?;
    Ok(bytes)
}

fn body(bytes: &[u8]) -> Option<Value> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let good = head.split(' ').nth(1)? == "200";
    if good { serde_json::from_str(body).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_and_logins_not_shown() {
        assert!(body(b"HTTP/1.0 200 OK\r\na: b\r\n\r\n{\"a\": 1}").is_some());
        assert!(body(b"HTTP/1.0 404 Not Found\r\n\r\n{}").is_none());
        assert!(body(b"{}").is_none());
        assert_eq!(shown("http://me:secret@a:1"), "http://a:1");
        assert_eq!(shown("http://a:1"), "http://a:1");
    }
}
