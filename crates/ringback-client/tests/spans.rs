//! The one span of a request: its names are those of OpenTelemetry, and no secret is in it.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::{
    io::Write,
    sync::{Arc, Mutex},
    time::Duration,
};

use ringback_client::{Client, Credentials, Retries};
use ringback_model::{account::GetBalance, beta::GetConversation, insight::BasicInsight};
use tracing_subscriber::fmt::format::FmtSpan;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn one_span_per_request_without_secrets() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(FmtSpan::CLOSE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let server = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(503)).mount(&server).await;
    let credentials =
        Credentials::new().account("aaa012", "planted-secret".into()).token("planted-token".into());
    let retries = Retries::new().attempts(2).base(Duration::from_millis(1));
    let client = Client::new(credentials).origin(&server.uri()).unwrap().retries(retries);
    client.send(&GetConversation::new("CON-1")).await.unwrap_err();
    client.send(&GetBalance::new()).await.unwrap_err();
    client.send(&BasicInsight::new("447700900000")).await.unwrap_err();

    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let closed: Vec<_> =
        text.lines().filter(|l| l.contains("ringback_client") && l.contains(": close ")).collect();
    assert_eq!(closed.len(), 3, "{text}");
    for expected in [
        "http.request.method=\"GET\"",
        "url.template=\"/beta/conversations/{conversation_id}\"",
        "vonage.operation=\"beta.GetConversation\"",
        "server.address=\"127.0.0.1",
        "http.response.status_code=503",
        "http.request.resend_count=1",
        "error.type=\"503\"",
    ] {
        assert!(closed[0].contains(expected), "{expected} is not in {}", closed[0]);
    }
    // The mock server logs what it receives; only what stands in our spans and events is ours.
    let ours: Vec<_> = text.lines().filter(|line| !line.contains("wiremock")).collect();
    let ours = ours.join("\n");
    assert!(!ours.contains("planted") && !ours.contains("cGxhbnRlZ"), "{ours}");
}
