//! Webhooks: what verifying one costs, and how many are answered in a second of processor time.

use std::{hint::black_box, process::Command, time::Duration};

use ring::{digest, hmac};
use ringback_jwt::{WebhookSigner, WebhookVerifier};
use ringback_tests::measure::{Goal, Line, Pair};
use secrecy::SecretString;

use crate::{
    load::{Load, post},
    server::{NOW, SECRET, Server},
};

/// Tokens that differ, so that nothing can be remembered from one to the next.
const TOKENS: usize = 4096;
const CONNECTIONS: usize = 16;

/// The event of an answered call that has ended, of 350 bytes.
const BODY: &[u8] = br#"{"end_time":"2020-07-01T23:45:42.000Z","uuid":"797168e24c19a3c45e74e05b10fef2b5","network":"GB-FIXED","duration":"10807","start_time":"2020-07-01T20:45:35.000Z","rate":"0.00720000","price":"1.29684000","from":"447700000001","to":"447700000002","conversation_uuid":"CON-bc643220-2542-499a-892e-c982c4150c06","status":"completed","direction":"inbound"}"#;

const _: () = assert!(BODY.len() == 350);

fn tokens(body: &[u8]) -> Vec<String> {
    let signer = WebhookSigner::new(&SecretString::from(SECRET), "abcd1234").unwrap();
    let signer = signer.application_id("aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab");
    let token = || signer.sign_body(body, NOW).unwrap().expose().to_owned();
    std::iter::repeat_with(token).take(TOKENS).collect()
}

/// Verifying against the bare cryptography, and against the whole request it is part of.
pub(crate) fn verify() {
    let tokens = tokens(BODY);
    let verifier = WebhookVerifier::new([&SecretString::from(SECRET)]).unwrap();
    // What has to be computed in any case: the HMAC of what was signed, the hash of the body.
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let signed: Vec<&[u8]> =
        tokens.iter().map(|token| token.rsplit_once('.').unwrap().0.as_bytes()).collect();
    let (mut ours, mut theirs) = (0, 0);
    let pair = Pair::in_turns(
        60,
        Duration::from_millis(60),
        || {
            ours = (ours + 1) % TOKENS;
            verifier.verify_body(black_box(&tokens[ours]), black_box(BODY), NOW).unwrap()
        },
        || {
            theirs = (theirs + 1) % TOKENS;
            let tag = hmac::sign(&key, black_box(signed[theirs]));
            (tag, digest::digest(&digest::SHA256, black_box(BODY)))
        },
    );
    let line = Line {
        name: "webhook-verify",
        what: "verify a signed webhook (HS256 and body hash, 350-byte body, fresh tokens)",
        against: "raw ring HMAC and SHA-256 of the same bytes",
        goal: Goal::AtLeast(0.25),
    };
    line.print(pair.speed(), "x", &pair);

    let requests = tokens.iter().map(|token| post(BODY, token)).collect();
    let server = Server::start("event");
    let mut load = Load::new(server.address, CONNECTIONS, requests, 204);
    load.send(4_000);
    let verifying = ringback_tests::measure::median(pair.ours);
    let pair = Pair::of(30, || verifying, || server.seconds_each(4_000, |count| load.send(count)));
    let line = Line {
        name: "webhook-verify-share",
        what: "the same",
        against: "the whole request: processor time of the server for one signed event",
        goal: Goal::AtMost(0.1),
    };
    line.print(pair.cost(), "x", &pair);
}

/// Our receiver with a fixed script against a bare handler that returns the same bytes.
pub(crate) fn answer() {
    let [ours, theirs] = ["answer", "bare-answer"].map(Server::start);
    let [mut to_ours, mut to_theirs] =
        [&ours, &theirs].map(|server| Load::new(server.address, CONNECTIONS, vec![get()], 200));
    to_ours.send(4_000);
    to_theirs.send(4_000);
    let pair = Pair::of(
        40,
        || ours.seconds_each(6_000, |count| to_ours.send(count)),
        || theirs.seconds_each(6_000, |count| to_theirs.send(count)),
    );
    let line = Line {
        name: "webhook-answer",
        what: "answer webhook, requests per CPU second of the server, keep-alive",
        against: "bare axum handler returning the same bytes",
        goal: Goal::AtLeast(0.9),
    };
    line.print(pair.speed(), "x", &pair);
}

/// The same against the tutorial's application on its development server.
pub(crate) fn flask() {
    let line = Line {
        name: "webhook-answer-flask",
        what: "answer webhook, requests per CPU second of the server",
        against: "the tutorial's Flask app on its development server",
        goal: Goal::AtLeast(40.0),
    };
    python(&line, &["-m", "flask", "--app", "app.py", "run", "--port", "0"]);
}

/// The same against the tutorial's application under gunicorn as it starts unless told otherwise:
/// one worker, a connection for each request. With threads and open connections it needs as much.
pub(crate) fn gunicorn() {
    let line = Line {
        name: "webhook-answer-gunicorn",
        what: "answer webhook, requests per CPU second of the server",
        against: "the tutorial's Flask app under gunicorn",
        goal: Goal::AtLeast(20.0),
    };
    python(&line, &["-m", "gunicorn.app.wsgiapp", "--bind", "127.0.0.1:0", "app:app"]);
}

fn python(line: &Line<'_>, args: &[&str]) {
    let Some(python) = std::env::var_os("RINGBACK_PYTHON") else {
        return line.print_left_out("no Python with flask and gunicorn");
    };
    let theirs = Server::foreign(
        Command::new(python)
            .args(args)
            .current_dir(ringback_tests::root().join("tests").join("tutorial"))
            .env("PYTHONDONTWRITEBYTECODE", "1"),
    );
    let ours = Server::start("answer");
    let [mut to_ours, mut to_theirs] =
        [&ours, &theirs].map(|server| Load::new(server.address, CONNECTIONS, vec![get()], 200));
    to_ours.send(4_000);
    to_theirs.send(200);
    let pair = Pair::of(
        7,
        || ours.seconds_each(6_000, |count| to_ours.send(count)),
        || theirs.roughly_seconds_each(1_000, |count| to_theirs.send(count)),
    );
    line.print(pair.speed(), "x", &pair);
}

/// The request of the answer webhook as the platform sends it.
pub(crate) fn get() -> Vec<u8> {
    b"GET /webhooks/answer?to=447700000002&from=447700000001\
      &conversation_uuid=CON-bc643220-2542-499a-892e-c982c4150c06\
      &uuid=797168e24c19a3c45e74e05b10fef2b5 HTTP/1.1\r\n\
      host: 127.0.0.1\r\nuser-agent: bench\r\naccept: */*\r\n\r\n"
        .to_vec()
}
