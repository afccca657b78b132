//! A webhook server that answers with a script and prints what it is told.

use std::{fs, pin::Pin, process::ExitCode, sync::Arc};

use anyhow::Context as _;
use ringback_journal::{Backoff, Journal, Location};
use ringback_model::{Kept, PhoneNumber, webhook::Answer};
use ringback_ncco::{Style, check_bytes};
use ringback_webhook::{
    Answerer, BoxError, Delivery, Forward, Health, Journaled, Keep, Limits, Network, NotKept,
    Receiver, Script, Signed, Verification, Webhooks, answer_log, event_log, tutorial_log,
};
use secrecy::SecretString;

use super::jwt::unreadable;
use crate::{
    cli::secret,
    context::{Context, now, now_millis},
    errors::Complaint,
    journal,
    listen::listen,
    log::Format,
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
    /// Keep events here before they are acknowledged, and dispatch each once and in order:
    /// sqlite:FILE, or nats://SERVER,SERVER,SERVER
    #[arg(long, value_name = "URL", env = "RINGBACK_JOURNAL", hide_env_values = true)]
    journal: Option<Location>,
    /// Take no more events while so many wait to be dispatched: 503, and the platform sends them again
    #[arg(long, value_name = "EVENTS", default_value_t = 5_000_000, requires = "journal")]
    max_backlog: u64,
    /// Give an event up, for `ringback journal redrive`, after so many attempts that failed
    #[arg(long, value_name = "COUNT", default_value_t = 10, requires = "journal")]
    attempts: u32,
    #[command(flatten)]
    cluster: journal::Cluster,
    /// Refuse bodies that are larger, such as 64k or 1m
    #[arg(long, value_name = "BYTES", default_value = "1m", value_parser = bytes)]
    max_body: usize,
    /// Believe X-Forwarded-For of a proxy at this address or network; repeatable
    #[arg(long, value_name = "ADDRESS/BITS")]
    trust_proxy: Vec<Network>,
    /// Log each webhook on stderr, with telephone numbers masked, instead of printing it
    #[arg(long, value_enum, value_name = "FORMAT")]
    log_format: Option<Format>,
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
    match args.log_format {
        Some(format) => crate::log::start_masked(format, context.global.verbose),
        None => crate::log::start(context.global.verbose, &context.terminal),
    }
    context.wait(async {
        let (at, tell) = (args.listen.clone(), Tell::of(&args));
        let journal = match &args.journal {
            Some(location) => Some(journal::open(location, &args.cluster).await?),
            None => None,
        };
        let receiver = receiver(args, journal, context)?;
        let listener = listen(&at).await?;
        let address = listener.local_addr().context("the listener has no address")?;
        match tell {
            Tell::Print => {
                note(&format!("answer webhook: http://{address}{ANSWER}"))?;
                note(&format!("event webhook:  http://{address}{EVENT}"))?;
            }
            Tell::Log => tracing::info!(%address, "listening"),
        }
        let stopped = receiver.serve(listener, signals::stop()).await;
        if !stopped.is_clean() {
            match tell {
                Tell::Print => note("warning: not everything was finished in time")?,
                Tell::Log => tracing::warn!(?stopped, "not everything was finished in time"),
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn receiver(
    mut args: Args,
    journal: Option<Arc<dyn Journal>>,
    context: &Context,
) -> anyhow::Result<Receiver> {
    let tell = Tell::of(&args);
    let limits = Limits::new().body(args.max_body);
    let webhooks = Webhooks::new(now).strict(args.strict).routes(ANSWER, EVENT).limits(limits);
    let mut webhooks = args.trust_proxy.iter().copied().fold(webhooks, Webhooks::trust_proxy);
    if let Some(journal) = &journal {
        let journaled = Journaled::new(Arc::clone(journal), now_millis)
            .backoff(Backoff::new().attempts(args.attempts))
            .backlog(args.max_backlog);
        webhooks = webhooks.journal(journaled);
    }
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
            let events = Told(tell, forward.clone().or_path(EVENT));
            let forward = forward.or_path(ANSWER);
            // The application behind prints the whole question.
            let answer = Answerer::new(move |answer: Signed<Kept<Answer>>| {
                tell.line(&answer_log(&answer), &answer.verification);
                let forward = forward.clone();
                async move { forward.answer(answer).await }
            });
            match journal.is_some() {
                true => webhooks.answer(answer).event(move |delivery: Delivery| {
                    let events = events.clone();
                    async move { events.keep(delivery).await }
                }),
                false => webhooks.answer(answer).keep(events),
            }
        }
        None => {
            let script = script(&args.answer, args.unchecked, context)?;
            let answer = Answerer::new(move |answer: Signed<Kept<Answer>>| {
                let line = match tell {
                    Tell::Print => tutorial_log(&answer),
                    Tell::Log => answer_log(&answer),
                };
                tell.line(&line, &answer.verification);
                let script = script.clone();
                async move { script }
            });
            webhooks.answer(answer).event(move |event: Delivery| {
                tell.line(&event_log(&event), &event.verification);
                async {}
            })
        }
    };
    let receiver = webhooks.start().map_err(|error| usage(&error))?;
    // Without a journal nothing has to be there first: it is ready when it answers.
    let health = Health::new(receiver.metrics());
    let health = match journal {
        Some(journal) => health.check("journal", move || {
            let journal = Arc::clone(&journal);
            async move { journal.state().await.map(drop).map_err(BoxError::from) }
        }),
        None => health,
    };
    Ok(receiver.map(|router| router.merge(health.router())))
}

/// Hands events on, and prints each that comes: one that could not be handed on comes again.
#[derive(Clone)]
struct Told(Tell, Forward);

impl Keep for Told {
    fn keep(
        &self,
        delivery: Delivery,
    ) -> Pin<Box<dyn Future<Output = Result<(), NotKept>> + Send + '_>> {
        self.0.line(&event_log(&delivery), &delivery.verification);
        self.1.keep(delivery)
    }
}

/// How it tells what came.
#[derive(Clone, Copy)]
enum Tell {
    /// On stdout, for a person who looks on.
    Print,
    /// In the log.
    Log,
}

impl Tell {
    fn of(args: &Args) -> Self {
        match args.log_format {
            Some(_) => Self::Log,
            None => Self::Print,
        }
    }

    /// Tells what came; whoever does not listen any more misses it.
    fn line(self, text: &str, verification: &Verification) {
        let warning = match verification {
            Verification::Unsigned => "   (not signed)",
            _ => "",
        };
        match self {
            // The server goes on when nobody reads its log.
            Self::Print => drop(print(&format!("{text}{warning}\n"))),
            Self::Log => tracing::info!(verification = verification.code(), "{text}"),
        }
    }
}

/// A number of bytes, with `k`, `m` or `g` behind it for its binary multiples.
fn bytes(text: &str) -> Result<usize, String> {
    let wrong = || format!("`{text}` is no number of bytes, such as 65536, 64k or 1m");
    let (digits, unit) = match text.char_indices().next_back() {
        Some((at, unit)) if unit.is_ascii_alphabetic() => (&text[..at], unit),
        _ => (text, ' '),
    };
    let shift = match unit.to_ascii_lowercase() {
        ' ' => 0,
        'k' => 10,
        'm' => 20,
        'g' => 30,
        _ => return Err(wrong()),
    };
    let whole = digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.parse::<usize>().ok().filter(|number| whole && *number > 0);
    number.and_then(|number| number.checked_mul(1 << shift)).ok_or_else(wrong)
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

#[cfg(test)]
mod tests {
    #[test]
    fn numbers_of_bytes() {
        for (text, expected) in [
            ("1", Some(1)),
            ("65536", Some(65536)),
            ("64k", Some(65536)),
            ("1M", Some(1 << 20)),
            ("2g", Some(2 << 30)),
            ("0", None),
            ("", None),
            ("k", None),
            ("-1", None),
            ("+1", None),
            ("1.5m", None),
            ("1t", None),
            ("1ü", None),
            ("99999999999g", None),
        ] {
            assert_eq!(super::bytes(text).ok(), expected, "{text}");
        }
    }
}
