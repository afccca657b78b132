//! Secrets reach neither logs nor `Debug`.

use std::{
    io,
    sync::{Arc, Mutex},
};

use reqwest::Method;
use tracing_subscriber::fmt::MakeWriter;

use crate::harness::{ALICE, API_KEY, API_SECRET, App, Platform, SIGNATURE_SECRET, config};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn secrets_stay_secret() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter("trace,hyper=off,h2=off")
        .with_writer(log.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let planted = config().control_token("planted-control-token".into());
    let shown = format!("{planted:?}");
    let platform = Platform::auto().await;
    let mut app = App::connecting().await;
    platform.connect(&app).await;
    platform.call().await;
    let hooks = app.wait_for("answered inbound", 1).await;
    let token = platform.token();
    platform.with_token("/beta/conversations/none").await;
    let path = format!("/account/nothing?api_key={API_KEY}&api_secret={API_SECRET}");
    platform.get(&path).await;
    let wrong = platform.request(Method::GET, "/v2/applications");
    platform.send(wrong.basic_auth(API_KEY, Some("planted-wrong-secret"))).await;
    let swapped = platform.request(Method::GET, "/v2/applications");
    platform.send(swapped.basic_auth(API_SECRET, Some(API_KEY))).await;
    let bare = platform.request(Method::GET, "/v2/applications");
    platform.send(bare.header("authorization", "planted-bare-secret")).await;
    platform.send(platform.request(Method::PATCH, &format!("/_ringback/phones/{ALICE}"))).await;

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("refused") && log.contains("api-secret-wrong"), "{log}");
    assert!(log.contains("20 characters, sha256"), "{log}");
    let emulator = format!("{:?}{:?}", platform.emulator, platform.environment);
    let pem = platform.environment.private_key.as_ref().unwrap().expose();
    let pem = pem.lines().nth(3).unwrap().to_owned();
    let signature = token.rsplit('.').next().unwrap().to_owned();
    let webhook = hooks[0].token.clone().unwrap();
    for secret in [API_SECRET, SIGNATURE_SECRET, "planted", &pem, &signature, &webhook] {
        for (name, text) in [("log", &log), ("config", &shown), ("emulator", &emulator)] {
            assert!(!text.contains(secret), "{secret} in the {name}: {text}");
        }
    }
    // Telephone numbers are masked in our own lines.
    let ours = log.lines().filter(|line| line.contains("ringback_emulator"));
    for line in ours {
        assert!(!line.contains(ALICE), "{line}");
    }
}
