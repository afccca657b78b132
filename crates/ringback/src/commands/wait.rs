//! Waiting until a call is where it should be.

use std::{process::ExitCode, time::Duration};

use axum::http::StatusCode;
use ringback_http::Settings;
use ringback_model::{
    LegId, LegStatus, Operation,
    control::{Call, GetCall, WaitForCall},
};
use tokio::time::Instant;

use crate::{context::Context, errors::Complaint};

/// What is waited for.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The call, by the id of its first leg
    call: LegId,
    /// The state, such as answered or completed
    #[arg(long)]
    status: LegStatus,
    /// How long at most, such as 500ms, 5s or 2m
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    within: Duration,
    /// The leg whose state it is; the first one unless said
    #[arg(long, value_name = "ID")]
    leg: Option<LegId>,
}

pub(crate) fn run(args: &Args, context: &Context) -> anyhow::Result<ExitCode> {
    context.wait(async {
        let client = context.client(<WaitForCall as Operation>::INFO)?;
        let patience = Settings::new().timeout(args.within + Duration::from_secs(30));
        let client = client.http(patience);
        let mut operation = WaitForCall::new(args.call.clone(), args.status.clone());
        // The API counts whole seconds; what is over that is cut off here.
        let seconds = args.within.as_secs() + u64::from(args.within.subsec_nanos() > 0);
        operation.within = u32::try_from(seconds).ok();
        operation.leg = args.leg.clone();
        let begin = Instant::now();
        let answer = tokio::time::timeout(args.within, client.send(&operation)).await;
        let late = answer.is_err() || begin.elapsed() >= args.within;
        let call = match answer {
            Ok(Ok(call)) if !late || status(&call, args.leg.as_ref()) == Some(&args.status) => {
                context.output.value(&call)?;
                return Ok(ExitCode::SUCCESS);
            }
            Ok(Ok(call)) => call,
            Ok(Err(error)) if !late && !timed_out(&error) => {
                return context.judged(&client, Err(error)).await;
            }
            Ok(Err(_)) | Err(_) => {
                let call = client.send(&GetCall::new(args.call.clone())).await;
                context.judged(&client, call).await?
            }
        };
        let leg = args.leg.as_ref().unwrap_or(&args.call);
        let seen = match status(&call, args.leg.as_ref()) {
            Some(status) => format!("it is {status}"),
            None => "the call has no such leg".to_owned(),
        };
        Err(Complaint::failure(format!(
            "{leg} was not {} within {:?}: {seen}",
            args.status, args.within
        ))
        .into())
    })
}

fn status<'a>(call: &'a Call, leg: Option<&LegId>) -> Option<&'a LegStatus> {
    let Some(leg) = leg else { return Some(&call.status) };
    call.legs.iter().find(|other| other.id == *leg).map(|leg| &leg.status)
}

fn timed_out(error: &ringback_client::Error) -> bool {
    let late = [StatusCode::REQUEST_TIMEOUT, StatusCode::GATEWAY_TIMEOUT];
    error.failure().is_some_and(|failure| late.contains(&failure.status))
}

/// Reads a time such as `500ms`, `5s`, `2m`, or bare seconds; ten minutes at most.
pub(crate) fn duration(text: &str) -> Result<Duration, &'static str> {
    match read(text)? {
        time if time <= Duration::from_secs(600) => Ok(time),
        _ => Err("ten minutes are the longest"),
    }
}

/// The same for what takes its time, such as `1h`; a day at most.
pub(crate) fn long_duration(text: &str) -> Result<Duration, &'static str> {
    match read(text)? {
        time if time <= Duration::from_secs(86_400) => Ok(time),
        _ => Err("24 hours are the longest"),
    }
}

fn read(text: &str) -> Result<Duration, &'static str> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u64 = digits.parse().map_err(|_| "it has the form 500ms, 5s or 2m")?;
    match text.get(digits.len()..) {
        Some("ms") => Ok(Duration::from_millis(number)),
        Some("" | "s") => Ok(Duration::from_secs(number)),
        Some("m") => Ok(Duration::from_secs(number.saturating_mul(60))),
        Some("h") => Ok(Duration::from_secs(number.saturating_mul(3_600))),
        _ => Err("it has the form 500ms, 5s or 2m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        let millis = |time: Result<Duration, _>| time.ok().map(|time| time.as_millis());
        let check = |text: &str, expected: Option<u64>| {
            assert_eq!(millis(duration(text)), expected.map(u128::from), "{text}");
        };
        let check_long = |text: &str, expected: Option<u64>| {
            assert_eq!(millis(long_duration(text)), expected.map(u128::from), "{text}");
        };
        check("5s", Some(5000));
        check("5", Some(5000));
        check("250ms", Some(250));
        check("2m", Some(120_000));
        check("10m", Some(600_000));
        check("11m", None);
        check("s", None);
        check("5 s", None);
        check("-5s", None);
        check("5h", None);
        check_long("250ms", Some(250));
        check_long("11m", Some(660_000));
        check_long("24h", Some(86_400_000));
        check_long("25h", None);
        check_long("1d", None);
        check_long("18446744073709551615h", None);
    }
}
