//! The whole tutorial on embedded parts, in one command.

use std::{
    io::BufRead as _,
    process::ExitCode,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::Context as _;
use ringback_client::{Client, Credentials};
use ringback_emulator::{ClockMode, Config, Emulator};
use ringback_jwt::{Claims, Signer, TokenCache};
use ringback_ladder::Ladder;
use ringback_model::{
    ConversationId, HttpMethod, Kept, PhoneNumber,
    applications::{
        Application, ApplicationRequest, Capabilities, CreateApplication, VoiceCapability,
        VoiceWebhooks, Webhook,
    },
    beta,
    control::{
        Call, HangUpCall, HoldClock, HoldClockRequest, Party, PartyKind, PlaceCall,
        PlaceCallRequest, ReleaseClock,
    },
    numbers::{BuyNumber, SearchNumbers, UpdateNumber},
    webhook::Answer,
};
use ringback_webhook::{Answerer, Delivery, Script, Signed, Webhooks, event_log, tutorial_log};
use secrecy::SecretString;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

use super::call::{draw, is_over, ladder, matters, state};
use crate::{
    context::{Context, now},
    errors::Complaint,
    json_text,
    output::{Format, note, print},
    stream::Happenings,
};

/// Alice's phone, the number she calls, and Bob's phone.
pub(crate) const ALICE: &str = "447700000001";
pub(crate) const NUMBER: &str = "447700000002";
const BOB: &str = "447700000003";
/// The account of a platform that lives for a second, on this machine alone.
const API_KEY: &str = "demo1234";
const API_SECRET: &str = "the-secret-of-the-demo";
const SIGNATURE_SECRET: &str = "the-signature-secret-of-the-demo";
/// How long nothing has to happen before a step is taken for done.
const QUIET: Duration = Duration::from_millis(60);

/// How the tutorial is run.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Wait for the Enter key before each step, with a sentence that explains it
    #[arg(long)]
    step: bool,
    /// How time passes: auto (quiet time is skipped), real or a factor such as x10
    #[arg(long, value_name = "CLOCK", default_value = "auto")]
    clock: ClockMode,
}

pub(crate) fn run(args: &Args, context: &Context) -> anyhow::Result<ExitCode> {
    // The last step is refused on purpose, which needs no warning.
    if context.global.verbose > 0 {
        crate::log::start(context.global.verbose, &context.terminal);
    }
    context.wait(async {
        let parts = Parts::start(args.clock).await?;
        let outcome = tutorial(args, &parts, context).await;
        parts.stop().await;
        outcome?;
        Ok(ExitCode::SUCCESS)
    })
}

/// The tutorial, step by step.
async fn tutorial(args: &Args, parts: &Parts, context: &Context) -> anyhow::Result<()> {
    let step = Steps { wait: args.step };
    let platform = parts.emulator.url();
    let account = Client::new(Credentials::new().account(API_KEY, SecretString::from(API_SECRET)));
    let account = account.origin(platform)?;
    note(&format!("platform: {platform}   webhook server: {}", parts.webhooks))?;

    step.begin(
        "Create an application",
        "An application tells the platform which URLs to ask when a number is called; the platform makes its key pair.",
    )
    .await?;
    let application = application(&account, &parts.webhooks, context).await?;
    note(&format!("application {}", application.id))?;

    step.begin(
        "Rent a number and link it",
        "Whoever calls the number reaches the application it is linked to.",
    )
    .await?;
    number(&account, &application, context).await?;
    note(&format!("number {NUMBER} is rented and linked"))?;

    step.begin(
        "Mint a token",
        "The Conversation API wants a token that is signed with the application's private key.",
    )
    .await?;
    let client = bearer(&application, platform)?;
    note("the token is signed with RS256 by the key the API returned")?;

    step.begin(
        "Alice calls the number, Bob answers",
        "The platform asks the webhook server what to do, which answers: connect Bob.",
    )
    .await?;
    let placed = account.send(&PlaceCall::new(PlaceCallRequest::new(ALICE, NUMBER))).await;
    let placed = context.judged(&account, placed).await?;
    let mut happenings = Happenings::of(context, &account, &placed.id).await?;
    let phone = |name, number| Party::new(PartyKind::Phone, name).number(number);
    let mut ladder =
        ladder(&context.terminal).caller(&phone("Alice", ALICE)).party(&phone("Bob", BOB));
    loop {
        let entry = happenings.next().await?;
        draw(&mut ladder, &entry)?;
        if matters(&entry) {
            let call = state(&placed, context, &account).await?;
            if is_over(&call) || call.error.is_some() {
                let error = call.error.unwrap_or_else(|| "it ended early".to_owned());
                return Err(Complaint::failure(format!("the call could not go on: {error}")).into());
            }
            if both_talk(&call) {
                break;
            }
        }
    }
    settle(&mut happenings, &mut ladder).await?;

    step.begin(
        "Look at the webhook server's log",
        "Only the application is told the conversation's id: it stands in the log.",
    )
    .await?;
    note(&parts.log())?;
    let id = parts.told().context("the answer webhook named no conversation")?;

    step.begin(
        "Get the conversation",
        "While the call lasts, the conversation has two members, each with a leg.",
    )
    .await?;
    let get = beta::GetConversation::new(id.clone());
    note(&format!("GET {platform}/beta/conversations/{id}"))?;
    let lease = hold(&account, context).await?;
    let conversation = client.send_kept(&get).await;
    let conversation = context.judged(&client, conversation).await?;
    account.send(&ReleaseClock::new(lease)).await?;
    let body = String::from_utf8_lossy(&conversation.body);
    match context.global.output {
        None => print(&(json_text::pretty(&body, context.terminal.stdout) + "\n"))?,
        Some(Format::Table | Format::Json | Format::Yaml | Format::Ndjson) => {
            context.output.document(&body)?;
        }
    }

    step.begin("Hang up", "A conversation made by a call is transient: it ends with the call.")
        .await?;
    let hung_up = account.send(&HangUpCall::new(placed.id.clone())).await;
    context.judged(&account, hung_up).await?;
    while !is_over(&state(&placed, context, &account).await?) {
        draw(&mut ladder, &happenings.next().await?)?;
    }
    settle(&mut happenings, &mut ladder).await?;
    note(&format!("GET {platform}/beta/conversations/{id}"))?;
    match client.send(&get).await {
        Err(error) if error.is_not_found() => note(&error.to_string()),
        Err(error) => context.judged(&client, Err(error)).await,
        Ok(_) => Err(Complaint::failure("the conversation is still there after the call").into()),
    }
}

/// Draws what is still on its way, until nothing has happened for a moment.
async fn settle(happenings: &mut Happenings<'_>, ladder: &mut Ladder) -> anyhow::Result<()> {
    while let Ok(entry) = tokio::time::timeout(QUIET, happenings.next()).await {
        draw(ladder, &entry?)?;
    }
    Ok(())
}

/// Says what comes next, and waits if that is wished.
struct Steps {
    wait: bool,
}

impl Steps {
    async fn begin(&self, title: &str, sentence: &str) -> anyhow::Result<()> {
        note(&format!("\n== {title}"))?;
        if !self.wait {
            return Ok(());
        }
        note(&format!("{sentence} [Enter]"))?;
        // The platform goes on while we wait.
        let read = tokio::task::spawn_blocking(|| {
            let mut line = String::new();
            std::io::stdin().lock().read_line(&mut line).map(drop)
        });
        Ok(read.await??)
    }
}

/// What the webhook server was told.
#[derive(Debug, Default)]
struct Heard {
    log: Vec<String>,
    conversation: Option<ConversationId>,
}

/// The platform and the webhook server, on ports the system picks.
struct Parts {
    emulator: Emulator,
    webhooks: String,
    heard: Arc<Mutex<Heard>>,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

impl Parts {
    async fn start(clock: ClockMode) -> anyhow::Result<Self> {
        let bind = async || TcpListener::bind("127.0.0.1:0").await.context("no port is free");
        let listener = bind().await?;
        // One application is made here, and none is needed from the start. Of two key pairs the
        // one that is made first is taken.
        let config = Config::new()
            .clock(clock)
            .start_application(false)
            .spare_key_pairs(2)
            .credentials(API_KEY, SecretString::from(API_SECRET))
            .signature_secret(SecretString::from(SIGNATURE_SECRET));
        let emulator = Emulator::start(listener, config)?;
        let listener = bind().await?;
        let webhooks = format!("http://{}", listener.local_addr()?);
        let heard = Arc::<Mutex<Heard>>::default();
        let receiver = Webhooks::new(now)
            .secret(SecretString::from(SIGNATURE_SECRET))
            .strict(true)
            .answer(answer(&heard)?)
            .event({
                let heard = Arc::clone(&heard);
                move |event: Delivery| {
                    lock(&heard).log.push(event_log(&event));
                    async {}
                }
            })
            .start()?;
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(async move {
            let stopped = async { drop(stopped.await) };
            receiver.serve(listener, stopped).await;
        });
        Ok(Self { emulator, webhooks, heard, stop, server })
    }

    /// What the webhook server has printed by now.
    fn log(&self) -> String {
        lock(&self.heard).log.join("\n")
    }

    /// The conversation that the answer webhook named.
    fn told(&self) -> Option<ConversationId> {
        lock(&self.heard).conversation.clone()
    }

    async fn stop(self) {
        self.emulator.stop().await;
        // A server that is gone has stopped.
        let _ = self.stop.send(());
        drop(self.server.await);
    }
}

/// Answers as the tutorial's server does: whoever calls is connected to Bob.
fn answer(heard: &Arc<Mutex<Heard>>) -> anyhow::Result<Answerer> {
    let (heard, bob) = (Arc::clone(heard), Script::connect(&PhoneNumber::new(BOB)?));
    Ok(Answerer::new(move |answer: Signed<Kept<Answer>>| {
        let mut heard = lock(&heard);
        heard.log.push(tutorial_log(&answer));
        heard.conversation.clone_from(&answer.conversation_uuid);
        let bob = bob.clone();
        async move { bob }
    }))
}

fn lock(heard: &Mutex<Heard>) -> MutexGuard<'_, Heard> {
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn application(
    account: &Client,
    webhooks: &str,
    context: &Context,
) -> anyhow::Result<Application> {
    let webhook = |path: &str, method| {
        Webhook::new().address(format!("{webhooks}/webhooks/{path}")).http_method(method)
    };
    let webhooks = VoiceWebhooks::new()
        .answer_url(webhook("answer", HttpMethod::Get))
        .event_url(webhook("event", HttpMethod::Post));
    let voice = VoiceCapability::new().webhooks(webhooks);
    let body =
        ApplicationRequest::new("Conversation App").capabilities(Capabilities::new().voice(voice));
    let created = account.send(&CreateApplication::new(body)).await;
    context.judged(account, created).await
}

async fn number(
    account: &Client,
    application: &Application,
    context: &Context,
) -> anyhow::Result<()> {
    let number = PhoneNumber::new(NUMBER)?;
    let search = SearchNumbers::new("GB").pattern(NUMBER).search_pattern(0);
    let found = account.send(&search).await;
    let found = context.judged(account, found).await?.numbers.unwrap_or_default();
    if !found.iter().any(|found| found.msisdn.as_ref() == Some(&number)) {
        return Err(Complaint::failure(format!("{NUMBER} is not in stock")).into());
    }
    let bought = account.send(&BuyNumber::new("GB", number.clone())).await;
    context.judged(account, bought).await?;
    let link = UpdateNumber::new("GB", number).app_id(application.id.as_str());
    let linked = account.send(&link).await;
    context.judged(account, linked).await.map(drop)
}

/// A client that calls as the application, with the key that the API returned.
fn bearer(application: &Application, platform: &str) -> anyhow::Result<Client> {
    let keys = application.keys.as_ref();
    let key = keys.and_then(|keys| keys.private_key.as_ref());
    let signer = Signer::from_pem(key.context("the answer holds no private key")?.expose())?;
    let tokens = TokenCache::new(signer, Claims::new(application.id.as_str()));
    let client = Client::new(Credentials::new().application(tokens));
    Ok(client.origin(platform)?)
}

/// Keeps the platform's clock at real speed while a request is on its way.
async fn hold(account: &Client, context: &Context) -> anyhow::Result<u64> {
    let mut hold = HoldClock::new();
    hold.body = Some(HoldClockRequest::new().seconds(10));
    let lease = account.send(&hold).await;
    Ok(context.judged(account, lease).await?.lease)
}

/// Whether both legs are answered and none has ended.
fn both_talk(call: &Call) -> bool {
    call.legs.len() == 2
        && call.legs.iter().all(|leg| leg.answered.is_some() && leg.ended.is_none())
}
