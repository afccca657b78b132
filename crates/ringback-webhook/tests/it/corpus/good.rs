//! Requests that are accepted.

use ringback_jwt::payload_hash;

use super::{bearer, get, post, request};
use crate::{
    NOW,
    forge::{BODY, Forge, QUERY, QUERY_HASH, SECRET, TOKEN},
};

type Good = (&'static str, Vec<u8>);

/// Signature secrets, and what is accepted by a receiver that has them.
pub(super) fn tables() -> Vec<(Vec<&'static str>, Vec<Good>)> {
    const OLD: &str = "the-old-signature-secret-0123456789";
    let old = |hash: &str| bearer(&Forge::new(hash).secret(OLD).text());
    let rotated = vec![
        ("POST with the new secret", post(&bearer(TOKEN), BODY)),
        ("POST with the old secret", post(&old(&hash(BODY)), BODY)),
        ("GET with the new secret", get(&right(QUERY_HASH), QUERY)),
        ("GET with the old secret", get(&old(QUERY_HASH), QUERY)),
    ];
    vec![
        (vec![SECRET], one_secret()),
        (vec![SECRET, OLD], rotated.clone()),
        (vec![OLD, SECRET], rotated),
    ]
}

fn hash(text: &str) -> String {
    payload_hash(text.as_bytes())
}

fn right(hash: &str) -> String {
    bearer(&Forge::new(hash).text())
}

fn one_secret() -> Vec<Good> {
    let token = bearer(TOKEN);
    let body = || Forge::new(&hash(BODY));
    let of = |forge: Forge| post(&bearer(&forge.text()), BODY);
    let spaced = BODY.replace(':', ": ").replace(',', ",\n ");
    let length = BODY.len();
    let with = |line: &str, authorization: &str, more: &str, body: &str| {
        let headers = format!("authorization: {authorization}\r\n{more}");
        request(line, &headers, body.as_bytes())
    };
    let sized = format!("content-length: {length}\r\n");
    let typed = |value: &str| format!("{sized}content-type: {value}\r\n");
    let event = "POST /webhooks/event";
    let encoded = "to=447700900000&from=a+b%2Bc&custom_data=%7B%22k%22%3A1%7D";
    let object = r#"{"to":"447700900000","from":"a b+c","custom_data":"{\"k\":1}"}"#;
    let deep = format!(r#"{{"status":"answered","a":{}{}}}"#, "[".repeat(63), "]".repeat(63));
    let original = |value: &str| {
        let more = format!("{sized}x-vonage-webhook-auth-token: {value}\r\n");
        with(event, "Bearer of.another.router", &more, BODY)
    };
    vec![
        ("POST, the published vector", post(&token, BODY)),
        ("POST, another case of the scheme", post(&format!("bEARER   {TOKEN}"), BODY)),
        ("POST, reformatted on its way", post(&token, &spaced)),
        ("POST, as deep as may be", post(&right(&hash(&deep)), &deep)),
        ("POST, iat as old as may be", of(body().claim("iat", NOW - 300))),
        ("POST, iat as far ahead as may be", of(body().claim("iat", NOW + 300))),
        ("POST, exp ahead", of(body().claim("exp", NOW + 60))),
        ("POST, nbf past", of(body().claim("nbf", NOW - 60))),
        ("POST, no application", of(body().without("application_id"))),
        ("POST, a claim nobody knows", of(body().claim("sub", "someone"))),
        ("POST, a key id nobody asks for", {
            of(body().header(serde_json::json!({"typ": "JWT", "kid": "1", "alg": "HS256"})))
        }),
        ("POST, a charset", with(event, &token, &typed("Application/JSON; charset=utf-8"), BODY)),
        ("POST, no content type", with(event, &token, &sized, BODY)),
        ("POST, no encoding", {
            with(event, &token, &format!("{sized}content-encoding: Identity\r\n"), BODY)
        }),
        ("POST, in chunks", {
            let chunks = format!(
                "{:x}\r\n{}\r\n{:x}\r\n{}\r\n0\r\n\r\n",
                10,
                &BODY[..10],
                length - 10,
                &BODY[10..]
            );
            with(event, &token, "transfer-encoding: chunked\r\n", &chunks)
        }),
        // The address of a webhook may have a query of its own; it is neither covered nor handed on.
        ("POST, a query in the address", {
            with("POST /webhooks/event?tenant=7", &token, &sized, BODY)
        }),
        ("POST, the original token", original(TOKEN)),
        ("POST, the original token with its scheme", original(&token)),
        ("POST, an answer webhook", with("POST /webhooks/answer", &token, &sized, BODY)),
        ("GET, the query as an object", get(&right(QUERY_HASH), QUERY)),
        ("GET, the query as it stands", get(&right(&hash(QUERY)), QUERY)),
        ("GET, nothing hashed", get(&right(&hash("")), QUERY)),
        ("GET, percent-encoded", get(&right(&hash(object)), encoded)),
        ("GET, percent-encoded as it stands", get(&right(&hash(encoded)), encoded)),
        ("GET, an event", {
            with(&format!("GET /webhooks/event?{QUERY}"), &right(QUERY_HASH), "", "")
        }),
        ("POST, a query instead of a body", {
            let line = format!("POST /webhooks/event?{QUERY}");
            with(&line, &right(QUERY_HASH), "content-length: 0\r\n", "")
        }),
    ]
}
