//! An emulator with some calls in it, to look at its inspector page.
//!
//! `cargo run -p ringback-emulator --example inspector [ADDRESS]`

use axum::{Router, http::StatusCode, routing::any};
use ringback_emulator::{ClockMode, Config, Emulator};
use serde_json::json;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let app = TcpListener::bind("127.0.0.1:0").await?;
    let webhooks = format!("http://{}/webhooks", app.local_addr()?);
    let script = json!([{
        "action": "connect", "timeout": 20,
        "endpoint": [{"type": "phone", "number": "447700000003"}]
    }])
    .to_string();
    let routes = Router::new()
        .route(
            "/webhooks/answer",
            any(move || async move { ([("content-type", "application/json")], script) }),
        )
        .route("/webhooks/event", any(|| async { StatusCode::NO_CONTENT }));
    tokio::spawn(async move { axum::serve(app, routes).await });

    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let config = Config::new()
        .clock(ClockMode::Auto)
        .webhooks(format!("{webhooks}/answer"), format!("{webhooks}/event"));
    let emulator = Emulator::start(TcpListener::bind(address).await?, config)?;
    let environment = emulator.environment().await;
    let url = emulator.url();
    let number = environment.spare_number.ok_or("no number")?;
    let application = environment.application_id.ok_or("no application")?;
    let http = ringback_http::client(&ringback_http::Settings::new())?;
    let link = format!("{url}/number/update?country=GB&msisdn={number}&app_id={application}");
    let secret = environment.api_secret.expose();
    http.post(link).basic_auth(environment.api_key, Some(secret)).send().await?;
    for script in ["answer after 3s, hang up after 60s", "busy", "ring after 1s, answer after 3s"] {
        let phone = format!("{url}/_ringback/phones/447700000003");
        http.put(phone).json(&json!({"script": script})).send().await?;
        let call = json!({"from": "447700000001", "to": number});
        http.post(format!("{url}/_ringback/calls")).json(&call).send().await?;
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
    for path in ["/beta/conversations", "/v2/applications", "/v9/calls"] {
        http.get(format!("{url}{path}")).send().await?;
    }
    #[expect(clippy::print_stderr, reason = "an example shows where to look")]
    {
        eprintln!("{url}/");
    }
    std::future::pending::<()>().await;
    Ok(())
}
