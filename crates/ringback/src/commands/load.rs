//! Calls at a given rate against one's own webhook servers.

use std::{path::PathBuf, process::ExitCode, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};
use ringback_emulator::{Config, Emulator};
use ringback_load::{Kind, Latencies, Plan, Report, Thresholds};
use ringback_model::{
    PhoneNumber,
    control::{Seed, SeedNumber, SeedRequest},
};
use serde::Deserialize;

use super::{
    demo::{ALICE, NUMBER},
    wait,
};
use crate::{
    context::Context,
    errors::{Complaint, FAILURE},
    listen::listen,
    output::{Format, note, print},
    seed_file,
};

/// What is placed, where it goes, and what must hold.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Calls a second
    #[arg(long, value_name = "NUMBER", default_value_t = 10.0)]
    cps: f64,
    /// For how long, such as 10s, 2m or 1h
    #[arg(long = "for", value_name = "TIME", default_value = "10s", value_parser = wait::long_duration)]
    duration: Duration,
    /// The answer webhook of your application
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:3000/webhooks/answer")]
    answer_url: String,
    /// The event webhook of your application
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:3000/webhooks/event")]
    event_url: String,
    /// How the callers behave, such as `press 1 after 2s, hang up after 5s`
    #[arg(long, value_name = "SCRIPT", default_value = "hang up after 3s")]
    script: String,
    /// What is called instead: a file, YAML or JSON, with `calls` (from, to, script, weight) and a
    /// `seed` with applications, numbers and phones
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
    /// How long calls may take to end after the last was placed
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = wait::long_duration)]
    drain: Duration,
    /// Fail when 99 of 100 answers take longer than so many milliseconds
    #[arg(long, value_name = "MS")]
    max_answer_p99: Option<f64>,
    /// Fail when 99 of 100 events take longer than so many milliseconds
    #[arg(long, value_name = "MS")]
    max_event_p99: Option<f64>,
    /// Fail when there are more errors: wrong replies, broken scripts, calls that do not
    /// end, webhooks that were too many to count
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    max_errors: u64,
}

/// What a scenario file holds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    calls: Vec<Kind>,
    #[serde(default)]
    seed: Option<SeedRequest>,
}

pub(crate) fn run(args: &Args, context: &Context) -> anyhow::Result<ExitCode> {
    let scenario = args.scenario.as_deref().map(seed_file::read_as::<Scenario>).transpose()?;
    let (kinds, seed) = match scenario {
        Some(scenario) => (scenario.calls, scenario.seed),
        None => (vec![Kind::new(ALICE, NUMBER).script(args.script.as_str())], None),
    };
    let plan = Plan::new(args.cps, args.duration, kinds).drain(args.drain);
    let calls = plan.calls().map_err(|error| Complaint::usage(error.to_string()))?;
    crate::log::start(context.global.verbose, &context.terminal);
    // On threads of their own, the platform and those who count do not wait for what is placed.
    let report = context.wait_with_threads(async {
        let emulator = platform(args, seed).await?;
        let bar = bar(calls, context);
        let told = |seen: &ringback_load::Progress| {
            bar.set_position(seen.placed);
            bar.set_message(format!("{} up", seen.alive));
        };
        let report = ringback_load::run(&emulator, &plan, told).await;
        bar.finish_and_clear();
        emulator.stop().await;
        report.map_err(|error| {
            let complaint = Complaint::failure(error.to_string());
            anyhow::Error::from(match error {
                ringback_load::Error::NoCalls(_) => complaint
                    .fix("name numbers in the scenario's `seed`, each with its application"),
                _ => complaint,
            })
        })
    })?;
    match context.output.format {
        Format::Table => print(&table(&report))?,
        _ => context.output.value(&report)?,
    }
    let thresholds = Thresholds::default()
        .answer_p99(args.max_answer_p99)
        .event_p99(args.max_event_p99)
        .errors(Some(args.max_errors));
    let exceeded = report.exceeds(&thresholds);
    for sentence in &exceeded {
        note(sentence)?;
    }
    Ok(if exceeded.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(FAILURE) })
}

/// A platform for this load alone, with the application and a number, or what the scenario says.
async fn platform(args: &Args, seed: Option<SeedRequest>) -> anyhow::Result<Emulator> {
    let listener = listen("127.0.0.1:0").await?;
    let mut config = Config::new().webhooks(args.answer_url.as_str(), args.event_url.as_str());
    config.finished_calls = 100;
    let emulator = Emulator::start(listener, config)?;
    let environment = emulator.environment().await;
    let seed = match (seed, environment.application_id) {
        (Some(seed), _) => seed,
        (None, Some(application)) => {
            let number = SeedNumber::new("GB", PhoneNumber::new(NUMBER)?);
            SeedRequest::new().numbers(vec![number.application(application.to_string())])
        }
        (None, None) => SeedRequest::new(),
    };
    emulator
        .control(&Seed::new(seed))
        .map_err(|refusal| Complaint::failure(refusal.seen.clone()).fix(refusal.fix))?;
    Ok(emulator)
}

/// A bar where a person looks, nothing elsewhere.
fn bar(calls: u64, context: &Context) -> ProgressBar {
    if !context.terminal.stderr {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(calls);
    let template = "{elapsed_precise} {bar:40} {pos} of {len} calls, {msg}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        let ticks = if context.terminal.ascii { "=> " } else { "━╸ " };
        bar.set_style(style.progress_chars(ticks));
    }
    bar
}

/// The report for people.
fn table(report: &Report) -> String {
    let mut text = format!(
        "{} calls in, {:.1} a second ({:.1} asked for), {} up at most\n\n",
        report.placed, report.placed_rate, report.rate, report.most_alive
    );
    text.push_str("            count    p50 ms    p99 ms  p99.9 ms  worst ms  call of the worst\n");
    for (name, seen) in [("answers", &report.answers), ("events", &report.events)] {
        text.push_str(&row(name, seen));
    }
    text.push_str(&format!(
        "\nslow {}, wrong {}, script errors {}, not placed {}, not ended {}, not counted {}\n",
        report.slow,
        report.wrong,
        report.script_errors,
        report.refused,
        report.still_alive,
        report.missed
    ));
    for trouble in report.troubles.iter().take(10) {
        let call =
            trouble.call.as_ref().map(|call| format!(" (first: {call})")).unwrap_or_default();
        text.push_str(&format!(
            "{:>7} x {}: {}{call}\n",
            trouble.count, trouble.kind, trouble.what
        ));
    }
    if report.latest_start > 50.0 {
        text.push_str(&format!(
            "\nThis machine was too slow: a call was placed {:.0} ms late.\n",
            report.latest_start
        ));
    }
    text
}

fn row(name: &str, seen: &Latencies) -> String {
    let call = seen.worst_call.as_ref().map(ToString::to_string).unwrap_or_default();
    format!(
        "{name:<8} {:>8} {:>9.2} {:>9.2} {:>9.2} {:>9.2}  {call}\n",
        seen.count, seen.p50, seen.p99, seen.p999, seen.worst
    )
}
