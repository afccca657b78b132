//! A webhook server that answers with a script and prints what it is told.

use std::{fs, pin::Pin, process::ExitCode};

use anyhow::Context as _;
use axum::{Router, routing::get};
use ringback_model::{Kept, PhoneNumber, webhook::Answer};
use ringback_ncco::{Style, check_bytes};
use ringback_webhook::{
    Answerer, Delivery, Forward, Keep, NotKept, Receiver, Script, Signed, Verification, Webhooks,
    answer_log, event_log, tutorial_log,
};
use secrecy::SecretString;

use super::jwt::unreadable;
use crate::{
    cli::secret,
    context::{Context, now},
    errors::Complaint,
    listen::listen,
    output::{note, print},
    settings::Name,
    signals,
};

/// Where it listens and what it answers.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The address to listen at; port 0 is any free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:3000")]
    listen: String,
    #[command(flatten)]
    answer: What,
    /// Verify webhooks with this signature secret; several while they are rotated
    #[arg(long, value_name = "SECRET", env = "VONAGE_SIGNATURE_SECRET", hide_env_values = true, value_parser = secret)]
    signature_secret: Vec<SecretString>,
    /// Refuse webhooks that are not signed
    #[arg(long)]
    strict: bool,
    /// Serve a script that is faulty, to see what becomes of it
    #[arg(long, requires = "ncco")]
    unchecked: bool,
}

/// What is answered.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct What {
    /// Answer with the script in this file
    #[arg(long, value_name = "FILE")]
    ncco: Option<String>,
    /// Connect callers to this number
    #[arg(long, value_name = "NUMBER")]
    connect: Option<PhoneNumber>,
    /// Speak this text to callers
    #[arg(long, value_name = "TEXT")]
    talk: Option<String>,
    /// Ask this URL, and hand events on to it: exactly there if it has a path, else with the path
    /// of the request, /webhooks/answer or /webhooks/event
    #[arg(long, value_name = "URL")]
    forward: Option<String>,
}

/// Where webhooks come in; a URL to forward to that has no path gets these.
const ANSWER: &str = "/webhooks/answer";
const EVENT: &str = "/webhooks/event";

pub(crate) fn run(args: Args, context: &Context) -> anyhow::Result<ExitCode> {
    crate::log::start(context.global.verbose, &context.terminal);
    context.wait(async {
        let at = args.listen.clone();
        let receiver = receiver(args, context)?;
        let listener = listen(&at).await?;
        let address = listener.local_addr().context("the listener has no address")?;
        note(&format!("answer webhook: http://{address}{ANSWER}"))?;
        note(&format!("event webhook:  http://{address}{EVENT}"))?;
        let stopped = receiver.serve(listener, signals::stop()).await;
        if !stopped.is_clean() {
            note("warning: not everything was finished in time")?;
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn receiver(mut args: Args, context: &Context) -> anyhow::Result<Receiver> {
    let mut webhooks = Webhooks::new(now).strict(args.strict).routes(ANSWER, EVENT);
    if args.signature_secret.is_empty()
        && let Some(secret) = context.settings.get(Name::SignatureSecret)?
    {
        note(&format!("webhooks are verified with the signature secret of the {}", secret.source))?;
        args.signature_secret.push(secret.text.clone());
    }
    for secret in args.signature_secret {
        webhooks = webhooks.secret(secret);
    }
    webhooks = match &args.answer.forward {
        Some(url) => {
            let forward = Forward::new(url).map_err(|error| usage(&error))?;
            let events = Told(forward.clone().or_path(EVENT));
            let forward = forward.or_path(ANSWER);
            // The application behind prints the whole question.
            let answer = Answerer::new(move |answer: Signed<Kept<Answer>>| {
                tell(&answer_log(&answer), &answer.verification);
                let forward = forward.clone();
                async move { forward.answer(answer).await }
            });
            webhooks.answer(answer).keep(events)
        }
        None => {
            let script = script(&args.answer, args.unchecked, context)?;
            let answer = Answerer::new(move |answer: Signed<Kept<Answer>>| {
                tell(&tutorial_log(&answer), &answer.verification);
                let script = script.clone();
                async move { script }
            });
            webhooks.answer(answer).event(async |event: Delivery| {
                tell(&event_log(&event), &event.verification);
            })
        }
    };
    // It is ready when it answers.
    let health = Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(async || "ok\n"));
    Ok(webhooks.start().map_err(|error| usage(&error))?.map(|router| router.merge(health)))
}

/// Hands events on, and prints each that comes: one that could not be handed on comes again.
struct Told(Forward);

impl Keep for Told {
    fn keep(
        &self,
        delivery: Delivery,
    ) -> Pin<Box<dyn Future<Output = Result<(), NotKept>> + Send + '_>> {
        tell(&event_log(&delivery), &delivery.verification);
        self.0.keep(delivery)
    }
}

/// Prints what came; whoever does not listen any more misses it.
fn tell(text: &str, verification: &Verification) {
    let warning = match verification {
        Verification::Unsigned => "   (not signed)",
        _ => "",
    };
    // The server goes on when nobody reads its log.
    drop(print(&format!("{text}{warning}\n")));
}

/// The script that is always the answer.
fn script(what: &What, unchecked: bool, context: &Context) -> anyhow::Result<Script> {
    match (&what.connect, &what.talk, &what.ncco) {
        (Some(number), ..) => Ok(Script::connect(number)),
        (_, Some(text), _) => Ok(Script::talk(text)),
        (_, _, Some(file)) => from_file(file, unchecked, context),
        (None, None, None) => Err(Complaint::usage("there is nothing to answer").into()),
    }
}

fn from_file(file: &str, unchecked: bool, context: &Context) -> anyhow::Result<Script> {
    let bytes = fs::read(file).map_err(|error| unreadable(file, &error))?;
    let report = check_bytes(&bytes);
    if !report.findings.is_empty() {
        let style = if context.terminal.stderr_color() { Style::colored() } else { Style::plain() };
        let style = if context.terminal.ascii { style.ascii() } else { style };
        note(report.render(file, &String::from_utf8_lossy(&bytes), style).trim_end())?;
    }
    if !report.is_valid() && !unchecked {
        return Err(Complaint::failure(format!("the script in `{file}` is faulty"))
            .fix("mend it, or serve it as it is with --unchecked")
            .into());
    }
    Ok(Script::from_bytes(bytes))
}

fn usage(error: &ringback_webhook::Error) -> anyhow::Error {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    match cause {
        Some(cause) => Complaint::usage(format!("{error}: {cause}")).into(),
        None => Complaint::usage(error.to_string()).into(),
    }
}
