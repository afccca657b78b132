//! The handshake of a websocket: a GET that is upgraded.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderName, HeaderValue, StatusCode, header};
use reqwest::{Client, Upgraded};
use ring::{
    digest,
    rand::{SecureRandom as _, SystemRandom},
};
use ringback_exchange::SocketEvent;
use url::Url;

/// What RFC 6455 puts behind the key before it is hashed.
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const KEY: HeaderName = header::SEC_WEBSOCKET_KEY;

/// The http address of a websocket's; none when it is no such address.
pub(super) fn http_address(uri: &str) -> Option<String> {
    let uri = uri.trim();
    let (scheme, rest) = uri.split_once("://")?;
    match scheme.to_ascii_lowercase().as_str() {
        "ws" | "http" => Some(format!("http://{rest}")),
        "wss" | "https" => Some(format!("https://{rest}")),
        _ => None,
    }
}

/// Connects and shakes hands.
pub(super) async fn open(
    client: &Client,
    url: Url,
    authorization: Option<HeaderValue>,
) -> Result<Upgraded, SocketEvent> {
    let refused = SocketEvent::Refused;
    let server = as_websocket(&url.origin().ascii_serialization());
    let key = key().ok_or_else(|| refused("there are no random numbers for a key".to_owned()))?;
    let mut request = client
        .get(url.clone())
        .header(header::CONNECTION, "Upgrade")
        .header(header::UPGRADE, "websocket")
        .header(header::SEC_WEBSOCKET_VERSION, "13")
        .header(KEY, &key)
        .header(header::ORIGIN, url.origin().ascii_serialization());
    if let Some(authorization) = authorization {
        request = request.header(header::AUTHORIZATION, authorization);
    }
    let response =
        request.send().await.map_err(|error| match ringback_http::is_timeout(&error) {
            true => SocketEvent::TimedOut,
            false => refused(as_websocket(&ringback_http::explain(&error))),
        })?;
    let status = response.status();
    if status != StatusCode::SWITCHING_PROTOCOLS {
        return Err(refused(format!(
            "{server} answered the handshake with status {}, and 101 makes it a websocket: \
             is the path right?",
            status.as_u16()
        )));
    }
    let accepted = response.headers().get(header::SEC_WEBSOCKET_ACCEPT);
    if accepted.map(HeaderValue::as_bytes) != Some(accept(&key).as_bytes()) {
        return Err(refused(format!(
            "{server} answered the handshake with a Sec-WebSocket-Accept that is not of this key"
        )));
    }
    response.upgrade().await.map_err(|_| refused(format!("{server} cut the handshake")))
}

/// What a server answers to a key.
pub(super) fn accept(key: &str) -> String {
    let text = format!("{key}{GUID}");
    STANDARD.encode(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes()))
}

fn key() -> Option<String> {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).ok()?;
    Some(STANDARD.encode(bytes))
}

/// The sentence about an http address as one about a websocket.
fn as_websocket(sentence: &str) -> String {
    sentence.replace("https://", "wss://").replace("http://", "ws://")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (uri, expected) in [
            ("ws://h:1/a?b=c", Some("http://h:1/a?b=c")),
            ("wss://h/", Some("https://h/")),
            ("WSS://h", Some("https://h")),
            ("https://h", Some("https://h")),
            ("ftp://h", None),
            ("h:1/a", None),
            ("", None),
        ] {
            assert_eq!(http_address(uri).as_deref(), expected, "{uri}");
        }
    }

    /// The example of RFC 6455, section 1.3.
    #[test]
    fn the_answer_to_a_key() {
        assert_eq!(accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
}
