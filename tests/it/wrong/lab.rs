//! A platform with two applications of its own, their servers, and raw HTTP.

use std::{
    path::Path,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use reqwest::Method;
use ringback_emulator::{ClockMode, Config, Emulator};
use ringback_jwt::{Claims, KeyPair, Signer};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::server::{Answer, Hook, Server};

/// The application that things go wrong with.
pub(crate) const OWN: &str = "aaaaaaaa-bbbb-4ccc-8ddd-000000000001";
/// The application whose calls go on meanwhile.
pub(crate) const OTHER: &str = "aaaaaaaa-bbbb-4ccc-8ddd-000000000002";
/// The number of the other application.
pub(crate) const OTHER_NUMBER: &str = "447700900999";
/// Who calls.
pub(crate) const ALICE: &str = "447700000001";
/// Who is called; engaged.
pub(crate) const BUSY: &str = "447700000002";
/// Who is called, and picks up.
pub(crate) const BOB: &str = "447700000003";
/// Who is called by the other application.
const PARTNER: &str = "447700000009";
pub(crate) const API_KEY: &str = "a1b2c3d4";
pub(crate) const API_SECRET: &str = "planted-api-secret-1";

/// What came back.
pub(crate) struct Reply {
    pub(crate) status: u16,
    headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum As<'a> {
    /// An application, by its id.
    App(&'a str),
    /// A token as it is.
    Token(&'a str),
    /// The account.
    Account,
    /// Nobody in particular: the control API.
    Nobody,
}

pub(crate) struct Lab {
    pub(crate) emulator: Arc<Emulator>,
    http: reqwest::Client,
    /// The webhooks of the application that things go wrong with.
    pub(crate) server: Server,
    /// Those of the other one.
    other: Server,
}

/// What a test may change before the platform starts.
pub(crate) type Change = Box<dyn FnOnce(Config, &mut Value) -> Config>;

impl Lab {
    /// Numbers that are linked to the application; the server answers for it.
    pub(crate) async fn start(
        numbers: &[&str],
        answer: impl Fn(&Hook) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self::with(numbers, answer, Box::new(|config, _| config)).await
    }

    /// The same with another configuration and another seed.
    pub(crate) async fn with(
        numbers: &[&str],
        answer: impl Fn(&Hook) -> Answer + Send + Sync + 'static,
        change: Change,
    ) -> Self {
        let server = Server::start(answer).await;
        let connect = json!([connect(PARTNER)]);
        let other = Server::start(move |_| Answer::Json(connect.clone())).await;
        let numbers = numbers.iter().map(|number| number_of(number, "Own"));
        let numbers: Vec<_> = numbers.chain([number_of(OTHER_NUMBER, "Other")]).collect();
        let mut seed = json!({
            "account": {"api_key": API_KEY, "api_secret": API_SECRET},
            "applications": [application(OWN, "Own", &server.url), application(OTHER, "Other", &other.url)],
            "numbers": numbers,
            "phones": [
                {"number": BUSY, "script": "ring after 1s, busy"},
                {"number": BOB, "script": "ring after 1s, answer after 3s"},
                {"number": PARTNER, "script": "ring after 1s, answer after 3s"},
            ],
        });
        let config = Config::new()
            .seed(7)
            .clock(ClockMode::Auto)
            .spare_key_pairs(0)
            .start_application(false);
        let config = change(config, &mut seed);
        let config = config.directory(serde_json::from_value(seed).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let emulator = Arc::new(Emulator::start(listener, config).unwrap());
        emulator.environment().await;
        let http = ringback_http::client(&ringback_http::Settings::new()).unwrap();
        Self { emulator, http, server, other }
    }

    pub(crate) async fn send(
        &self,
        who: As<'_>,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Reply {
        let mut request = self.request(who, method, path);
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        self.reply(request).await
    }

    pub(crate) fn request(
        &self,
        who: As<'_>,
        method: Method,
        path: &str,
    ) -> reqwest::RequestBuilder {
        request(&self.http, self.emulator.url(), who, method, path)
    }

    pub(crate) async fn reply(&self, request: reqwest::RequestBuilder) -> Reply {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Reply { status, headers, text: response.text().await.unwrap() }
    }

    /// Asks and is answered well.
    pub(crate) async fn good(
        &self,
        who: As<'_>,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Value {
        let reply = self.send(who, method, path, body).await;
        assert!((200..300).contains(&reply.status), "{path}: {} {}", reply.status, reply.text);
        if reply.text.is_empty() { Value::Null } else { reply.json() }
    }

    pub(crate) async fn control(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        self.good(As::Nobody, method, &format!("/_ringback{path}"), body).await
    }

    /// Alice calls a number, and stays until she is hung up on.
    pub(crate) async fn call(&self, number: &str) -> String {
        let body = json!({"from": ALICE, "to": number});
        let call = self.control(Method::POST, "/calls", Some(body)).await;
        call["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn wait(&self, call: &str, status: &str) -> Value {
        let path = format!("/calls/{call}/wait?status={status}&within=60");
        self.control(Method::GET, &path, None).await
    }

    pub(crate) async fn transcript(&self, call: &str) -> Vec<Value> {
        let told = self.control(Method::GET, &format!("/calls/{call}/transcript"), None).await;
        told["entries"].as_array().unwrap().clone()
    }

    /// The webhooks of a call: kind, and what was said.
    pub(crate) async fn webhooks(&self, call: &str) -> Vec<Value> {
        let path = format!("/webhooks?call={call}");
        let list = self.control(Method::GET, &path, None).await;
        list["webhooks"].as_array().unwrap().clone()
    }

    /// A call of the other application that is up and talks.
    pub(crate) async fn healthy(&self) -> String {
        let call = self.call(OTHER_NUMBER).await;
        self.wait(&call, "answered").await;
        call
    }

    /// It is still up; its callee hangs up, and it ends as it should.
    pub(crate) async fn ends_well(&self, call: &str) {
        let shown = self.control(Method::GET, &format!("/calls/{call}"), None).await;
        assert_eq!((&shown["status"], &shown["error"]), (&json!("answered"), &Value::Null));
        self.control(Method::POST, &format!("/phones/{PARTNER}/hangup"), None).await;
        self.wait(call, "completed").await;
        let ended = |hook: &Hook| hook.text("status") == "completed";
        let last = |hook: &Hook| ended(hook) && hook.text("uuid") == call;
        let last = self.other.until("completed", last).await;
        let room = last.text("conversation_uuid");
        let both = |_: &Hook| {
            let hooks = self.other.hooks();
            let of_it = hooks.iter().filter(|h| h.text("conversation_uuid") == room);
            of_it.filter(|hook| ended(hook)).count() == 2
        };
        self.other.until("both ends", both).await;
        assert_eq!(last.said["disconnected_by"], "platform", "{last:?}");
        let sent = self.webhooks(call).await;
        // In order leg by leg; on a slow machine one leg may pass the other.
        let of = |own: bool| -> Vec<&str> {
            let of_leg = sent.iter().filter(|sent| (sent["leg"] == call) == own);
            let kinds = of_leg.map(|sent| sent["kind"].as_str().unwrap());
            kinds.filter(|kind| *kind != "answer").collect()
        };
        let documented = ["started", "ringing", "answered", "completed"];
        assert_eq!((of(true), of(false)), (documented.to_vec(), documented.to_vec()));
        assert_eq!(sent.iter().filter(|sent| sent["kind"] == "answer").count(), 1);
    }

    /// A refusal: the platform's words in the body, the exact reason beside it and behind its trace.
    ///
    /// `body` is without `instance`, which every family that has it fills with the trace.
    pub(crate) async fn explains(
        &self,
        reply: &Reply,
        (status, body): (u16, Value),
        reason: &str,
        seen: &str,
    ) {
        let trace = reply.header("ringback-trace");
        let mut expected = body;
        if expected["type"].as_str().is_some_and(|kind| kind.starts_with("https://")) {
            expected["instance"] = json!(trace);
        }
        let found = (reply.status, reply.json(), reply.header("ringback-reason"));
        assert_eq!(found, (status, expected, reason), "{}", reply.header("ringback-hint"));
        let hint = reply.header("ringback-hint");
        assert!(hint.is_ascii() && hint.len() <= 200 && !hint.is_empty(), "{hint}");
        let kept = self.control(Method::GET, &format!("/refusals/{trace}"), None).await;
        assert_eq!((&kept["reason"], &kept["status"]), (&json!(reason), &json!(status)));
        assert_eq!(kept["platform"].as_str(), Some(&*reply.text));
        for name in ["checked", "seen", "expected", "fix"] {
            assert!(kept[name].as_str().is_some_and(|text| !text.is_empty()), "{name}: {kept}");
        }
        let all = format!("{} {}", kept["seen"], kept["fix"]);
        assert!(all.contains(seen), "{seen:?} is not in {kept}");
    }
}

/// A request with credentials.
pub(crate) fn request(
    http: &reqwest::Client,
    url: &str,
    who: As<'_>,
    method: Method,
    path: &str,
) -> reqwest::RequestBuilder {
    let request = http.request(method, format!("{url}{path}"));
    match who {
        As::App(id) => request.bearer_auth(token(&Claims::new(id))),
        As::Token(token) => request.bearer_auth(token),
        As::Account => request.basic_auth(API_KEY, Some(API_SECRET)),
        As::Nobody => request,
    }
}

/// A token signed with the key of all applications.
pub(crate) fn token(claims: &Claims) -> String {
    let signer = Signer::from_pem(&private_key()).unwrap();
    signer.mint(claims, now()).unwrap().expose().to_owned()
}

#[expect(clippy::disallowed_methods, reason = "tests make tokens that are valid now")]
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

pub(crate) fn application(id: &str, name: &str, url: &str) -> Value {
    // A server that hangs costs a second of real time, not five.
    let hook = |path: &str, method: &str| json!({"address": format!("{url}/{path}"), "http_method": method, "socket_timeout": 1000});
    let webhooks = json!({"answer_url": hook("answer", "GET"), "event_url": hook("event", "POST")});
    let capabilities = json!({"voice": {"webhooks": webhooks}});
    json!({"id": id, "name": name, "private_key": private_key(), "capabilities": capabilities})
}

pub(crate) fn number_of(number: &str, application: &str) -> Value {
    json!({"country": "GB", "msisdn": number, "application": application})
}

pub(crate) fn connect(number: &str) -> Value {
    json!({"action": "connect", "endpoint": [{"type": "phone", "number": number}]})
}

pub(crate) fn talk(text: &str) -> Value {
    json!({"action": "talk", "text": text})
}

/// One private key for all tests: making one takes long in a debug build.
pub(crate) fn private_key() -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let path = folder.join("ringback-tests.key");
    if let Ok(pem) = std::fs::read_to_string(&path) {
        return pem;
    }
    let pem = KeyPair::generate().unwrap().private_key.expose_secret().to_owned();
    // Another process may be at it too: the file appears as a whole, and the first one stays.
    let own = folder.join(format!("tests-{}.key", std::process::id()));
    std::fs::write(&own, &pem).unwrap();
    drop(std::fs::hard_link(&own, &path));
    std::fs::remove_file(&own).unwrap();
    std::fs::read_to_string(&path).unwrap()
}
