//! A whole platform for one test: emulator, client and webhook receiver on ports the system picks.

use std::{
    error::Error,
    time::{Duration, SystemTime},
};

use ringback_client::{Client, Credentials};
use ringback_emulator::{ClockMode, Config, Emulator};
use ringback_jwt::{Claims, Signer, TokenCache};
use ringback_model::{
    Kept, Operation, PhoneNumber,
    control::{Environment, PlaceCall, PlaceCallRequest},
    numbers::UpdateNumber,
    webhook::Answer,
};
use ringback_webhook::{Delivery, Script, Webhooks};
use secrecy::SecretString;
use serde_json::Value;
use tokio::{net::TcpListener, sync::mpsc, task::JoinHandle, time::timeout};

/// The phone that calls.
pub const ALICE: &str = "447700000001";
/// The phone that rings after one second and answers after three.
pub const BOB: &str = "447700000003";

/// How long a test waits for what has to come.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a step may fail with; a test unwraps it.
pub type Failure = Box<dyn Error + Send + Sync>;

/// An emulator with one linked number, a client with its credentials, and a webhook receiver that
/// verifies signatures. Dropping it stops all three.
#[derive(Debug)]
pub struct Platform {
    /// The running emulator.
    pub emulator: Emulator,
    /// Calls as the account and as the application.
    pub client: Client,
    /// Address, credentials, the application.
    pub environment: Environment,
    /// The number that is linked to the application.
    pub number: String,
    events: mpsc::UnboundedReceiver<Value>,
    receiver: JoinHandle<()>,
}

impl Platform {
    /// Starts with an answer webhook that connects to Bob.
    ///
    /// # Errors
    /// When something does not start.
    pub async fn start() -> Result<Self, Failure> {
        Self::answering(Script::connect(&PhoneNumber::new(BOB)?)).await
    }

    /// Starts with an answer webhook that always gives this script.
    ///
    /// # Errors
    /// When something does not start.
    pub async fn answering(script: Script) -> Result<Self, Failure> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let webhooks = format!("http://{}/webhooks", listener.local_addr()?);
        let signature_secret = "a-signature-secret-of-32-bytes-or-more";
        let config = Config::new()
            .seed(7)
            .clock(ClockMode::Auto)
            .signature_secret(SecretString::from(signature_secret))
            .webhooks(format!("{webhooks}/answer"), format!("{webhooks}/event"));
        let emulator = Emulator::start(TcpListener::bind(("127.0.0.1", 0)).await?, config)?;
        let environment = emulator.environment().await;

        let (sender, events) = mpsc::unbounded_channel();
        let receiver = Webhooks::new(seconds)
            .secret(SecretString::from(signature_secret))
            .strict(true)
            .answer(move |_: Kept<Answer>| {
                let script = script.clone();
                async move { script }
            })
            .event(move |event: Delivery| {
                let sender = sender.clone();
                async move {
                    let json = serde_json::from_slice::<Value>(event.json())?;
                    sender.send(json).map_err(|_| "the test is over")?;
                    Ok::<(), Failure>(())
                }
            })
            .start()?;
        let receiver = tokio::spawn(async move {
            receiver.serve(listener, std::future::pending()).await;
        });

        let application = environment.application_id.clone().ok_or("no application")?;
        let pem = environment.private_key.as_ref().ok_or("no private key")?;
        let signer = Signer::from_pem(pem.expose())?;
        let credentials = Credentials::new()
            .account(
                environment.api_key.as_str(),
                SecretString::from(environment.api_secret.expose()),
            )
            .application(TokenCache::new(signer, Claims::new(application.as_str())));
        let client = Client::new(credentials).origin(emulator.url())?;

        let number = environment.spare_number.clone().ok_or("no spare number")?;
        let link = UpdateNumber::new("GB", PhoneNumber::new(&number)?).app_id(application);
        client.send(&link).await?;
        Ok(Self { emulator, client, environment, number, events, receiver })
    }

    /// Lets Alice call the linked number; the id of her leg.
    ///
    /// # Errors
    /// When the call is refused.
    pub async fn call(&self) -> Result<String, Failure> {
        let call = PlaceCall::new(PlaceCallRequest::new(ALICE, self.number.as_str()));
        Ok(self.client.send(&call).await?.id.as_str().to_owned())
    }

    /// Sends an operation and gives the JSON of its answer as it came.
    ///
    /// # Errors
    /// When the operation is refused or the answer is not JSON.
    pub async fn json<O: Operation>(&self, operation: &O) -> Result<Value, Failure> {
        let answer = self.client.send_kept(operation).await?;
        Ok(serde_json::from_slice(&answer.body)?)
    }

    /// Event webhooks as they arrive, until one has this status for this leg; that one is the last.
    ///
    /// # Errors
    /// When it does not come in time; the error says what came.
    pub async fn events_until(&mut self, leg: &str, status: &str) -> Result<Vec<Value>, Failure> {
        let mut seen = Vec::new();
        loop {
            let Ok(Some(event)) = timeout(PATIENCE, self.events.recv()).await else {
                return Err(format!("no {status} of {leg}, only {seen:?}").into());
            };
            let last = event["uuid"] == leg && event["status"] == status;
            seen.push(event);
            if last {
                return Ok(seen);
            }
        }
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        self.receiver.abort();
    }
}

/// The clock of the receiver: webhooks are signed with the time on the wall.
#[expect(clippy::disallowed_methods, reason = "the edge of the tests")]
fn seconds() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_secs()).unwrap_or(i64::MAX)
}
