//! An emulator of one's own for each test, and an application that answers its webhooks.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, body::Body, extract::Request, response::Response};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use ringback_emulator::{ClockMode, Config, Emulator};
use ringback_jwt::{Claims, KeyPair, Signer};
use ringback_model::control::Environment;
use secrecy::ExposeSecret;
use serde_json::Value;
use tokio::{net::TcpListener, sync::watch};

pub(crate) const API_KEY: &str = "a1b2c3d4";
pub(crate) const API_SECRET: &str = "planted-api-secret-1";
pub(crate) const SIGNATURE_SECRET: &str = "planted-signature-secret-0123456789abcdef";
pub(crate) const ALICE: &str = "447700000001";
pub(crate) const NUMBER: &str = "447700000002";
pub(crate) const BOB: &str = "447700000003";

/// One private key for all tests: making one takes long in a debug build.
pub(crate) fn private_key() -> String {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let path = folder.join("ringback-emulator-test.key");
    if let Ok(pem) = std::fs::read_to_string(&path) {
        return pem;
    }
    let pair = KeyPair::generate().unwrap();
    let pem = pair.private_key.expose_secret().to_owned();
    // Another process may be at it too: the file appears as a whole, and the first one stays.
    let own = folder.join(format!("{}.key", std::process::id()));
    std::fs::write(&own, &pem).unwrap();
    drop(std::fs::hard_link(&own, &path));
    std::fs::remove_file(&own).unwrap();
    std::fs::read_to_string(&path).unwrap()
}

pub(crate) struct Platform {
    pub(crate) emulator: Emulator,
    pub(crate) environment: Environment,
    pub(crate) client: Client,
}

/// What came back.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
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

pub(crate) fn config() -> Config {
    Config::new()
        .credentials(API_KEY, API_SECRET.into())
        .signature_secret(SIGNATURE_SECRET.into())
        .seed(7)
        .private_key(private_key().into())
        .spare_key_pairs(0)
}

impl Platform {
    pub(crate) async fn start(config: Config) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let emulator = Emulator::start(listener, config).unwrap();
        let environment = emulator.environment().await;
        let client = ringback_http::client(&ringback_http::Settings::new()).unwrap();
        Self { emulator, environment, client }
    }

    pub(crate) async fn auto() -> Self {
        Self::start(config().clock(ClockMode::Auto)).await
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.emulator.url()))
    }

    pub(crate) async fn send(&self, request: RequestBuilder) -> Reply {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        Reply { status, headers, text: response.text().await.unwrap() }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(self.request(Method::GET, path)).await
    }

    /// Asks the control API, which has to agree.
    pub(crate) async fn control(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let mut request = self.request(method, path);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let reply = self.send(request).await;
        assert!(reply.status.is_success(), "{path}: {} {}", reply.status, reply.text);
        if reply.text.is_empty() { Value::Null } else { reply.json() }
    }

    /// Asks with a token of the application that is there from the start.
    pub(crate) async fn with_token(&self, path: &str) -> Reply {
        let token = self.token();
        self.send(self.request(Method::GET, path).bearer_auth(token)).await
    }

    pub(crate) fn token(&self) -> String {
        self.mint(&Claims::new(self.application()))
    }

    pub(crate) fn mint(&self, claims: &Claims) -> String {
        let pem = self.environment.private_key.as_ref().unwrap();
        let signer = Signer::from_pem(pem.expose()).unwrap();
        signer.mint(claims, now()).unwrap().expose().to_owned()
    }

    pub(crate) fn application(&self) -> &str {
        self.environment.application_id.as_ref().unwrap().as_str()
    }

    /// Points the application at an app's webhooks, buys the number in stock and links it.
    pub(crate) async fn connect(&self, app: &App) {
        let path = format!("/v2/applications/{}", self.application());
        let body = serde_json::json!({"name": "Test", "capabilities": {"voice": {"webhooks": {
            "answer_url": {"address": format!("{}/webhooks/answer", app.url), "http_method": "GET"},
            "event_url": {"address": format!("{}/webhooks/event", app.url), "http_method": "POST"},
        }}}});
        let basic = |request: RequestBuilder| request.basic_auth(API_KEY, Some(API_SECRET));
        let reply = self.send(basic(self.request(Method::PUT, &path)).json(&body)).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        for form in [
            vec![("country", "GB"), ("msisdn", NUMBER)],
            vec![("country", "GB"), ("msisdn", NUMBER), ("app_id", self.application())],
        ] {
            let path = if form.len() == 2 { "/number/buy" } else { "/number/update" };
            let form: Vec<String> =
                form.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let request = basic(self.request(Method::POST, path))
                .header("content-type", "application/x-www-form-urlencoded")
                .body(form.join("&"));
            let reply = self.send(request).await;
            assert_eq!(reply.json()["error-code"], "200", "{path}: {}", reply.text);
        }
    }

    /// Alice calls the number.
    pub(crate) async fn call(&self) -> Value {
        let body = serde_json::json!({"from": ALICE, "to": NUMBER});
        self.control(Method::POST, "/_ringback/calls", Some(body)).await
    }
}

#[expect(clippy::disallowed_methods, reason = "tests make tokens that are valid now")]
pub(crate) fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

/// A webhook that arrived.
#[derive(Clone, Debug)]
pub(crate) struct Hook {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) token: Option<String>,
    pub(crate) body: String,
}

impl Hook {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// `answer`, or the status and direction of an event.
    pub(crate) fn name(&self) -> String {
        if self.path.ends_with("/answer") {
            return "answer".to_owned();
        }
        let event = self.json();
        let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
        format!("{} {}", text("status"), text("direction"))
    }
}

/// An application: answers the answer webhook with a script and events with a status.
pub(crate) struct App {
    pub(crate) url: String,
    hooks: Arc<Mutex<Vec<Hook>>>,
    arrived: watch::Receiver<usize>,
}

impl App {
    pub(crate) async fn start(ncco: Value, event_status: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let hooks = Arc::new(Mutex::new(Vec::new()));
        let (tell, arrived) = watch::channel(0);
        let (kept, tell) = (Arc::clone(&hooks), Arc::new(tell));
        let app = Router::new().fallback(move |request: Request| {
            let (kept, tell, ncco) = (Arc::clone(&kept), Arc::clone(&tell), ncco.to_string());
            async move {
                let hook = read(request).await;
                let is_answer = hook.path.ends_with("/answer");
                kept.lock().unwrap().push(hook);
                tell.send_modify(|count| *count += 1);
                let response = Response::builder().header("content-type", "application/json");
                match is_answer {
                    true => response.body(Body::from(ncco)).unwrap(),
                    false => response.status(event_status).body(Body::empty()).unwrap(),
                }
            }
        });
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, hooks, arrived }
    }

    /// Connects to Bob, as the tutorial does.
    pub(crate) async fn connecting() -> Self {
        let ncco = serde_json::json!([
            {"action": "connect", "endpoint": [{"type": "phone", "number": BOB}]}
        ]);
        Self::start(ncco, 200).await
    }

    /// Waits until one with this name is there, and gives all that came.
    pub(crate) async fn wait_for(&mut self, name: &str, count: usize) -> Vec<Hook> {
        let waiting = async {
            loop {
                let hooks = self.hooks.lock().unwrap().clone();
                if hooks.iter().filter(|hook| hook.name() == name).count() >= count {
                    return hooks;
                }
                self.arrived.changed().await.unwrap();
            }
        };
        let found = tokio::time::timeout(Duration::from_secs(20), waiting).await.ok();
        found.unwrap_or_else(|| {
            let names: Vec<_> = self.hooks.lock().unwrap().iter().map(Hook::name).collect();
            panic!("no `{name}` among {names:?}")
        })
    }
}

async fn read(request: Request) -> Hook {
    let (head, body) = request.into_parts();
    let token = head.headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    Hook {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        token: token.and_then(|text| text.strip_prefix("Bearer ").map(str::to_owned)),
        body: String::from_utf8(body.into()).unwrap(),
    }
}
