//! Requests that are refused.

use ringback_jwt::payload_hash;

use super::{Bad, bad, bearer, get, post, request, tokens};
use crate::forge::{BODY, Forge, QUERY, QUERY_HASH, TOKEN};

/// The whole table.
pub(super) fn rows() -> Vec<Bad> {
    let mut rows = Vec::new();
    for (name, code, token) in tokens::rows(&hash(BODY)) {
        rows.push(bad(format!("POST {name}"), code, 401, post(&bearer(&token), BODY)));
    }
    for (name, code, token) in tokens::rows(QUERY_HASH) {
        rows.push(bad(format!("GET {name}"), code, 401, get(&bearer(&token), QUERY)));
    }
    rows.extend(hashes());
    rows.extend(altered());
    rows.extend(headers());
    rows.extend(payloads());
    rows.extend(heads());
    rows
}

fn hash(text: &str) -> String {
    payload_hash(text.as_bytes())
}

/// A right token for this body.
fn right(body: impl AsRef<[u8]>) -> String {
    bearer(&Forge::new(&payload_hash(body.as_ref())).text())
}

/// A right token for [`QUERY`].
fn right_query() -> String {
    bearer(&Forge::new(QUERY_HASH).text())
}

/// Right signatures with a hash that is not of the payload.
fn hashes() -> Vec<Bad> {
    let missing = bearer(&Forge::new("").without("payload_hash").text());
    let mut rows = vec![
        bad("POST hash missing", "payload-hash-missing", 401, post(&missing, BODY)),
        bad("GET hash missing", "query-unauthenticated", 401, get(&missing, QUERY)),
    ];
    let of_body = [
        ("in upper case", hash(BODY).to_uppercase()),
        ("cut", hash(BODY)[..32].to_owned()),
        ("empty", String::new()),
        ("of nothing", hash("")),
        ("of another body", hash("{}")),
        ("of a query", QUERY_HASH.to_owned()),
        ("the body itself", BODY.to_owned()),
    ];
    for (name, wrong) in of_body {
        let token = bearer(&Forge::new(&wrong).text());
        let name = format!("POST hash {name}");
        rows.push(bad(name, "payload-hash-mismatch", 401, post(&token, BODY)));
    }
    let of_query = [
        ("in upper case", QUERY_HASH.to_uppercase()),
        ("cut", QUERY_HASH[..32].to_owned()),
        ("empty", String::new()),
        ("of a body", hash(BODY)),
        ("of the path and the query", hash(&format!("/webhooks/answer?{QUERY}"))),
    ];
    for (name, wrong) in of_query {
        let token = bearer(&Forge::new(&wrong).text());
        let name = format!("GET hash {name}");
        rows.push(bad(name, "query-unauthenticated", 401, get(&token, QUERY)));
    }
    rows
}

/// Right tokens on payloads that they are not of.
fn altered() -> Vec<Bad> {
    let mut rows = Vec::new();
    for (name, body) in [
        ("altered", BODY.replace("answered", "rejected")),
        ("with one more byte", format!("{BODY}}}")),
        ("with one less byte", BODY[..BODY.len() - 1].to_owned()),
        ("with a field more", BODY.replace('{', r#"{"a":"b","#)),
        ("in another order", {
            r#"{"status":"answered","conversation_uuid":"CON-11111111-2222-4333-8444-555555555555"}"#.to_owned()
        }),
        ("with a space within a text", BODY.replace("CON-", "CON- ")),
        ("behind a byte order mark", format!("\u{feff}{BODY}")),
        ("of another call, a token replayed", BODY.replace("5555", "6666")),
        ("empty", String::new()),
    ] {
        let sent = post(&bearer(TOKEN), body);
        rows.push(bad(format!("body {name}"), "payload-hash-mismatch", 401, sent));
    }
    for (name, query) in [
        ("altered", QUERY.replace("0001", "0002")),
        ("reordered", {
            "from=447700900001&to=447700900000&uuid=797168e24c19a3c45e74e05b10fef2b5".to_owned()
        }),
        ("with a parameter more", format!("{QUERY}&a=b")),
        ("with an empty parameter more", format!("{QUERY}&a")),
        ("with a parameter doubled", format!("{QUERY}&to=1")),
        ("with a parameter less", QUERY[3..].to_owned()),
        ("with a name in upper case", QUERY.replace("to=", "TO=")),
        ("of another call, a token replayed", QUERY.replace("797168", "897168")),
        ("empty", String::new()),
    ] {
        let name = format!("query {name}");
        rows.push(bad(name, "query-unauthenticated", 401, get(&right_query(), &query)));
    }
    let with = |line: &str, authorization: &str, body: &str| {
        let headers =
            format!("authorization: {authorization}\r\ncontent-length: {}\r\n", body.len());
        request(line, &headers, body.as_bytes())
    };
    let event = format!("POST /webhooks/event?{QUERY}");
    let answer = format!("GET /webhooks/answer?{QUERY}");
    rows.extend([
        bad("GET token of a body", "query-unauthenticated", 401, get(&bearer(TOKEN), QUERY)),
        bad("POST token of a query, the query too", "payload-hash-mismatch", 401, {
            with(&event, &right_query(), BODY)
        }),
        bad("POST token of a body, only a query", "query-unauthenticated", 401, {
            with(&event, &bearer(TOKEN), "")
        }),
        bad("GET with a body", "get-with-body", 400, with(&answer, &right_query(), BODY)),
        bad("GET with a body, its token", "get-with-body", 400, with(&answer, &right(BODY), BODY)),
        bad("GET with an endless body", "get-with-body", 400, {
            let headers =
                format!("authorization: {}\r\ntransfer-encoding: chunked\r\n", right_query());
            request(&answer, &headers, b"1\r\na\r\n")
        }),
    ]);
    rows
}

/// Tokens in other places than one header, or in none.
fn headers() -> Vec<Bad> {
    let event = |headers: &str| {
        let headers = format!("{headers}content-length: {}\r\n", BODY.len());
        request("POST /webhooks/event", &headers, BODY.as_bytes())
    };
    let answer = |headers: &str| request(&format!("GET /webhooks/answer?{QUERY}"), headers, b"");
    let mut rows = Vec::new();
    let right = right_query();
    let original = "x-vonage-webhook-auth-token";
    for (name, code, status, value) in [
        ("no header", "unsigned", 503, String::new()),
        ("an empty header", "unsigned", 503, "authorization:\r\n".to_owned()),
        ("nothing behind Bearer", "unsigned", 503, "authorization: Bearer \r\n".to_owned()),
        ("a token in a cookie", "unsigned", 503, format!("cookie: authorization={TOKEN}\r\n")),
        ("a token for a proxy", "unsigned", 503, format!("proxy-authorization: {right}\r\n")),
        ("another scheme", "token-scheme", 401, "authorization: Basic YTpi\r\n".to_owned()),
        ("Token", "token-scheme", 401, format!("authorization: Token {TOKEN}\r\n")),
        ("no scheme", "token-scheme", 401, format!("authorization: {TOKEN}\r\n")),
        ("a colon", "token-scheme", 401, format!("authorization: Bearer: {TOKEN}\r\n")),
        ("two headers", "token-repeated", 401, {
            format!("authorization: {right}\r\nauthorization: Bearer a.b.c\r\n")
        }),
        ("the same twice", "token-repeated", 401, {
            format!("authorization: {right}\r\nauthorization: {right}\r\n")
        }),
        ("the original twice", "token-repeated", 401, {
            format!("{original}: {TOKEN}\r\n{original}: {TOKEN}\r\n")
        }),
        ("an original that is none", "token-malformed", 401, {
            format!("authorization: {right}\r\n{original}: none\r\n")
        }),
        ("an empty original", "unsigned", 503, {
            format!("authorization: {right}\r\n{original}:\r\n")
        }),
        ("65 headers", "head-too-large", 431, "a: b\r\n".repeat(65)),
        ("a huge header", "head-too-large", 431, format!("a: {}\r\n", "b".repeat(20 << 10))),
        ("a huge token", "head-too-large", 431, {
            format!("authorization: Bearer {}\r\n", "a".repeat(20 << 10))
        }),
        ("a line without a colon", "head-malformed", 400, "authorization\r\n".to_owned()),
        ("a folded line", "head-malformed", 400, "authorization: Bearer\r\n a.b.c\r\n".to_owned()),
        ("a space in a name", "head-malformed", 400, "authorization : Bearer a\r\n".to_owned()),
        ("NUL in a header", "head-malformed", 400, "authorization: Bearer \0\r\n".to_owned()),
    ] {
        rows.push(bad(format!("POST {name}"), code, status, event(&value)));
        rows.push(bad(format!("GET {name}"), code, status, answer(&value)));
    }
    let mut not_text = event("authorization: Bearer ?.?.?\r\n");
    for byte in not_text.iter_mut().filter(|byte| **byte == b'?') {
        *byte = 0xff;
    }
    let in_query = format!("GET /webhooks/answer?{QUERY}&authorization=Bearer%20{TOKEN}");
    let as_user = format!("GET http://{TOKEN}@a/webhooks/answer?{QUERY}");
    rows.extend([
        bad("POST header not UTF-8", "token-not-text", 401, not_text),
        bad("GET token in the query", "unsigned", 503, request(&in_query, "", b"")),
        bad("GET token in the address", "unsigned", 503, request(&as_user, "", b"")),
    ]);
    rows
}

/// Rightly signed, and no webhook all the same.
fn payloads() -> Vec<Bad> {
    let mut rows = Vec::new();
    let deep = |levels: usize| format!(r#"{{"a":{}{}}}"#, "[".repeat(levels), "]".repeat(levels));
    for (name, code, body) in [
        ("a word", "not-json", b"hello".to_vec()),
        ("empty", "not-json", Vec::new()),
        ("a space", "not-json", b" ".to_vec()),
        ("cut JSON", "not-json", BODY.as_bytes()[..40].to_vec()),
        ("two objects", "not-json", b"{}{}".to_vec()),
        ("a form", "not-json", QUERY.as_bytes().to_vec()),
        ("NUL", "not-json", b"{\"status\":\"\0\"}".to_vec()),
        ("NUL behind", "not-json", [BODY.as_bytes(), b"\0"].concat()),
        ("a list", "not-a-webhook", b"[]".to_vec()),
        ("a list of webhooks", "not-a-webhook", format!("[{BODY}]").into_bytes()),
        ("a text", "not-a-webhook", b"\"hello\"".to_vec()),
        ("null", "not-a-webhook", b"null".to_vec()),
        ("deep", "json-too-deep", deep(64).into_bytes()),
        ("very deep", "json-too-deep", deep(200_000).into_bytes()),
        ("very deep and cut", "json-too-deep", "[".repeat(500_000).into_bytes()),
        ("not UTF-8", "not-utf8", b"{\"status\":\"\xff\"}".to_vec()),
        (
            "UTF-16",
            "not-utf8",
            BODY.encode_utf16().chain([0xfeff]).flat_map(u16::to_le_bytes).collect(),
        ),
    ] {
        let name = format!("POST {name}");
        rows.push(bad(name, code, 400, post(&right(&body), &body)));
    }
    for (name, code, query) in [
        ("not UTF-8", "not-utf8", "to=%ff".to_owned()),
        ("a name not UTF-8", "not-utf8", "%fe=1".to_owned()),
        ("deep", "json-too-deep", format!("custom_data={}{}", "[".repeat(70), "]".repeat(70))),
    ] {
        let token = Forge::new(&payload_hash(query.as_bytes())).text();
        rows.push(bad(format!("GET {name}"), code, 400, get(&bearer(&token), &query)));
    }
    let length = BODY.len();
    let typed = |headers: &str| {
        let headers =
            format!("authorization: {}\r\ncontent-length: {length}\r\n{headers}\r\n", right(BODY));
        request("POST /webhooks/event", &headers, BODY.as_bytes())
    };
    for (name, code, header) in [
        ("text/plain", "content-type", "content-type: text/plain"),
        ("a form", "content-type", "content-type: application/x-www-form-urlencoded"),
        ("like JSON", "content-type", "content-type: application/jsonp"),
        ("an empty type", "content-type", "content-type:"),
        ("two types", "content-type", "content-type: application/json\r\ncontent-type: text/html"),
        ("gzip", "content-encoded", "content-encoding: gzip"),
        ("br", "content-encoded", "content-encoding: br"),
        ("two encodings", "content-encoded", "content-encoding: identity, gzip"),
        ("two headers", "content-encoded", "content-encoding: identity\r\ncontent-encoding: gzip"),
    ] {
        rows.push(bad(format!("POST {name}"), code, 415, typed(header)));
    }
    rows
}

/// What is no request for a webhook, or not a whole one.
fn heads() -> Vec<Bad> {
    let right = right(BODY);
    let length = BODY.len();
    let with = |line: &str, more: &str| {
        let headers = format!("authorization: {right}\r\ncontent-length: {length}\r\n{more}");
        request(line, &headers, BODY.as_bytes())
    };
    let mut rows = Vec::new();
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "post", "Get", "PROPFIND"] {
        for route in ["event", "answer"] {
            let sent = with(&format!("{method} /webhooks/{route}"), "");
            rows.push(bad(format!("{method} {route}"), "method-not-allowed", 405, sent));
        }
    }
    rows.push(bad("HEAD", "method-not-allowed", 405, {
        request(&format!("HEAD /webhooks/answer?{QUERY}"), "", b"")
    }));
    for path in
        ["/", "/webhooks/event/", "/webhooks//event", "/webhooks/Event", "/webhooks/%65vent"]
    {
        let sent = with(&format!("POST {path}"), "");
        rows.push(bad(format!("POST to {path}"), "route-unknown", 404, sent));
    }
    let line = "POST /webhooks/event";
    let plain = |headers: &str, body: &[u8]| {
        let headers = format!("authorization: {right}\r\n{headers}");
        request(line, &headers, body)
    };
    let body = BODY.as_bytes();
    let chunked = "transfer-encoding: chunked\r\n";
    let raw = |text: &str| text.as_bytes().to_vec();
    rows.extend([
        bad("two lengths", "head-malformed", 400, with(line, "content-length: 5\r\n")),
        bad("a length that is none", "head-malformed", 400, plain("content-length: x\r\n", body)),
        bad("a negative length", "head-malformed", 400, plain("content-length: -1\r\n", body)),
        bad("two lengths in one", "head-malformed", 400, plain("content-length: 5, 5\r\n", body)),
        bad("a length beyond numbers", "head-malformed", 400, {
            plain("content-length: 99999999999999999999\r\n", body)
        }),
        bad("a transfer coding that is none", "head-malformed", 400, {
            plain("transfer-encoding: gzip\r\n", body)
        }),
        bad("an announced gigabyte", "body-too-large", 413, {
            plain("content-length: 1073741824\r\n", b"{")
        }),
        bad("a body that ends early", "body-cut", 400, plain("content-length: 200\r\n", body)),
        bad("chunks that end early", "body-cut", 400, plain(chunked, b"5\r\n{\"a\":")),
        bad("chunks that are none", "body-cut", 400, plain(chunked, b"x\r\n")),
        bad("a chunk beyond numbers", "body-cut", 400, plain(chunked, b"fffffffffffffffff\r\n")),
        bad("a head that ends early", "head-cut", 0, raw("GET /webhooks/answer HTTP/1.1\r\na")),
        bad("no HTTP", "head-malformed", 400, raw("hello\r\n\r\n")),
        bad("TLS", "head-malformed", 400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec()),
        bad("HTTP/2", "head-malformed", 0, raw("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")),
        bad("HTTP/3.0", "head-malformed", 400, raw("GET /webhooks/answer HTTP/3.0\r\n\r\n")),
        bad("NUL in the path", "head-malformed", 400, with("POST /webhooks/ev\0ent", "")),
        bad("a space in the path", "head-malformed", 400, with("POST /webhooks/ev ent", "")),
        bad(
            "a long path",
            "head-too-large",
            431,
            with(&format!("POST /{}", "a".repeat(20 << 10)), ""),
        ),
    ]);
    rows
}
